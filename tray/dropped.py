"""What is dragged over a window, or dropped on it, or pasted: files and folders of this computer, by their paths.

Nothing is opened. Names of other computers are not even looked up: a web page can be dragged from as well, and Windows would send the
person's name and a proof of their password to whomever the page names.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from PySide6.QtCore import QDir, QMimeData, QUrl

KEY_ENDINGS = (".p12", ".pfx", ".jks")
"""Of key files that the key library knows."""
CERTIFICATE_ENDINGS = (".cer", ".crt", ".der", ".pem")
_SLASHES = ("/", "\\")
_MOST_ENTRIES = 5000  # of one folder that are looked at


@dataclass(frozen=True, slots=True)
class Dropped:
    """`elsewhere` counts what lies on another computer or in the web, `missing` what is not there, or is neither file nor folder."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    elsewhere: int = 0
    missing: int = 0

    @property
    def paths(self) -> tuple[str, ...]:
        return (*self.files, *self.folders)

    def named(self, endings: Iterable[str]) -> tuple[str, ...]:
        """The files whose names have one of these endings."""
        return tuple(path for path in self.files if has_ending(path, endings))


@dataclass(frozen=True, slots=True)
class Inside:
    """What lies in a folder itself, hidden files left out."""

    files: tuple[str, ...] = ()
    is_readable: bool = True


def read(data: QMimeData | None) -> Dropped:
    """What these data name."""
    if data is None or not data.hasUrls():
        return Dropped()
    return of_urls(data.urls())


def of_urls(urls: Sequence[QUrl]) -> Dropped:
    """Each once, in the order in which they come."""
    files, folders, elsewhere, missing = [], [], 0, 0
    for url in dict.fromkeys(urls):
        path = local_path(url)
        if not path:
            elsewhere += 1
        elif _is_folder(path):
            folders.append(path)
        elif _is_file(path):
            files.append(path)
        else:
            missing += 1
    return Dropped(
        tuple(dict.fromkeys(files)), tuple(dict.fromkeys(folders)), elsewhere=elsewhere, missing=missing
    )


def local_path(url: QUrl) -> str:
    """The path of a file on this computer, as its system writes it; empty for all else."""
    if not url.isLocalFile() or url.host() not in {"", "localhost"}:
        return ""
    here = QUrl(url)
    here.setHost("")
    path = here.toLocalFile()
    # Two slashes of either kind begin Windows' names of other computers.
    if not Path(path).is_absolute() or (path[:1] in _SLASHES and path[1:2] in _SLASHES):
        return ""
    return QDir.toNativeSeparators(path)


def inside(folder: str) -> Inside:
    """The files of a folder, sorted; folders in it are not entered."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number >= _MOST_ENTRIES:
                    break
                if not entry.name.startswith(".") and entry.is_file():
                    found.append(entry.path)
    except (OSError, ValueError):
        return Inside(is_readable=False)
    return Inside(tuple(sorted(found)))


def is_readable(path: str) -> bool:
    """Whether the person may read that file."""
    try:
        return os.access(path, os.R_OK)
    except ValueError:
        return False


def has_ending(path: str, endings: Iterable[str]) -> bool:
    """Whether a file's name has one of these endings, which are in small letters."""
    return PurePath(path).suffix.lower() in endings


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False
