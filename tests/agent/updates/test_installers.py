"""What "install" means for each kind of installation. Windows' and macOS' installers are played here."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent import paths
from agent.errors import StorageFailed
from agent.instance import Lock
from agent.updates import installers, stillness
from agent.updates.errors import Busy, InstallFailed, UpdatesOff
from agent.updates.installation import Installation
from agent.updates.installers import System
from agent.updates.versions import parse
from tests.support import fake_agent

VERSION = parse("1.1")


class Played:
    """A system whose installers do as they are told. `error` is raised in their place."""

    def __init__(
        self,
        status: int = 0,
        error: Exception | None = None,
        *,
        is_root: bool = True,
        homes: Callable[[], Sequence[Path]] = list,
    ) -> None:
        self.started: list[tuple[str, ...]] = []
        self.status, self.error = status, error
        self.system = System(lambda: is_root, self._run, self._detach, homes)

    def _run(self, command: Sequence[str]) -> int:
        self._detach(command)
        return self.status

    def _detach(self, command: Sequence[str]) -> None:
        if self.error is not None:
            raise self.error
        self.started.append(tuple(command))


def install(played: Played, kind: str, folder: Path, wait_s: float = 0.0) -> str:
    return installers.install(
        folder / "package", VERSION, Installation(kind, kind), paths.resolve(folder / "state"),  # type: ignore[arg-type]
        log=folder / "log", system=played.system, wait_s=wait_s,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["msi", "msi-user"])
def test_windows_installer_is_given_the_package_and_goes_on_alone(kind: str, tmp_path: Path) -> None:
    played = Played()
    assert install(played, kind, tmp_path) == "handed-over"
    ((program, *words),) = played.started
    assert program.endswith("msiexec.exe")
    assert words == ["/i", str(tmp_path / "package"), "/qn", "/norestart", "/l*v", str(tmp_path / "log")]
    Lock.take(paths.resolve(tmp_path / "state").lock).release()


def test_windows_installer_is_not_started_while_an_agent_runs_that_can_not_be_asked(tmp_path: Path) -> None:
    played = Played()
    with Lock.take(paths.resolve(tmp_path / "state").lock), pytest.raises(Busy):
        install(played, "msi-user", tmp_path)
    assert played.started == []


def test_the_package_for_a_whole_computer_waits_for_everybodys_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its helper ends what runs from its folder, whoever's it is."""
    monkeypatch.setattr(stillness, "ASK_EVERY_S", 0.02)
    aliya = tmp_path / "Users" / "aliya"
    played = Played(homes=lambda: [aliya, tmp_path / "Users" / "bolat"])
    window = Lock.take(paths.resolve(paths.state_in_profile(aliya)).desk_lock)
    with pytest.raises(Busy, match="aliya: a window is open"):
        install(played, "msi", tmp_path)
    assert played.started == []
    threading.Timer(0.2, window.release).start()
    assert install(played, "msi", tmp_path, wait_s=fake_agent.LIMIT_S) == "handed-over"
    assert len(played.started) == 1


def test_the_package_for_one_person_asks_nobody_else(tmp_path: Path) -> None:
    def refuse() -> Sequence[Path]:
        raise AssertionError("somebody else was asked")

    assert install(Played(homes=refuse), "msi-user", tmp_path) == "handed-over"


def test_where_nobody_knows_who_works_there_nothing_is_installed(tmp_path: Path) -> None:
    def refuse() -> Sequence[Path]:
        raise Busy("who has a profile on this computer can't be read")

    played = Played(homes=refuse)
    began = time.monotonic()
    with pytest.raises(Busy, match="can't be read"):
        install(played, "msi", tmp_path, wait_s=0.1)
    assert time.monotonic() - began >= 0.1
    assert played.started == []


def test_windows_installer_that_does_not_start_is_told(tmp_path: Path) -> None:
    with pytest.raises(InstallFailed, match="can't be started"):
        install(Played(error=OSError()), "msi", tmp_path)


def test_macos_installer_is_run_to_its_end(tmp_path: Path) -> None:
    played = Played()
    assert install(played, "pkg", tmp_path) == "installed"
    assert played.started == [("/usr/sbin/installer", "-pkg", str(tmp_path / "package"), "-target", "/")]


@pytest.mark.parametrize(
    ("played", "error", "words"),
    [
        (Played(1), InstallFailed, "ended with 1"),
        (Played(error=subprocess.TimeoutExpired("installer", 1)), InstallFailed, "does not end"),
        (Played(error=OSError()), StorageFailed, "can't be started"),
        (Played(is_root=False), UpdatesOff, f"sudo -H '{sys.prefix}/bin/qalamsap' update install"),
    ],
)
def test_what_goes_wrong_with_it_is_told(
    played: Played, error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        install(played, "pkg", tmp_path)


def test_the_package_for_a_whole_computer_takes_an_administrator_and_ends_no_agent_before(
    tmp_path: Path,
) -> None:
    played = Played(is_root=False)
    with pytest.raises(UpdatesOff, match="an administrator runs qalamsap update install"):
        install(played, "msi", tmp_path)
    assert played.started == []
    assert install(played, "msi-user", tmp_path) == "handed-over"


@pytest.mark.parametrize("kind", ["deb", "rpm", "source"])
def test_nothing_is_started_where_others_bring_new_versions(kind: str, tmp_path: Path) -> None:
    played = Played()
    with pytest.raises(UpdatesOff):
        install(played, kind, tmp_path)
    assert played.started == []


def test_an_appimage_that_does_not_know_its_file_says_so() -> None:
    with pytest.raises(UpdatesOff, match="start the AppImage itself"):
        installers.require(Installation("appimage", "appimage-x86_64"))


def test_an_appimage_in_a_folder_of_somebody_else_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.updates.installers.os.access", lambda place, _mode: place != tmp_path)
    with pytest.raises(UpdatesOff, match="not yours to replace"):
        installers.require(Installation("appimage", "appimage-x86_64", tmp_path / "Q"))


@pytest.mark.service
def test_an_appimage_is_swapped(tmp_path: Path) -> None:
    current = fake_agent.write(tmp_path / "bin" / "Q", "1.0")
    new = fake_agent.write(tmp_path / "new", "1.1")
    done = installers.install(
        new,
        VERSION,
        Installation("appimage", "appimage-x86_64", current),
        paths.resolve(tmp_path / "state"),
        log=tmp_path / "log",
    )
    assert done == "installed"
    assert current.read_bytes() == new.read_bytes()


def test_the_real_system_runs_programs(tmp_path: Path) -> None:
    real = System()
    assert real.run(("/bin/sh", "-c", "exit 3")) == 3
    assert real.is_root() in (True, False)
    mark = tmp_path / "mark"
    real.detach(("/bin/sh", "-c", f"touch {mark}"))
    fake_agent.wait_until(mark.exists)
