"""The task that renews trust on Windows: its definition, and what comes of the scheduler's answers."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from agent.localhost import renewal_task
from agent.localhost.errors import StoreFailed
from agent.localhost.renewal_task import NAME, RenewalTask
from agent.localhost.report import State

TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


class Scheduler:
    """`schtasks.exe`, played. `code` is what it ends with; `definition` what it was given."""

    def __init__(self, code: int = 0, *, is_there: bool = False) -> None:
        self.code, self.is_there = code, is_there
        self.calls: list[tuple[str, ...]] = []
        self.definition = b""

    def __call__(self, words: Sequence[str]) -> int:
        self.calls.append(tuple(words[:-1]) if words[0] == "/Create" else tuple(words))
        if words[0] == "/Query":
            return 0 if self.is_there else 1
        if words[0] == "/Create":
            self.definition = Path(words[-1]).read_bytes()
        if not self.code:
            self.is_there = words[0] == "/Create"
        return self.code


def test_a_run_that_was_missed_is_made_up_for_and_the_system_does_it() -> None:
    octets = renewal_task.definition(
        (r"C:\Program Files\Qalamsap\bin\qalamsap.exe", "trust", "renew", "--state-dir", r"C:\Program Data\q")
    )
    assert octets.startswith(b"\xff\xfe")
    root = ET.fromstring(octets.decode("utf-16").partition("\n")[2])
    assert (root.tag, root.get("version")) == (f"{TASK}Task", "1.2")
    texts = {each.tag.removeprefix(TASK): each.text for each in root.iter()}
    assert texts["Command"] == r"C:\Program Files\Qalamsap\bin\qalamsap.exe"
    assert texts["Arguments"] == r'trust renew --state-dir "C:\Program Data\q"'
    assert texts["UserId"] == "S-1-5-18"
    assert texts["StartWhenAvailable"] == "true"
    assert texts["DisallowStartIfOnBatteries"] == "false"
    assert root.find(f".//{TASK}DaysOfWeek/{TASK}Monday") is not None
    principal, actions = root.find(f".//{TASK}Principal"), root.find(f"{TASK}Actions")
    assert principal is not None
    assert actions is not None
    assert principal.get("id") == actions.get("Context")


def test_it_comes_and_goes_with_the_trust(tmp_path: Path) -> None:
    scheduler = Scheduler()
    task = RenewalTask(scheduler)
    assert task.status().state is State.ABSENT
    assert task.install(tmp_path / "state").state is State.TRUSTED
    assert str(tmp_path / "state").encode("utf-16-le") in scheduler.definition
    assert task.status().state is State.TRUSTED
    removed = task.remove()
    assert (removed.state, removed.changed) == (State.ABSENT, True)
    again = task.remove()
    assert (again.state, again.changed) == (State.ABSENT, False)
    assert scheduler.calls == [
        ("/Query", "/TN", NAME),
        ("/Create", "/F", "/TN", NAME, "/XML"),
        ("/Query", "/TN", NAME),
        ("/Query", "/TN", NAME),
        ("/Delete", "/F", "/TN", NAME),
        ("/Query", "/TN", NAME),
    ]


def test_a_scheduler_that_refuses_is_told_of(tmp_path: Path) -> None:
    task = RenewalTask(Scheduler(1, is_there=True))
    assert (task.install(tmp_path).state, task.install(tmp_path).detail) == (
        State.FAILED,
        "schtasks ended with 1",
    )
    assert task.remove().state is State.FAILED


def test_a_scheduler_that_can_not_be_asked_is_told_of(tmp_path: Path) -> None:
    def broken(words: Sequence[str]) -> int:
        raise StoreFailed("schtasks can't be started: no such file")

    task = RenewalTask(broken)
    for report in (task.install(tmp_path), task.status(), task.remove()):
        assert (report.state, report.detail) == (State.FAILED, "schtasks can't be started: no such file")


def test_the_real_one_is_started_with_the_words_and_its_exit_code_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, planted = tmp_path / "System32", tmp_path / "downloads"
    system.mkdir()
    planted.mkdir()
    (planted / "schtasks.exe").write_text("#!/bin/sh\nexit 0\n")
    (planted / "schtasks.exe").chmod(0o755)
    monkeypatch.setattr(renewal_task.windows, "system_folder", lambda: system)
    played = system / "schtasks.exe"
    played.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$0.words"\nexit 1\n')
    played.chmod(0o755)
    monkeypatch.chdir(planted)
    monkeypatch.setenv("PATH", str(planted))
    assert RenewalTask().status().state is State.ABSENT
    assert (system / "schtasks.exe.words").read_text().splitlines() == ["/Query", "/TN", NAME]
    played.unlink()
    assert "can't be started" in RenewalTask().status().detail


def test_the_installer_and_the_program_mean_one_task() -> None:
    from installer.windows import tables

    assert tables.TASK == NAME
