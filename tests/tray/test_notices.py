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

    say.found, say.found_one = found, found_one
    return say


def test_a_wait_that_lasts_is_told_once(samples, said):
    reminder = notices.Reminder(said, after_s=0.01)
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
    reminder = notices.Reminder(said, after_s=0.3)
    reminder.hear(texts.load("ru"), samples.state(state="asking"))
    reminder.hear(texts.load("ru"), samples.state(**after))
    assert not said.found_one.wait(0.6)


def test_the_next_wait_is_told_again(samples, said):
    reminder = notices.Reminder(said, after_s=0.01)
    for count in (1, 2):
        said.found_one.clear()
        reminder.hear(texts.load("en"), samples.state(state="asking"))
        assert said.found_one.wait(5)
        assert len(said.found) == count
        reminder.hear(texts.load("en"), samples.state(state="ready"))


def test_after_the_end_nothing_is_told(samples, said):
    reminder = notices.Reminder(said, after_s=0.2)
    reminder.hear(texts.load("en"), samples.state(state="asking"))
    reminder.stop()
    assert not said.found_one.wait(0.5)


def test_keys_that_end_soon_are_told_once(samples, said):
    reminder = notices.Reminder(said, after_s=60)
    key = control.EndingKey("ТЕСТОВ\u202e ТЕСТ", "2026-12-01T00:00:00+00:00", 3)
    state = samples.state(ending=(key,) * 5)
    for _ in range(2):
        reminder.hear(texts.load("ru"), state)
    (notice,) = said.found
    assert notice.title == "Ключ ЭЦП закончится через 3 дня"
    assert notice.text.count("ТЕСТОВ") == notices.MOST_KEYS
    assert "\u202e" not in notice.text
    reminder.hear(texts.load("ru"), samples.state())
    reminder.hear(texts.load("ru"), samples.state(ending=(key,), notifications=False))
    assert len(said.found) == 1
