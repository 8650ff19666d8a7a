"""What the tray icon shows for a state of the daemon: picture, tooltip and menu, for whichever back-end draws them."""

from dataclasses import dataclass
from typing import Literal

from protocol import control, prompts
from tray import words
from tray.texts import Texts

# Each language in its own words: who set the wrong one must find theirs.
LANGUAGES: dict[prompts.Language, str] = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu. One that has neither command nor entries only informs; an empty label is a separator."""

    label: str = ""
    command: control.Command | None = None
    entries: tuple["Entry", ...] = ()
    is_checked: bool | None = None  # None: no mark; else one of a group, of which one is marked


@dataclass(frozen=True, slots=True)
class View:
    picture: Literal["ready", "asking", "paused", "trouble"]
    tooltip: str
    entries: tuple[Entry, ...]


def view_of(texts: Texts, state: control.State) -> View:
    """The icon for `state`, in the language of `texts`."""
    word = texts(f"icon.{state.state}")
    return View(
        picture=state.state,
        tooltip=texts("icon.tooltip", version=state.version, state=word),
        entries=tuple(_entries(texts, state, word)),
    )


def _entries(texts: Texts, state: control.State, word: str) -> list[Entry]:
    toggle: Literal["pause", "resume"] = "resume" if state.state == "paused" else "pause"
    found = [Entry(word[:1].upper() + word[1:])]
    if state.trouble:
        found.append(Entry(texts.chosen("trouble", state.trouble)))
    if state.waiting > 0:
        found.append(Entry(texts("waiting", count=state.waiting)))
    if state.is_simulation:
        found.append(Entry(texts("icon.simulation")))
    found.append(Entry())
    if state.status_url:
        found.append(Entry(texts("icon.open_status"), control.Command("open-status")))
    return [
        *found,
        Entry(texts("icon.recent"), entries=_receipts(texts, state.recent)),
        Entry(texts("icon.language"), entries=_languages(state.language)),
        Entry(),
        Entry(texts(f"icon.{toggle}"), control.Command(toggle)),
        Entry(texts("icon.quit"), control.Command("quit")),
    ]


def _receipts(texts: Texts, recent: tuple[control.Receipt, ...]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            texts(
                "icon.receipt",
                time=words.time(receipt.time),
                site=words.clean(receipt.site) or texts("icon.no_site"),
                owner=words.clean(receipt.owner),
                count=receipt.count,
            )
        )
        for receipt in recent
    ) or (Entry(texts("icon.no_recent")),)


def _languages(current: prompts.Language) -> tuple[Entry, ...]:
    return tuple(
        Entry(name, control.Command("set-language", language), is_checked=language == current)
        for language, name in LANGUAGES.items()
    )
