"""`qalamsap trust install|status|renew|remove`: words in, a report as text or JSON and an exit code out.

0   every store stands as the command wants it
1   a store does not: the report names it and says why
5   an origin that is none, or a pattern
7   not possible here: certutil is not installed, root is needed, our own records can't be read, not built
"""

import argparse
import datetime as dt
import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from agent import logs
from agent.errors import AgentError, BadInput
from agent.localhost import record, trust
from agent.localhost.trust import Places, TrustReport

_log = logging.getLogger(__name__)

DONE = 0
NOT_AS_WANTED = 1
BAD_INPUT = 5
NOT_POSSIBLE = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the four verbs to the parser of `qalamsap trust`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="install|status|renew|remove")
    install = verbs.add_parser("install", help="make the browsers on this computer trust the agent")
    _add_scope(install)
    install.add_argument(
        "--origin",
        action="append",
        metavar="https://HOST[:PORT]",
        help="a site whose pages may reach programs on this computer without asking the person; may be repeated; the sites named"
        " replace those named before; machine-wide only",
    )
    install.add_argument(
        "--shared",
        action="store_true",
        help="let every person's agent show the machine's certificate, where a broker owns the port; machine-wide only",
    )
    install.add_argument("--no-origins", action="store_true", help="let no site do that any more")
    status = verbs.add_parser("status", help="say which browsers trust the agent")
    _add_scope(status)
    renew = verbs.add_parser(
        "renew", help="issue the next certificate when the present one ends within 60 days"
    )
    renew.add_argument("--force", action="store_true", help="issue it now")
    remove = verbs.add_parser("remove", help="take back everything that install added")
    for verb in (install, status, renew, remove):
        verb.add_argument("--json", action="store_true", help="print the report as JSON")


def is_machines(options: argparse.Namespace, own_state: Path, machines_state: Path) -> bool:
    """Whether words that name no state are about the whole machine's. Root's are, but those about root itself: what root has in its own
    state is renewed there, and looked at and removed there while the machine has nothing."""
    is_for_person = options.verb in ("install", "status") and options.machine is False
    # Elsewhere than on Linux only a package knows of such a place, and has made it.
    is_place = sys.platform.startswith("linux") or machines_state.is_dir()
    if not trust.is_root() or is_for_person or not is_place:
        return False
    is_own, is_machine = ((state / record.NAME).exists() for state in (own_state, machines_state))
    match options.verb:
        case "renew":
            return is_machine and not is_own  # agents say it, too, and mean theirs
        case "remove":
            return is_machine
        case _:
            return is_machine or not is_own


def run(
    options: argparse.Namespace,
    *,
    tls_dir: Path,
    state_dir: Path,
    root: Path = trust.ROOT,
    home: Path | None = None,
    out: TextIO | None = None,
) -> int:
    """Does what the parsed words say and returns the exit code. `root` is another folder than / only in tests."""
    stream = out or sys.stdout
    places = Places(tls_dir=tls_dir, state_dir=state_dir, home=home or Path.home(), root=root)
    try:
        report = _VERBS[options.verb](options, places, dt.datetime.now(dt.UTC))
    except AgentError as error:
        logs.note(_log, logging.WARNING, "trust could not be changed", code=error.code)
        document = {"command": options.verb, "as_wanted": False, "error": error.code, "detail": error.detail}
        stream.write(_json(document) if options.json else f"qalamsap trust {options.verb}: {error.detail}\n")
        return BAD_INPUT if isinstance(error, BadInput) else NOT_POSSIBLE
    _note(options.verb, report)
    stream.write(_json(report.to_json()) if options.json else _text(report))
    return DONE if report.is_as_wanted else NOT_AS_WANTED


def _note(verb: str, report: TrustReport) -> None:
    """What became of the stores, as events. Their paths lie in people's homes, and stay out."""
    count = sum(store.changed for store in report.stores)
    match verb:
        case "install":
            logs.note(_log, logging.INFO, "trust was set up", count=count)
        case "renew":
            logs.note(_log, logging.INFO, "trust was renewed", count=count)
        case "remove":
            logs.note(_log, logging.INFO, "trust was taken back", count=count)
        case _:
            return  # to look is no event
    if not report.is_as_wanted:
        logs.note(_log, logging.WARNING, "a store does not stand as it should")


def _install(options: argparse.Namespace, places: Places, at: dt.datetime) -> TrustReport:
    if options.no_origins and options.origin:
        raise BadInput("--origin and --no-origins contradict each other")
    machine_wide = trust.is_root() if options.machine is None else bool(options.machine)
    origins = [] if options.no_origins else _separated(options.origin)
    return trust.install(places, machine_wide=machine_wide, origins=origins, at=at, shared=options.shared)


def _separated(given: list[str] | None) -> list[str] | None:
    """An installer has one property for all sites: those in one text stand apart by semicolons, commas or blanks."""
    return None if given is None else [each for text in given for each in re.split(r"[;,\s]+", text) if each]


def _status(options: argparse.Namespace, places: Places, at: dt.datetime) -> TrustReport:
    return trust.status(places, machine_wide=options.machine, at=at)


def _renew(options: argparse.Namespace, places: Places, at: dt.datetime) -> TrustReport:
    return trust.renew(places, at=at, force=options.force)


def _remove(_options: argparse.Namespace, places: Places, at: dt.datetime) -> TrustReport:
    return trust.remove(places, at=at)


_VERBS: dict[str, Callable[[argparse.Namespace, Places, dt.datetime], TrustReport]] = {
    "install": _install,
    "status": _status,
    "renew": _renew,
    "remove": _remove,
}


def _add_scope(parser: argparse.ArgumentParser) -> None:
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument(
        "--machine",
        dest="machine",
        action="store_const",
        const=True,
        default=None,
        help="for everybody on this computer, by the browsers' policy files (the default for root)",
    )
    scope.add_argument(
        "--user",
        dest="machine",
        action="store_const",
        const=False,
        help="for this person, by the databases of their browser profiles (the default for everybody else)",
    )


def _text(report: TrustReport) -> str:
    lines = [store.line() for store in report.stores]
    if report.identity is not None:
        lines.append(f"{report.identity.authority_name}, until {report.identity.not_after:%Y-%m-%d}")
    if report.origins:
        lines.append("may reach this computer without asking: " + ", ".join(report.origins))
    lines += report.notes
    return "".join(f"{line}\n" for line in lines)


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
