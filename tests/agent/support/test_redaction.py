"""What is somebody's is taken out, and what helps stays."""

from pathlib import Path

import pytest

from agent.support import redaction
from agent.support.redaction import Redaction

HOME = Path("/home/aigul")
PLANTED = [
    "870101300123",
    "8701 0130 0123",
    "870101\u2011300123",
    "8701_0130_0123",
    "+7 701 123-45-67",
    "aigul.ivanova@example.kz",
    "СЕРИКОВА АЙГУЛЬ",
    "SERIKOVA AIGERIM",
    "aigul",
    "keys_aigul",
    "AIGUL-PC",
    "https://kds.example.kz/orders/17",
    "wss://portal.example.kz:8443/",
    "/home/aigul/Документы/договор.pdf",
    "'/home/aigul/Мои документы/договор с Ивановым.pdf'",
    "/home/other/keys/GOST512_abc.p12",
    r"C:\Users\Aigul\key.p12",
    "/media/aigul/STICK/key.p12",
    "/run/user/1000/bus",
    "ab" * 32,
    "AB:CD:" * 16 + "EF",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0",
    "http://aigul:secret@proxy.example.kz:3128",
    "10.20.30.40",
    "kds.example.kz",
    "srv01.example.local:8080",
    "fe80::1ff:fe23:4567:890a",
    "123e4567-e89b-12d3-a456-426614174000",
]


@pytest.fixture
def rules() -> Redaction:
    return Redaction(HOME, ("aigul", "AIGUL-PC", "root", "x"))


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("frame", ["{}", "before {} after", "fact={}", "({})", "x: {}, y"])
def test_what_is_somebodys_is_taken_out(rules: Redaction, planted: str, frame: str) -> None:
    shown = rules.text(frame.format(planted))
    for word in (
        "aigul",
        "Aigul",
        "AIGUL",
        "договор",
        "Иванов",
        "example",
        "secret",
        "870101300123",
        "GOST512",
        "СЕРИК",
        "SERIK",
        "key.p12",
    ):
        assert word not in shown
    for number in (
        "8701",
        "0123",
        "701 1",
        "123-45",
        "10.20",
        "4567",
        "abab",
        "CD:AB",
        "eyJ",
        "/1000/",
        "orders",
    ):
        assert number not in shown
    assert sum(rules.taken_out.values()) >= 1


@pytest.mark.parametrize(
    "kept",
    [
        "2026-11-27 08:48:01,123 1000 INFO agent.daemon: listening port=13579 version=0.5.1",
        "octets=12345678 milliseconds=81 status=-15",
        "wss://127.0.0.1:13579/",
        "https://localhost:24680/",
        "http://tsp.pki.gov.kz/",
        "http://test.pki.gov.kz/",
        "/etc/qalamsap/policy.d/50-sites.toml: unknown setting",
        "/usr/share/qalamsap/defaults.toml",
        "[Firefox: nss]",
        "error FileNotFoundError at daemon.py:312 _have_done < daemon.py:300 _identity",
        "Chromium 156.0.7000.1, Firefox 153.7.0",
        "qalamsap 1.2.3, Python 3.12.1",
        "libc: glibc 2.36",
        "agent.logs.note tsp.pki.gov.kz python3.11 x.py",
        "IIN и ГОСТ в порядке",
        "-rw-------       1024 2026-11-27 08:48 agent.log",
    ],
)
def test_what_helps_stays(rules: Redaction, kept: str) -> None:
    assert rules.text(kept) == kept
    assert not rules.taken_out


def test_a_site_has_one_number_everywhere(rules: Redaction) -> None:
    assert rules.text("https://a.kz and wss://b.kz:1/ and https://a.kz/x") == (
        "https://site-1 and wss://site-2:1/ and https://site-1/…"
    )
    assert rules.site("https://b.kz") == "https://site-2"
    assert rules.site("") == ""
    assert rules.site("null") == "null"


def test_sites_stay_where_that_was_asked_for() -> None:
    rules = Redaction(HOME, keep_sites=True)
    assert rules.text("https://kds.example.kz/orders/17") == "https://kds.example.kz/…"
    assert rules.site("https://kds.example.kz:8443") == "https://kds.example.kz:8443"


@pytest.mark.parametrize("host", ["pki.gov.kz.evil.kz", "evilpki.gov.kz", "xpki.gov.kz"])
def test_a_look_alike_of_the_national_servers_is_a_site(host: str) -> None:
    assert not redaction.is_national(host)


def test_the_home_of_this_person_is_a_tilde_and_nothing_below_it_is_told(rules: Redaction) -> None:
    assert rules.text("/home/aigul can't be read") == "~/… can't be read"
    assert rules.path(HOME / "keys") == "~/…"
    assert rules.path("/srv/shared/keys") == "<path>"
    assert rules.path("/etc/qalamsap/policy.toml") == "/etc/qalamsap/policy.toml"


def test_a_short_or_common_name_does_not_tear_words_apart() -> None:
    rules = Redaction(HOME, ("ai", "root", "agent", "qalamsap", ""))
    assert rules.text("agent.daemon root qalamsap ai") == "agent.daemon root qalamsap ai"


def test_a_name_is_found_as_a_word_only(rules: Redaction) -> None:
    assert rules.text("aigul Aigul aigulim") == "<name> <name> aigulim"
    assert rules.taken_out["name"] == 2


def test_a_home_at_the_root_does_not_eat_every_path() -> None:
    assert Redaction(Path("/")).text("/etc/qalamsap/policy.toml") == "/etc/qalamsap/policy.toml"


def test_this_computer_and_this_person_have_names() -> None:
    assert any(redaction.own_names())


def test_nobody_is_logged_in_under_this_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert len(redaction.own_names()) == 2


def test_what_stands_around_a_path_stays(rules: Redaction) -> None:
    assert rules.text("[Firefox: /home/aigul/.mozilla/firefox/a.default]: x") == "[Firefox: ~/…]: x"


@pytest.mark.parametrize(
    "piece", ["_", "ab", "a.", "a-", "+", "А", "eyJ.", "1.", "x@", "a:", "~/", "http://"]
)
def test_a_word_without_an_end_is_one_long_text(rules: Redaction, piece: str) -> None:
    """However long: patterns that look at it from every place would take minutes."""
    assert rules.text(f"x is '{piece * 50_000}', expected y") == "x is <long text> expected y"
