"""The scripted person."""

import dataclasses
import logging
import threading
from pathlib import Path

import pytest

from agent.errors import BadInput, UserCancelled
from agent.user import scripted
from agent.user.base import Opened, PageLeft
from agent.user.scripted import ScriptedAnswer, ScriptedUser
from protocol import prompts
from tests.agent.user.test_terminal import KEY, OPEN

SIGN = ScriptedAnswer("sign", Path("/keys/a.p12"), "Qwerty12")
TEST_KEY = dataclasses.replace(KEY, is_test=True)


def load(folder: Path, text: str) -> tuple[ScriptedAnswer, ...]:
    path = folder / "answers.toml"
    path.write_text(text, encoding="utf-8")
    return scripted.load(path)


def test_answers_are_read_with_their_defaults(tmp_path: Path) -> None:
    answers = load(
        tmp_path,
        """
        [[answer]]
        key = "keys/head.p12"
        password = "Құпия"
        [[answer]]
        decision = "cancel"
        delay_s = 2
        grant = true
        """,
    )
    assert answers == (
        ScriptedAnswer("sign", tmp_path / "keys/head.p12", "Құпия"),
        ScriptedAnswer("cancel", None, "", 2.0, grant=True),
    )
    assert "Құпия" not in repr(answers)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "answer = 5",
        "answer = []",
        "answer = [1]",
        "[[answer]]",
        "[[answer]]\nkey = ''",
        "[[answer]]\ndecision = 'maybe'",
        "[[answer]]\ndecision = 'cancel'\ndelay = 1",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = -1",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = inf",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = nan",
        "[[answer]]\ndecision = 'cancel'\ndelay_s = true",
        "[[answer]]\nkey = 'a'\ngrant = 'yes'",
        "[[answer]]\nkey = 'a'\n[other]",
        "not toml",
    ],
)
def test_a_mistake_in_the_file_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        load(tmp_path, text)


def test_a_missing_or_huge_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        scripted.load(tmp_path / "nowhere.toml")
    with pytest.raises(BadInput):
        load(tmp_path, "#" * (1024 * 1024 + 1))


def test_the_last_answer_goes_on() -> None:
    answers = (ScriptedAnswer("cancel"), SIGN)
    assert [scripted.answer_of_turn(answers, turn) for turn in (0, 1, 2, 3, 99)] == [
        answers[0], answers[0], answers[1], answers[1], answers[1],
    ]  # fmt: skip


def test_who_signs_names_a_key_and_approves_the_first_that_fits() -> None:
    user = ScriptedUser(SIGN)
    opened = user.ask(OPEN)
    assert isinstance(opened, Opened)
    assert (opened.path, opened.password.buffer) == ("/keys/a.p12", bytearray(b"Qwerty12"))
    keys = (dataclasses.replace(TEST_KEY, suitable=False), dataclasses.replace(TEST_KEY, key_id="b"))
    assert user.ask(prompts.ChooseKey(keys, remember_days=90)) == prompts.Approved("b", remember=False)


@pytest.mark.parametrize(("days", "expected"), [(90, True), (0, False)])
def test_a_grant_is_given_where_it_is_offered(days: int, expected: bool) -> None:
    user = ScriptedUser(dataclasses.replace(SIGN, grant=True))
    assert user.ask(prompts.ChooseKey((TEST_KEY,), days)) == prompts.Approved("a", remember=expected)


def test_who_cancels_cancels() -> None:
    with pytest.raises(UserCancelled):
        ScriptedUser(ScriptedAnswer("cancel")).ask(OPEN)


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        (dataclasses.replace(OPEN, problem=prompts.Problem("wrong-password")), "wrong-password"),
        (
            prompts.ChooseKey((dataclasses.replace(TEST_KEY, suitable=False, reasons=("other-iin",)),)),
            "other-iin",
        ),
        (prompts.ChooseKey((KEY,)), "no-test-key"),
        (prompts.ChooseKey(()), "disabled"),
    ],
)
def test_what_does_not_work_is_cancelled_and_logged(
    prompt: prompts.OpenKey | prompts.ChooseKey, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(UserCancelled):
        ScriptedUser(SIGN).ask(prompt)
    assert why in caplog.text


def test_a_page_that_leaves_does_not_wait_for_the_delay() -> None:
    user = ScriptedUser(dataclasses.replace(SIGN, delay_s=600))
    threading.Timer(0.1, user.leave).start()
    with pytest.raises(PageLeft):
        user.ask(OPEN)
