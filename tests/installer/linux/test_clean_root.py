"""The .deb on a computer that has nothing but a minimal Debian 12: what it needs, it must say itself.

Other tests install it on copies of the machine that built it, where all libraries are. Here apt brings what the package asks for, and no
more: neither what it recommends, nor a Python, nor a systemd that runs.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.formats import cms
from installer.linux import bundle
from tests.support import authority, clean_root, debian_package
from tests.support.copied_machine import Machine
from tests.support.debian_package import LISTENING
from tests.support.packaged_walk import DOCUMENT
from tests.support.program_lines import next_line

pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux"),
]

PERSON = "dana"
KEY = authority.path("gost2015-individual")
LIMIT_S = 300
APT = ("apt-get", "-y", "-q", "--no-install-recommends")
PACKAGE = "./qalamsap.deb"
SHOWN = """
import re, sys
from pathlib import Path
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication
from protocol import prompts
from tray import about, texts, theme
from tray.desk import window

application = QApplication(sys.argv[:1])
theme.apply(application, "light")
prompt = prompts.About(prompts.Caller("command"), "1.2.3", 13579, "kk")
for shown in (about.AboutPanel(texts.load("kk"), prompt), window.DeskWindow(lambda message: None)):
    shown.show()
    assert not shown.grab().isNull()
    assert all(QFontMetrics(shown.font()).inFontUcs4(ord(letter)) for letter in "әіңғүұқөһ")
print(*sorted(set(re.findall(r"lib(?:q|Qt6)\\w+", Path("/proc/self/maps").read_text()))))
"""


class Computer:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.before = machine.written()

    def run(self, *words: str, person: str = "", is_online: bool = False, **environment: str) -> str:
        done = self.machine.run(
            *words,
            person=person,
            folder="/tmp" if not person else "",
            environment=environment,
            is_online=is_online,
            timeout_s=LIMIT_S,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
        return done.stdout

    def apt(self, *words: str, is_online: bool = False) -> str:
        return self.run(*APT, *words, is_online=is_online, **clean_root.environment())

    def has(self, place: str) -> bool:
        found = self.machine.path(place)
        return found.is_symlink() or found.exists()


@pytest.fixture(scope="module")
def computer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Computer]:
    """With the package, and a person who came after it."""
    with clean_root.clean_machine(tmp_path_factory.mktemp("machine")) as machine:
        made = Computer(machine)
        shutil.copyfile(debian_package.built(), machine.path("/tmp/qalamsap.deb"))
        # What is fetched is fetched before, so that the package's own scripts have a network that nobody shares.
        made.apt("install", "--download-only", PACKAGE, is_online=True)
        made.apt("install", PACKAGE)
        machine.add_person(PERSON)
        shutil.copyfile(KEY, machine.path(f"/home/{PERSON}/{KEY.name}"))
        yield made


def test_apt_finds_the_package_whole_and_all_that_it_needs(computer: Computer) -> None:
    assert computer.run("dpkg-query", "-W", "-f", "${Status}", "qalamsap") == "install ok installed"
    assert computer.run("dpkg", "--audit") == ""
    computer.apt("check")
    assert not computer.has("/usr/bin/python3"), "with a Python of its own, this root would show less"


def test_a_person_who_came_later_has_the_program_and_it_starts_at_log_in(computer: Computer) -> None:
    assert "GOST: native" in computer.run("qalamsap", "version", person=PERSON)
    assert computer.run("qalamsap", "autostart", person=PERSON) == "on\n"


def test_every_library_finds_what_it_loads(computer: Computer) -> None:
    """By the loader of that root, which knows no other places than its own."""
    look = r"""
        find /usr/lib/qalamsap -type f \( -name '*.so' -o -name '*.so.*' -o -path '*/bin/qalamsap-*' \) | sort | while read -r file; do
            ldd "$file" 2>&1 | sed -n "s|^.*=> not found|$file: &|p; s|^.*version .* not found.*|$file: &|p"
            echo "looked at $file"
        done
    """
    lines = computer.run("sh", "-c", look).splitlines()
    looked_at = [line for line in lines if line.startswith("looked at ")]
    assert len(looked_at) > 100
    missing = [line for line in lines if line not in looked_at]
    unexpected = [line for line in missing if Path(line.split(":")[0]).name not in bundle.OPTIONAL_PLUGINS]
    assert not unexpected, "\n".join(unexpected)


def test_windows_of_ours_open(computer: Computer) -> None:
    window = ("/usr/lib/qalamsap/bin/qalamsap-window", "-I")
    loaded = computer.run(*window, "-c", SHOWN, person=PERSON, QT_QPA_PLATFORM="offscreen").split()
    assert {"libqoffscreen", "libQt6Widgets", "libQt6Svg"} <= set(loaded)
    # The plug-in for X loads, with all its libraries, and lacks nothing but a display.
    start = "from PySide6.QtWidgets import QApplication; QApplication([])"
    refused = computer.machine.run(
        *window, "-c", start, person=PERSON, environment={"QT_QPA_PLATFORM": "xcb", "QT_DEBUG_PLUGINS": "1"}
    )
    assert refused.returncode != 0
    assert "could not connect to display" in refused.stderr
    assert "Cannot load library" not in refused.stderr


def test_a_person_signs_a_file(computer: Computer) -> None:
    home = computer.machine.path(f"/home/{PERSON}")
    (home / "act.txt").write_bytes(DOCUMENT)
    computer.run("chown", "-R", f"{PERSON}:{PERSON}", f"/home/{PERSON}")
    sign = f"printf '{authority.PASSWORD}\\n' | qalamsap sign act.txt --key {KEY.name} --password-stdin --offline"
    computer.run("sh", "-c", sign, person=PERSON)
    (evidence,) = cms.verify(cms.read((home / "act.txt.cms").read_bytes()), None)
    assert evidence.signature == "valid"


def test_an_agent_is_well_and_its_package_laid_anew_begins_it_anew(computer: Computer) -> None:
    with debian_package.agent(computer.machine, PERSON) as agent:
        assert agent.stdout is not None
        assert computer.run("qalamsap", "health", person=PERSON)
        computer.apt("install", "--reinstall", PACKAGE)
        assert next_line(agent.stdout).startswith(LISTENING)
        assert computer.run("qalamsap", "health", person=PERSON)
        computer.run("qalamsap", "quit", person=PERSON)
        assert agent.wait(LIMIT_S) == 0
    assert computer.run("dpkg", "--verify", "qalamsap") == ""


def test_purged_it_leaves_nothing(computer: Computer) -> None:
    """Last of all."""
    with debian_package.agent(computer.machine, PERSON) as agent:
        assert debian_package.processes(computer.machine), (
            "an agent that runs is not seen, nor would one be that is left"
        )
        computer.apt("purge", "qalamsap")
        assert debian_package.processes(computer.machine) == []
        agent.wait(LIMIT_S)
    # What it asked for is of no use any more, and would hide what is ours.
    computer.apt("autoremove", "--purge")
    new = computer.machine.written() - computer.before
    left = {path for path in new if not debian_package.LEFT_BY_OTHERS.match(path)}
    assert left - {"/etc/ld.so.cache"} == set()
    folders = ("/usr/lib/qalamsap", "/etc/qalamsap", "/var/lib/qalamsap", "/etc/apparmor.d", "/run/qalamsap")
    assert [place for place in folders if computer.has(place)] == []
