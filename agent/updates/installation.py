"""How this copy of the program was installed, and so who may put another in its place.

appimage            one file of the person's: we swap it ourselves (agent.updates.swap)
msi-user, msi       Windows Installer does it; per machine it takes an administrator
pkg                 macOS' installer does it, as root
deb, rpm            the system's package manager brings new versions: never we
source              a checkout or pip's environment: whoever made it brings new versions
"""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from agent import programs
from agent.updates.errors import UpdatesOff

Kind: TypeAlias = Literal["appimage", "msi", "msi-user", "pkg", "deb", "rpm", "source"]

_PROCESSORS = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64"}
_DEBIAN = {"x86_64": "amd64"}
_WINDOWS = {"x86_64": "x64"}

# What people read where nothing can be installed by us.
WORDS: Mapping[Kind, str] = {
    "deb": "this program came as a Debian package: your package manager brings new versions (apt upgrade qalamsap)",
    "rpm": "this program came as an RPM package: your package manager brings new versions (dnf upgrade qalamsap)",
    "source": "this program runs from source, or from an environment of pip: bring it up to date there (git pull, pip install --upgrade)",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """`package`: what it is called in a repository. `file`: the one file that it is, for an AppImage."""

    kind: Kind
    package: str
    file: Path | None = None

    @property
    def is_ours_to_replace(self) -> bool:
        return self.kind not in WORDS

    def require(self) -> None:
        """Raises UpdatesOff where others bring new versions, and says who."""
        if self.kind in WORDS:
            raise UpdatesOff(WORDS[self.kind])


def this_one(
    packaging: programs.Packaging | None = None,
    environment: Mapping[str, str] | None = None,
    machine: str | None = None,
    prefix: Path | None = None,
) -> Installation:
    """How this program was installed. The arguments are what it asks the system for, elsewhere than in tests."""
    packaged = programs.packaged_as() if packaging is None else packaging
    values = os.environ if environment is None else environment
    here = Path(sys.prefix) if prefix is None else prefix
    processor = (platform.machine() if machine is None else machine).lower()
    processor = _PROCESSORS.get(processor, processor)
    match packaged:
        case "appimage":
            return Installation("appimage", f"appimage-{processor}", _image(values, here))
        case "deb":
            return Installation("deb", f"deb-{_DEBIAN.get(processor, processor)}")
        case "rpm":
            return Installation("rpm", f"rpm-{processor}")
        case "msi":
            kind: Kind = "msi-user" if here.is_relative_to(Path.home()) else "msi"
            return Installation(kind, f"{kind}-{_WINDOWS.get(processor, processor)}")
        case "pkg":
            return Installation("pkg", "pkg-universal")
        case None:
            return Installation("source", "source")


def _image(environment: Mapping[str, str], prefix: Path) -> Path | None:
    """The AppImage's file: the variables may be those of another AppImage, out of which we were started."""
    image, folder = environment.get("APPIMAGE", ""), environment.get("APPDIR", "")
    if not image or not folder or not prefix.resolve().is_relative_to(Path(folder).resolve()):
        return None
    found = Path(image)
    return found if found.is_absolute() and found.is_file() else None


def windows_folder() -> Path:
    """Where Windows lies; the file system's root on other systems."""
    return Path(os.environ.get("SYSTEMROOT", r"C:\Windows") if os.name == "nt" else "/")
