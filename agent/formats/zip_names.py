"""Names of files in an archive: those that are safe on every system, and no two that some system takes for one."""

import re
import unicodedata
from collections.abc import Iterable

from agent.errors import BadInput

MAX_OCTETS = 1024
MAX_DEPTH = 32  # folders in each other

# Control characters; what Windows takes for a path or a stream; what can't be written in UTF-8.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\\\\:\ud800-\udfff]")


def is_safe(name: str) -> bool:
    """Whether a file of this name stays within the folder that it is unpacked in. A folder's name ends with "/"."""
    return (
        not _FORBIDDEN.search(name)
        and len(name.encode()) <= MAX_OCTETS
        and name.count("/") <= MAX_DEPTH
        and all(part.strip(". ") for part in name.removesuffix("/").split("/"))
    )


def expect_apart(names: Iterable[str]) -> None:
    """No two files that a system without case, with composed letters or without dots at the end takes for one; no file that is
    a folder too.

    Raises: BadInput."""
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        folder = _folded(name)
        if not name.endswith("/"):
            if folder in files:
                raise BadInput(f"ZIP: two files are called {name!r}")
            files.add(folder)
            folder = folder.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    if files & folders:
        raise BadInput("ZIP: a file and a folder have one name")


def _folded(name: str) -> str:
    parts = unicodedata.normalize("NFC", name.removesuffix("/").casefold()).split("/")
    return "/".join(part.rstrip(". ") for part in parts)
