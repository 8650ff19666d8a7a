"""What a program that a test started says line by line, without waiting for it for ever."""

import os
import select
import time
from typing import IO, Any

LIMIT_S = 120.0


def next_line(stream: IO[Any], limit_s: float = LIMIT_S) -> str:
    """The next line, with its end; what there is of it where the program says no more, which may be nothing.

    Fails after the limit. It reads past the stream's own buffer, so that nothing waits in there unseen: lines that come
    before this one must have been read by this as well. Whatever follows may be read in any way.
    """
    end = time.monotonic() + limit_s
    line = bytearray()
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"waited {limit_s:.0f} s for a line, got {bytes(line)!r}"
        octet = os.read(stream.fileno(), 1)
        if not octet:
            break
        line += octet
    return line.decode()
