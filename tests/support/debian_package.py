"""The .deb of what is in this tree, built once for all tests of a run that install it."""

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.copied_machine import REPOSITORY, Machine

TOOLS = ("dpkg-deb", "patchelf", "strip", "apt-get")
LIMIT_S = 600


@functools.cache
def built() -> Path:
    """Compressed fast, not well. Skips the test where a tool is missing that builds packages."""
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs tool: {', '.join(missing)}")
    folder = Path(tempfile.mkdtemp(prefix="qalamsap-package-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    words = ["-m", "installer.linux", "deb", "--unlocked", "--compression", "gzip", "--out", str(folder)]
    done = subprocess.run(
        [sys.executable, *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.deb")
    return found


def bring(machine: Machine) -> Path:
    """Puts the package into root's home on the copy, and installs what it needs of Debian, for commands there have no network.

    Gives its path there.
    """
    package = built()
    shutil.copy(package, machine.path(f"/root/{package.name}"))
    asked = subprocess.run(
        ["dpkg-deb", "--field", package, "Depends"], capture_output=True, text=True, check=True
    )
    satisfy = ["apt-get", "satisfy", "-y", "--no-install-recommends", asked.stdout.strip()]
    done = machine.run(
        *satisfy, environment={"DEBIAN_FRONTEND": "noninteractive"}, is_online=True, timeout_s=LIMIT_S
    )
    if done.returncode:
        pytest.skip(f"needs tool: a Debian archive ({done.stderr.strip()[-200:]})")
    return Path("/root", package.name)
