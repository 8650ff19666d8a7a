"""The person, as the rest of the agent sees them: somebody who can be asked, told, and may go away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from agent.errors import AgentError
from agent.secret import Secret
from protocol import preview, prompts

Content: TypeAlias = bytes | memoryview | preview.Overview
"""What can be seen of a document: its octets, as they were frozen; or, where they are not at hand, what is known of it without them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A key file that the person named, and its password. Who gets it wipes the password."""

    path: str
    storage: str
    password: Secret

    def wipe(self) -> None:
        """For who throws it away."""
        self.password.wipe()


@dataclass(frozen=True, slots=True)
class Named:
    """A file that the person named for a new key, and the password that it will have. Who gets it wipes the password."""

    path: str
    password: Secret

    def wipe(self) -> None:
        """For who throws it away."""
        self.password.wipe()


@dataclass(frozen=True, slots=True)
class Retyped:
    """The password that a key file has, and the one that it will have. Who gets them wipes both."""

    old: Secret
    new: Secret
    keep_copy: bool  # of the file as it was
    path: str = (
        ""  # of another key file, which the person named in place of the one that they were asked about
    )

    def wipe(self) -> None:
        """For who throws it away."""
        self.old.wipe()
        self.new.wipe()


Answer: TypeAlias = (
    Opened | prompts.Approved | prompts.BackToFiles | prompts.FileChosen | prompts.Allowed | Named | Retyped
)
Prompt: TypeAlias = (
    prompts.OpenKey
    | prompts.ChooseKey
    | prompts.Approve
    | prompts.ChooseFile
    | prompts.AllowFile
    | prompts.NewKey
    | prompts.About
    | prompts.ReadKey
    | prompts.ChangePassword
)

ANSWERS: Mapping[type[Prompt], tuple[type[Answer], ...]] = {
    prompts.OpenKey: (Opened,),
    prompts.ChooseKey: (prompts.Approved, prompts.BackToFiles),
    prompts.Approve: (prompts.Approved, prompts.BackToFiles),
    prompts.ChooseFile: (prompts.FileChosen,),
    prompts.AllowFile: (prompts.Allowed,),
    prompts.NewKey: (Named,),
    prompts.ReadKey: (Opened,),
    prompts.ChangePassword: (Retyped,),
    prompts.About: (),  # it can only be closed: UserCancelled
}


class PageLeft(Exception):  # an event, not a mistake: nobody waits for the answer any more
    """The page went away, or the agent stops. The operation ends, and signs nothing."""


class User(Protocol):
    """Somebody who can be asked. One question at a time, from one thread."""

    def lay_open(self, contents: Sequence[Content], names: Sequence[str]) -> None:
        """Lets the person look into the documents of the questions to come, in the order in which those list them. Never raises.

        The octets have to be those that the answer is about, whatever happens meanwhile. `names` may help to tell what they are.
        """
        ...

    def seen(self) -> frozenset[int]:
        """Numbers of the documents whose content was shown to the person."""
        ...

    def ask(self, prompt: Prompt) -> Answer:
        """What the person answers, of the kind that ANSWERS has for the prompt.

        Raises UserCancelled, TimedOut, NoOneToAsk (nothing could be shown), WindowFailed (it broke), PageLeft.
        """
        ...

    def tell(self, message: prompts.Progress | prompts.Finished) -> None:
        """Says how far it is, or how it ended. Never raises: nobody may be listening any more. Some of the progress may be left out."""
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


def failure_of(error: AgentError, *, given: int = 0) -> prompts.Finished:
    """The last word on what ended by this error, when so many signatures had left already."""
    problem = prompts.Problem(error.code, detail=error.detail)
    failed = () if error.document is None else (prompts.Failure(error.document, error.code),)
    return prompts.Finished(given, problem, failed=failed)
