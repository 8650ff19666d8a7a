import io

import pytest

from agent.broker import events
from agent.broker.events import Events
from agent.event_ids import EVENTS
from tests.support.brokers import Clock


def test_every_event_has_the_id_that_the_whole_program_knows():
    assert {event: EVENTS[event].id for event in events.IDS} == events.IDS
    assert events.IDS.keys() >= events.GRAVE


def test_a_line_says_what_who_and_in_a_journal_how_grave():
    stream = io.StringIO()
    Events(stream).say(events.NOBODY, owner=1000)
    Events(stream, is_journal=True).say(events.REFUSED, owner=1000, why="taken")
    Events(stream, is_journal=True).say(events.BEGINS, ports="13579")
    assert stream.getvalue().splitlines() == [
        "no agent of that person is registered id=1703 owner=1000",
        "<4>an agent is refused id=1706 owner=1000 why=taken",
        "<6>the broker serves id=1700 ports=13579",
    ]


def test_what_happens_again_and_again_is_counted():
    stream, clock = io.StringIO(), Clock()
    said = Events(stream, clock=clock)
    for _ in range(1000):
        said.say(events.NOBODY, owner=1000)
    said.say(events.NOBODY, owner=1001)
    assert len(stream.getvalue().splitlines()) == 2
    clock.now += events.REPEAT_S
    said.say(events.NOBODY, owner=1000)
    lines = stream.getvalue().splitlines()[2:]
    assert lines == [
        "no agent of that person is registered id=1703 owner=1000 again=999",
        "no agent of that person is registered id=1703 owner=1000",
    ]


def test_what_many_make_happen_is_not_remembered_without_end():
    stream = io.StringIO()
    said = Events(stream)
    for number in range(5000):
        said.say(events.NOBODY, owner=number)
    assert len(stream.getvalue().splitlines()) == events._MOST_OWNERS
    said.flush()
    assert stream.getvalue().splitlines()[events._MOST_OWNERS :] == [
        f"no agent of that person is registered id=1703 others={5000 - events._MOST_OWNERS}"
    ]
    said.flush()
    assert len(stream.getvalue().splitlines()) == events._MOST_OWNERS + 1


@pytest.mark.parametrize("grave", sorted(events.GRAVE))
def test_however_much_of_one_event_there_is_the_others_are_said(grave):
    stream = io.StringIO()
    said = Events(stream)
    for event in events.IDS.keys() - {grave}:
        for number in range(5000):
            said.say(event, owner=number)
    said.say(grave, owner=7)
    assert stream.getvalue().splitlines()[-1] == f"{grave} id={events.IDS[grave]} owner=7"


def test_where_nobody_listens_nothing_is_lost_but_lines():
    class Broken(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    said = Events(Broken())
    said.say(events.NOBODY, owner=1)
    said.say(events.NOBODY, owner=2)
    said.flush()
