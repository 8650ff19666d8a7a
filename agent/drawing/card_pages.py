"""Draws the pages of a document card, after the national specification (github.com/kaarkz/ddcard): A4, an information block, then
a page for each signature.

Laid out twice: the first time to learn on which page each signature comes to stand, and how many pages there are.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Spacer,
)

from agent.drawing import attachments, card_codes, card_fonts, card_signer, fonts, mark, stamp
from agent.drawing.attachments import Attachment
from agent.drawing.card import Card, CardSigner, Words
from agent.drawing.card_parts import (
    ACCENT,
    BOTTOM,
    HEADING,
    HEIGHT,
    LEFT,
    LINE,
    QUIET,
    SMALL,
    STEP,
    TITLE,
    TOP,
    WIDTH,
    Icon,
    Markup,
    Place,
    banner,
    bold,
    digits,
    facts,
    heading,
    paragraph,
    plain,
    quiet,
    small,
    table,
    toned,
    visible,
)

_CODE_SIDE = 15 * STEP


def draw(card: Card, words: Words, attached: Sequence[Attachment] = (), *, at: datetime) -> bytes:
    """The card as a PDF with `attached` inside. `at` is the moment that the file says it was made at.

    The same arguments give the same octets, with the same fonts and versions of libraries. Raises: fonts.NoFont.
    """
    card_fonts.register()
    pages: dict[str, int] = {}
    total = _Sheet(card, words, attached, at).build(pages)[1]
    return _Sheet(card, words, attached, at).build(pages, total)[0]


class _Sheet:
    """One laying out of a card."""

    def __init__(self, card: Card, words: Words, attached: Sequence[Attachment], at: datetime) -> None:
        self.card, self.words, self.attached, self.at = card, words, attached, at
        self.total: int | None = None

    def build(self, pages: dict[str, int], total: int | None = None) -> tuple[bytes, int]:
        """The octets and the number of pages. `pages` learns where each signature stands, and tells it where it knows."""
        self.total = total
        buffer = io.BytesIO()
        document = BaseDocTemplate(
            buffer, pagesize=A4, invariant=1, initialFontName=fonts.REGULAR, lang=self.words.language
        )
        frame = Frame(
            LEFT, BOTTOM, WIDTH, HEIGHT, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
        )
        document.addPageTemplates(
            [
                PageTemplate("first", frame, onPage=self._first_page, autoNextPageTemplate="later"),
                PageTemplate("later", frame, onPage=self._later_page),
            ]
        )
        story = _information(self.card, self.words, self.attached, dict(pages))
        for number, signer in enumerate(self.card.signers, 1):
            title = f"{number}. {signer.name or self.words('card.not_named')}"
            story += [PageBreak(), Place(_key(number), title, pages.__setitem__)]
            story += card_signer.page(signer, number, self.card, self.words, draft=total is None)
        document.build(story)
        return buffer.getvalue(), document.page

    def _first_page(self, canvas: Any, template: Any) -> None:
        """The file's own facts are told on the way: here is the first canvas."""
        title = f"{self.words('card.heading')}: {visible(self.card.file_name)}"
        attachments.describe(
            canvas, title=title, program=self.card.program, language=self.words.language, at=self.at
        )
        attachments.attach(canvas, self.attached, at=self.at)
        self._footer(canvas, template)

    def _later_page(self, canvas: Any, template: Any) -> None:
        canvas.saveState()
        y = A4[1] - TOP + 2 * STEP
        canvas.setFillColor(ACCENT)
        mark.draw(canvas, LEFT, y - 3, 1.5 * STEP)
        canvas.setFillColor(QUIET)
        canvas.setFont(fonts.REGULAR, SMALL)
        canvas.drawString(LEFT + 2.5 * STEP, y, _shortened(self.card.file_name, WIDTH - 2.5 * STEP))
        canvas.restoreState()
        self._footer(canvas, template)

    def _footer(self, canvas: Any, template: Any) -> None:
        canvas.saveState()
        y = BOTTOM - 3 * STEP
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.6)
        canvas.line(LEFT, y + 1.75 * STEP, LEFT + WIDTH, y + 1.75 * STEP)
        canvas.setFillColor(QUIET)
        canvas.setFont(fonts.REGULAR, SMALL)
        made = f"{self.words('card.heading')} · {self.card.program} · {self.words.moment(self.at)}"
        canvas.drawString(LEFT, y, made)
        canvas.drawRightString(LEFT + WIDTH, y, f"{template.page} / {self.total or template.page}")
        canvas.restoreState()


def _key(number: int) -> str:
    return f"signature-{number}"


# --- the information block -----------------------------------------------------------------------------------------------


def _information(
    card: Card, words: Words, attached: Sequence[Attachment], pages: Mapping[str, int]
) -> list[Flowable]:
    return [
        *_head(card, words),
        _verdict(card, words),
        Spacer(1, 2 * STEP),
        *_document(card, words),
        *_signers(card, words, pages),
        *_files(attached, words),
        *_about(words),
    ]


def _head(card: Card, words: Words) -> list[Flowable]:
    head = table(
        [[_Mark(3 * STEP), paragraph(bold(escape(words("card.heading"))), HEADING, colour=ACCENT)]],
        (4 * STEP, WIDTH - 4 * STEP),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    )
    lines = [paragraph(bold(plain(card.file_name)), TITLE)]
    if card.title:
        lines += [Spacer(1, STEP / 2), paragraph(plain(card.title))]
    return [head, Spacer(1, STEP), *lines, Spacer(1, 1.5 * STEP)]


