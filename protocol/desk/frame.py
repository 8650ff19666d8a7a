"""What all pages of the desk have in common.

The desk is the agent's own window: it is opened by the person, not by a web page. Like a signing window it is a process that parses
nothing and knows no secret; at the other end of its pipes is the desk's process, which reads the journal, looks for keys and so on.

    desk   -> Begin(page, language, ...)       first; the window shows itself
    window <- Opened(page)                     the person came to a page: it is to be filled
    window <- messages of that page            what they want there
    desk   -> messages of that page            what is there to be shown; at any moment, without being asked
    desk   -> Show(page)                       the person opened the desk once more, elsewhere
    desk   -> Spoken(language), Dressed(theme) another language, other colours: the pages are made anew
    desk   -> Trouble(page, code)              what they wanted did not work
    desk   -> Ending(lines)                    keys end soon, and the person was not told yet: above all pages, until they close it
    window <- Reminded(keys)                   they did

The end of the window's output means that the person closed it; the end of its input closes it. No password goes this way: what
needs one opens a signing window of its own.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from protocol.control import EndingKey
from protocol.prompts import Language

Page: TypeAlias = Literal["files", "keys", "history", "sites", "doctor", "settings"]
Wish: TypeAlias = Literal["", "sign", "cosign", "timestamp", "verify", "card"]
Theme: TypeAlias = Literal["system", "light", "dark", "contrast"]


@dataclass(frozen=True, slots=True)
class Begin:
    page: Page
    language: Language
    version: str
    theme: Theme = "system"


@dataclass(frozen=True, slots=True)
class Show:
    """The window comes to the front and shows that page."""

    page: Page


@dataclass(frozen=True, slots=True)
class Spoken:
    """The language changed: every text is to be said again."""

    language: Language


@dataclass(frozen=True, slots=True)
class Dressed:
    """The colours changed: every page is to be drawn again."""

    theme: Theme


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the person wanted of a page did not work. `code` is one of agent.errors, `detail` technical English."""

    page: Page
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Keys that end soon; no lines: there is nothing to be told any more."""

    lines: tuple[EndingKey, ...]


@dataclass(frozen=True, slots=True)
class Reminded:
    """The person closed what Ending said; `keys` are the fingerprints of its lines."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    page: Page


@dataclass(frozen=True, slots=True)
class Summons:
    """Not to or from the window: what a second `qalamsap open` says to the desk that is open already. The answer is the Show that
    the window gets. `paths` are for the page of files, `wish` what the person wants done with them, if that was said; `refused` counts
    files whose names can't be said."""

    page: Page
    paths: tuple[str, ...] = ()
    wish: Wish = ""
    refused: int = 0


MESSAGES = (Begin, Show, Spoken, Dressed, Trouble, Ending, Reminded, Opened, Summons)
