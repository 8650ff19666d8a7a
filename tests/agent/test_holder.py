"""What ends a key that stays open."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent import holder
from agent.holder import Holder
from agent.locked_memory import CannotLock


@dataclass
class Key:
    is_open: bool = True
    certificate: str = "certificate"

    def let_go(self) -> None:
        self.is_open = False


@dataclass
class World:
    """Clocks and a key file that the test moves."""

    file: Path
    now: float = 1000.0
    slept: float = 5.0
    made: list[Key] = field(default_factory=list)

    def hold(self, _key: object) -> Key:
        self.made.append(Key())
        return self.made[-1]

    def holder(self, minutes: int = 10) -> Holder:
        made = Holder(self.hold, clock=lambda: self.now, asleep=lambda: self.slept)
        made.minutes = minutes
        return made


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "key.p12").write_bytes(b"key")
    return World(tmp_path / "key.p12")


def keep(made: Holder, world: World) -> bool:
    return made.keep(object(), str(world.file), "PKCS12")


def test_it_is_open_for_the_minutes_that_were_allowed_and_not_longer(world: World) -> None:
    made = world.holder(10)
    assert keep(made, world)
    world.now += 599
    assert made.kept() == holder.Kept(world.made[0], str(world.file), "PKCS12")
    assert made.seconds_left() == 1
    world.now += 1
    assert made.kept() is None
    assert made.seconds_left() == 0
    assert not world.made[0].is_open


def test_using_it_does_not_make_it_last_longer(world: World) -> None:
    made = world.holder(10)
    keep(made, world)
    for _ in range(9):
        world.now += 60
        assert made.kept() is not None
    world.now += 60
    assert made.kept() is None


def test_where_it_is_not_allowed_nothing_is_kept(world: World) -> None:
    made = world.holder(0)
    assert not keep(made, world)
    assert world.made == []


@pytest.mark.parametrize("how", ["written", "replaced", "gone"])
def test_a_key_file_that_changes_closes_it(world: World, how: str) -> None:
    made = world.holder()
    keep(made, world)
    if how == "written":
        world.file.write_bytes(b"other")
    elif how == "replaced":
        other = world.file.with_name("other")
        other.write_bytes(b"key")
        other.replace(world.file)
    else:
        world.file.unlink()
    assert made.kept() is None
    assert not world.made[0].is_open


def test_sleep_closes_it(world: World) -> None:
    made = world.holder()
    keep(made, world)
    world.slept += 1.0  # clocks are never quite alike
    assert made.kept() is not None
    world.slept += 3600
    assert made.kept() is None


@pytest.mark.parametrize("error", [CannotLock("no"), TypeError("a token")])
def test_a_key_that_can_not_be_held_is_not_kept(world: World, error: Exception) -> None:
    def fail(_key: object) -> Key:
        raise error

    made = Holder(fail)
    made.minutes = 10
    assert not keep(made, world)
    assert made.kept() is None


def test_a_file_that_is_gone_already_is_not_kept(world: World) -> None:
    world.file.unlink()
    assert not keep(world.holder(), world)
    assert world.made == []


def test_another_key_takes_the_place_of_the_first(world: World) -> None:
    made = world.holder()
    keep(made, world)
    keep(made, world)
    assert [key.is_open for key in world.made] == [False, True]
    made.let_go()
    made.let_go()
    assert [key.is_open for key in world.made] == [False, False]


def test_it_is_watched_until_it_is_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "LOOK_EVERY_S", 0.01)
    made = world.holder()
    closed = threading.Event()
    made.watch(closed.set)  # nothing is open yet
    keep(made, world)
    made.watch(closed.set)
    made.watch(closed.set)
    assert not closed.wait(0.1)
    world.file.unlink()
    assert closed.wait(10)
    assert not world.made[0].is_open


def test_what_is_forbidden_is_closed_and_not_kept_again(world: World) -> None:
    made = world.holder()
    keep(made, world)
    made.forbid()
    assert not world.made[0].is_open
    assert not keep(made, world)


def test_the_clocks_of_this_computer_can_be_read() -> None:
    assert holder.asleep_s() > -1.0  # one is read after the other
