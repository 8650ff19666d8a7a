"""python -m installer.updates WORK COMMAND: what maintainers do with a repository of updates (installer/updates/README.md)."""

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from agent.updates.errors import RepositoryRefused
from installer.updates import keys
from installer.updates.keys import BadKey
from installer.updates.repository import (
    CHANNELS,
    ROLES,
    STAGED_ROLES,
    BadRepository,
    Keys,
    Maintained,
    NewRelease,
)


def main(words: Sequence[str] | None = None) -> int:
    options = _parse(words)
    try:
        return _do(options, Maintained(options.work))
    except (BadRepository, BadKey, RepositoryRefused, OSError, ValueError) as error:
        print(f"updates: {error}", file=sys.stderr)
        return 1


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m installer.updates", description=__doc__)
    parser.add_argument(
        "work", type=Path, metavar="WORK", help="folder of the repository and of what waits for signatures"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    made = commands.add_parser("key", help="make a key of one maintainer, in WORK")
    made.add_argument("owner", help="a name for its files")
    _password(made)
    for name, text in (
        ("begin", "stage the first root of trust"),
        ("change-keys", "stage other keys for roles"),
    ):
        each = commands.add_parser(name, help=text)
        each.add_argument(
            "--role", dest="roles", action="append", required=True, metavar="ROLE=N:PUB,PUB",
            help=f"N signatures of these public keys; one of {', '.join(ROLES)} (again for more)",
        )  # fmt: skip
    added = commands.add_parser("add", help="stage a release")
    added.add_argument("channel", choices=CHANNELS)
    added.add_argument("version")
    added.add_argument("--file", dest="files", action="append", required=True, metavar="PACKAGE=PATH")
    added.add_argument("--notes", default="", metavar="URL")
    added.add_argument("--security", action="store_true", help="it closes a hole")
    added.add_argument(
        "--urgent",
        action="store_true",
        help="nobody defers it for more than two days; only with --security",
    )
    added.add_argument(
        "--stages", default="", metavar="DAY:PERCENT,...", help="how many computers get it from which day on"
    )
    gone = commands.add_parser("withdraw", help="stage that a release is offered no more")
    gone.add_argument("channel", choices=CHANNELS)
    gone.add_argument("version")
    longer = commands.add_parser("renew", help="stage a list as it is, good for longer")
    longer.add_argument("role", choices=STAGED_ROLES)
    shown = commands.add_parser("show", help="say what waits for signatures, and for what")
    shown.set_defaults(role=None)
    signed = commands.add_parser("sign", help="add a signature to what is staged")
    signed.add_argument("role", choices=STAGED_ROLES)
    signed.add_argument("--key", type=Path, required=True, metavar="PEM")
    _password(signed)
    out = commands.add_parser("publish", help="publish what is staged and signed")
    again = commands.add_parser("refresh", help="say anew that this is the newest (once a week, by a timer)")
    out.add_argument("--snapshot-key", type=Path, required=True, metavar="PEM")
    again.add_argument(
        "--snapshot-key", type=Path, metavar="PEM", help="also say anew which lists belong together"
    )
    for each in (out, again):
        each.add_argument("--timestamp-key", type=Path, required=True, metavar="PEM")
        _password(each)
    commands.add_parser("check", help="read all as computers will, and say when what ends")
    return parser.parse_args(words)


def _password(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="whose first line is the password of the keys (default: it is asked for)",
    )


def _do(options: argparse.Namespace, maintained: Maintained) -> int:
    match options.command:
        case "key":
            options.work.mkdir(parents=True, exist_ok=True)
            for file in keys.make(
                options.owner, options.work, _ask(options, f"new password of {options.owner}: ", twice=True)
            ):
                print(file)
        case "begin":
            maintained.begin(_roles(options.roles))
        case "change-keys":
            maintained.change_keys(_roles(options.roles))
        case "add":
            maintained.add(options.channel, _release(options))
        case "withdraw":
            maintained.withdraw(options.channel, options.version)
        case "renew":
            maintained.renew(options.role)
        case "sign":
            print(maintained.describe(options.role))
            missing = maintained.sign(options.role, _open(options, options.key))
            print(f"signed; {missing} more wanted" if missing else "signed; that is enough")
        case "publish":
            maintained.publish(_open(options, options.snapshot_key), _open(options, options.timestamp_key))
            print("\n".join(maintained.check()))
        case "refresh":
            snapshot = _open(options, options.snapshot_key) if options.snapshot_key else None
            maintained.refresh(_open(options, options.timestamp_key), snapshot)
        case "check":
            print("\n".join(maintained.check()))
    if options.command in ("begin", "change-keys", "add", "withdraw", "renew", "show"):
        for role, missing in maintained.waiting().items():
            print(f"{maintained.describe(role)}\n  {missing} signatures missing")
    return 0


def _roles(texts: Sequence[str]) -> dict[str, Keys]:
    """Raises BadRepository, BadKey, ValueError, OSError."""
    found = {}
    for text in texts:
        role, _, rest = text.partition("=")
        threshold, _, files = rest.partition(":")
        if role not in ROLES or not threshold.isdecimal() or not files:
            raise BadRepository(f"{text!r} is not ROLE=N:PUB,PUB")
        found[role] = Keys(int(threshold), tuple(keys.read_public(Path(file)) for file in files.split(",")))
    return found


def _release(options: argparse.Namespace) -> NewRelease:
    files = {}
    for text in options.files:
        package, _, path = text.partition("=")
        if not path:
            raise BadRepository(f"{text!r} is not PACKAGE=PATH")
        files[package] = Path(path)
    stages = [each.split(":") for each in options.stages.split(",") if each]
    return NewRelease(
        options.version,
        files,
        options.notes,
        options.security,
        options.urgent,
        tuple((int(day), int(share)) for day, share in stages),
    )


def _open(options: argparse.Namespace, file: Path) -> CryptoSigner:
    return keys.open_private(file, _ask(options, f"password of {file.name}: "))


def _ask(options: argparse.Namespace, question: str, *, twice: bool = False) -> bytes:
    if options.password_file is not None:
        return bytes(options.password_file.read_bytes().split(b"\n", 1)[0])
    first = getpass.getpass(question)
    if twice and getpass.getpass("once more: ") != first:
        raise BadKey("the two are not the same")
    return first.encode()


if __name__ == "__main__":
    sys.exit(main())
