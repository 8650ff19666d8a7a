"""What the desk says of keys that end soon, where nobody else did."""

from datetime import timedelta
from pathlib import Path

import pytest

from agent.desk.reminders import Reminders
from agent.key_library import KeyLibrary
from protocol import control
from protocol.desk import frame
from tests.support.desks import Sent
from tests.support.known_keys import AT, known_file, known_key


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def library(tmp_path: Path) -> KeyLibrary:
    return KeyLibrary(tmp_path / "state" / "key-library.json")


def fill(library: KeyLibrary, count: int) -> list[str]:
    keys = [known_key(number, days=number, iin=str(number)) for number in range(1, count + 1)]
    library.remember(known_file(*keys))
    return [key.fingerprint for key in keys]


def told(sent: Sent) -> list[list[str]]:
    return [[key for line in message.lines for key in line.keys] for message in sent.take()]


def test_what_is_due_is_said_at_each_opening_until_it_is_closed(library: KeyLibrary, sent: Sent) -> None:
    (key,) = fill(library, 1)
    for _ in range(2):  # a desk each: the person looked at it and closed the window
        Reminders(library, sent, lambda: AT).opened()
    assert told(sent) == [[key]] * 2
    Reminders(library, sent, lambda: AT).closed([key])
    Reminders(library, sent, lambda: AT).opened()
    assert told(sent) == []


def test_it_is_said_anew_at_the_next_step(library: KeyLibrary, sent: Sent) -> None:
    library.remember(known_file(known_key(1, days=29)))
    shown = Reminders(library, sent, lambda: AT)
    shown.closed([known_key(1).fingerprint])
    Reminders(library, sent, lambda: AT + timedelta(days=20)).opened()
    (message,) = sent.take()
    assert isinstance(message, frame.Ending)
    assert [line.days_left for line in message.lines] == [9]


def test_more_than_one_reminder_holds_comes_after_it(library: KeyLibrary, sent: Sent) -> None:
    keys = fill(library, control.MOST_ENDING + 1)
    shown = Reminders(library, sent, lambda: AT)
    shown.opened()
    shown.closed(keys[: control.MOST_ENDING])
    shown.closed(keys[control.MOST_ENDING :])
    assert told(sent) == [keys[: control.MOST_ENDING], keys[control.MOST_ENDING :]]
    assert library.due_reminders(AT) == ()


def test_what_can_not_be_noted_is_closed_here_and_comes_again_with_the_next_desk(
    library: KeyLibrary, sent: Sent, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (key,) = fill(library, 1)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agent.paths.write_private", fail)
    shown = Reminders(library, sent, lambda: AT)
    shown.closed([key])
    shown.opened()
    assert told(sent) == []
    assert "can't be noted" in caplog.text
    Reminders(library, sent, lambda: AT).opened()
    assert told(sent) == [[key]]


def test_nothing_is_said_where_no_key_ends(library: KeyLibrary, sent: Sent) -> None:
    library.remember(known_file(known_key(1, days=100)))
    Reminders(library, sent, lambda: AT).opened()
    assert told(sent) == []
