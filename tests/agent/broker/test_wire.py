import pytest

from agent.broker import wire


def test_ports_come_as_they_were_said():
    for ports in ([13579], [13579, 24680], list(range(1, wire.MOST_PORTS + 1)), [65535]):
        assert wire.parse_reply(wire.welcome(ports)) == tuple(ports)
        assert len(wire.welcome(ports)) <= wire.MAX_BYTES


@pytest.mark.parametrize("reason", ["taken", "full", "version"])
def test_reasons_come_as_they_were_said(reason):
    assert wire.parse_reply(wire.refusal(reason)) == reason


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"H",
        b"H\x02\x00",
        b"H\x01",
        b"H\x01\x01",
        b"H\x01\x01\x00",
        b"H\x01\x01\x00\x01\x00",
        b"R",
        b"RX",
        b"RTT",
        b"C",
        b"K",
    ],
)
def test_what_is_no_reply_is_none(message):
    with pytest.raises(wire.BadMessage):
        wire.parse_reply(message)
