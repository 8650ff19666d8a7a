"""What the tray icon and the command line say to the daemon, and hear from it, in J frames (protocol.pipes).

The icon is a child of the daemon and speaks over its pipes: it gets a State at the start and at each change, and sends
Commands. The command line connects to the control endpoint, sends one Command and gets one State, or a Refused. Nobody can
sign, grant or approve this way.
"""

import dataclasses
import typing
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from protocol import prompts
from protocol.errors import BadMessage


@dataclass(frozen=True, slots=True)
class Receipt:
    """A signature that was made: when (ISO 8601), for which site (empty: none), by whom, how many documents."""

    time: str
    site: str
    owner: str
    count: int


@dataclass(frozen=True, slots=True)
class EndingKey:
    """A key that ends soon: whose, when (ISO 8601), in how many days."""

    owner: str
    until: str
    days_left: int


@dataclass(frozen=True, slots=True)
class State:
    """What the daemon is doing. `trouble` is a text key, empty when all is well."""

    state: Literal["ready", "asking", "signing", "paused", "trouble"]
    language: prompts.Language
    version: str
    port: int
    waiting: int = 0
    connections: int = 0
    trouble: str = ""
    is_simulation: bool = False
    gost: Literal["native", "python"] = "native"
    status_url: str = ""
    started: str = ""  # when, in ISO 8601
    recent: tuple[Receipt, ...] = ()  # newest first, at most five
    autostart: Literal["on", "off", "unsupported"] = "unsupported"
    notifications: bool = True  # the icon may show messages
    unlocked_until: str = ""  # ISO 8601, of a key that is open between approvals; empty: none is
    unlocked_owner: str = ""
    ending: tuple[EndingKey, ...] = ()  # of which the person is to be reminded now


@dataclass(frozen=True, slots=True)
class Command:
    """`lock` closes a key that is open; `watch-session`, by the icon alone, says that it will send `lock` when the screen is locked.
    `set-language` carries kk, ru or en in `value`, `set-autostart` on or off, `open` a page of the desk; the others leave it empty."""

    name: Literal[
        "query",
        "pause",
        "resume",
        "restart",
        "quit",
        "lock",
        "watch-session",
        "set-language",
        "set-autostart",
        "open-status",
        "open",
    ]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The command was not carried out; `reason` is English, for the terminal."""

    reason: str


Message: TypeAlias = State | Command | Refused

_TYPES: dict[str, type[Any]] = {"state": State, "command": Command, "refused": Refused}
_NAMES = {cls: name for name, cls in _TYPES.items()}


def to_message(value: Message) -> dict[str, Any]:
    """The JSON object of `value` for a J frame."""
    return {"type": _NAMES[type(value)], **dataclasses.asdict(value)}


def from_message(message: dict[str, Any]) -> Message:
    """The value of a J frame's object. Raises BadMessage."""
    cls = _TYPES.get(message.get("type", ""))
    if cls is None:
        raise BadMessage(f"unknown control message {message.get('type')!r}")
    body = {key: value for key, value in message.items() if key != "type"}
    return typing.cast("Message", prompts.build(cls, body))
