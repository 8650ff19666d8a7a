"""What /etc/default/qalamsap says is followed whenever a package is installed: the scripts of the .deb and the .rpm, with every tool played."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.localhost import command
from agent.localhost.report import State
from agent.localhost.trust import TrustReport
from installer.linux import deb, rpm, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux")

# `qalamsap trust`, as far as the scripts see it.
TRUST = """
case "$*" in
    "trust install "*) mkdir -p "$STATE/tls/0a"; touch "$STATE/trust.json" "$STATE/tls/0a/key.pem"
        case "$*" in *" --shared"*) touch "$STATE/tls/0a/shared" ;; esac
        case "$*" in *"*"*) exit 5 ;; *" --origin"*|*" --no-origins"*) : >"$STATE/sites" ;; esac
        while [ "$#" -gt 0 ]; do [ "$1" != --origin ] || echo "$2" >>"$STATE/sites"; shift; done ;;
    "trust status "*) [ ! -s "$STATE/sites" ] ||
        echo "may reach this computer without asking: $(paste -s -d , "$STATE/sites" | sed 's/,/, /g')" ;;
    "trust remove "*) [ ! -e "$STATE/broken" ] || exit 1; rm -rf "$STATE/trust.json" "$STATE/tls" "$STATE/sites" ;;
esac
"""
SWITCH = """
for unit; do :; done
case "$1 $2" in
    enable*|*" enable") touch "$STATE/on-$unit" ;;
    disable*|*" disable") rm -f "$STATE/on-$unit" ;;
esac
"""
# Debian's keeps books: what was switched on once and is not any more is an administrator's doing, and "enable" does not change that.
HELPER = """
for unit; do :; done
case "$1 $2" in
    *was-enabled*) [ ! -e "$STATE/book-$unit" ] || [ -e "$STATE/on-$unit" ] ;;
    enable*) [ -e "$STATE/book-$unit" ] || touch "$STATE/on-$unit"; touch "$STATE/book-$unit" ;;
    disable*) rm -f "$STATE/on-$unit" ;;
    purge*) rm -f "$STATE/on-$unit" "$STATE/book-$unit" ;;
esac
"""


@dataclasses.dataclass(frozen=True)
class Computer:
    """A computer with systemd and one of the packages."""

    folder: Path
    kind: str

    def __post_init__(self) -> None:
        (self.folder / "run").mkdir()
        (self.folder / "bin").mkdir()
        self.state.mkdir()
        for name, body in (
            ("qalamsap", TRUST),
            ("systemctl", SWITCH),
            ("deb-systemd-helper", HELPER),
            ("deb-systemd-invoke", ""),
        ):
            self._program(name, body)
        setup = (tree.FILES / "setup").read_text()
        for line, other in (
            ("STATE=/var/lib/qalamsap", f"STATE='{self.state}'"),
            ("CHOICES=/etc/default/qalamsap", f"CHOICES='{self.folder}/choices'"),
            ("APPARMOR=/etc/apparmor.d", f"APPARMOR='{self.folder}/apparmor'"),
        ):
            assert f"\n{line}\n" in setup
            setup = setup.replace(line, other)
        # Nothing of the computer on which this test runs is asked or ended.
        (self.folder / "setup").write_text(f"{setup}\nload_profiles() {{ :; }}\nrenew_agents() {{ :; }}\n")

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def _program(self, name: str, body: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f'#!/bin/sh\nSTATE="{self.state}"\necho "{name} $*" >>"{self.folder}/log"\n{body}')
        path.chmod(0o755)

    def install(self, choices: str = "", *, is_first: bool = False) -> list[str]:
        """Runs what the package runs when it comes, or comes anew, and gives the commands that it started."""
        (self.folder / "choices").write_text(choices)
        (self.folder / "log").write_text("")
        if self.kind == "deb":
            script, words = (deb.SCRIPTS / "postinst").read_text(), ("configure", "" if is_first else "0.0.9")
        else:
            script, words = (rpm.SCRIPTS / "post").read_text(), ("1" if is_first else "2",)
        script = deb.filled(script).replace("/usr/lib/qalamsap/libexec/setup", str(self.folder / "setup"))
        script = script.replace("/run/systemd/system", str(self.folder / "run"))
        done = subprocess.run(
            ["sh", "-c", script, "sh", *words],
            env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (self.folder / "errors").write_text(done.stderr)
        return (self.folder / "log").read_text().splitlines()

    @property
    def is_trusted(self) -> bool:
        return (self.state / "trust.json").exists()

    @property
    def sites(self) -> list[str]:
        """Whose pages browsers let reach the agent unasked."""
        place = self.state / "sites"
        return place.read_text().split() if place.exists() else []

    def by_hand(self, *words: str) -> None:
        """What an administrator says of trust."""
        program = self.folder / "bin/qalamsap"
        subprocess.run([program, "trust", "install", "--machine", "--shared", *words], check=True)

    @property
    def owns_port(self) -> bool:
        """Whether the broker's socket is switched on."""
        return (self.state / "on-qalamsap-broker.socket").exists()


@pytest.fixture(params=["deb", "rpm"])
def computer(request: pytest.FixtureRequest, tmp_path: Path) -> Computer:
    return Computer(tmp_path, request.param)


def started(calls: list[str], verb: str) -> set[str]:
    return {call.split()[-1] for call in calls if f" {verb} " in f"{call} "}


def test_without_the_file_browsers_trust_it_and_the_broker_owns_the_port(computer: Computer) -> None:
    calls = computer.install(is_first=True)
    assert (computer.is_trusted, computer.owns_port) == (True, True)
    assert "qalamsap-broker.socket" in started(calls, "start")
    assert started(calls, "stop") == set()


