"""The greeting, as programs match it."""

import re

from protocol import handshake


def test_the_greeting_matches_the_pattern_that_clients_use() -> None:
    assert re.fullmatch(r'\{"result":\{"version":"[0-9.]*"\}\}', handshake.GREETING)


def test_the_heartbeat_is_no_json() -> None:
    assert handshake.HEARTBEAT == "--heartbeat--"
