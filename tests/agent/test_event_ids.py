"""Every event has an id, every id one event, and the administrators' page lists them as they are."""

import re
from collections import Counter

import pytest

from agent import event_ids
from agent.event_ids import EVENTS, GROUPS
from tests.support import event_table
from tests.support.event_table import Noted


def complaints(found: list[Noted]) -> list[str]:
    return [
        f"{each.place}: the event has no row in agent/event_ids.py: {each.event!r}"
        if each.event
        else f"{each.place}: the event is no literal, so nobody can tell its id"
        for each in found
        if each.event not in EVENTS
    ]


def test_every_event_that_is_logged_has_an_id() -> None:
    found = event_table.all_noted()
    assert len(found) > 50  # the reader still reads
    assert complaints(found) == []


@pytest.mark.parametrize(
    "source",
    [
        "logs.note(_log, logging.INFO, 'a new event')",
        "logs.note(_log, logging.INFO, event, code=1)",
        "logs.note(_log, logging.INFO, f'page {name}')",
    ],
)
def test_an_event_without_an_id_is_seen(source: str) -> None:
    assert complaints(list(event_table.noted(source, "agent/x.py")))


def test_every_row_is_of_an_event_that_is_logged() -> None:
    logged = {each.event for each in event_table.all_noted()}
    assert EVENTS.keys() - logged == set()


def test_no_id_is_given_twice() -> None:
    counted = Counter(row.id for row in EVENTS.values())
    assert [number for number, count in counted.items() if count > 1] == []


def test_every_id_lies_in_a_group_and_fits_the_event_log_of_windows() -> None:
    for event, row in EVENTS.items():
        assert row.id // 100 * 100 in GROUPS, event
        assert row.id != event_ids.UNLISTED
        assert row.id < 2**16


def test_every_meaning_is_a_sentence() -> None:
    for event, row in EVENTS.items():
        assert row.meaning.endswith("."), event
        assert row.meaning[0].isupper() or row.meaning[0] == "`", event


def test_what_has_no_row_is_told_apart() -> None:
    assert event_ids.id_of("listening") == 1000
    assert event_ids.id_of("whatever a library says") == event_ids.UNLISTED


def watched() -> set[int]:
    """The numbers that the page for administrators says to watch for."""
    text = event_table.PAGE.read_text("utf-8").partition("### What to watch for")[2].partition("\n## ")[0]
    found: set[int] = set()
    for cell in re.findall(r"^\| (\d[^|]*) \|", text, re.MULTILINE):
        for part in cell.split(", "):
            first, _, last = part.partition(" to ")
            found.update(range(int(first), int(last or first) + 1))
    return found


def test_what_administrators_are_to_watch_for_is_a_warning_at_least() -> None:
    levels: dict[int, set[str]] = {}
    for each in event_table.all_noted():
        levels.setdefault(EVENTS[each.event].id, set()).add(each.level)
    assert watched() <= levels.keys()
    harmless = {number for number in watched() if not levels[number] <= {"warning", "error", "critical"}}
    assert harmless == set(), "`-p warning` would not show them"
    cassettes = {EVENTS["the cassette can't be written"].id}  # of simulations
    grave = {number for number, each in levels.items() if each & {"error", "critical"}}
    assert grave - watched() == cassettes, "an error is worth a look"


def test_the_page_for_administrators_is_as_the_table() -> None:
    text = event_table.PAGE.read_text("utf-8")
    wanted = event_table.page(text, event_table.table(event_table.all_noted()))
    assert text == wanted, "run python -m tests.support.event_table"
