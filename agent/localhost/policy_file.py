"""Texts in lists of a policy file that may be somebody else's: put in, and taken out again without a trace.

The pure part first: `merged` and `without` are each other's opposite on values. `synchronise` does it with a file: what is
wanted is put on top of the file as it would be without us, so install, renewal, change and removal are one operation. If nobody
else touched the file meanwhile, removal gives back the octets that were there before.
"""

import copy
import dataclasses
import json
import plistlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from agent.errors import StorageFailed
from agent.localhost import files
from agent.localhost.errors import ForeignFile
from agent.localhost.record import Addition, PolicyChange, Record

_Keys = tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Merge:
    document: dict[str, Any]
    additions: tuple[Addition, ...]
    """Those that were not there before: only they are ours."""
    made: tuple[_Keys, ...]
    """Lists and objects that were not there before."""


def parse(octets: bytes, path: Path) -> dict[str, Any]:
    """The object in a policy file.

    Raises: ForeignFile for what we could not write back faithfully: no JSON, no object, a key that stands twice.
    """
    try:
        document = json.loads(octets, object_pairs_hook=_object)
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise ForeignFile(f"'{path}' can't be read as JSON ({error}); it was left as it is") from error
    except RecursionError as error:
        raise ForeignFile(f"'{path}' is nested too deeply; it was left as it is") from error
    if not isinstance(document, dict):
        raise ForeignFile(f"'{path}' holds no JSON object; it was left as it is")
    return document


def values_at(document: dict[str, Any], keys: _Keys) -> list[Any] | None:
    """The list that `keys` lead to, or None where the file does not set it.

    Raises: ForeignFile where something else than objects and a list stands there.
    """
    place: Any = document
    for key in keys:
        if not isinstance(place, dict):
            raise ForeignFile(f"{_spell(keys)} does not lead to a list")
        if key not in place:
            return None
        place = place[key]
    if not isinstance(place, list):
        raise ForeignFile(f"{_spell(keys)} is not a list")
    return place


def merged(document: dict[str, Any], wanted: Sequence[Addition]) -> Merge:
    """A copy in which every wanted text stands, appended to what is there. Raises ForeignFile."""
    result = copy.deepcopy(document)
    additions: list[Addition] = []
    made: list[_Keys] = []
    for addition in wanted:
        values_at(result, addition.keys)  # refuses foreign shapes before anything is made
        place = result
        for depth, key in enumerate(addition.keys):
            if key not in place:
                is_last = depth == len(addition.keys) - 1
                place[key] = [] if is_last else {}
                made.append(addition.keys[: depth + 1])
            place = place[key]
        values = values_at(result, addition.keys)
        assert values is not None
        if addition.value not in values:
            values.append(addition.value)
            additions.append(addition)
    return Merge(result, tuple(additions), tuple(made))


def without(document: dict[str, Any], additions: Sequence[Addition], made: Sequence[_Keys]) -> dict[str, Any]:
    """A copy in which those texts no longer stand, nor the lists and objects made for them if they are empty.

    Raises ForeignFile.
    """
    result = copy.deepcopy(document)
    for addition in additions:
        values = values_at(result, addition.keys)
        if values is not None and addition.value in values:
            values.remove(addition.value)
    for keys in sorted(made, key=len, reverse=True):
        parent: Any = result
        for key in keys[:-1]:
            parent = parent.get(key) if isinstance(parent, dict) else None
        if isinstance(parent, dict) and parent.get(keys[-1], 1) in ([], {}):
            del parent[keys[-1]]
    return result


def parse_property_list(octets: bytes, path: Path) -> dict[str, Any]:
    """The dictionary in a property list, XML or binary. Raises ForeignFile."""
    try:
        document = plistlib.loads(octets)
    except (ValueError, ExpatError, plistlib.InvalidFileException, IndexError, OverflowError) as error:
        raise ForeignFile(f"'{path}' can't be read as a property list; it was left as it is") from error
    if not isinstance(document, dict):
        raise ForeignFile(f"'{path}' holds no dictionary; it was left as it is")
    return document


