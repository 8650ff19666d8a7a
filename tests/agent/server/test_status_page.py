"""The status pages say what they are, in three languages, and give other sites nothing."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.server import status_page
from agent.server.status_page import StatusPage
from agent.server.status_texts import WORDS
from protocol.prompts import Language
from protocol.v1.sentences import MEANINGS

PAGE = StatusPage("1.2.3")
LANGUAGES: tuple[Language, ...] = ("kk", "ru", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_names_the_program_its_version_and_the_state(language: Language) -> None:
    text = PAGE.body(language).decode()
    assert "1.2.3" in text
    assert f'<html lang="{language}">' in text
    assert WORDS[language].running in text
    assert WORDS[language].simulation not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_simulation_says_so(language: Language) -> None:
    assert WORDS[language].simulation in StatusPage("1", is_simulation=True).body(language).decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_its_place_on_the_page_of_help(language: Language) -> None:
    text = PAGE.help(language).decode()
    assert re.findall(r'<section id="([a-z-]+)">', text) == list(MEANINGS)


@pytest.mark.parametrize(
    ("target", "accepts", "language"),
    [
        ("/", None, "ru"),
        ("/", "kk-KZ,kk;q=0.9,ru;q=0.8", "kk"),
        ("/", "de-DE,en;q=0.5", "en"),
        ("/", "de", "ru"),
        ("/?lang=en", "kk", "en"),
        ("/?lang=xx&from=help", "kk", "kk"),
        ("/help", "en", "en"),
        ("/help?lang=kk", "en", "kk"),
        ("/basics/index.html", "RU", "ru"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_browsers(
    target: str, accepts: str | None, language: Language
) -> None:
    found = PAGE.find(target, accepts)
    assert found is not None
    assert f'<html lang="{language}">'.encode() in found


@pytest.mark.parametrize("target", ["/favicon.ico", "", "//", "/help/", "/helpx", "/../", "*"])
def test_there_is_nothing_else(target: str) -> None:
    assert PAGE.find(target) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_query_and_no_header_makes_it_stumble_or_show_anything_of_them(query: str, accepts: str) -> None:
    assert PAGE.find(f"/?{query}", accepts) in {PAGE.body(language) for language in LANGUAGES}


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make", [PAGE.body, PAGE.help])
def test_the_pages_are_whole_and_lead_nowhere_else(make: object, language: Language) -> None:
    parser = _Balance()
    parser.feed(make(language).decode())  # type: ignore[operator]
    assert parser.open == []
    assert parser.links
    assert all(PAGE.find(link) for link in parser.links)


def test_nothing_may_run_or_frame_and_the_style_is_the_only_thing_allowed() -> None:
    headers = dict(status_page.headers())
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    for text in (PAGE.body().decode(), PAGE.help().decode()):
        assert "<script" not in text
        found = re.search(r"<style>(.*)</style>", text)
        assert found is not None
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy
