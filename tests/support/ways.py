"""Both ways in which programs of one person reach each other (agent.own_sockets), for tests that hold for either."""

import asyncio
import socket
import time
from pathlib import Path

from agent import loopback, own_sockets
from agent.own_sockets import Listener, Stream

WAYS = ("unix", "loopback")
LIMIT_S = 20.0


def called(path: Path) -> socket.socket:
    """A connection to who listens at `path`, for which all is proved that must be, and on which nothing was said yet."""
    if not own_sockets.IS_LOOPBACK:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(path))
        return connection
    place = loopback.read(path)
    connection = loopback.connect(place, LIMIT_S)
    loopback.prove(place, Stream(connection, time.monotonic() + LIMIT_S))
    return connection


async def opened(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The same, for a loop."""
    return await asyncio.open_connection(sock=await asyncio.to_thread(called, path))


def abandoned(path: Path) -> None:
    """Leaves what an agent leaves there that was killed."""
    Listener(path, 1).socket.close()


def answered_once(listener: Listener, octets: bytes) -> None:
    """Says these octets to one caller, as who listens there, and hangs up."""
    connection, _ = listener.socket.accept()
    with connection:
        listener.admit_by(Stream(connection, time.monotonic() + LIMIT_S))
        connection.recv(4096)
        connection.sendall(octets)
