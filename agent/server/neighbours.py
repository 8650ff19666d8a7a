"""Whether a connection is our own person's: others on the same computer can reach loopback as well as they.

Whoever accepts connections asks here before a first octet is read, wherever the connection was accepted (decision 0029). Root is
somebody else, too: it can do what it likes, and has an agent of its own where it wants one.
"""

import logging
import socket
import time
from collections.abc import Callable
from typing import Final

from agent import logs
from agent.peers import owner
from agent.peers.owner import Owners

QUIET_S: Final = 60.0  # what somebody can do again and again is told once in so long

_log = logging.getLogger(__name__)


class Neighbours:
    """`owners` is what the system tells, another one in tests only."""

    def __init__(self, owners: Owners | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._owners = owners or owner.of_this_system()
        self._clock = clock
        self._told_at: float | None = None
        self._untold = 0

    def may_come_in(self, accepted: socket.socket) -> bool:
        """Whether it is our person's. Who left already may not: that is no loss, and whose they were can't be told any more."""
        if not self._owners.can_tell:
            return True
        found = self._owners.of_peer(accepted)
        if found == self._owners.ours:
            return True
        if found is not None:
            self._tell()
        return False

    def _tell(self) -> None:
        self._untold += 1
        if self._told_at is None or self._clock() - self._told_at >= QUIET_S:
            logs.note(_log, logging.WARNING, "a connection of another person was refused", count=self._untold)
            self._told_at, self._untold = self._clock(), 0
