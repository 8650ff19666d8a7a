"""The desk's page of settings.

desk   -> Settings(...)      all of them, at first and after each change
window <- Change / Reset     one of them
desk   -> Refused(name)      the value can't be used; what was there stays
window <- SetAutostart, SetMenus, Restart
desk   -> NotWritten(name)   it could not be written: a setting, or one of these two
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["choice", "number", "switch", "text", "list"]
Source: TypeAlias = Literal["default", "distribution", "file", "flag", "tray", "policy"]
Autostart: TypeAlias = Literal["on", "off", "locked", "unsupported"]
Menus: TypeAlias = Literal["on", "off", "stale", "none", "unsupported"]
"""Of the file managers' menus: some entries are missing or lead elsewhere; there is no file manager that we know."""
NoUnlock: TypeAlias = Literal["", "icon-off", "unwatched", "no-memory"]
"""Why no key can stay open, whatever is set: the icon that hears of a locked screen is switched off; nobody hears of it; memory can't be
locked. Empty: it can, or nobody knows."""
Why: TypeAlias = Literal["read-only", "denied", "full", "foreign", "other"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, by its name in config.toml. Its value is in the member that its kind says."""

    name: str
    kind: Kind
    source: Source
    text: str = ""  # choice, text
    number: int = 0
    is_on: bool = False  # switch
    items: tuple[str, ...] = ()  # list
    choices: tuple[str, ...] = ()  # choice
    least: int = 0  # number
    most: int = 0

    @property
    def is_locked(self) -> bool:
        """Whoever runs the computer set it."""
        return self.source == "policy"


@dataclass(frozen=True, slots=True)
class Settings:
    """`is_stale` where the agent that runs was started with other settings. `file` is where they stand.
    `is_icon_unseen` where it is wanted and the desktop has no place for it."""

    settings: tuple[Setting, ...]
    autostart: Autostart
    is_running: bool
    is_stale: bool
    file: str
    menus: Menus = "unsupported"
    no_unlock: NoUnlock = ""
    is_icon_unseen: bool = False
    rules: tuple[Setting, ...] = ()
    """What whoever runs the computer set of those settings that people can't change in any case."""


@dataclass(frozen=True, slots=True)
class Change:
    """The value that a setting gets, in the member that its kind says."""

    name: str
    text: str = ""
    number: int = 0
    is_on: bool = False
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reset:
    """The default counts again."""

    name: str


@dataclass(frozen=True, slots=True)
class SetAutostart:
    is_on: bool


@dataclass(frozen=True, slots=True)
class SetMenus:
    """«Sign» in the menus of file managers."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class NotWritten:
    """It stays as it is, for the disk or folder can't be written, is full, or holds somebody else's file; `detail` is technical English.

    `name` is that of a setting, "autostart" or "file_menus"."""

    name: str
    why: Why
    detail: str


@dataclass(frozen=True, slots=True)
class Restart:
    """The agent starts anew, with the settings as they are now; or for the first time."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`detail` is technical English."""

    name: str
    detail: str


MESSAGES = (Settings, Change, Reset, SetAutostart, SetMenus, NotWritten, Restart, Refused)
