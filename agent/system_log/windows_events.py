"""The Event Log of Windows: our numbers are the events' ids, the source is "Qalamsap" in the log "Application".

    Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Qalamsap'; Id=1308}

The installer registers the source with a message table of ours (installer/windows/native.py), in which every id is "%1", the first part;
without it the viewer shows our text all the same, below a remark that no description was found. An event's parts, in this order: the
line, the event, the place in the program, the error's story, then a "name=value" for each fact.
"""

import ctypes
import logging
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol

from agent.system_log.entry import Entry

SOURCE: Final = "Qalamsap"
REGISTRY_KEY: Final = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{SOURCE}"

ERROR, WARNING, INFORMATION = 1, 2, 4
_MAX_PART = 31_839  # characters of one part (ReportEventW)


class Reporter(Protocol):
    """What ReportEventW does. OSError."""

    def __call__(self, kind: int, event_id: int, parts: Sequence[str]) -> None: ...


def report(entry: Entry, reporter: Reporter) -> None:
    """Tells the entry. OSError."""
    reporter(kind(entry.level), entry.id, parts(entry))


def kind(level: int) -> int:
    """ERROR, WARNING or INFORMATION."""
    if level >= logging.ERROR:
        return ERROR
    return WARNING if level >= logging.WARNING else INFORMATION


def parts(entry: Entry) -> list[str]:
    """The event's parts, in the order that monitoring may rely on."""
    facts = [f"{name}={value}" for name, value in entry.facts.items()]
    return [part[:_MAX_PART] for part in (entry.line, entry.event, entry.place, entry.story, *facts)]


def open_reporter(library: Any = None) -> Reporter:
    """The Event Log of this computer; `library` is advapi32. OSError where there is none."""
    if library is None:
        if sys.platform != "win32":
            raise OSError("no Event Log on this system")
        library = ctypes.WinDLL("advapi32", use_last_error=True)
    library.RegisterEventSourceW.restype = ctypes.c_void_p
    library.RegisterEventSourceW.argtypes = (ctypes.c_wchar_p, ctypes.c_wchar_p)
    library.ReportEventW.restype = ctypes.c_int
    library.ReportEventW.argtypes = (
        ctypes.c_void_p, ctypes.c_uint16, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint16,
        ctypes.c_uint32, ctypes.POINTER(ctypes.c_wchar_p), ctypes.c_void_p,
    )  # fmt: skip
    handle = library.RegisterEventSourceW(None, SOURCE)
    if not handle:
        raise OSError("the Event Log has no place for us")

    def reporter(kind: int, event_id: int, parts: Sequence[str]) -> None:
        texts = (ctypes.c_wchar_p * len(parts))(*parts)
        if not library.ReportEventW(handle, kind, 0, event_id, None, len(parts), 0, texts, None):
            raise OSError("the Event Log took nothing")

    return reporter
