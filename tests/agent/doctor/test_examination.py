import threading
from datetime import timedelta
from pathlib import Path

import pytest

from agent import control, paths
from agent.config import BadConfig, BadPolicy, Config
from agent.doctor import examination
from agent.doctor.finding import worst
from agent.fetch import unreachable
from agent.instance import Holder
from agent.recent_keys import RecentKeys, UsedKey
from tests.support import examined


def codes(found):
    return {f"{each.what}-{each.code}" for each in found}


def not_running():
    raise control.NotRunning("no agent answers")


def no_network(_question):
    raise unreachable("no-address")


def test_a_computer_on_which_all_is_in_order(tmp_path):
    one = examined.computer(tmp_path)
    found = examination.examine(one)
    assert [f"{each.what}-{each.code}" for each in found if each.state != "ok"] in ([], ["GOST-python"])
    assert [each.what for each in found] == [
        "agent", "port", "certificate", "browsers", "store", "browser", "windows", "keys", "clock", "timestamps", "revocation",
        "proxy", "settings", "storage", "GOST", "program",
    ]  # fmt: skip


def test_without_a_network_it_can_be_signed_all_the_same(tmp_path):
    found = examination.examine(examined.computer(tmp_path, fetch=no_network))
    assert worst(found) == "hint"
    assert codes(found) >= {"timestamps-unreached", "revocation-unreached", "clock-unknown"}


def test_offline_nothing_is_asked(tmp_path):
    def never(_question):
        raise AssertionError

    found = examination.examine(examined.computer(tmp_path, settings={"offline": True}, fetch=never))
    assert codes(found) >= {"timestamps-offline", "revocation-offline", "clock-unknown"}


def test_an_agent_that_can_not_have_its_port_is_not_to_be_started(tmp_path):
    stopped = examination.examine(examined.computer(tmp_path, ask=not_running))
    assert stopped[0].repair == "start-agent"
    other = examined.computer(tmp_path / "2", ask=not_running, holder=lambda _: Holder(1000, 9, "other"))
    found = examination.examine(other)
    assert [(each.code, each.repair) for each in found[:2]] == [("no-port", ""), ("held", "")]


def test_trust_that_was_never_set_up_is_set_up_and_not_renewed(tmp_path):
    from agent.localhost.record import DatabaseEntry, Record

    late = examined.AT + timedelta(days=900)
    one = examined.computer(tmp_path, now=lambda: late)

    def repair():
        found = examination.examine(one)
        return next(each for each in found if each.what == "certificate").repair

    assert repair() == "install-trust"
    record = Record(one.settings.paths.state_dir)
    record.put_entry(DatabaseEntry("/x", "Qalamsap", "00" * 32))
    assert repair() == "renew-trust"
    next(one.settings.paths.state_dir.glob("trust*.json")).write_text("{")
    assert repair() == "renew-trust"


def test_the_worst_of_a_kind_comes_first_and_a_key_that_ended_is_known_by_its_use(tmp_path):
    one = examined.computer(tmp_path)
    key = str(tmp_path / "keys/a.p12")
    RecentKeys(one.settings.paths.key_folders).add(
        UsedKey(key, "x", (examined.AT - timedelta(days=1)).isoformat())
    )
    found = examination.examine(one)
    (ended,) = (each for each in found if each.what == "key")
    assert (ended.code, ended.subject) == ("expired", key)


def test_settings_that_can_not_be_read_are_one_finding_and_the_rest_is_examined(tmp_path):
    places = paths.resolve(tmp_path)

    def broken():
        raise BadConfig("config.toml is not TOML")

    one = examination.computer(places, broken)
    assert (one.trouble, one.settings.paths) == ("config.toml is not TOML", places)
    found = examination.examine(examined.computer(tmp_path, trouble=one.trouble))
    (settings,) = (each for each in found if each.what == "settings")
    assert (settings.code, settings.state, settings.text) == ("broken", "trouble", "config.toml is not TOML")
    good = examination.computer(places, lambda: Config(paths=places))
    assert good.trouble == ""
    assert good.home == Path.home()


def test_a_broken_policy_is_a_finding_that_names_its_file(tmp_path):
    def broken():
        raise BadPolicy("/etc/qalamsap/policy.toml", ["/etc/qalamsap/policy.toml: port is -1"])

    one = examination.computer(paths.resolve(tmp_path), broken)
    found = examination.examine(
        examined.computer(tmp_path, trouble=one.trouble, broken_policy=one.broken_policy)
    )
    (settings,) = (each for each in found if each.what == "settings")
    assert (settings.code, settings.state) == ("bad-policy", "trouble")
    assert (settings.subject, settings.text) == (
        "/etc/qalamsap/policy.toml",
        "/etc/qalamsap/policy.toml: port is -1",
    )


def test_what_is_known_is_told_as_it_comes(tmp_path):
    told = []
    found = examination.examine(examined.computer(tmp_path), told.append)
    counts = [len(each) for each in told]
    assert counts == sorted(counts)
    assert counts[0] < len(found) == counts[-1]


def test_nobody_waits_for_it_once_the_window_is_gone(tmp_path):
    release = threading.Event()

    def hangs(_question):
        release.wait(20)
        raise unreachable("too-slow")

    try:
        one = examined.computer(tmp_path, fetch=hangs)
        assert examination.examine(one, is_over=lambda: True)
        asked = []

        def after_the_looks():
            asked.append(1)
            return len(asked) > 4

        found = examination.examine(one, is_over=after_the_looks)
        assert "timestamps" not in {each.what for each in found}
    finally:
        release.set()


def test_a_mistake_in_a_question_is_not_hidden(tmp_path):
    def breaks(_question):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        examination.examine(examined.computer(tmp_path, fetch=breaks))
