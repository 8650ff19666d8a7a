"""Updates that are killed at every step, and what makes a working agent of what they left."""

import dataclasses
import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agent import daemon, paths
from agent.instance import Lock
from agent.updates import interrupted, swap
from agent.updates.interrupted import Note
from agent.updates.record import Records
from agent.updates.swap import TakenBack, Times
from tests.support import agents, fake_agent

OLD, NEW = "1.0", "1.1"
PATIENCE = Times(start_s=fake_agent.LIMIT_S)
AT = dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)

# An update that kills itself at a step: python -c ... ROOT STEP NEW CURRENT STATE
KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from agent import paths
from agent.updates import interrupted, swap
from agent.updates.versions import parse

step, new, current, state = sys.argv[2], *map(Path, sys.argv[3:])
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
def after(module, name, count=1):
    kept, calls = getattr(module, name), []
    def call(*given, **more):
        found = kept(*given, **more)
        calls.append(name)
        if len(calls) == count:
            die()
        return found
    setattr(module, name, call)
match step:
    case "before":
        swap._try = die
    case "noted":
        after(interrupted, "write")
    case "gone":
        after(interrupted, "write", 2)
    case "kept":
        after(swap, "_keep")
    case "swapped":
        swap._prove = die
    case "started":
        after(swap, "_launch")
    case "proven":
        interrupted.clear = die
    case "put back":
        swap._start_again = die
    case "old one started":
        after(swap, "_start_again")
