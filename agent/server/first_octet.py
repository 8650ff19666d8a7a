"""TLS or plain HTTP on one port: the first octet that a client sends tells them apart.

A TLS connection begins with a record of type handshake, 0x16 (RFC 8446 section 5.1), an HTTP request with the upper-case letters of a
method (RFC 9110 section 9.1). The octet stays in the socket for whoever reads it afterwards, and it is one that the client sends first
in any case: nobody needs another round trip.
"""

import asyncio
import contextlib
import functools
import socket
import sys
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["tls", "plain"]

_TLS_HANDSHAKE: Final = b"\x16"


def kind_of(octet: bytes) -> Kind | None:
    """What a connection that begins with this octet speaks; None: nothing that we know."""
    if octet == _TLS_HANDSHAKE:
        return "tls"
    return "plain" if octet.isalpha() and octet.isupper() else None


async def peek(accepted: socket.socket) -> bytes:
    """The first octet, as soon as it is there, without taking it; b"" where the client left before it sent one. OSError.

    The socket must not block.
    """
    while True:
        await _wait_readable(accepted)
        with contextlib.suppress(BlockingIOError):  # the system may say "readable" too early: select(2), BUGS
            return accepted.recv(1, socket.MSG_PEEK)


async def _wait_readable(accepted: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":  # untested
        # Its loop watches no sockets, but a read of nothing ends when there is something.
        await loop.sock_recv(accepted, 0)
        return
    readable = loop.create_future()
    loop.add_reader(accepted, functools.partial(_wake, readable))
    try:
        await readable
    finally:
        loop.remove_reader(accepted)


def _wake(readable: asyncio.Future[None]) -> None:
    if not readable.done():
        readable.set_result(None)
