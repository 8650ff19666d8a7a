"""Locked memory."""

import mmap
import os
import pickle
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from agent import locked_memory, paths
from agent.locked_memory import CannotLock, LockedBuffer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def flags_of_locked_areas() -> list[set[str]]:
    """The flags of each area of this process' memory that is locked."""
    areas = Path("/proc/self/smaps").read_text().split("VmFlags:")[1:]
    flags = [set(area.split("\n")[0].split()) for area in areas]
    return [each for each in flags if "lo" in each]


def test_what_is_written_there_is_locked_and_left_out_of_dumps_and_children() -> None:
    before = len(flags_of_locked_areas())
    with LockedBuffer(5000) as buffer:
        buffer.view[:] = bytes(range(250)) * 20
        locked = flags_of_locked_areas()
        assert len(locked) == before + 1
        assert any({"dd", "wf"} <= flags for flags in locked)
        child = os.fork()
        if child == 0:
            os._exit(0 if bytes(buffer.view) == bytes(5000) else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert bytes(buffer.view) == bytes(range(250)) * 20
    assert len(flags_of_locked_areas()) == before


def test_after_it_is_wiped_there_is_nothing_to_be_seen() -> None:
    buffer = LockedBuffer(10)
    view = buffer.view
    buffer.wipe()
    buffer.wipe()
    assert buffer.is_wiped
    with pytest.raises(ValueError, match="released"):
        bytes(view)


def test_where_memory_can_not_be_locked_it_says_so() -> None:
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0));"
        "import os; os.getuid() or os.setuid(65534);"
        "from agent.locked_memory import LockedBuffer, CannotLock\n"
        "try: LockedBuffer(1)\n"
        "except CannotLock: sys.exit(7)"
    )
    environment = {**os.environ, "PYTHONPATH": str(paths.CODE_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == 1 and re.search("Permission|ModuleNotFound", done.stderr):
        pytest.skip("another person can't read this checkout")
    assert done.returncode == 7, done.stderr


def test_a_failed_lock_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked_memory, "_lock", lambda _: False)
    before = Path("/proc/self/maps").read_text().count("\n")
    for _ in range(50):
        with pytest.raises(CannotLock):
            LockedBuffer(mmap.PAGESIZE)
    assert Path("/proc/self/maps").read_text().count("\n") < before + 40


@pytest.mark.parametrize("can", [True, False])
def test_whether_memory_can_be_locked_is_found_by_trying(monkeypatch: pytest.MonkeyPatch, can: bool) -> None:
    if not can:
        monkeypatch.setattr(locked_memory, "_lock", lambda _: False)
    before = len(flags_of_locked_areas())
    assert locked_memory.can_lock() is can
    assert len(flags_of_locked_areas()) == before


def test_it_is_never_shown_or_copied_away() -> None:
    with LockedBuffer(4) as buffer:
        assert repr(buffer) == "<LockedBuffer>"
        with pytest.raises(TypeError):
            pickle.dumps(buffer)


def test_the_limit_of_an_ordinary_person_is_enough() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    assert soft == resource.RLIM_INFINITY or soft >= 64 * 1024
