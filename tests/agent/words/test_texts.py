import re
import string
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest

from agent.formats import evidence, recognise
from agent.trust import path, reasons, revocation
from agent.words import sections, texts

ROOT = Path(texts.__file__).resolve().parents[2]
FORMS = {"kk": {"other"}, "ru": {"one", "few", "many"}, "en": {"one", "other"}}
ALMATY = timezone(timedelta(hours=5))
MOMENT = datetime(2026, 11, 26, 20, 4, 59, tzinfo=UTC)
ROLES = (
    "individual", "legal", "head", "sign-right", "finance-right", "hr", "employee", "information-system", "treasury",
)  # fmt: skip
# Kazakh and Russian write these the same.
SAME = {"count.octets", "card.certificate", "doctor.what.browser", "doctor.what.proxy"}


def forms(entry):
    return [entry] if isinstance(entry, str) else list(entry.values())


def placeholders(entry):
    return {name for form in forms(entry) for _, name, _, _ in string.Formatter().parse(form) if name}


def known_reasons():
    found = {reason for _, known in evidence.FINDINGS for reason in known} | {"no-path", "test-authority"}
    for reason in get_args(path.Reason):
        dated = reason in {"expired", "not-yet-valid"}
        found |= {f"certificate-{reason}", f"authority-{reason}"} if dated else {f"path-{reason}"}
    found |= {f"revocation-{state}" for state in get_args(revocation.State) if state != "good"}
    found |= {"key-usage", "extended-key-usage"}
    for name in ("timestamping", "judging"):
        source = (ROOT / f"agent/operations/{name}.py").read_text(encoding="utf-8")
        found |= set(re.findall(r'"(timestamp-[a-z-]+)"', source))
    tsp = (ROOT / "agent/formats/tsp.py").read_text(encoding="utf-8")
    return found | set(re.findall(r'append\("(timestamp-[a-z-]+)"\)', tsp))


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_language_has_the_keys_and_placeholders_of_the_others(language):
    ours, russian = texts.load(language).entries, texts.load("ru").entries
    assert ours.keys() == russian.keys()
    assert {key: placeholders(entry) for key, entry in ours.items()} == {
        key: placeholders(entry) for key, entry in russian.items()
    }


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_text_that_depends_on_a_number_has_every_form_of_its_language_and_no_other(language):
    plural = {
        key: set(entry) for key, entry in texts.load(language).entries.items() if not isinstance(entry, str)
    }
    assert plural
    assert {key: found for key, found in plural.items() if found != FORMS[language]} == {}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_text_is_empty_or_kept_in_another_language(language):
    for key, entry in texts.load(language).entries.items():
        for form in forms(entry):
            assert form.strip() == form != ""
            assert not (language == "en" and re.search(r"[Ѐ-ӿ]", form)), key
    kazakh, russian = texts.load("kk").entries, texts.load("ru").entries
    same = {key for key in kazakh if forms(kazakh[key]) == forms(russian[key])}
    assert {key for key in same if re.search(r"[а-я]{4}", " ".join(forms(kazakh[key])))} <= SAME


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_reason_is_a_whole_sentence_and_so_is_an_advice(language):
    for key, entry in texts.load(language).entries.items():
        if key.startswith(("reason.", "advice.", "finding.", "detail.")):
            assert entry.endswith("."), key
            assert entry[0].isupper(), key


def test_every_reason_has_words_and_a_section_of_a_standard():
    entries = texts.load("en").entries
    assert len(known_reasons()) > 40
    assert [reason for reason in sorted(known_reasons()) if f"reason.{reason}" not in entries] == []
    assert [reason for reason in sorted(known_reasons()) if not sections.section(reason)] == []


def test_there_is_no_section_and_no_advice_without_a_reason_and_no_words_for_one_that_is_never_given():
    entries = texts.load("en").entries
    reasons_with_words = {key.removeprefix("reason.") for key in entries if key.startswith("reason.")}
    assert reasons_with_words - {"other"} == known_reasons()
    assert sections.SECTIONS.keys() == reasons_with_words - {"other"}
    assert {key.removeprefix("advice.") for key in entries if key.startswith("advice.")} < reasons_with_words


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("role", ROLES),
        ("use", ("sign", "identify")),
        ("format", {*get_args(recognise.Format), "raw"} - {"unknown"}),
        ("finding", get_args(evidence.Finding)),
        ("state", ("valid", "invalid", "indeterminate")),
        ("revocation", get_args(revocation.State)),
        ("source", [source for source in get_args(revocation.Source) if source]),
        ("revocation_reason", reasons.REASONS.values()),
        ("detail", ("revoked-later", "never-issued", "expired-before-list", "self-issued", "not-allowed")),
        ("timestamp", ("valid", "invalid", "none")),
    ],
)
def test_every_word_that_the_agent_uses_is_in_its_table(table, words):
    entries = texts.load("kk").entries
    assert [word for word in words if f"{table}.{word}" not in entries] == []


