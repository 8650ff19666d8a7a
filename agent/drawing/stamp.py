"""The stamp that a signed page shows: who signed, with which certificate, when, and a QR code with the digest of the original file.

A PDF of one page, the size of the stamp, white within its frame so that it can be read over any text; agent/formats/pdf puts it into a document as the appearance of a
signature field. It is for people's eyes: what proves something is the signature beneath it.

The QR code holds

    QALAMSAP:1:<algorithm>:<digest>

in upper case: version 1, a digest algorithm (SHA-256, SHA-384, SHA-512, STREEBOG-512, GOST-94), and the digest, in hexadecimal, of the
file as it was before this signature. (That of what is signed can't be there: the code is a part of it.) Who cuts a signed file
back to what was there before the signature gets the octets that have this digest.
"""

import dataclasses
import functools
import io
import tomllib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from reportlab.graphics.barcode import qrencoder
from reportlab.lib.colors import Color, HexColor, white
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.certificate import Certificate
from agent.drawing import fonts, mark

SIZE = (264.0, 92.0)
"""Width and height of a stamp in points of 1/72 inch: two stand side by side on an upright A4 page."""
LANGUAGES = ("kk", "ru", "en")

_ACCENT, _INK, _QUIET = HexColor("#00758A"), HexColor("#1B1F21"), HexColor("#4A5357")
_PADDING, _FRAME, _CORNER = 8.0, 0.9, 5.0
_CODE_SIDE, _CODE_QUIET, _CODE_GAP = 62.0, 4, 6.0
_MARK_SIDE, _MARK_GAP = 14.0, 5.0
_LEADING, _ASCENT = 1.27, 0.93
_SHRINK, _LEAST = 0.96, 0.45
_NAMES = {
    algorithms.STREEBOG_512.oid: "STREEBOG-512",
    algorithms.STREEBOG_256.oid: "STREEBOG-256",
    algorithms.GOST_94.oid: "GOST-94",
}


@dataclasses.dataclass(frozen=True, slots=True)
class StampText:
    """The words on a stamp, in one language."""

    heading: str
    iin: str
    bin: str
    certificate: str
    valid: str
    issuer: str
    signed: str
    digest: str


@functools.cache
def words(language: str) -> StampText:
    """The words of stamp_texts/<language>.toml. `language` is one of LANGUAGES."""
    source = resources.files("agent.drawing").joinpath("stamp_texts", f"{language}.toml")
    return StampText(**tomllib.loads(source.read_text(encoding="utf-8")))


def digest_text(algorithm: DigestAlgorithm, digest: bytes) -> str:
    """What the QR code says. Only characters of QR's alphanumeric mode, so that the code stays coarse."""
    return f"QALAMSAP:1:{_name(algorithm)}:{digest.hex()}".upper()


def draw(
    certificate: Certificate,
    text: StampText,
    *,
    at: datetime,
    algorithm: DigestAlgorithm,
    digest: bytes,
    size: tuple[float, float] = SIZE,
) -> bytes:
    """The stamp as a PDF. `at` is shown in its own time zone; `digest` is that of the file before it is signed.

    Long names wrap, and all the words shrink until they fit. The same arguments give the same octets.

    Raises: fonts.NoFont.
    """
    canvas, buffer = _begun(size)
    width, height = size
    code_x, code_y = width - _PADDING - _CODE_SIDE, height - _PADDING - _CODE_SIDE
    _draw_code(canvas, digest_text(algorithm, digest), code_x, code_y)
    caption = (_Words(text.digest, 5.2, _QUIET), _Words(_name(algorithm), 5.2, _QUIET, fonts.BOLD))
    _draw_words(canvas, caption, (code_x, _PADDING / 2, _CODE_SIDE, code_y - _PADDING / 2 - 1), centred=True)
    x, room, heading_y = _PADDING + 2, code_x - _CODE_GAP - _PADDING - 2, height - _PADDING - _MARK_SIDE
    canvas.setFillColor(_ACCENT)
    mark.draw(canvas, x, heading_y, _MARK_SIDE)
    beside = _MARK_SIDE + _MARK_GAP
    heading = _Words(text.heading, 9.6, _ACCENT, fonts.BOLD)
    _draw_words(canvas, (heading,), (x + beside, heading_y, room - beside, _MARK_SIDE - 1))
    _draw_words(canvas, _facts(certificate, text, at), (x, _PADDING, room, heading_y - _PADDING - 3))
    return _finished(canvas, buffer)


def outline(size: tuple[float, float] = SIZE) -> bytes:
    """The frame of a stamp without anything in it: to find out whether there is room for one, and the fonts for its words.

    Raises: fonts.NoFont.
    """
    return _finished(*_begun(size))


def _begun(size: tuple[float, float]) -> tuple[Any, io.BytesIO]:
    """A canvas of that size with the frame on it, white inside, and where its octets go."""
    fonts.register()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, pageCompression=1, invariant=1)
    canvas.setFillColor(white)
    canvas.setStrokeColor(_ACCENT)
    canvas.setLineWidth(_FRAME)
    canvas.roundRect(_FRAME / 2, _FRAME / 2, size[0] - _FRAME, size[1] - _FRAME, _CORNER, stroke=1, fill=1)
    return canvas, buffer


