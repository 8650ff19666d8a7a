"""The libraries, as wheels for 64-bit Windows: each one named with its version and the SHA-256 of the one file that is taken.

`wheels.lock` is in the form that pip reads. It is made anew by `python -m installer.windows lock` (with `uv`, which resolves for another
system than its own: pip looks at this one's markers), and read by every build, so what ships changes only with a commit.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from installer.windows.errors import CannotBuild

SOURCE = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("wheels.lock")
SERIES = "3.14"
"""The Python that is shipped: wheels are built for one minor version."""

_LIMIT_S = 900
_ROW = re.compile(r"(?P<name>[a-z0-9.-]+)==(?P<version>\S+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")
_HEADER = f"# Made by: python -m installer.windows lock. Wheels for CPython {SERIES} on win_amd64.\n"


def rows(lock: Path = LOCK) -> dict[str, tuple[str, str]]:
    """Version and SHA-256 by name. Raises CannotBuild for a line of another form."""
    found = {}
    for line in lock.read_text("ascii").splitlines():
        if line.startswith("#"):
            continue
        match = _ROW.fullmatch(line)
        if match is None:
            raise CannotBuild(f"{lock.name} has a line that is none of ours: {line[:80]!r}")
        found[match["name"]] = match["version"], match["sha256"]
    return found


def fetch(folder: Path, lock: Path = LOCK) -> list[Path]:
    """All wheels, in `folder`: those that lie there already are looked at, the others are downloaded by pip. Raises CannotBuild."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {sha256: name for name, (_, sha256) in rows(lock).items()}
    if set(_here(folder)) >= set(wanted):
        return sorted(path for sha256, path in _here(folder).items() if sha256 in wanted)
    _pip(folder, "--require-hashes", "-r", str(lock))
    present = _here(folder)
    if missing := wanted.keys() - present.keys():
        names = ", ".join(sorted(wanted[sha256] for sha256 in missing))
        raise CannotBuild(f"pip brought other files than {lock.name} names: {names}")
    return sorted(path for sha256, path in present.items() if sha256 in wanted)


def renew(lock: Path = LOCK) -> int:
    """Writes the lock anew, of today's newest versions; says how many rows it has. Raises CannotBuild."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise CannotBuild("no uv: pip install uv")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        resolved = folder / "resolved.txt"
        _run(
            uv, "pip", "compile", str(SOURCE / "pyproject.toml"), "--extra", "tray", "--python-platform", "x86_64-pc-windows-msvc",
            "--python-version", SERIES, "--only-binary", ":all:", "--no-annotate", "--no-header", "-o", str(resolved),
        )  # fmt: skip
        _pip(folder / "wheels", "-r", str(resolved))
        found = sorted((*_named(path), sha256) for sha256, path in _here(folder / "wheels").items())
    text = "".join(f"{name}=={version} --hash=sha256:{sha256}\n" for name, version, sha256 in found)
    lock.write_text(_HEADER + text, "ascii")
    return len(found)


def unpack(wheel: Path, site: Path) -> None:
    """Lays a wheel out as pip would on Windows, without what only pip needs. Raises CannotBuild for what leads out of the folder."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            place = _place(PurePosixPath(entry.filename), wheel)
            if place is None:
                continue
            target = site / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)


def _place(path: PurePosixPath, wheel: Path) -> PurePosixPath | None:
    """Where a file of a wheel goes, below the folder of libraries; None for commands and headers (PEP 427)."""
    if path.is_absolute() or ".." in path.parts or any(":" in part or "\\" in part for part in path.parts):
        raise CannotBuild(f"{wheel.name} has a file that leads elsewhere: {path}")
    if not path.parts[0].endswith(".data"):
        return path
    kind, *rest = path.parts[1:]
    return PurePosixPath(*rest) if kind in ("purelib", "platlib") and rest else None


def _named(wheel: Path) -> tuple[str, str]:
    name, version, *_ = wheel.name.split("-")
    return re.sub(r"[-_.]+", "-", name).lower(), version


def _here(folder: Path) -> dict[str, Path]:
    found = {}
    for path in folder.glob("*.whl"):
        with path.open("rb") as stream:
            found[hashlib.file_digest(stream, "sha256").hexdigest()] = path
    return found


def _pip(folder: Path, *words: str) -> None:
    """Wheels only, for Windows, and no others than those that are named: what they need in turn is named, too."""
    abis = [f"cp{SERIES.replace('.', '')}", "abi3", "none"]
    _run(
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
        "--platform", "win_amd64", "--python-version", SERIES, "--implementation", "cp", *_each("--abi", abis),
        "-d", str(folder), *words,
    )  # fmt: skip


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _run(*command: str) -> None:
    words: Sequence[str] = command
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", check=False, timeout=_LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(f"{Path(words[0]).name} can't be run: {error}") from error
    if done.returncode != 0:
        raise CannotBuild(f"{' '.join(words[:4])} failed:\n{done.stderr.strip()[-2000:]}")
