"""What is known of the person's key files without opening them: whose keys are inside, until when, and which site used which.

A certificate lies under the password of its key file, so it is remembered when the file was opened with it, anywhere. It is public and
names its owner; the record is readable by them alone, and holds no password and nothing made from one. A file is known again by its
hash, wherever it was moved to. A broken or missing record is no record: it only saves clicks.

Nothing here reads a certificate: who opened a key file says what is in it (agent.operations.known_keys).
"""

import base64
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agent import locks, paths
from agent.errors import StorageFailed
from protocol import control

State: TypeAlias = Literal["good", "ending", "early", "superseded", "expired", "revoked"]
"""Good to use; good for REMIND_DAYS at most; not yet valid; there is a newer one of the same kind; too old; taken back by its authority."""

REMIND_DAYS = (30, 14, 3)
"""Days before its end at which a person is reminded of a key."""
MAX_FILES = 200
MAX_KEYS = 16  # of one file
MAX_PLACES = 50
MAX_SITES = 500
_MAX_FILE_BYTES = 8 * 1024 * 1024
_SAME_ISSUE = timedelta(days=1)  # keys that were issued closer together belong together


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key by its certificate. Words for roles and uses are those of agent.certificate."""

    fingerprint: str
    certificate_der: bytes = field(repr=False)
    owner: str
    iin: str
    organisation: str
    bin: str
    roles: tuple[str, ...]
    uses: tuple[str, ...]
    algorithm: str
    issuer: str
    serial_number: str
    not_before: datetime
    not_after: datetime
    is_test: bool = False
    is_revoked: bool = False
    is_of_unknown_authority: bool = False
    """Whoever made it may have written any owner into it."""

    def days_left(self, now: datetime) -> int:
        """Whole days until its end; below zero once that is past."""
        return (self.not_after - now).days

    def replaces(self, older: "KnownKey") -> bool:
        """Whether it was issued in place of that one: to the same owner, for the same, later."""
        return (
            _kind(self) == _kind(older)
            and set(older.uses) <= set(self.uses)
            and self.not_before - older.not_before > _SAME_ISSUE
            and self.not_after >= older.not_after
        )


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A key file that was opened. `digest` is the hash of its octets, `size` and `modified_ns` those of the file at `path` then."""

    digest: str
    path: str
    size: int
    modified_ns: int
    keys: tuple[KnownKey, ...]
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class SiteKey:
    """Which key a site used last for a purpose."""

    origin: str
    purpose: str
    path: str
    fingerprint: str
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Library:
    """The record. `places` are folders and files that the person added; `told` says of which keys they were reminded, and how many
    days before their end."""

    files: tuple[KnownFile, ...] = ()
    places: tuple[str, ...] = ()
    sites: tuple[SiteKey, ...] = ()
    told: Mapping[str, int] = field(default_factory=dict)

    def known_keys(self) -> tuple[KnownKey, ...]:
        """Every key once, whatever number of files hold it."""
        return tuple({key.fingerprint: key for file in self.files for key in file.keys}.values())

    def with_digest(self, digest: str) -> KnownFile | None:
        return next((file for file in self.files if file.digest == digest), None)

    def at(self, path: Path) -> KnownFile | None:
        """What is known of the file there, if it is still the same by size and time."""
        known = next((file for file in self.files if file.path == str(path)), None)
        if known is None:
            return None
        try:
            status = path.stat()
        except (OSError, ValueError):
            return None
        return known if (status.st_size, status.st_mtime_ns) == (known.size, known.modified_ns) else None

    def of_site(self, origin: str, purpose: str) -> SiteKey | None:
        return next(
            (each for each in self.sites if (each.origin, each.purpose) == (origin, purpose)),
            None,
        )


@dataclass(frozen=True, slots=True)
class Reminder:
    """A key ends in `days_left` days; `step` is the one of REMIND_DAYS that it has come to."""

    key: KnownKey
    path: str
    days_left: int
    step: int


def superseded(keys: Collection[KnownKey]) -> frozenset[str]:
    """Fingerprints of those that a newer one among them replaces. One that was taken back replaces none."""
    return frozenset(
        older.fingerprint
        for older in keys
        if any(newer.replaces(older) and not newer.is_revoked for newer in keys)
    )


def state_of(key: KnownKey, now: datetime, replaced: Collection[str] = ()) -> State:
    """How much use there is in a key; `replaced` are fingerprints as `superseded` gives them."""
    if key.is_revoked:
        return "revoked"
    if now > key.not_after:
        return "expired"
    if key.fingerprint in replaced:
        return "superseded"
    if now < key.not_before:
        return "early"
    return "ending" if key.days_left(now) <= REMIND_DAYS[0] else "good"


