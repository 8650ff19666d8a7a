"""Who makes room for whom."""

from dataclasses import dataclass

import pytest

from agent.server import limits
from agent.server.limits import Full, GuestList


@dataclass(eq=False)
class Someone:
    is_idle: bool = True


def list_with(*owners: str, idle: bool = True) -> tuple[GuestList[Someone], list[Someone]]:
    guests: GuestList[Someone] = GuestList()
    people = [Someone(idle) for _ in owners]
    for person, owner in zip(people, owners, strict=True):
        assert guests.arrive(person)
        assert guests.admit(person, owner) is None
    return guests, people


def test_sixteen_of_one_owner_are_let_in_and_the_next_sends_the_oldest_idle_one_away() -> None:
    guests, people = list_with(*["a"] * limits.PER_OWNER)
    people[0].is_idle = False
    newcomer = Someone()
    guests.arrive(newcomer)
    assert guests.admit(newcomer, "a") is people[1]
    assert people[1] not in guests.all()
    assert newcomer in guests.all()


def test_where_nobody_of_the_owner_is_idle_the_next_is_refused() -> None:
    guests, _ = list_with(*["a"] * limits.PER_OWNER, idle=False)
    newcomer = Someone()
    guests.arrive(newcomer)
    with pytest.raises(Full):
        guests.admit(newcomer, "a")


def test_one_owner_at_its_limit_does_not_hinder_another() -> None:
    guests, _ = list_with(*["a"] * limits.PER_OWNER, idle=False)
    other = Someone()
    guests.arrive(other)
    assert guests.admit(other, "b") is None


def full_house(*, idle: bool) -> tuple[GuestList[Someone], list[Someone]]:
    return list_with(*(f"owner {number % 5}" for number in range(limits.MAXIMUM)), idle=idle)


def test_in_a_full_house_an_owner_makes_room_for_itself() -> None:
    guests, people = full_house(idle=True)
    newcomer = Someone()
    guests.arrive(newcomer)
    assert guests.admit(newcomer, "owner 1") is people[1]


def test_in_a_full_house_a_new_owner_takes_the_place_of_the_one_that_holds_most() -> None:
    guests, people = full_house(idle=True)
    newcomer = Someone()
    guests.arrive(newcomer)
    # 64 guests of 5 owners: owners 0 to 3 hold 13 each.
    assert guests.admit(newcomer, "new") is people[0]


def test_in_a_full_and_busy_house_a_newcomer_is_refused() -> None:
    guests, _ = full_house(idle=False)
    newcomer = Someone()
    guests.arrive(newcomer)
    with pytest.raises(Full):
        guests.admit(newcomer, "new")


def test_handshakes_in_progress_are_counted() -> None:
    guests: GuestList[Someone] = GuestList()
    for _ in range(limits.MAXIMUM):
        assert guests.arrive(Someone(is_idle=False))
    newcomer = Someone()
    assert guests.arrive(newcomer)
    with pytest.raises(Full):
        guests.admit(newcomer, "a")


def test_beyond_the_reserve_a_socket_is_not_even_taken() -> None:
    guests: GuestList[Someone] = GuestList()
    people = [Someone() for _ in range(limits.MAXIMUM + limits.RESERVE)]
    assert all(guests.arrive(person) for person in people)
    assert not guests.arrive(Someone())
    guests.leave(people[0])
    guests.leave(people[0])
    assert guests.arrive(Someone())
