"""T1 to T24: the transport, as pages and programs meet it at a real agent."""

import http.client
import json
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from agent.formats import cms
from protocol import handshake
from tests.conformance.protocol import persons
from tests.conformance.protocol.asking import (
    MODULE_NOT_FOUND,
    PATIENCE_S,
    ask,
    basics_frame,
    common_frame,
    context_of,
    der_of,
    journal,
    page,
    result_of,
    text_of,
    wait_until_asked,
)
from tests.conformance.protocol.persons import DAWDLER, DAWDLES_S, KEY, NOBODY, SLOW, THINKS_S, AgentOf
from tests.support import stage
from tests.support.agents import RunningAgent

BEAT_S = 2.0  # as the strictest pages do
PROBE = '{"module":"kz.digiflow.mobile.extensions","method":"getVersion"}'
SIGN = text_of(basics_frame())


@pytest.fixture
def agent(agent_of: AgentOf) -> RunningAgent:
    """Of a person who closes every window."""
    return agent_of(NOBODY)


def ungreeted(agent: RunningAgent) -> Any:
    return connect(agent.url, ssl=context_of(agent), proxy=None)


def contents(answer: str | bytes) -> list[bytes | None]:
    return [cms.read(der_of(text)).content for text in result_of(json.loads(answer))]


def test_t01_a_page_gets_tls_and_an_upgrade_without_subprotocol(agent: RunningAgent) -> None:
    with page(agent) as connection:
        assert connection.response is not None
        assert connection.response.status_code == 101
        assert connection.subprotocol is None


def test_t02_the_path_makes_no_difference(agent: RunningAgent) -> None:
    for path in ("", "/kz.gov.pki.knca.basics", "/kz.gov.pki.knca"):
        with page(agent, path=path) as connection:
            connection.send(PROBE)
            assert connection.recv(PATIENCE_S) == MODULE_NOT_FOUND


def test_t03_the_greeting_is_one_compact_frame(agent: RunningAgent) -> None:
    with ungreeted(agent) as connection:
        assert connection.recv(PATIENCE_S) == '{"result":{"version":"1.4"}}'


def test_t04_a_page_that_says_nothing_hears_nothing(agent: RunningAgent) -> None:
    """Two seconds stand for a minute, which passes in `test_a_minute_by_the_clock_...`: nothing in the server is sent by the clock."""
    with page(agent) as connection:
        with pytest.raises(TimeoutError):
            connection.recv(2)
        connection.send(handshake.HEARTBEAT)
        assert connection.recv(PATIENCE_S) == handshake.HEARTBEAT


def test_t05_the_greeting_comes_before_the_answer_to_a_hasty_request(agent: RunningAgent) -> None:
    with ungreeted(agent) as connection:
        connection.send(PROBE)
        assert [connection.recv(PATIENCE_S) for _ in range(2)] == [handshake.GREETING, MODULE_NOT_FOUND]


def test_t06_a_heartbeat_is_echoed(agent: RunningAgent) -> None:
    assert ask(agent, "--heartbeat--") == "--heartbeat--"


def test_t07_heartbeats_are_echoed_while_a_window_is_open(agent_of: AgentOf) -> None:
    """A second stands for three minutes: the answer to a heartbeat knows of no window. Likewise."""
    agent = agent_of(SLOW)
    before = len(journal(agent))
    with page(agent) as connection:
        connection.send(SIGN)
        wait_until_asked(agent, before)
        for _ in range(50):
            connection.send(handshake.HEARTBEAT)
            assert connection.recv(2) == handshake.HEARTBEAT
        assert contents(connection.recv(PATIENCE_S)) == [b"MTEK"]


@pytest.mark.slow
def test_a_minute_by_the_clock_ends_no_connection(tmp_path: Path) -> None:
    """One page is silent for as long as the window of another is open, which sent a large document and goes on with heartbeats."""
    text = "QUJD" * (10 * 1024 * 1024)
    sent, echoed, answer = 0, 0, None
    with (
        persons.agent(tmp_path, DAWDLER) as agent,
        page(agent, ping_interval=None) as silent,
        page(agent, ping_interval=None) as signing,
    ):
        began = time.monotonic()
        signing.send(text_of(basics_frame(text, signing={"decode": True, "encapsulate": False})))
        while answer is None or echoed < sent:
            if answer is None:
                signing.send(handshake.HEARTBEAT)
                sent += 1
            frame = signing.recv(PATIENCE_S)
            if frame == handshake.HEARTBEAT:
                echoed += 1
                time.sleep(BEAT_S)
            else:
                answer = frame
        assert time.monotonic() - began >= DAWDLES_S
        (signature,) = result_of(json.loads(answer))
        with pytest.raises(TimeoutError):
            silent.recv(0)
        silent.send(PROBE)
        assert silent.recv(PATIENCE_S) == MODULE_NOT_FOUND
    (evidence,) = cms.verify(cms.read(der_of(signature)), b"ABC" * (10 * 1024 * 1024))
    assert evidence.signature == "valid"


def test_heartbeats_are_echoed_beside_a_large_document() -> None:
    """Before the answer to it, however long that takes: here until it is told to come."""

    async def scenario() -> None:
        async with stage.open_stage() as scene:
            connection = await scene.page()
            await connection.send(stage.sign_call("QUJD" * (2 * 1024 * 1024)))
            await connection.send(handshake.HEARTBEAT)
            assert await connection.recv() == handshake.HEARTBEAT
            worker = await scene.busy_worker()
            for _ in range(3):
                await connection.send(handshake.HEARTBEAT)
                assert await connection.recv() == handshake.HEARTBEAT
            await worker.order("reply", text="signed")
            assert await connection.recv() == "signed"

    stage.run(scenario())


