"""What document cards are made of: measures, colours, paragraphs, tables of facts, icons."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.enums import TA_CENTER, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Paragraph, Table, TableStyle

from agent.drawing import card_fonts, fonts
from protocol import letters

# Margins of the national specification of the document card; everything else stands on a grid of 8 points.
LEFT, TOP, RIGHT, BOTTOM = 30 * mm, 20 * mm, 10 * mm, 20 * mm
WIDTH = A4[0] - LEFT - RIGHT
HEIGHT = A4[1] - TOP - BOTTOM
STEP = 8.0
LABELS = 17 * STEP
"""The width of the column of labels."""

SMALL, TEXT, HEADING, TITLE = 8.0, 9.0, 11.0, 14.0

INK, QUIET, LINE = HexColor("#1B1F21"), HexColor("#586064"), HexColor("#D5DBDD")
ACCENT = HexColor("#00758A")
Tone = Literal["good", "danger", "warning"]
_TONES: dict[Tone, tuple[Color, Color]] = {
    "good": (HexColor("#1B6E3C"), HexColor("#EAF3ED")),
    "danger": (HexColor("#B3261E"), HexColor("#FBECEB")),
    "warning": (HexColor("#8A5A00"), HexColor("#F9F2E4")),
}

MAX_LENGTH = 500
"""Characters of one name or text that are drawn: certificates and files are other people's, and may hold anything."""
_GROUP, _GROUPS_IN_LINE = 4, 8

Markup = str
"""Text for reportlab's paragraphs, where & < > are escaped."""


def colour(tone: Tone) -> Color:
    """The colour of text and icons of a tone, dark enough for text on white and on its tint."""
    return _TONES[tone][0]


# --- text ----------------------------------------------------------------------------------------------------------------


def plain(text: str) -> Markup:
    """Somebody's text as markup: nothing in it can hide, reorder or break lines."""
    return escape(visible(text))


def visible(text: str) -> str:
    """Somebody's text without what has no shape of its own, and not too much of it."""
    kept = text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + "…"
    return letters.visible(kept)


def quiet(markup: Markup) -> Markup:
    return f'<font color="{_hex(QUIET)}">{markup}</font>'


def bold(markup: Markup) -> Markup:
    return f"<b>{markup}</b>"


def toned(markup: Markup, tone: Tone) -> Markup:
    return f'<font color="{_hex(colour(tone))}"><b>{markup}</b></font>'


def small(markup: Markup) -> Markup:
    return f'<font size="{SMALL}">{markup}</font>'


def digits(hexadecimal: str) -> Markup:
    """A digest or a serial number in groups of four, eight in a line, monospaced."""
    groups = [hexadecimal[start : start + _GROUP] for start in range(0, len(hexadecimal), _GROUP)]
    lines = [groups[start : start + _GROUPS_IN_LINE] for start in range(0, len(groups), _GROUPS_IN_LINE)]
    text = "<br/>".join(" ".join(escape(group) for group in line) for line in lines)
    return f'<font face="{card_fonts.register()}" size="{SMALL}">{text}</font>'


def paragraph(
    markup: Markup,
    size: float = TEXT,
    *,
    colour: Color = INK,
    align: Literal["left", "right", "centre"] = "left",
) -> Paragraph:
    return Paragraph(markup, _style(size, _hex(colour), align))


@functools.cache
def _style(size: float, colour: str, align: str) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}{colour}{align}",
        fontName=fonts.REGULAR,
        fontSize=size,
        leading=round(size * 1.36, 1),
        textColor=HexColor(colour),
        alignment={"left": TA_LEFT, "right": TA_RIGHT, "centre": TA_CENTER}[align],
        splitLongWords=1,
    )


def _hex(colour: Color) -> str:
    return f"#{colour.hexval()[2:]}"


# --- tables --------------------------------------------------------------------------------------------------------------


def table(rows: Sequence[Sequence[Any]], widths: Sequence[float], *commands: tuple[Any, ...]) -> Table:
    """A table without padding at its sides. Empty cells are text, too: unnamed, their font would be one that is not embedded."""
    return Table(
        rows,
        colWidths=widths,
        hAlign="LEFT",
        style=TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), fonts.REGULAR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                *commands,
            ]
        ),
    )


def facts(rows: Iterable[tuple[str, Markup]], width: float = WIDTH) -> list[Flowable]:
    """Labels with their values; those without a value are left out."""
    shown = [[paragraph(escape(label), colour=QUIET), paragraph(value)] for label, value in rows if value]
    return [table(shown, (LABELS, width - LABELS), ("RIGHTPADDING", (0, 0), (0, -1), STEP))] if shown else []


