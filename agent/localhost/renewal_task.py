"""The renewal of machine-wide trust on Windows: a task of the system's own scheduler, there as long as the trust is.

It is registered by schtasks.exe from a definition in XML, for only that can say that a run which was missed is to be made up for. Every
text is the format's own (Task Scheduler Schema, version 1.2); what schtasks prints is in the language of the system, so its exit code is
all that is read. Untested on Windows: the tests play schtasks.
"""

import dataclasses
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree as ET

from agent import paths, programs
from agent.localhost import windows
from agent.localhost.errors import StoreFailed
from agent.localhost.report import State, StoreReport

STORE = "renewal"
SCHEDULER = "Task Scheduler"
NAME = "Qalamsap trust renewal"
"""The MSI for machines takes the task of this name away, where nothing else did."""
_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_LOCAL_SYSTEM = "S-1-5-18"
_LIMIT_S = 60

Run: TypeAlias = Callable[[Sequence[str]], int]
"""Starts schtasks.exe with these words, and gives its exit code."""


@dataclasses.dataclass(frozen=True, slots=True)
class RenewalTask:
    """`run` is another than the system's schtasks.exe only in tests."""

    run: Run = dataclasses.field(default_factory=lambda: _schtasks)

    def install(self, state_dir: Path) -> StoreReport:
        """Registers it, or registers it anew: the program may have moved."""
        with tempfile.TemporaryDirectory(prefix="qalamsap-") as folder:
            file = Path(folder) / "task.xml"
            try:
                file.write_bytes(
                    definition(programs.command("trust", "renew", "--state-dir", str(state_dir)))
                )
                code = self.run(["/Create", "/F", "/TN", NAME, "/XML", str(file)])
            except (OSError, StoreFailed) as error:
                return _failed(str(error))
        return (
            _failed(f"schtasks ended with {code}")
            if code
            else StoreReport(STORE, SCHEDULER, NAME, State.TRUSTED)
        )

    def status(self) -> StoreReport:
        """Whether it is registered."""
        try:
            code = self.run(["/Query", "/TN", NAME])
        except StoreFailed as error:
            return _failed(error.detail)
        return StoreReport(STORE, SCHEDULER, NAME, State.ABSENT if code else State.TRUSTED)

    def remove(self) -> StoreReport:
        """Takes it out of the scheduler; one that is not there is no trouble."""
        found = self.status()
        if found.state is not State.TRUSTED:
            return found
        try:
            code = self.run(["/Delete", "/F", "/TN", NAME])
        except StoreFailed as error:
            return _failed(error.detail)
        if code:
            return _failed(f"schtasks ended with {code}")
        return StoreReport(STORE, SCHEDULER, NAME, State.ABSENT, changed=True)


def definition(command: Sequence[str]) -> bytes:
    """The task as XML, in UTF-16 as Windows itself writes it: every Monday, at an hour of the computer's own, as the system."""
    ET.register_namespace("", _NAMESPACE)
    task = ET.Element(f"{{{_NAMESPACE}}}Task", version="1.2")
    about = _below(task, "RegistrationInfo")
    _below(about, "Description", "Renews the certificate by which browsers trust Qalamsap, in time.")
    _below(about, "URI", f"\\{NAME}")
    trigger = _below(_below(task, "Triggers"), "CalendarTrigger")
    _below(trigger, "StartBoundary", "2026-01-05T10:17:00")
    _below(trigger, "Enabled", "true")
    _below(trigger, "RandomDelay", "PT6H")
    week = _below(trigger, "ScheduleByWeek")
    _below(_below(week, "DaysOfWeek"), "Monday")
    _below(week, "WeeksInterval", "1")
    principal = _below(_below(task, "Principals"), "Principal", id="System")
    _below(principal, "UserId", _LOCAL_SYSTEM)
    _below(principal, "RunLevel", "HighestAvailable")
    settings = _below(task, "Settings")
    for name, value in (
        ("MultipleInstancesPolicy", "IgnoreNew"),
        ("DisallowStartIfOnBatteries", "false"),
        ("StopIfGoingOnBatteries", "false"),
        ("StartWhenAvailable", "true"),
        ("Enabled", "true"),
        ("ExecutionTimeLimit", "PT10M"),
        ("Priority", "7"),
    ):
        _below(settings, name, value)
    action = _below(_below(task, "Actions", Context="System"), "Exec")
    _below(action, "Command", command[0])
    _below(action, "Arguments", subprocess.list2cmdline(command[1:]))
    return b"\xff\xfe" + (
        '<?xml version="1.0" encoding="UTF-16"?>\r\n' + ET.tostring(task, encoding="unicode")
    ).encode("utf-16-le")


def _below(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    found = ET.SubElement(parent, f"{{{_NAMESPACE}}}{name}", attributes)
    found.text = text
    return found


def _failed(detail: str) -> StoreReport:
    return StoreReport(STORE, SCHEDULER, NAME, State.FAILED, detail=detail)


def _schtasks(words: Sequence[str]) -> int:
    try:
        return subprocess.run(
            [str(windows.system_folder() / "schtasks.exe"), *words],  # never one that lies where we stand
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_LIMIT_S,
            cwd=paths.CODE_ROOT,
        ).returncode
    except subprocess.TimeoutExpired as error:
        raise StoreFailed(f"schtasks did not end within {_LIMIT_S} s") from error
    except OSError as error:
        raise StoreFailed(f"schtasks can't be started: {error.strerror}") from error
