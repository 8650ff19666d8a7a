"""`qalamsap doctor`: what stands between this computer and a signature, and what to do about it."""

import argparse
import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from agent import config, paths
from agent.commands import exit_codes
from agent.config import Config
from agent.doctor import examination, key_files, repairs, report
from agent.doctor.finding import Finding, State, worst
from agent.errors import BadInput
from agent.keystores import catalog
from agent.localhost import identity
from agent.paths import Paths
from agent.words import texts
from agent.words.texts import Texts
from protocol.prompts import Language

_MARKS: dict[State, str] = {"ok": "ok", "hint": "note", "trouble": "TROUBLE"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.add_argument("--language", choices=get_args(Language), help="of the words that are printed")
    config.add_network_arguments(parser, revocation=True)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="print a JSON array")
    what.add_argument(
        "--report",
        action="store_true",
        help="print a report that can be given away: no names, no paths of yours",
    )
    what.add_argument(
        "--make-private",
        type=Path,
        metavar="FILE",
        help="examine nothing; let nobody but you read this key file",
    )


def run(options: argparse.Namespace) -> int:
    """0 where nothing is in the way, 1 where something is. Raises BadInput, StorageFailed for --make-private."""
    places = paths.resolve(options.state_dir)
    if options.make_private is not None:
        return _make_private(options.make_private, places)
    one = examination.computer(places, lambda: config.load(options))
    found = examination.examine(one)
    words = texts.load(_language(options, one.settings))
    if options.json:
        document = [report.to_json(words, each, _command(each, places)) for each in found]
        print(json.dumps(document, ensure_ascii=False, indent=2))
    elif options.report:
        print(report.shareable(words, found, datetime.now(UTC)), end="")
    else:
        print("\n".join(map(texts.plain, lines(words, found, places))))
    return exit_codes.INVALID if worst(found) == "trouble" else exit_codes.DONE


def lines(words: Texts, found: tuple[Finding, ...], places: Paths) -> list[str]:
    """For a terminal: the verdict, then each finding with what to do."""
    shown = [report.verdict(words, found), ""]
    for finding in found:
        told = report.worded(words, finding)
        place = f" [{repairs.shortened(finding.subject, Path.home())}]" if finding.subject else ""
        shown.append(f"{_MARKS[finding.state]:8}{told.title}{place}: {told.sentence}")
        if told.advice:
            shown.append(f"{'':8}{told.advice}")
        if finding.state != "ok" and (command := _command(finding, places)):
            shown.append(f"{'':8}{words('doctor.report.repair', command=shlex.join(command))}")
    return shown


def _command(finding: Finding, places: Paths) -> tuple[str, ...]:
    """The repair as a person would type it; empty for none."""
    words = repairs.words_of(finding, places)
    return ("qalamsap", *words) if words else ()


def _language(options: argparse.Namespace, settings: Config) -> Language:
    """What was asked for counts even where the settings can't be read."""
    return options.language or settings.language


def _make_private(path: Path, places: Paths) -> int:
    is_ours = path.name == identity.KEY and path.parent.parent == places.tls_dir
    if not (is_ours or catalog.is_key_file_name(path.name)):
        raise BadInput("that is no key file: its name ends with .p12, .pfx or .jks")
    key_files.make_private(path)
    return exit_codes.DONE
