"""`qalamsap keys [PATH...]`: the key files that lie here. Whose they are is inside, under the password, and is not asked: it is known of
those that were opened here before."""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import key_library, paths
from agent.commands import exit_codes
from agent.errors import BadInput, BrokenKeyStore
from agent.key_library import KeyLibrary, KnownFile, KnownKey, Library
from agent.keystores import catalog
from agent.keystores.catalog import FoundKey

MAX_FILES = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="folders to look in (default: the usual ones, and those that were added in the window)",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")


def run(options: argparse.Namespace) -> int:
    """Raises BadInput where a named folder is not there."""
    for path in options.paths:
        if not path.exists():
            raise BadInput(f"{path} does not exist")
    library = KeyLibrary(paths.resolve(options.state_dir).key_library).read()
    usual = (*(Path(place) for place in library.places), *paths.usual_key_folders())
    found = catalog.find(options.paths or usual, MAX_FILES)
    now = datetime.now(UTC)
    replaced = key_library.superseded(library.known_keys())
    rows = [(each, _known(library, each.path)) for each in found]
    if options.json:
        plain = [_plain(each, known, lambda key: _facts(key, now, replaced)) for each, known in rows]
        print(json.dumps(plain, ensure_ascii=False, indent=2))
        return exit_codes.DONE
    for each, known in rows:
        print(f"{each.path}  {each.label or each.storage}")
        for key in known.keys if known else ():
            print(f"    {in_words(key, now, replaced)}")
    return exit_codes.DONE


def _known(library: Library, path: Path) -> KnownFile | None:
    """What is known of a file, wherever it lay when it was opened."""
    known = library.at(path)
    if known is None and library.files:
        try:
            known = library.with_digest(key_library.digest_of(catalog.load(path)))
        except BrokenKeyStore:  # it is not read any more than any other file that lies here
            return None
    return known


def _plain(found: FoundKey, known: KnownFile | None, facts: Any) -> dict[str, Any]:
    return {
        "path": str(found.path),
        "storage": found.storage,
        "modified": found.modified.isoformat(timespec="seconds"),
        "label": found.label,
        "keys": [facts(key) for key in known.keys] if known else None,
    }


def _facts(key: KnownKey, now: datetime, replaced: frozenset[str]) -> Mapping[str, Any]:
    """Of one key, for programs: the words of `state` are those of agent.key_library."""
    return {
        "fingerprint": key.fingerprint,
        "owner": key.owner,
        "iin": key.iin,
        "organisation": key.organisation,
        "bin": key.bin,
        "roles": list(key.roles),
        "uses": list(key.uses),
        "algorithm": key.algorithm,
        "issuer": key.issuer,
        "serial_number": key.serial_number,
        "not_before": key.not_before.isoformat(),
        "not_after": key.not_after.isoformat(),
        "state": key_library.state_of(key, now, replaced),
        "days_left": key.days_left(now),
    }


def in_words(key: KnownKey, now: datetime, replaced: frozenset[str] = frozenset()) -> str:
    """A key in a line."""
    whose = ", ".join(filter(None, (key.owner, key.organisation)))
    uses = " and ".join(key.uses) or "nothing known"
    state = key_library.state_of(key, now, replaced)
    until = f"until {key.not_after.astimezone():%d.%m.%Y}"
    return f"{whose}: {key.algorithm}, to {uses}, {until}" + ("" if state == "good" else f" ({state})")