def base(path: Path, record: Record) -> dict[str, Any] | None:
    """The file as it would be without us; None where there would be none. Raises ForeignFile, StorageFailed."""
    try:
        return _base(path, files.read_if_there(path), record.policy(path), JSON).document
    except OSError as error:
        raise StorageFailed(f"'{path}': {error}") from error


def synchronise(path: Path, wanted: Sequence[Addition], record: Record, form: "Form | None" = None) -> bool:
    """Makes exactly the wanted texts ours in this file; says whether the file changed.

    The record is written before the file grows, and after it shrank. Raises ForeignFile, StorageFailed.
    """
    try:
        return _synchronise(path, wanted, record, form or JSON)
    except OSError as error:
        raise StorageFailed(f"'{path}': {error}") from error


def _synchronise(path: Path, wanted: Sequence[Addition], record: Record, form: "Form") -> bool:
    present, change = files.read_if_there(path), record.policy(path)
    if not wanted and change is None:
        return False
    ground = _base(path, present, change, form)
    merge = merged(ground.document or {}, wanted)
    if not merge.additions:
        return _restore(path, present, ground, record, form)
    octets = form.dump(merge.document, present)
    record.put_folders(files.missing_folders(path.parent))
    record.put_policy(
        PolicyChange(
            path=str(path),
            additions=merge.additions,
            made=merge.made,
            existed=ground.document is not None,
            original=ground.octets,
            written_sha256=files.sha256(octets),
        )
    )
    if octets == present:
        return False
    files.make_folders(path.parent)
    files.write_atomically(path, octets, files.PUBLIC)
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class _Ground:
    document: dict[str, Any] | None
    octets: bytes | None
    """Set only where they are known octet for octet."""


def _base(path: Path, present: bytes | None, change: PolicyChange | None, form: "Form") -> _Ground:
    if present is None:
        return _Ground(None, None)
    if change is None or present == change.original:
        return _Ground(form.parse(present, path), present)
    if files.sha256(present) == change.written_sha256 and (change.original is not None or not change.existed):
        return _Ground(
            None if change.original is None else form.parse(change.original, path), change.original
        )
    document = without(form.parse(present, path), change.additions, change.made)
    if not document and not change.existed:
        return _Ground(None, None)
    return _Ground(document, None)


def _restore(path: Path, present: bytes | None, ground: _Ground, record: Record, form: "Form") -> bool:
    """Puts the file back to what it would be without us, and forgets it."""
    if record.policy(path) is None:
        return False  # all that is wanted stands there already, and not by our doing
    if ground.document is None:
        path.unlink(missing_ok=True)
        octets = None
    else:
        octets = ground.octets if ground.octets is not None else form.dump(ground.document, present)
        if octets != present:
            files.write_atomically(path, octets, files.PUBLIC)
    record.drop_policy(path)
    return octets != present


def dump_json(document: dict[str, Any], like: bytes | None) -> bytes:
    """JSON in the indentation of the file that was there, so that a person who compares sees our lines only."""
    indent: int | str = 2
    if like is not None and (found := re.search(rb"\n([ \t]+)\S", like)):
        indent = found[1].decode()
    return json.dumps(document, indent=indent, ensure_ascii=False).encode() + b"\n"


def dump_property_list(document: dict[str, Any], like: bytes | None) -> bytes:
    """A property list, binary where the file that was there is."""
    is_binary = like is not None and like.startswith(b"bplist")
    return plistlib.dumps(
        document, fmt=plistlib.FMT_BINARY if is_binary else plistlib.FMT_XML, sort_keys=False
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """How a policy file is written."""

    parse: Callable[[bytes, Path], dict[str, Any]]
    dump: Callable[[dict[str, Any], bytes | None], bytes]
    """The document, and the octets that stood there before, whose manner is kept."""


JSON = Form(parse, dump_json)
PROPERTY_LIST = Form(parse_property_list, dump_property_list)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def _spell(keys: _Keys) -> str:
    return "'" + ".".join(keys) + "'"
