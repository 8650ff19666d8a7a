"""Windows' Event Log, by a library that writes down what it is called with: nothing here was tried on Windows."""

import ctypes
import logging
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from agent.system_log import windows_events
from agent.system_log.entry import Entry

TOLD = Entry(1308, "signatures were made", logging.INFO, "agent.x", {"count": "2", "kind": "site"})


class FakeFunction:
    def __init__(self, answer: int) -> None:
        self.answer = answer
        self.calls: list[tuple[Any, ...]] = []

    def __call__(self, *given: Any) -> int:
        self.calls.append(given)
        return self.answer


class FakeLibrary:
    def __init__(self, handle: int = 7, taken: int = 1) -> None:
        self.RegisterEventSourceW = FakeFunction(handle)
        self.ReportEventW = FakeFunction(taken)


def test_an_entry_is_an_event_with_our_number_and_parts_in_a_fixed_order() -> None:
    library = FakeLibrary()
    windows_events.report(TOLD, windows_events.open_reporter(library))
    assert library.RegisterEventSourceW.calls == [(None, "Qalamsap")]
    ((handle, kind, category, number, person, count, size, texts, data),) = library.ReportEventW.calls
    assert (handle, kind, category, number, person, count, size, data) == (
        7, windows_events.INFORMATION, 0, 1308, None, 6, 0, None,
    )  # fmt: skip
    assert list(texts) == [
        "signatures were made count=2 kind=site", "signatures were made", "agent.x", "", "count=2", "kind=site",
    ]  # fmt: skip
    assert isinstance(texts, ctypes.Array)


def test_a_log_that_takes_nothing_is_an_error() -> None:
    with pytest.raises(OSError, match="no place"):
        windows_events.open_reporter(FakeLibrary(handle=0))
    with pytest.raises(OSError, match="took nothing"):
        windows_events.report(TOLD, windows_events.open_reporter(FakeLibrary(taken=0)))


@pytest.mark.skipif(sys.platform == "win32", reason="it is there")
def test_elsewhere_there_is_none() -> None:
    with pytest.raises(OSError, match="no Event Log"):
        windows_events.open_reporter()


@pytest.mark.parametrize(
    ("level", "kind"),
    [(logging.DEBUG, 4), (logging.INFO, 4), (logging.WARNING, 2), (logging.ERROR, 1), (logging.CRITICAL, 1)],
)
def test_levels_are_those_of_the_event_log(level: int, kind: int) -> None:
    assert windows_events.kind(level) == kind


def test_a_part_is_never_too_long_for_the_event_log() -> None:
    given: list[Sequence[str]] = []
    told = Entry(1900, "internal error", logging.ERROR, "agent.x", story="x" * 100_000)
    windows_events.report(told, lambda _kind, _number, parts: given.append(parts))
    assert max(map(len, given[0])) == 31_839
