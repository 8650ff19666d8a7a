"""Nothing is replaced while somebody signs."""

import contextlib
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import control, instance, own_sockets, paths
from agent.instance import AlreadyRunning, Lock
from agent.paths import Paths
from agent.updates import stillness, windows_profiles
from agent.updates.errors import Busy
from protocol.control import Command, State
from tests.support import fake_agent, ways

pytestmark = [pytest.mark.service, pytest.mark.usefixtures("way")]


@pytest.fixture
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How agents are reached: by Unix socket, where a test says nothing else."""
    chosen = getattr(request, "param", "unix")
    monkeypatch.setattr(own_sockets, "IS_LOOPBACK", chosen == "loopback")
    return str(chosen)


by_both_ways = pytest.mark.parametrize("way", ways.WAYS, indirect=True)


def test_where_nothing_runs_it_is_still_and_stays_so(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    with stillness.of_person(places) as still:
        assert still.words == ()
        for lock in (places.lock, places.desk_lock):
            with pytest.raises(AlreadyRunning):
                Lock.take(lock)
    for lock in (places.lock, places.desk_lock):
        Lock.take(lock).release()


@by_both_ways
def test_an_idle_agent_goes_and_it_is_known_how_it_was_started(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    program = fake_agent.write(tmp_path / "bin" / "Q", "1.0")
    with fake_agent.running(program, tmp_path), stillness.of_person(places) as still:
        assert fake_agent.version_of(tmp_path) == ""
        assert still.words == ("run", "--state-dir", str(tmp_path), "--port", "0")


@by_both_ways
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


@by_both_ways
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


# --- an installer that ends everybody's windows -----------------------------------------------------------------------


@pytest.fixture
def aliya(tmp_path: Path) -> Path:
    """The profile of somebody who has used the agent; nobody else has."""
    home = tmp_path / "Users" / "aliya"
    places_of(home).state_dir.mkdir(parents=True)
    return home


def places_of(home: Path) -> Paths:
    return paths.resolve(home / "AppData" / "Local" / "qalamsap")


def require(home: Path) -> None:
    stillness.require_nobody_at_work([home.parent / "bolat", home])


@contextlib.contextmanager
def agent_of(home: Path, *, busy: bool = False) -> Iterator[Path]:
    folder = places_of(home).state_dir
    with fake_agent.running(fake_agent.write(home / "Q", "1.0", busy=busy), folder):
        yield folder


def test_where_nobody_runs_anything_nobody_is_at_work_and_nothing_is_left_there(aliya: Path) -> None:
    require(aliya)
    places = places_of(aliya)
    assert list(places.state_dir.iterdir()) == []
    for file in (places.lock, places.desk_lock):  # left by programs that ended
        file.touch()
    places.shown.mkdir()
    (places.shown / "4711.lock").touch()
    require(aliya)


@by_both_ways
def test_an_agent_of_somebody_that_is_idle_is_in_nobodys_way(aliya: Path) -> None:
    with agent_of(aliya) as folder:
        require(aliya)
        assert fake_agent.version_of(folder) == "1.0"  # it was asked, and not told to go


@by_both_ways
def test_an_approval_of_somebody_is_in_the_way(aliya: Path) -> None:
    with agent_of(aliya, busy=True) as folder:
        with pytest.raises(Busy, match="aliya: an approval runs"):
            require(aliya)
        (folder / "idle").touch()
        require(aliya)
        (folder / "asking").touch()  # as an older version says it, which knows of no condition
        with pytest.raises(Busy, match="aliya: an approval runs"):
            require(aliya)


def test_a_window_of_somebody_is_in_the_way(aliya: Path) -> None:
    places = places_of(aliya)
    with Lock.take(places.desk_lock), pytest.raises(Busy, match="aliya: a window is open"):
        require(aliya)
    with instance.shown(places.shown), pytest.raises(Busy, match="aliya: a window is open"):
        require(aliya)
    require(aliya)


@by_both_ways
def test_an_agent_of_somebody_that_can_not_be_asked_is_in_the_way(aliya: Path) -> None:
    places = places_of(aliya)
    with Lock.take(places.lock):
        with pytest.raises(Busy, match="aliya: an agent runs that can't be asked"):
            require(aliya)
        ways.abandoned(places.control_socket)
        with pytest.raises(Busy, match="aliya: an agent runs that can't be asked"):
            require(aliya)


@pytest.mark.parametrize("what", ["state_dir", "desk_lock", "shown", "lock"])
def test_what_can_not_be_looked_into_is_not_still(
    aliya: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    places = places_of(aliya)
    closed = getattr(places, what)
    places.shown.mkdir()
    stat, iterdir, opened = Path.stat, Path.iterdir, instance.os.open

    def refuse(path: object) -> None:
        if Path(str(path)) == closed:
            raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(Path, "stat", lambda self, **how: refuse(self) or stat(self, **how))
    monkeypatch.setattr(Path, "iterdir", lambda self: refuse(self) or iterdir(self))
    monkeypatch.setattr(
        instance.os, "open", lambda path, *more, **how: refuse(path) or opened(path, *more, **how)
    )
    with pytest.raises(Busy, match="aliya: whether anybody signs there can't be seen: Access is denied"):
        require(aliya)


@pytest.mark.parametrize(
    "what", ["AppData", "AppData/Local", "AppData/Local/qalamsap", "shown", "control_socket"]
)
@pytest.mark.parametrize("is_there", [True, False])
def test_a_profile_that_leads_elsewhere_is_not_followed(
    aliya: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, is_there: bool
) -> None:
    """Its owner may lead an administrator's program anywhere."""
    places = places_of(aliya)
    place = getattr(places, what) if hasattr(places, what) else aliya / what
    target = tmp_path / "elsewhere"
    if is_there and place.exists():
        place.rename(target)
    elif is_there:
        target.mkdir()
    elif place.exists():
        shutil.rmtree(place)
    place.symlink_to(target)
    asked: list[Path] = []
    monkeypatch.setattr(control, "ask", lambda path, _command: asked.append(path))
    with contextlib.ExitStack() as stack:
        if what == "control_socket":
            stack.enter_context(Lock.take(places.lock))
        with pytest.raises(Busy, match=f"aliya: .*{place.name} leads elsewhere"):
            require(aliya)
    assert asked == []


