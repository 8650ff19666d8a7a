"""`qalamsap show-key FILE`: whose the key in a file is, and until when. The password is asked, at the terminal or in a window.

What is found is remembered, so that the list of keys says it from then on.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent import config
from agent.commands import exit_codes, in_window, list_keys, sign_files
from agent.config import Config
from agent.errors import AgentError, BadInput
from agent.keystores import catalog
from agent.operations import read_key
from agent.secret import Secret
from agent.user import terminal
from agent.user.base import User
from protocol import prompts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", type=Path, metavar="FILE", help="the key file (.p12, .pfx, .jks)")
    add_ways_to_ask(parser)
    config.add_network_arguments(parser, revocation=True, trust=True)


def add_ways_to_ask(parser: argparse.ArgumentParser) -> None:
    """The flags of commands that open one key file."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--window", action="store_true", help="ask for the password in a window")
    how.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input, a line each"
    )
    parser.add_argument("--json", action="store_true", help="print what happens as a JSON object")
    parser.add_argument("--language", choices=("kk", "ru", "en"), help="of the window")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")
    parser.set_defaults(key_id="")  # there is no choice among keys


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    path: Path = options.key.absolute()
    with told(options), asking(options, path) as (user, settings):
        found = read_key.read(path, sign_files.approval(options, settings, user))
        user.tell(prompts.Finished())
    if options.json:
        event = {"event": "read", "file": str(found.path), "keys": len(found.keys)}
        print(json.dumps(event, ensure_ascii=False))
        return exit_codes.DONE
    now = datetime.now(UTC)
    for key in found.keys:
        print(list_keys.in_words(key, now))
        print(f"    certificate {key.serial_number}, issued by {key.issuer}")
    if not found.keys:
        print("the key waits for its certificate")
    return exit_codes.DONE


@contextlib.contextmanager
def told(options: argparse.Namespace) -> Iterator[None]:
    """With --json, an error is an object on standard output, too."""
    try:
        yield
    except AgentError as error:
        if options.json:
            print(json.dumps({"event": "error", "code": error.code, "detail": error.detail}))
        raise


@contextlib.contextmanager
def asking(
    options: argparse.Namespace, path: Path, read_new_password: Callable[[], Secret] | None = None
) -> Iterator[tuple[User, Config]]:
    """Whoever types the password of the key file, and the settings. Raises BadInput where it is none by its name."""
    if not path.is_file() or not catalog.is_key_file_name(path.name):
        raise BadInput(f"{options.key} is no key file")
    settings = config.load(options)
    if options.window:
        with in_window.person(settings) as user:
            yield user, settings
        return
    yield (
        terminal.TerminalUser(
            str(path),
            catalog.PKCS12,
            lambda: password_of(options, f"Password of {options.key}: "),
            read_new_password=read_new_password,
        ),
        settings,
    )


def password_of(options: argparse.Namespace, question: str) -> Secret:
    """From standard input, or from a person at a terminal."""
    if options.password_stdin:
        return terminal.read_password(sys.stdin.buffer)
    return terminal.type_password(question)
