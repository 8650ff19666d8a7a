"""What is told to the system's log."""

import logging

import pytest

from agent import event_ids, logs
from agent.system_log import entry


def record_of(caplog: pytest.LogCaptureFixture, error: BaseException | None = None) -> logging.LogRecord:
    logs.note(
        logging.getLogger("agent.x"), logging.WARNING, "listening", port=13579, version="1\n2", error=error
    )
    return caplog.records[-1]


def test_an_event_comes_with_its_number_and_facts(caplog: pytest.LogCaptureFixture) -> None:
    told = entry.of(record_of(caplog))
    assert (told.id, told.event, told.level, told.place) == (1000, "listening", logging.WARNING, "agent.x")
    assert told.facts == {"port": "13579", "version": "1?2"}
    assert told.line == "listening port=13579 version=1?2"
    assert told.story == ""


def test_an_error_is_told_apart_from_the_line(caplog: pytest.LogCaptureFixture) -> None:
    told = entry.of(record_of(caplog, ValueError("secret")))
    assert told.line == "listening port=13579 version=1?2"
    assert told.story.startswith("error ValueError at")
    assert "secret" not in told.story


def test_what_a_library_logs_has_the_number_of_the_unlisted() -> None:
    plain = logging.LogRecord("asyncio", logging.ERROR, "x.py", 1, "a warning of the library", (), None)
    told = entry.of(plain, "error OSError at ?")
    assert (told.id, told.event, told.story) == (
        event_ids.UNLISTED, "a warning of the library", "error OSError at ?",
    )  # fmt: skip
