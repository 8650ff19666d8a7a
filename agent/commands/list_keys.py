"""`qalamsap keys [PATH...]`: the key files that lie here. Whose they are is inside, under the password, and is not asked."""

import argparse
import json
from pathlib import Path

from agent import paths
from agent.commands import exit_codes
from agent.errors import BadInput
from agent.keystores import catalog

MAX_FILES = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="folders to look in (default: the usual ones)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array")


def run(options: argparse.Namespace) -> int:
    """Raises BadInput where a named folder is not there."""
    for path in options.paths:
        if not path.exists():
            raise BadInput(f"{path} does not exist")
    found = catalog.find(options.paths or paths.usual_key_folders(), MAX_FILES)
    rows = [
        {
            "path": str(key.path),
            "storage": key.storage,
            "modified": key.modified.isoformat(timespec="seconds"),
            "label": key.label,
        }
        for key in found
    ]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        for row in rows:
            print(f"{row['path']}  {row['label'] or row['storage']}")
    return exit_codes.DONE
