"""A document of 200 MB goes through the daemon to its worker, and its signature back, while other pages are served."""

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.formats import cms
from tests.conformance.protocol import asking
from tests.support import agents, authority
from tests.support.heartbeats import PATIENCE_S, heartbeats, peak_kb
from tests.support.https_pages import ORIGIN, port_of, wanted

SIZE = 200_000_000
PIECE = bytes(range(250)) * 4000
SEVERAL_KB = 16 * 1024  # what the loops' and TLS's own buffers come to

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
