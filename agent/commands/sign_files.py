"""`qalamsap sign FILE... --key K`: the same operation as a page's request, with the person at a terminal; with --window in place of
the key, they approve in the same window as for a page.

Signatures are written in one step each: a file is whole or not there. All documents are read before the password is
asked, and all signatures are made before the first is written. One that can't be written, or whose document changed meanwhile, keeps no
other from being written; the command fails all the same. Documents for CMS may be larger than memory: they are hashed
before the password is asked, and hashed again where they are put into the signature: one that changed meanwhile gets none.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from agent import authority_files, config, errors, paths
from agent.authority_cache import AuthorityCache
from agent.commands import exit_codes, in_window, reading
from agent.config import Config
from agent.errors import AgentError, BadInput, StorageFailed
from agent.formats import cms, cms_stream
from agent.grants import Grants
from agent.http_fetch import FetchSettings, HttpFetch
from agent.journal import Journal
from agent.key_library import KeyLibrary
from agent.keystores import catalog
from agent.operations import large as large_documents
from agent.operations import sign
from agent.operations.approval import Approval
from agent.operations.making import base as making
from agent.origins import Origin
from agent.recent_keys import RecentKeys
from agent.rules import KeptInFolders, Rules
from agent.secret import Secret
from agent.system_log import handler as system_log
from agent.trust import anchors
from agent.user import terminal
from agent.user.base import User
from agent.user.window import WindowUser
from protocol import prompts, work
from protocol.messages import MAX_DOCUMENTS, KeyFilter, LargeDocument, SignRequest, StampOptions, XmlOptions

MAX_BYTES = 1024 * 1024 * 1024  # in all, of documents that have to be held in memory
# What a signature is called where nobody names its place: added to the document's name, or put before its ending.
_TRIES = 10
_ADDED = {"cms": ".cms", "raw": ".sig", "jws": ".jws", "asic": ".asice"}
_INSERTED = {"xml": ".signed", "wsse": ".signed", "pdf": ".signed"}
FORMATS = (*_ADDED, *_INSERTED)


@dataclasses.dataclass(frozen=True)
class _Target:
    """Where a signature goes. `is_ours`: the name is ours and not the person's, so nothing that lies there is replaced by it.

    In folders that others can write to, a link may be put there while the person types the password.
    """

    path: Path
    leads_to: Path
    is_ours: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what to sign")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--key", type=Path, metavar="KEY", help="key file (.p12, .pfx, .jks)")
    who.add_argument(
        "--window", action="store_true", help="choose the key, type its password and approve in a window"
    )
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
        "--free-name",
        action="store_true",
        help="where a name is taken, take the next free one: act.pdf (2).cms",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print what happens as JSON, a line for each document, step or error",
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
    try:
        _check(options)
        settings = config.load(options)
        system_log.begin_command(is_usual=options.state_dir is None)
        with contextlib.ExitStack() as stack:
            user: User = (
                stack.enter_context(in_window.person(settings)) if options.window else _terminal(options)
            )
            _sign(options, settings, user)
    except AgentError as error:
        about = {} if error.document is None else {"file": str(options.files[error.document])}
        _report(options, event="error", code=error.code, detail=error.detail, **about)
        if about and about["file"] not in error.detail:
            print(f"qalamsap sign: the trouble is with {about['file']}", file=sys.stderr)
        raise
    return exit_codes.DONE


def _sign(options: argparse.Namespace, settings: Config, user: User) -> None:
    targets = _targets(options)
    if len(options.files) > 1 and options.out is not None:
        _make_folder(options.out)
    large = _large_documents(options)
    request = _request(options, large)
    _check_xml(options.files, request)

    def notice(news: work.Stage | work.Progress) -> None:
        if isinstance(news, work.Progress):
            _report(options, event="progress", done=news.done, total=news.total)

    signed = sign.sign(request, approval(options, settings, user, notice))
    count, failures = 0, []
    for number, (target, signature) in enumerate(zip(targets, signed.by_document(), strict=True)):
        path = options.files[number]
        if signature is None:
            _report(options, event="left-out", file=str(path))
            print(f"qalamsap sign: {path} was left out", file=sys.stderr)
            continue
        try:
            with errors.about(number):
                if large and not options.detached and not options.cosign:
                    written = _write_around(target, signature, large[number])
                else:
                    written = _write(
                        target, _writer(cms.to_pem(signature).encode() if options.pem else signature)
                    )
        except AgentError as error:  # the others are signed, and what is signed is not thrown away
            failures.append(error)
            _report(options, event="failed", file=str(path), code=error.code, detail=error.detail)
            if len(failures) > 1:  # the first is told at the end
                print(f"qalamsap sign: {error.detail}", file=sys.stderr)
            continue
        count += 1
        _tell_of(options, path, written, lacks=number in signed.lacking)
    user.tell(_finished(count, signed.lacking, failures))
    if failures:
        raise failures[0]


def _tell_of(options: argparse.Namespace, path: Path, written: Path, *, lacks: bool) -> None:
    """A signature is where it belongs."""
    _report(options, event="signed", file=str(path), signature=str(written), lacks_timestamp=lacks)
    if not options.json:
        print(written)
    if lacks:
        print(f"qalamsap sign: {written} has no timestamp, for none could be had", file=sys.stderr)
        if options.format == "cms":
            print(f"add one later: qalamsap timestamp {written}", file=sys.stderr)


def _finished(count: int, lacking: Collection[int], failures: Sequence[AgentError]) -> prompts.Finished:
    """The last word on so many written signatures and these failures, each with the number of its document."""
    failed = {
        error.document: prompts.Failure(error.document, _code(error))
        for error in failures
        if error.document is not None
    }
    problem = prompts.Problem(_code(failures[0]), detail=failures[0].detail) if failures else None
    return prompts.Finished(
        count,
        problem,
        lacking=tuple(number for number in lacking if number not in failed),
        failed=tuple(failed.values()),
    )


def _code(error: AgentError) -> str:
    """What the window says of a file that was not written, or that changed while it was: by itself the error speaks of a journal, or
    of a request."""
    return "file-not-written" if isinstance(error, StorageFailed) else "file-unusable"


def _report(options: argparse.Namespace, **facts: Any) -> None:
    """A line for a program that reads along, where it was asked for."""
    if options.json:
        print(json.dumps(facts), flush=True)


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
    if options.window and (options.password_stdin or options.key_id):
        raise BadInput("--password-stdin and --key-id go with --key")
    if options.window and len(options.files) > MAX_DOCUMENTS:
        raise BadInput(f"a window shows at most {MAX_DOCUMENTS} files at once")
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
        large=_hashed(large),
        existing=existing,
        detached=options.detached or bool(existing),
        format=options.format,
        timestamps=options.timestamp != "no",
        may_lack_timestamps=options.timestamp == "if-possible",
        cosigns=options.cosign,
        xml=XmlOptions(options.xml_layout, options.element, options.parent),
        stamp=None if options.stamp is None else StampOptions(options.stamp),
        keys=KeyFilter(allow_expired=True, allow_revoked=True),
        may_leave_out=True,
        language=options.language,
        names=tuple(path.name for path in ([options.document] if existing else options.files)),
    )


def _check_xml(files: list[Path], request: SignRequest) -> None:
    """Raises BadInput that names the file of which no signature could be made: the operation knows no files."""
    if request.format not in ("xml", "wsse"):
        return
    maker = making.maker_of(request.format)
    for number, (path, document) in enumerate(zip(files, request.documents, strict=True)):
        with errors.about(number), reading.as_xml(path):
            maker.examine(document, request)


def _hashed(paths: list[Path]) -> tuple[LargeDocument, ...]:
    """The documents by their digests. Small ones are held as well, as long as there is room: they can be looked into."""
    found, room = [], reading.LARGE_BYTES
    for path in paths:
        with reading.opened(path) as file:
            size = reading.size(file)
            if size <= room:
                found.append(large_documents.held(file.read(size)))
                room -= size
            else:
                found.append(large_documents.hashed(file, size))
    return tuple(found)


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


def _targets(options: argparse.Namespace) -> list[_Target]:
    """Where each signature goes. Raises BadInput where two would meet, or a name we chose ourselves is taken."""
    files: list[Path] = options.files
    out: Path | None = options.out
    names = [_name(path, options) for path in files]
    if out is not None and len(files) == 1 and not out.is_dir():
        targets = [out]
    elif out is None:
        targets = [path.with_name(name) for path, name in zip(files, names, strict=True)]
    elif out.exists() and not out.is_dir():
        raise BadInput(f"{out} is no folder, and there are {len(files)} files")
    else:
        targets = [out / name for name in names]
    if options.free_name:
        targets = _free(targets)
    if out is None:
        for target in targets:
            if os.path.lexists(target):
                raise BadInput(f"{target} exists; name a place with --out")
    if len(set(targets)) != len(targets):
        raise BadInput("two of the files have the same name, so their signatures would replace each other")
    for target in targets:
        if target.exists() and not target.is_file():
            raise BadInput(f"{target} is there, and is no file that could be replaced")
        if any(target.resolve() == path.resolve() for path in files):
            raise BadInput(f"{target} would replace the document itself")
    # Where a link stands under a name that the person gave, what it leads to now is replaced, and not the link.
    return [_Target(target, target.resolve(), is_ours=out is None or options.free_name) for target in targets]


def _free(targets: Collection[Path]) -> list[Path]:
    found: list[Path] = []
    for target in targets:
        found.append(paths.free(target, found))
    return found


def _name(path: Path, options: argparse.Namespace) -> str:
    if options.cosign and options.free_name:
        return path.name  # it stays what it is, with a signer more
    if options.format in _ADDED:
        return f"{path.name}{_ADDED[options.format]}"
    return f"{path.stem}{_INSERTED[options.format]}{path.suffix}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{folder} can't be made: {error.strerror}") from error


def _writer(octets: bytes) -> Callable[[BinaryIO], object]:
    return lambda output: output.write(octets)


def _write_around(target: _Target, detached: bytes, document: Path) -> Path:
    """A signature with its document put inside. Raises BadInput where the document is another one by now, StorageFailed."""
    with reading.opened(document) as file:

        def write(output: BinaryIO) -> None:
            file.seek(0)
            cms_stream.attach(detached, file, output)

        return _write(target, write)


def _write(target: _Target, write: Callable[[BinaryIO], object]) -> Path:
    """What was written: a name of ours that was taken meanwhile is passed by for the next, so that no signature is lost.

    Raises StorageFailed, and what `write` raises.
    """
    place = target.path if target.is_ours else target.leads_to
    for _ in range(_TRIES):
        try:
            with paths.replacing(place, only_new=target.is_ours) as output:
                write(output)
        except FileExistsError:
            place = paths.free(target.path)
        except OSError as error:
            raise StorageFailed(f"{target.path} can't be written: {error.strerror}") from error
        else:
            return place if target.is_ours else target.path
    raise StorageFailed(f"{target.path} can't be written: the names are taken again and again")


# --- with whom ----------------------------------------------------------------------------------------------------


def _terminal(options: argparse.Namespace) -> User:
    """Who says yes by giving the command."""

    def read_password() -> Secret:
        if options.password_stdin:
            return terminal.read_password(sys.stdin.buffer)
        return terminal.type_password(f"Password of {options.key}: ")

    return terminal.TerminalUser(str(options.key), "PKCS12", read_password, key_id=options.key_id)


def approval(
    options: argparse.Namespace,
    settings: Config,
    user: User | None = None,
    notice: Callable[[work.Stage | work.Progress], None] = lambda _: None,
) -> Approval:
    """An approval by this person; where nobody is named, by whoever gives the command. Raises BadInput."""
    places = settings.paths
    is_window = isinstance(user, WindowUser)
    rules = Rules.of(settings)
    return Approval(
        kind="command",
        origin=Origin("program"),
        language=settings.language,
        user=user or _terminal(options),
        key_stores=KeptInFolders(catalog, rules, lambda _storage: True),
        journal=Journal(places.journal),
        grants=Grants(places.grants),
        recent_keys=RecentKeys(places.key_folders),
        now=lambda: datetime.now(UTC),
        test_anchors=anchors.test(),
        authorities=authority_files.read_authorities((*places.authority_folders(), *settings.authorities)),
        key_folders=paths.usual_key_folders() if is_window else (),
        first_folders=settings.key_folders if is_window else (),
        fetch=None if settings.offline else HttpFetch(FetchSettings.of(settings)),
        cache=AuthorityCache(places.authority_cache, lambda: datetime.now(UTC)),
        timestamp_url=settings.timestamp_url,
        ocsp_url=settings.ocsp_url,
        notice=notice,
        key_library=KeyLibrary(places.key_library),
        rules=rules,
    )
