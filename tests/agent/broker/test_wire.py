import pytest

from agent.broker import wire


def test_ports_come_as_they_were_said():
    for ports in ([13579], [13579, 24680], list(range(1, wire.MOST_PORTS + 1)), [65535]):
        assert wire.parse_reply(wire.welcome(ports)) == tuple(ports)
        assert len(wire.welcome(ports)) <= wire.MAX_BYTES


@pytest.mark.parametrize("reason", ["taken", "full", "version", "rights"])
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


def test_messages_come_out_of_a_stream_as_they_went_in_however_it_is_cut():
    stream = b"".join(map(wire.framed, (wire.ANNOUNCE, wire.TAKEN, b"C" * 64)))
    for step in (1, 2, 3, 7, len(stream)):
        frames, found = wire.Frames(64), []
        for start in range(0, len(stream), step):
            frames.feed(stream[start : start + step])
            while (message := frames.next()) is not None:
                found.append(message)
        assert found == [wire.ANNOUNCE, wire.TAKEN, b"C" * 64]


def test_it_says_how_much_of_a_message_is_missing():
    frames = wire.Frames(64)
    stream, asked = wire.framed(b"C" * 5) + wire.framed(wire.TAKEN), []
    while stream:
        asked.append(frames.missing())
        taken, stream = stream[: asked[-1]], stream[asked[-1] :]
        frames.feed(taken)
        frames.next()
    assert asked == [2, 5, 2, 1]
    frames.feed(b"\xff\xff")
    with pytest.raises(wire.BadMessage):
        frames.missing()


@pytest.mark.parametrize("octets", [b"\0\0", wire.framed(b"C" * 65), b"\xff\xff"])
def test_a_message_without_length_or_over_the_limit_is_none(octets):
    frames = wire.Frames(64)
    frames.feed(octets)
    with pytest.raises(wire.BadMessage):
        frames.next()