@pytest.mark.parametrize("choices", ["BROKER=off\n", "TRUST=none\n", "TRUST=none\nBROKER=off\n"])
def test_what_the_file_says_later_is_followed_and_later_still_as_well(
    computer: Computer, choices: str
) -> None:
    computer.install(is_first=True)
    calls = computer.install(choices)
    assert not computer.is_trusted
    assert not (computer.state / "tls").exists(), "the key that everybody could read"
    is_off = "BROKER=off" in choices
    assert computer.owns_port is not is_off
    units = {"qalamsap-broker.socket", "qalamsap-broker.service"}
    assert started(calls, "stop") == (units if is_off else set())
    if is_off:
        assert units.isdisjoint(started(calls, "start") | started(calls, "try-restart"))
        trust = next(i for i, call in enumerate(calls) if call.startswith("qalamsap trust remove"))
        port = next(i for i, call in enumerate(calls) if " stop " in call)
        assert trust < port, "nobody gets the port while browsers trust what everybody could read"
    again = computer.install(choices)
    assert not [call for call in again if call.startswith("qalamsap")], "nothing is left to take back"
    calls = computer.install()
    assert (computer.is_trusted, computer.owns_port) == (True, True)
    assert "qalamsap-broker.socket" in started(calls, "start")


@pytest.mark.parametrize("choices", ["BROKER=off\n", "TRUST=none\n"])
def test_what_a_version_made_that_kept_no_note_is_taken_back_as_well(
    computer: Computer, choices: str
) -> None:
    computer.install(is_first=True)
    (computer.state / "package").unlink()
    computer.install(choices)
    assert not computer.is_trusted


def test_trust_that_an_administrator_gave_by_hand_is_theirs(computer: Computer) -> None:
    computer.install("TRUST=none\n", is_first=True)
    assert not computer.is_trusted
    computer.by_hand()
    computer.install("TRUST=none\n")
    assert computer.is_trusted
    computer.install("TRUST=none\nBROKER=off\n")
    assert not computer.is_trusted, "a shared key without a broker is nobody's wish"


@pytest.mark.parametrize("emptied", ["", "ORIGINS=\n", 'ORIGINS=" "\n'])
def test_sites_that_the_file_names_no_more_are_taken_back(computer: Computer, emptied: str) -> None:
    computer.install('ORIGINS="https://a.kz https://b.kz"\n', is_first=True)
    assert computer.sites == ["https://a.kz", "https://b.kz"]
    computer.install("ORIGINS=https://b.kz\n")
    assert computer.sites == ["https://b.kz"]
    computer.install(emptied)
    assert computer.sites == []
    assert computer.is_trusted
    computer.by_hand("--origin", "https://c.kz")
    computer.install(emptied)
    assert computer.sites == ["https://c.kz"], "the file took back what was its own already"


def test_sites_that_an_administrator_named_by_hand_are_theirs(computer: Computer) -> None:
    computer.install(is_first=True)
    computer.by_hand("--origin", "https://c.kz")
    computer.install()
    assert computer.sites == ["https://c.kz"]
    computer.install("ORIGINS=https://a.kz\n")
    assert computer.sites == ["https://a.kz"], "what the file names counts at every installation"
    computer.by_hand("--origin", "https://a.kz", "--origin", "https://c.kz")
    computer.install("ORIGINS=\n")
    assert computer.sites == ["https://a.kz", "https://c.kz"]


def test_sites_that_could_not_be_named_are_nobodys(computer: Computer) -> None:
    computer.install(is_first=True)
    computer.by_hand("--origin", "https://c.kz")
    computer.install("ORIGINS='https://*.kz'\n")
    assert "not every browser trusts it" in (computer.folder / "errors").read_text()
    computer.install("ORIGINS=\n")
    assert computer.sites == ["https://c.kz"]


def test_with_trust_the_note_of_sites_goes_as_well(computer: Computer) -> None:
    computer.install("ORIGINS=https://a.kz\n", is_first=True)
    computer.install("ORIGINS=https://a.kz\nTRUST=none\n")
    computer.by_hand("--origin", "https://a.kz")
    computer.install()
    assert computer.sites == ["https://a.kz"]


def test_the_scripts_read_sites_as_the_program_tells_them(computer: Computer) -> None:
    report = TrustReport(
        "status", State.TRUSTED, None, ("https://a.kz", "https://b.kz:8443"), (), ("a note",)
    )
    (computer.folder / "told").write_text(command._text(report))
    (computer.folder / "bin/qalamsap").write_text(f"#!/bin/sh\ncat '{computer.folder}/told'\n")
    script = f". '{computer.folder}/setup'; named_sites"
    done = subprocess.run(
        ["sh", "-c", script],
        env={"PATH": f"{computer.folder}/bin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "https://a.kz,https://b.kz:8443"


def test_while_a_browser_can_not_be_made_to_forget_it_the_broker_keeps_the_port(computer: Computer) -> None:
    computer.install(is_first=True)
    (computer.state / "broken").touch()
    calls = computer.install("BROKER=off\n")
    assert computer.owns_port
    assert started(calls, "stop") == set()
    assert "the broker keeps the port" in (computer.folder / "errors").read_text()
    (computer.state / "broken").unlink()
    computer.install("BROKER=off\n")
    assert (computer.is_trusted, computer.owns_port) == (False, False)


def test_an_administrator_who_switched_the_socket_off_has_switched_it_off(computer: Computer) -> None:
    computer.install(is_first=True)
    switch = computer.folder / "bin" / ("deb-systemd-helper" if computer.kind == "deb" else "systemctl")
    subprocess.run([switch, "disable", "qalamsap-broker.socket"], check=True)
    computer.install()
    assert not computer.owns_port
