"""Policies in the registry of Windows, read from one that a dictionary plays."""

from pathlib import Path
from typing import Any

import pytest

from agent.policy import base, registry
from agent.policy.base import BadPolicy
from agent.policy.registry import RegistryKey
from tests.support.fake_registry import FakeRegistry, number, text, texts


def place(**entries: Any) -> RegistryKey:
    fake = FakeRegistry(HKEY_LOCAL_MACHINE={registry.POLICIES: entries})
    return RegistryKey(registry.HKEY_LOCAL_MACHINE, registry.POLICIES, fake)


def values(place: RegistryKey) -> dict[str, Any]:
    return {name: each.value for name, each in base.gather(place.tables()).items()}


def problems(place: RegistryKey) -> tuple[str, ...]:
    with pytest.raises(BadPolicy) as caught:
        base.gather(place.tables())
    assert caught.value.place == r"HKEY_LOCAL_MACHINE\Software\Policies\Qalamsap"
    return caught.value.problems


def test_without_the_key_there_is_no_policy() -> None:
    empty = RegistryKey(registry.HKEY_CURRENT_USER, registry.POLICIES, FakeRegistry())
    assert list(empty.tables()) == []
    assert empty.stamp() is None
    assert not empty.holds(Path("policy.toml"))


def test_each_kind_of_setting_is_read() -> None:
    found = values(
        place(
            port=number(13579),
            offline=number(1),
            lock_origins=number(0),
            language=text("kk"),
            timestamp_url=text("http://tsp.pki.gov.kz/"),
            formats=texts("cms", "pdf"),
            allowed_origins={
                "10": text("https://c.kz"),
                "1": text("https://a.kz"),
                "2": text("https://b.kz"),
            },
            sites={"https://x.kz": {"basics_cms": text("base64")}},
        )
    )
    assert found.pop("sites")["https://x.kz"].basics_cms == "base64"
    assert found == {
        "port": 13579,
        "offline": True,
        "lock_origins": False,
        "language": "kk",
        "timestamp_url": "http://tsp.pki.gov.kz/",
        "formats": ("cms", "pdf"),
        "allowed_origins": ("https://a.kz", "https://b.kz", "https://c.kz"),
    }


def test_names_are_in_any_case_as_everywhere_in_the_registry() -> None:
    assert values(place(Port=number(1), Allowed_Origins={"1": text("https://a.kz")})) == {
        "port": 1,
        "allowed_origins": ("https://a.kz",),
    }


def test_a_list_in_one_text_is_what_an_installer_can_write() -> None:
    found = values(place(allowed_origins=text("https://a.kz; https://*.b.kz;"), blocked_origins=text("")))
    assert found == {"allowed_origins": ("https://a.kz", "https://*.b.kz"), "blocked_origins": ()}


def test_the_keys_own_empty_value_is_no_setting() -> None:
    assert values(place(**{"": text(""), "port": number(1)})) == {"port": 1}
    assert "unknown setting ''" in problems(place(**{"": text("x")}))[0]


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ({"offline": number(2)}, "offline is no value of its kind, expected a REG_DWORD of 0 or 1"),
        ({"offline": text("true")}, "expected a REG_DWORD of 0 or 1"),
        ({"port": text("13579")}, "port is no value of its kind, expected a REG_DWORD"),
        ({"port": number(70000)}, "port is 70000, expected 0 to 65535"),
        ({"language": ("%LANG%", FakeRegistry.REG_EXPAND_SZ)}, "expected a REG_SZ"),
        ({"language": text("kz")}, "language is 'kz', expected one of kk, ru, en"),
        ({"formats": number(1)}, "expected a REG_MULTI_SZ, a REG_SZ with semicolons, or a key with"),
        ({"formats": {"1": number(1)}}, "formats is no key of its kind"),
        ({"formats": {"1": {"2": text("cms")}}}, "formats is no key of its kind"),
        ({"formats": texts("cms"), "Formats": {"1": text("cms")}}, "formats is there twice"),
        ({"port": {"1": number(1)}}, "port is no key of its kind"),
        ({"sites": {"x": text("y")}}, "sites is no key of its kind"),
        ({"sites": {"https://x.kz": {"a": {}}}}, "holds too much"),
        ({"sites": {"https://x.kz": {"basics_cms": number(1)}}}, "sites is no key of its kind"),
        ({"prot": number(1)}, "unknown setting 'prot', the nearest known one is 'port'"),
        ({"prot": {}}, "unknown setting 'prot', the nearest known one is 'port'"),
    ],
)
def test_what_does_not_fit_is_refused(entries: dict[str, Any], complaint: str) -> None:
    assert complaint in problems(place(**entries))[0]


def test_all_that_is_wrong_is_told() -> None:
    assert len(problems(place(port=text("x"), offline=number(5)))) == 2


def test_a_key_that_can_not_be_read_is_no_missing_policy() -> None:
    forbidden = place(port=number(1))
    forbidden.winreg.is_forbidden = True
    assert "can't be read: Access is denied" in problems(forbidden)[0]
    assert "can't be read" in str(forbidden.stamp())


def test_more_than_a_policy_has_is_refused() -> None:
    assert "holds too much" in problems(place(sites={"a": {"b": {"c": {}}}}))[0]
    crowd = {f"x{each}": number(1) for each in range(1025)}
    assert "holds too much" in problems(place(**crowd))[0]


def test_the_view_of_64_bits_is_read() -> None:
    read = place(port=number(1))
    values(read)
    assert read.winreg.accesses == {FakeRegistry.KEY_READ | FakeRegistry.KEY_WOW64_64KEY}


def test_each_change_gives_another_stamp() -> None:
    assert place(port=number(1)).stamp() == place(port=number(1)).stamp()
    assert place(port=number(1)).stamp() != place(port=number(2)).stamp()
