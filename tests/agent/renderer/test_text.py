import hashlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.renderer import text
from agent.renderer.base import CannotShow
from agent.renderer.text import Decoded, TextView
from protocol import preview
from protocol.preview import Flag, Row

RUSSIAN = "Акт выполненных работ от 01.02.2026. Исполнитель сдал, сумма сто тенге.\n"
KAZAKH = "Орындалған жұмыстар актісі. Тапсырыс беруші: «Көкжиек» ЖШС, сомасы жүз теңге.\n"


def view(octets: bytes) -> TextView:
    decoded = text.decode(octets)
    assert decoded is not None
    return TextView(octets, decoded)


@pytest.mark.parametrize(
    ("words", "codec", "name"),
    [
        (RUSSIAN, "utf-8", "UTF-8"),
        (RUSSIAN, "utf-8-sig", "UTF-8"),
        (RUSSIAN, "utf-16", "UTF-16"),
        (RUSSIAN, "utf-16-le", "UTF-16"),
        (RUSSIAN, "utf-16-be", "UTF-16"),
        (RUSSIAN, "utf-32", "UTF-32"),
        (RUSSIAN, "windows-1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "KOI8-R"),
        (RUSSIAN, "cp866", "CP866"),
        (RUSSIAN, "iso-8859-5", "ISO-8859-5"),
        (KAZAKH, "kz1048", "KZ-1048"),
        ("ДОГОВОР ПОСТАВКИ", "windows-1251", "windows-1251"),
        ("ДОГОВОР ПОСТАВКИ", "koi8-r", "KOI8-R"),
        ("Привет", "cp866", "CP866"),
        ("Café déjà vu", "windows-1252", "windows-1252"),
        ("act 17", "ascii", "UTF-8"),
    ],
)
def test_the_encoding_is_found(words: str, codec: str, name: str) -> None:
    assert text.decode(words.encode(codec)) == Decoded(words, name)


@pytest.mark.parametrize(
    "octets",
    [bytes(range(256)) * 8, b"\x00" * 100, b"\x30\x82\x01\x00" + bytes(300), b"\xff\xfe\x00\xd8" * 50],
)
def test_octets_that_are_no_text(octets: bytes) -> None:
    assert text.decode(octets) is None


def test_a_few_octets_that_do_not_belong_are_told_of() -> None:
    octets = RUSSIAN.encode() + b"\xff\xfe \xd0"
    decoded = text.decode(octets)
    assert decoded is not None
    assert (decoded.encoding, decoded.has_damage) == ("UTF-8", True)
    assert Flag("mixed-encoding") in view(octets).overview.flags


def test_lines_are_rows() -> None:
    shown = view(b"one\r\ntwo\n\nfour")
    assert shown.read(0, 10) == (Row("", "one"), Row("", "two"), Row("", ""), Row("", "four"))
    assert shown.read(1, 1) == (Row("", "two"),)
    assert shown.read(4, 1) == ()
    assert (shown.overview.kind, shown.overview.rows, shown.overview.size) == ("text", 4, 14)
    assert shown.overview.digest == hashlib.sha256(b"one\r\ntwo\n\nfour").hexdigest()


def test_a_long_line_goes_on_in_further_rows() -> None:
    line = "".join(chr(0x430 + at % 32) for at in range(2 * preview.MAX_TEXT + 5))
    rows = view(f"{line}\nend".encode()).read(0, 10)
    assert "".join(row.value for row in rows[:3]) == line
    assert rows[3].value == "end"


def test_no_more_rows_than_an_answer_has() -> None:
    assert len(view(b"a\n" * 2000).read(0, 10_000)) == preview.MAX_ROWS


@pytest.mark.parametrize(
    "trick",
    ["\u202egpj.tca", "a\u200bb", "a\u2066b", "\U000e0041", "a\x1b[2Jb", "a\x08b", "x\ufeffy", "\u200f"],
)
def test_letters_that_hide_others_are_told_of(trick: str) -> None:
    flags = view(f"first\nsecond {trick}\n".encode()).overview.flags
    assert flags == (Flag("hidden-text", "line 2"),)


def test_places_of_hidden_letters_are_bounded() -> None:
    assert len(text.hidden_in("\u202e\n" * 10_000)) == text.MAX_HIDDEN
    assert text.hidden_in("\u202e\u202e\n" * 2) == (
        Flag("hidden-text", "line 1"),
        Flag("hidden-text", "line 2"),
    )


def test_facts_come_from_the_text() -> None:
    overview = view("Акт № 5 от 01.02.2026\nЗаказчик: БИН 150640012341".encode("windows-1251")).overview
    assert [fact.value for fact in overview.facts if fact.name == "number"] == ["5"]
    assert [party.number for party in overview.parties] == ["150640012341"]


def test_of_a_very_large_text_the_beginning_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_SHOWN_BYTES", 1001)
    octets = "ж".encode() * 800
    shown = view(octets)
    assert (shown.overview.why, shown.overview.size) == ("too-large", 1600)
    assert shown.read(0, 1)[0].value == "ж" * 500
    monkeypatch.setattr(text, "MAX_SHOWN_ROWS", 10)
    assert (view(b"\n" * 50).overview.rows, view(b"\n" * 50).overview.why) == (10, "too-large")


def test_a_text_has_no_pages_and_holds_nothing() -> None:
    shown = view(b"a")
    for ask in (
        lambda: shown.draw(0, 100),
        lambda: shown.enter(0),
        lambda: shown.read(-1, 1),
        lambda: shown.read(0, 0),
    ):
        with pytest.raises(CannotShow):
            ask()


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda words: words.encode("utf-8", "surrogatepass"))
)
def test_any_octets_are_text_or_not(octets: bytes) -> None:
    decoded = text.decode(octets)
    if decoded is not None:
        shown = TextView(octets, decoded)
        rows = shown.read(0, preview.MAX_ROWS)
        assert len(rows) == shown.overview.rows
        assert all(len(row.value) <= preview.MAX_TEXT for row in rows)


def test_random_octets_are_hardly_ever_text() -> None:
    assert sum(text.decode(os.urandom(2000)) is not None for _ in range(20)) == 0
