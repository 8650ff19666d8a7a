"""Who may ask for anything, by policy."""

from pathlib import Path

import pytest

from agent import paths
from agent.config import BadConfig, Config
from agent.errors import CallerForbidden, PolicyUnusable
from agent.gate import Gate, Gatekeeper
from agent.origins import Origin
from tests.support import policies

PLAIN = Config(paths.resolve(Path("/nowhere")))
SITE = Origin.parse("https://x.kz")
OTHER = Origin.parse("https://y.kz")


def config(**changes: object) -> Config:
    return Config(paths.resolve(Path("/nowhere")), **changes)  # type: ignore[arg-type]


def test_without_a_policy_everybody_gets_in_and_nobody_is_known() -> None:
    gate = Gate.of(PLAIN)
    for header in ("https://x.kz", "http://x.kz", "null", None):
        assert gate.refusal(Origin.parse(header)) is None
        assert not gate.knows(Origin.parse(header))


def test_who_is_allowed_is_known_and_others_get_in_all_the_same() -> None:
    gate = Gate.of(config(allowed_origins=("https://x.kz",)))
    assert gate.knows(SITE)
    assert gate.refusal(OTHER) is None
    assert not gate.knows(OTHER)


def test_a_lock_keeps_all_others_out() -> None:
    gate = Gate.of(config(allowed_origins=("https://x.kz",), lock_origins=True))
    assert gate.refusal(SITE) is None
    for header in (
        "https://y.kz",
        "http://x.kz",
        "https://x.kz:8443",
        "null",
        None,
        "chrome-extension://abc",
    ):
        assert isinstance(gate.refusal(Origin.parse(header)), CallerForbidden), header
    assert isinstance(Gate.of(config(lock_origins=True)).refusal(SITE), CallerForbidden)


def test_a_block_is_stronger_than_being_allowed() -> None:
    gate = Gate.of(config(allowed_origins=("https://*.x.kz",), blocked_origins=("https://bad.x.kz",)))
    bad = Origin.parse("https://bad.x.kz")
    assert isinstance(gate.refusal(bad), CallerForbidden)
    assert not gate.knows(bad)
    assert gate.refusal(Origin.parse("https://good.x.kz")) is None


def test_with_a_broken_policy_nobody_gets_in_and_pages_do_not_hear_which_file_it_is() -> None:
    gate = Gate.of(config(policy_trouble="/etc/x: port is 1", policy_place="/etc/x"))
    refusal = gate.refusal(SITE)
    assert isinstance(refusal, PolicyUnusable)
    assert "/etc" not in refusal.detail
    assert gate.place == "/etc/x"


def test_a_changed_policy_counts_at_the_next_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = policies.placed(tmp_path, monkeypatch)
    now = PLAIN
    read: list[Config] = []
    told: list[Config] = []

    def reload() -> Config:
        read.append(now)
        return now

    keeper = Gatekeeper(PLAIN, reload, told.append)
    assert keeper.refusal(SITE) is None  # it may have changed since the settings were read
    assert keeper.refusal(SITE) is None
    assert (len(read), told) == (1, [])
    now = config(blocked_origins=("https://x.kz",))
    assert keeper.refusal(SITE) is None  # nothing says that something changed
    policies.write(file, "# whatever reload makes of it\n")
    assert isinstance(keeper.refusal(SITE), CallerForbidden)
    assert told == [now]
    file.unlink()
    now = PLAIN
    assert keeper.refusal(SITE) is None
    assert told[1:] == [PLAIN]


def test_settings_that_can_not_be_read_any_more_let_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.placed(tmp_path, monkeypatch)

    def reload() -> Config:
        raise BadConfig("config.toml is not TOML")

    told: list[Config] = []
    keeper = Gatekeeper(PLAIN, reload, told.append)
    assert isinstance(keeper.refusal(SITE), PolicyUnusable)
    assert [each.policy_trouble for each in told] == ["config.toml is not TOML"]


def test_a_broken_file_of_the_persons_is_named_and_nobody_else_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.placed(tmp_path, monkeypatch)
    for file in (PLAIN.paths.config_file, PLAIN.paths.language):

        def reload(file: Path = file) -> Config:
            raise BadConfig(f"{file} can't be read")

        keeper = Gatekeeper(PLAIN, reload, lambda _: None)
        refusal = keeper.refusal(SITE)
        assert isinstance(refusal, PolicyUnusable)
        assert refusal.detail == "the person's settings can't be used, so nothing is signed"
        assert (keeper.gate.place, keeper.gate.is_trouble_of_person) == (str(file), True)
    assert "policy of this computer" in str(Gate(trouble="x").refusal(SITE))


def test_the_persons_own_settings_count_again_once_they_are_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.placed(tmp_path, monkeypatch)
    broken = [True]

    def reload() -> Config:
        if broken:
            raise BadConfig("config.toml is not TOML")
        return PLAIN

    keeper = Gatekeeper(PLAIN, reload, lambda _: None)
    assert isinstance(keeper.refusal(SITE), PolicyUnusable)
    broken.clear()
    assert keeper.refusal(SITE) is None


def test_a_reader_that_breaks_down_lets_nobody_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policies.placed(tmp_path, monkeypatch)

    def reload() -> Config:
        raise ZeroDivisionError

    keeper = Gatekeeper(PLAIN, reload, pytest.fail)
    for _ in range(2):  # and not by what counted before, at the second time
        with pytest.raises(ZeroDivisionError):
            keeper.refusal(SITE)


def test_without_a_way_to_read_it_anew_it_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = policies.placed(tmp_path, monkeypatch)
    keeper = Gatekeeper(PLAIN, None, pytest.fail)
    policies.write(file, "lock_origins = true\n")
    assert keeper.refusal(SITE) is None
