"""What "install" means for each kind of installation.

appimage    the file is swapped (agent.updates.swap), and swapped back if the new one does not start
msi-user    handed to Windows Installer, which puts back what was there if it fails; written, not tried on Windows
msi         the same; it takes an administrator, and nobody on the computer who is in the middle of anything
pkg         handed to macOS' installer; it takes root; written, not tried on macOS
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from agent.errors import StorageFailed
from agent.paths import Paths
from agent.updates import stillness, swap
from agent.updates.errors import InstallFailed, UpdatesOff
from agent.updates.installation import Installation, windows_folder
from agent.updates.versions import Version

Done: TypeAlias = Literal["installed", "handed-over"]

INSTALLER_S = 30 * 60.0
_MACOS_INSTALLER = "/usr/sbin/installer"


def _is_root() -> bool:
    if sys.platform == "win32":
        from ctypes import windll  # noqa: PLC0415  # only Windows has it

        return bool(windll.shell32.IsUserAnAdmin())  # untested
    return os.geteuid() == 0


def _run(command: Sequence[str]) -> int:
    """Runs an installer to its end."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, timeout=INSTALLER_S, check=False, cwd="/"
    ).returncode


def _detach(command: Sequence[str]) -> None:
    """Starts an installer that replaces the files of this very process: it goes on when we have ended."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=windows_folder(), creationflags=flags,
    )  # fmt: skip
    child.returncode = 0  # it outlives us; Popen takes that for an oversight, and says so


@dataclass(frozen=True, slots=True)
class System:
    """What an installer needs of the system; other than that only in tests."""

    is_root: Callable[[], bool] = _is_root
    run: Callable[[Sequence[str]], int] = _run
    detach: Callable[[Sequence[str]], None] = _detach
    homes: Callable[[], Sequence[Path]] = field(default=stillness.homes_of_people)


def require(installation: Installation, system: System | None = None) -> None:
    """Raises UpdatesOff where this process can't install, before anything is fetched, and says who can."""
    installation.require()
    match installation.kind:
        case "appimage":
            if installation.file is None:
                raise UpdatesOff("start the AppImage itself: where its file lies can't be known otherwise")
            if not os.access(installation.file.parent, os.W_OK):
                raise UpdatesOff(
                    f"{installation.file} is not yours to replace: whoever put it there installs the next version"
                )
        case "msi" | "pkg":
            if not (system or System()).is_root():
                # The whole path: /usr/local/bin, where the command is, may belong to a person who uses Homebrew.
                how = f"sudo -H '{sys.prefix}/bin/qalamsap'" if installation.kind == "pkg" else "qalamsap"
                raise UpdatesOff(
                    f"this program is installed for everybody: an administrator runs {how} update install"
                )


def install(
    file: Path,
    version: Version,
    installation: Installation,
    places: Paths,
    *,
    log: Path,
    wait_s: float = 0.0,
    system: System | None = None,
) -> Done:
    """Installs a package that was checked. Raises Busy, UpdatesOff, InstallFailed, StorageFailed."""
    on = system or System()
    require(installation, on)
    if installation.kind == "appimage":
        assert installation.file is not None
        swap.swap(file, installation.file, version, places, wait_s=wait_s)
        return "installed"
    if installation.kind == "pkg":
        stillness.require_of_everybody(on.homes())
        return _with_macos(file, on)
    until = time.monotonic() + wait_s
    if installation.kind == "msi":  # whose helper ends what everybody has open
        stillness.waiting(lambda: stillness.require_nobody_at_work(on.homes()), wait_s)
    with stillness.of_person(places, wait_s=until - time.monotonic()):
        # The agent is gone now, and its files are free; it starts again when the person logs in, or by the installer.
        return _with_windows(file, log, on)


def windows_command(file: Path, log: Path) -> tuple[str, ...]:
    """Windows Installer without a question and without a restart; what it does is in `log`."""
    program = str(windows_folder() / "System32" / "msiexec.exe")
    return (program, "/i", str(file), "/qn", "/norestart", "/l*v", str(log))


def _with_windows(file: Path, log: Path, on: System) -> Done:
    try:
        on.detach(windows_command(file, log))
    except OSError as error:
        raise InstallFailed("Windows Installer can't be started") from error
    return "handed-over"


def _with_macos(file: Path, on: System) -> Done:
    try:
        status = on.run((_MACOS_INSTALLER, "-pkg", str(file), "-target", "/"))
    except subprocess.TimeoutExpired as error:
        raise InstallFailed("the installer does not end") from error
    except OSError as error:
        raise StorageFailed("the installer can't be started") from error
    if status != 0:
        raise InstallFailed(f"the installer ended with {status}: /var/log/install.log says why")
    return "installed"
