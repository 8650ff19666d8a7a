from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray import texts, words


@pytest.mark.parametrize(
    ("size", "language", "shown"),
    [
        (0, "ru", "0 байт"), (1, "ru", "1 байт"), (22, "ru", "22 байта"), (1023, "en", "1023 bytes"),
        (1024, "ru", "1,0\u00a0КБ"), (19_843, "ru", "19\u00a0КБ"), (7_340_032, "en", "7.0\u00a0MB"),
        (256 * 1024**2, "kk", "256\u00a0МБ"), (5 * 1024**3, "ru", "5,0\u00a0ГБ"), (9 * 1024**4, "en", "9216\u00a0GB"),
    ],
)  # fmt: skip
def test_a_size_is_written_as_file_managers_write_it(size, language, shown):
    assert words.size(size, language, texts.load(language)) == shown


def test_thousands_are_set_apart_from_ten_thousand_on():
    assert words.number(9999, "ru") == "9999"
    assert words.number(10_000, "ru") == "10\u202f000"
    assert words.number(1_234_567, "en") == "1,234,567"


def test_dates_are_written_day_first_and_nonsense_stays_what_it_is():
    assert words.date("2027-05-14T12:00:00+00:00") == "14.05.2027"
    assert words.time("2027-05-14T12:00:00+00:00").startswith("14.05 ")
    assert words.date("soon") == "soon"
    assert words.date("0001-01-01T00:00:00+14:00")


def test_a_moment_is_past_only_if_it_is_known_and_before():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert words.is_past("2026-11-22T23:59:59+00:00", now)
    assert not words.is_past("2026-11-23T00:00:01+00:00", now)
    assert not words.is_past("soon", now)


def test_a_digest_is_read_in_groups_of_four():
    assert words.groups("66bee8b0194311eb0") == "66be e8b0 1943 11eb 0"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("договор.pdf", "договор.pdf"),
        ("cod\u202efdp.exe", "cod\ufffdfdp.exe"),
        ("two\nlines\x00", "two\ufffdlines\ufffd"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("a" * 600, "a" * 500 + "…"),
    ],
)
def test_a_strangers_name_can_hide_and_reorder_nothing(name, shown):
    assert words.clean(name) == shown


@given(st.text())
def test_cleaned_text_is_always_one_printable_line(text):
    cleaned = words.clean(text)
    assert len(cleaned.splitlines()) <= 1
    assert words.clean(cleaned) == cleaned or len(text) > words.MAX_NAME_LENGTH


def test_a_path_of_absurd_length_keeps_its_ends():
    path = "/" + "x" * 10_000 + "/act.pdf"
    assert len(words.path(path)) < 4200
    assert words.path(path).startswith("/xxx")
    assert words.path(path).endswith("x/act.pdf")
    assert words.path("/a/b\u202e.pdf") == "/a/b\ufffd.pdf"


def test_a_path_is_split_by_the_rules_of_its_system():
    assert words.split_path("/home/a/act.pdf") == ("act.pdf", "/home/a/")
    assert words.split_path("C:\\docs\\act.pdf") == ("act.pdf", "C:\\docs\\")
    assert words.split_path("/home/a/a\\b.pdf") == ("a\\b.pdf", "/home/a/")
    assert words.split_path("") == ("", "")
