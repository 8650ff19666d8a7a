"""A document of 300 MiB is uploaded over kz.qalamsap.v1 and gets a signature beside it, while other pages are served."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from agent.formats import cms
from protocol import handshake
from protocol.v1 import codec, limits
from tests.conformance.protocol import asking
from tests.support import agents, authority
from tests.support.heartbeats import PATIENCE_S, heartbeats, peak_kb

MIB = 1024 * 1024
SIZE = 300 * MIB  # more than a worker holds in memory
BLOCK = bytes(range(256)) * 4096
DOCUMENT_S = 300
GROWTH_KB = 48 * 1024  # far less than the document: what is on its way, and buffers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs tool: /proc"),
]


def test_it_is_never_held_in_memory_nor_holds_up_a_heartbeat(tmp_path: Path) -> None:
    answer = {"key": authority.path("gost2015-individual"), "password": authority.PASSWORD}
    authorities = (*authority.root_paths(), *authority.issuing_paths())
    with (
        agents.simulated(tmp_path, [answer], test_authorities=authorities, flags=("--offline",)) as agent,
        connect(
            agent.url,
            origin=Origin(asking.ORIGIN),
            ssl=asking.context_of(agent),
            proxy=None,
            compression=None,
            ping_interval=None,
        ) as page,
    ):
        assert page.recv(asking.PATIENCE_S) == handshake.GREETING
        before = peak_kb(agent)
        with heartbeats(agent) as waits:
            document = {"title": "large.bin", "content": {"upload": upload(page)}}
            page.send(own("sign", {"documents": [document], "format": "cms", "key": {"authorities": []}}))
            while "event" in (reply := json.loads(page.recv(DOCUMENT_S))):
                continue
        assert peak_kb(agent) - before < GROWTH_KB
    assert len(waits) > 10
    assert max(waits) < PATIENCE_S
    (piece,) = reply["result"]["signatures"]
    message = cms.read(base64.b64decode(piece["base64"]))
    assert [each.signature for each in cms.verify(message, BLOCK * (SIZE // MIB))] == ["valid"]


def upload(page: ClientConnection) -> str:
    """Sends as much ahead as it may, and gives the handle."""
    page.send(own("upload", {"size": SIZE}))
    opened = json.loads(page.recv(asking.PATIENCE_S))
    sent = received = 0
    while True:
        while sent < SIZE and sent + limits.CHUNK_BYTES - received <= opened["windowBytes"]:
            chunk = BLOCK[sent % MIB : sent % MIB + limits.CHUNK_BYTES]
            page.send(codec.pack_chunk_header(opened["transfer"], sent) + chunk)
            sent += len(chunk)
        reply = json.loads(page.recv(DOCUMENT_S))
        if "result" in reply:
            return str(reply["result"]["upload"])
        received = reply["octets"]


def own(method: str, params: Any) -> str:
    return json.dumps({"module": limits.MODULE, "id": method, "method": method, "params": params})
