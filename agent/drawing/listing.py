"""Draws a long list as a PDF: A4 across, a heading, what it is a list of, a table whose head comes again on each page, page numbers."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Spacer

from agent.drawing import attachments, card_parts, fonts, mark
from agent.drawing.card import Words
from agent.drawing.card_parts import (
    ACCENT,
    LINE,
    QUIET,
    SMALL,
    STEP,
    TITLE,
    bold,
    paragraph,
    plain,
    quiet,
    small,
    table,
)

_EDGE = 15 * mm
_WIDTH = landscape(A4)[0] - 2 * _EDGE
_FOOT = 3 * STEP


@dataclass(frozen=True, slots=True)
class Listing:
    """What is drawn. `shares` are the columns' parts of the width. `program` is who says so, with its version."""

    title: str
    about: Sequence[str]
    columns: Sequence[str]
    shares: Sequence[float]
    rows: Sequence[Sequence[str]]
    program: str


def draw(listing: Listing, words: Words, *, at: datetime) -> bytes:
    """The list as a PDF. The same arguments give the same octets, with the same fonts and versions of libraries.

    Raises: fonts.NoFont.
    """
    fonts.register()
    _, pages = _build(listing, words, at, None)
    return _build(listing, words, at, pages)[0]


def _build(listing: Listing, words: Words, at: datetime, total: int | None) -> tuple[bytes, int]:
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer, pagesize=landscape(A4), invariant=1, initialFontName=fonts.REGULAR, lang=words.language
    )
    height = landscape(A4)[1] - 2 * _EDGE - _FOOT
    frame = Frame(
        _EDGE, _EDGE + _FOOT, _WIDTH, height, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )

    def finish(canvas: Any, template: Any) -> None:
        if template.page == 1:
            attachments.describe(
                canvas, title=listing.title, program=listing.program, language=words.language, at=at
            )
        _footer(canvas, listing, words, at, f"{template.page} / {total or template.page}")

    document.addPageTemplates([PageTemplate("all", frame, onPage=finish)])
    document.build(_story(listing))
    return buffer.getvalue(), document.page


def _story(listing: Listing) -> list[Flowable]:
    head = [paragraph(bold(plain(name)), SMALL, colour=ACCENT) for name in listing.columns]
    rows = [[paragraph(small(plain(text))) for text in row] for row in listing.rows]
    widths = [_WIDTH * share / sum(listing.shares) for share in listing.shares]
    drawn = table(
        [head, *rows],
        widths,
        ("RIGHTPADDING", (0, 0), (-2, -1), STEP),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
    )
    drawn.repeatRows = 1
    return [
        paragraph(bold(plain(listing.title)), TITLE),
        *(paragraph(quiet(plain(line))) for line in listing.about),
        Spacer(1, 2 * STEP),
        drawn,
    ]


def _footer(canvas: Any, listing: Listing, words: Words, at: datetime, page: str) -> None:
    canvas.saveState()
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.6)
    canvas.line(_EDGE, _EDGE + 1.75 * STEP, _EDGE + _WIDTH, _EDGE + 1.75 * STEP)
    canvas.setFillColor(ACCENT)
    mark.draw(canvas, _EDGE, _EDGE - 3, 1.5 * STEP)
    canvas.setFillColor(QUIET)
    canvas.setFont(fonts.REGULAR, SMALL)
    canvas.drawString(
        _EDGE + 2.5 * STEP, _EDGE, card_parts.visible(f"{listing.program} · {words.moment(at)}")
    )
    canvas.drawRightString(_EDGE + _WIDTH, _EDGE, page)
    canvas.restoreState()
