"""What an approval teaches the key library (agent.key_library), and takes from it: whose an opened key file is, which key a site used.

All of it only makes the next time easier, so nothing here stops an operation.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import key_library, logs
from agent.certificate import Certificate
from agent.errors import BrokenKeyStore, StorageFailed
from agent.key_library import KeyLibrary, KnownFile, KnownKey, Library, SiteKey
from agent.keystores import catalog
from agent.operations.approval import Approval
from protocol import prompts

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """A certificate of an opened key, and what was found out about it."""

    certificate: Certificate
    is_test: bool = False
    is_revoked: bool = False
    is_of_unknown_authority: bool = False


def known_key(seen: Seen) -> KnownKey:
    """What the library keeps of it."""
    certificate = seen.certificate
    return KnownKey(
        fingerprint=certificate.fingerprint,
        certificate_der=certificate.der,
        owner=certificate.common_name,
        iin=certificate.iin or "",
        organisation=certificate.organisation or "",
        bin=certificate.bin or "",
        roles=certificate.roles,
        uses=certificate.uses,
        algorithm=certificate.display_name,
        issuer=certificate.issuer.common_name,
        serial_number=f"{certificate.serial_number:x}",
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        is_test=seen.is_test,
        is_revoked=seen.is_revoked,
        is_of_unknown_authority=seen.is_of_unknown_authority,
    )


def facts_of(key: KnownKey) -> prompts.Key:
    """The same as the person sees it in every window. Who shows it says where it lies, and what stands against it."""
    return prompts.Key(
        key_id=key.fingerprint,
        storage="",
        path="",
        owner=key.owner,
        iin=key.iin,
        organisation=key.organisation,
        bin=key.bin,
        roles=key.roles,
        uses=key.uses,
        algorithm=key.algorithm,
        issuer=key.issuer,
        serial_number=key.serial_number,
        not_before=key.not_before.isoformat(),
        not_after=key.not_after.isoformat(),
        is_test=key.is_test,
        reasons=("unknown-authority",) if key.is_of_unknown_authority else (),
    )


def learn(approval: Approval, path: str, storage: str, found: Iterable[Seen]) -> None:
    """Notes what lies in a key file that was opened just now."""
    if approval.key_library is None or storage not in catalog.STORAGES:
        return
    try:
        note(approval.key_library, Path(path), found, approval.now())
    except (StorageFailed, BrokenKeyStore) as error:
        logs.note(_log, logging.WARNING, "a key file could not be noted", code=error.code)


def note(library: KeyLibrary, path: Path, found: Iterable[Seen], at: datetime) -> None:
    """Likewise, for who wants to know that it worked. Raises StorageFailed, BrokenKeyStore where the file is gone."""
    octets = catalog.load(path)
    try:
        status = path.stat()
    except OSError as error:
        raise BrokenKeyStore("the key file is gone") from error
    library.remember(
        KnownFile(
            digest=key_library.digest_of(octets),
            path=str(path.absolute()),
            size=status.st_size,
            modified_ns=status.st_mtime_ns,
            keys=tuple(known_key(each) for each in found),
            seen_at=at,
        )
    )


def note_use(approval: Approval, purpose: prompts.Purpose, path: str, certificate: Certificate) -> None:
    """Notes which key the site uses for this. Raises StorageFailed."""
    if approval.key_library is None or not approval.origin.site:
        return
    approval.key_library.note_use(
        SiteKey(approval.origin.canonical, purpose, path, certificate.fingerprint, approval.now())
    )


def known(approval: Approval) -> Library:
    """What the library knows; nothing where there is none."""
    return approval.key_library.read() if approval.key_library is not None else Library()
