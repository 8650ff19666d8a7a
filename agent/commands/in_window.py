"""The person at a signing window, for a command that was started without a page: they approve there, and not at a terminal."""

import contextlib
import signal
from collections.abc import Iterator, Sequence
from types import FrameType

from agent import instance, programs
from agent.config import Config
from agent.errors import AgentError, UserCancelled
from agent.user import showing, window
from agent.user.base import PageLeft, failure_of


@contextlib.contextmanager
def person(settings: Config) -> Iterator[window.WindowUser]:
    """Somebody who is asked in a window; it says how a block failed, and is gone, or read, when this ends.

    Whoever ends this process (Ctrl+C, SIGTERM) closes the window and the approval with it. Raises what the block raises, and
    UserCancelled.
    """
    command = programs.window("--theme", settings.theme)
    user = window.WindowUser(command, render=_previews)
    with instance.shown(settings.paths.shown), _leaving(user):
        try:
            yield user
        except PageLeft as error:
            raise UserCancelled("the command was ended") from error
        except UserCancelled:
            raise
        except AgentError as error:
            user.tell(failure_of(error))  # unless the block said more already
            raise
        finally:
            user.close()


@contextlib.contextmanager
def _leaving(user: window.WindowUser) -> Iterator[None]:
    """While this lasts, the signals that end a process have the person's window closed first."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        user.leave()

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _previews(
    documents: Sequence[bytes | memoryview], names: Sequence[str], on_answer: showing.Write
) -> showing.Previews:
    from agent.previews import Previews  # noqa: PLC0415  # loaded when there is something to look into

    return Previews(documents, names, on_answer)
