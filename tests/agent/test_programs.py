"""How our own programs are started."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent import paths, programs


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package of ours, which this program takes itself to run from."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_bytes(b"")
    (tmp_path / programs.MARKER).write_text("deb\n")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python3"))
    return tmp_path


def test_from_source_it_is_the_interpreter_that_runs_this() -> None:
    assert programs.packaged_as() is None
    assert programs.worker("--offline") == (sys.executable, "-m", "agent", "worker", "--offline")
    assert programs.window("--theme", "dark") == (sys.executable, "-m", "tray", "window", "--theme", "dark")
    assert programs.desk() == (sys.executable, "-m", "tray", "desk")
    assert programs.icon() == (sys.executable, "-m", "tray", "icon")
    assert programs.broker("--port", "1") == (sys.executable, "-m", "agent.broker", "--port", "1")
    assert programs.browser("https://a/") == (sys.executable, "-m", "webbrowser", "https://a/")
    assert programs.renderer() == (sys.executable, "-P", "-m", "agent.renderer")
    assert programs.renderer_environment(paths.CODE_ROOT) == {"PYTHONPATH": str(paths.CODE_ROOT)}


def test_the_agents_command_line_starts_the_agent() -> None:
    done = subprocess.run(
        programs.agent("version"),
        cwd=paths.CODE_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.startswith("qalamsap ")) == (0, True), done.stderr


def test_a_few_lines_get_their_words() -> None:
    done = subprocess.run(
        programs.script("import sys; print(sys.argv[1:])", "a b", "c"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "['a b', 'c']\n"


def test_in_a_package_the_interpreter_is_isolated(package: Path) -> None:
    python = str(package / "bin/python3")
    assert programs.worker() == (python, "-I", "-m", "agent", "worker")
    assert programs.renderer("single") == (python, "-I", "-m", "agent.renderer", "single")
    assert programs.script("pass") == (python, "-I", "-c", "pass")
    assert programs.renderer_environment(package) == {}


@pytest.mark.skipif(sys.platform == "win32", reason="names of Windows end in .exe")
def test_in_a_package_each_kind_of_process_has_its_own_name_where_there_is_one(package: Path) -> None:
    (package / "bin/qalamsap-worker").write_bytes(b"")
    assert programs.worker()[0] == str(package / "bin/qalamsap-worker")
    assert programs.window()[0] == str(package / "bin/python3")


@pytest.mark.parametrize("word", ["deb", "rpm", "appimage", "msi", "pkg"])
def test_a_package_says_how_it_is_packaged(package: Path, word: str) -> None:
    (package / programs.MARKER).write_text(word)
    assert programs.packaged_as() == word
    assert programs.is_kept_by_system() == (word in {"deb", "rpm"})


@pytest.mark.parametrize("octets", [b"", b"debian", b"\xff\xfe", b"deb rpm"])
def test_another_word_is_no_package_of_ours(package: Path, octets: bytes) -> None:
    (package / programs.MARKER).write_bytes(octets)
    assert programs.packaged_as() is None
    assert not programs.is_kept_by_system()


def test_what_desktops_start_is_there_and_starts_the_agent() -> None:
    command = programs.command("version")
    assert Path(command[0]).is_file()
    done = subprocess.run(
        command, cwd=paths.CODE_ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.startswith("qalamsap ")) == (0, True), done.stderr


def test_on_windows_desktops_start_the_launcher_that_opens_no_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_STARTED", "qalamsapw.exe")
    for name in ("qalamsap.exe", "qalamsapw.exe", "python.exe"):
        (tmp_path / name).touch()
    started = programs.command("run", executable=str(tmp_path / "python.exe"), environment={})
    assert started == (str(tmp_path / "qalamsapw.exe"), "run")


def test_without_a_command_of_ours_desktops_start_the_interpreter(tmp_path: Path) -> None:
    found = programs.command("run", executable=str(tmp_path / "python3"))
    assert found == (sys.executable, "-m", "agent", "run")


@pytest.mark.skipif(sys.platform == "win32", reason="the system's command is a link")
def test_the_systems_command_is_shown_where_it_leads_to_ours(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, linked = package / "bin/qalamsap", tmp_path / "usr-bin"
    ours.write_bytes(b"")
    monkeypatch.setattr(programs, "_SYSTEM_COMMAND", linked)
    assert programs.command("run") == (str(ours), "run")
    linked.symlink_to(ours)
    assert programs.command("run") == (str(linked), "run")


def test_an_appimage_is_started_as_the_file_that_it_is(package: Path) -> None:
    (package / "bin/qalamsap").write_bytes(b"")
    image = {"APPIMAGE": "/home/a/Qalamsap.AppImage"}
    assert (
        programs.command("run", environment=image)[0] != image["APPIMAGE"]
    )  # some other AppImage started us
    (package / programs.MARKER).write_text("appimage")
    assert programs.command("run", environment=image) == (image["APPIMAGE"], "run")
