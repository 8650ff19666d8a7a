"""The .deb as an administrator meets it: built, installed on a copy of this machine, used, brought up to date, taken away.

The copy is an overlay in memory (tests.support.copied_machine): what is left after `apt purge` lies in its upper layer, and nothing else.
"""

import dataclasses
import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agent import programs
from agent.formats import cms
from installer.linux import __main__ as command
from installer.linux import bundle, deb, elf, tree
from tests.support import authority, debian_package, packing
from tests.support.copied_machine import PERSON, REPOSITORY, Machine, copied_machine, wait_for
from tests.support.debian_package import LEFT_BY_OTHERS, LISTENING
from tests.support.packaged_walk import DOCUMENT
from tests.support.program_lines import next_line

pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.display,
    pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux"),
]

OTHER = "boris"
OLD_VERSION = "0.0.9"
STATE = "/var/lib/qalamsap"
KEY = authority.path("gost2015-individual")
LIMIT_S = 300


def needs(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"needs tool: {tool}")


@pytest.fixture(scope="module")
def package() -> Path:
    return debian_package.built()


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the package, with what it says of itself in DEBIAN."""
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
    return folder


@pytest.fixture(scope="module")
def older(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package under an older version, in which one file is of that version only."""
    control = unpacked / "DEBIAN/control"
    text = control.read_text()
    only_there = unpacked / "usr/lib/qalamsap/only-in-old"
    package = tmp_path_factory.mktemp("older") / "older.deb"
    try:
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {OLD_VERSION}", text))
        only_there.write_bytes(b"")
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "-Znone", "-b", unpacked, package],
            check=True,
            capture_output=True,
        )
    finally:
        control.write_text(text)
        only_there.unlink(missing_ok=True)
    return package


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_it_runs_with_the_glibc_that_it_states(unpacked: Path) -> None:
    files = list(elf.all_in(unpacked))
    assert len(files) > 100
    assert elf.oldest_glibc(files) <= bundle.GLIBC
    control = (unpacked / "DEBIAN/control").read_text()
    assert f"libc6 (>= {bundle.GLIBC[0]}.{bundle.GLIBC[1]})" in control


def test_every_program_finds_its_libraries_in_the_bundle_or_the_system_and_nowhere_else(
    unpacked: Path,
) -> None:
    for each in elf.all_in(unpacked):
        for place in filter(None, each.search.split(":")):
            assert place.startswith("$ORIGIN"), each.path


def test_no_path_of_the_building_machine_is_in_our_files(unpacked: Path) -> None:
    ours = [
        path
        for path in unpacked.rglob("*")
        if path.is_file() and not path.is_symlink() and "packages/agent" in str(path)
    ]
    assert len(ours) > 200
    here = str(REPOSITORY).encode()
    assert [path for path in ours if here in path.read_bytes()] == []


def test_packed_again_by_somebody_else_it_has_the_same_octets(
    package: Path, unpacked: Path, tmp_path: Path
) -> None:
    compression = command._COMPRESSION[debian_package.COMPRESSION]
    again = packing.packed_again(unpacked, lambda out, moment: deb.build(out, moment, compression), tmp_path)
    assert (again.name, packing.sha256(again)) == (package.name, packing.sha256(package))


def test_each_kind_of_process_has_its_name_and_the_program_knows_how_it_is_packaged(unpacked: Path) -> None:
    folder = unpacked / "usr/lib/qalamsap"
    assert programs.packaged_as(folder) == "deb"
    assert {path.name for path in (folder / "bin").iterdir()} == {
        "python3",
        "qalamsap",
        *(f"qalamsap-{kind}" for kind in programs.KINDS),
    }


