"""./dev and what CI calls: what they install, what they run and in which order, what they remove, how they end."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from demo import scenario, screen
from demo.cast import DemoFailed
from tests.support.program_lines import next_line

ROOT = Path(__file__).resolve().parent.parent
POSIX_ONLY = pytest.mark.skipif(os.name != "posix", reason="POSIX shells and signals")
LIMIT_S = 30


def options(*words: str, monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    monkeypatch.setattr(sys, "argv", ["dev", *words])
    return dev.parse()


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


# --- Debian packages ----------------------------------------------------------------------------------------------


class Debian:
    """A Debian of which only the package manager is there: which packages it has, and what it was asked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.asked = folder, folder / "asked"
        program(folder, "dpkg-query", f'[ -e "{folder}/has-$4" ] && printf "install ok installed"')
        program(
            folder,
            "apt-get",
            f'echo "$@" >> "{self.asked}"\n'
            f'for word; do [ ! -e "{folder}/lacks-$word" ] || {{ echo "no package $word"; exit 100; }}; done',
        )
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(dev, "is_ubuntu", lambda: False)

    def has(self, *names: str) -> None:
        for name in names:
            (self.folder / f"has-{name}").touch()

    def lacks(self, *names: str) -> None:
        for name in names:
            (self.folder / f"lacks-{name}").touch()

    def commands(self) -> list[str]:
        return self.asked.read_text(encoding="utf-8").splitlines() if self.asked.exists() else []


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Debian:
    return Debian(tmp_path, monkeypatch)


@POSIX_ONLY
def test_where_nothing_is_missing_the_package_manager_is_left_alone(debian: Debian, capsys) -> None:
    debian.has("xauth", "dbus")
    dev.install_debian_packages(["xauth", "dbus"])
    assert debian.commands() == []
    assert "nothing is missing" in capsys.readouterr().out


@POSIX_ONLY
def test_missing_packages_are_named_and_installed_in_one_step(debian: Debian, capfd) -> None:
    debian.has("xauth")
    dev.install_debian_packages(["xauth", "libegl1", "dbus"])
    update, install = debian.commands()
    assert update.startswith("update")
    assert install.endswith(" libegl1 dbus")
    assert "installing 2 Debian packages (some minutes): libegl1 dbus" in capfd.readouterr().out


@POSIX_ONLY
def test_a_package_that_cannot_be_had_is_named_and_the_others_are_installed(debian: Debian, capfd) -> None:
    debian.lacks("gone")
    dev.install_debian_packages(["libegl1", "gone", "dbus"])
    assert [command.split()[-1] for command in debian.commands()[2:]] == ["libegl1", "gone", "dbus"]
    output = capfd.readouterr()
    assert "could not install: gone. What needs them says so below" in output.out
    assert "no package gone" in output.err


@POSIX_ONLY
def test_without_root_and_sudo_it_says_what_an_administrator_has_to_run(
    debian: Debian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(debian.folder))
    with pytest.raises(SystemExit, match="As root, run: apt-get install libegl1 dbus"):
        dev.install_debian_packages(["libegl1", "dbus"])
    assert debian.commands() == []


@POSIX_ONLY
def test_a_refusing_sudo_is_told(debian: Debian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    program(debian.folder, "sudo", "exit 1")
    with pytest.raises(SystemExit, match="sudo refused"):
        dev.install_debian_packages(["libegl1"])


@POSIX_ONLY
def test_on_ubuntu_browsers_are_no_debian_packages_and_it_says_so(
    debian: Debian, monkeypatch: pytest.MonkeyPatch, capfd
) -> None:
    monkeypatch.setattr(dev, "is_ubuntu", lambda: True)
    monkeypatch.setattr(dev, "has_program", lambda _name: False)
    dev.install_debian_packages(["chromium", "chromium-driver", "firefox-esr", "dbus"])
    assert debian.commands()[-1].endswith("DPkg::Lock::Timeout=120 dbus")
    assert "snaps only" in capfd.readouterr().out


def test_other_systems_are_told_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    dev.install_debian_packages(["libegl1"])
    assert "install the equivalents of: libegl1" in capsys.readouterr().out
    monkeypatch.setattr(sys, "platform", "win32")
    dev.install_debian_packages(["libegl1"])
    assert "on win32 no system packages are installed; all this is untested there" in capsys.readouterr().out


def test_a_library_renamed_for_its_time_t_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "is_installed", lambda name: name == "libnettle8t64")
    assert dev.is_here("libnettle8")
    assert not dev.is_here("libhogweed6")


