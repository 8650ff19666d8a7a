"""Policies put into a file that IT has already, and taken out of it again exactly.

What is ours in which file stands in a record of its own in the state folder, not beside the file: Chromium reads every file of its
folder of policies.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from agent.browser_policies import documents
from agent.browser_policies.browsers import Browser
from agent.browser_policies.wanted import Wanted, outranked
from agent.errors import BadInput, StorageFailed
from agent.localhost import files, own_file, policy_file, record
from agent.localhost.record import Record

RECORD = "exported.json"
LOCK = "admin.lock"


@dataclasses.dataclass(frozen=True, slots=True)
class Merged:
    """`path` is the file; `notes` what an administrator has to know."""

    path: Path
    changed: bool
    notes: tuple[str, ...] = ()


def preview(path: Path, browser: Browser, wanted: Wanted, kind: str) -> tuple[bytes, tuple[str, ...]]:
    """The file with the policies in it, and notes. Nothing is changed. Raises ForeignFile, StorageFailed, BadInput."""
    form = documents.form_of(path, kind)
    octets = _read(path)
    document = {} if octets is None else form.parse(octets, path)
    _require_switch(document, browser, kind, path)
    merge = policy_file.merged(document, documents.additions_for(browser, wanted, kind))
    # A file that has all already stays as it is, octet for octet.
    result = form.dump(merge.document, octets) if merge.additions or octets is None else octets
    return result, _notes(merge.document, browser, wanted, path)


def merge(path: Path, browser: Browser, wanted: Wanted, kind: str, state_dir: Path) -> Merged:
    """Changes the file so that exactly these texts are ours in it; certificates that Firefox's policy names come beside it.

    Raises ForeignFile, StorageFailed, BadInput.
    """
    target = path.absolute()
    with _record(state_dir) as ours:
        _, notes = preview(target, browser, wanted, kind)
        changed = False
        certificates = wanted.certificate_files() if kind != "plist" and browser.family == "firefox" else ()
        for name, pem in certificates:
            changed |= own_file.put(target.parent / name, pem, ours)
        additions = documents.additions_for(browser, wanted, kind)
        changed |= policy_file.synchronise(target, additions, ours, documents.form_of(target, kind))
        changed |= _drop_certificates(target.parent, {name for name, _ in certificates}, ours)
        ours.tidy()
    return Merged(target, changed, notes)


def remove(path: Path, kind: str, state_dir: Path) -> Merged:
    """Takes out what the record says is ours. Raises BadInput where it knows of nothing; ForeignFile, StorageFailed."""
    target = path.absolute()
    with _record(state_dir) as ours:
        if ours.policy(target) is None:
            raise BadInput(
                f"nothing of ours is known in '{target}': it was merged by another person, on another computer, or not at all"
            )
        changed = policy_file.synchronise(target, (), ours, documents.form_of(target, kind))
        changed |= _drop_certificates(target.parent, set(), ours)
        ours.tidy()
    return Merged(target, changed)


def _drop_certificates(folder: Path, wanted: set[str], ours: Record) -> bool:
    """Those that are not wanted, and that no text of ours in another file of this folder names."""
    files_here = [change for change in ours.contents.policies if Path(change.path).parent == folder]
    keep = wanted | {Path(text.value).name for change in files_here for text in change.additions}
    places = (Path(own.path) for own in ours.contents.own_files)
    stale = [place for place in places if place.parent == folder and place.name not in keep]
    taken = [own_file.take_back(each, ours) for each in stale]
    return any(taken)


def _require_switch(document: dict[str, object], browser: Browser, kind: str, path: Path) -> None:
    if kind == "plist" and browser.family == "firefox" and document.get(documents.FIREFOX_SWITCH) is not True:
        raise BadInput(
            f"'{path}' does not set {documents.FIREFOX_SWITCH}, so Firefox does not read it: set that first, or export without"
            " --merge"
        )


def _notes(document: dict[str, object], browser: Browser, wanted: Wanted, path: Path) -> tuple[str, ...]:
    names = outranked(document, wanted.origins) if browser.family == "chromium" else ()
    return tuple(f"'{path}' sets {name}, which outranks what was added" for name in names)


def _read(path: Path) -> bytes | None:
    try:
        return files.read_if_there(path)
    except OSError as error:
        raise StorageFailed(f"'{path}': {error}") from error


@contextlib.contextmanager
def _record(state_dir: Path) -> Iterator[Record]:
    with record.locked(state_dir, LOCK):
        yield Record(state_dir, RECORD)
