"""`qalamsap testca FOLDER`: a test authority of one's own and a key file of every kind, for tests of pages."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.commands import exit_codes
from agent.errors import BadInput
from agent.testca import key_set, profiles
from agent.testca.authority import DEFAULT_PASSWORD


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="where everything is put; an authority there is used again",
    )
    parser.add_argument(
        "--profile",
        action="append",
        choices=sorted(profiles.PROFILES),
        help="issue only this kind (again for more)",
    )
    parser.add_argument(
        "--days", type=int, default=365, help="how long the keys are valid (default 365; negative: expired)"
    )


def run(options: argparse.Namespace) -> int:
    """Raises BadInput, StorageFailed."""
    now = datetime.now(UTC).replace(microsecond=0)
    if options.days == 0:
        raise BadInput("--days can't be 0")
    ends = now + timedelta(days=options.days)
    made = key_set.issue_set(
        options.folder,
        at=now,
        not_before=now if options.days > 0 else ends - timedelta(days=365),
        not_after=ends,
        profile_names=tuple(options.profile) if options.profile else None,
    )
    print(f"authority to trust in tests: {made.roots_file}")
    print(f"keys, password {DEFAULT_PASSWORD}: {made.folder}, listed in {key_set.MANIFEST_FILE}")
    return exit_codes.DONE
