"""The scripts of the macOS package, run with a folder for the disk and with macOS' own commands played."""

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.trusting import tree

MACOS = Path(__file__).resolve().parents[3] / "installer/macos"
# Two people at the screen, the login window itself, and somebody whose programs are of no interest.
PROCESSES = """\
  501 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
    0 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
  502 /System/Library/CoreServices/loginwindow.app/Contents/MacOS/loginwindow
  503 /bin/zsh
"""


@dataclasses.dataclass(frozen=True)
class Mac:
    disk: Path
    commands: Path

    @property
    def app(self) -> Path:
        return self.disk / "Applications/Qalamsap.app"

    @property
    def state(self) -> Path:
        return self.disk / "Library/Application Support/qalamsap"

    @property
    def calls(self) -> list[str]:
        log = self.commands / "log"
        return log.read_text().splitlines() if log.exists() else []

    def play(self, name: str, body: str = "") -> None:
        """A command that notes how it was called."""
        _program(self.commands / name, f'echo "{name} $*" >>"{self.commands}/log"\n{body}')

    def program(self, body: str = "") -> None:
        """Our own, in the place where the package puts it."""
        _program(
            self.state / "runtime/bin/qalamsap-agent",
            f'echo "agent $*" >>"{self.commands}/log"\n{body}',
        )

    def run(self, script: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(script), *words],
            env={
                "PATH": f"{self.commands}:{os.environ['PATH']}",
                "QALAMSAP_VOLUME": str(self.disk),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def put_package(self) -> None:
        """What the package's payload would lay down."""
        for folder, name in (
            ("LaunchAgents", "kz.qalamsap.agent.plist"),
            ("LaunchDaemons", "kz.qalamsap.trust-renew.plist"),
        ):
            target = self.disk / "Library" / folder
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(MACOS / name, target)
        self.program()
        _program(self.app / "Contents/MacOS/Qalamsap", "")
        shutil.copy(MACOS / "uninstall", self.state)
        shutil.copy(MACOS / "scripts/places", self.state)
        for path in (self.disk / "Library").rglob("*"):
            path.chmod(path.stat().st_mode & ~0o022)  # as build.sh does, whatever the umask

    def scripts(self, name: str) -> subprocess.CompletedProcess[str]:
        """As Installer runs one: the package, the place, the volume."""
        return self.run(MACOS / "scripts" / name, "/tmp/x.pkg", f"{self.disk}/Applications", f"{self.disk}/")

    def uninstall(self) -> subprocess.CompletedProcess[str]:
        return self.run(self.state / "uninstall")


def _program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def mac(tmp_path: Path) -> Mac:
    found = Mac(tmp_path / "disk", tmp_path / "commands")
    found.disk.mkdir()
    found.play("launchctl")
    found.play("pkgutil")
    _program(found.commands / "ps", f"cat <<'END'\n{PROCESSES}END")
    return found


def test_before_an_upgrade_every_persons_agent_ends(mac: Mac) -> None:
    mac.play("launchctl", "exit 3")  # none runs: no trouble
    assert mac.scripts("preinstall").returncode == 0
    assert mac.calls == [
        "launchctl bootout gui/0/kz.qalamsap.agent",
        "launchctl bootout gui/501/kz.qalamsap.agent",
        "launchctl bootout gui/502/kz.qalamsap.agent",
        "launchctl bootout system/kz.qalamsap.trust-renew",
    ]


def test_after_the_files_browsers_are_told_and_agents_start(mac: Mac) -> None:
    mac.put_package()
    done = mac.scripts("postinstall")
    assert (done.returncode, done.stderr) == (0, "")
    agents, daemons = (mac.disk / "Library" / name for name in ("LaunchAgents", "LaunchDaemons"))
    assert mac.calls == [
        f"agent -I -m agent trust install --machine --state-dir {mac.state}",
        f"launchctl bootstrap system {daemons}/kz.qalamsap.trust-renew.plist",
        f"launchctl bootstrap gui/501 {agents}/kz.qalamsap.agent.plist",
        f"launchctl bootstrap gui/502 {agents}/kz.qalamsap.agent.plist",
    ]
    link = mac.disk / "usr/local/bin/qalamsap"
    assert link.readlink() == mac.state / "runtime/bin/qalamsap"
    assert mac.state.stat().st_mode & 0o777 == 0o755
    assert mac.scripts("postinstall").returncode == 0, "once more does no harm"


@pytest.mark.parametrize(
    "place",
    [
        "Library",
        "Library/Application Support",
        "Library/Application Support/qalamsap/runtime",
        "Library/Application Support/qalamsap/runtime/bin/qalamsap-agent",
        "Library/Application Support/qalamsap/install.conf",
    ],
)
@pytest.mark.parametrize("who", [0o020, 0o002])
def test_root_runs_nothing_that_others_can_change(mac: Mac, place: str, who: int) -> None:
    mac.put_package()
    (mac.state / "install.conf").write_text("TRUST=none\n")
    (mac.state / "install.conf").chmod(0o644)
    path = mac.disk / place
    path.chmod(path.stat().st_mode | who)
    done = mac.scripts("postinstall")
    assert done.returncode == 1
    assert f"root runs nothing that others can change: {path}" in done.stderr
    assert mac.calls == []
    assert not (mac.disk / "Library/LaunchDaemons/kz.qalamsap.trust-renew.plist").exists(), (
        "nor at the next start"
    )


def test_a_folder_of_ours_that_others_may_write_becomes_roots_alone(mac: Mac) -> None:
    mac.put_package()
    mac.state.chmod(0o775)
    assert mac.scripts("postinstall").returncode == 0
    assert mac.state.stat().st_mode & 0o777 == 0o755


def test_an_upgrade_leaves_no_module_of_the_old_version(mac: Mac) -> None:
    mac.put_package()
    (mac.state / "trust.json").write_text("{}")
    (mac.state / "runtime/gone.py").touch()
    assert mac.scripts("preinstall").returncode == 0
    assert not (mac.state / "runtime").exists()
    assert (mac.state / "trust.json").exists()


def test_whoever_deploys_it_may_want_no_trust(mac: Mac) -> None:
    mac.put_package()
    (mac.state / "install.conf").write_text("TRUST=none\n")
    assert mac.scripts("postinstall").returncode == 0
    assert not [call for call in mac.calls if "trust install" in call]


def test_each_person_may_be_asked_for_their_own(mac: Mac) -> None:
    mac.put_package()
    (mac.state / "install.conf").write_text("TRUST=people\n")
    assert mac.scripts("postinstall").returncode == 0
    program = mac.state / "runtime/bin/qalamsap-agent"
    asked = [call for call in mac.calls if "trust install" in call]
    assert asked == [
        f"launchctl asuser {person} sudo -u #{person} -H {program} -I -m agent trust install --user"
        for person in (501, 502)
    ]


def test_a_certificate_that_macos_does_not_take_is_no_reason_not_to_install(mac: Mac) -> None:
    mac.put_package()
    mac.program("exit 1")
    done = mac.scripts("postinstall")
    assert done.returncode == 0
    assert "macOS did not take the certificate" in done.stderr
    assert "launchctl bootstrap gui/501" in " ".join(mac.calls)


def test_removal_leaves_nothing(mac: Mac) -> None:
    (mac.disk / "Applications/Other.app").mkdir(parents=True)
    for folder in (
        "Library/LaunchAgents",
        "Library/LaunchDaemons",
        "Library/Application Support",
        "usr/local/bin",
    ):
        (mac.disk / folder).mkdir(parents=True)
    before = tree(mac.disk)
    mac.put_package()
    mac.scripts("postinstall")
    (mac.state / "trust.json").write_text("{}")
    done = mac.uninstall()
    assert (done.returncode, done.stderr) == (0, "")
    assert tree(mac.disk) == before
    assert f"agent -I -m agent trust remove --state-dir {mac.state}" in mac.calls
    assert mac.calls[-1] == "pkgutil --forget kz.qalamsap.pkg"


def test_what_can_not_be_taken_out_keeps_all_of_it(mac: Mac) -> None:
    mac.put_package()
    mac.scripts("postinstall")
    mac.program("exit 1")
    before = tree(mac.disk)
    done = mac.uninstall()
    assert done.returncode == 1
    assert "could not be taken out" in done.stderr
    assert tree(mac.disk) == before


def test_a_command_of_that_name_that_is_not_ours_stays(mac: Mac) -> None:
    mac.put_package()
    mac.scripts("postinstall")
    link = mac.disk / "usr/local/bin/qalamsap"
    link.unlink()
    link.symlink_to("/opt/other/qalamsap")
    assert "leads elsewhere" in mac.uninstall().stderr
    assert link.is_symlink()


def test_a_persons_own_keychain_is_told_of(mac: Mac) -> None:
    mac.put_package()
    mac.scripts("postinstall")
    record = mac.disk / "Users/aigerim/Library/Application Support/qalamsap/trust.json"
    record.parent.mkdir(parents=True)
    record.write_text("{}")
    done = mac.uninstall()
    assert done.returncode == 1
    assert str(record) in done.stderr
    assert record.exists()
    assert not mac.app.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="this is root")
def test_only_root_removes_it(mac: Mac) -> None:
    mac.put_package()
    script = mac.state / "uninstall"
    done = subprocess.run(["/bin/sh", str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 77
