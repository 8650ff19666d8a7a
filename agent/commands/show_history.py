"""`qalamsap history [WORD...]`: what was asked and signed on this computer, from the journal."""

import argparse
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

from agent import config, daemon, file_digests, history, paths
from agent.commands import exit_codes
from agent.errors import BadInput, StorageFailed
from agent.history import Operation, Outcome, Query
from agent.journal import Journal, JournalBroken
from agent.words import texts
from agent.words.texts import Texts

DEFAULT_LIMIT = 50
MAX_DRAWN = 5000
"""Operations in one PDF: a page takes about twenty."""
_COLUMNS = ("time", "site", "action", "count", "outcome", "owner", "digest", "certificate", "left_out")
_DRAWN = _COLUMNS[:7]
_SHARES = (14, 20, 18, 9, 15, 22, 12)
_SHORT_DIGEST = 12
_PROGRAM = "Qalamsap"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="part of a site, an owner, or the beginning of a digest"
    )
    parser.add_argument("--since", type=_day, metavar="YYYY-MM-DD", help="from that day on")
    parser.add_argument("--until", type=_day, metavar="YYYY-MM-DD", help="up to that day")
    parser.add_argument(
        "--outcome",
        action="append",
        default=[],
        choices=get_args(Outcome),
        help="how it ended (again for more)",
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=DEFAULT_LIMIT,
        metavar="N",
        help=f"at most so many lines (default {DEFAULT_LIMIT}; 0: all)",
    )
    parser.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="only what was asked and signed of exactly this document; of signed files a PDF and a CMS message are "
        "looked into, of others give the original",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON array of all that is found")
    form.add_argument(
        "--csv", type=Path, metavar="FILE", help="write all that is found as CSV, for a spreadsheet"
    )
    form.add_argument("--pdf", type=Path, metavar="FILE", help="write all that is found as PDF, to print")
    form.add_argument("--verify", action="store_true", help="check that no record was changed or taken out")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.add_argument("--language", choices=texts.LANGUAGES, help="of the words")


def run(options: argparse.Namespace) -> int:
    """0; with --verify 1 where the chain is broken. Raises BadInput, StorageFailed, NoFont."""
    settings = config.load(options)
    words = texts.load(settings.language)
    journal = Journal(settings.paths.journal)
    if options.verify:
        return _verify(journal, words)
    operations = history.operations(journal)
    document = file_digests.of_file(options.file, history.digest_sizes(operations)) if options.file else None
    query = Query(
        " ".join(options.words),
        options.since,
        options.until,
        frozenset(options.outcome),
        document.all if document is not None else None,
    )
    found = tuple(history.search(operations, query))
    if options.json:
        print(history.to_json(found))
    elif options.csv:
        write(options.csv, to_csv(found, words))
    elif options.pdf:
        name = options.file.name if options.file else ""
        write(options.pdf, to_pdf(found, query, words, at=datetime.now(UTC), file=name))
    else:
        _print(found, options.limit, words)
        if options.file and not found:
            print(words("history.file_nothing"))
    return exit_codes.DONE


def _verify(journal: Journal, words: Texts) -> int:
    try:
        print(words("history.intact", count=journal.verify_chain()))
    except JournalBroken as broken:
        print(words("history.broken", line=broken.line))
        return exit_codes.INVALID
    return exit_codes.DONE


def _print(found: Sequence[Operation], limit: int, words: Texts) -> None:
    for operation in found[: limit or None]:
        time, site, action, _, outcome, owner, *_ = row(operation, words)
        about = f"{action} ({operation.documents})" if operation.count else action
        print(texts.plain("  ".join(filter(None, (time, outcome, site, about, owner)))))
    print(words("history.found", count=len(found)) if found else words("history.nothing"))


# --- files --------------------------------------------------------------------------------------------------------


def to_csv(found: Iterable[Operation], words: Texts) -> bytes:
    """A table in UTF-8 with a byte order mark, semicolons and quotes: so a spreadsheet in Russian or Kazakh opens it with a click.

    A cell that a spreadsheet would take for a formula begins with an apostrophe: sites and names are a stranger's to choose.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_head(_COLUMNS, words))
    for operation in found:
        writer.writerow([_harmless(text) for text in row(operation, words)])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def to_pdf(found: Sequence[Operation], query: Query, words: Texts, *, at: datetime, file: str = "") -> bytes:
    """The same to print, of digests only the beginning; `file` is the name of one that was looked for.

    Raises BadInput where it would be a book, NoFont."""
    from agent.drawing import listing  # noqa: PLC0415  # loads reportlab, which the other forms don't need

    if len(found) > MAX_DRAWN:
        raise BadInput(
            f"{len(found)} operations are too many for a PDF: at most {MAX_DRAWN}; narrow the period"
        )
    rows = []
    for operation in found:
        time, site, action, _, outcome, owner, digest, *_ = row(operation, words)
        short = f"{digest[:_SHORT_DIGEST]}…" if digest else ""
        rows.append([time, site, action, operation.documents, outcome, owner, short])
    return listing.draw(
        listing.Listing(
            title=words("history.title"),
            about=[*_about(query, words, file), words("history.found", count=len(found))],
            columns=_head(_DRAWN, words),
            shares=_SHARES,
            rows=rows,
            program=f"{_PROGRAM} {daemon.version()}",
        ),
        words,
        at=at,
    )


def row(operation: Operation, words: Texts) -> tuple[str, ...]:
    """The cells of an operation, in the order of the columns: when, who asked, for what, how many documents, what came of it, the
    key's owner, the digests, the certificate's fingerprint, the digests of documents that were left out."""
    outcome = words.chosen("history.outcome", operation.outcome)
    return (
        words.moment(operation.asked_at),
        operation.site or words("history.nobody"),
        words.chosen("history.action", operation.action),
        str(operation.count),
        f"{outcome} ({operation.code})" if operation.code else outcome,
        operation.owner,
        " ".join(operation.digests),
        operation.certificate,
        " ".join(operation.left_out),
    )


def write(path: Path, octets: bytes) -> None:
    """Raises StorageFailed; then nothing was changed."""
    try:
        paths.write_whole(path, octets)
    except OSError as error:
        raise StorageFailed(f"{path} can't be written: {error.strerror}") from error


def _head(columns: Iterable[str], words: Texts) -> list[str]:
    return [words(f"history.column.{name}") for name in columns]


def _about(query: Query, words: Texts, file: str) -> list[str]:
    """What the list is a list of."""
    lines = [words("history.about")]
    since, until = (f"{day:%d.%m.%Y}" if day else "" for day in (query.since, query.until))
    if since and until:
        lines.append(words("history.period", since=since, until=until))
    elif since:
        lines.append(words("history.period_since", since=since))
    elif until:
        lines.append(words("history.period_until", until=until))
    if query.text:
        lines.append(words("history.search", text=query.text))
    if file:
        lines.append(words("history.file", name=texts.plain(file)))
    return lines


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _day(text: str) -> date:
    return date.fromisoformat(text)