def _verdict(card: Card, words: Words) -> Flowable:
    below = [escape(words.verdict(card.verdict, len(card.signers), is_partial=card.is_partial))]
    if any(signer.certificate and signer.certificate.domain == "test" for signer in card.signers):
        below.append(bold(escape(words("card.test_authority"))))
    return banner(card_signer.TONES[card.verdict], words(f"verdict.{card.verdict}.word"), below, large=True)


def _document(card: Card, words: Words) -> list[Flowable]:
    rows: list[tuple[str, Markup]] = [
        (words("fact.size"), "" if card.size is None else escape(words.size(card.size))),
        (words("fact.format"), escape(words.chosen("format", card.format))),
        (words("fact.checked"), escape(words.moment(card.checked_at))),
    ]
    rows += [
        (words("fact.digest", algorithm=digest.algorithm.name), digits(digest.octets.hex()))
        for digest in card.digests
    ]
    if not card.digests:
        return [*facts(rows), Spacer(1, 2 * STEP)]
    first = card.digests[0]
    left = WIDTH - _CODE_SIDE - 2 * STEP
    code = card_codes.Code(stamp.digest_text(first.algorithm, first.octets), _CODE_SIDE)
    caption = paragraph(quiet(escape(words("card.digest_code"))), SMALL, align="centre")
    return [
        table([[facts(rows, left), "", [code, caption]]], (left, 2 * STEP, _CODE_SIDE)),
        Spacer(1, 2 * STEP),
    ]


def _signers(card: Card, words: Words, pages: Mapping[str, int]) -> list[Flowable]:
    if not card.signers:
        return []
    rows = [_signer_row(signer, number, words, pages) for number, signer in enumerate(card.signers, 1)]
    overview = table(
        rows,
        (3 * STEP, WIDTH - 29 * STEP, 19 * STEP, 7 * STEP),
        ("LINEBELOW", (0, 0), (-1, -2), 0.4, LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (1, 0), (1, -1), STEP),
    )
    title = f"{words('card.signers')}: {words('count.signatures', count=len(card.signers))}"
    return [*heading(title), overview, Spacer(1, 2 * STEP)]


def _signer_row(signer: CardSigner, number: int, words: Words, pages: Mapping[str, int]) -> list[Any]:
    tone = card_signer.TONES[signer.verdict]
    name = f"{number}. {bold(plain(signer.name or words('card.not_named')))}"
    if signer.organisation:
        name += f"<br/>{quiet(small(plain(signer.organisation)))}"
    moment = signer.proven_time or signer.signing_time
    state = toned(escape(words.chosen("state", signer.verdict)), tone)
    state += f"<br/>{quiet(small(escape(words.moment(moment) if moment else words('card.no_time'))))}"
    page = pages.get(_key(number))
    place = words("card.page", number=page) if page else ""
    return [
        Icon(tone, 1.75 * STEP),
        paragraph(name),
        paragraph(state),
        paragraph(quiet(escape(place)), SMALL, align="right"),
    ]


def _files(attached: Sequence[Attachment], words: Words) -> list[Flowable]:
    if not attached:
        return []
    notes: dict[str, Callable[[], str]] = {
        "original": lambda: words("card.original"),
        "signature": lambda: words("card.signature_file"),
        "other": lambda: words("card.other_file"),
    }
    rows = [
        [
            paragraph(f"{number}."),
            paragraph(plain(file.name)),
            paragraph(quiet(plain(file.description or notes[file.kind]()))),
            paragraph(quiet(escape(words.size(len(file.octets)))), align="right"),
        ]
        for number, file in enumerate(attached, 1)
    ]
    widths = (3 * STEP, WIDTH - 29 * STEP, 17 * STEP, 9 * STEP)
    return [
        *heading(words("card.files")),
        table(rows, widths, ("RIGHTPADDING", (1, 0), (2, -1), STEP)),
        Spacer(1, 2 * STEP),
    ]


def _about(words: Words) -> list[Flowable]:
    """What a card is and is not: together on one page, so that nobody reads the half of it."""
    story = heading(words("card.about"))
    for name in ("about_card", "about_original", "about_checking"):
        story += [paragraph(escape(words(f"card.{name}")), SMALL), Spacer(1, STEP / 2)]
    story.append(paragraph(bold(escape(words("card.about_warning"))), SMALL))
    return [KeepTogether(story)]


class _Mark(Flowable):
    def __init__(self, side: float) -> None:
        super().__init__()
        self.width = self.height = side

    def wrap(self, *_: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.setFillColor(ACCENT)
        mark.draw(self.canv, 0, 0, self.width)


def _shortened(text: str, width: float) -> str:
    """The name of the file in the running head, its middle left out where it is too long: in full it stands on page 1."""
    kept = visible(text)
    room = len(kept)
    while room > 8 and stringWidth(shown := _middle_out(kept, room), fonts.REGULAR, SMALL) > width:
        room = min(room - 1, int(room * width / stringWidth(shown, fonts.REGULAR, SMALL)))
    return _middle_out(kept, room)


def _middle_out(text: str, room: int) -> str:
    half = room // 2
    return text if len(text) <= room else f"{text[:half]}…{text[len(text) - half :]}"
