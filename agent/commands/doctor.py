"""`qalamsap doctor`: what stands between this computer and a signature, one line each. Says nothing that is secret."""

import argparse
import json
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import util
from pathlib import Path

from agent import config, control, daemon, instance, paths
from agent.commands import exit_codes
from agent.errors import AgentError
from agent.gost import backend
from agent.localhost import trust
from agent.localhost.trust import Places
from protocol.control import Command, Refused

OK = "ok"
TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at, and what was found. A finding in trouble says what to do."""

    what: str
    state: str
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.add_argument("--json", action="store_true", help="print a JSON array")


def run(options: argparse.Namespace) -> int:
    """0 where all is well, 1 where something is in trouble."""
    places = paths.resolve(options.state_dir)
    findings = [_program(), _gost(), _windows(), _agent(places), _trust(places)]
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{finding.state:8}{finding.what}: {finding.text}")
    return exit_codes.DONE if all(finding.state == OK for finding in findings) else exit_codes.INVALID


def _program() -> Finding:
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    return Finding("program", OK, f"qalamsap {daemon.version()}, {system}")


def _gost() -> Finding:
    advice = (
        ""
        if backend.NAME == "native"
        else "; slow, and signing is not constant-time: install a C compiler and reinstall"
    )
    return Finding("GOST", OK, f"{backend.describe()}{advice}")


def _windows() -> Finding:
    if util.find_spec("PySide6") is None:
        return Finding("windows", TROUBLE, "PySide6 is not installed; run pip install 'qalamsap[tray]'")
    return Finding("windows", OK, "PySide6 is installed")


def _agent(places: paths.Paths) -> Finding:
    try:
        answer = control.ask(places.control_socket, Command("query"))
    except AgentError as error:
        holder = instance.who_holds(config.DEFAULT_PORT)
        if holder is not None:
            return Finding("agent", TROUBLE, f"not running; port {config.DEFAULT_PORT} is held by {holder}")
        return Finding("agent", TROUBLE, f"{error.detail or error.code}; start it with qalamsap run")
    if isinstance(answer, Refused):
        return Finding("agent", TROUBLE, answer.reason)
    trouble = f", {answer.trouble}" if answer.trouble else ""
    return Finding("agent", TROUBLE if trouble else OK, f"{answer.state}, port {answer.port}{trouble}")


def _trust(places: paths.Paths) -> Finding:
    home = Places(tls_dir=places.tls_dir, state_dir=places.state_dir, home=Path.home(), root=trust.ROOT)
    try:
        report = trust.status(home, machine_wide=None, at=datetime.now(UTC))
    except AgentError as error:
        return Finding("browsers", TROUBLE, error.detail or error.code)
    if report.is_as_wanted:
        return Finding("browsers", OK, "trust the agent")
    return Finding(
        "browsers", TROUBLE, "not all trust the agent; see qalamsap trust status, or run trust install"
    )
