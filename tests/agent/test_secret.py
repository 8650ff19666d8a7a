"""A secret does not spread by accident."""

import pickle

import pytest

from agent.secret import Secret


def test_it_is_wiped_when_the_block_ends() -> None:
    buffer = bytearray(b"password")
    with Secret(buffer) as secret:
        assert secret.buffer is buffer
    assert buffer == bytes(8)


def test_it_is_wiped_when_the_block_fails() -> None:
    buffer = bytearray(b"password")
    with pytest.raises(ValueError, match="something"), Secret(buffer):
        raise ValueError("something")
    assert buffer == bytes(8)


def test_it_does_not_show_itself() -> None:
    secret = Secret(bytearray(b"password"))
    assert "password" not in repr(secret)
    assert "password" not in f"{secret} {[secret]}"


def test_it_can_not_be_pickled() -> None:
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(Secret(bytearray(b"password")))


def test_two_secrets_are_never_equal() -> None:
    assert Secret(bytearray(b"same")) != Secret(bytearray(b"same"))
