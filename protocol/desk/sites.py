"""The desk's page of sites: which are remembered, which are blocked, and who asked lately."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["remembered", "blocked", "seen"]
"""Remembered until a day; blocked; or only seen: it asked, and nothing was decided about it."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site. Moments are ISO 8601, empty where there is none. `registrable` is the part of its name that one owner registered."""

    origin: str
    site: str
    registrable: str
    state: State
    is_protected: bool  # it comes by https
    warning: Literal["", "mixed-script", "punycode"] = ""
    since: str = ""  # remembered or blocked
    until: str = ""  # remembered
    asked: str = ""  # the last time it asked for anything
    signed: int = 0  # operations in which it got signatures


@dataclass(frozen=True, slots=True)
class Sites:
    sites: tuple[Site, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """The site is new again."""

    origin: str


@dataclass(frozen=True, slots=True)
class Block:
    """The site is refused from now on, and forgotten."""

    origin: str


@dataclass(frozen=True, slots=True)
class Unblock:
    """The site may ask again, as a new one."""

    origin: str


MESSAGES = (Sites, Forget, Block, Unblock)
