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


MOST_ENDING = 3
"""Lines of one reminder; those that are left come with the next one."""


@dataclass(frozen=True, slots=True)
class EndingKey:
    """A line of a reminder: whose keys end, when (ISO 8601), in how many days. `keys` are their fingerprints: those of a pair that was
    issued together are one line."""

    owner: str
    until: str
    days_left: int
    organisation: str = ""
    keys: tuple[str, ...] = ()


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
    trouble_place: str = ""  # the file that it is about, if it is about one
    is_simulation: bool = False
    gost: Literal["native", "python"] = "native"
    status_url: str = ""
    started: str = ""  # when, in ISO 8601
    recent: tuple[Receipt, ...] = ()  # newest first, at most five
    autostart: Literal["on", "off", "unsupported"] = "unsupported"
    notifications: bool = True  # the icon may show messages
    unlocked_until: str = ""  # ISO 8601, of a key that is open between approvals; empty: none is
    unlocked_owner: str = ""
    ending: tuple[EndingKey, ...] = ()  # of which the icon is to remind the person now
    icon: Literal["shown", "hidden", "off"] = "off"
    """Whether the person sees the icon: it is on a panel; there is no place for it, or it does not run; it is not wanted here."""
    is_session_watched: bool = False  # somebody tells when the screen is locked: a key may stay open
    is_language_locked: bool = False  # by policy


@dataclass(frozen=True, slots=True)
class Command:
    """`lock` closes a key that is open. `set-language` carries kk, ru or en in `value`, `set-autostart` on or off, `open` a page of the desk.

    `quit`, `restart` and `query` may carry "if-idle": refused while an approval runs, a window is open or a key is.

    By the icon alone: `watch-session` says that it will send `lock` when the screen is locked; `icon` says in `value` whether it is
    shown or hidden now; `reminded`, that the person was told of the keys with these fingerprints (a space between them). The others
    leave `value` empty."""

    name: Literal[
        "query",
        "pause",
        "resume",
        "restart",
        "quit",
        "lock",
        "watch-session",
        "icon",
        "reminded",
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
