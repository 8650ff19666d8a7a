"""Requests of the first dialect say nothing of what is secret in them."""

from protocol.flat_messages import CheckRequest, KeyPlace, ListKeysRequest

PLACE = KeyPlace("PKCS12", "/home/aida/GOST512_x.p12", bytearray(b"Qwerty12"), "ab01")


def test_neither_password_nor_path_shows_in_a_log_or_a_traceback() -> None:
    for value in (PLACE, ListKeysRequest(PLACE, "any")):
        assert "Qwerty12" not in repr(value)
        assert "aida" not in repr(value)
    assert "secret" not in repr(CheckRequest("cms", b"secret", b"secret"))


def test_a_password_can_be_overwritten() -> None:
    place = KeyPlace("PKCS12", "/a.p12", bytearray(b"Qwerty12"))
    place.password[:] = bytes(len(place.password))
    assert place.password == bytes(8)
