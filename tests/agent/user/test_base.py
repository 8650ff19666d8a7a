"""What every kind of person has in common."""

from pathlib import Path

import pytest

from agent.errors import BadInput, about
from agent.secret import Secret
from agent.user.base import Opened, PageLeft, User, failure_of
from agent.user.scripted import ScriptedAnswer, ScriptedUser
from agent.user.terminal import TerminalUser
from agent.user.window import WindowUser
from protocol import prompts


def users() -> list[User]:
    return [
        WindowUser(["/nowhere/window"]),
        ScriptedUser(ScriptedAnswer("cancel")),
        TerminalUser("/keys/a.p12", "PKCS12", lambda: Secret(bytearray(b"x"))),
    ]


@pytest.mark.parametrize("user", users(), ids=lambda user: type(user).__name__)
def test_the_end_can_be_told_to_anybody_at_any_time(user: User) -> None:
    user.lay_open([b"act"], ["act.txt"])
    user.tell(prompts.Progress(1, 2))
    user.tell(prompts.Finished(problem=prompts.Problem("internal")))
    user.wait_behind(3)
    user.still_there()
    user.close()


@pytest.mark.parametrize("user", users()[:2], ids=lambda user: type(user).__name__)
def test_nobody_is_asked_once_the_page_has_left(user: User) -> None:
    user.leave()
    with pytest.raises(PageLeft):
        user.still_there()
    with pytest.raises(PageLeft):
        user.ask(prompts.ChooseKey(()))


def test_an_opened_key_file_does_not_show_its_password() -> None:
    assert "Qwerty12" not in repr(Opened(str(Path("a.p12")), "PKCS12", Secret(bytearray(b"Qwerty12"))))


def test_the_last_word_on_an_error_names_the_document_and_what_had_left_before() -> None:
    problem = prompts.Problem("bad-input", detail="broken")
    assert failure_of(BadInput("broken")) == prompts.Finished(0, problem)
    with pytest.raises(BadInput) as raised, about(2):
        raise BadInput("broken")
    told = failure_of(raised.value, given=2)
    assert told == prompts.Finished(2, problem, failed=(prompts.Failure(2, "bad-input"),))
    assert prompts.from_message(prompts.to_message(told)) == told
