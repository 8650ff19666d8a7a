"""The parts of the .deb that need no bundle. The package itself is looked at in test_installed.py."""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installer.linux import bundle, deb, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux")
SCRIPTS = ("postinst", "prerm", "postrm")


def needs(tool: str) -> str:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"needs tool: {tool}")
    return found


def test_libraries_become_packages_each_once_and_glibc_is_the_stated_one() -> None:
    found = deb.dependencies({"libglib-2.0.so.0": ["a"], "libgthread-2.0.so.0": ["a"], "libX11.so.6": ["b"]})
    assert found[0] == "libc6 (>= 2.36)"
    assert found.count("libglib2.0-0 | libglib2.0-0t64") == 1
    assert "libx11-6" in found


def test_a_library_of_no_known_package_stops_the_build() -> None:
    with pytest.raises(bundle.CannotBuild, match=r"libnew\.so\.9.*window\.so"):
        deb.dependencies({"libnew.so.9": ["window.so"]})


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_has_nothing_to_say_of_the_scripts(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(deb.filled((deb.SCRIPTS / name).read_text()))
    done = subprocess.run([needs("shellcheck"), tmp_path / name], capture_output=True, text=True, check=False)
    # A list of one unit is no mistake.
    found = [code for code in re.findall(r"SC\d+", done.stdout) if code != "SC2043"]
    assert found == [], done.stdout


@pytest.mark.parametrize("name", ["setup", "start-at-login"])
def test_shellcheck_has_nothing_to_say_of_what_is_installed(name: str) -> None:
    done = subprocess.run(
        [needs("shellcheck"), "--shell=sh", tree.FILES / name], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_the_scripts_know_every_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "units", lambda: ["a.service", "a.socket", "b.service", "b.timer"])
    assert deb.filled("@UNITS@;@STARTED@") == "a.socket b.timer;a.service b.service"
    for name in SCRIPTS:
        assert "@" not in re.sub(r'"\$@"', "", deb.filled((deb.SCRIPTS / name).read_text()))


def test_units_that_are_here_are_packaged() -> None:
    assert {"qalamsap-trust-renew.service", "qalamsap-trust-renew.timer"} <= set(tree.units())
    assert all((tree.UNITS / name).is_file() for name in tree.units())


def test_the_moment_is_the_one_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert tree.built_at() == datetime(2026, 1, 1, tzinfo=UTC)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    before = datetime.now(UTC)
    assert tree.built_at(tmp_path) >= before  # no history there


def test_the_entry_that_starts_at_login_is_one() -> None:
    done = subprocess.run(
        [needs("desktop-file-validate"), tree.FILES / "autostart.desktop"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", ["apparmor", "apparmor-desktop"])
def test_apparmor_reads_the_profiles_and_none_of_them_only_reports_by_itself(name: str) -> None:
    assert "flags=" not in (tree.FILES / name).read_text(), (
        "to enforce it would be to change a file of the package's"
    )
    done = subprocess.run(
        [needs("apparmor_parser"), "-Q", "-K", tree.FILES / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_link_that_the_package_makes_has_apparmor_report_only(tmp_path: Path) -> None:
    """And taking it away has it forbid, without a change of the file."""
    for name in ("abi", "abstractions", "tunables"):
        (tmp_path / name).symlink_to(f"/etc/apparmor.d/{name}")
    profile = tmp_path / "qalamsap-desktop"
    shutil.copyfile(tree.FILES / "apparmor-desktop", profile)

    def told() -> str:
        words = [needs("apparmor_parser"), "-Q", "-K", "--base", tmp_path, profile]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    script = f"""
        . '{tree.FILES / "setup"}'; APPARMOR='{tmp_path}' STATE='{tmp_path}/state' CHOICES=/dev/null
        read_choices; report_at_first; keep_note
    """
    subprocess.run(["sh", "-ec", script], check=True)
    link = tmp_path / "force-complain/qalamsap-desktop"
    assert link.resolve() == profile
    assert "forcing complain mode" in told()
    link.unlink()
    subprocess.run(["sh", "-ec", script], check=True)
    assert not link.is_symlink(), "an upgrade does not make it again"
    assert "complain" not in told()


# --- start-at-login ---------------------------------------------------------------------------------------------------


class Desktop:
    """A log-in with a systemd of one's own, or without; what was started is in a list."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        (folder / "bin").mkdir()
        script = (tree.FILES / "start-at-login").read_text()
        agent = "/usr/lib/qalamsap/bin/qalamsap-agent"
        assert agent in script
        self._program(
            folder / "start", script.replace(agent, f"{folder}/bin/agent").removeprefix("#!/bin/sh\n")
        )
        self._program(folder / "bin/agent", f'echo "agent $*" >> {self.log}\n')

    def _program(self, path: Path, text: str) -> None:
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def systemd(self, *, starts: bool) -> None:
        import socket

        (self.folder / "run/systemd").mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self.folder / "run/systemd/private"))
        end = "true" if starts else "false"
        self._program(
            self.folder / "bin/systemctl",
            f'echo "systemctl $*" >> {self.log}\ncase "$*" in *" start "*) {end} ;; esac\n',
        )

    def log_in(self, **environment: str) -> list[str]:
        path = f"{self.folder}/bin:/usr/bin:/bin"
        values = {"PATH": path, "XDG_RUNTIME_DIR": str(self.folder / "run"), **environment}
        subprocess.run([self.folder / "start"], env=values, check=True)
        return self.log.read_text().splitlines()


@pytest.fixture
def desktop(tmp_path: Path) -> Desktop:
    return Desktop(tmp_path)


def test_where_a_person_has_a_systemd_the_agent_is_started_once_and_there(desktop: Desktop) -> None:
    desktop.systemd(starts=True)
    started = desktop.log_in(DISPLAY=":1", LANG="kk_KZ.UTF-8")
    assert started == [
        "systemctl --user import-environment DISPLAY",
        "systemctl --user import-environment LANG",
        "systemctl --user start qalamsap.service",
    ]


def test_the_unit_ends_with_the_session_whose_screen_it_knows() -> None:
    unit = (tree.FILES / "qalamsap.service").read_text().splitlines()
    assert "PartOf=graphical-session.target" in unit
    assert "[Install]" not in unit  # only the entry in /etc/xdg/autostart starts it


def test_where_there_is_none_it_is_started_by_itself(desktop: Desktop) -> None:
    desktop._program(desktop.folder / "bin/systemctl", "exit 9\n")
    assert desktop.log_in(DISPLAY=":1") == ["agent -I -m agent run"]


def test_where_the_unit_can_not_be_started_it_is_started_by_itself(desktop: Desktop) -> None:
    desktop.systemd(starts=False)
    assert desktop.log_in()[-1] == "agent -I -m agent run"
