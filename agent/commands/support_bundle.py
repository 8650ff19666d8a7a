"""`qalamsap support-bundle`: what support needs to know, in one file, shown before it is saved. Nothing is sent anywhere."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from agent import config, paths
from agent.commands import exit_codes
from agent.doctor import examination
from agent.errors import BadInput, UserCancelled
from agent.support import bundle
from agent.support.bundle import Bundle
from agent.words import texts
from agent.words.texts import Texts
from protocol.prompts import Language

_SHOW, _SAVE = frozenset({"v", "в", "к"}), frozenset({"s", "с"})  # in the layouts of the three languages
_RULE = 78


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="where to save it (default: a new file in this folder)",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="print all that would be in it, and save nothing")
    what.add_argument("--yes", action="store_true", help="save it without asking, for scripts")
    parser.add_argument(
        "--with-sites",
        action="store_true",
        help="leave the names of sites in it; else each is a number",
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.add_argument("--language", choices=get_args(Language), help="of the words that are printed")
    config.add_network_arguments(parser, revocation=True)


def run(options: argparse.Namespace, ask: Callable[[str], str] | None = None) -> int:
    """Raises BadInput where nobody can be asked, UserCancelled, BundleNotWritten."""
    can_ask = ask is not None or (sys.stdin.isatty() and sys.stdout.isatty())
    if not (options.show or options.yes or can_ask):
        raise BadInput("nobody can be asked here: --show prints it, --yes saves it")
    one = examination.computer(paths.resolve(options.state_dir), lambda: config.load(options))
    words = texts.load(options.language or one.settings.language)
    made = bundle.gather(one, examination.examine(one), words, keep_sites=options.with_sites)
    if options.show:
        _print(whole(made, words))
        return exit_codes.DONE
    path = options.output or paths.free(Path(made.file_name))
    if not options.yes:
        _agree(made, words, path, ask or input)
    bundle.write(made, words, path)
    _print(words("support.saved", path=str(path)))
    return exit_codes.DONE


def whole(made: Bundle, words: Texts) -> str:
    """Everything that is in the file."""
    pages = [made.cover(words)]
    pages += [f"{f' {part.file} ':=^{_RULE}}\n{part.text}" for part in made.parts]
    return "\n".join(pages)


def _agree(made: Bundle, words: Texts, path: Path, ask: Callable[[str], str]) -> None:
    """Shows what would be saved, as long as the person wants to see it. Raises UserCancelled."""
    _print(made.cover(words))
    while True:
        try:
            answer = ask(f"{words('support.question', path=str(path))} ").strip().lower()
        except EOFError:
            answer = ""
        if answer in _SHOW:
            _print(whole(made, words))
        elif answer in _SAVE:
            return
        else:
            raise UserCancelled("nothing was saved")


def _print(text: str) -> None:
    print("\n".join(map(texts.plain, text.split("\n"))))
