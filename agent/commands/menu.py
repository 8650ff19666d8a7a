"""`qalamsap menu [install|remove]`: «Sign» and «Verify» in the menus of file managers."""

import argparse
from pathlib import Path

from agent import config
from agent.commands import exit_codes
from agent.desk import file_menus


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "wish",
        nargs="?",
        choices=("install", "remove"),
        help="put the entries there, or take them back; without a word: say which are there",
    )
    parser.add_argument("--language", choices=("kk", "ru", "en"), help="of the entries")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent whose language is meant")


def run(options: argparse.Namespace) -> int:
    """Raises UnsupportedOperation, StorageFailed, BadConfig."""
    menus = file_menus.of_person(config.load(options).language)
    match options.wish:
        case "install":
            found = menus.install()
        case "remove":
            found = menus.remove()
        case _:
            found = menus.installed()
    for path in found:
        print(path)
    return exit_codes.DONE