def _finished(canvas: Any, buffer: io.BytesIO) -> bytes:
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


# --- the words ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class _Words:
    text: str
    size: float
    colour: Color = _INK
    font: str = fonts.REGULAR
    space_after: float = 0.0


def _facts(certificate: Certificate, text: StampText, at: datetime) -> Iterator[_Words]:
    subject = certificate.common_name
    yield _Words(" ".join(filter(None, (subject, certificate.patronymic))), 8.8, _INK, fonts.BOLD, 1.0)
    numbers = ((text.iin, certificate.iin), (text.bin, certificate.bin))
    known = " · ".join(f"{label} {number}" for label, number in numbers if number)
    if known:
        yield _Words(known, 7.0, _INK, fonts.REGULAR, 0.6)
    if certificate.organisation:
        yield _Words(certificate.organisation, 7.0, _INK, fonts.REGULAR, 0.6)
    yield _Words(f"{text.signed}: {_moment(at)}", 6.6, _INK, fonts.REGULAR, 1.6)
    yield _Words(f"{text.certificate} {certificate.serial_number:X}", 5.3, _QUIET)
    yield _Words(
        f"{text.valid}: {certificate.not_before:%d.%m.%Y} – {certificate.not_after:%d.%m.%Y}", 5.3, _QUIET
    )
    yield _Words(f"{text.issuer}: {certificate.issuer.common_name}", 5.3, _QUIET)


def _moment(at: datetime) -> str:
    """dd.mm.yyyy hh:mm:ss and the time zone, as UTC+5."""
    offset = at.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    zone = f"{sign}{hours}" + (f":{minutes:02}" if minutes else "") if offset else ""
    return f"{at:%d.%m.%Y %H:%M:%S} UTC{zone}"


def _name(algorithm: DigestAlgorithm) -> str:
    return _NAMES.get(algorithm.oid, algorithm.name)


def _draw_words(
    canvas: Any, words_: Iterable[_Words], box: tuple[float, float, float, float], *, centred: bool = False
) -> None:
    """Lines from the top of a box (x, y, width, height) down, all at the largest scale at which they fit into it."""
    x, y, width, height = box
    paragraphs = tuple(words_)
    scale = 1.0
    while scale > _LEAST and _height(paragraphs, width, scale) > height:
        scale *= _SHRINK
    top = y + height
    for paragraph in paragraphs:
        size = paragraph.size * scale
        canvas.setFont(paragraph.font, size)
        canvas.setFillColor(paragraph.colour)
        for line in _lines(paragraph, width, scale):
            if centred:
                canvas.drawCentredString(x + width / 2, top - size * _ASCENT, line)
            else:
                canvas.drawString(x, top - size * _ASCENT, line)
            top -= size * _LEADING
        top -= paragraph.space_after * scale


def _height(paragraphs: Iterable[_Words], width: float, scale: float) -> float:
    return sum(
        scale * (len(_lines(each, width, scale)) * each.size * _LEADING + each.space_after)
        for each in paragraphs
    )


def _lines(paragraph: _Words, width: float, scale: float) -> list[str]:
    """The text in lines of at most that width; a word that is longer than a line is cut wherever it must be."""
    lines = [""]
    for word in paragraph.text.split():
        for piece in _pieces(word, paragraph, width, scale):
            joined = f"{lines[-1]} {piece}".strip()
            if _width(joined, paragraph, scale) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, paragraph: _Words, width: float, scale: float) -> Iterator[str]:
    while word:
        count = len(word)
        while count > 1 and _width(word[:count], paragraph, scale) > width:
            count -= 1
        yield word[:count]
        word = word[count:]


def _width(text: str, paragraph: _Words, scale: float) -> float:
    return float(stringWidth(text, paragraph.font, paragraph.size * scale))


# --- the code -----------------------------------------------------------------------------------------------------


def _draw_code(canvas: Any, text: str, x: float, y: float) -> None:
    """The QR code in black on white, with the quiet zone around it that scanners need (ISO/IEC 18004 §5.3.8)."""
    code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    module = _CODE_SIDE / (code.getModuleCount() + 2 * _CODE_QUIET)
    path = canvas.beginPath()
    for row, modules in enumerate(code.modules):
        top = y + _CODE_SIDE - (row + _CODE_QUIET) * module
        for start, end in _dark_runs(modules):
            path.rect(x + (start + _CODE_QUIET) * module, top - module, (end - start) * module, module)
    canvas.setFillColor(_INK)
    canvas.drawPath(path, stroke=0, fill=1)


def _dark_runs(modules: Iterable[bool]) -> Iterator[tuple[int, int]]:
    start = None
    for column, dark in enumerate((*modules, False)):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            yield start, column
            start = None
