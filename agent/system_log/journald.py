"""systemd's journal by its native protocol: a datagram for each entry, so that every fact is a field to search by.

    journalctl --user -t qalamsap QALAMSAP_EVENT_ID=1308 -o json

The protocol is systemd's "Native Journal Protocol" (systemd.io/JOURNAL_NATIVE_PROTOCOL): fields as NAME=value lines; a value with a line
end in it after its length as eight octets, little endian.
"""

import logging
from pathlib import Path
from typing import Final

from agent.system_log.entry import NAME, Entry

SOCKET: Final = Path("/run/systemd/journal/socket")
STANDARD_OUTPUT: Final = Path("/run/systemd/journal/stdout")
"""What journald serves as standard output and error of services."""


def datagram(entry: Entry) -> bytes:
    """The entry as journald reads it."""
    fields = {
        "MESSAGE": entry.line,
        "PRIORITY": str(priority(entry.level)),
        "SYSLOG_IDENTIFIER": NAME,
        "QALAMSAP_EVENT_ID": str(entry.id),
        "QALAMSAP_EVENT": entry.event,
        "QALAMSAP_PLACE": entry.place,
        **{f"QALAMSAP_{name.upper()}": value for name, value in entry.facts.items()},
    }
    if entry.story:
        fields["QALAMSAP_ERROR"] = entry.story
    return b"".join(_field(name, value) for name, value in fields.items())


def _field(name: str, value: str) -> bytes:
    octets = value.encode("utf-8", "replace")
    if b"\n" not in octets:
        return b"%s=%s\n" % (name.encode("ascii"), octets)
    return b"%s\n%s%s\n" % (name.encode("ascii"), len(octets).to_bytes(8, "little"), octets)


def priority(level: int) -> int:
    """syslog's number (RFC 5424, 6.2.1) for a level of `logging`."""
    for least, number in (
        (logging.CRITICAL, 2),
        (logging.ERROR, 3),
        (logging.WARNING, 4),
        (logging.INFO, 6),
    ):
        if level >= least:
            return number
    return 7
