import pytest

from agent.doctor import proxies

HIJACK = 'user_pref("network.proxy.allow_hijacking_localhost", true);\n'
MANUAL = 'user_pref("network.proxy.type", 1);\n'


@pytest.mark.parametrize(
    ("setting", "system", "code", "state"),
    [
        ("none", {"http": "http://p:3128"}, "none", "ok"),
        ("system", {}, "none", "ok"),
        ("system", {"http": "http://p:3128"}, "used-system", "ok"),
        ("system", {"all": "socks5://p:1080"}, "unusable-system", "trouble"),
        ("http://p:3128", {}, "used-settings", "ok"),
    ],
)
def test_which_proxy_is_used(setting, system, code, state):
    found = proxies.proxy(setting, is_offline=False, system=lambda: system)
    assert (found.code, found.state) == (code, state)


def test_nothing_of_its_address_is_told():
    found = proxies.proxy(
        "system", is_offline=False, system=lambda: {"http": "http://user:secret@intern.kz:1"}
    )
    assert "secret" not in f"{found}"
    assert "intern" not in f"{found}"


def test_one_that_can_not_be_used_does_no_harm_where_nothing_is_asked():
    found = proxies.proxy("system", is_offline=True, system=lambda: {"http": "socks5://p"})
    assert found.state == "hint"


def put(home, name, preferences):
    folder = home / ".mozilla/firefox" / name
    folder.mkdir(parents=True)
    (folder / "cert9.db").touch()
    if preferences is not None:
        (folder / "prefs.js").write_text(preferences)


def test_firefox_may_send_our_own_address_to_the_proxy(tmp_path):
    put(tmp_path, "a.default", HIJACK + MANUAL)
    put(tmp_path, "b.default", MANUAL)
    put(tmp_path, "c.default", HIJACK)
    put(tmp_path, "d.default", "// " + HIJACK + MANUAL)
    put(tmp_path, "e.default", None)
    (found,) = proxies.loopback(tmp_path, {})
    assert (found.code, found.state, found.values) == ("loopback", "trouble", {"count": 1})


def test_nobody_does_usually(tmp_path):
    assert proxies.loopback(tmp_path, {}) == ()
