"""A person who names files for new keys, and key files that are made fast: for tests of new keys and their certificates."""

from pathlib import Path

import pytest

from agent.keystores import pkcs12_writer
from agent.secret import Secret
from agent.user.base import Answer, Named, Prompt
from protocol import prompts
from tests.support.people import Step

PASSWORD = "Qwerty12"
SUBJECT = (
    ("CN", "ТЕСТОВ ИВАН"),
    ("SURNAME", "ТЕСТОВ"),
    ("SERIALNUMBER", "IIN123456789013"),
    ("G", "ПЕТРОВИЧ"),
)


def names(path: Path | str, password: str | bytes = PASSWORD) -> Step:
    """Names a file for a new key, and the password for it."""

    def step(prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.NewKey)
        octets = password.encode() if isinstance(password, str) else password
        return Named(str(path), Secret(bytearray(octets)))

    return step


def make_files_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """What protects a real key for years would only cost a test its second."""
    for write in (pkcs12_writer.write, pkcs12_writer.write_pending):
        monkeypatch.setitem(write.__kwdefaults__, "iterations", 1000)
