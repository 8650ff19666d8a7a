"""What a page of the desk is given, and what is expected of it."""

import argparse
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from agent import config
from agent.config import Config
from agent.errors import AgentError
from agent.paths import Paths, resolve
from protocol.prompts import Language

MAX_CHARS = 300
"""Of one text that a stranger wrote, where many are told together: names in certificates and files can be as long as they like."""


class FileNotWritten(AgentError):
    """A file that the person wants could not be written."""

    code = "file-not-written"


class NotShown(AgentError):
    """What a page has to say is no message: there is more of it than one holds."""

    code = "not-shown"


def shortened(text: str, most: int = MAX_CHARS) -> str:
    """The text; of a long one the beginning, and an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass
class Desk:
    """What pages work with. `send` takes a message of protocol.desk, from any thread, and never raises: the window may be gone. What
    no message holds is Trouble there, NotShown: pages bound what they say.

    `command` starts one of our commands in a process of its own: `[*desk.command, "verify", "--json", path]`.
    `has_ended` is set when the window is closed; what takes long looks at it.
    """

    paths: Paths
    send: Callable[[Any], None]
    now: Callable[[], datetime]
    language: Language
    command: Sequence[str]
    home: Path
    has_ended: threading.Event = field(default_factory=threading.Event)

    @property
    def is_apart(self) -> bool:
        """Whether this is not the desk of the person's usual agent."""
        return self.paths != resolve()

    def settings(self) -> Config:
        """As the agent would read them now. Raises BadConfig."""
        return config.load(argparse.Namespace(state_dir=self.paths.state_dir if self.is_apart else None))


class Page(Protocol):
    """What stands behind one page. All calls come from one thread, which is this page's own."""

    def opened(self) -> None:
        """The person came to the page: sends what is to be seen there. Raises AgentError, which the page then shows."""
        ...

    def take(self, message: Any) -> None:
        """A message of this page's module. Raises AgentError likewise."""
        ...

    def close(self) -> None:
        """The window is gone."""
        ...
