"""Lines of syslog."""

import logging
import re
import time

from agent.system_log import syslog
from agent.system_log.entry import Entry

AT = time.mktime((2026, 11, 7, 9, 5, 3, 0, 0, -1))


def test_a_line_has_the_number_first() -> None:
    told = Entry(1000, "listening", logging.INFO, "agent.daemon", {"port": "13579"})
    assert syslog.datagram(told, AT, 4711) == (
        b"<14>Nov  7 09:05:03 qalamsap[4711]: 1000 listening port=13579"
    )


def test_a_story_does_not_begin_another_line() -> None:
    told = Entry(1900, "internal error", logging.ERROR, "agent.x", story="error A at x.py:1 f\n  after B")
    line = syslog.datagram(told, AT, 1)
    assert b"\n" not in line
    assert line.endswith(b"1900 internal error (error A at x.py:1 f;   after B)")
    assert line.startswith(b"<11>")


def test_moment_and_process_are_those_of_now() -> None:
    told = Entry(1000, "listening", logging.INFO, "agent.daemon")
    assert re.fullmatch(
        rb"<14>[A-Z][a-z]{2} [ 1-3]\d \d\d:\d\d:\d\d qalamsap\[\d+\]: 1000 listening", syslog.datagram(told)
    )
