"""The desk's page of settings."""

import contextlib
import errno
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent import control, paths
from agent.autostart import Autostart
from agent.config import BadConfig
from agent.desk import settings
from agent.desk.file_menus import Menus
from protocol.control import Command, State
from protocol.desk import settings as page
from tests.support import desks, policies
from tests.support.desks import Sent

Made = tuple[settings.SettingsPage, Sent, Path]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    policies.placed(tmp_path, monkeypatch)
    desk, sent = desks.desk(tmp_path)
    shown = settings.make(desk)
    shown.switch = Autostart(tmp_path / "config", ("qalamsap", "run"))
    shown.menus = Menus(tmp_path / "share", tmp_path / "config", ("qalamsap",), "ru", {"nemo"}.__contains__)
    shown.can_lock_memory = lambda: True
    return shown, sent, desk.paths.config_file


def named(message: page.Settings, name: str) -> page.Setting:
    (found,) = (each for each in message.settings if each.name == name)
    return found


def test_every_setting_that_is_shown_has_its_kind_value_and_source(made: Made) -> None:
    shown, sent, file = made
    file.parent.mkdir()
    file.write_text('key_folders = ["/keys"]\nspare_minutes = 3\n')
    shown.opened()
    (message,) = sent.take()
    assert [each.name for each in message.settings] == list(settings.SHOWN)
    assert named(message, "key_folders") == page.Setting("key_folders", "list", "file", items=("/keys",))
    assert named(message, "spare_minutes").number == 3
    assert named(message, "theme").choices == ("system", "light", "dark", "contrast")
    assert named(message, "offline") == page.Setting("offline", "switch", "default")
    assert (message.is_running, message.is_stale, message.autostart) == (False, False, "off")


def test_changes_are_written_and_taken_back(made: Made) -> None:
    shown, sent, file = made
    shown.take(page.Change("offline", is_on=True))
    shown.take(page.Change("unlock_minutes", number=10))
    shown.take(page.Change("fetch_hosts", items=("tsp.example.kz",)))
    shown.take(page.Change("theme", text="dark"))
    assert tomllib.loads(file.read_text()) == {
        "offline": True,
        "unlock_minutes": 10,
        "fetch_hosts": ["tsp.example.kz"],
        "theme": "dark",
    }
    shown.take(page.Reset("theme"))
    assert named(sent.take()[-1], "theme").source == "default"


@pytest.mark.parametrize(
    "change",
    [
        page.Change("unlock_minutes", number=61),
        page.Change("theme", text="pink"),
        page.Change("proxy", text="ftp://user:secret@host"),
        page.Change("state_dir", text="/"),
        page.Change("sites"),
    ],
)
def test_what_can_not_be_used_is_refused_and_what_was_there_stays(made: Made, change: page.Change) -> None:
    shown, sent, file = made
    shown.take(change)
    refused, after = sent.take()
    assert refused.name == change.name
    assert "secret" not in refused.detail
    assert isinstance(after, page.Settings)
    assert not file.exists()


def test_what_the_policy_sets_is_shown_and_can_not_be_changed(made: Made, tmp_path: Path) -> None:
    shown, sent, file = made
    policies.write(tmp_path / "etc-qalamsap" / "policy.toml", "unlock_minutes = 0\n")
    shown.take(page.Change("unlock_minutes", number=10))
    shown.take(page.Reset("unlock_minutes"))
    assert [type(message) for message in sent.messages] == [page.Refused, page.Settings] * 2
    assert named(sent.take()[-1], "unlock_minutes").is_locked
    assert not file.exists()


def test_a_language_that_is_chosen_here_is_stronger_than_an_earlier_choice_in_the_menu(made: Made) -> None:
    shown, sent, file = made
    file.parent.mkdir()
    shown.desk.paths.language.write_text("en\n")
    shown.take(page.Change("language", text="kk"))
    assert named(sent.take()[-1], "language") == page.Setting(
        "language", "choice", "file", text="kk", choices=("kk", "ru", "en")
    )


def test_start_at_login_is_switched(made: Made) -> None:
    shown, sent, _ = made
    shown.take(page.SetAutostart(is_on=True))
    shown.take(page.SetAutostart(is_on=False))
    assert [message.autostart for message in sent.take()] == ["on", "off"]


