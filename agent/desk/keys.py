"""The page of key files: what lies in the usual folders and in those that the person added, and what is known of it.

Nothing is opened here: what asks for a password is one of our own commands, in a process of its own with a window of its own.
"""

import dataclasses
import json
import os
import signal
import subprocess
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent import key_library, paths
from agent.certificate import Certificate
from agent.config import BadConfig
from agent.desk.base import Desk, FileNotWritten, shortened
from agent.errors import BadInput, BrokenKeyStore
from agent.key_library import KeyLibrary, KnownKey, Library
from agent.keystores import catalog
from agent.keystores.catalog import FoundKey
from agent.operations import known_keys
from protocol import pipes, prompts
from protocol.desk import frame
from protocol.desk import keys as page

_STOP_S = 3.0
_TOGETHER = timedelta(days=1)  # two keys that were issued closer together are a pair
_RANKS: tuple[page.State, ...] = (
    "ending",
    "good",
    "early",
    "waiting",
    "unknown",
    "superseded",
    "expired",
    "revoked",
)
_SITES = 5  # of one key that are named
_LIST_BYTES = pipes.MAX_JSON_BYTES // 2  # of all keys as they are told
_MAX_CHARS = 200  # of one text in a certificate
_MAX_WORDS = 16  # of a certificate's roles, and of its uses
_TEXTS = ("owner", "iin", "organisation", "bin", "algorithm", "issuer", "serial_number")


def make(desk: Desk) -> "KeysPage":
    return KeysPage(desk, lambda: (*_from_settings(desk), *paths.usual_key_folders()))


def _from_settings(desk: Desk) -> tuple[Path, ...]:
    """Folders that the settings name; none where those can't be read, which their own page says."""
    try:
        return desk.settings().key_folders
    except BadConfig:
        return ()


@dataclass(frozen=True, slots=True)
class Found:
    """A key file on the disk, and the hash of its octets; empty where it can't be read."""

    file: FoundKey
    digest: str


@dataclass
class KeysPage:
    """See agent.desk.base.Page. One window asks at a time, followed by a thread of its own."""

    desk: Desk
    folders: Callable[[], Sequence[Path]] = paths.usual_key_folders
    _digests: dict[tuple[str, int, int], str] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _job: "_Job | None" = None
    _library: KeyLibrary = field(init=False)

    def __post_init__(self) -> None:
        self._library = KeyLibrary(self.desk.paths.key_library)

    def opened(self) -> None:
        self._send()
        job = self._job
        self.desk.send(page.Asking(job.path if job is not None and job.is_running else ""))

    def take(self, message: Any) -> None:
        match message:
            case page.AddPlaces(names):
                self._library.add_places(_places(names))
            case page.RemovePlace(name):
                self._library.remove_place(name)
            case page.Forget(fingerprint):
                self._library.forget(fingerprint)
            case page.Export():
                self._export(message)
                return
            case page.ReadKey(path):
                self._ask(path, "show-key")
                return
            case page.ChangePassword(path):
                self._ask(path, "change-password")
                return
        self._send()

    def close(self) -> None:
        if self._job is not None:
            self._job.stop()

    # --- the list -------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """Two threads may want it: the page's own, and the one that follows a window."""
        with self._guard:
            library = self._library.read()
            asked = dict.fromkeys(
                (
                    *map(Path, library.places),
                    *self.folders(),
                    *(Path(file.path) for file in library.files),  # it may lie anywhere
                )
            )
            survey = catalog.survey(asked, page.MAX_FILES)
            found = [Found(file, self._digest(file.path)) for file in survey.keys]
            # Of what lies in them some is always closed, and none of the person's business.
            unreadable = tuple(
                str(folder) for folder in survey.unreadable if folder in asked and _is_said(str(folder))
            )
            told, more = within(groups(library, found, self.desk.now()), _LIST_BYTES)
            self.desk.send(
                page.Keys(
                    told,
                    library.places,
                    unreadable[: page.MAX_UNREADABLE],
                    survey.is_complete,
                    more,
                    max(0, len(unreadable) - page.MAX_UNREADABLE),
                )
            )

    def _digest(self, path: Path) -> str:
        """The hash of a file that is read once, as long as it stays the same."""
        try:
            status = path.stat()
            seen = (str(path), status.st_size, status.st_mtime_ns)
            if seen not in self._digests:
                self._digests[seen] = key_library.digest_of(catalog.load(path))
        except (OSError, BrokenKeyStore):
            return ""
        return self._digests[seen]

    # --- what is done with a key ----------------------------------------------------------------------------------

    def _export(self, asked: page.Export) -> None:
        known = next(
            (key for key in self._library.read().known_keys() if key.fingerprint == asked.fingerprint), None
        )
        if known is None:
            raise BadInput("no such certificate is known")
        certificate = Certificate.from_der(known.certificate_der)
        octets = certificate.der if asked.form == "der" else certificate.pem().encode("ascii")
        target = paths.free(Path(asked.path))  # the person did not say that anything may be lost
        try:
            paths.write_whole(target, octets)
        except OSError as error:
            raise FileNotWritten(f"the certificate can't be written: {error.strerror}") from error
        self.desk.send(page.Done("exported", str(target)))

    def _ask(self, path: str, command: str) -> None:
        if self._job is not None and self._job.is_running:
            return  # its window is in front of the person
        words = (
            command,
            "--window",
            "--json",
            f"--language={self.desk.language}",
            f"--state-dir={self.desk.paths.state_dir}",
            "--",
            path,
        )
        self._job = _Job(self.desk, path, words, self._ended)
        self.desk.send(page.Asking(path))
        self._job.start()

    def _ended(self, path: str, news: Mapping[str, Any]) -> None:
        """The thread that follows a window: it is gone, and this was said last."""
        self.desk.send(page.Asking())
        if self.desk.has_ended.is_set():
            return
        path = str(news.get("file", path))  # the person may have named another one in the window
        match news.get("event"):
            case "read":
                self.desk.send(page.Done("read", path))
            case "changed":
                self.desk.send(page.Done("changed", path, str(news.get("copy", ""))))
            case "error" if news.get("code") == "cancelled":
                pass
            case _:
                code, detail = str(news.get("code", "internal")), str(news.get("detail", ""))
                self.desk.send(frame.Trouble("keys", code, detail))
        self._send()


