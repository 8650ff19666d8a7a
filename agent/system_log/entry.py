"""What is told to the log of the system: one event, as `agent.logs.note` logged it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent import event_ids

NAME = "qalamsap"
"""Who speaks, in every system's log."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`story` is where an error passed through, several lines; it is empty for no error."""

    id: int
    event: str
    level: int
    place: str
    facts: Mapping[str, str] = field(default_factory=dict)
    story: str = ""

    @property
    def line(self) -> str:
        """The event with its facts, for people."""
        return " ".join([self.event, *(f"{name}={value}" for name, value in self.facts.items())])


def of(record: logging.LogRecord, story: str = "") -> Entry:
    """The entry of a record that `agent.logs` let through. `story` tells of the error of a library's record."""
    first, _, rest = record.getMessage().partition("\n")
    return Entry(
        id=getattr(record, "event_id", event_ids.UNLISTED),
        event=getattr(record, "event", first),
        level=record.levelno,
        place=record.name,
        facts=getattr(record, "facts", {}),
        story=(rest or story).strip(),
    )
