"""K1: the HTTP interface of KAZTOKEN programs, which is not there."""

import socket

import pytest

from tests.conformance.protocol.persons import NOBODY, AgentOf

PORT = 24680


def test_k01_nothing_listens_where_clients_look_for_the_other_program(agent_of: AgentOf) -> None:
    """A client that finds somebody there stops speaking WebSocket, and loses half of what it asked for."""
    agent_of(NOBODY)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", PORT), timeout=5)
