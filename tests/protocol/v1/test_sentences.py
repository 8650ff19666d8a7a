"""What error codes mean."""

import re

import pytest

from agent import errors
from protocol import messages
from protocol.v1 import sentences

PLAIN = re.compile(
    r"\b(null|JSON|API|CMS|PKCS|origin|socket|daemon|worker|handle|nonce|error code)\b", re.IGNORECASE
)
LANGUAGES = ("kk", "ru", "en")


def test_every_code_of_the_agent_has_a_meaning() -> None:
    codes = {
        cls.code
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.AgentError)
    }
    assert codes | messages.SENTENCES.keys() <= sentences.MEANINGS.keys()


@pytest.mark.parametrize("code", sorted(sentences.MEANINGS))
def test_a_sentence_is_one_plain_sentence_in_each_language(code: str) -> None:
    meaning = sentences.meaning(code)
    found = [meaning.sentence(language) for language in LANGUAGES]  # type: ignore[arg-type]  # the three there are
    assert len(set(found)) == 3
    for sentence in found:
        assert re.fullmatch(r"[^.!?]+\.", sentence), sentence
        assert not PLAIN.search(sentence)
    kazakh, russian, english = found
    assert english.isascii()
    assert re.search("[әғқңөұүһі]", kazakh)
    assert not re.search("[әғқңөұүһі]", russian)


def test_what_may_go_well_a_little_later() -> None:
    assert {code for code, each in sentences.MEANINGS.items() if each.is_retryable} == {
        "window-failed", "timed-out", "wrong-password", "broken-file", "unsupported-key", "key-password", "key-unsuitable", "key-not-kept",
        "key-read-only",
        "weak-password", "unreachable", "timestamp-failed", "busy", "paused", "key-folder",
    }  # fmt: skip


def test_an_unknown_code_is_an_internal_error() -> None:
    assert sentences.meaning("no-such-code") is sentences.MEANINGS["internal"]
