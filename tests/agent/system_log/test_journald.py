"""Datagrams of systemd's native protocol."""

import logging

import pytest

from agent.system_log import journald
from agent.system_log.entry import Entry


def fields(datagram: bytes) -> dict[str, str]:
    """Reads a datagram by the published rules."""
    found: dict[str, str] = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(datagram[:8], "little")
            value, rest = datagram[8 : 8 + length], datagram[8 + length :]
            assert rest[:1] == b"\n"
            datagram = rest[1:]
        found[name.decode()] = value.decode()
    return found


def test_every_fact_is_a_field() -> None:
    told = Entry(
        1308, "signatures were made", logging.INFO, "agent.x", {"count": "2", "origin": "https://a.kz"}
    )
    assert fields(journald.datagram(told)) == {
        "MESSAGE": "signatures were made count=2 origin=https://a.kz",
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "qalamsap",
        "QALAMSAP_EVENT_ID": "1308",
        "QALAMSAP_EVENT": "signatures were made",
        "QALAMSAP_PLACE": "agent.x",
        "QALAMSAP_COUNT": "2",
        "QALAMSAP_ORIGIN": "https://a.kz",
    }


def test_a_story_of_several_lines_stays_one_field() -> None:
    told = Entry(
        1900, "internal error", logging.ERROR, "agent.x", story="error A\n  after B=1\nMESSAGE=forged"
    )
    found = fields(journald.datagram(told))
    assert found["QALAMSAP_ERROR"] == "error A\n  after B=1\nMESSAGE=forged"
    assert found["MESSAGE"] == "internal error"


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)],
)
def test_levels_are_those_of_syslog(level: int, number: int) -> None:
    assert journald.priority(level) == number