def test_words_licences_and_the_list_of_parts_come_along(unpacked: Path) -> None:
    share = unpacked / "usr/share"
    manual = gzip.decompress((share / "man/man1/qalamsap.1.gz").read_bytes()).decode()
    assert ".TH QALAMSAP 1" in manual
    for place in (
        "bash-completion/completions/qalamsap",
        "zsh/vendor-completions/_qalamsap",
        "fish/vendor_completions.d/qalamsap.fish",
        "icons/hicolor/48x48/apps/qalamsap.png",
        "applications/qalamsap.desktop",
        "doc/qalamsap/copyright",
        "doc/qalamsap/THIRD-PARTY.md",
        "qalamsap/defaults.toml",
    ):
        assert (share / place).stat().st_size > 0
    bill = json.loads((share / "doc/qalamsap/qalamsap.cdx.json").read_text())
    listed = {part["name"].lower().replace("_", "-") for part in bill["components"]}
    assert set(bundle.shipped()) <= listed
    assert list((share / "doc/qalamsap/licences").iterdir())


def test_lintian_has_no_warning(package: Path) -> None:
    needs("lintian")
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", package],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


# --- on a computer ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Computer:
    """A machine with the package on it, and two persons."""

    machine: Machine
    before: set[str]

    def run(self, *words: str, person: str = "", **more: Any) -> str:
        done = self.machine.run(*words, person=person, timeout_s=LIMIT_S, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, package: Path) -> str:
        place = self.machine.path("/tmp") / package.name
        shutil.copy(package, place)
        try:
            return self.run(
                "dpkg", "-i", f"/tmp/{package.name}", environment={"DEBIAN_FRONTEND": "noninteractive"}
            )
        finally:
            place.unlink()

    def written(self) -> set[str]:
        return self.machine.written()

    def processes(self) -> list[str]:
        """Ours, of everybody."""
        return debian_package.processes(self.machine)

    def walk(self, what: str, person: str, browser: str, page_port: int) -> list[str]:
        """What the page of a person heard."""
        key = f"/home/{person}/{KEY.name}"
        words = [sys.executable, "-m", "tests.support.packaged_walk", what, "--browser", browser]
        words += ["--page-port", str(page_port), "--key", key, "--password", authority.PASSWORD]
        told = self.run(*words, person=person, folder=str(REPOSITORY))
        heard: list[str] = json.loads(told.splitlines()[-1])["heard"]
        return heard


@pytest.fixture(scope="module")
def computer(older: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Computer]:
    with copied_machine(tmp_path_factory.mktemp("machine")) as machine:
        machine.add_person(OTHER)
        machine.add_command()  # opens the way to our sources and their Python
        machine.path("/usr/local/bin/qalamsap").unlink()
        for person in (PERSON, OTHER):
            shutil.copy(KEY, machine.path(f"/home/{person}/{KEY.name}"))
            machine.run("chown", person, f"/home/{person}/{KEY.name}")
        made = Computer(machine, machine.written())
        made.install(older)
        yield made


def authority_of(computer: Computer) -> str:
    found: str = json.loads(computer.run("qalamsap", "trust", "status", "--json", "--state-dir", STATE))[
        "identity"
    ]["authority_sha256"]
    return found


def test_after_silent_installation_everything_is_there(computer: Computer) -> None:
    assert "GOST: native" in computer.run("qalamsap", "version", person=PERSON)
    assert computer.run("which", "qalamsap") == "/usr/bin/qalamsap\n"
    assert computer.run("qalamsap", "autostart", person=PERSON) == "on\n"
    told = json.loads(computer.run("qalamsap", "trust", "status", "--json", "--state-dir", STATE))
    assert told["as_wanted"] is True
    assert {store["state"] for store in told["stores"]} == {"trusted"}
    # Root need not say where: what the package made is meant.
    assert json.loads(computer.run("qalamsap", "trust", "status", "--json"))["identity"] == told["identity"]


def test_systemd_finds_no_mistake_in_the_units(computer: Computer) -> None:
    needs("systemd-analyze")
    places = [f"/{tree.SYSTEM_UNITS}/{name}" for name in tree.units()]
    for scope, units in (("--user", ["/usr/lib/systemd/user/qalamsap.service"]), ("--system", places)):
        done = computer.machine.run("systemd-analyze", scope, "verify", "--man=no", *units)
        ours = [line for line in done.stderr.splitlines() if "qalamsap" in line]
        assert ours == []