@dataclass
class _Job:
    """Runs one of our commands, which asks the person in a window, and tells the last thing that it said."""

    desk: Desk
    path: str
    words: Sequence[str]
    ended: Callable[[str, Mapping[str, Any]], None]
    _child: "subprocess.Popen[bytes] | None" = None
    _is_stopped: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="job of the page keys", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes the window, and returns when it is closed, or a moment later."""
        with self._guard:
            self._is_stopped = True
            if self._child is not None and self._child.poll() is None:
                self._child.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        thread = self._thread
        if thread is not None:
            thread.join(_STOP_S)

    def _run(self) -> None:
        news: Mapping[str, Any] = {"event": "error", "code": "cancelled"}
        try:
            with self._guard:
                if self._is_stopped:
                    return
                self._child = subprocess.Popen(
                    [*self.desk.command, *self.words],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    cwd=paths.CODE_ROOT,
                )
            output, _ = self._child.communicate()
            news = _last(output)
        except OSError as error:
            news = {"event": "error", "code": "no-one-to-ask", "detail": str(error.strerror)}
        finally:
            self._thread = None  # so that it does not count as running for whoever is told
            self.ended(self.path, news)


def _last(output: bytes) -> Mapping[str, Any]:
    """The JSON object that the command printed; empty where it printed none."""
    lines = output.splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _places(names: Iterable[str]) -> tuple[str, ...]:
    """Folders, and files that are key files by their names. Raises BadInput where there is none of these."""
    found = [
        str(path.absolute()) for path in map(Path, names) if path.is_dir() or catalog.at(path) is not None
    ]
    found = [name for name in found if _is_said(name)]
    if not found:
        raise BadInput("neither a folder nor a key file (.p12, .pfx, .jks)")
    return tuple(found)


def _is_said(name: str) -> bool:
    """Whether a message can hold it: a file's name need not be text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


# --- what is shown ------------------------------------------------------------------------------------------------


def groups(library: Library, found: Sequence[Found], now: datetime) -> tuple[page.Group, ...]:
    """All keys by their owners, first of those who have a good one; at the end the files of which nothing is known."""
    shown = _Shown(library, now, key_library.superseded(library.known_keys()))
    keys = shown.keys([each for each in found if _is_said(str(each.file.path))])
    by_owner: dict[tuple[str, ...], list[page.StoredKey]] = defaultdict(list)
    for key in keys:
        facts = key.key
        by_owner[(facts.owner, facts.iin, facts.organisation, facts.bin) if facts else ()].append(key)
    made = [
        page.Group(*((owner[0], owner[2]) if owner else ("", "")), _entries(members))
        for owner, members in by_owner.items()
    ]
    return tuple(sorted(made, key=_group_order))


def within(made: Sequence[page.Group], room: int) -> tuple[tuple[page.Group, ...], int]:
    """As much of the list as so many octets hold, from its beginning, and how many keys it is without: what is told is what is of use."""
    told, more = [], 0
    for group in made:
        room -= _octets_of(dataclasses.replace(group, entries=()))
        entries = []
        for entry in group.entries:
            room -= _octets_of(entry)
            if room < 0:
                more += len(entry.keys)
            else:
                entries.append(entry)
        if entries:
            told.append(dataclasses.replace(group, entries=tuple(entries)))
    return tuple(told), more


