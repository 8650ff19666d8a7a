"""`qalamsap update`, as an administrator types it."""

import json
from pathlib import Path

import pytest

from agent.updates import installation, trusted_root
from agent.updates.installation import Installation
from tests.support import fake_agent
from tests.support.command_line import CommandLine
from tests.support.updates import PACKAGE, Made


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A repository whose root this program has."""
    found = Made(tmp_path / "work")
    root = found.root
    monkeypatch.setattr(trusted_root, "read", lambda: root)
    monkeypatch.setattr("agent.daemon.version", lambda: "1.0")
    return found


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This program, as an AppImage."""
    file = fake_agent.write(tmp_path / "bin" / "Q.AppImage", "1.0")
    monkeypatch.setattr(installation, "this_one", lambda: Installation("appimage", PACKAGE, file))
    return file


def update(run: CommandLine, verb: str, made: Made | None, *words: object) -> int:
    place = ("--from", made.repository) if made else ()
    return run("update", verb, *place, *words, "--state-dir", run.folder / "state")


def release(made: Made, version: str = "1.1", **more: object) -> None:
    file = fake_agent.write(made.work / f"program-{version}", version)
    made.release(version, file.read_bytes(), **more)  # type: ignore[arg-type]


def test_this_very_program_is_brought_up_to_date_elsewhere_and_it_says_where(
    run: CommandLine, made: Made
) -> None:
    assert update(run, "check", made) == 7
    assert "git pull, pip install --upgrade" in run.err
    assert update(run, "install", made) == 7
    assert update(run, "install", made, "--background") == 0
    assert (run.out, run.err) == ("", "")
    assert update(run, "status", None) == 0
    assert "no updates: this program runs from source" in run.out


def test_a_newer_version_is_announced(run: CommandLine, made: Made, image: Path) -> None:
    assert update(run, "check", made) == 0
    assert run.out == "this is the newest version for this computer\n"
    release(made, is_security=True, notes="https://x.kz/1.1")
    assert update(run, "check", made) == 0
    assert run.out.startswith("version 1.1 is there (")
    assert ", it closes a hole, https://x.kz/1.1): qalamsap update install" in run.out
    assert update(run, "check", made, "--json") == 0
    found = json.loads(run.out)
    assert (found["outcome"], found["release"]["version"], found["release"]["security"]) == (
        "available",
        "1.1",
        True,
    )
    assert image.read_bytes().count(b"1.1") == 0


def test_a_version_that_waits_says_until_when(run: CommandLine, made: Made, image: Path) -> None:
    release(made)
    (run.folder / "state").mkdir()
    (run.folder / "state" / "config.toml").write_text("update_deferral_days = 3\n")
    assert update(run, "check", made) == 0
    assert "version 1.1 (" in run.out
    assert ") waits for the days of deferral until 20" in run.out
    assert update(run, "install", made) == 0
    assert "waits for" in run.out
    assert update(run, "install", made, "--json") == 0
    assert json.loads(run.out)["outcome"] == "waits"
    assert update(run, "check", made, "--now") == 0
    assert "is there" in run.out


@pytest.mark.service
def test_it_is_installed(run: CommandLine, made: Made, image: Path) -> None:
    release(made)
    assert update(run, "install", made, "--wait", "1") == 0
    assert run.out == "version 1.1 is installed\n"
    assert b"'1.1'" in image.read_bytes()
    assert update(run, "status", None) == 0
    assert "last look:  20" in run.out
    assert "version 1.1 was installed" in run.out
    assert "root:       version 1, good until 20" in run.out


@pytest.mark.service
def test_it_is_installed_in_the_background(run: CommandLine, made: Made, image: Path) -> None:
    assert update(run, "install", made, "--background") == 0
    assert run.out == ""
    release(made)
    assert update(run, "install", made, "--background", "--json") == 0
    assert json.loads(run.out)["outcome"] == "installed"
    told = (run.folder / "state" / "agent.log").read_text()
    assert "1601 INFO agent.updates.updating: an update was installed outcome=installed version=1.1" in told


@pytest.mark.service
def test_an_approval_is_waited_for_until_another_day(run: CommandLine, made: Made, image: Path) -> None:
    release(made)
    fake_agent.write(image, "1.0", busy=True)
    with fake_agent.running(image, run.folder / "state"):
        assert update(run, "install", made) == 7
        assert run.err == "qalamsap update: an approval runs\n"
        assert update(run, "install", made, "--background") == 0
        assert fake_agent.version_of(run.folder / "state") == "1.0"


def test_a_repository_that_lies_is_told_as_a_failure(run: CommandLine, made: Made, image: Path) -> None:
    release(made)
    (found,) = (made.repository / "targets" / "stable" / "1.1").iterdir()
    found.write_bytes(found.read_bytes().replace(b"1.1", b"6.6"))
    assert update(run, "install", made) == 1
    assert "altered: stable/1.1/" in run.err
    assert update(run, "install", made, "--background") == 1
    assert update(run, "status", None, "--json") == 0
    status = json.loads(run.out)
    assert (status["record"]["outcome"], status["record"]["code"], status["installed"]) == (
        "failed",
        "altered",
        "1.0",
    )


def test_no_network_is_not_possible_now(run: CommandLine, made: Made, image: Path) -> None:
    assert run("update", "check", "--from", run.folder / "nowhere", "--state-dir", run.folder / "state") == 7
    assert "is no repository, or is not there" in run.err


def test_a_package_is_written_for_other_ways_of_installing(run: CommandLine, made: Made, image: Path) -> None:
    made.release("1.1", b"a package", package="deb-amd64")
    assert update(run, "download", made, "--package", "deb-amd64", "--to", run.folder / "out") == 0
    file = run.folder / "out" / "qalamsap-1.1.bin"
    assert run.out == f"{file}\n"
    assert file.read_bytes() == b"a package"
    assert update(run, "download", made, "--to", run.folder / "out") == 7
    assert "there is no appimage-x86_64 in this channel" in run.err


@pytest.mark.parametrize("place", ["http://x.kz/", "ftp://x.kz/"])
def test_a_place_that_is_none_is_bad_input(run: CommandLine, place: str) -> None:
    assert run("update", "check", "--from", place) == 5
    assert "expected an https URL or the path of a folder" in run.err


def test_without_a_verb_it_says_which_there_are(run: CommandLine) -> None:
    assert run("update") == 64
    assert run("update", "--help") == 0
    for verb in ("check", "install", "download", "status"):
        assert verb in run.out


def test_the_clients_library_is_loaded_by_nothing_else() -> None:
    import subprocess
    import sys

    code = "import sys, agent.__main__, agent.daemon; sys.exit('tuf' in sys.modules or 'agent.updates' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3]).returncode
        == 0
    )