def test_a_broken_file_is_told_and_not_overwritten(made: Made) -> None:
    shown, _, file = made
    file.parent.mkdir()
    file.write_text("language =")
    for message in (page.Change("theme", text="dark"), page.Reset("theme")):
        with pytest.raises(BadConfig):
            shown.take(message)
    assert file.read_text() == "language ="


def test_a_disk_that_can_not_be_written_is_told(made: Made, tmp_path: Path) -> None:
    shown, sent, file = made
    (tmp_path / "state").write_bytes(b"")
    shown.take(page.Change("theme", text="dark"))
    told, after = sent.take()
    assert (told.name, told.why) == ("theme", "other")
    assert named(after, "theme").source == "default"
    assert not file.exists()


@pytest.mark.parametrize(
    "failure",
    [(errno.EROFS, "read-only"), (errno.EACCES, "denied"), (errno.ENOSPC, "full"), (errno.EDQUOT, "full"), (errno.EIO, "other")],
)  # fmt: skip
@pytest.mark.parametrize(
    "asked",
    [
        (page.SetAutostart(is_on=True), "autostart"),
        (page.SetMenus(is_on=True), "file_menus"),
        (page.Change("theme", text="dark"), "theme"),
    ],
)
def test_why_something_can_not_be_written_is_told_in_a_word(
    made: Made, monkeypatch: pytest.MonkeyPatch, asked: tuple[Any, str], failure: tuple[int, str]
) -> None:
    message, name = asked
    number, why = failure

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    shown, sent, _ = made
    monkeypatch.setattr(paths, "write_whole", fail)
    monkeypatch.setattr(paths, "write_private", fail)
    shown.take(message)
    told, after = sent.take()
    assert (told.name, told.why) == (name, why)
    assert os.strerror(number) in told.detail
    assert (after.autostart, after.menus) == ("off", "off")


