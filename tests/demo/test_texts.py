import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo import problems, texts
from demo.acts import STATUSES
from demo.history import KINDS
from demo.keys import KEY_FILES

DEMO = Path(texts.__file__).parent


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    russian, other = texts.load("ru"), texts.load(language)
    assert russian.keys() == other.keys()
    assert {key: places(text) for key, text in other.items()} == {
        key: places(text) for key, text in russian.items()
    }
    assert all(other.values())


def test_a_translation_differs_from_its_original_but_for_names() -> None:
    same = {key for key in texts.load("ru") if texts.load("ru")[key] == texts.load("en")[key]}
    assert {key.split(".")[0] for key in same} <= {"brand", "layout"}
    kazakh = "".join(texts.load("kk").values())
    assert set("әғқңөұүі") <= set(kazakh)


def used_keys() -> set[str]:
    """Keys that templates and pages name literally."""
    found = set()
    for path in (*DEMO.glob("templates/*.html"), *DEMO.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        pattern = r"\bt\(\"([a-z_.-]+)\"[,)]" if path.suffix == ".html" else r"\.text\(\s*\"([a-z_.-]+)\"[,)]"
        found.update(re.findall(pattern, source))
        if path.suffix == ".py":
            found.update(re.findall(r"\"((?:fact|login\.error)\.[a-z-]+)\"", source))
    return found


def test_every_text_that_is_used_exists() -> None:
    found = used_keys()
    assert len(found) > 80
    assert found <= texts.load("ru").keys()


def test_every_problem_status_event_and_key_has_its_text() -> None:
    known = texts.load("ru").keys()
    codes = set(re.findall(r"^    ([a-z-]+-[a-z-]+)", problems.__doc__ or "", re.MULTILINE))
    codes |= problems_of_the_script()
    assert len(codes) > 20
    assert {f"problem.{code}.{part}" for code in codes for part in ("title", "text", "advice")} <= known
    assert {f"status.{status}" for status in STATUSES} <= known
    assert {f"event.{kind}" for kind in KINDS} <= known
    assert {f"keys.note.{key.note}" for key in KEY_FILES} <= known


def problems_of_the_script() -> set[str]:
    """What the page's script names as gone wrong, but for what the client of the agent tells in its own words."""
    script = (DEMO / "static/edo.js").read_text(encoding="utf-8")
    (table,) = re.findall(r"const PROBLEMS = \{(.+?)\};", script, re.DOTALL)
    found = set(re.findall(r"[A-Z_]+: \"([a-z-]+)\"", table))
    return found | set(re.findall(r"PortalProblem\(\"([a-z-]+)\"", script))


def test_the_page_has_a_template_for_every_problem_its_script_can_meet() -> None:
    template = (DEMO / "templates/edo.html").read_text(encoding="utf-8")
    codes = problems_of_the_script()
    assert {"agent-untrusted", "pdf-not-signed", "portal-unreachable"} <= codes
    for code in {*codes, "agent-told"}:
        assert f'"{code}"' in template or f"problem-{code}" in template, code


def test_the_language_follows_the_header_by_weight() -> None:
    assert texts.choose("en-GB,en;q=0.8,ru;q=0.9") == "en"
    assert texts.choose("de, kk;q=0.5, ru;q=0.4") == "kk"
    assert texts.choose("de") == texts.DEFAULT
    assert texts.choose("ru;q=x,en") == "en"
    assert texts.choose("") == texts.DEFAULT


@pytest.mark.parametrize(
    ("tiyn", "shown"),
    [
        (0, "0,00"),
        (5, "0,05"),
        (123_456_78, "123 456,78"),
        (-450_00, "−450,00"),
        (1_000_000_00, "1 000 000,00"),
    ],
)
def test_money_is_grouped_with_narrow_spaces(tiyn: int, shown: str) -> None:
    assert texts.money(tiyn) == shown.replace(" ", texts.NARROW_SPACE)


def test_moments_are_told_in_kazakhstan_time() -> None:
    late = datetime(2026, 12, 31, 20, 5, tzinfo=UTC)
    assert texts.date(late) == "01.01.2027"
    assert texts.date_time(late) == "01.01.2027 01:05"
