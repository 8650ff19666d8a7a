"""`qalamsap autostart [on|off]`: whether the agent starts when the person logs in.

`qalamsap autostart start` is what an installer's entry for everybody runs, where a person can't take that entry's place: it starts the agent
unless this person switched it off.
"""

import argparse
import subprocess
import sys

from agent import autostart, paths, programs
from agent.commands import exit_codes
from agent.desk import file_menus
from agent.errors import AgentError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "wish",
        nargs="?",
        choices=("on", "off", "start"),
        help="switch it; start: start the agent unless it is off; without a word: say how it is",
    )


def run(options: argparse.Namespace) -> int:
    """Raises UnsupportedOperation, StorageFailed."""
    switch = autostart.of_person(programs.command("run"))
    if options.wish == "start":
        if switch.state() == "on":
            _start()
        return exit_codes.DONE
    if options.wish:
        switch.turn(on=options.wish == "on")
    if options.wish == "on":
        _put_entry()
    print(switch.state())
    return exit_codes.DONE


def _start() -> None:
    """It outlives this process."""
    subprocess.Popen(
        programs.agent("run"),
        cwd=paths.CODE_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _put_entry() -> None:
    """What starts by itself can be opened: not every desktop has a place for the icon."""
    try:
        file_menus.of_person("en").put_entry()  # it speaks every language
    except AgentError as error:
        print(f"qalamsap: it starts, but is not among the programs: {error.detail}", file=sys.stderr)