@POSIX_ONLY
def test_a_program_from_elsewhere_counts_but_a_snap_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "is_installed", lambda _name: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not dev.is_here("nodejs")
    program(tmp_path, "node", "exit 0")
    assert dev.is_here("nodejs")
    program(tmp_path, "snap", "exit 0")
    (tmp_path / "chromium").symlink_to("snap")
    assert not dev.is_here("chromium")


def test_python_headers_count_wherever_they_come_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dev, "is_installed", lambda _name: False)
    monkeypatch.setattr(dev, "python_header", lambda: tmp_path / "Python.h")
    package = f"libpython3.{sys.version_info.minor}-dev"
    assert not dev.is_here(package)
    (tmp_path / "Python.h").touch()
    assert dev.is_here(package)


def test_the_demo_installs_what_it_needs_and_no_tool_of_the_tests() -> None:
    packages = dev.demo_packages()
    assert {"chromium", "chromium-driver", "libnss3-tools", "xvfb", "gcc"} <= set(packages)
    assert set(packages).isdisjoint(dev.TEST_PACKAGES)
    assert set(dev.quick_packages()).isdisjoint([*dev.BROWSER_PACKAGES, *dev.STAGE_PACKAGES])


# --- the environment -----------------------------------------------------------------------------------------------


def test_the_environment_is_made_again_when_what_it_is_made_from_changes(tmp_path: Path) -> None:
    sources = tmp_path / "agent" / "gost" / "src"
    sources.mkdir(parents=True)
    for path in (tmp_path / "pyproject.toml", tmp_path / "setup.py", sources / "module.c"):
        path.write_text("1", encoding="utf-8")
    seen = {dev.fingerprint(tmp_path, can_compile=True)}
    for path in (tmp_path / "pyproject.toml", tmp_path / "setup.py", sources / "module.c"):
        path.write_text("2", encoding="utf-8")
        seen.add(dev.fingerprint(tmp_path, can_compile=True))
    seen.add(dev.fingerprint(tmp_path, can_compile=False))
    assert len(seen) == 5
    assert dev.fingerprint(tmp_path, can_compile=False) in seen


def test_an_environment_of_another_python_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "PYTHON", tmp_path / "python")
    assert not dev.is_own_environment()
    monkeypatch.setattr(dev, "PYTHON", Path(sys.executable))
    assert dev.is_own_environment()
    monkeypatch.setattr(sys, "version", "4.0")
    assert not dev.is_own_environment()


def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fails: str = "") -> list[str]:
    """Which commands make an environment in a folder where none is; one that contains `fails` fails."""
    commands = []

    def call(command, **_options) -> int:
        commands.append(" ".join(map(str, command)))
        return 1 if fails and fails in commands[-1] else 0

    monkeypatch.setattr(dev, "call", call)
    monkeypatch.setattr(dev, "PYTHON", tmp_path / "python")
    monkeypatch.setattr(dev, "STAMP", tmp_path / "stamp")
    dev.make_environment()
    return commands


def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(dev, "can_compile", lambda: True)
    venv, upgrade, install = made(tmp_path, monkeypatch)
    assert "-m venv" in venv
    assert "--upgrade pip" in upgrade
    assert install.endswith("--editable .[tray,demo,test]")
    monkeypatch.setattr(dev, "is_own_environment", lambda: True)
    monkeypatch.setattr(dev, "has_extension", lambda: True)
    assert made(tmp_path, monkeypatch) == []
    assert "up to date" in capsys.readouterr().out
    monkeypatch.setattr(dev, "has_extension", lambda: False)  # somebody removed it
    assert len(made(tmp_path, monkeypatch)) == 2


@pytest.mark.parametrize(
    ("fails", "sentence"),
    [
        ("-m venv", "could not make a virtual environment"),
        ("--upgrade pip", "is the package index reachable"),
        ("--editable", "libraries could not be installed"),
    ],
)
def test_what_fails_is_said_and_the_environment_does_not_count(
    fails: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=sentence):
        made(tmp_path, monkeypatch, fails=fails)
    assert not (tmp_path / "stamp").exists()


def test_without_a_compiler_it_says_that_gost_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(dev, "can_compile", lambda: False)
    monkeypatch.setattr(dev, "has_extension", lambda: False)
    made(tmp_path, monkeypatch)
    assert "GOST runs in Python" in capsys.readouterr().out


# --- running programs -----------------------------------------------------------------------------------------------


def test_a_quiet_program_is_heard_only_when_it_fails(capfd) -> None:
    speak = [sys.executable, "-c", "import sys; print('words'); sys.exit(int(sys.argv[1]))"]
    assert dev.call([*speak, "0"], quiet=True) == 0
    assert capfd.readouterr() == ("", "")
    assert dev.call([*speak, "3"], quiet=True) == 3
    assert capfd.readouterr().err == "words\n"
    assert dev.call([*speak, "0"]) == 0
    assert capfd.readouterr().out == "words\n"


