"""Files that are ours alone in folders that are not: written, and taken back only while they still are what we wrote."""

from pathlib import Path

from agent.errors import StorageFailed
from agent.localhost import files
from agent.localhost.errors import ForeignFile
from agent.localhost.record import OwnFile, Record


def put(path: Path, octets: bytes, record: Record) -> bool:
    """Writes the file for all to read; says whether that changed anything. Raises ForeignFile, StorageFailed."""
    try:
        present = files.read_if_there(path)
        if present is not None and present != octets and record.own_file(path) is None:
            raise ForeignFile(f"'{path}' is there already and is not ours; it was left as it is")
        record.put_folders(files.missing_folders(path.parent))
        record.put_own_file(OwnFile(str(path), files.sha256(octets)))
        if present == octets:
            return False
        files.make_folders(path.parent)
        files.write_atomically(path, octets, files.PUBLIC)
    except OSError as error:
        raise StorageFailed(f"'{path}': {error}") from error
    return True


def take_back(path: Path, record: Record) -> bool:
    """Removes the file if the record says that it is ours; says whether it was there. Raises ForeignFile, StorageFailed."""
    own = record.own_file(path)
    if own is None:
        return False
    try:
        present = files.read_if_there(path)
        if present is not None and files.sha256(present) != own.sha256:
            raise ForeignFile(f"'{path}' was changed by somebody since; it was left as it is")
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(f"'{path}': {error}") from error
    record.drop_own_file(path)
    return present is not None
