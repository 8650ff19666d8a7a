import pypdfium2
import pytest

from agent.drawing import listing
from agent.words import texts
from tests.support import cards


def draw(rows, language="ru", **changes):
    values = {
        "title": "Журнал",
        "about": ["Всё, что было"],
        "columns": ("Когда", "Что"),
        "shares": (1, 3),
        "rows": rows,
        "program": "Qalamsap 1.0",
    }
    return listing.draw(
        listing.Listing(**{**values, **changes}), texts.load(language, cards.ZONE), at=cards.AT
    )


def pages(octets):
    return [page.get_textpage().get_text_range().split() for page in pypdfium2.PdfDocument(octets)]


def test_each_page_has_the_head_and_its_number():
    found = pages(draw([(f"{number}", "подписано") for number in range(120)]))
    assert len(found) > 2
    for number, page in enumerate(found, 1):
        assert "Когда" in page
        assert f"{number} / {len(found)}" in " ".join(page)
    assert sum(page.count("подписано") for page in found) == 120


def test_an_empty_list_is_a_page():
    (page,) = pages(draw([]))
    assert "Журнал" in page


def test_the_same_list_gives_the_same_octets():
    assert draw([("1", "2")]) == draw([("1", "2")])


@pytest.mark.parametrize("text", ["<b>нет</b>", "&amp;", "\u202eабв", "x" * 5000, "Ә" * 300, "\x00"])
def test_a_strangers_text_is_only_read(text):
    shown = " ".join(pages(draw([("1", text)]))[0])
    assert "\u202e" not in shown
    if text.startswith(("<b>", "&amp;")):
        assert text in shown
