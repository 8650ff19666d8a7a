"""How many connections there may be, and which one makes room. Pure.

A connection is counted from the moment it is accepted: until its handshake is over it has no owner. Beyond PER_OWNER
connections of one owner (a site; all callers without Origin are one) the oldest idle one of that owner makes room. Beyond MAXIMUM
in all it is again the oldest idle one of that owner, or, where it has none, of the owner that holds the most: a page that
opens sockets under many names must not shut out the others. Where nobody is idle the newcomer is refused.
"""

from typing import Generic, Protocol, TypeVar

MAXIMUM = 64
PER_OWNER = 16
RESERVE = 8  # handshakes beyond MAXIMUM, so that a newcomer can be told that it is refused


class Guest(Protocol):
    """A connection, as far as this file is concerned."""

    @property
    def is_idle(self) -> bool:
        """Whether it has no call under way."""


G = TypeVar("G", bound=Guest)


class Full(Exception):
    """No room, and nobody who could make some."""


class GuestList(Generic[G]):
    """Who is connected, oldest first."""

    def __init__(self) -> None:
        self._owners: dict[G, str | None] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def all(self) -> list[G]:
        return list(self._owners)

    def arrive(self, guest: G) -> bool:
        """Counts a connection whose handshake begins. Whether there was room at least to refuse it politely."""
        if len(self._owners) >= MAXIMUM + RESERVE:
            return False
        self._owners[guest] = None
        return True

    def admit(self, guest: G, owner: str) -> G | None:
        """Gives the guest its owner. The guest that makes room for it, if one must: it is off the list, the caller closes it.

        Raises Full.
        """
        others = [each for each in self._owners if each is not guest]
        same = [each for each in others if self._owners[each] == owner]
        leaver = None
        if len(same) >= PER_OWNER:
            leaver = _oldest_idle(same)
        elif len(others) >= MAXIMUM:
            leaver = _oldest_idle(same, otherwise=self._of_largest_owner())
        else:
            self._owners[guest] = owner
            return None
        del self._owners[leaver]
        self._owners[guest] = owner
        return leaver

    def leave(self, guest: G) -> None:
        """Takes the guest off the list, if it is on it."""
        self._owners.pop(guest, None)

    def _of_largest_owner(self) -> list[G]:
        """The guests of the owner with the most, then of the next, and so on."""
        counts: dict[str, int] = {}
        for owner in self._owners.values():
            if owner is not None:
                counts[owner] = counts.get(owner, 0) + 1
        ranked = sorted(counts, key=lambda owner: -counts[owner])
        return [guest for owner in ranked for guest, its in self._owners.items() if its == owner]


def _oldest_idle(guests: list[G], otherwise: list[G] | None = None) -> G:
    for guest in [*guests, *(otherwise or [])]:
        if guest.is_idle:
            return guest
    raise Full