SLOW_TO_END = """
import pathlib, signal, sys, time
try:
    print("ready", flush=True)
    signal.pause()
except KeyboardInterrupt:
    time.sleep(1)  # longer than Python itself would wait for it
    pathlib.Path(sys.argv[1]).write_text("ended in order")
"""


@POSIX_ONLY
def test_ctrl_c_leaves_a_program_the_time_to_end_what_it_started(tmp_path: Path) -> None:
    inner = [sys.executable, "-c", SLOW_TO_END, str(tmp_path / "note")]
    outer = f"import dev\ntry:\n    dev.call({inner!r})\nexcept KeyboardInterrupt:\n    print('stopped')"
    with subprocess.Popen(
        [sys.executable, "-c", outer], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            assert next_line(process.stdout, LIMIT_S) == "ready\n"
            os.killpg(process.pid, signal.SIGINT)
            assert process.communicate(timeout=LIMIT_S)[0] == "stopped\n"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert (tmp_path / "note").read_text(encoding="utf-8") == "ended in order"


@POSIX_ONLY
@pytest.mark.parametrize("python", ["", "python3"])
def test_without_a_python_that_is_new_enough_dev_says_what_it_needs(python: str, tmp_path: Path) -> None:
    (tmp_path / "dirname").symlink_to(shutil.which("dirname") or "")
    if python:
        program(tmp_path, python, "exit 1")
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "dev"), "demo"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "dev: Qalamsap needs Python 3.11 or newer. Install it and run ./dev again.\n"


