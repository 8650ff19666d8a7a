import pytest
from reportlab.platypus import Paragraph, Table

from agent.drawing import card_fonts, card_parts


@pytest.fixture(autouse=True)
def fonts() -> None:
    card_fonts.register()


def luminance(colour):
    """WCAG 2.2's relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.rgb()]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(text, ground):
    brighter, darker = sorted((luminance(text), luminance(ground)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("tone", ["good", "danger", "warning"])
def test_text_of_a_tone_is_legible_on_white_and_on_its_tint(tone):
    colour, tint = card_parts._TONES[tone]
    for text in (colour, card_parts.INK, card_parts.QUIET):
        assert contrast(text, tint) >= 4.5
    assert contrast(colour, card_parts.HexColor("#FFFFFF")) >= 4.5


def test_accent_and_quiet_text_are_legible_on_white():
    white = card_parts.HexColor("#FFFFFF")
    assert contrast(card_parts.ACCENT, white) >= 4.5
    assert contrast(card_parts.QUIET, white) >= 4.5


def test_a_strangers_text_is_no_markup_and_hides_nothing():
    assert card_parts.plain("<b>A & B</b>") == "&lt;b&gt;A &amp; B&lt;/b&gt;"
    assert card_parts.plain("a\u202eb\nc\x00d\ue000e") == "a\ufffdb\ufffdc\ufffdd\ufffde"
    assert card_parts.plain("x" * 501) == "x" * 500 + "…"


def test_a_digest_stands_in_groups_of_four_and_lines_of_eight():
    markup = card_parts.digits("0123456789abcdef" * 4)
    lines = markup.removesuffix("</font>").partition(">")[2].split("<br/>")
    assert lines == ["0123 4567 89ab cdef 0123 4567 89ab cdef"] * 2


def test_a_label_without_a_value_is_left_out():
    (table,) = card_parts.facts([("A", "1"), ("B", ""), ("C", "3")])
    assert [[cell.text for cell in row] for row in table._cellvalues] == [["A", "1"], ["C", "3"]]
    assert card_parts.facts([("A", "")]) == []


def test_a_heading_goes_to_the_next_page_with_what_follows():
    first, title, rule = card_parts.heading("<Title>", below=100)
    assert first.height == 100 + 4 * card_parts.STEP
    assert isinstance(title, Paragraph)
    assert title.text == "<b>&lt;Title&gt;</b>"
    assert rule.wrap(1, 1) == (card_parts.WIDTH, card_parts.STEP)


def test_a_banner_has_one_icon_and_a_line_for_each_thing_to_say():
    table = card_parts.banner("danger", "No", ["one", "two"])
    assert isinstance(table, Table)
    assert [isinstance(row[0], card_parts.Icon) for row in table._cellvalues] == [True, False, False]


def test_margins_are_those_of_the_national_specification():
    margins = (card_parts.LEFT, card_parts.TOP, card_parts.RIGHT, card_parts.BOTTOM)
    assert [round(margin / card_parts.mm) for margin in margins] == [30, 20, 10, 20]
