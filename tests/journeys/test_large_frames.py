"""A document of 256 MiB comes in one frame of basics, as pages send them, and its signature goes back, while other pages are served."""

import base64
import json
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from agent.formats import cms
from protocol import handshake
from tests.conformance.protocol import asking
from tests.support import agents, authority
from tests.support.heartbeats import PATIENCE_S, heartbeats

SIZE = 256 * 1024 * 1024
DOCUMENT_S = 300

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("is_detached", [True, False], ids=["beside", "around"])
def test_it_is_signed_and_no_heartbeat_waits_for_it(is_detached: bool, tmp_path: Path) -> None:
    document = bytes(range(256)) * (SIZE // 256)
    text = base64.b64encode(document).decode()
    frame = json.dumps(asking.basics_frame(text, signing={"decode": True, "encapsulate": not is_detached}))
    answer = {"key": authority.path("rsa-sign-individual"), "password": authority.PASSWORD}
    flags = ("--proxy", "none", "--offline")
    with (
        agents.simulated(
            tmp_path, [answer], test_authorities=authority.issuing_paths(), flags=flags
        ) as agent,
        connect(
            agent.url,
            origin=Origin(asking.ORIGIN),
            ssl=asking.context_of(agent),
            proxy=None,
            max_size=None,
            ping_interval=None,
        ) as page,
        heartbeats(agent) as waits,
    ):
        assert page.recv(asking.PATIENCE_S) == handshake.GREETING
        page.send(frame)
        (armoured,) = asking.result_of(json.loads(page.recv(DOCUMENT_S)))
    assert len(waits) > 10
    assert max(waits) < PATIENCE_S
    message = cms.read(asking.der_of(armoured))
    assert message.content == (None if is_detached else document)
    evidence = cms.verify(message, document if is_detached else None)
    assert [each.signature for each in evidence] == ["valid"]
