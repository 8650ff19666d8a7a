"""A stranger's text, made fit to be shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import letters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("act.pdf", "act.pdf"),
        ("АХМЕТОВ\u00a0А. «Қалам» 中 e\u0301", "АХМЕТОВ\u00a0А. «Қалам» 中 e\u0301"),
        ("two\nlines\x00", "two\ufffdlines\ufffd"),
        ("cod\u202efdp.exe", "cod\ufffdfdp.exe"),
        ("\x1b[2J\x9b1m\u2028\u2029", "\ufffd[2J\ufffd1m\ufffd\ufffd"),
        ("\u3164\u2800a\u034f\uffa0", "\ufffd\ufffda\ufffd\ufffd"),
        ("half\ud800 own\ue000 none\uffff", "half\ufffd own\ufffd none\ufffd"),
    ],
)
def test_what_has_no_shape_of_its_own_is_marked_and_the_rest_stays(text: str, shown: str) -> None:
    assert letters.visible(text) == shown


@given(st.text())
def test_visible_text_is_one_line_of_the_same_length_without_controls(text: str) -> None:
    shown = letters.visible(text)
    assert len(shown) == len(text)
    assert len(shown.splitlines()) <= 1
    assert not any(unicodedata.category(letter).startswith(("C", "Zl", "Zp")) for letter in shown)
    assert letters.visible(shown) == shown
