"""`qalamsap timestamp FILE`: asks an authority for a timestamp on each signature of a CMS that has none (CAdES-T)."""

import argparse
from pathlib import Path

from agent import config, paths
from agent.commands import exit_codes, reading, trusting
from agent.errors import StorageFailed
from agent.formats import cms
from agent.operations import timestamp
from agent.operations.timestamping import TimestampAuthority


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a CMS signature: DER, PEM or base64")
    parser.add_argument(
        "--out", type=Path, metavar="PATH", help="where to write it (default: in place of FILE)"
    )
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="of the agent whose authorities are meant"
    )
    config.add_network_arguments(parser, timestamps=True, trust=True)


def run(options: argparse.Namespace) -> int:
    """Raises BadInput, TimestampFailed, StorageFailed."""
    settings = config.load(options)
    trust = trusting.trust(settings)
    original = reading.whole(options.file)
    authority = TimestampAuthority(settings.timestamp_url, trust.fetch, trust.anchors, trust.between)
    stamped = timestamp.stamped(original, authority)
    was_text = original[:1] != b"\x30"
    target: Path = options.out or options.file
    try:
        paths.write_whole(target.resolve(), cms.to_pem(stamped).encode() if was_text else stamped)
    except OSError as error:
        raise StorageFailed(f"{target} can't be written: {error.strerror}") from error
    print(target)
    return exit_codes.DONE
