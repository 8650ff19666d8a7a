"""`qalamsap card FILE`: the electronic document card of a signed document, as a PDF with the document and its signatures inside."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from agent import config, paths
from agent.commands import exit_codes, reading, trusting, verify_file
from agent.errors import BadInput, StorageFailed
from agent.formats import cms
from agent.operations import card
from agent.operations.report import Report

MAX_BYTES = 128 * 1024 * 1024  # of document and signature each: a card is a file to be sent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verify_file.add_what_arguments(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="where to write the card (default: beside FILE, FILE.card.pdf)",
    )
    trusting.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """0 where all signatures are valid, 1 where one is not, 2 where it can't be told; the card is made all the same.

    Raises BadInput, StorageFailed, fonts.NoFont.
    """
    settings = config.load(options)
    target: Path = options.out or options.file.with_name(f"{options.file.name}.card.pdf")
    if options.out is None and os.path.lexists(target):
        raise BadInput(f"{target} exists; name a place with --out")
    signature = reading.whole(options.file, MAX_BYTES)
    document = None if options.document is None else reading.whole(options.document, MAX_BYTES)
    report = verify_file.verified_octets(options, settings, signature, document)
    signed = _signed(options, report, signature, document)
    drawn = card.pdf(report, signed, language=settings.language, at=datetime.now(UTC))
    try:
        if options.out is None:
            paths.write_whole(
                target, drawn, only_new=True
            )  # a link that somebody put there meanwhile is not followed
        else:
            paths.write_whole(target.resolve(), drawn)
    except OSError as error:
        raise StorageFailed(f"{target} can't be written: {error.strerror}") from error
    print(target)
    if not report.signers:
        print(f"qalamsap card: {options.file} has no signatures", file=sys.stderr)
    return exit_codes.of_verdict(report.verdict)


def _signed(
    options: argparse.Namespace, report: Report, signature: bytes, document: bytes | None
) -> card.Signed:
    name = options.file.name
    if document is not None:
        return card.Signed(options.document.name, name, signature, document)
    if report.format == "cms":
        document = cms.read(signature).content
    elif report.format not in ("jws", "timestamp", "raw"):
        return card.Signed(name, name, signature, signature)
    # Without a name of its own: that of the signature, less its ending, is usually right.
    return card.Signed(options.file.stem, name, signature, document)
