"""`qalamsap status|pause|resume|lock|restart|quit`: one command to the agent that runs."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from agent import control, paths
from agent.commands import exit_codes
from protocol.control import Command, Refused
from protocol.errors import ProtocolError

_COMMANDS = {
    "status": Command("query"),
    "pause": Command("pause"),
    "resume": Command("resume"),
    "lock": Command("lock"),
    "restart": Command("restart"),
    "quit": Command("quit"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")


def run(options: argparse.Namespace) -> int:
    """Raises AgentError where no agent answers."""
    try:
        answer = control.ask(paths.resolve(options.state_dir).control_socket, _COMMANDS[options.command])
    except ProtocolError as error:
        raise control.NotRunning("what answers is not this agent, or another version of it") from error
    if isinstance(answer, Refused):
        print(f"qalamsap: {answer.reason}", file=sys.stderr)
        return exit_codes.NOT_POSSIBLE
    if options.json:
        print(json.dumps(asdict(answer), ensure_ascii=False, indent=2))
    else:
        place = f" ({answer.trouble_place})" if answer.trouble_place else ""
        trouble = f", trouble: {answer.trouble}{place}" if answer.trouble else ""
        kind = " (simulation)" if answer.is_simulation else ""
        icon = ", no place for the icon: qalamsap open shows the window" if answer.icon == "hidden" else ""
        print(f"{answer.state}{kind}, port {answer.port}, {answer.connections} connections{trouble}{icon}")
    return exit_codes.DONE
