"""A desk for tests: what it sends is kept, commands are those of the real program."""

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import paths
from agent.desk.base import Desk

AT = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)


@dataclass
class Sent:
    """Messages to the window, in order."""

    messages: list[Any] = field(default_factory=list)

    def __call__(self, message: Any) -> None:
        self.messages.append(message)

    def take(self) -> list[Any]:
        """All so far; they are taken out."""
        taken, self.messages = self.messages, []
        return taken


def desk(folder: Path) -> tuple[Desk, Sent]:
    sent = Sent()
    made = Desk(
        paths=paths.resolve(folder / "state"),
        send=sent,
        now=lambda: AT,
        language="ru",
        command=(sys.executable, "-m", "agent"),
        home=folder,
    )
    return made, sent
