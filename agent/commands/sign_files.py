"""`qalamsap sign FILE... --key K`: the same operation as a page's request, with the person at a terminal.

Signatures are written in one step each: a file is whole or not there. All documents are read before the password is
asked, and all signatures are made before the first is written. Documents for CMS may be larger than memory: they are hashed
before the password is asked, and hashed again where they are put into the signature: one that changed meanwhile gets none.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from agent import authority_files, config, paths
from agent.authority_cache import AuthorityCache
from agent.commands import exit_codes, reading
from agent.config import Config
from agent.errors import BadInput, StorageFailed
from agent.formats import cms, cms_stream
from agent.grants import Grants
from agent.http_fetch import FetchSettings, HttpFetch
from agent.journal import Journal
from agent.keystores import catalog
from agent.operations import large as large_documents
from agent.operations import sign
from agent.operations.approval import Approval
from agent.operations.making import base as making
from agent.origins import Origin
from agent.recent_keys import RecentKeys
from agent.secret import Secret
from agent.trust import anchors
from agent.user import terminal
from protocol.messages import KeyFilter, LargeDocument, SignRequest, StampOptions, XmlOptions
from protocol.prompts import Language

MAX_BYTES = 1024 * 1024 * 1024  # in all, of documents that have to be held in memory
# What a signature is called where nobody names its place: added to the document's name, or put before its ending.
_ADDED = {"cms": ".cms", "raw": ".sig", "jws": ".jws", "asic": ".asice"}
_INSERTED = {"xml": ".signed", "wsse": ".signed", "pdf": ".signed"}
FORMATS = (*_ADDED, *_INSERTED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what to sign")
    parser.add_argument("--key", required=True, type=Path, metavar="KEY", help="key file (.p12, .pfx)")
    parser.add_argument("--key-id", default="", metavar="HEX", help="which key, where the file holds several")
    parser.add_argument("--format", choices=FORMATS, default="cms", help="of the signature (default cms)")
    parser.add_argument(
        "--detached", action="store_true", help="leave the document out of the signature (cms, jws)"
    )
    parser.add_argument("--cosign", action="store_true", help="FILE is a CMS signature: add a signer to it")
    parser.add_argument(
        "--document",
        type=Path,
        metavar="FILE",
        help="what the signature is about, to add a signer to a detached one",
    )
    parser.add_argument(
        "--timestamp",
        choices=("no", "yes", "if-possible"),
        nargs="?",
        const="yes",
        default="no",
        help="ask an authority for a timestamp on the signature (cms, pdf, asic); if-possible: keep the signature "
        "without one where none can be had, and say so",
    )
    parser.add_argument(
        "--stamp",
        type=int,
        nargs="?",
        const=-1,
        metavar="PAGE",
        help="draw the signature on a page of a PDF: from 1, or from -1 backwards (default -1)",
    )
    parser.add_argument(
        "--xml-layout", choices=("lines", "compact"), default="lines", help="of an XML signature"
    )
    parser.add_argument(
        "--element", default="", metavar="XPATH", help="sign this XML element, which has an attribute Id"
    )
    parser.add_argument("--parent", default="", metavar="XPATH", help="and put its signature into this one")
    parser.add_argument("--pem", action="store_true", help="write PEM instead of DER (cms)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="a file for one FILE, a folder for several (default: beside FILE, with another ending)",
    )
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the key's password from the first line of standard input",
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keep the journal below DIR")
    parser.add_argument("--language", choices=("kk", "ru", "en"), help="of the words that are drawn on a PDF")
    config.add_network_arguments(parser, timestamps=True, revocation=True, trust=True)


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    _check(options)
    settings = config.load(options)
    targets = _targets(options.files, options.out, options.format)
    if len(options.files) > 1 and options.out is not None:
        _make_folder(options.out)
    large = _large_documents(options)
    request = _request(options, large)
    _check_xml(options.files, request)
    signed = sign.sign(request, approval(options, settings))
    for number, (target, signature) in enumerate(zip(targets, signed.signatures, strict=True)):
        if large and not options.detached and not options.cosign:
            _write_around(target, signature, large[number])
        else:
            _write(target, _writer(cms.to_pem(signature).encode() if options.pem else signature))
        print(target)
        if number in signed.lacking:
            print(f"qalamsap sign: {target} has no timestamp, for none could be had", file=sys.stderr)
            if options.format == "cms":
                print(f"add one later: qalamsap timestamp {target}", file=sys.stderr)
    return exit_codes.DONE


def _check(options: argparse.Namespace) -> None:
    """Raises BadInput where flags do not belong together."""
    places = {
        "--cosign": (options.cosign, ("cms",)),
        "--document": (options.document is not None, ("cms",)),
        "--pem": (options.pem, ("cms",)),
        "--detached": (options.detached, ("cms", "jws")),
        "--timestamp": (options.timestamp != "no", ("cms", "pdf", "asic")),
        "--stamp": (options.stamp is not None, ("pdf",)),
        "--element": (bool(options.element), ("xml",)),
        "--parent": (bool(options.parent), ("xml",)),
    }
    for flag, (is_given, formats) in places.items():
        if is_given and options.format not in formats:
            raise BadInput(f"{flag} is for {', '.join(formats)}, and this is {options.format}")
    if options.document is not None and not (options.cosign and len(options.files) == 1):
        raise BadInput("--document goes with --cosign and one FILE")
    if options.stamp == 0:
        raise BadInput("--stamp counts pages from 1, or from -1 backwards")
    if bool(options.element) != bool(options.parent):
        raise BadInput("--element and --parent go together")


# --- what to sign -------------------------------------------------------------------------------------------------


def _large_documents(options: argparse.Namespace) -> list[Path]:
    """The documents that are read in pieces: all of them where one is large. Raises BadInput."""
    if options.document is not None:
        return [options.document]
    if options.format != "cms" or options.cosign or options.pem:
        return []
    return options.files if any(map(reading.is_large, options.files)) else []


def _request(options: argparse.Namespace, large: list[Path]) -> SignRequest:
    existing: tuple[bytes, ...] = ()
    documents: tuple[bytes, ...] = ()
    if options.document is not None:
        existing = _existing(options.files[0])
    elif not large:
        documents = _read(options.files)
        documents = _signatures(options.files, documents) if options.cosign else documents
    return SignRequest(
        documents=documents,
        large=tuple(_hashed(path) for path in large),
        existing=existing,
        detached=options.detached or bool(existing),
        format=options.format,
        timestamps=options.timestamp != "no",
        may_lack_timestamps=options.timestamp == "if-possible",
        cosigns=options.cosign,
        xml=XmlOptions(options.xml_layout, options.element, options.parent),
        stamp=None if options.stamp is None else StampOptions(options.stamp),
        keys=KeyFilter(allow_expired=True, allow_revoked=True),
        language=options.language,
        names=tuple(path.name for path in ([options.document] if existing else options.files)),
    )


def _check_xml(files: list[Path], request: SignRequest) -> None:
    """Raises BadInput that names the file of which no signature could be made: the operation knows no files."""
    if request.format not in ("xml", "wsse"):
        return
    maker = making.maker_of(request.format)
    for path, document in zip(files, request.documents, strict=True):
        with reading.as_xml(path):
            maker.examine(document, request)


def _hashed(path: Path) -> LargeDocument:
    with reading.opened(path) as file:
        return large_documents.hashed(file, reading.size(file))


def _read(files: list[Path]) -> tuple[bytes, ...]:
    documents, left = [], MAX_BYTES
    for path in files:
        documents.append(reading.whole(path, left))
        left -= len(documents[-1])
    return tuple(documents)


def _signatures(files: list[Path], documents: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """The documents as CMS in DER, which is what a signer can be added to."""
    signatures = tuple(cms.unwrap(document) for document in documents)
    for path, signature in zip(files, signatures, strict=True):
        if cms.read(signature).is_detached:
            raise BadInput(f"{path} is a detached signature; say what it is about with --document")
    return signatures


def _existing(path: Path) -> tuple[bytes, ...]:
    signature = cms.unwrap(reading.whole(path))
    if not cms.read(signature).is_detached:
        raise BadInput(f"{path} holds its document; --document is for detached signatures")
    return (signature,)


# --- where to put it ----------------------------------------------------------------------------------------------


def _targets(files: list[Path], out: Path | None, signature_format: str) -> list[Path]:
    """Where each signature goes. Raises BadInput where two would meet, or a name we chose ourselves is taken."""
    if out is None:
        targets = [path.with_name(_name(path, signature_format)) for path in files]
        for target in targets:
            if target.exists():
                raise BadInput(f"{target} exists; name a place with --out")
    elif len(files) == 1 and not out.is_dir():
        targets = [out]
    elif out.exists() and not out.is_dir():
        raise BadInput(f"{out} is no folder, and there are {len(files)} files")
    else:
        targets = [out / _name(path, signature_format) for path in files]
    if len(set(targets)) != len(targets):
        raise BadInput("two of the files have the same name, so their signatures would replace each other")
    for target in targets:
        if target.exists() and not target.is_file():
            raise BadInput(f"{target} is there, and is no file that could be replaced")
        if any(target.resolve() == path.resolve() for path in files):
            raise BadInput(f"{target} would replace the document itself")
    return targets


def _name(path: Path, signature_format: str) -> str:
    if signature_format in _ADDED:
        return f"{path.name}{_ADDED[signature_format]}"
    return f"{path.stem}{_INSERTED[signature_format]}{path.suffix}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{folder} can't be made: {error.strerror}") from error


def _writer(octets: bytes) -> Callable[[BinaryIO], object]:
    return lambda output: output.write(octets)


def _write_around(target: Path, detached: bytes, document: Path) -> None:
    """A signature with its document put inside. Raises BadInput where the document is another one by now."""
    with reading.opened(document) as file:
        _write(target, lambda output: cms_stream.attach(detached, file, output))


def _write(target: Path, write: Callable[[BinaryIO], object]) -> None:
    try:
        # Where a link stands, what it leads to is replaced, and not the link.
        with paths.replacing(target.resolve()) as output:
            write(output)
    except OSError as error:
        raise StorageFailed(f"{target} can't be written: {error.strerror}") from error


# --- with whom ----------------------------------------------------------------------------------------------------


def approval(options: argparse.Namespace, settings: Config) -> Approval:
    """An approval by the person at the terminal, who says yes by giving the command. Raises BadInput."""
    places = settings.paths

    def read_password() -> Secret:
        if options.password_stdin:
            return terminal.read_password(sys.stdin.buffer)
        return terminal.type_password(f"Password of {options.key}: ")

    language: Language = settings.language
    return Approval(
        kind="command",
        origin=Origin("program"),
        language=language,
        user=terminal.TerminalUser(str(options.key), "PKCS12", read_password, key_id=options.key_id),
        key_stores=catalog,
        journal=Journal(places.journal),
        grants=Grants(places.grants),
        recent_keys=RecentKeys(places.key_folders),
        now=lambda: datetime.now(UTC),
        test_anchors=anchors.test(),
        authorities=authority_files.read_authorities((*places.authority_folders(), *settings.authorities)),
        fetch=None if settings.offline else HttpFetch(FetchSettings.of(settings)),
        cache=AuthorityCache(places.authority_cache, lambda: datetime.now(UTC)),
        timestamp_url=settings.timestamp_url,
        ocsp_url=settings.ocsp_url,
    )