def test_t08_a_ping_is_answered_while_a_window_is_open(agent_of: AgentOf) -> None:
    agent = agent_of(SLOW)
    before = len(journal(agent))
    with page(agent) as connection:
        connection.send(SIGN)
        wait_until_asked(agent, before)
        assert connection.ping().wait(THINKS_S / 2)
        assert contents(connection.recv(PATIENCE_S)) == [b"MTEK"]


def test_t09_a_program_without_origin_is_served(agent: RunningAgent) -> None:
    assert ask(agent, PROBE, origin=None) == MODULE_NOT_FOUND


@pytest.mark.parametrize("origin", ["null", "file://"])
def test_t10_a_page_from_disk_is_served(agent: RunningAgent, origin: str) -> None:
    assert ask(agent, SIGN, origin=origin) == '{"body":{},"status":true}'
    last = (agent.state_dir / "journal.jsonl").read_text("utf-8").splitlines()[-1]
    assert json.loads(last)["kind"] == "file"


def test_t11_a_probe_that_connects_and_closes_harms_nobody(agent: RunningAgent) -> None:
    for _ in range(20):
        socket.create_connection(("127.0.0.1", agent.port)).close()
    assert ask(agent, PROBE) == MODULE_NOT_FOUND


def test_t12_a_browser_that_opens_the_address_gets_a_page(agent: RunningAgent) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", agent.port, context=context_of(agent))
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")
    assert answer.read()
    connection.close()


def test_t13_a_binary_frame_is_passed_over(agent: RunningAgent) -> None:
    with page(agent) as connection:
        connection.send(PROBE.encode())
        connection.send(handshake.HEARTBEAT)
        assert connection.recv(PATIENCE_S) == handshake.HEARTBEAT


def test_t14_forty_megabytes_are_signed(agent_of: AgentOf) -> None:
    with page(agent_of(KEY)) as connection:
        text = "QUJD" * (10 * 1024 * 1024)
        connection.send(text_of(basics_frame(text, signing={"decode": True, "encapsulate": False})))
        (signature,) = result_of(json.loads(connection.recv(PATIENCE_S)))
    (evidence,) = cms.verify(cms.read(der_of(signature)), b"ABC" * (10 * 1024 * 1024))
    assert evidence.signature == "valid"


def test_t15_keys_without_quotes_and_many_lines_are_read(agent: RunningAgent) -> None:
    assert ask(agent, '{\n  module: "x",\n  method: "getVersion",\n  args: [""]\n}') == MODULE_NOT_FOUND


def test_t16_a_number_called_id_is_passed_over(agent: RunningAgent) -> None:
    answer = json.loads(ask(agent, common_frame("getActiveTokens", id=7)))
    assert answer == {"responseObject": [], "code": "200"}
    assert ask(agent, {**basics_frame(), "id": 7}) == '{"body":{},"status":true}'


def test_t17_two_requests_are_answered_in_their_order(agent_of: AgentOf) -> None:
    with page(agent_of(SLOW)) as connection:
        connection.send(SIGN)
        connection.send(PROBE)
        assert contents(connection.recv(PATIENCE_S)) == [b"MTEK"]
        assert connection.recv(PATIENCE_S) == MODULE_NOT_FOUND


def test_t18_two_sockets_are_served_one_window_after_the_other(agent_of: AgentOf) -> None:
    agent = agent_of(SLOW)
    before = len(journal(agent))
    with page(agent) as first, page(agent, origin="https://other.example.kz") as second:
        first.send(text_of(basics_frame("first")))
        second.send(text_of(basics_frame("second")))
        assert contents(first.recv(PATIENCE_S)) == [b"first"]
        assert contents(second.recv(PATIENCE_S)) == [b"second"]
    assert journal(agent)[before:] == ["asked", "decided", "signed"] * 2


def test_t19_a_page_that_leaves_gets_no_signature(agent_of: AgentOf) -> None:
    agent = agent_of(SLOW)
    before = len(journal(agent))
    with page(agent) as leaver, page(agent) as next_one:
        leaver.send(SIGN)
        wait_until_asked(agent, before)
        leaver.close()
        next_one.send(SIGN)
        assert contents(next_one.recv(PATIENCE_S)) == [b"MTEK"]
    assert journal(agent)[before:] == ["asked", "left", "asked", "decided", "signed"]


def test_t20_a_close_is_answered_in_kind(agent: RunningAgent) -> None:
    with page(agent) as connection:
        connection.close(1000)
        assert connection.protocol.close_rcvd is not None
        assert connection.protocol.close_rcvd.code == 1000


def test_t21_an_agent_that_stops_says_so(tmp_path: Path) -> None:
    with persons.agent(tmp_path, NOBODY) as agent:
        with page(agent) as connection:
            agent.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                connection.recv(PATIENCE_S)
            assert connection.protocol.close_rcvd is not None
            assert connection.protocol.close_rcvd.code == 1001
        agent.process.wait(PATIENCE_S)


@pytest.mark.parametrize("frame", ['{"type":"ping"}', '{"module":"nca","version":"2.3"}'])
def test_t22_pings_of_a_program_are_answered_without_a_status(agent: RunningAgent, frame: str) -> None:
    assert "status" not in json.loads(ask(agent, frame))


def test_t23_what_is_not_json_is_answered_and_the_connection_stays(agent: RunningAgent) -> None:
    assert json.loads(ask(agent, "hello"))["success"] is False


def test_t24_a_peer_from_elsewhere_is_not_let_in() -> None:
    async def scenario() -> None:
        async with stage.open_stage() as scene:
            ours, theirs = socket.socketpair()
            with theirs:
                scene.server.serve(ours, "192.0.2.7")
                assert theirs.recv(100) == b""

    stage.run(scenario())