# --- the commands ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["fly"], []])
def test_an_unknown_command_is_wrong_usage(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        options(*command, monkeypatch=monkeypatch)
    assert ended.value.code == 2


def test_paths_are_taken_from_where_dev_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert options("demo", "--out", "here", monkeypatch=monkeypatch).out == tmp_path / "here"
    assert options("test", "--vectors", "v", monkeypatch=monkeypatch).vectors == tmp_path / "v"


def test_a_play_starts_afresh_beside_what_a_person_did(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = options("demo", monkeypatch=monkeypatch)
    played, person = (dev.scenario_arguments(asked, auto=auto) for auto in (True, False))
    assert played[-1] == "--auto"
    assert "--auto" not in person
    state = played.index("--state") + 1
    assert played[state] != person[state]
    assert Path(played[state]).parent == Path(person[state]).parent == ROOT / ".demo"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="a display is always there")
def test_a_display_is_seen_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not dev.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert dev.has_display()


def run_checks(monkeypatch: pytest.MonkeyPatch, *words: str, fails: str = "") -> tuple[int, list[str]]:
    """Exit code of ./dev test, and which checks it ran."""
    ran = []

    def call(command, **_options) -> int:
        ran.append(command[2] + (" format" if "format" in command else ""))
        return 1 if ran[-1] == fails else 0

    monkeypatch.setattr(dev, "call", call)
    monkeypatch.setattr(dev, "set_up", lambda _packages: None)
    return dev.test(options("test", *words, monkeypatch=monkeypatch)), ran


CHECKS = ["ruff", "ruff format", "mypy", "pytest", "pytest"]


def test_lint_format_types_and_tests_run_in_this_order(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    assert run_checks(monkeypatch) == (0, CHECKS)
    assert "dev: all passed, in " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fails", "name"),
    [("ruff", "lint"), ("ruff format", "format"), ("mypy", "types"), ("pytest", "units, tests")],
)
def test_one_failed_check_fails_the_whole_and_the_others_still_run(
    fails: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    assert run_checks(monkeypatch, fails=fails) == (1, CHECKS)
    assert f"dev: failed: {name}, in " in capsys.readouterr().out


def test_options_reach_pytest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def chosen(*words: str) -> list[list[str]]:
        runs = dev.runs_of_pytest(options("test", *words, monkeypatch=monkeypatch))
        return [given for _, given in runs]

    for words in chosen():
        assert "--durations=20" in words
        assert "--strict-tools" not in words
    for words in chosen("--strict", "--vectors", str(tmp_path)):
        assert {"--strict-tools", "-ra", f"--vectors={tmp_path}"} <= set(words)
    (only,) = chosen("--", "-k", "word")
    assert only[-2:] == ["-k", "word"]


def test_each_test_belongs_to_one_run_and_the_quick_one_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    (units, rest) = dev.runs_of_pytest(options("test", monkeypatch=monkeypatch))
    assert units[0] == "units"
    assert units[1][-2:] == ["-m", "unit"]
    assert rest[1][-2:] == ["-m", "not unit"]
    assert "--numprocesses=auto" not in rest[1]
    assert dev.runs_of_pytest(options("test", "--quick", monkeypatch=monkeypatch)) == [("tests", units[1])]


@pytest.mark.parametrize(
    ("fails", "code", "commands"),
    [("", 0, ["sbom", "licences"]), ("sbom", 1, ["sbom"]), ("licences", 1, ["sbom", "licences"])],
)
def test_the_bill_of_materials_is_followed_by_the_licences_unless_it_fails(
    fails: str, code: int, commands: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = []

    def call(command, **_options) -> int:
        ran.append(command[3])
        assert str(tmp_path) in " ".join(command)
        return 1 if command[3] == fails else 0

    monkeypatch.setattr(dev, "call", call)
    monkeypatch.setattr(dev, "make_environment", lambda: None)
    assert dev.sbom(options("sbom", "--out", str(tmp_path), monkeypatch=monkeypatch)) == code
    assert ran == commands


def test_ctrl_c_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def interrupted(_arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(dev, "test", interrupted)
    monkeypatch.setattr(sys, "argv", ["dev", "test"])
    assert dev.main() == dev.INTERRUPTED
    assert capsys.readouterr().out == "dev: stopped\n"


def test_clean_removes_what_was_made_and_nothing_else(tmp_path: Path, capsys) -> None:
    kept = [tmp_path / "agent/gost/src/module.c", tmp_path / "tests/vectors/keys", tmp_path / "README.md"]
    gone = [
        tmp_path / ".venv/bin/python",
        tmp_path / ".demo/person/portal/portal.sqlite3",
        tmp_path / "artefacts/demo/act.pdf",
        tmp_path / "qalamsap.egg-info/PKG-INFO",
        tmp_path / "agent/gost/_native.abi3.so",
        tmp_path / "agent/gost/__pycache__/digest.pyc",
    ]
    for path in (*kept, *gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert dev.clean(tmp_path) == 0
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(kept)
    assert not (tmp_path / ".venv").exists()
    assert "removing .demo" in capsys.readouterr().out
    assert dev.clean(tmp_path) == 0


def test_what_cannot_be_removed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> None:
        raise PermissionError("not yours")

    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(SystemExit, match="could not remove it: not yours"):
        dev.clean(tmp_path)


# --- CI ----------------------------------------------------------------------------------------------------------------


@POSIX_ONLY
@pytest.mark.parametrize("published", [True, False])
def test_ci_calls_the_readmes_command_with_the_vectors_that_lie_beside_it(
    published: bool, tmp_path: Path
) -> None:
    if shutil.which("bash") is None:
        pytest.skip("needs tool: bash")
    clone = tmp_path / "clone"
    (clone / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", clone / ".ci" / "run")
    program(clone, "dev", 'echo "$@"; exit 7')
    if published:
        (tmp_path / "shared" / "vectors").mkdir(parents=True)
    done = subprocess.run(
        [clone / ".ci" / "run"], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    vectors = " --vectors ../shared/vectors" if published else ""
    assert (done.returncode, done.stdout) == (7, f"test --strict{vectors}\n")


def test_the_readme_names_only_commands_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("./dev demo", "./dev test", "./dev clean", "./dev test --quick"):
        assert command in readme
        options(*command.split()[1:], monkeypatch=monkeypatch)


# --- demo.scenario: what ./dev demo runs -----------------------------------------------------------------------------


def run_scenario(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *words: str) -> int:
    places = ["--state", str(tmp_path / "state"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["demo.scenario", *places, *words])
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    return scenario.main()


def test_missing_programs_of_the_play_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    pytest.importorskip("selenium", reason="needs tool: selenium")
    monkeypatch.setattr(screen.shutil, "which", lambda _name: None)
    assert run_scenario(monkeypatch, tmp_path, "--auto") == 1
    assert "Xvfb, openbox, xdotool, scrot" in capsys.readouterr().err


def test_what_went_wrong_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    def failing(_state: Path, port: int) -> None:
        raise DemoFailed(f"port {port} is held by another program")

    monkeypatch.setattr(scenario, "invite", failing)
    assert run_scenario(monkeypatch, tmp_path) == 1
    assert capsys.readouterr().err == "demo: port 13579 is held by another program\n"


def test_ctrl_c_ends_the_demo_in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    def interrupted(_state: Path, _port: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scenario, "invite", interrupted)
    assert run_scenario(monkeypatch, tmp_path, "--port", "0") == 0
    assert "demo: stopped" in capsys.readouterr().out
