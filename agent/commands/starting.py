"""`qalamsap autostart [on|off]`: whether the agent starts when the person logs in."""

import argparse
import sys

from agent import autostart, programs
from agent.commands import exit_codes
from agent.desk import file_menus
from agent.errors import AgentError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "wish", nargs="?", choices=("on", "off"), help="switch it; without a word: say how it is"
    )


def run(options: argparse.Namespace) -> int:
    """Raises UnsupportedOperation, StorageFailed."""
    switch = autostart.of_person(programs.command("run"))
    if options.wish:
        switch.turn(on=options.wish == "on")
    if options.wish == "on":
        _put_entry()
    print(switch.state())
    return exit_codes.DONE


def _put_entry() -> None:
    """What starts by itself can be opened: not every desktop has a place for the icon."""
    try:
        file_menus.of_person("en").put_entry()  # it speaks every language
    except AgentError as error:
        print(f"qalamsap: it starts, but is not among the programs: {error.detail}", file=sys.stderr)
