"""What we changed in places that belong to others, written down before each change, so that exactly that can be taken back.

One JSON file in the state folder. It is written before a store is touched: after a crash it names at worst a change that was
not made, and taking back what is not there is no harm. A broken record is an error, never a fresh start, for then nobody
would know any more what is ours.
"""

import base64
import contextlib
import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent import locks
from agent.errors import StorageFailed
from agent.localhost import files

FORMAT = 1
NAME = "trust.json"
LOCK = "trust.lock"


@dataclasses.dataclass(frozen=True, slots=True)
class Addition:
    """One text that must stand in a list of a policy file; `keys` lead to the list."""

    keys: tuple[str, ...]
    value: str


@dataclasses.dataclass(frozen=True, slots=True)
class PolicyChange:
    """What we put into one policy file, ours or somebody else's."""

    path: str
    additions: tuple[Addition, ...]
    made: tuple[tuple[str, ...], ...]
    """Lists and objects inside the file that were not there before; taken away again when empty."""
    existed: bool
    original: bytes | None
    """The file as it was, octet for octet; None if there was none, or somebody changed it since."""
    written_sha256: str


@dataclasses.dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that is ours alone."""

    path: str
    sha256: str


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseEntry:
    """One authority in one NSS database."""

    folder: str
    nickname: str
    sha256: str
    """Of the certificate's DER: under our name might one day stand somebody else's certificate."""


@dataclasses.dataclass(frozen=True, slots=True)
class MadeDatabase:
    """An NSS database that was not there before us."""

    folder: str
    key_file_sha256: str
    """Of key4.db after our last change: if it still is the same, nobody has kept a key there."""


@dataclasses.dataclass(frozen=True, slots=True)
class SystemEntry:
    """One authority in a store of the system: a keychain of macOS, a root store of Windows."""

    place: str
    name: str
    sha256: str
    is_machine_wide: bool


@dataclasses.dataclass(frozen=True, slots=True)
class RegistryValue:
    """One text in a list of the registry's policies. `made` are the keys that were not there before, outermost first."""

    key: str
    name: str
    text: str
    made: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """All that is ours on this machine (or in this person's places)."""

    origins: tuple[str, ...] = ()
    """Whose pages may reach loopback without asking the person."""
    policies: tuple[PolicyChange, ...] = ()
    own_files: tuple[OwnFile, ...] = ()
    entries: tuple[DatabaseEntry, ...] = ()
    databases: tuple[MadeDatabase, ...] = ()
    identities: tuple[str, ...] = ()
    """Folders of TLS identities that were issued for this trust."""
    folders: tuple[str, ...] = ()
    """Folders that were made for any of it."""
    system_entries: tuple[SystemEntry, ...] = ()
    registry_values: tuple[RegistryValue, ...] = ()

    @property
    def is_machine_wide(self) -> bool:
        in_system = any(each.is_machine_wide for each in self.system_entries)
        return bool(self.policies or self.own_files or self.registry_values or in_system)

    @property
    def is_personal(self) -> bool:
        in_system = any(not each.is_machine_wide for each in self.system_entries)
        return bool(self.entries or self.databases or in_system)

    @property
    def is_empty(self) -> bool:
        return not (self.is_machine_wide or self.is_personal or self.identities)


