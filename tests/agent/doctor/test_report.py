import ast
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from agent import doctor, fetch
from agent.doctor import report
from agent.doctor.finding import Finding, What
from agent.words import texts

AT = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)
FOLDER = Path(doctor.__file__).parent
LANGUAGES = texts.LANGUAGES
# Codes that are put together from two words, or chosen elsewhere.
COMPOSED = {
    "agent-ready", "agent-no-port", "agent-identity-renewal", "agent-https-api-port", "agent-broker", "agent-bad-policy", "agent-bad-settings", "agent-trouble", "clock-ahead", "clock-behind",
    "clock-slightly-ahead", "clock-slightly-behind", "proxy-unusable-system", "proxy-unusable-settings", "proxy-used-system",
    "proxy-used-settings", "store-failed", "store-partly", "store-absent",
}  # fmt: skip


def written():
    """Every `Finding("what", "code", ...)` in the package."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                what, code = node.args[:2]
                if isinstance(what, ast.Constant) and isinstance(code, ast.Constant):
                    found.add(f"{what.value.lower()}-{code.value}")
    return found


def test_everything_that_can_be_found_has_a_sentence_and_no_sentence_is_left_over():
    entries = texts.load("en").entries
    sentences = {key.removeprefix("doctor.finding.") for key in entries if key.startswith("doctor.finding.")}
    assert len(written()) > 60
    assert sentences == written() | COMPOSED
    advice = {key.removeprefix("doctor.advice.") for key in entries if key.startswith("doctor.advice.")}
    assert advice <= sentences


def test_every_kind_and_every_failure_has_its_words():
    entries = texts.load("en").entries
    assert {f"doctor.what.{what.lower()}" for what in get_args(What)} == {
        key for key in entries if key.startswith("doctor.what.")
    }
    assert {key.removeprefix("doctor.failure.") for key in entries if key.startswith("doctor.failure.")} == {
        *get_args(fetch.Failure), "other",
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_and_advice_are_whole(language):
    for key, entry in texts.load(language).entries.items():
        if key.startswith(("doctor.finding.", "doctor.advice.", "doctor.verdict.")):
            for form in [entry] if isinstance(entry, str) else entry.values():
                assert form.endswith((".", "?")), key


def test_values_go_into_the_sentence():
    russian = texts.load("ru", UTC)
    found = report.worded(russian, Finding("certificate", "ending", "hint", "", {"until": AT}))
    assert found.sentence == "Сертификат для связи браузера с программой заканчивается 27.11.2026."
    assert found.title == "Защищённое соединение"
    failed = report.worded(russian, Finding("timestamps", "unreached", "hint", "", {"failure": "no-address"}))
    assert failed.sentence.endswith("имя сервера не нашлось, возможно, нет сети.")
    new = report.worded(russian, Finding("timestamps", "unreached", "hint", "", {"failure": "moon-phase"}))
    assert new.sentence.endswith("причина неизвестна.")
    assert report.worded(russian, Finding("clock", "right", "ok", "")).advice == ""


def test_the_verdict_counts_causes_and_not_their_traces():
    english = texts.load("en")
    good = Finding("clock", "right", "ok", "")
    stores = [
        Finding("browsers", "not-all", "trouble", "", {"count": 2}, repair="install-trust"),
        *(Finding("store", "absent", "trouble", "", subject=name) for name in "ab"),
        Finding("certificate", "missing", "trouble", "", repair="install-trust"),
    ]
    keys = [
        Finding("key", "open", "trouble", "", subject=name, repair="make-private", path=name) for name in "cd"
    ]
    hint = Finding("keys", "none", "hint", "")
    assert report.verdict(english, [good]) == "All is in order: this computer is ready to sign."
    assert report.verdict(english, [good, hint]).endswith("There is 1 remark.")
    assert report.verdict(english, [good, hint, *stores]).startswith("1 thing is")
    assert report.verdict(english, [*stores, *keys]).startswith("3 things are")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_given_away_holds_nothing_of_the_person(language):
    key = "/home/aigerim/Ахметова Айгерім.p12"
    found = [
        Finding("key", "open", "trouble", f"{key} is open", subject=key, masked="#1 (.p12)", path=key),
        Finding("store", "absent", "trouble", "x", subject="/home/aigerim/p", masked="Firefox: ~/*"),
        Finding("storage", "full", "trouble", "/home/aigerim/.local", subject="/home/aigerim/.local"),
        Finding("settings", "broken", "trouble", "/home/aigerim/config.toml: https://kds.ismet.kz"),
    ]
    text = report.shareable(texts.load(language, UTC), found, AT)
    assert not re.search("aigerim|Айгер|ismet|home", text)
    assert "27.11.2026 07:30" in text
    assert "#1 (.p12)" in text
    assert "Firefox: ~/*" in text
    assert "(key-open)" in text
    assert len(text.splitlines()) == 3 + len(found)


def test_the_members_that_programs_read_stay():
    found = Finding("GOST", "native", "ok", "native (C)")
    document = report.to_json(texts.load("en"), found, ())
    assert {name: document[name] for name in ("what", "state", "text")} == {
        "what": "GOST", "state": "ok", "text": "native (C)",
    }  # fmt: skip
    assert document["message"] == "GOST signatures are computed quickly."
    assert document["repair"] == []
