"""What the tray icon shows for a state of the daemon: picture, tooltip and menu, for whichever back-end draws them."""

from dataclasses import dataclass
from typing import Literal

from protocol import control, prompts
from tray import words
from tray.texts import Texts

OPENING = control.Command("open", "files")
PAGES = ("keys", "history", "sites", "doctor", "settings")
"""The desk's pages that have an entry of their own."""
# Each language in its own words: who set the wrong one must find theirs.
LANGUAGES: dict[prompts.Language, str] = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu. One that has neither command nor entries only informs; an empty label is a separator."""

    label: str = ""
    command: control.Command | None = None
    entries: tuple["Entry", ...] = ()
    is_checked: bool | None = None  # None: no mark; else one of a group, of which one is marked
    is_switch: bool = False  # the mark is its own


@dataclass(frozen=True, slots=True)
class View:
    picture: Literal["ready", "asking", "signing", "paused", "trouble"]
    tooltip: str
    entries: tuple[Entry, ...]
    opening: control.Command = OPENING  # what a click on the icon itself does


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
        if state.trouble_place:
            found.append(Entry(words.path(state.trouble_place)))
    if state.waiting > 0:
        found.append(Entry(texts("waiting", count=state.waiting)))
    if state.is_simulation:
        found.append(Entry(texts("icon.simulation")))
    if state.unlocked_until:
        text = texts(
            "icon.unlocked", owner=words.clean(state.unlocked_owner), time=words.time(state.unlocked_until)
        )
        found += [Entry(text), Entry(texts("icon.lock"), control.Command("lock"))]
    found += [
        Entry(),
        Entry(texts("icon.open"), OPENING),
        *(Entry(texts(f"icon.page.{page}"), control.Command("open", page)) for page in PAGES),
        Entry(),
        Entry(texts("icon.recent"), entries=_receipts(texts, state.recent)),
    ]
    if state.status_url:
        found.append(Entry(texts("icon.open_status"), control.Command("open-status")))
    found.append(Entry(texts("icon.language"), entries=_languages(state)))
    if state.autostart != "unsupported":
        found.append(_autostart(texts, is_on=state.autostart == "on"))
    return [
        *found,
        Entry(),
        Entry(texts(f"icon.{toggle}"), control.Command(toggle)),
        Entry(texts("icon.quit"), control.Command("quit")),
    ]


def _autostart(texts: Texts, *, is_on: bool) -> Entry:
    command = control.Command("set-autostart", "off" if is_on else "on")
    return Entry(texts("icon.autostart"), command, is_checked=is_on, is_switch=True)


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


def _languages(state: control.State) -> tuple[Entry, ...]:
    """All of them, or the one that a policy set: nothing else can be chosen then."""
    return tuple(
        Entry(name, control.Command("set-language", language), is_checked=language == state.language)
        for language, name in LANGUAGES.items()
        if language == state.language or not state.is_language_locked
    )
