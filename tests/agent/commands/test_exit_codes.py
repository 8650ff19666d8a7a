"""The numbers that scripts rely on."""

import re
from pathlib import Path

import pytest

from agent import errors
from agent.commands import exit_codes

README = Path(__file__).resolve().parents[3] / "README.md"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.WrongPassword(), 3),
        (errors.UserCancelled(), 4),
        (errors.BadInput(), 5),
        (errors.BrokenKeyStore(), 5),
        (errors.UnsupportedKey(), 6),
        (errors.KeyUnsuitable(), 6),
        (errors.WeakPassword(), 5),
        (errors.KeyNotKept(), 7),
        (errors.NoOneToAsk(), 7),
        (errors.StorageFailed(), 7),
        (errors.InvalidSignature(), 1),
        (errors.AgentError(), 1),
    ],
)
def test_each_error_has_its_code(error: errors.AgentError, code: int) -> None:
    assert exit_codes.of(error) == code


def test_the_readme_says_what_the_program_does() -> None:
    text = re.sub(r"\s+", " ", README.read_text("utf-8"))
    assert (
        "Exit codes: " + ", ".join(f"{code} {words}" for code, words in exit_codes.MEANINGS.items()) in text
    )


def test_every_number_has_a_meaning() -> None:
    numbers = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    assert numbers == set(exit_codes.MEANINGS)
