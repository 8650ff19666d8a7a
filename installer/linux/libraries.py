"""The libraries that packages for Linux and macOS bring: each by its version and the SHA-256 of every file that its release has.

`installer/libraries.lock` is in the form that pip reads with `--require-hashes`. `./dev package` and `installer/macos/build.sh` install from it, so
what ships changes only with a commit. It is made anew by `python -m installer.linux lock` (with `uv`, which resolves for other systems, too).
Wheels for Windows have a lock of their own (installer/windows/wheels.py).
"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

from installer.linux import bundle
from installer.linux.bundle import CannotBuild

LOCK = Path(__file__).resolve().parents[1] / "libraries.lock"
_HEADER = "# Made by: python -m installer.linux lock. The libraries of the packages for Linux and macOS, for pip --require-hashes.\n"
_LIMIT_S = 300
_ROW = re.compile(r"([a-z0-9.-]+)==([^\s;]+)")
_OLDEST_PYTHON = "3.11"


def locked(lock: Path = LOCK) -> dict[str, str]:
    """Versions by name. Raises CannotBuild for a library without a digest."""
    found = {}
    text = lock.read_text("ascii").replace("\\\n", " ")
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        row = _ROW.match(line)
        if row is None or " --hash=sha256:" not in line:
            raise CannotBuild(f"{lock.name} has a line that is none of ours: {line[:80]!r}")
        found[row[1]] = row[2]
    return found


def require(lock: Path = LOCK) -> None:
    """Raises CannotBuild where what would be packaged is not what is locked."""
    wanted = locked(lock)
    others = [
        f"{name} {importlib.metadata.version(name)} (locked: {wanted.get(name, 'not at all')})"
        for name in bundle.shipped()
        if importlib.metadata.version(name) != wanted.get(name)
    ]
    if others:
        raise CannotBuild(
            f"other libraries are here than in {lock.name}; ./dev package installs those: {', '.join(others)}"
        )


def renew(lock: Path = LOCK) -> int:
    """Writes the lock anew, of today's newest versions; says how many rows it has. Raises CannotBuild."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise CannotBuild("no uv: pip install uv")
    command = [
        uv, "pip", "compile", str(bundle.SOURCE / "pyproject.toml"), "--extra", "tray", "--universal", "--python-version", _OLDEST_PYTHON,
        "--only-binary", ":all:", "--generate-hashes", "--no-annotate", "--no-header", "--quiet",
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotBuild(f"uv can't be run: {error}") from error
    if done.returncode != 0:
        raise CannotBuild(f"uv failed:\n{done.stderr.strip()[-2000:]}")
    lock.write_text(_HEADER + done.stdout, "ascii")
    return len(locked(lock))
