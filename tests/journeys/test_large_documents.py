"""A document of 200 MB goes through the daemon to its worker, and its signature back, while other pages are served."""

import contextlib
import http.client
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.formats import cms
from protocol import handshake
from tests.conformance.protocol import asking
from tests.support import agents, authority
from tests.support.agents import RunningAgent
from tests.support.https_pages import ORIGIN, port_of, wanted

SIZE = 200_000_000
PIECE = bytes(range(250)) * 4000
SEVERAL_KB = 16 * 1024  # what the loops' and TLS's own buffers come to
PATIENCE_S = 5.0  # other programs keep a test's processors busy, too

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs tool: /proc"),
]


@pytest.mark.parametrize("is_detached", [True, False], ids=["beside", "around"])
def test_it_is_never_held_in_the_daemons_memory_nor_holds_up_a_heartbeat(
    is_detached: bool, tmp_path: Path
) -> None:
    answer = {
        "key": authority.path("rsa-sign-individual"),
        "password": authority.PASSWORD,
        "decision": "sign",
    }
    flags = ("--proxy", "none", "--https-api", "--https-api-port", "0")
    with agents.simulated(
        tmp_path, [answer], test_authorities=authority.issuing_paths(), flags=flags
    ) as agent:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port_of(agent), context=asking.context_of(agent), timeout=120
        )
        with contextlib.closing(connection):
            body = wanted(2, encapsulateContent=not is_detached)
            connection.request("POST", "/", body, {"Origin": ORIGIN})
            begun = connection.getresponse()
            path = f"/{begun.read().decode()}"
            cookie = begun.getheader("Set-Cookie", "").partition(";")[0]
            headers = {"Origin": ORIGIN, "Cookie": cookie, "Content-Length": str(SIZE)}
            before = peak_kb(agent)
            with heartbeats(agent) as waits:
                connection.request("POST", path, pieces(), headers)
                signature = connection.getresponse().read()
        assert peak_kb(agent) - before < SEVERAL_KB
        assert len(waits) > 10
        assert max(waits) < PATIENCE_S
    message = cms.read(signature)
    document = PIECE * (SIZE // len(PIECE))
    assert message.content == (None if is_detached else document)
    evidence = cms.verify(message, document if is_detached else None)
    assert [each.signature for each in evidence] == ["valid"]


def pieces() -> Iterator[bytes]:
    for _ in range(SIZE // len(PIECE)):
        yield PIECE


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
