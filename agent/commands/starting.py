"""`qalamsap autostart [on|off]`: whether the agent starts when the person logs in."""

import argparse

from agent import autostart
from agent.commands import exit_codes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "wish", nargs="?", choices=("on", "off"), help="switch it; without a word: say how it is"
    )


def run(options: argparse.Namespace) -> int:
    """Raises UnsupportedOperation, StorageFailed."""
    switch = autostart.of_person(autostart.run_command())
    if options.wish:
        switch.turn(on=options.wish == "on")
    print(switch.state())
    return exit_codes.DONE
