"""How an agent fares while it has much to do: what another page notices of it, and how much memory it takes."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from protocol import handshake
from tests.conformance.protocol import asking
from tests.support.agents import RunningAgent

PATIENCE_S = 5.0  # the strictest page gives up after six; other programs keep a test's processors busy, too


def peak_kb(agent: RunningAgent) -> int:
    """The most memory that the daemon ever had."""
    status = Path(f"/proc/{agent.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1])


@contextlib.contextmanager
def heartbeats(agent: RunningAgent) -> Iterator[list[float]]:
    """Another page that sends one heartbeat after the other; gives how long each took to be answered."""
    waits: list[float] = []
    is_over = threading.Event()

    def beat() -> None:
        with asking.page(agent, origin="https://other.kz") as connection:
            while not is_over.wait(0.02):
                sent = time.monotonic()
                connection.send(handshake.HEARTBEAT)
                assert connection.recv(60) == handshake.HEARTBEAT
                waits.append(time.monotonic() - sent)

    thread = threading.Thread(target=beat, name="another page")
    thread.start()
    try:
        yield waits
    finally:
        is_over.set()
        thread.join(60)
