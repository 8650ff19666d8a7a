"""The syslog of systems without journald, and of macOS, where it ends in the unified log: one line an entry (RFC 3164), the number first.

Nov 27 10:15:00 qalamsap[4711]: 1308 signatures were made origin=https://portal.example.kz count=2
"""

import os
import time
from pathlib import Path
from typing import Final

from agent.system_log.entry import NAME, Entry
from agent.system_log.journald import priority

SOCKETS: Final = (Path("/dev/log"), Path("/var/run/syslog"))
_USER = 1 << 3  # the facility of programs of people
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def datagram(entry: Entry, at: float | None = None, process: int | None = None) -> bytes:
    """The entry as the C library's syslog() would send it. An error's story is put on the same line: a line is an entry."""
    moment = time.localtime(at)
    stamp = f"{_MONTHS[moment.tm_mon - 1]} {moment.tm_mday:2} {time.strftime('%H:%M:%S', moment)}"
    story = f" ({'; '.join(entry.story.split(chr(10)))})" if entry.story else ""
    number = process if process is not None else os.getpid()
    text = f"<{_USER | priority(entry.level)}>{stamp} {NAME}[{number}]: {entry.id} {entry.line}{story}"
    return text.encode("utf-8", "replace")
