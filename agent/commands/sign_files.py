"""`qalamsap sign FILE... --key K`: the same operation as a page's request, with the person at a terminal.

Signatures are written in one step each: a file is whole or not there. All documents are read before the password is
asked, and all signatures are made before the first is written.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from agent import paths
from agent.commands import exit_codes
from agent.errors import BadInput, StorageFailed, UnsupportedOperation
from agent.formats import cms
from agent.grants import Grants
from agent.journal import Journal
from agent.keystores import catalog
from agent.operations import sign
from agent.operations.approval import Approval
from agent.origins import Origin
from agent.recent_keys import RecentKeys
from agent.secret import Secret
from agent.trust import anchors
from agent.user import terminal
from protocol.messages import KeyFilter, SignRequest

MAX_BYTES = 1024 * 1024 * 1024  # in all: documents are held in memory until they can be streamed
FORMATS = ("cms",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what to sign")
    parser.add_argument("--key", required=True, type=Path, metavar="KEY", help="key file (.p12, .pfx)")
    parser.add_argument("--key-id", default="", metavar="HEX", help="which key, where the file holds several")
    parser.add_argument("--format", default="cms", metavar="FORMAT", help="cms (others are not built yet)")
    parser.add_argument("--detached", action="store_true", help="leave the document out of the signature")
    parser.add_argument("--cosign", action="store_true", help="FILE is a CMS signature: add a signer to it")
    parser.add_argument("--pem", action="store_true", help="write PEM instead of DER")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="a file for one FILE, a folder for several (default: FILE.cms beside it)",
    )
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the key's password from the first line of standard input",
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keep the journal below DIR")


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    if options.format not in FORMATS:
        raise UnsupportedOperation(f"format {options.format!r} is not built yet; this version makes cms")
    targets = _targets(options.files, options.out)
    if len(options.files) > 1 and options.out is not None:
        _make_folder(options.out)
    documents = _read(options.files)
    if options.cosign:
        documents = _signatures(options.files, documents)
    request = SignRequest(
        documents=documents,
        detached=options.detached,
        cosigns=options.cosign,
        keys=KeyFilter(allow_expired=True),
        names=tuple(path.name for path in options.files),
    )
    signed = sign.sign(request, _approval(options))
    for target, signature in zip(targets, signed.signatures, strict=True):
        _write(target, cms.to_pem(signature).encode() if options.pem else signature)
        print(target)
    return exit_codes.DONE


def _targets(files: list[Path], out: Path | None) -> list[Path]:
    """Where each signature goes. Raises BadInput where two would meet, or a name we chose ourselves is taken."""
    if out is None:
        targets = [path.with_name(f"{path.name}.cms") for path in files]
        for target in targets:
            if target.exists():
                raise BadInput(f"{target} exists; name a place with --out")
    elif len(files) == 1 and not out.is_dir():
        targets = [out]
    elif out.exists() and not out.is_dir():
        raise BadInput(f"{out} is no folder, and there are {len(files)} files")
    else:
        targets = [out / f"{path.name}.cms" for path in files]
    if len(set(targets)) != len(targets):
        raise BadInput("two of the files have the same name, so their signatures would replace each other")
    for target in targets:
        if target.exists() and not target.is_file():
            raise BadInput(f"{target} is there, and is no file that could be replaced")
        if any(target.resolve() == path.resolve() for path in files):
            raise BadInput(f"{target} would replace the document itself")
    return targets


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{folder} can't be made: {error.strerror}") from error


def _read(files: list[Path]) -> tuple[bytes, ...]:
    documents, left = [], MAX_BYTES
    for path in files:
        try:
            with path.open("rb") as stream:
                document = stream.read(left + 1)
        except OSError as error:
            raise BadInput(f"{path} can't be read: {error.strerror}") from error
        left -= len(document)
        if left < 0:
            raise BadInput(f"the documents are over {MAX_BYTES} octets in all")
        documents.append(document)
    return tuple(documents)


def _signatures(files: list[Path], documents: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The documents as CMS in DER, which is what a signer can be added to."""
    signatures = tuple(cms.unwrap(document) for document in documents)
    for path, signature in zip(files, signatures, strict=True):
        if cms.read(signature).content is None:
            raise BadInput(f"{path} is a detached signature; adding a signer to one is not built yet")
    return signatures


def _approval(options: argparse.Namespace) -> Approval:
    places = paths.resolve(options.state_dir)

    def read_password() -> Secret:
        if options.password_stdin:
            return terminal.read_password(sys.stdin.buffer)
        return terminal.type_password(f"Password of {options.key}: ")

    return Approval(
        kind="command",
        origin=Origin("program"),
        language="en",
        user=terminal.TerminalUser(str(options.key), "PKCS12", read_password, key_id=options.key_id),
        key_stores=catalog,
        journal=Journal(places.journal),
        grants=Grants(places.grants),
        recent_keys=RecentKeys(places.key_folders),
        now=lambda: datetime.now(UTC),
        test_anchors=anchors.test(),
    )


def _write(target: Path, signature: bytes) -> None:
    try:
        # Where a link stands, what it leads to is replaced, and not the link.
        paths.write_whole(target.resolve(), signature)
    except OSError as error:
        raise StorageFailed(f"{target} can't be written: {error.strerror}") from error
