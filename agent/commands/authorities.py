"""`qalamsap authorities`: which authorities are trusted, and the certificates of them that lie here.

The national ones stand in a table of the program (agent.trust.anchor_table), which pins each by the fingerprint of its certificate. The
certificates themselves are not needed to trust; signatures that carry all that proves them do need them, and `update` brings them. Whoever
runs an authority of their own adds its certificate.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from agent import authority_files, config, paths
from agent.certificate import Certificate
from agent.commands import exit_codes
from agent.config import Config
from agent.errors import BadInput, StorageFailed, Unreachable, UserCancelled
from agent.fetch import Fetch, Question, unreachable
from agent.http_fetch import FetchSettings, HttpFetch
from agent.trust import anchors
from agent.trust.anchors import Anchor
from agent.words import texts

OWN = "own"
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Row:
    """One authority in the list. `domain` is that of an anchor, or "own"; `sha256` is the fingerprint of its certificate.

    `is_stored`: whether the certificate lies here. `place` is where a national one can be fetched, and the file of an own one.
    """

    title: str
    domain: str
    kind: str
    not_before: str
    not_after: str
    sha256: str
    is_stored: bool
    place: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="show all that are trusted")
    listing.add_argument("--json", action="store_true", help="print a JSON array")
    updating = verbs.add_parser("update", help="download the certificates of the national ones")
    config.add_network_arguments(updating)
    adding = verbs.add_parser("add", help="trust authorities of your own like the national ones")
    adding.add_argument("files", nargs="+", type=Path, metavar="FILE", help="their certificates, DER or PEM")
    adding.add_argument("--yes", action="store_true", help="don't ask")
    removing = verbs.add_parser("remove", help="trust one of your own no more")
    removing.add_argument(
        "sha256", metavar="SHA256", help="fingerprint of its certificate, as the list shows it"
    )
    for verb in (listing, updating, adding, removing):
        verb.add_argument("--state-dir", type=Path, metavar="DIR", help="of the agent that is meant")


def run(options: argparse.Namespace) -> int:
    """Raises AgentError."""
    settings = config.load(options)
    match options.verb:
        case "list":
            _print(rows(settings), as_json=options.json)
            return exit_codes.DONE
        case "update":
            if settings.offline:
                raise unreachable("offline")
            return update(settings.paths, HttpFetch(FetchSettings.of(settings)))
        case "add":
            return add(settings, options.files, (lambda: True) if options.yes else _is_agreed)
        case _:
            return remove(settings, options.sha256)


def rows(settings: Config) -> tuple[Row, ...]:
    """The national authorities, then those of whoever runs this agent. Raises BadInput where a file of those can't be read."""
    folder = settings.paths.authority_certificates
    national = [
        _row(anchor, anchor.domain, anchor.url, is_stored=_is_stored(folder, anchor.sha256))
        for anchor in anchors.national()
    ]
    own = [
        _row(anchor, OWN, str(file), is_stored=True)
        for file, certificate in _own(settings)
        for anchor in anchors.from_certificates([certificate])
    ]
    return (*national, *own)


def update(places: paths.Paths, fetch: Fetch) -> int:
    """Downloads what is not here yet, and says of each what came of it. 1 where a server gave something else, 7 where one gave nothing.

    Raises StorageFailed.
    """
    folder = places.authority_certificates
    missing = [anchor for anchor in anchors.national() if not _is_stored(folder, anchor.sha256)]
    for anchor in missing:
        if not anchor.url:
            print(f"no address is known: {anchor.title}")
    code = exit_codes.DONE
    for url in dict.fromkeys(anchor.url for anchor in missing if anchor.url):
        wanted = [anchor for anchor in missing if anchor.url == url]
        try:
            octets = fetch(Question("certificate", url))
        except Unreachable as error:
            print(f"not reached ({error.detail}): {_titles(wanted)}")
            code = code or exit_codes.NOT_POSSIBLE
            continue
        if not _keep(octets, wanted, folder):
            code = exit_codes.INVALID
    if not missing:
        print("all certificates are here")
    return code


def add(settings: Config, files: Sequence[Path], is_agreed: Callable[[], bool]) -> int:
    """Puts the certificates in these files among those that are trusted: all of them, or none.

    Raises BadInput, UserCancelled, StorageFailed.
    """
    new = tuple(dict.fromkeys(each for file in files for each in authority_files.read_file(file)))
    _check_new(new, settings)
    for certificate in new:
        print(
            f"{texts.plain(certificate.subject.text())}\n  {_validity(certificate)}\n  SHA-256 {certificate.fingerprint}"
        )
    if not is_agreed():
        raise UserCancelled("nothing was changed")
    for certificate in new:
        _write(settings.paths.authorities, certificate)
    print(f"trusted from now on, kept in {settings.paths.authorities}")
    return exit_codes.DONE


