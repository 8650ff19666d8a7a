"""`qalamsap change-password FILE`: another password for a key file, asked at the terminal or in a window."""

import argparse
import contextlib
import json

from agent.commands import exit_codes, read_key, sign_files
from agent.errors import BadInput
from agent.operations import change_password
from agent.secret import Secret
from protocol import prompts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    read_key.add_arguments(parser)
    parser.add_argument(
        "--keep-copy",
        action="store_true",
        help=f"keep the file as it was, under its old password, beside it ({change_password.COPY_ENDING})",
    )


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    path = options.key.absolute()

    def read_new() -> Secret:
        return _new_password(options)

    with read_key.told(options), read_key.asking(options, path, read_new) as (user, settings):
        approval = sign_files.approval(options, settings, user)
        done = change_password.change(path, approval, keep_copy=options.keep_copy)
        user.tell(prompts.Finished())
    if options.json:
        event = {"event": "changed", "file": str(done.path), "copy": str(done.copy) if done.copy else ""}
        print(json.dumps(event, ensure_ascii=False))
    else:
        print(f"{options.key if done.path == path else done.path} has another password now")
        if done.copy is not None:
            print(f"the file with the old one is {done.copy}")
    return exit_codes.DONE


def _new_password(options: argparse.Namespace) -> Secret:
    """What the person types, twice the same; on standard input once is enough."""
    first = read_key.password_of(options, f"New password for {options.key}: ")
    if options.password_stdin:
        return first
    with contextlib.ExitStack() as unless_same:
        unless_same.callback(first.wipe)
        with read_key.password_of(options, "The same again: ") as second:
            if first.buffer != second.buffer:
                raise BadInput("the two passwords differ")
        unless_same.pop_all()
    return first
