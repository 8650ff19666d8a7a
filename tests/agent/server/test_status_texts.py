"""The words of the status pages say the same in three languages."""

import re

from agent.server.status_page import StatusPage
from agent.server.status_texts import EXTENSION_LANGUAGES, EXTENSIONS, WORDS


def test_the_three_languages_say_equally_much() -> None:
    shapes = {
        language: [
            (len(section.paragraphs), len(section.steps)) for section in (*words.sections, words.extensions)
        ]
        for language, words in WORDS.items()
    }
    assert shapes["kk"] == shapes["ru"] == shapes["en"]
    typed = {language: re.findall(r"`([^`]+)`", repr(words)) for language, words in WORDS.items()}
    assert typed["kk"] == typed["ru"] == typed["en"]
    for words in WORDS.values():
        assert all(getattr(words, name) for name in words.__slots__)


def test_known_extensions_of_departments_are_named() -> None:
    text = StatusPage("1").body("en").decode()
    for module, users in EXTENSIONS:
        assert f"<code>{module}</code>" in text
        assert len(users) == len(EXTENSION_LANGUAGES)
