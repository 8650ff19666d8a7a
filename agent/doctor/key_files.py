"""The key files that lie on this computer: can they be read, by the person and by nobody else, and are they key files at all.

Whose a key is and how long it is good is under its password, so it is known only of those that were used here before.
"""

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from agent.doctor.finding import Finding, worst
from agent.errors import BadInput, BrokenKeyStore, StorageFailed, UnsupportedKey
from agent.formats import asn1
from agent.formats.asn1 import Fields
from agent.keystores import catalog, jks
from agent.recent_keys import UsedKey

ENDING_DAYS = 30
MAX_FILES = 500
MAX_NAMED = 20  # findings on single files; the rest is counted

IsAlone: TypeAlias = Callable[[int], bool]
"""Whether the person is alone in the group of that number."""


def keys(
    folders: Iterable[Path], used: Sequence[UsedKey], at: datetime, is_alone: IsAlone | None = None
) -> tuple[Finding, ...]:
    """The whole first, then each file that something is to be said of."""
    survey = catalog.survey(folders, MAX_FILES)
    until = {each.path: each.valid_until for each in used}
    alone = is_alone or is_alone_in_group
    found: list[Finding] = []
    for number, key in enumerate(survey.keys, 1):
        masked = f"#{number} ({key.path.suffix.lower()})"
        found += _file(key.path, masked, until.get(str(key.path), ""), at, alone)
    folders_closed = [
        Finding("keys", "closed", "hint", f"{folder} can't be read", subject=str(folder))
        for folder in survey.unreadable
    ]
    count = len(survey.keys)
    if not count:
        return (Finding("keys", "none", "hint", "no key file was found"), *folders_closed)
    summary = Finding("keys", "found", "ok", f"{count} key files", {"count": count})
    # The worst first, so that none of them is among those that are left out.
    found.sort(key=lambda finding: finding.state != "trouble")
    return (summary, *folders_closed, *found[:MAX_NAMED], *_more(found[MAX_NAMED:]))


def _more(left_out: Sequence[Finding]) -> tuple[Finding, ...]:
    if not left_out:
        return ()
    text = f"{len(left_out)} more are left out here"
    return (Finding("keys", "more", worst(left_out), text, {"count": len(left_out)}),)


def _file(path: Path, masked: str, until: str, at: datetime, is_alone: IsAlone) -> list[Finding]:
    shown = str(path)
    found = []
    try:
        octets = catalog.load(path)
    except BrokenKeyStore as error:
        return [
            Finding("key", "unreadable", "trouble", f"{path}: {error.detail}", subject=shown, masked=masked)
        ]
    try:
        _check_structure(octets)
    except (BadInput, BrokenKeyStore, UnsupportedKey) as error:
        return [Finding("key", "broken", "hint", f"{path}: {error.detail}", subject=shown, masked=masked)]
    if lies_open(path, is_alone):
        text = f"{path} can be read by others"
        found.append(
            Finding(
                "key",
                "open",
                "trouble",
                text,
                subject=shown,
                masked=masked,
                repair="make-private",
                path=shown,
            )
        )
    found += _age(path, masked, until, at)
    return found


def _check_structure(octets: bytes) -> None:
    """Raises BadInput, BrokenKeyStore, UnsupportedKey."""
    if jks.is_java_store(octets):
        jks.check(octets)
        return
    fields = Fields(asn1.read(octets), "PFX")
    fields.next(asn1.INTEGER)
    fields.next(asn1.SEQUENCE)


def _age(path: Path, masked: str, until: str, at: datetime) -> list[Finding]:
    try:
        end = datetime.fromisoformat(until)
        left = end - at
    except (ValueError, TypeError):  # never used here, or a record without a time zone
        return []
    shown, values = str(path), {"until": end}
    if left <= timedelta(0):
        text = f"{path}: ended on {end:%Y-%m-%d}"
        return [Finding("key", "expired", "hint", text, values, subject=shown, masked=masked)]
    if left <= timedelta(days=ENDING_DAYS):
        text = f"{path}: ends on {end:%Y-%m-%d}"
        return [Finding("key", "ending", "hint", text, values, subject=shown, masked=masked)]
    return []


def lies_open(path: Path, is_alone: IsAlone | None = None) -> bool:
    """Whether somebody else may read the file: its mode lets them, and they can get through to its folder. OSError never.

    Windows: a person's folders are theirs by the access lists of their profile; not looked into.
    """
    if os.name != "posix":
        return False
    alone = is_alone or is_alone_in_group
    try:
        status = path.stat()
        folders = [folder.stat() for folder in path.resolve().parents]
    except OSError:
        return False
    if status.st_mode & stat.S_IROTH:
        return all(_lets_through(folder, stat.S_IXOTH) for folder in folders)
    if status.st_mode & stat.S_IRGRP and not alone(status.st_gid):
        return all(_lets_through(folder, stat.S_IXOTH | stat.S_IXGRP) for folder in folders)
    return False


def _lets_through(folder: os.stat_result, bits: int) -> bool:
    return bool(folder.st_mode & bits)


def is_alone_in_group(number: int) -> bool:
    """See IsAlone. Most systems give each person a group of their own."""
    import grp  # noqa: PLC0415  # POSIX only
    import pwd  # noqa: PLC0415  # likewise

    own = pwd.getpwuid(os.geteuid()).pw_name
    try:
        members = set(grp.getgrgid(number).gr_mem)
    except KeyError:
        members = set()
    members |= {person.pw_name for person in pwd.getpwall() if person.pw_gid == number}
    return members <= {own}


def make_private(path: Path) -> None:
    """Lets nobody but the owner read the file; a link is followed.

    Raises: BadInput for what is no key file, StorageFailed where its mode does not change, as on a USB stick.
    """
    if not path.is_file():
        raise BadInput("there is no such file")
    try:
        path.chmod(0o600)
        mode = path.stat().st_mode
    except OSError as error:
        raise StorageFailed(f"the file's mode can't be changed: {error.strerror}") from error
    if os.name == "posix" and mode & 0o077:
        raise StorageFailed("this disk keeps no modes: move the file to your own folder")
