"""Where a person's browsers keep the certificates they trust on Linux: old places, new places, snap and flatpak.

Chromium moved from ~/.pki/nssdb to $XDG_DATA_HOME/pki/nssdb with version 146 and reads the old place while it is there; Firefox
moved its profiles to $XDG_CONFIG_HOME/mozilla/firefox with 147 and stays in the old place where one exists. A confined browser
has a home of its own. Only looks, makes nothing. Confined browsers were not tried; their places are those their makers state.
"""

import configparser
import dataclasses
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

DATABASE = "cert9.db"

SNAP_CHROMIUM = ("chromium", "brave", "opera", "microsoft-edge")
FLATPAK_CHROMIUM = ("org.chromium.Chromium", "com.google.Chrome", "com.brave.Browser", "com.microsoft.Edge")
SNAP_FIREFOX = "snap/firefox/common/.mozilla/firefox"
FLATPAK_FIREFOX = (
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/config/mozilla/firefox",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Database:
    """A folder with an NSS database, or the one where the browser will look for it."""

    browser: str
    folder: Path


def databases(home: Path, environment: Mapping[str, str] = os.environ) -> tuple[Database, ...]:
    """Every database of this person's browsers, each once; first Chromium's own, which is named even if it is not there yet."""
    found = {os.path.realpath(each.folder): each for each in _all(home, environment)}
    return tuple(found.values())


def _all(home: Path, environment: Mapping[str, str]) -> Iterator[Database]:
    data = _folder(environment, "XDG_DATA_HOME", home / ".local/share")
    config = _folder(environment, "XDG_CONFIG_HOME", home / ".config")
    yield from _chromium("Chromium, Chrome, Edge", home / ".pki/nssdb", data / "pki/nssdb")
    for name in SNAP_CHROMIUM:
        inside = home / "snap" / name / "current"
        if inside.is_dir():
            yield from _chromium(f"{name} (snap)", inside / ".pki/nssdb", inside / ".local/share/pki/nssdb")
    for name in FLATPAK_CHROMIUM:
        inside = home / ".var/app" / name
        if inside.is_dir():
            yield from _chromium(f"{name} (flatpak)", inside / ".pki/nssdb", inside / "data/pki/nssdb")
    yield from _firefox("Firefox", home / ".mozilla/firefox")
    yield from _firefox("Firefox", config / "mozilla/firefox")
    yield from _firefox("Firefox (snap)", home / SNAP_FIREFOX)
    for place in FLATPAK_FIREFOX:
        yield from _firefox("Firefox (flatpak)", home / place)


def _chromium(browser: str, old: Path, new: Path) -> Iterator[Database]:
    existing = [folder for folder in (old, new) if (folder / DATABASE).is_file()]
    for folder in existing or [new]:
        yield Database(browser, folder)


def _firefox(browser: str, root: Path) -> Iterator[Database]:
    """All profiles: those that profiles.ini names, wherever they lie, and every folder that holds a database."""
    named = list(_profiles_ini(root))
    lying = sorted(path.parent for path in root.glob(f"*/{DATABASE}")) if root.is_dir() else []
    for folder in dict.fromkeys([*named, *lying]):
        if folder.is_dir():
            yield Database(browser, folder)


def _profiles_ini(root: Path) -> Iterator[Path]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((root / "profiles.ini").read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return  # none, or damaged: Firefox would not find these profiles either; folders are looked at all the same
    for section in parser.sections():
        path = parser.get(section, "Path", fallback="")
        if section.startswith("Profile") and path:
            yield root / path if parser.get(section, "IsRelative", fallback="1") == "1" else Path(path)


def _folder(environment: Mapping[str, str], name: str, default: Path) -> Path:
    """XDG Base Directory Specification: a relative path there is to be ignored."""
    value = environment.get(name, "")
    return Path(value) if value.startswith("/") else default
