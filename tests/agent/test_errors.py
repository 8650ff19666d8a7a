"""Codes are a promise to pages, scripts and texts."""

import inspect
import tomllib
from pathlib import Path

import pytest

from agent import errors
from agent.errors import AgentError

TEXTS = Path(__file__).resolve().parents[2] / "tray" / "texts"
CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, AgentError)]


def test_no_two_errors_share_a_code() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)


def test_an_error_without_a_detail_says_its_code() -> None:
    assert str(errors.UserCancelled()) == "cancelled"
    assert errors.UserCancelled().detail == ""


def test_a_detail_is_the_text_of_the_error() -> None:
    assert str(errors.BadInput("not a certificate")) == "not a certificate"


def test_a_wrong_password_may_say_how_many_tries_are_left() -> None:
    assert errors.WrongPassword(tries_left=2).tries_left == 2
    assert errors.WrongPassword().tries_left is None


def test_what_the_person_can_mend_may_be_tried_again() -> None:
    assert {cls.code for cls in CLASSES if cls.retryable} == {
        "wrong-password",
        "broken-file",
        "unsupported-key",
        "key-password",
        "key-unsuitable",
        "key-not-kept",
        "key-read-only",
        "weak-password",
        "key-folder",
    }


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_windows_have_a_text_and_an_advice_for_each_code(language: str) -> None:
    texts = tomllib.loads((TEXTS / language / "signing.toml").read_text(encoding="utf-8"))
    for cls in CLASSES:
        assert texts["error"][cls.code]
        assert texts["advice"][cls.code]


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    for cls in CLASSES:
        assert cls.__name__ in (errors.__doc__ or "")
        assert cls.code in (errors.__doc__ or "") or cls is AgentError


def test_an_error_may_say_which_of_several_documents_it_is_about() -> None:
    assert errors.BadInput("broken").document is None
    with pytest.raises(errors.BadInput, match="broken") as raised, errors.about(7):
        raise errors.BadInput("broken")
    assert raised.value.document == 7
    with pytest.raises(ValueError, match="a mistake of ours"), errors.about(7):
        raise ValueError("a mistake of ours")
