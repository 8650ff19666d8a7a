"""An agent that serves pages brings itself up to date: the real program, as one file, from a repository in a folder."""

import os
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from agent import control, paths
from agent.localhost import identity
from protocol.control import Command, State
from tests.support import fake_agent
from tests.support.updates import PACKAGE, Made

pytestmark = [pytest.mark.service, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]

# The real agent, packaged as an AppImage is: one file that runs from a folder of its own. Only its version is played.
_TEXT = """#!{python} -I
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from agent import daemon, programs
from agent.updates import installation, trusted_root
daemon.version = lambda: {version!r}
trusted_root.read = lambda: Path({trusted!r}).read_bytes()
real = installation.this_one
installation.this_one = lambda: installation.Installation("appimage", {package!r}, Path({image!r}))
{fault}
from agent.__main__ import main
sys.exit(main())
"""


def image(file: Path, version: str, made: Made, place: Path, fault: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        _TEXT.format(
            python=sys.executable, root=str(ROOT), version=version, package=PACKAGE, image=str(place), fault=fault,
            trusted=str(made.metadata / "1.root.json"),
        )
    )  # fmt: skip
    file.chmod(0o755)
    return file


def state(folder: Path) -> State:
    answer = control.ask(paths.resolve(folder).control_socket, Command("query"))
    assert isinstance(answer, State)
    return answer


def answers_pages(folder: Path) -> bool:
    current = identity.current(folder / "tls")
    assert current is not None
    trusting = ssl.create_default_context(cafile=current.authority_path)
    address = f"https://127.0.0.1:{state(folder).port}/"
    with urllib.request.urlopen(address, context=trusting, timeout=20) as page:
        return "Қаламсап" in page.read().decode()


def test_a_running_agent_becomes_the_next_version_and_then_not_the_broken_one(tmp_path: Path) -> None:
    made = Made(tmp_path / "work")
    folder = tmp_path / "state"
    program = image(
        tmp_path / "bin" / "Qalamsap.AppImage", "1.0", made, tmp_path / "bin" / "Qalamsap.AppImage"
    )
    environment = {**os.environ, "HOME": str(tmp_path)}

    def update() -> "subprocess.CompletedProcess[str]":
        words = [
            str(program),
            "update",
            "install",
            "--from",
            str(made.repository),
            "--state-dir",
            str(folder),
        ]
        return subprocess.run(
            words, env=environment, capture_output=True, text=True, timeout=240, check=False
        )

    with subprocess.Popen(
        [str(program), "run", "--state-dir", str(folder), "--port", "0", "--tray", "off"],
        env=environment, stdout=subprocess.DEVNULL,
    ):  # fmt: skip
        try:
            fake_agent.wait_until(lambda: fake_agent.version_of(folder) == "1.0")
            assert answers_pages(folder)
            made.release("1.1", image(tmp_path / "next", "1.1", made, program).read_bytes())
            done = update()
            assert (done.returncode, done.stdout) == (0, "version 1.1 is installed\n"), done.stderr
            assert state(folder).version == "1.1"
            assert answers_pages(folder)

            broken = image(tmp_path / "broken", "1.2", made, program, 'assert "run" not in sys.argv')
            made.release("1.2", broken.read_bytes())
            done = update()
            assert done.returncode == 1
            assert "version 1.2 did not start: the one before is in its place again" in done.stderr
            fake_agent.wait_until(lambda: fake_agent.version_of(folder) == "1.1")
            assert answers_pages(folder)
            assert update().stdout == "this is the newest version for this computer\n"
            assert [each.name for each in program.parent.iterdir()] == [program.name]
        finally:
            if fake_agent.version_of(folder):
                control.ask(paths.resolve(folder).control_socket, Command("quit"))