def test_a_language_whose_earlier_choice_can_not_be_taken_back_is_told(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    shown, sent, _ = made
    monkeypatch.setattr(Path, "unlink", fail)
    shown.take(page.Change("language", text="kk"))
    assert [type(message) for message in sent.take()] == [page.NotWritten, page.Settings]


def test_entries_in_the_menus_of_files_are_switched_as_they_are_on_the_disk(
    made: Made, tmp_path: Path
) -> None:
    shown, sent, _ = made
    shown.take(page.SetMenus(is_on=True))
    assert (tmp_path / "share/nemo/actions/qalamsap-sign.nemo_action").is_file()
    (tmp_path / "share/nemo/actions/qalamsap-verify.nemo_action").unlink()  # by hand
    shown.opened()
    shown.take(page.SetMenus(is_on=True))
    shown.take(page.SetMenus(is_on=False))
    assert [message.menus for message in sent.take()] == ["on", "stale", "on", "off"]
    assert (
        tmp_path / "share/applications/qalamsap.desktop"
    ).is_file()  # the program stays among the programs


def test_somebody_elses_file_is_told_and_left_alone(made: Made, tmp_path: Path) -> None:
    shown, sent, _ = made
    place = tmp_path / "share/applications/qalamsap.desktop"
    place.parent.mkdir(parents=True)
    place.write_text("[Desktop Entry]\nName=Mine\n")
    shown.take(page.SetMenus(is_on=True))
    told, after = sent.take()
    assert (told.why, after.menus) == ("foreign", "off")
    assert "Mine" in place.read_text()


def test_what_starts_at_login_is_among_the_programs(made: Made, tmp_path: Path) -> None:
    shown, sent, _ = made
    place = tmp_path / "share/applications/qalamsap.desktop"
    shown.take(page.SetAutostart(is_on=True))
    assert "Exec=qalamsap open files" in place.read_text()
    assert [message.menus for message in sent.take()] == ["off"]
    place.write_text("mine")
    shown.take(page.SetAutostart(is_on=True))  # and starts at login where that can't be
    assert [message.autostart for message in sent.take()] == ["on"]


RUNNING = State(
    "ready", "ru", "1", 1, icon="shown", is_session_watched=True, started="2026-11-27T12:00:00+00:00"
)


@pytest.mark.parametrize(
    ("settings_text", "running", "can_lock", "expected"),
    [
        ("", RUNNING, True, ""),
        ("", RUNNING, False, "no-memory"),
        ("", None, True, ""),
        ("", None, False, "no-memory"),
        ("", replace(RUNNING, icon="hidden"), True, ""),  # its process listens all the same
        ("", replace(RUNNING, icon="hidden", is_session_watched=False), True, "unwatched"),
        ('tray = "off"', replace(RUNNING, icon="off", is_session_watched=False), True, "icon-off"),
        ("", replace(RUNNING, icon="off", is_session_watched=False, started="2036-11-27T12:00:00+00:00"), True, "unwatched"),
        ("offline = true", replace(RUNNING, icon="off", is_session_watched=False, started="2016-11-27T12:00:00+00:00"), True, ""),
    ],
)  # fmt: skip
def test_it_says_why_no_key_can_stay_open(
    made: Made, settings_text: str, running: State | None, can_lock: bool, expected: str
) -> None:
    shown, sent, file = made
    file.parent.mkdir()
    file.write_text(settings_text)
    shown._state = lambda: running  # type: ignore[method-assign]  # no agent of the test's
    shown.can_lock_memory = lambda: can_lock
    shown.opened()
    (message,) = sent.take()
    assert message.no_unlock == expected
    assert message.is_icon_unseen == (running is not None and running.icon == "hidden")


@pytest.mark.process
def test_the_agent_is_started_and_starts_anew_with_what_was_changed(made: Made) -> None:
    shown, sent, file = made
    file.parent.mkdir()
    file.write_text('port = 0\ntray = "off"\nspare_minutes = 0\nlanguage = "ru"\n')
    socket = shown.desk.paths.control_socket
    try:
        shown.take(page.Restart())
        assert (sent.messages[-1].is_running, sent.messages[-1].is_stale) == (True, False)
        shown.take(page.Change("language", text="kk"))
        assert not sent.messages[-1].is_stale  # it was told
        state = control.ask(socket, Command("query"))
        assert getattr(state, "language", "") == "kk"
        later = file.stat().st_mtime + 2  # file systems with coarse clocks
        shown.take(page.Change("offline", is_on=True))
        os.utime(file, (later, later))
        shown.opened()
        assert sent.messages[-1].is_stale
        os.utime(file)
        shown.take(page.Restart())
        assert (sent.messages[-1].is_running, sent.messages[-1].is_stale) == (True, False)
        assert getattr(control.ask(socket, Command("query")), "started", "") > getattr(state, "started", "~")
    finally:
        with contextlib.suppress(control.NotRunning):
            control.ask(socket, Command("quit"))
        if shown.child is not None:
            shown.child.wait(20)


def test_rules_of_the_policy_are_shown_apart_and_can_not_be_changed(made: Made, tmp_path: Path) -> None:
    shown, sent, file = made
    shown.opened()
    assert sent.take()[-1].rules == ()
    policy = tmp_path / "etc-qalamsap" / "policy.toml"
    policies.write(policy, 'allowed_origins = ["https://x.kz"]\nlock_origins = true\nmax_documents = 5\n')
    policies.write(policy.with_name("defaults.toml"), "require_preview = true\nspare_minutes = 1\n")
    shown.take(page.Change("lock_origins", is_on=False))
    refused, after = sent.take()
    assert (refused.name, file.exists()) == ("lock_origins", False)
    assert after.rules == (
        page.Setting("allowed_origins", "list", "policy", items=("https://x.kz",)),
        page.Setting("lock_origins", "switch", "policy", is_on=True),
        page.Setting("require_preview", "switch", "distribution", is_on=True),
        page.Setting("max_documents", "number", "policy", number=5, most=10_000),
    )
    assert named(after, "spare_minutes") == page.Setting(
        "spare_minutes", "number", "distribution", number=1, most=1440
    )


def test_a_broken_policy_is_told_and_nothing_is_changed(made: Made, tmp_path: Path) -> None:
    shown, _, file = made
    policies.write(tmp_path / "etc-qalamsap" / "policy.toml", "port =")
    with pytest.raises(BadConfig, match=r"policy\.toml is not TOML") as caught:
        shown.take(page.Change("offline", is_on=True))
    assert caught.value.code == "bad-policy"
    assert not file.exists()