def heading(text: str, below: float = 4 * STEP) -> list[Flowable]:
    """A heading with a hairline, on a page that has so many points for what stands below."""
    return [
        CondPageBreak(below + 4 * STEP),
        paragraph(bold(escape(text)), HEADING, colour=ACCENT),
        Rule(),
    ]


def banner(tone: Tone, title: str, below: Iterable[Markup], *, large: bool = False) -> Table:
    """A tinted panel: an icon, a word, and what is to be said about it."""
    size, side = (TITLE, 3 * STEP) if large else (HEADING, 2 * STEP)
    lines = [paragraph(toned(escape(title), tone), size), *(paragraph(markup) for markup in below)]
    edge = (0, 0), (-1, -1)
    return table(
        [[Icon(tone, side), line] if row == 0 else ["", line] for row, line in enumerate(lines)],
        (side + 3 * STEP, WIDTH - side - 3 * STEP),
        ("BACKGROUND", *edge, _TONES[tone][1]),
        ("ROUNDEDCORNERS", [4, 4, 4, 4]),
        ("LEFTPADDING", (0, 0), (0, -1), 1.5 * STEP),
        ("RIGHTPADDING", (1, 0), (1, -1), 1.5 * STEP),
        ("TOPPADDING", (0, 0), (-1, 0), 1.5 * STEP),
        ("BOTTOMPADDING", (0, 0), (-1, 0), 0),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 1.5 * STEP),
        ("VALIGN", (0, 0), (0, 0), "MIDDLE"),
    )


# --- shapes --------------------------------------------------------------------------------------------------------------


class Rule(Flowable):
    """A hairline across the page with a little air."""

    def wrap(self, *_: float) -> tuple[float, float]:
        return WIDTH, STEP

    def draw(self) -> None:
        self.canv.setStrokeColor(LINE)
        self.canv.setLineWidth(0.6)
        self.canv.line(0, STEP - 3, WIDTH, STEP - 3)


class Place(Flowable):
    """Draws nothing, but tells on which page it came to stand, and makes an entry in the outline."""

    def __init__(self, key: str, title: str, tell: Callable[[str, int], object]) -> None:
        super().__init__()
        self.key, self.title, self.tell = key, title, tell

    def wrap(self, *_: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.canv.bookmarkPage(self.key)
        self.canv.addOutlineEntry(visible(self.title), self.key)
        self.tell(self.key, self.canv.getPageNumber())


class Icon(Flowable):
    """What a tone means, as a shape: a disc with a check mark, a disc with a cross, a triangle with an exclamation mark."""

    def __init__(self, tone: Tone, side: float) -> None:
        super().__init__()
        self.tone = tone
        self.width = self.height = side

    def wrap(self, *_: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        canvas.saveState()
        canvas.scale(self.width / 24, self.height / 24)
        canvas.setFillColor(colour(self.tone))
        canvas.setStrokeColor(HexColor("#FFFFFF"))
        canvas.setLineWidth(2.6)
        canvas.setLineCap(1)
        canvas.setLineJoin(1)
        _DRAWN[self.tone](canvas)
        canvas.restoreState()


def _check(canvas: Any) -> None:
    canvas.circle(12, 12, 11.5, stroke=0, fill=1)
    _lines(canvas, (6.8, 11.8), (10.4, 8.2), (17.2, 15.4))


def _cross(canvas: Any) -> None:
    canvas.circle(12, 12, 11.5, stroke=0, fill=1)
    _lines(canvas, (8, 8), (16, 16))
    _lines(canvas, (8, 16), (16, 8))


def _warn(canvas: Any) -> None:
    triangle = canvas.beginPath()
    triangle.moveTo(12, 22)
    triangle.lineTo(23, 2.5)
    triangle.lineTo(1, 2.5)
    triangle.close()
    canvas.saveState()
    canvas.setStrokeColor(colour("warning"))
    canvas.setLineWidth(2)
    canvas.drawPath(triangle, stroke=1, fill=1)
    canvas.restoreState()
    _lines(canvas, (12, 15.2), (12, 9.6))
    canvas.setFillColor(HexColor("#FFFFFF"))
    canvas.circle(12, 5.6, 1.4, stroke=0, fill=1)


_DRAWN: dict[Tone, Callable[[Any], None]] = {"good": _check, "danger": _cross, "warning": _warn}


def _lines(canvas: Any, *points: tuple[float, float]) -> None:
    path = canvas.beginPath()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    canvas.drawPath(path, stroke=1, fill=0)
