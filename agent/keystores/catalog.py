"""The kinds of key stores, and the key files that lie on this computer.

Pages name stores by the words of NCALayer; those words are used here too.
"""

import dataclasses
import heapq
import os
import re
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent import algorithms
from agent.algorithms import KeyType
from agent.errors import BadInput, BrokenKeyStore, KeyFileReadOnly, UnsupportedOperation
from agent.keystores import jks, pkcs12
from agent.keystores.base import StoredKey
from agent.secret import Secret
from protocol.prompts import Purpose

PKCS12, JKS = "PKCS12", "JKS"
STORAGES = (PKCS12, JKS)
"""Stores that can be opened: key files, each told by its octets whatever page and name say."""
UNAVAILABLE_STORAGES = (
    "AKKaztokenStore", "AKKZIDCardStore", "AKEToken72KStore", "AKEToken5110Store", "AKJaCartaStore", "AKAKEYStore",
)  # fmt: skip
"""Stores that pages know but that this agent can't open: tokens, identity cards."""

MAX_DEPTH = 3
"""Folders below a folder that are looked into."""
MAX_ENTRIES = 20_000
"""Directory entries looked at in all; a home folder may hold millions."""
ENDING = ".p12"
_EXTENSIONS = {ENDING: PKCS12, ".pfx": PKCS12, ".jks": JKS}
_BEGINNING = 4096  # octets, in which a PEM label stands even with text before it
# A SEQUENCE, of any length, and what it begins with.
_DER_KEY = re.compile(
    rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)"
    rb"(?:\x02\x01\x03\x30"  # PFX: version 3, a content info
    rb"|\x02\x01[\x00\x01]\x30[\x00-\x7f]\x06"  # PKCS#8: a version, an algorithm
    rb"|\x02\x01[\x00\x01]\x02\x82"  # PKCS#1: a version, a large number
    rb"|\x02\x01\x01\x04[\x10-\x7f]"  # SEC 1: version 1, octets
    rb"|\x30[\x00-\x7f]\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05)",  # PKCS#8, encrypted by an algorithm of PKCS#5
    re.DOTALL,
)
_PEM_KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")
# How the issuing portal names its files; the rest of the name is the certificate's SubjectKeyIdentifier.
_LABELS = (
    ("AUTH_RSA256_", f"{algorithms.RSA_KEY.name} AUTH"),
    ("RSA256_", algorithms.RSA_KEY.name),
    ("GOST512_", algorithms.GOST_2015_512_KEY.name),
    ("GOSTKNCA_", algorithms.GOST_2004_KEY.name),
)


@dataclasses.dataclass(frozen=True, slots=True)
class FoundKey:
    """A file that looks like a key file. Nobody opened it."""

    path: Path
    storage: str
    """By its name: see `storage_of`."""
    modified: datetime
    label: str
    """The kind of key that its name promises; empty for other names."""


@dataclasses.dataclass(frozen=True, slots=True)
class Survey:
    """What lies in some folders."""

    keys: tuple[FoundKey, ...]
    """Newest first."""
    unreadable: tuple[Path, ...]
    """Folders that could not be read."""
    is_complete: bool
    """False where there was more than is looked at."""


def open(storage: str, path: Path, password: Secret) -> tuple[StoredKey, ...]:  # noqa: A001 - read as catalog.open
    """Opens a store of a kind named as pages name it. The password stays the caller's to wipe.

    A file is what its octets say: since Java 9, keytool writes PKCS#12 into files called .jks.

    Raises: BadInput for an unknown kind, UnsupportedOperation for one that can't be opened here, WrongPassword,
    BrokenKeyStore, UnsupportedKey, KeyUnsuitable.
    """
    if storage in UNAVAILABLE_STORAGES:
        raise UnsupportedOperation(f"key stores of kind {storage} are not supported")
    if storage not in STORAGES:
        raise BadInput(f"unknown kind of key store: {storage[:40]!r}")
    data = load(path)
    return jks.open(data, password) if jks.is_java_store(data) else pkcs12.open(data, password)


