"""The renewal of machine-wide trust by systemd: the unit is well formed, shut in, and still reaches every place that it writes."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from agent import __main__ as program
from agent.localhost import chromium_policies, firefox_policies
from agent.system_log import journald
from tests.support import browsers, trusting, worlds
from tests.support.trusting import REPOSITORY

UNITS = Path(__file__).resolve().parents[3] / "installer/linux/units"
SERVICE, TIMER = UNITS / "qalamsap-trust-renew.service", UNITS / "qalamsap-trust-renew.timer"
STATE = "/var/lib/qalamsap"


def values(path: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", path.read_text(), re.MULTILINE)


def test_the_timer_starts_the_service_of_its_name_every_week_and_makes_up_for_what_was_missed() -> None:
    timer = configparser.ConfigParser()
    timer.optionxform = str  # type: ignore[assignment,method-assign]
    timer.read(TIMER)
    assert dict(timer["Timer"]) == {
        "OnCalendar": "weekly",
        "RandomizedDelaySec": "12h",
        "FixedRandomDelay": "yes",
        "Persistent": "yes",
    }
    assert timer["Install"]["WantedBy"] == "timers.target"
    assert TIMER.with_suffix(".service") == SERVICE
    assert "[Install]" not in SERVICE.read_text(), "only the timer is enabled"


def test_the_command_line_is_one_that_the_program_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = values(SERVICE, "ExecStart")
    command, *words = shlex.split(line)
    assert command == "/usr/bin/qalamsap"
    assert STATE in words
    assert program.main([str(tmp_path) if word == STATE else word for word in words]) == 0
    assert capsys.readouterr().out == "nothing was installed that could be renewed\n"
    assert values(SERVICE, "ConditionPathExists") == [f"{STATE}/trust.json"]


def test_every_place_that_trust_writes_can_be_written() -> None:
    writable = [Path(text.lstrip("-")) for text in values(SERVICE, "ReadWritePaths")]
    places = [Path("/", place.folder) for place in chromium_policies.PLACES]
    places += [Path("/", firefox_policies.SYSTEM_FOLDER), Path(STATE)]
    places += [Path("/", place) for place in firefox_policies.DISTRIBUTIONS]
    for place in places:
        assert any(place.is_relative_to(each) for each in writable), place


def test_its_events_reach_the_journal() -> None:
    """By a socket of that family, in a folder that no line of the unit hides."""
    assert values(SERVICE, "RestrictAddressFamilies") == ["AF_UNIX"]
    hidden = {*values(SERVICE, "InaccessiblePaths"), *values(SERVICE, "TemporaryFileSystem")}
    assert not [place for place in hidden if journald.SOCKET.is_relative_to(place.lstrip("-"))]


def test_systemd_finds_nothing_wrong_and_the_unit_shut_in(tmp_path: Path) -> None:
    analyze = browsers.needs("systemd-analyze")
    stand_in = shutil.which("true")
    for path in (SERVICE, TIMER):
        text = path.read_text().replace("/usr/bin/qalamsap", str(stand_in))
        (tmp_path / path.name).write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    units = [str(tmp_path / path.name) for path in (SERVICE, TIMER)]
    verified = subprocess.run(
        [analyze, "--man=no", "verify", *units], capture_output=True, text=True, timeout=60, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=25", "--no-pager", units[0]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.root
def test_the_renewal_needs_no_more_than_the_unit_leaves_it(tmp_path: Path) -> None:
    browsers.needs("setpriv")
    (line,) = values(SERVICE, "CapabilityBoundingSet")
    left = ",".join(f"+{word.removeprefix('CAP_').lower()}" for word in line.split())
    shut_in = ["setpriv", "--bounding-set", f"-all,{left}", "--inh-caps", "-all", "--no-new-privs"]
    state = tmp_path / "state"
    policy = "/etc/chromium/policies/managed/it.json"
    with worlds.own_world(tmp_path / "world") as world:
        path = world.path(policy)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"CACertificates": []}')
        os.chown(path, 12345, 12345)
        installed = world.run(*trusting.program(state, "install", "--machine"), folder=REPOSITORY)
        assert installed.returncode == 0, installed.stdout
        before = len(json.loads(path.read_bytes())["CACertificates"])
        renewed = world.run(*shut_in, *trusting.program(state, "renew", "--force"), folder=REPOSITORY)
        assert renewed.returncode == 0, renewed.stdout + renewed.stderr
        assert len(json.loads(path.read_bytes())["CACertificates"]) == before + 1
        assert path.stat().st_uid == 12345, "a file that is somebody's stays theirs"