def test_a_person_signs_a_file_and_the_signature_is_good(computer: Computer) -> None:
    home = computer.machine.path(f"/home/{PERSON}")
    (home / "act.txt").write_bytes(DOCUMENT)
    sign = f"printf '{authority.PASSWORD}\\n' | qalamsap sign act.txt --key {KEY.name} --password-stdin --offline"
    computer.run("sh", "-c", sign, person=PERSON)
    (evidence,) = cms.verify(cms.read((home / "act.txt.cms").read_bytes()), None)
    assert evidence.signature == "valid"


def test_an_upgrade_keeps_settings_and_trust_and_gives_running_agents_the_new_version(
    computer: Computer, package: Path
) -> None:
    machine, kept = computer.machine, {}
    for place, text in (
        (f"/home/{PERSON}/.config/qalamsap/config.toml", 'language = "kk"\n'),
        ("/etc/qalamsap/policy.d/10-office.toml", "unlock_minutes = 0\n"),
        ("/etc/default/qalamsap", "BROKER=on\n"),
    ):
        machine.path(place).parent.mkdir(parents=True, exist_ok=True)
        machine.path(place).write_text(text)
        kept[place] = text
    computer.run("chown", "-R", f"{PERSON}:{PERSON}", f"/home/{PERSON}/.config")
    # What IT changed in a file of the package's stays as well.
    entry = "/etc/xdg/autostart/qalamsap.desktop"
    machine.path(entry).write_text(machine.path(entry).read_text() + "X-Office=1\n")
    trusted = authority_of(computer)
    with debian_package.agent(machine, PERSON) as agent:
        assert agent.stdout is not None
        shutil.copy(package, machine.path("/tmp/package.deb"))
        computer.run("dpkg", "--force-confold", "-i", "/tmp/package.deb")
        machine.path("/tmp/package.deb").unlink()
        # It began anew: listens again, and none of its processes is of the old package.
        assert next_line(agent.stdout).startswith(LISTENING)
        wait_for(
            lambda: not any("(deleted)" in name for name in computer.processes()), "the old processes' end"
        )
        assert json.loads(computer.run("qalamsap", "status", "--json", person=PERSON))["language"] == "kk"
        computer.run("qalamsap", "quit", person=PERSON)
        agent.wait(LIMIT_S)
    assert {place: machine.path(place).read_text() for place in kept} == kept
    assert machine.path(entry).read_text().endswith("X-Office=1\n")
    assert authority_of(computer) == trusted
    assert not machine.path("/usr/lib/qalamsap/only-in-old").exists()
    assert OLD_VERSION not in computer.run("dpkg-query", "-W", "-f", "${Version}", "qalamsap")


@pytest.fixture(scope="module")
def broker(computer: Computer) -> Iterator[subprocess.Popen[str]]:
    """The broker that the package brings, started as its units say; there is no systemd here to do it."""
    units = [f"/{tree.SYSTEM_UNITS}/qalamsap-broker.{kind}" for kind in ("socket", "service")]
    words = [sys.executable, "-m", "tests.support.socket_activation", *units, "nobody"]
    command = computer.machine.command(*words, folder=str(REPOSITORY))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            assert next_line(started.stdout) == "listening\n"
            yield started
        finally:
            started.kill()


def test_pages_of_two_persons_sign_at_the_same_time_in_chromium_and_firefox(
    computer: Computer, broker: subprocess.Popen[str]
) -> None:
    needs("chromium", "chromedriver", "firefox-esr", "Xvfb", "openbox", "xdotool")
    assert broker.poll() is None
    with ThreadPoolExecutor() as both:
        walks = [
            both.submit(computer.walk, "sign", person, browser, port)
            for person, browser, port in ((PERSON, "chromium", 8001), (OTHER, "firefox", 8002))
        ]
        for walk in walks:
            greeting, reply = walk.result()
            assert json.loads(greeting) == {"result": {"version": "1.4"}}
            (signature,) = json.loads(reply)["body"]["result"]
            (evidence,) = cms.verify(cms.read(signature.encode()), DOCUMENT)
            assert evidence.signature == "valid"


