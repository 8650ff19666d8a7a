"""`qalamsap open [PAGE]`: the agent's own window. Where it is open already, it comes to the front."""

import argparse
import os
import signal
from pathlib import Path
from typing import get_args

from agent import config, daemon
from agent.commands import exit_codes
from agent.desk import process
from agent.errors import BadInput
from agent.system_log import handler as system_log
from protocol.desk import frame

WISHES = tuple(wish for wish in get_args(frame.Wish) if wish)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "page",
        nargs="?",
        choices=tuple(process.PAGES),
        help="which page (default: files)",
    )
    parser.add_argument(
        "--file",
        dest="files",
        type=Path,
        nargs="*",  # the entry in the list of programs names none
        action="extend",
        default=[],
        metavar="FILE",
        help="files to put on the page of files (again for more)",
    )
    parser.add_argument("--wish", choices=WISHES, default="", help="what to do with them")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.add_argument("--language", choices=("kk", "ru", "en"), help="of the window")


def run(options: argparse.Namespace) -> int:
    """Raises NoOneToAsk, WindowFailed, NotRunning, BadInput, BadConfig."""
    if options.files and options.page not in (None, "files"):
        raise BadInput(f"--file goes with the page files, and this is {options.page}")
    if options.wish and not options.files:
        raise BadInput("--wish goes with --file")
    page: frame.Page = options.page or "files"
    named = [os.path.abspath(path) for path in options.files]  # noqa: PTH100  # links stay as they are
    sayable = tuple(name for name in named if _is_sayable(name))
    system_log.begin_command(is_usual=options.state_dir is None)
    _let_interrupts_through()
    process.run(
        process.Options(
            load=lambda: config.load_or_refuse(options),  # the desk says what is wrong with a policy
            version=daemon.version(),
            summons=frame.Summons(page, sayable, options.wish, len(named) - len(sayable)),
        )
    )
    return exit_codes.DONE


def _let_interrupts_through() -> None:
    """«Стоп» interrupts the commands that the desk starts. Whoever starts us in the background of a shell has interrupts ignored, and our
    children would inherit that; what we do at an interrupt they don't. For us it still is nothing."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)


def _is_sayable(name: str) -> bool:
    """Whether a file's name is text: on Linux it may be any octets."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