class Record:
    """The record as a file. Every change is on the disk when the method returns. Raises StorageFailed."""

    def __init__(self, state_dir: Path, name: str = NAME) -> None:
        self.path = state_dir / name
        self.contents = _read(self.path)

    def policy(self, path: Path) -> PolicyChange | None:
        return next((each for each in self.contents.policies if each.path == str(path)), None)

    def own_file(self, path: Path) -> OwnFile | None:
        return next((each for each in self.contents.own_files if each.path == str(path)), None)

    def database(self, folder: Path) -> MadeDatabase | None:
        return next((each for each in self.contents.databases if each.folder == str(folder)), None)

    def put_origins(self, origins: tuple[str, ...]) -> None:
        self._save(dataclasses.replace(self.contents, origins=origins))

    def put_policy(self, change: PolicyChange) -> None:
        others = tuple(each for each in self.contents.policies if each.path != change.path)
        self._save(dataclasses.replace(self.contents, policies=(*others, change)))

    def drop_policy(self, path: Path) -> None:
        others = tuple(each for each in self.contents.policies if each.path != str(path))
        self._save(dataclasses.replace(self.contents, policies=others))

    def put_own_file(self, file: OwnFile) -> None:
        others = tuple(each for each in self.contents.own_files if each.path != file.path)
        self._save(dataclasses.replace(self.contents, own_files=(*others, file)))

    def drop_own_file(self, path: Path) -> None:
        others = tuple(each for each in self.contents.own_files if each.path != str(path))
        self._save(dataclasses.replace(self.contents, own_files=others))

    def put_entry(self, entry: DatabaseEntry) -> None:
        others = tuple(each for each in self.contents.entries if each != entry)
        self._save(dataclasses.replace(self.contents, entries=(*others, entry)))

    def drop_entry(self, entry: DatabaseEntry) -> None:
        others = tuple(each for each in self.contents.entries if each != entry)
        self._save(dataclasses.replace(self.contents, entries=others))

    def put_database(self, database: MadeDatabase) -> None:
        others = tuple(each for each in self.contents.databases if each.folder != database.folder)
        self._save(dataclasses.replace(self.contents, databases=(*others, database)))

    def drop_database(self, folder: Path) -> None:
        others = tuple(each for each in self.contents.databases if each.folder != str(folder))
        self._save(dataclasses.replace(self.contents, databases=others))

    def put_system_entry(self, entry: SystemEntry) -> None:
        others = tuple(each for each in self.contents.system_entries if each != entry)
        self._save(dataclasses.replace(self.contents, system_entries=(*others, entry)))

    def drop_system_entry(self, entry: SystemEntry) -> None:
        others = tuple(each for each in self.contents.system_entries if each != entry)
        self._save(dataclasses.replace(self.contents, system_entries=others))

    def put_registry_value(self, value: RegistryValue) -> None:
        others = tuple(each for each in self.contents.registry_values if each != value)
        self._save(dataclasses.replace(self.contents, registry_values=(*others, value)))

    def drop_registry_value(self, value: RegistryValue) -> None:
        others = tuple(each for each in self.contents.registry_values if each != value)
        self._save(dataclasses.replace(self.contents, registry_values=others))

    def put_identity(self, folder: Path) -> None:
        others = tuple(each for each in self.contents.identities if each != str(folder))
        self._save(dataclasses.replace(self.contents, identities=(*others, str(folder))))

    def drop_identity(self, folder: Path) -> None:
        others = tuple(each for each in self.contents.identities if each != str(folder))
        self._save(dataclasses.replace(self.contents, identities=others))

    def put_folders(self, folders: tuple[Path, ...]) -> None:
        new = tuple(str(folder) for folder in folders if str(folder) not in self.contents.folders)
        self._save(dataclasses.replace(self.contents, folders=(*self.contents.folders, *new)))

    def tidy(self) -> None:
        """Removes the folders made by us that are empty now, and the record itself when nothing of ours is left."""
        files.remove_empty_folders(tuple(Path(folder) for folder in self.contents.folders))
        kept = tuple(folder for folder in self.contents.folders if Path(folder).is_dir())
        self._save(dataclasses.replace(self.contents, folders=kept))
        if self.contents.is_empty:
            self.path.unlink(missing_ok=True)
            self.contents = Contents()

    def _save(self, contents: Contents) -> None:
        if contents == self.contents:
            return
        try:
            files.make_folders(self.path.parent, 0o700)
            files.write_atomically(self.path, _to_json(contents), files.PRIVATE)
        except OSError as error:
            raise StorageFailed(f"can't write '{self.path}': {error}") from error
        self.contents = contents


@contextlib.contextmanager
def locked(state_dir: Path, name: str = LOCK) -> Iterator[None]:
    """Keeps a second command that writes the same record out until the block ends. Raises StorageFailed where one is at work already.

    A folder that is there keeps its mode: that of a machine-wide installation may be looked into by others.
    """
    try:
        files.make_folders(state_dir, 0o700)
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(state_dir / name, flags, files.PRIVATE)
    except OSError as error:
        raise StorageFailed(f"can't write in '{state_dir}': {error}") from error
    try:
        if not locks.is_taken(descriptor):
            raise StorageFailed(f"another 'qalamsap {name.removesuffix('.lock')}' is at work")
        yield
    finally:
        os.close(descriptor)


# --- JSON -------------------------------------------------------------------------------------------------------


def _to_json(contents: Contents) -> bytes:
    document: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(contents)}
    for change in document["policies"]:
        original = change["original"]
        change["original"] = None if original is None else base64.b64encode(original).decode()
    return json.dumps(document, indent=1).encode() + b"\n"


def _read(path: Path) -> Contents:
    try:
        octets = files.read_if_there(path)
        if octets is None:
            return Contents()
        document = json.loads(octets)
        _check_format(document["format"])
        return Contents(
            origins=_texts(document["origins"]),
            policies=tuple(_policy(each) for each in document["policies"]),
            own_files=tuple(OwnFile(each["path"], each["sha256"]) for each in document["own_files"]),
            entries=tuple(
                DatabaseEntry(each["folder"], each["nickname"], each["sha256"])
                for each in document["entries"]
            ),
            databases=tuple(
                MadeDatabase(each["folder"], each["key_file_sha256"]) for each in document["databases"]
            ),
            identities=_texts(document["identities"]),
            folders=_texts(document["folders"]),
            # Not in records of the first version.
            system_entries=tuple(
                SystemEntry(each["place"], each["name"], each["sha256"], bool(each["is_machine_wide"]))
                for each in document.get("system_entries", [])
            ),
            registry_values=tuple(
                RegistryValue(each["key"], each["name"], each["text"], _texts(each["made"]))
                for each in document.get("registry_values", [])
            ),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageFailed(f"the record of changes '{path}' can't be read; nothing was changed") from error


def _check_format(stored: object) -> None:
    if stored != FORMAT:
        raise ValueError(f"format {FORMAT} was expected")


def _policy(stored: dict[str, Any]) -> PolicyChange:
    original = stored["original"]
    return PolicyChange(
        path=stored["path"],
        additions=tuple(Addition(_texts(each["keys"]), each["value"]) for each in stored["additions"]),
        made=tuple(_texts(each) for each in stored["made"]),
        existed=bool(stored["existed"]),
        original=None if original is None else base64.b64decode(original, validate=True),
        written_sha256=stored["written_sha256"],
    )


def _texts(stored: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(each, str) for each in stored):
        raise ValueError("a text was expected")
    return tuple(stored)
