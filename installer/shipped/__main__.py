"""`python -m installer.shipped sbom|licences`: the bill of materials, and the licences, of what we ship.

0 done; 1 something is unclear: the message says what to read and where to write it down.
"""

import argparse
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from installer.shipped import licences, parts, sbom


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m installer.shipped", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    bill = commands.add_parser("sbom", help="write the bill of materials (CycloneDX 1.6, JSON)")
    bill.add_argument("--out", type=Path, required=True, metavar="FILE")
    texts = commands.add_parser("licences", help="write THIRD-PARTY.md and the folder licences")
    texts.add_argument("--out", type=Path, required=True, metavar="DIR")
    for command in (bill, texts):
        command.add_argument(
            "--site",
            type=Path,
            metavar="DIR",
            help="folder of installed libraries that is shipped (default: of this environment what the project needs)",
        )
        command.add_argument(
            "--python", type=Path, metavar="PROGRAM", help="interpreter that is shipped with it"
        )
    options = parser.parse_args(words)
    try:
        found = parts.shipped(options.site, options.python)
        if options.command == "sbom":
            text = sbom.bill(found, moment())
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(text, encoding="utf-8")
        else:
            licences.write(found, options.out)
    except (parts.Unclear, sbom.NotValid) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    inside = sum(len(part.inside) for part in found)
    print(f"{options.command}: {len(found)} parts, {inside} more inside them: {options.out}")
    return 0


def moment() -> dt.datetime:
    """When the bill is made: SOURCE_DATE_EPOCH if it is set, so that a build can be repeated; else now."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return (
        dt.datetime.fromtimestamp(int(epoch), dt.UTC)
        if epoch
        else dt.datetime.now(dt.UTC).replace(microsecond=0)
    )


if __name__ == "__main__":
    sys.exit(main())