swap.swap(new, current, parse("1.1"), paths.resolve(state), times=swap.Times(start_s=60.0))
"""
OF_ALL = ("before", "noted", "gone", "kept", "swapped")


@pytest.fixture
def current(tmp_path: Path) -> Path:
    return fake_agent.write(tmp_path / "bin" / "Q.AppImage", OLD)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def kill_at(step: str, new: Path, current: Path, state: Path) -> None:
    words = [sys.executable, "-c", KILLED, str(fake_agent.ROOT), step, str(new), str(current), str(state)]
    done = subprocess.run(words, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL


def noted(current: Path, state: Path, *, is_tried: bool = False) -> Note:
    """An update that was killed once the new file had its place."""
    kept = interrupted.previous_of(current)
    kept.hardlink_to(current)
    new = fake_agent.write(current.with_name("new"), NEW)
    new.replace(current)
    note = Note(NEW, current, ("run",), is_tried)
    interrupted.write(paths.resolve(state), note)
    return note


@pytest.mark.service
@pytest.mark.parametrize(
    ("step", "is_broken"),
    [
        *((step, is_broken) for step in (*OF_ALL, "started") for is_broken in (False, True)),
        ("proven", False),
        ("put back", True),
        ("old one started", True),
    ],
)
def test_the_next_update_makes_an_agent_run_again(
    tmp_path: Path, current: Path, state: Path, step: str, is_broken: bool
) -> None:
    new = fake_agent.write(tmp_path / "new", NEW, is_broken=is_broken)
    old = current.read_bytes()
    with fake_agent.running(current, state):
        kill_at(step, new, current, state)
        places = paths.resolve(state)
        was_swapped = step in ("swapped", "started", "proven")
        if was_swapped and is_broken:
            with pytest.raises(TakenBack):
                swap.recover(places, times=PATIENCE)
        else:
            fake_agent.wait_until(lambda: step not in ("started", "old one started") or answers(state))
            version = swap.recover(places, times=PATIENCE)
            assert (version is not None) == was_swapped
        right = NEW if was_swapped and not is_broken else OLD
        fake_agent.wait_until(lambda: fake_agent.version_of(state) == right)
        assert current.read_bytes() == (new.read_bytes() if right == NEW else old)
        assert swap.recover(places) is None
    if step != "before":  # before that nothing was changed: the next update throws its copy away
        assert list(current.parent.iterdir()) == [current]
    assert not list((state / "updates").glob("*.json"))


def answers(state: Path) -> bool:
    return fake_agent.version_of(state) != ""


@pytest.mark.parametrize("step", OF_ALL)
def test_the_next_agent_puts_in_order_what_was_left(
    tmp_path: Path, current: Path, state: Path, step: str
) -> None:
    """No agent ran: it is a log-in after the power failed."""
    new, old = fake_agent.write(tmp_path / "new", NEW), current.read_bytes()
    kill_at(step, new, current, state)
    places = paths.resolve(state)
    is_new = step == "swapped"
    start = interrupted.at_start(places, NEW if is_new else OLD, lambda: AT)
    assert start.program is None
    start.settle()
    assert current.read_bytes() == (new.read_bytes() if is_new else old)
    assert interrupted.read(places) is None
    assert Records(places.updates_record).read().outcome == ("installed" if is_new else "")
    if step != "before":
        assert list(current.parent.iterdir()) == [current]


def test_a_version_that_began_and_never_served_gives_its_place_back(current: Path, state: Path) -> None:
    old, places = current.read_bytes(), paths.resolve(state)
    noted(current, state)
    assert interrupted.at_start(places, NEW, lambda: AT).program is None  # and it dies before it serves
    found = interrupted.read(places)
    assert found is not None
    assert found.is_tried
    assert interrupted.at_start(places, NEW, lambda: AT).program == current
    assert current.read_bytes() == old
    assert list(current.parent.iterdir()) == [current]
    assert interrupted.read(places) is None
    record = Records(places.updates_record).read()
    assert (record.outcome, record.version, record.bad) == ("failed", NEW, (NEW,))


def test_while_an_update_is_under_way_or_an_agent_runs_the_note_is_theirs(current: Path, state: Path) -> None:
    places = paths.resolve(state)
    note = noted(current, state, is_tried=True)
    for lock in (places.updates / "lock", places.lock):
        with Lock.take(lock):
            assert interrupted.at_start(places, NEW, lambda: AT).program is None
    assert interrupted.read(places) == note


def test_another_copy_of_the_program_leaves_it_alone(current: Path, state: Path) -> None:
    places = paths.resolve(state)
    note = noted(current, state, is_tried=True)
    assert interrupted.at_start(places, "0.9", lambda: AT).program is None
    assert interrupted.read(places) == note


@pytest.mark.parametrize(
    "octets",
    [b"", b"{", b"[]", b"[" * 5000, b'{"version": "1", "file": "here", "words": [], "is_tried": true}'],
)
def test_a_note_that_makes_no_sense_is_none(state: Path, octets: bytes) -> None:
    places = paths.resolve(state)
    interrupted.write(places, Note("1", Path("/a")))
    (places.updates / "swap.json").write_bytes(octets)
    assert interrupted.read(places) is None
    assert interrupted.at_start(places, NEW, lambda: AT).program is None


def test_where_nothing_can_be_done_the_agent_starts_all_the_same(current: Path, state: Path) -> None:
    places = paths.resolve(state)
    interrupted.write(places, Note(NEW, current))
    (places.updates / "lock").mkdir()
    assert interrupted.at_start(places, NEW, lambda: AT).program is None


def test_half_a_copy_is_not_taken_for_the_version_before(
    tmp_path: Path, current: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:10])
        raise OSError("the power failed")

    def none(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", none)
    monkeypatch.setattr("agent.updates.swap.shutil.copy2", half)
    with pytest.raises(OSError, match="power"):
        swap._keep(current, interrupted.previous_of(current))
    assert not interrupted.is_swapped(current)


@pytest.mark.process
def test_it_goes_on_as_the_program_before(tmp_path: Path) -> None:
    program = tmp_path / "before"
    program.write_text('#!/bin/sh\necho "$0 $* in $PWD with [$SECRET]"\n')
    program.chmod(0o755)
    code = f"from pathlib import Path; from agent.updates import interrupted; interrupted.become(Path({str(program)!r}), ['run', '--port', '0'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, cwd=fake_agent.ROOT, env={**os.environ, "SECRET": "x"}, timeout=60,
    )  # fmt: skip
    assert done.stdout == f"{program} run --port 0 in / with []\n"


# --- with the real agent ---------------------------------------------------------------------------------------------


def run_command(state: Path) -> list[str]:
    return [sys.executable, "-m", "agent", "run", "--state-dir", str(state), "--port", "0", "--tray", "off"]


@pytest.mark.service
def test_an_agent_that_serves_settles_what_was_cut_short(current: Path, state: Path) -> None:
    note = noted(current, state)
    interrupted.write(paths.resolve(state), dataclasses.replace(note, version=daemon.version()))
    environment = {"HOME": str(state), "PATH": os.environ["PATH"], "PYTHONPATH": str(paths.CODE_ROOT)}
    with agents.running(run_command(state), state, environment):
        fake_agent.wait_until(lambda: interrupted.read(paths.resolve(state)) is None)
        assert list(current.parent.iterdir()) == [current]
        assert fake_agent.version_of(state) == daemon.version()


@pytest.mark.service
def test_an_agent_that_did_not_serve_becomes_the_one_before(current: Path, state: Path) -> None:
    note = noted(current, state)
    interrupted.previous_of(current).write_text('#!/bin/sh\necho "the old one: $*"\n')
    places = paths.resolve(state)
    interrupted.write(places, dataclasses.replace(note, version=daemon.version(), is_tried=True))
    words = run_command(state)
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, cwd=fake_agent.ROOT, timeout=fake_agent.LIMIT_S
    )
    assert done.stdout == f"the old one: {' '.join(words[3:])}\n"
    assert Records(places.updates_record).read().bad == (daemon.version(),)