def remove(settings: Config, fingerprint: str) -> int:
    """Raises BadInput where there is no such authority among those that `add` can add; StorageFailed."""
    wanted = re.sub(r"[\s:]", "", fingerprint).lower()
    if not _FINGERPRINT.fullmatch(wanted):
        raise BadInput("a fingerprint is 64 hexadecimal digits")
    if any(anchor.sha256 == wanted for anchor in anchors.national()):
        raise BadInput("this is a national authority; those stand in the program itself")
    found = [file for file, certificate in _own(settings) if certificate.fingerprint == wanted]
    if not found:
        raise BadInput("no authority of your own has this fingerprint")
    for file in found:
        if file.parent != settings.paths.authorities:
            raise BadInput(f"it comes from {file}, which the settings name")
        if len(authority_files.read_file(file)) > 1:
            raise BadInput(f"{file} holds other authorities as well; take it out there")
    for file in found:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageFailed(f"{file} can't be removed: {error.strerror}") from error
        print(f"removed {file}")
    return exit_codes.DONE


def _own(settings: Config) -> tuple[tuple[Path, Certificate], ...]:
    """The authorities of whoever runs this agent, each with its file. Raises BadInput."""
    given = (*settings.paths.authority_folders(), *settings.authorities)
    files = [
        file for path in given for file in (authority_files.files_in(path) if path.is_dir() else (path,))
    ]
    return tuple((file, each) for file in files for each in authority_files.read_file(file))


def _row(anchor: Anchor, domain: str, place: str, *, is_stored: bool) -> Row:
    return Row(
        title=anchor.title,
        domain=domain,
        kind=anchor.kind,
        not_before=_iso(anchor.not_before),
        not_after=_iso(anchor.not_after),
        sha256=anchor.sha256,
        is_stored=is_stored,
        place=place,
    )


def _print(found: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=2))
        return
    for row in found:
        where = "here" if row.is_stored else "not downloaded"
        print(f"{row.domain:11}{row.kind:8}{texts.plain(row.title)}")
        print(f"           {row.not_before[:10]} to {row.not_after[:10]}, certificate {where}")
        print(f"           {row.sha256}")


def _keep(octets: bytes, wanted: Sequence[Anchor], folder: Path) -> bool:
    """Stores what was downloaded if the table pins it, and says so; whether it does. Raises StorageFailed."""
    try:
        certificates = authority_files.certificates_in(octets)
    except BadInput:
        certificates = ()
    pinned = {anchor.sha256: anchor for anchor in anchors.national()}
    known = [each for each in certificates if each.fingerprint in pinned]
    for certificate in known:
        _write(folder, certificate)
        print(f"stored: {pinned[certificate.fingerprint].title}")
    others = [anchor for anchor in wanted if anchor.sha256 not in {each.fingerprint for each in known}]
    if others and known:
        print(f"no longer served by {wanted[0].url}: {_titles(others)}")
    elif others:
        print(f"refused, not the certificate that is known, from {wanted[0].url}: {_titles(others)}")
    return bool(known)


def _titles(found: Sequence[Anchor]) -> str:
    return "; ".join(anchor.title for anchor in found)


def _check_new(certificates: Sequence[Certificate], settings: Config) -> None:
    """Raises BadInput where trusting one of them would be a mistake, or change nothing."""
    national = {anchor.sha256 for anchor in anchors.national()}
    own = {certificate.fingerprint for _, certificate in _own(settings)}
    for certificate in certificates:
        name = texts.plain(certificate.common_name or certificate.subject.text())
        if not certificate.is_ca:
            raise BadInput(f"{name}: this is not the certificate of an authority")
        if certificate.fingerprint in national:
            raise BadInput(f"{name}: this is a national authority, which is trusted already")
        if certificate.fingerprint in own:
            raise BadInput(f"{name}: is trusted already")


def _is_agreed() -> bool:
    """Asks the person at the terminal. No answer is no."""
    print(
        "Trust their signatures like those of the national authorities? [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _is_stored(folder: Path, fingerprint: str) -> bool:
    try:
        with _file(folder, fingerprint).open("rb") as stream:
            return hashlib.sha256(stream.read(authority_files.MAX_BYTES)).hexdigest() == fingerprint
    except OSError:
        return False


def _write(folder: Path, certificate: Certificate) -> None:
    path = _file(folder, certificate.fingerprint)
    try:
        paths.write_private(path, certificate.der)
    except OSError as error:
        raise StorageFailed(f"{path} can't be written: {error.strerror}") from error


def _file(folder: Path, fingerprint: str) -> Path:
    return folder / f"{fingerprint}.cer"


def _validity(certificate: Certificate) -> str:
    return f"{_iso(certificate.not_before)[:10]} to {_iso(certificate.not_after)[:10]}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
