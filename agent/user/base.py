"""The person, as the rest of the agent sees them: somebody who can be asked, told, and may go away."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from agent.secret import Secret
from protocol import prompts


@dataclass(frozen=True, slots=True)
class Opened:
    """A key file that the person named, and its password. Who gets it wipes the password."""

    path: str
    storage: str
    password: Secret


Answer: TypeAlias = Opened | prompts.Approved | prompts.BackToFiles
Prompt: TypeAlias = prompts.OpenKey | prompts.ChooseKey


class PageLeft(Exception):  # an event, not a mistake: nobody waits for the answer any more
    """The page went away, or the agent stops. The operation ends, and signs nothing."""


class User(Protocol):
    """Somebody who can be asked. One question at a time, from one thread."""

    def ask(self, prompt: Prompt) -> Answer:
        """What the person answers: Opened to OpenKey; Approved or BackToFiles to ChooseKey.

        Raises UserCancelled, TimedOut, NoOneToAsk (nothing could be shown), WindowFailed (it broke), PageLeft.
        """
        ...

    def tell(self, message: prompts.Finished) -> None:
        """Says how it ended. Never raises: at the end nobody may be listening."""
        ...

    def wait_behind(self, count: int) -> None:
        """Says how many approvals wait behind this one. From any thread."""
        ...

    def leave(self) -> None:
        """Makes `ask`, now or later, raise PageLeft. From any thread."""
        ...

    def still_there(self) -> None:
        """Raises PageLeft if `leave` was called, UserCancelled if the person changed their mind meanwhile."""
        ...

    def close(self) -> None:
        """Ends what is on the screen."""
        ...
