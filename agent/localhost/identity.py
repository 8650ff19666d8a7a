"""Which certificate and key the agent shows on wss://127.0.0.1: where they lie, and how long they last.

    tls/
      current.json            {"format": 1, "current": "3f9c01ab"}, replaced in one step
      3f9c01ab/               one authority and the one leaf it issued
        authority.pem         what browsers are asked to trust
        leaf.pem              what the server shows
        key.pem               the leaf's key, 0600; the authority's key is nowhere
        identity.json         {"format": 1, "not_before": ..., "not_after": ..., "authority_sha256": ...}
        shared                there where every person's agent on this computer may show it: then all may read the key, which is
                              root's. On Linux agents do so only where a broker owns the port (decision 0029)

A renewal makes the next folder 60 days before the end. Browsers are told of its authority at once, but many read their stores
only when they start, so the old leaf is shown for another 30 days; the old folder goes when its authority has ended. The dates
are kept beside the certificates so that the daemon, which knows no cryptography, can read them. Standard library only.
"""

import dataclasses
import datetime as dt
import hashlib
import json
import os
import re
import ssl
import stat
import sys
from pathlib import Path
from typing import Any

from agent.errors import StorageFailed
from agent.localhost import files

CURRENT = "current.json"
AUTHORITY = "authority.pem"
LEAF = "leaf.pem"
KEY = "key.pem"
FACTS = "identity.json"
SHARED = "shared"
NEEDS_BROKER = sys.platform == "linux"
"""Whether agents show the machine's identity only where a broker owns the port. Elsewhere there is none, or one that does not keep the port
while it is started anew (Windows): there it is the word of whoever gave trust to the whole machine that people who use it don't imitate the agent to each other (decision 0032)."""
FORMAT = 1
RENEW_BEFORE = dt.timedelta(days=60)
SWITCH_BEFORE = dt.timedelta(days=30)
_ID = re.compile(r"[0-9a-f]{8}")


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """One authority with its one leaf. `certificate_path` and `key_path` are for `ssl.SSLContext.load_cert_chain`."""

    identity_id: str
    """Eight hexadecimal digits, unique; the authority's name ends with them."""
    certificate_path: Path
    key_path: Path
    authority_path: Path
    not_before: dt.datetime
    not_after: dt.datetime
    authority_sha256: str
    """SHA-256 of the authority's DER, hexadecimal."""

    @property
    def authority_name(self) -> str:
        return authority_name(self.identity_id)

    @property
    def folder(self) -> Path:
        return self.certificate_path.parent


def authority_name(identity_id: str) -> str:
    """The common name of an authority, and its name in the stores of browsers. It tells nothing of person or machine."""
    return f"Qalamsap local authority {identity_id}"


def current(tls_dir: Path) -> Identity | None:
    """The identity to serve with, or None where none was issued yet.

    Raises: StorageFailed where files are broken or missing, or the key can be read by others.
    """
    pointer = tls_dir / CURRENT
    if not pointer.exists():
        return None
    identity_id = _document(pointer).get("current")
    if not isinstance(identity_id, str) or not _ID.fullmatch(identity_id):
        raise StorageFailed(f"'{pointer}' names no identity")
    identity = load(tls_dir / identity_id)
    check_key_is_private(identity.key_path)
    return identity


def shared(tls_dir: Path, at: dt.datetime, owner_id: int = 0) -> Identity | None:
    """The machine's identity, where root shares one and it lasts: for agents whose port a broker owns.

    None where there is none, or where anybody but root could have put it there. `owner_id` is another one than root's only in tests.
    """
    try:
        pointer = tls_dir / CURRENT
        identity_id = _document(pointer).get("current")
        if not isinstance(identity_id, str) or not _ID.fullmatch(identity_id):
            return None
        found = load(tls_dir / identity_id)
        parts = (tls_dir.parent, tls_dir, pointer, found.folder, found.certificate_path, found.key_path)
        is_roots = all(_is_of(each, owner_id) for each in parts)
        is_readable = os.access(found.key_path, os.R_OK) and (found.folder / SHARED).is_file()
    except (StorageFailed, OSError):
        return None
    return found if is_roots and is_readable and found.not_before <= at < found.not_after else None


def share(identity: Identity) -> None:
    """Lets every agent on this computer show it. Raises: StorageFailed."""
    try:
        files.write_atomically(identity.folder / SHARED, b"", files.PUBLIC)
        tls_dir = identity.folder.parent
        for folder in (tls_dir, identity.folder):
            folder.chmod(0o755)
        # The way there: whoever goes it can't see what else there is.
        tls_dir.parent.chmod(stat.S_IMODE(tls_dir.parent.stat().st_mode) | 0o011)
        identity.key_path.chmod(files.PUBLIC)
    except OSError as error:
        raise StorageFailed(f"can't share the TLS identity: {error}") from error