def reminders(library: Library, now: datetime) -> tuple[Reminder, ...]:
    """Of the keys that are in use and end soon, the soonest first."""
    replaced = superseded(library.known_keys())
    found: dict[str, Reminder] = {}
    for file in library.files:
        for key in file.keys:
            if state_of(key, now, replaced) == "ending":
                left = key.days_left(now)
                step = min(days for days in REMIND_DAYS if left <= days)
                found.setdefault(key.fingerprint, Reminder(key, file.path, left, step))
    return tuple(sorted(found.values(), key=lambda each: (each.key.not_after, each.key.fingerprint)))


def lines_of(due: Iterable[Reminder]) -> tuple[control.EndingKey, ...]:
    """What a person is told of reminders: a line for the keys of one owner that end on the same day."""
    lines: dict[tuple[object, ...], list[Reminder]] = {}
    for each in due:
        place = (each.key.owner, each.key.organisation, each.step, each.key.not_after.date())
        lines.setdefault(place, []).append(each)
    return tuple(
        control.EndingKey(
            first.key.owner,
            first.key.not_after.isoformat(),
            first.days_left,
            first.key.organisation,
            tuple(each.key.fingerprint for each in (first, *others)),
        )
        for first, *others in lines.values()
    )


def digest_of(octets: bytes) -> str:
    """How the octets of a key file are known again."""
    return hashlib.sha256(octets).hexdigest()


@dataclass(frozen=True, slots=True)
class KeyLibrary:
    """The record in the file at `path`. What changes it raises StorageFailed; a caller may go on without."""

    path: Path

    def read(self) -> Library:
        """The record as it is; an empty one where there is none that can be read."""
        try:
            return self._held()
        except OSError:
            return Library()

    def _held(self) -> Library:
        """As `read`. Raises OSError where a record may be there that can't be read now: it is not to be replaced by an empty one."""
        try:
            with self.path.open("rb") as stream:
                octets = stream.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return Library()
        try:
            return _library(json.loads(octets))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return Library()

    def remember(self, file: KnownFile) -> None:
        """Notes what is in a key file, in place of what was known of these octets, or of what lay at that path.

        What was revoked once stays so, for not every opening can ask."""
        file = replace(file, keys=file.keys[:MAX_KEYS])

        def put(library: Library) -> Library:
            others = [each for each in library.files if file.digest != each.digest and file.path != each.path]
            files = (file, *others)[:MAX_FILES]
            revoked = {
                key.fingerprint for each in (*library.files, file) for key in each.keys if key.is_revoked
            }
            return replace(library, files=tuple(_with_revoked(each, revoked) for each in files))

        self._change(put)

    def note_use(self, used: SiteKey) -> None:
        """Notes which key a site used."""

        def put(library: Library) -> Library:
            others = [
                each for each in library.sites if (each.origin, each.purpose) != (used.origin, used.purpose)
            ]
            return replace(library, sites=(used, *others)[:MAX_SITES])

        self._change(put)

    def add_places(self, places: Iterable[str]) -> None:
        """Folders and files to look for keys in, from now on."""
        self._change(
            lambda library: replace(
                library, places=tuple(dict.fromkeys((*library.places, *places)))[-MAX_PLACES:]
            )
        )

    def remove_place(self, place: str) -> None:
        self._change(
            lambda library: replace(library, places=tuple(each for each in library.places if each != place))
        )

    def forget(self, fingerprint: str) -> None:
        """The certificate, and which sites used it."""

        def without(library: Library) -> Library:
            files = [
                replace(file, keys=tuple(key for key in file.keys if key.fingerprint != fingerprint))
                for file in library.files
            ]
            return replace(
                library,
                files=tuple(
                    file
                    for file, before in zip(files, library.files, strict=True)
                    if file.keys or not before.keys
                ),
                sites=tuple(each for each in library.sites if each.fingerprint != fingerprint),
                told={key: step for key, step in library.told.items() if key != fingerprint},
            )

        self._change(without)

    def due_reminders(self, now: datetime) -> tuple[Reminder, ...]:
        """Those that the person was not told yet at their step."""
        return self._untold(self.read(), now)

    def note_told(self, fingerprints: Collection[str], now: datetime) -> None:
        """The person saw what is due for these keys: that counts as told from now on. Raises StorageFailed."""

        def note(library: Library) -> Library:
            known = {key.fingerprint for key in library.known_keys()}
            told = {key: step for key, step in library.told.items() if key in known}
            seen = {
                each.key.fingerprint: each.step
                for each in self._untold(library, now)
                if each.key.fingerprint in fingerprints
            }
            return replace(library, told={**told, **seen})

        self._change(note)

    @staticmethod
    def _untold(library: Library, now: datetime) -> tuple[Reminder, ...]:
        return tuple(
            each
            for each in reminders(library, now)
            if each.step < library.told.get(each.key.fingerprint, REMIND_DAYS[0] + 1)
        )

    def _change(self, change: Callable[[Library], Library]) -> None:
        try:
            with locks.held(self.path):
                paths.write_private(self.path, _fitting(change(self._held())))
        except OSError as error:
            raise StorageFailed(f"the key library can't be written: {error.strerror}") from error
        except UnicodeEncodeError as error:  # a file name that is no text
            raise StorageFailed("the key library can't hold that name") from error