def test_a_policy_locks_other_origins_out(computer: Computer, broker: subprocess.Popen[str]) -> None:
    needs("chromium", "chromedriver", "firefox-esr", "Xvfb", "openbox", "xdotool")
    assert broker.poll() is None
    policy = computer.machine.path("/etc/qalamsap/policy.d/20-origins.toml")
    policy.write_text('allowed_origins = ["http://localhost:8001"]\nlock_origins = true\n')
    with ThreadPoolExecutor() as both:
        allowed = both.submit(computer.walk, "look", PERSON, "firefox", 8001)
        locked_out = both.submit(computer.walk, "look", OTHER, "chromium", 8002)
        assert json.loads(allowed.result()[1])["code"] == "200"
        refusal = json.loads(locked_out.result()[1])
        assert (refusal["code"], refusal["message"].split(":")[0]) == ("500", "policy-blocked")


def test_what_the_administrator_says_later_is_followed_at_the_next_installation(
    computer: Computer, package: Path
) -> None:
    """With Debian's own books of what is switched on, and the browsers' real policies."""
    choices = computer.machine.path("/etc/default/qalamsap")
    socket = computer.machine.path("/etc/systemd/system/sockets.target.wants/qalamsap-broker.socket")
    policies = computer.machine.path("/etc/firefox/policies/policies.json")
    assert (socket.is_symlink(), policies.is_file()) == (True, True)
    for text, is_trusted, owns_port in (
        ("BROKER=off\n", False, False),
        ("ORIGINS=https://portal.example.kz\n", True, True),
        ("BROKER=on\n", True, True),
        ("TRUST=none\n", False, True),
    ):
        choices.write_text(text)
        computer.install(package)
        assert policies.is_file() is is_trusted, text
        is_named = is_trusted and "portal.example.kz" in policies.read_text(encoding="utf-8")
        assert is_named is ("ORIGINS" in text), text
        assert computer.machine.path(f"{STATE}/trust.json").exists() is is_trusted, text
        assert bool(list(computer.machine.path(f"{STATE}/tls").rglob("*.pem"))) is is_trusted, text
        assert socket.is_symlink() is owns_port, text
    choices.write_text("")
    computer.install(package)
    assert policies.is_file()


def test_purging_leaves_no_file_no_anchor_no_policy_and_no_process(computer: Computer) -> None:
    # What AppArmor and its tools make of the profile; there is none here to do it.
    for place in ("/var/cache/apparmor/0123abcd.0/qalamsap", "/etc/apparmor.d/disable/qalamsap-desktop"):
        computer.machine.path(place).parent.mkdir(parents=True, exist_ok=True)
        computer.machine.path(place).touch()
    with debian_package.agent(computer.machine, OTHER) as agent:
        assert computer.processes()
        computer.run("dpkg", "--purge", "qalamsap", environment={"DEBIAN_FRONTEND": "noninteractive"})
        agent.wait(LIMIT_S)
    assert computer.processes() == []
    left = {path for path in computer.written() - computer.before if not LEFT_BY_OTHERS.match(path)}
    assert left == set()
    assert not computer.machine.path("/var/cache/apparmor/0123abcd.0/qalamsap").exists()
    assert not computer.machine.path("/usr/lib/qalamsap").exists()
    assert not computer.machine.path("/etc/qalamsap").exists()


def test_in_an_image_without_proc_it_is_installed_and_taken_away_as_well(
    package: Path, tmp_path: Path
) -> None:
    with copied_machine(tmp_path / "machine") as machine:
        before = machine.written()
        image = Computer(machine, before)
        image.run("umount", "--lazy", "/proc")
        image.install(package)
        assert machine.path(f"{STATE}/trust.json").is_file()
        assert machine.path("/etc/firefox/policies/policies.json").is_file()
        image.run("dpkg", "--remove", "qalamsap")
        image.run("dpkg", "--purge", "qalamsap")
        assert {path for path in machine.written() - before if not LEFT_BY_OTHERS.match(path)} == set()
