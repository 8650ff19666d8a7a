"""`qalamsap new-key FILE --subject CN=…`: a key of one's own and the request for its certificate, without a page."""

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import get_args

from agent import config, paths
from agent.commands import exit_codes, sign_files
from agent.errors import BadInput, StorageFailed
from agent.formats import csr
from agent.keystores import catalog
from agent.operations import new_key
from agent.secret import Secret
from agent.user import terminal
from protocol.messages import NewKeyRequest
from protocol.prompts import Purpose


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "key", type=Path, metavar="FILE", help="the key file to make (.p12); none may be there"
    )
    parser.add_argument(
        "--subject",
        action="append",
        required=True,
        metavar="ATTRIBUTE=VALUE",
        help="of the owner's name: CN=…, SURNAME=…, SERIALNUMBER=IIN… (again for more; docs/api/keys.md lists them)",
    )
    parser.add_argument(
        "--algorithm",
        choices=tuple(new_key.KEY_TYPES),
        default="gost-2015-512",
        help="of the key (default gost-2015-512)",
    )
    parser.add_argument(
        "--purpose", choices=get_args(Purpose), default="sign", help="what the key is for (default sign)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="PATH", help="where the request is put (default: beside FILE, .csr.pem)"
    )
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the new password from the first line of standard input",
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keep the journal below DIR")
    parser.set_defaults(key_id="")


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    attributes = tuple(_attribute(text) for text in options.subject)
    key: Path = options.key.absolute()
    if not catalog.is_new_key_file_name(key.name):
        raise BadInput(f"{options.key} has not the ending of a key file, {catalog.ENDING}")
    target: Path = options.out or options.key.with_suffix(".csr.pem")
    if target.exists():
        raise BadInput(f"{target} exists; name a place with --out")

    def read_password() -> Secret:
        return (
            terminal.read_password(sys.stdin.buffer) if options.password_stdin else _new_password(options.key)
        )

    approval = dataclasses.replace(
        sign_files.approval(options, config.load(options)),
        user=terminal.TerminalUser(str(key), catalog.PKCS12, read_password),
    )
    made = new_key.make(NewKeyRequest(attributes, options.algorithm, options.purpose), approval)
    try:
        paths.write_whole(target, csr.to_pem(made.request_der).encode())
    except OSError as error:
        raise StorageFailed(f"{target} can't be written: {error.strerror}") from error
    print(target)
    return exit_codes.DONE


def _attribute(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise BadInput("--subject is ATTRIBUTE=VALUE")
    return name.strip(), value.strip()


def _new_password(key: Path) -> Secret:
    """What the person types, twice the same."""
    first = terminal.type_password(f"New password for {key}: ")
    with terminal.type_password("The same again: ") as second:
        if first.buffer != second.buffer:
            first.wipe()
            raise BadInput("the two passwords differ")
    return first