def _fitting(library: Library) -> bytes:
    """The record as it is kept: without the oldest files where it would be more than can be read again."""
    while True:
        octets = json.dumps(_plain(library), ensure_ascii=False).encode()
        if len(octets) <= _MAX_FILE_BYTES or not library.files:
            return octets
        library = replace(library, files=library.files[: len(library.files) * 3 // 4])


def _with_revoked(file: KnownFile, revoked: Collection[str]) -> KnownFile:
    keys = tuple(replace(key, is_revoked=key.fingerprint in revoked) for key in file.keys)
    return replace(file, keys=keys)


def _kind(key: KnownKey) -> tuple[object, ...]:
    """What keys have in common of which one can stand for the other."""
    return (
        key.owner,
        key.iin,
        key.bin,
        frozenset(key.roles),
        key.algorithm,
        key.is_test,
        key.is_of_unknown_authority,
    )


# --- as JSON ------------------------------------------------------------------------------------------------------

_TEXTS = ("fingerprint", "owner", "iin", "organisation", "bin", "algorithm", "issuer", "serial_number")


def _library(value: Mapping[str, Any]) -> Library:
    return Library(
        files=tuple(_file(each) for each in value["files"][:MAX_FILES]),
        places=tuple(str(each) for each in value["places"][:MAX_PLACES]),
        sites=tuple(_site(each) for each in value["sites"][:MAX_SITES]),
        told={str(key): int(step) for key, step in value["told"].items()},
    )


def _file(value: Mapping[str, Any]) -> KnownFile:
    return KnownFile(
        digest=str(value["digest"]),
        path=str(value["path"]),
        size=int(value["size"]),
        modified_ns=int(value["modified_ns"]),
        keys=tuple(_key(each) for each in value["keys"][:MAX_KEYS]),
        seen_at=_moment(value["seen_at"]),
    )


def _key(value: Mapping[str, Any]) -> KnownKey:
    texts = {name: str(value[name]) for name in _TEXTS}
    return KnownKey(
        **texts,
        certificate_der=base64.b64decode(value["certificate"], validate=True),
        roles=tuple(str(role) for role in value["roles"]),
        uses=tuple(str(use) for use in value["uses"]),
        not_before=_moment(value["not_before"]),
        not_after=_moment(value["not_after"]),
        is_test=value["is_test"] is True,
        is_revoked=value["is_revoked"] is True,
        is_of_unknown_authority=value.get("is_of_unknown_authority") is True,  # younger than the rest
    )


def _site(value: Mapping[str, Any]) -> SiteKey:
    origin, purpose, path, fingerprint = (
        str(value[name]) for name in ("origin", "purpose", "path", "fingerprint")
    )
    return SiteKey(origin, purpose, path, fingerprint, _moment(value["used_at"]))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(library: Library) -> dict[str, Any]:
    return {
        "files": [_plain_file(file) for file in library.files],
        "places": list(library.places),
        "sites": [
            {
                "origin": each.origin,
                "purpose": each.purpose,
                "path": each.path,
                "fingerprint": each.fingerprint,
                "used_at": each.used_at.isoformat(),
            }
            for each in library.sites
        ],
        "told": dict(library.told),
    }


def _plain_file(file: KnownFile) -> dict[str, Any]:
    return {
        "digest": file.digest,
        "path": file.path,
        "size": file.size,
        "modified_ns": file.modified_ns,
        "seen_at": file.seen_at.isoformat(),
        "keys": [_plain_key(key) for key in file.keys],
    }


def _plain_key(key: KnownKey) -> dict[str, Any]:
    lists: dict[str, Sequence[str]] = {"roles": key.roles, "uses": key.uses}
    return {
        **{name: getattr(key, name) for name in _TEXTS},
        **{name: list(values) for name, values in lists.items()},
        "certificate": base64.b64encode(key.certificate_der).decode("ascii"),
        "not_before": key.not_before.isoformat(),
        "not_after": key.not_after.isoformat(),
        "is_test": key.is_test,
        "is_revoked": key.is_revoked,
        "is_of_unknown_authority": key.is_of_unknown_authority,
    }
