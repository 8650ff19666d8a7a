"""A person's own trust in Chromium and Firefox on Linux: the NSS databases of their profiles.

Each authority is one certificate under its own name, trusted for TLS servers only. A database that is missing is made, as the
browser would make it, and is taken away again at the end if nobody used it since: it may hold keys by then (Firefox keeps the
key to saved passwords in key4.db), so one that changed stays.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from agent.errors import AgentError, StorageFailed
from agent.localhost import certutil, files
from agent.localhost.browser_profiles import Database
from agent.localhost.errors import StoreFailed
from agent.localhost.record import DatabaseEntry, MadeDatabase, Record
from agent.localhost.report import State, StoreReport

STORE = "nss"


@dataclasses.dataclass(frozen=True, slots=True)
class Authority:
    nickname: str
    sha256: str
    path: Path
    """Its certificate."""


def install(
    databases: Sequence[Database], authorities: Sequence[Authority], record: Record
) -> list[StoreReport]:
    """Makes exactly these authorities ours in every database; ours that are not wanted any more go.

    Raises: MissingTool before anything is changed.
    """
    certutil.require()
    reports = [_install(database, authorities, record) for database in databases]
    keep = {(authority.nickname, authority.sha256) for authority in authorities}
    stale = [entry for entry in record.contents.entries if (entry.nickname, entry.sha256) not in keep]
    return reports + [report for report in _remove(stale, record) if report.state is State.FAILED]


def status(databases: Sequence[Database], authorities: Sequence[Authority]) -> list[StoreReport]:
    """How every database stands. Writes nothing. Raises: MissingTool."""
    certutil.require()
    return [_status(database, authorities) for database in databases]


def remove(record: Record) -> list[StoreReport]:
    """Takes out what the record says is ours, and looks that it is gone. Raises: MissingTool where there is any."""
    if not record.contents.entries and not record.contents.databases:
        return []
    certutil.require()
    return _remove(record.contents.entries, record) + _remove_databases(record)


def _install(database: Database, authorities: Sequence[Authority], record: Record) -> StoreReport:
    report = StoreReport(STORE, database.browser, str(database.folder), State.FAILED)
    try:
        missing = [each for each in authorities if not _has(database.folder, each)]
        if missing:
            _make_if_missing(database.folder, record)
        for authority in missing:
            _add(database.folder, authority, record)
    except AgentError as error:
        return dataclasses.replace(report, detail=error.detail)
    return dataclasses.replace(report, state=State.TRUSTED, changed=bool(missing))


def _has(folder: Path, authority: Authority) -> bool:
    if not certutil.is_database(folder):
        if any((folder / name).exists() for name in certutil.DATABASE_FILES):
            raise StoreFailed(f"'{folder}' is not a whole NSS database; it was left as it is")
        return False
    return certutil.trusts(folder, authority.nickname, authority.sha256)


def _make_if_missing(folder: Path, record: Record) -> None:
    if certutil.is_database(folder):
        return
    try:
        record.put_folders(files.missing_folders(folder))
        record.put_database(MadeDatabase(str(folder), ""))
        files.make_folders(folder, 0o700)
    except OSError as error:
        raise StorageFailed(f"'{folder}': {error}") from error
    certutil.create(folder)
    _note_key_file(folder, record)


def _add(folder: Path, authority: Authority, record: Record) -> None:
    if certutil.fingerprint(folder, authority.nickname) not in (None, authority.sha256):
        raise StoreFailed(f"another certificate bears the name '{authority.nickname}' in '{folder}'")
    entry = DatabaseEntry(str(folder), authority.nickname, authority.sha256)
    was_ours = entry in record.contents.entries
    unused = _is_unused(folder, record)
    record.put_entry(entry)
    try:
        certutil.add(folder, authority.nickname, authority.sha256, authority.path)
    except StoreFailed:
        if not was_ours and certutil.fingerprint(folder, authority.nickname) is None:
            record.drop_entry(entry)
        raise
    if unused:
        _note_key_file(folder, record)


def _is_unused(folder: Path, record: Record) -> bool:
    """Whether the database is one of ours and key4.db is as we left it: nobody else wrote there."""
    made = record.database(folder)
    return made is not None and made.key_file_sha256 == _key_file_sha256(folder)


def _note_key_file(folder: Path, record: Record) -> None:
    record.put_database(MadeDatabase(str(folder), _key_file_sha256(folder)))


def _key_file_sha256(folder: Path) -> str:
    try:
        return files.sha256((folder / "key4.db").read_bytes())
    except OSError as error:
        raise StorageFailed(f"'{folder}': {error}") from error


def _remove(entries: Sequence[DatabaseEntry], record: Record) -> list[StoreReport]:
    reports = []
    for entry in entries:
        report = StoreReport(STORE, entry.nickname, entry.folder, State.FAILED)
        try:
            changed = _delete(entry, record)
        except AgentError as error:
            reports.append(dataclasses.replace(report, detail=error.detail))
        else:
            reports.append(dataclasses.replace(report, state=State.ABSENT, changed=changed))
    return reports


def _delete(entry: DatabaseEntry, record: Record) -> bool:
    folder = Path(entry.folder)
    # The profile may be gone, or the person may have taken the certificate out: then there is nothing to do.
    changed = certutil.is_database(folder) and certutil.fingerprint(folder, entry.nickname) == entry.sha256
    if changed:
        unused = _is_unused(folder, record)
        certutil.delete(folder, entry.nickname)
        if certutil.fingerprint(folder, entry.nickname) is not None:
            raise StoreFailed(f"'{folder}' still holds '{entry.nickname}' after it was deleted")
        if unused:
            _note_key_file(folder, record)
    record.drop_entry(entry)
    return changed


def _remove_databases(record: Record) -> list[StoreReport]:
    reports = []
    for made in record.contents.databases:
        folder = Path(made.folder)
        if any(entry.folder == made.folder for entry in record.contents.entries):
            continue  # an authority could not be taken out: that was reported
        report = StoreReport(STORE, "database made by us", made.folder, State.ABSENT)
        try:
            gone = _remove_database(folder, made)
        except AgentError as error:
            reports.append(dataclasses.replace(report, state=State.FAILED, detail=error.detail))
            continue
        record.drop_database(folder)
        if gone:
            reports.append(dataclasses.replace(report, changed=True))
        else:
            reports.append(
                dataclasses.replace(report, detail="it is in use by a browser now and stays, without us")
            )
    return reports


def _remove_database(folder: Path, made: MadeDatabase) -> bool:
    """Removes the three files if they are as we left them; says whether the database is gone."""
    if not certutil.is_database(folder):
        return True
    if _key_file_sha256(folder) != made.key_file_sha256 or certutil.entries(folder):
        return False
    try:
        for name in certutil.DATABASE_FILES:
            (folder / name).unlink()
    except OSError as error:
        raise StorageFailed(f"'{folder}': {error}") from error
    return True


def _status(database: Database, authorities: Sequence[Authority]) -> StoreReport:
    report = StoreReport(STORE, database.browser, str(database.folder), State.FAILED)
    try:
        held = [authority for authority in authorities if _has(database.folder, authority)]
    except AgentError as error:
        return dataclasses.replace(report, detail=error.detail)
    if not held:
        return dataclasses.replace(report, state=State.ABSENT)
    if len(held) < len(authorities):
        return dataclasses.replace(report, state=State.PARTLY, detail="lacks an authority")
    return dataclasses.replace(report, state=State.TRUSTED)
