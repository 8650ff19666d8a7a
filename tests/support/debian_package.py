"""The .deb of what is in this tree, built once for all tests of a run that install it, and what it does on a computer."""

import atexit
import contextlib
import functools
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.copied_machine import REPOSITORY, Machine
from tests.support.program_lines import next_line

TOOLS = ("dpkg-deb", "patchelf", "strip", "apt-get")
COMPRESSION = "gzip"
LIMIT_S = 600
LISTENING = "listening on wss://127.0.0.1:"
# What every installation of a package leaves: the package manager's own books, and caches of what lies in shared folders.
LEFT_BY_OTHERS = re.compile(
    r"/var/(lib/dpkg|lib/systemd/deb-systemd|log|cache|lib/apt)(/|$)|/usr/share/(applications/mimeinfo|icons/hicolor/icon-theme)\.cache"
    r"|/etc/(passwd|shadow|group|gshadow|subuid|subgid)-?$|/etc/\.pwd\.lock|/(root|home|tmp|run)(/|$)|/usr/local/bin/qalamsap$"
)
_OURS = ("find", "/proc", "-maxdepth", "2", "-path", "/proc/[0-9]*/exe", "-lname")


@functools.cache
def built() -> Path:
    """Compressed fast, not well. Skips the test where a tool is missing that builds packages."""
    missing = [name for name in TOOLS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"needs tool: {', '.join(missing)}")
    folder = Path(tempfile.mkdtemp(prefix="qalamsap-package-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    words = ["-m", "installer.linux", "deb", "--unlocked", "--compression", COMPRESSION, "--out", str(folder)]
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


def processes(machine: Machine) -> list[str]:
    """The programs of the package that run there, of everybody."""
    return machine.run(*_OURS, "/usr/lib/qalamsap/*", "-printf", "%l\n").stdout.split("\n")[:-1]


@contextlib.contextmanager
def agent(machine: Machine, person: str) -> Iterator["subprocess.Popen[str]"]:
    """That person's agent on a free port, once it listens. Whatever happens in the block, no agent runs on the machine after it."""
    command = machine.command("qalamsap", "run", "--port", "0", "--tray", "off", person=person)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as started:
        try:
            assert started.stdout is not None
            line = next_line(started.stdout)
            assert line.startswith(LISTENING), line
            yield started
        finally:
            # What we started is what entered the machine; a signal to it would not reach the agent.
            found = machine.run(*_OURS, "/usr/lib/qalamsap/bin/qalamsap-agent*", "-printf", "%h\n").stdout
            numbers = [Path(process).name for process in found.split()]
            if numbers:
                machine.run("sh", "-c", 'kill -KILL "$@"', "sh", *numbers)
            started.kill()
