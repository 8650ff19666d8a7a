"""Whose program is at the other end of a loopback connection.

An owner is a number that the system vouches for: the user id on Linux, the session on Windows. Nothing that the peer sends counts, nor
does its process: numbers of processes are used again. The answer is for this moment, and holds for as long as the connection
lives: who opened a socket stays its owner.

    owners = owner.of_this_system()
    owners.of_peer(accepted)     the owner; None where that can't be known: then nobody may be served
    owners.ours                  who we are ourselves
    owners.can_tell              False on systems that we can't ask: there everybody on loopback is let in, as before

A connection whose two ends are not both alive has no owner. Its place (both addresses and ports) may be somebody else's already.
"""

import socket
import sys
from typing import Protocol


class Owners(Protocol):
    """What a system tells of owners."""

    @property
    def can_tell(self) -> bool: ...

    @property
    def ours(self) -> int: ...

    def of_peer(self, accepted: socket.socket) -> int | None: ...


class UntoldOwners:
    """Of a system that does not tell."""

    can_tell = False
    ours = -1

    def of_peer(self, accepted: socket.socket) -> int | None:  # noqa: ARG002  # the same for every socket
        return None


def of_this_system() -> Owners:
    """Each call opens what it needs anew; nothing of it must be closed."""
    if sys.platform == "linux":
        from agent.peers.linux import LinuxOwners  # noqa: PLC0415  # of this system alone

        return LinuxOwners()
    if sys.platform == "win32":
        from agent.peers.windows import WindowsOwners  # noqa: PLC0415  # of that system alone

        return WindowsOwners()
    return UntoldOwners()