def test_more_windows_than_anybody_has_are_not_looked_at_one_by_one(
    aliya: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stillness, "MOST_WINDOWS", 3)
    looked: list[Path] = []
    held = stillness.is_held
    monkeypatch.setattr(stillness, "is_held", lambda path: looked.append(path) or held(path))
    shown = places_of(aliya).shown
    shown.mkdir()
    for number in range(2):
        (shown / f"{number}.lock").touch()
    require(aliya)
    looked.clear()
    for number in range(10):
        (shown / f"{number}.lock").touch()
    with pytest.raises(Busy, match="aliya: there are more windows than anybody has"):
        require(aliya)
    assert looked == []


def test_a_key_that_somebody_holds_open_is_in_the_way(aliya: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Command] = []

    def ask(_path: Path, command: Command) -> State:
        asked.append(command)
        return State("ready", "ru", "1", 1, unlocked_until="2026-01-01T00:00:00+00:00")

    monkeypatch.setattr(control, "ask", ask)
    with Lock.take(places_of(aliya).lock), pytest.raises(Busy):
        require(aliya)
    assert asked == [Command("query", "if-idle")]


def test_on_windows_people_are_those_with_a_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(windows_profiles, "folders", lambda: (Path("/Users/aliya"),))
    assert stillness.homes_of_people() == (Path("/Users/aliya"),)

    def refuse() -> tuple[Path, ...]:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(windows_profiles, "folders", refuse)
    with pytest.raises(Busy, match="can't be read: Access is denied"):
        stillness.homes_of_people()


def test_people_have_homes() -> None:
    found = stillness.homes_of_people()
    assert len(set(found)) == len(found)
    assert Path("/") not in found
