"""The units of the broker: what they promise elsewhere, and what systemd itself says of them."""

import configparser
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from agent import paths
from agent.settings import DEFAULT_PORT

UNITS = Path(__file__).resolve().parents[3] / "installer/linux/units"
MOST_EXPOSURE = 1.5  # of 10, by systemd's own count


def lines(name: str) -> dict[str, dict[str, list[str]]]:
    """Sections, settings, and their values in order: a setting may stand there more than once."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in (UNITS / name).read_text("utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            setting, _, value = line.partition("=")
            section.setdefault(setting, []).append(value)
    return found


SOCKET, SERVICE = lines("qalamsap-broker.socket"), lines("qalamsap-broker.service")


def test_the_sockets_are_on_loopback_and_where_agents_look() -> None:
    assert SOCKET["Socket"]["ListenStream"] == [f"127.0.0.1:{DEFAULT_PORT}", f"[::1]:{DEFAULT_PORT}"]
    assert SOCKET["Socket"]["ListenSequentialPacket"] == [str(paths.broker_socket())]
    assert int(SOCKET["Socket"]["DirectoryMode"][0], 8) & (stat.S_IWGRP | stat.S_IWOTH) == 0
    assert SOCKET["Install"]["WantedBy"] == ["sockets.target"]


def test_nothing_that_people_do_makes_systemd_give_the_port_up() -> None:
    assert SOCKET["Socket"]["TriggerLimitIntervalSec"] == ["0"]
    assert SERVICE["Unit"]["StartLimitIntervalSec"] == ["0"]
    assert SERVICE["Service"]["Restart"] == ["always"]


def test_it_sees_people_and_connections_as_they_are() -> None:
    service = SERVICE["Service"]
    assert not service.keys() & {"PrivateUsers", "PrivateNetwork", "NetworkNamespacePath"}
    assert service["ProcSubset"] == ["all"]
    assert "AF_NETLINK" in service["RestrictAddressFamilies"][0]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["DynamicUser"] == ["yes"]


def test_it_starts_the_broker_of_the_package() -> None:
    assert SERVICE["Service"]["ExecStart"] == ["/usr/lib/qalamsap/bin/qalamsap-broker -I -m agent.broker"]


@pytest.fixture
def analyze(tmp_path: Path):
    """Runs systemd-analyze on the units, with a program that is there in place of ours."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("needs tool: systemd-analyze")
    if os.geteuid() and not Path("/run/systemd").is_dir():
        pytest.skip("needs tool: systemd-analyze where systemd runs, or as root")
    for name in ("qalamsap-broker.socket", "qalamsap-broker.service"):
        text = (UNITS / name).read_text("utf-8")
        text = text.replace(SERVICE["Service"]["ExecStart"][0], shutil.which("true") or "/bin/true")
        (tmp_path / name).write_text(text.replace("Documentation=man:qalamsap(1)\n", ""))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
        return subprocess.run(
            [tool, *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=environment,
            cwd=tmp_path,
        )

    return run


def test_systemd_understands_every_line(analyze) -> None:
    done = analyze("verify", "./qalamsap-broker.socket", "./qalamsap-broker.service")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_it_may_do_next_to_nothing(analyze) -> None:
    threshold = str(int(MOST_EXPOSURE * 10))
    done = analyze(
        "security", "--offline=true", f"--threshold={threshold}", "--no-pager", "./qalamsap-broker.service"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_units_are_plain_ini() -> None:
    for name in ("qalamsap-broker.socket", "qalamsap-broker.service"):
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.read(UNITS / name)
        assert parser.sections()
