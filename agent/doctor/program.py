"""The program itself: versions, GOST in C or in Python, windows, its own folder."""

import importlib.metadata
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agent import daemon
from agent.doctor import programs
from agent.doctor.finding import Finding
from agent.gost import backend

LEAST_FREE_BYTES = 64 * 1024 * 1024


def version() -> Finding:
    """Which program this is, and on what it runs."""
    system = f"{platform.system()} {platform.machine()}"
    values = {"version": daemon.version(), "python": platform.python_version(), "system": system}
    text = f"qalamsap {daemon.version()}, Python {platform.python_version()}, {system}"
    return Finding("program", "version", "ok", text, values)


def gost(name: str = backend.NAME) -> Finding:
    """Whether GOST is computed natively."""
    if name == "native":
        return Finding("GOST", "native", "ok", backend.describe())
    advice = "slow, and signing is not constant-time: install a C compiler and reinstall"
    return Finding("GOST", "python", "hint", f"{backend.describe()}; {advice}")


def windows(environment: Mapping[str, str], qt_version: str | None) -> Finding:
    """Whether windows can be shown; `qt_version` is None where Qt is not installed."""
    if qt_version is None:
        text = "PySide6 is not installed; run pip install 'qalamsap[tray]'"
        return Finding("windows", "missing", "trouble", text)
    needs_display = sys.platform not in {"win32", "darwin"}
    if needs_display and not programs.has_display(environment):
        text = f"PySide6 {qt_version} is installed, but there is no display"
        return Finding("windows", "no-display", "hint", text)
    return Finding("windows", "ready", "ok", f"PySide6 {qt_version} is installed", {"version": qt_version})


def qt_version() -> str | None:
    """Of the installed PySide6, which is not loaded for that."""
    for name in ("PySide6", "PySide6_Essentials"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def storage(state_dir: Path, least_free: int = LEAST_FREE_BYTES) -> Finding:
    """Whether the agent can write its records. Leaves nothing behind."""
    folder = state_dir
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent  # the agent makes what is missing
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(b"?")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        text = f"{state_dir} can't be written: {error.strerror}"
        return Finding("storage", "not-writable", "trouble", text, subject=str(state_dir))
    if free < least_free:
        text = f"{free} octets are free where {state_dir} lies"
        return Finding("storage", "full", "trouble", text, subject=str(state_dir))
    return Finding("storage", "writable", "ok", f"{state_dir} can be written")
