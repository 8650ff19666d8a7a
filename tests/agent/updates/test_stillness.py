"""Nothing is replaced while somebody signs."""

import threading
from pathlib import Path

import pytest

from agent import instance, paths
from agent.instance import AlreadyRunning, Lock
from agent.updates import stillness
from agent.updates.errors import Busy
from tests.support import fake_agent

pytestmark = pytest.mark.service


def test_where_nothing_runs_it_is_still_and_stays_so(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    with stillness.of_person(places) as still:
        assert still.words == ()
        for lock in (places.lock, places.desk_lock):
            with pytest.raises(AlreadyRunning):
                Lock.take(lock)
    for lock in (places.lock, places.desk_lock):
        Lock.take(lock).release()


def test_an_idle_agent_goes_and_it_is_known_how_it_was_started(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    program = fake_agent.write(tmp_path / "bin" / "Q", "1.0")
    with fake_agent.running(program, tmp_path), stillness.of_person(places) as still:
        assert fake_agent.version_of(tmp_path) == ""
        assert still.words == ("run", "--state-dir", str(tmp_path), "--port", "0")


def test_an_agent_in_an_approval_is_not_disturbed(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    with fake_agent.running(fake_agent.write(tmp_path / "bin" / "Q", "1.0", busy=True), tmp_path):
        with pytest.raises(Busy, match="an approval runs"), stillness.of_person(places):
            raise AssertionError("it was still")
        assert fake_agent.version_of(tmp_path) == "1.0"
        Lock.take(places.desk_lock).release()  # nothing stays held


def test_one_may_wait_for_the_end_of_an_approval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stillness, "ASK_EVERY_S", 0.05)
    places = paths.resolve(tmp_path)
    with fake_agent.running(fake_agent.write(tmp_path / "bin" / "Q", "1.0", busy=True), tmp_path):
        threading.Timer(0.3, (tmp_path / "idle").touch).start()
        with stillness.of_person(places, wait_s=fake_agent.LIMIT_S) as still:
            assert still.words


def test_an_open_desk_is_not_disturbed_and_the_agent_stays(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    with fake_agent.running(fake_agent.write(tmp_path / "bin" / "Q", "1.0"), tmp_path):
        with (
            Lock.take(places.desk_lock),
            pytest.raises(Busy, match="own window is open"),
            stillness.of_person(places),
        ):
            raise AssertionError("it was still")
        assert fake_agent.version_of(tmp_path) == "1.0"


def test_a_window_of_a_command_is_not_disturbed_and_the_agent_stays(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    with fake_agent.running(fake_agent.write(tmp_path / "bin" / "Q", "1.0"), tmp_path):
        with (
            instance.shown(places.shown),
            pytest.raises(Busy, match="command has a window"),
            stillness.of_person(places),
        ):
            raise AssertionError("it was still")
        assert fake_agent.version_of(tmp_path) == "1.0"
        with stillness.of_person(places) as still:
            assert still.words


def test_an_agent_that_can_not_be_asked_is_left_alone(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    with Lock.take(places.lock), pytest.raises(Busy, match="can't be asked"), stillness.of_person(places):
        raise AssertionError("it was still")


def test_an_agent_that_does_not_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stillness, "ENDS_WITHIN_S", 0.1)
    monkeypatch.setattr(stillness, "_ask_to_go", lambda _places: True)
    places = paths.resolve(tmp_path)
    with Lock.take(places.lock), pytest.raises(Busy, match="does not end"), stillness.of_person(places):
        raise AssertionError("it was still")


def test_everybody_is_asked_where_something_is_installed_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "root"))
    below = paths.resolve().state_dir.relative_to(tmp_path / "root")
    homes = [tmp_path / "aliya", tmp_path / "bolat", tmp_path / "nobody"]
    program = fake_agent.write(tmp_path / "Q", "1.0")
    with (
        fake_agent.running(program, homes[0] / below),
        fake_agent.running(program, homes[1] / below),
    ):
        stillness.require_of_everybody(homes)
        (homes[1] / below / "asking").touch()
        with pytest.raises(Busy, match="somebody's agent"):
            stillness.require_of_everybody(homes)


def test_where_states_lie_elsewhere_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/root-of-tests")
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    asked: list[Path] = []
    monkeypatch.setattr(stillness, "_require_idle", asked.append)
    stillness.require_of_everybody([Path("/home/aliya")])
    assert asked == []


def test_people_have_homes() -> None:
    found = stillness.homes_of_people()
    assert len(set(found)) == len(found)
    assert Path("/") not in found
