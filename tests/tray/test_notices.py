import dataclasses
import threading

import pytest

from protocol import control
from tray import notices, texts


@pytest.fixture
def said():
    found = []
    found_one = threading.Event()

    def say(notice):
        found.append(notice)
        found_one.set()

    say.found, say.found_one, say.told = found, found_one, []
    return say


def test_a_wait_that_lasts_is_told_once(samples, said):
    reminder = notices.Reminder(said, said.told.append, after_s=0.01)
    for _ in range(3):
        reminder.hear(texts.load("ru"), samples.state(state="asking"))
    assert said.found_one.wait(5)
    reminder.hear(texts.load("ru"), samples.state(state="asking"))
    assert said.found == [
        notices.Notice(
            "Окно ждёт вашего решения",
            "Сайт просит подпись: откройте окно Qalamsap, чтобы согласиться или отказаться.",
        )
    ]
    reminder.stop()


@pytest.mark.parametrize("after", [{"state": "ready"}, {"state": "asking", "notifications": False}])
def test_a_wait_that_ended_or_is_not_wanted_is_not_told(samples, said, after):
    reminder = notices.Reminder(said, said.told.append, after_s=0.3)
    reminder.hear(texts.load("ru"), samples.state(state="asking"))
    reminder.hear(texts.load("ru"), samples.state(**after))
    assert not said.found_one.wait(0.6)


def test_the_next_wait_is_told_again(samples, said):
    reminder = notices.Reminder(said, said.told.append, after_s=0.01)
    for count in (1, 2):
        said.found_one.clear()
        reminder.hear(texts.load("en"), samples.state(state="asking"))
        assert said.found_one.wait(5)
        assert len(said.found) == count
        reminder.hear(texts.load("en"), samples.state(state="ready"))


def test_after_the_end_nothing_is_told(samples, said):
    reminder = notices.Reminder(said, said.told.append, after_s=0.2)
    reminder.hear(texts.load("en"), samples.state(state="asking"))
    reminder.stop()
    assert not said.found_one.wait(0.5)


KEY = control.EndingKey("ТЕСТОВ\u202e ТЕСТ", "2026-12-01T00:00:00+00:00", 3, "ЖШС АЛМА", ("aa", "bb"))


def test_keys_that_end_soon_are_told_and_count_once_they_were_seen(samples, said):
    reminder = notices.Reminder(said, said.told.append, after_s=60)
    state = samples.state(ending=(KEY,))
    for _ in range(2):
        reminder.hear(texts.load("ru"), state)
    (notice,) = said.found
    assert notice.title == "Ключ ЭЦП закончится через 3 дня"
    assert notice.text.count(" ТЕСТ, ЖШС АЛМА: до 01.12.2026") == 1
    assert "\u202e" not in notice.text
    assert said.told == []
    reminder.done(notice, True)
    assert said.told == [("aa", "bb")]
    reminder.hear(texts.load("ru"), samples.state())
    reminder.hear(texts.load("ru"), samples.state(ending=(KEY,), notifications=False))
    assert len(said.found) == 1


def test_a_reminder_that_could_not_be_shown_is_tried_again(samples, said):
    reminder = notices.Reminder(said, said.told.append, after_s=60)
    state = samples.state(ending=(KEY,))
    reminder.hear(texts.load("en"), state)
    reminder.done(said.found[0], False)
    assert said.told == []
    reminder.hear(texts.load("en"), state)
    assert said.found == [said.found[0]] * 2
    reminder.done(said.found[1], True)
    reminder.hear(texts.load("en"), state)
    assert len(said.found) == 2
    assert said.told == [("aa", "bb")]


def test_what_becomes_of_other_messages_is_no_reminder(said):
    reminder = notices.Reminder(said, said.told.append)
    reminder.done(notices.Notice("title", "text"), True)
    assert said.told == []


def test_the_title_says_when_or_that_there_are_several():
    words = texts.load("ru")
    today = dataclasses.replace(KEY, days_left=0)
    assert notices.notice_of(words, (today,)).title == "Ключ ЭЦП закончится меньше чем через сутки"
    assert notices.notice_of(words, (today, KEY)).title == "Ключи ЭЦП скоро закончатся"


def test_a_name_of_any_length_leaves_room_for_the_date():
    line = notices.ending_line(texts.load("ru"), dataclasses.replace(KEY, owner="Я" * 9000, organisation=""))
    assert line.endswith("…: до 01.12.2026")
    assert len(line) < 200