def _is_of(path: Path, owner_id: int) -> bool:
    """Whether it is that owner's, no link, and nobody else can change it. OSError."""
    status = path.lstat()
    is_plain = stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)
    if os.name != "posix":
        return is_plain  # Windows: it lies in the program's own folder; who can write there could exchange the program
    return is_plain and status.st_uid == owner_id and not status.st_mode & 0o022


def load(folder: Path) -> Identity:
    """The identity in one folder. Raises: StorageFailed."""
    facts = _document(folder / FACTS)
    try:
        not_before, not_after = (dt.datetime.fromisoformat(facts[key]) for key in ("not_before", "not_after"))
        authority_sha256 = facts["authority_sha256"]
    except (KeyError, TypeError, ValueError) as error:
        raise StorageFailed(f"'{folder / FACTS}' lacks dates or fingerprint") from error
    if not isinstance(authority_sha256, str) or not_before.tzinfo is None or not_after.tzinfo is None:
        raise StorageFailed(f"'{folder / FACTS}' lacks dates or fingerprint")
    for name in (AUTHORITY, LEAF, KEY):
        if not (folder / name).is_file():
            raise StorageFailed(f"'{folder / name}' is missing")
    return Identity(
        identity_id=folder.name,
        certificate_path=folder / LEAF,
        key_path=folder / KEY,
        authority_path=folder / AUTHORITY,
        not_before=not_before,
        not_after=not_after,
        authority_sha256=authority_sha256,
    )


def living(tls_dir: Path, at: dt.datetime) -> tuple[Identity, ...]:
    """All identities whose authority has not ended, the longest lasting first: those that browsers must trust.

    Raises: StorageFailed.
    """
    found = (load(folder) for folder in folders(tls_dir))
    return tuple(
        sorted((each for each in found if at < each.not_after), key=lambda each: each.not_after, reverse=True)
    )


def folders(tls_dir: Path) -> tuple[Path, ...]:
    """The folders of all identities, ended ones too."""
    if not tls_dir.is_dir():
        return ()
    return tuple(sorted(folder for folder in tls_dir.iterdir() if _ID.fullmatch(folder.name)))


def needs_renewal(identity: Identity, at: dt.datetime) -> bool:
    """Whether `trust.renew` has something to do: 60 days before the end make the next one, 30 days before it turn to it.

    Raises: StorageFailed.
    """
    if successor(identity, at) is None:
        return at >= identity.not_after - RENEW_BEFORE
    return is_time_to_switch(identity, at)


def is_time_to_switch(identity: Identity, at: dt.datetime) -> bool:
    """Whether browsers had time enough to learn the next authority."""
    return at >= identity.not_after - SWITCH_BEFORE


def successor(identity: Identity, at: dt.datetime) -> Identity | None:
    """The identity beside this one that lasts longest, if it lasts longer. Raises: StorageFailed."""
    return next(
        (each for each in living(identity.folder.parent, at) if each.not_after > identity.not_after), None
    )


def make_current(identity: Identity) -> None:
    """Turns `current.json` to this identity. Raises: StorageFailed."""
    pointer = json.dumps({"format": FORMAT, "current": identity.identity_id}, indent=2).encode() + b"\n"
    try:
        files.write_atomically(identity.folder.parent / CURRENT, pointer, files.PUBLIC)
    except OSError as error:
        raise StorageFailed(f"can't turn to the next TLS identity: {error}") from error


def authority_der(identity: Identity) -> bytes:
    """The authority's certificate as DER, checked against the fingerprint that was noted when it was issued.

    Raises: StorageFailed.
    """
    try:
        der = ssl.PEM_cert_to_DER_cert(identity.authority_path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StorageFailed(f"'{identity.authority_path}' is no certificate") from error
    if hashlib.sha256(der).hexdigest() != identity.authority_sha256:
        raise StorageFailed(f"'{identity.authority_path}' is not the authority that was issued")
    return der


def check_key_is_private(key: Path) -> None:
    """Raises StorageFailed where anyone but the owner may read or change the key, or somebody else owns it."""
    if os.name != "posix":
        return  # Windows: the folder lies in the person's profile, whose access list is theirs alone
    status = key.stat()
    is_shared = (key.parent / SHARED).is_file()
    if stat.S_IMODE(status.st_mode) & (0o033 if is_shared else 0o077):
        raise StorageFailed(f"'{key}' has mode {stat.S_IMODE(status.st_mode):04o}, 0600 expected")
    if status.st_uid != os.geteuid() and not (is_shared and status.st_uid == 0):
        raise StorageFailed(f"'{key}' belongs to user {status.st_uid}")


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StorageFailed(f"'{path}' can't be read") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise StorageFailed(f"'{path}' is not of format {FORMAT}")
    return document
