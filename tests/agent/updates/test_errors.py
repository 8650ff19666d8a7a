"""Codes and words are a promise to scripts and monitoring."""

from typing import get_args

import pytest

from agent.commands import exit_codes
from agent.errors import AgentError
from agent.updates import client
from agent.updates.errors import Busy, InstallFailed, Reason, RepositoryRefused, UpdatesOff


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (UpdatesOff("x"), "updates-off", exit_codes.NOT_POSSIBLE),
        (Busy("x"), "busy", exit_codes.NOT_POSSIBLE),
        (RepositoryRefused("expired", "x"), "repository-refused", exit_codes.INVALID),
        (InstallFailed("x"), "install-failed", exit_codes.INVALID),
    ],
)
def test_each_error_has_its_code_and_its_exit_code(error: AgentError, code: str, status: int) -> None:
    assert error.code == code
    assert exit_codes.of(error) == status


def test_a_refusal_begins_with_its_reason() -> None:
    error = RepositoryRefused("altered", "a file: it is not what was signed")
    assert error.reason == "altered"
    assert str(error) == "altered: a file: it is not what was signed"


def test_every_failure_of_the_client_has_a_reason() -> None:
    assert {reason for _, reason, _ in client._REASONS} | {"unreadable"} == set(get_args(Reason))
