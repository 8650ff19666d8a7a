"""What a peer can do wrong."""

from protocol import errors


def test_a_bad_call_carries_the_reply() -> None:
    assert errors.BadCall('{"code":"500"}').reply == '{"code":"500"}'
