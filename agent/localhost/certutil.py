"""NSS databases through `certutil`, the tool of NSS itself: the only writer that every version of the format can rely on."""

import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from agent.localhost.errors import MissingTool, StoreFailed

PACKAGE = "libnss3-tools"
DATABASE_FILES = ("cert9.db", "key4.db", "pkcs11.txt")
# Trusted to issue for TLS servers, and for nothing else: not for TLS clients ("CT"), mail or code.
SERVERS_ONLY = "C,,"
_LIMIT_S = 30


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    nickname: str
    trust: str
    """NSS's three columns, "C,," for an authority that may issue for TLS servers only."""


def require() -> str:
    """The path of `certutil`. Raises MissingTool, which names the package to install."""
    path = shutil.which("certutil")
    if path is None:
        raise MissingTool("certutil", PACKAGE)
    return path


def is_database(folder: Path) -> bool:
    """Whether all files of a database are there. certutil would make the missing ones, even when it only lists."""
    return all((folder / name).is_file() for name in DATABASE_FILES)


def create(folder: Path) -> None:
    """Makes an empty database without a password, as browsers make it. Raises MissingTool, StoreFailed."""
    _run(folder, "-N", "--empty-password")


def entries(folder: Path) -> tuple[Entry, ...]:
    """What the database holds. Raises MissingTool, StoreFailed."""
    lines = _run(folder, "-L").decode("utf-8", "replace").splitlines()
    found = (re.fullmatch(r"(.+?)\s+([a-zA-Z]*,[a-zA-Z]*,[a-zA-Z]*)\s*", line) for line in lines)
    return tuple(
        Entry(match[1].strip(), match[2]) for match in found if match and match[2] != "SSL,S/MIME,JAR/XPI"
    )


def fingerprint(folder: Path, nickname: str) -> str | None:
    """SHA-256 of the certificate of that name, or None where none is. Raises MissingTool, StoreFailed."""
    if all(entry.nickname != nickname for entry in entries(folder)):
        return None
    return hashlib.sha256(_run(folder, "-L", "-n", nickname, "-r")).hexdigest()


def trusts(folder: Path, nickname: str, sha256: str) -> bool:
    """Whether this very certificate is there under the name and trusted for TLS servers. Raises MissingTool, StoreFailed."""
    listed = any(entry == Entry(nickname, SERVERS_ONLY) for entry in entries(folder))
    return listed and fingerprint(folder, nickname) == sha256


def add(folder: Path, nickname: str, sha256: str, authority: Path) -> None:
    """Trusts the authority for TLS servers, and looks that the database then does.

    Raises: MissingTool; StoreFailed, also where a password protects the database. certutil then leaves the certificate behind
    without any trust: that rest is taken away again.
    """
    before = fingerprint(folder, nickname)
    try:
        _run(folder, "-A", "-n", nickname, "-t", SERVERS_ONLY, "-i", str(authority))
    except StoreFailed:
        if before is None and fingerprint(folder, nickname) is not None:
            delete(folder, nickname)
        raise
    if not trusts(folder, nickname, sha256):
        raise StoreFailed(f"'{folder}' does not trust '{nickname}' although certutil reported no error")


def delete(folder: Path, nickname: str) -> None:
    """Takes the certificate out. Raises MissingTool, StoreFailed."""
    _run(folder, "-D", "-n", nickname)


def _run(folder: Path, *arguments: str) -> bytes:
    # A session of its own: no terminal on which certutil could ask for a password and wait.
    command: Sequence[str] = [require(), "-d", f"sql:{folder}", *arguments]
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_LIMIT_S,
            start_new_session=True,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired as error:
        raise StoreFailed(f"certutil did not end within {_LIMIT_S} s for '{folder}'") from error
    if result.returncode:
        raise StoreFailed(f"'{folder}': {_reason(result.stderr)}")
    return result.stdout


def _reason(output: bytes) -> str:
    text = " ".join(output.decode("utf-8", "replace").split())
    if "SEC_ERROR_BAD_PASSWORD" in text or "Error opening input terminal" in text:
        return "a main password protects this database; add the authority in the browser's own settings"
    return text or "certutil failed without a word"
