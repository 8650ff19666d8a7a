"""The desk's page of key files: whose they are, what for, and until when.

desk   -> Keys(groups, ...)            what lies on this computer, at first and after each change
window <- AddPlaces(paths)             folders and files in which keys are looked for from now on
window <- RemovePlace(path)
window <- ReadKey(path)                wants to know whose the key is: a window of its own asks for the password
window <- ChangePassword(path)         likewise
desk   -> Asking(path)                 that window is there; empty: it is gone
desk   -> Done(what, ...)              what came of it
window <- Export(fingerprint, ...)     wants the certificate as a file
window <- Forget(fingerprint)          takes a key off the list whose file is gone

No password comes near the desk.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from protocol.prompts import Key

State: TypeAlias = Literal[
    "unknown", "waiting", "good", "ending", "early", "superseded", "expired", "revoked"
]
"""Of a key: never opened here; waits for its certificate; and those of agent.key_library."""
Form: TypeAlias = Literal["pem", "der"]

MAX_FILES = 500
MAX_COPIES = 10  # of one key that are told of
MAX_UNREADABLE = 20  # folders that are told of


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key in its file. `copies` are other files that hold it. Without `key` nothing is known of it but its file.

    `sites` are those that used it last, `days_left` whole days until its end. `more_copies` are not told of."""

    path: str
    state: State
    modified: str = ""  # ISO 8601
    label: str = ""  # what the file's name says
    key: Key | None = None
    fingerprint: str = ""
    days_left: int = 0
    copies: tuple[str, ...] = ()
    more_copies: int = 0
    sites: tuple[str, ...] = ()
    is_there: bool = True  # the file was found


@dataclass(frozen=True, slots=True)
class Entry:
    """One key; or two that were issued together, the one to sign with first, the one to log in with second."""

    keys: tuple[StoredKey, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs to one owner, for themselves or for one organisation. Without an owner: nobody knows yet."""

    owner: str
    organisation: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """`places` are those that the person added, `unreadable` folders that can't be looked into. Of what is too much to be told, `more`
    keys and `more_unreadable` folders are not."""

    groups: tuple[Group, ...]
    places: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    is_complete: bool = True
    more: int = 0
    more_unreadable: int = 0


@dataclass(frozen=True, slots=True)
class AddPlaces:
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemovePlace:
    path: str


@dataclass(frozen=True, slots=True)
class ReadKey:
    path: str


@dataclass(frozen=True, slots=True)
class ChangePassword:
    path: str


@dataclass(frozen=True, slots=True)
class Export:
    fingerprint: str
    path: str
    form: Form


@dataclass(frozen=True, slots=True)
class Forget:
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Asking:
    path: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """`path` is the key file; of an export, what was made. `copy` is the file as it was before its password changed."""

    what: Literal["read", "changed", "exported"]
    path: str
    copy: str = ""


MESSAGES = (AddPlaces, RemovePlace, ReadKey, ChangePassword, Export, Forget, Keys, Asking, Done)