def load(path: Path) -> bytes:
    """The octets of a key file.

    Raises: BrokenKeyStore for a file that is missing, unreadable, larger than any key file, or not a file at all.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BrokenKeyStore("the key file is not a regular file")
        with path.open("rb") as file:
            data = file.read(pkcs12.MAX_SIZE + 1)
    except OSError as error:
        # The reason only: the path may name the person.
        raise BrokenKeyStore(
            f"the key file can't be read: {error.strerror or type(error).__name__}"
        ) from error
    except ValueError as error:  # a path with a zero octet
        raise BrokenKeyStore("the key file has an impossible name") from error
    if len(data) > pkcs12.MAX_SIZE:
        raise BrokenKeyStore(f"the key file is larger than {pkcs12.MAX_SIZE} octets")
    return data


def load_to_change(path: Path) -> bytes:
    """The octets of a key file that is going to be written anew.

    Raises: as `load`; KeyFileReadOnly for a key store of Java, whatever its name: such files are only read here.
    """
    data = load(path)
    if jks.is_java_store(data):
        raise KeyFileReadOnly(
            "a Java key store is only read here; keytool changes it, or makes a PKCS#12 file of it"
        )
    return data


def find(folders: Iterable[Path], limit: int = 50) -> tuple[FoundKey, ...]:
    """The newest key files in these folders and a little below them."""
    return survey(folders, limit).keys


def survey(folders: Iterable[Path], limit: int = 50) -> Survey:
    """As `find`, and tells what could not be looked at. Links to folders are not followed, hidden folders not entered; a file among the
    folders is looked at itself."""
    walk = _Walk()
    found = {key.path: key for folder in folders for key in walk.keys_in(folder, MAX_DEPTH)}
    newest = heapq.nlargest(limit, found.values(), key=lambda key: (key.modified, str(key.path)))
    return Survey(
        tuple(newest), tuple(walk.unreadable), is_complete=walk.entries_left > 0 and len(found) <= limit
    )


def at(path: Path) -> FoundKey | None:
    """The key file there; None where there is none, or one of another name."""
    if not is_key_file_name(path.name):
        return None
    try:
        status = path.stat()
    except (OSError, ValueError):  # a broken link, or gone meanwhile
        return None
    return _found(path, status)


def is_key_file_name(name: str) -> bool:
    """Whether a file of that name is found as a key file."""
    return Path(name).suffix.lower() in _EXTENSIONS


def is_new_key_file_name(name: str) -> bool:
    """Whether a file of that name is found as a key file of the kind that is written here, PKCS#12."""
    return _EXTENSIONS.get(Path(name).suffix.lower()) == PKCS12


def storage_of(name: str) -> str:
    """The storage that pages and people mean by a file of that name."""
    return _EXTENSIONS.get(Path(name).suffix.lower(), PKCS12)


def holds_key(start: bytes) -> bool:
    """Whether a file that begins so is made to hold a private key, whatever its name: PKCS#12 (RFC 7292), a key store of Java, PKCS#8
    (RFC 5958), PKCS#1 (RFC 8017) or SEC 1 (RFC 5915), in DER or PEM. A look at the first octets, for a warning: not every key is seen."""
    return jks.is_java_store(start) or bool(_DER_KEY.match(start) or _PEM_KEY.search(start[:_BEGINNING]))


def file_name(key_type: KeyType, purpose: Purpose, rest: str) -> str:
    """A name for a key's file, in the manner of the issuing portal: the kind of key, then `rest`."""
    names = {
        algorithms.GOST_2015_512_KEY.oid: "GOST512_",
        algorithms.GOST_2004_KEY.oid: "GOSTKNCA_",
        algorithms.RSA_KEY.oid: "AUTH_RSA256_" if purpose == "identify" else "RSA256_",
    }
    return f"{names.get(key_type.oid, 'ECDSA_')}{rest}{ENDING}"


def label_of(name: str) -> str:
    """The kind of key that a file's name promises, empty if none."""
    return next((label for prefix, label in _LABELS if name.startswith(prefix)), "")


class _Walk:
    """One walk over folders, with what it may still look at."""

    def __init__(self) -> None:
        self.entries_left = MAX_ENTRIES
        self.unreadable: list[Path] = []

    def keys_in(self, folder: Path, depth: int) -> Iterator[FoundKey]:
        below = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self.entries_left -= 1
                    if self.entries_left <= 0:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        below.append(Path(entry.path))
                    elif found := at(Path(entry.path)):
                        yield found
        except FileNotFoundError:
            return  # a usual place that this person doesn't have
        except NotADirectoryError:  # the person named a file
            if found := at(folder):
                yield found
            else:
                self.unreadable.append(folder)
        except OSError:
            self.unreadable.append(folder)
        for inner in below if depth else ():
            if not inner.name.startswith("."):
                yield from self.keys_in(inner, depth - 1)


def _found(path: Path, status: os.stat_result) -> FoundKey | None:
    if not stat.S_ISREG(status.st_mode):
        return None
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return FoundKey(path, storage_of(path.name), modified, label_of(path.name))
