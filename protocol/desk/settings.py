"""The desk's page of settings.

desk   -> Settings(...)      all of them, at first and after each change
window <- Change / Reset     one of them
desk   -> Refused(name)      the value can't be used; what was there stays
window <- SetAutostart, Restart
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["choice", "number", "switch", "text", "list"]
Source: TypeAlias = Literal["default", "file", "flag", "tray", "policy"]
Autostart: TypeAlias = Literal["on", "off", "locked", "unsupported"]


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
    """`is_stale` where the agent that runs was started with other settings. `file` is where they stand."""

    settings: tuple[Setting, ...]
    autostart: Autostart
    is_running: bool
    is_stale: bool
    file: str


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
class Restart:
    """The agent starts anew, with the settings as they are now; or for the first time."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`detail` is technical English."""

    name: str
    detail: str


MESSAGES = (Settings, Change, Reset, SetAutostart, Restart, Refused)