def test_a_word_that_is_new_gives_a_general_text_and_no_raw_word():
    english = texts.load("en")
    assert english.chosen("reason", "moon-phase") == "There is an obstacle that has no words here."
    assert english.chosen("role", "1.2.3") == "another role"
    assert english.advice("moon-phase") == english.section("moon-phase") == ""
    with pytest.raises(KeyError):
        english("no.such.text")


def test_a_verdict_speaks_of_none_of_one_or_of_several_signatures():
    russian = texts.load("ru")
    assert russian.verdict("valid", 1).startswith("Подпись подлинная.")
    assert russian.verdict("valid", 2).startswith("Все подписи подлинные.")
    assert russian.verdict("valid", 1, is_partial=True).startswith(
        "То, что подписано, подлинное, но подписан не весь"
    )
    assert russian.verdict("invalid", 1, is_partial=True) == russian.verdict("invalid", 1)
    assert russian.verdict("invalid", 0) == "Подписей здесь нет: документ никем не подписан."
    assert russian.section("digest-mismatch") == "RFC 5652 §5.4"
    assert russian.section("digest-mismatch", "xml") == "XML-DSig §3.2.1"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (ALMATY, "27.11.2026 01:04\u00a0(UTC+5)"),
        (UTC, "26.11.2026 20:04\u00a0(UTC)"),
        (timezone(timedelta(hours=5, minutes=30)), "27.11.2026 01:34\u00a0(UTC+5:30)"),
        (timezone(timedelta(hours=-3)), "26.11.2026 17:04\u00a0(UTC−3)"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_the_reader(zone, shown):
    assert texts.load("ru", zone).moment(MOMENT) == shown


@pytest.mark.parametrize(
    ("moment", "zone", "shown"),
    [
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), ALMATY, "31.12.9999"),
        (datetime(1, 1, 1, tzinfo=UTC), timezone(timedelta(hours=-3)), "01.01"),
    ],
)
def test_a_moment_at_an_end_of_the_calendar_is_told_as_it_is(moment, zone, shown):
    words = texts.load("ru", zone)
    assert words.moment(moment).startswith(shown)
    assert words.period(moment, moment).startswith(shown)


def test_a_strangers_text_does_nothing_to_a_terminal():
    assert texts.plain("АХМЕТОВ\u00a0А. «Қалам» 中 e\u0301") == "АХМЕТОВ\u00a0А. «Қалам» 中 e\u0301"
    assert texts.plain("A\x1b[2J\r\nvalid\x9b1m\u202e\u2028\x00\ud800") == "A�[2J��valid�1m����"


def test_without_a_zone_moments_are_those_of_this_computer():
    local = MOMENT.astimezone()
    assert texts.load("kk").moment(MOMENT).startswith(f"{local:%d.%m.%Y %H:%M}")


def test_a_period_is_two_dates_of_the_zone():
    assert texts.load("en", ALMATY).period(MOMENT, MOMENT + timedelta(days=30)) == "27.11.2026 – 27.12.2026"


@pytest.mark.parametrize(
    ("size", "language", "shown"),
    [
        (0, "ru", "0 байт"), (1, "ru", "1 байт"), (22, "ru", "22 байта"), (1023, "en", "1023 bytes"), (1, "en", "1 byte"),
        (1024, "ru", "1,0\u00a0КБ"), (19_843, "kk", "19\u00a0КБ"), (7_340_032, "en", "7.0\u00a0MB"),
        (5 * 1024**3, "ru", "5,0\u00a0ГБ"), (9 * 1024**4, "en", "9216\u00a0GB"),
    ],
)  # fmt: skip
def test_a_size_is_written_as_file_managers_write_it(size, language, shown):
    assert texts.load(language).size(size) == shown


@pytest.mark.parametrize(
    ("language", "count", "form"),
    [
        ("ru", 1, "one"), ("ru", 21, "one"), ("ru", 2, "few"), ("ru", 34, "few"), ("ru", 0, "many"), ("ru", 5, "many"),
        ("ru", 11, "many"), ("ru", 12, "many"), ("ru", 111, "many"), ("kk", 1, "other"), ("en", 1, "one"), ("en", 21, "other"),
    ],
)  # fmt: skip
def test_the_plural_form_fits_the_number(language, count, form):
    assert texts.plural_form(language, count) == form


def test_every_label_of_the_card_is_used():
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "agent/drawing").glob("card_*.py")
    )
    labels = {key for key in texts.load("en").entries if key.startswith(("fact.", "card."))}
    built = {key for key in labels if key.startswith("card.about_")}  # by the name of the paragraph
    assert [key for key in sorted(labels - built) if key not in source] == []
    assert [key for key in built if f'"{key.removeprefix("card.")}"' not in source] == ["card.about_warning"]


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_words_of_roles_and_uses_are_those_of_the_windows(language):
    from tray import texts as windows

    ours, theirs = texts.load(language).entries, windows.load(language).entries
    for key in [f"role.{role}" for role in ROLES] + ["use.sign", "use.identify"]:
        assert ours[key] == theirs[key]