def _octets_of(value: page.Group | page.Entry) -> int:
    return len(json.dumps(dataclasses.asdict(value), ensure_ascii=False).encode())


def _group_order(group: page.Group) -> tuple[bool, int, str, str]:
    return (not group.owner, _rank(group.entries[0]), group.owner, group.organisation)


def _rank(entry: page.Entry) -> int:
    """Keys of use first, whether they end soon or not."""
    return max(0, min(_RANKS.index(key.state) for key in entry.keys) - 1)


@dataclass(frozen=True, slots=True)
class _Shown:
    """How keys are shown at one moment."""

    library: Library
    now: datetime
    replaced: frozenset[str]

    def keys(self, found: Sequence[Found]) -> list[page.StoredKey]:
        """Every key once, with the files that hold it; then those whose file was not found."""
        by_content: dict[str, list[FoundKey]] = defaultdict(list)
        for each in found:
            by_content[each.digest or str(each.file.path)].append(each.file)
        shown: dict[str, page.StoredKey] = {}
        for content, files in by_content.items():
            known = self.library.with_digest(content)
            if known is None or not known.keys:
                shown[content] = _unknown(files, is_waiting=known is not None)
                continue
            names = [str(each.path) for each in files]
            for key in known.keys:
                before = shown.get(key.fingerprint)
                held = (before.path, *before.copies, *names) if before is not None else names
                shown[key.fingerprint] = self._known(key, held, files[0])
        for file in self.library.files:
            for key in file.keys:
                if key.fingerprint not in shown:
                    shown[key.fingerprint] = self._known(key, (file.path,), None)
        return list(shown.values())

    def _known(self, key: KnownKey, held: Sequence[str], file: FoundKey | None) -> page.StoredKey:
        path, *copies = held
        used = [each.origin for each in self.library.sites if each.fingerprint == key.fingerprint]
        return page.StoredKey(
            path=path,
            state=key_library.state_of(key, self.now, self.replaced),
            modified=file.modified.isoformat(timespec="seconds") if file else "",
            label=file.label if file else catalog.label_of(Path(path).name),
            key=facts_of(key, path),
            fingerprint=key.fingerprint,
            days_left=key.days_left(self.now),
            **_copies(copies),
            sites=tuple(dict.fromkeys(shortened(origin.removeprefix("https://")) for origin in used))[
                :_SITES
            ],
            is_there=file is not None,
        )


def _unknown(files: Sequence[FoundKey], *, is_waiting: bool) -> page.StoredKey:
    newest, *copies = files
    return page.StoredKey(
        path=str(newest.path),
        state="waiting" if is_waiting else "unknown",
        modified=newest.modified.isoformat(timespec="seconds"),
        label=newest.label,
        **_copies([str(each.path) for each in copies]),
    )


def _copies(paths: Sequence[str]) -> dict[str, Any]:
    """Other files that hold a key, as far as they are told."""
    return {
        "copies": tuple(paths[: page.MAX_COPIES]),
        "more_copies": max(0, len(paths) - page.MAX_COPIES),
    }


def facts_of(key: KnownKey, path: str) -> prompts.Key:
    """A key as the person sees it in every window, with texts as long as a list has room for."""
    facts = known_keys.facts_of(key)
    texts: dict[str, Any] = {name: shortened(getattr(facts, name), _MAX_CHARS) for name in _TEXTS}
    roles, uses = facts.roles[:_MAX_WORDS], facts.uses[:_MAX_WORDS]
    storage = catalog.storage_of(Path(path).name)
    return dataclasses.replace(facts, **texts, roles=roles, uses=uses, storage=storage, path=path)


def _entries(keys: Sequence[page.StoredKey]) -> tuple[page.Entry, ...]:
    """Those of one owner: pairs together, what is of use first, of that the newest."""
    left, made = list(keys), []
    for signing in [key for key in keys if _is_for(key, "sign")]:
        other = next((key for key in left if _is_for(key, "identify") and _are_pair(signing, key)), None)
        if other is not None:
            left.remove(signing)
            left.remove(other)
            made.append(page.Entry((signing, other)))
    made += [page.Entry((key,)) for key in left]
    made.sort(key=lambda entry: entry.keys[0].key.not_after if entry.keys[0].key else entry.keys[0].modified)
    made.reverse()
    return tuple(sorted(made, key=_rank))


def _is_for(key: page.StoredKey, use: str) -> bool:
    """Whether it is for this and nothing else."""
    return key.key is not None and key.key.uses == (use,)


def _are_pair(one: page.StoredKey, other: page.StoredKey) -> bool:
    assert one.key is not None
    assert other.key is not None
    begun = [datetime.fromisoformat(key.not_before) for key in (one.key, other.key)]
    return (
        one.key.algorithm == other.key.algorithm
        and one.key.roles == other.key.roles
        and abs(begun[0] - begun[1]) <= _TOGETHER
        and one.is_there == other.is_there
    )
