"""Plain text: which encoding it is in, and its lines.

Nothing says so but the octets. UTF-8 and UTF-16 can be told with certainty; of the encodings with one octet a letter it is the one in which
the text looks most like Russian or Kazakh: frequent letters, no capital after a small letter, no frames of tables in the middle of words.
"""

import array
import codecs
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.renderer import facts
from agent.renderer.base import CannotShow, Drawing, Entry
from protocol import preview
from protocol.preview import Flag, Overview, Row

MAX_SHOWN_BYTES = 32 * 1024 * 1024  # of a text; nobody reads more, and it says that more is there
MAX_SHOWN_ROWS = 2_000_000
MAX_HIDDEN = 20  # places that are told of

_SAMPLE_BYTES = 64 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
SINGLE_OCTET = (
    ("windows-1251", "windows-1251"),
    ("koi8-r", "KOI8-R"),
    ("cp866", "CP866"),
    ("kz1048", "KZ-1048"),
    ("iso-8859-5", "ISO-8859-5"),
    ("windows-1252", "windows-1252"),
)
# Codecs are modules, loaded when first asked for: in the sandbox that is too late.
for _name in (
    *(codec for codec, _ in SINGLE_OCTET),
    *(codec for _, codec, _ in _MARKS),
    "koi8-u",
    "iso-8859-1",
    "ascii",
):
    codecs.lookup(_name)

# What moves letters or has no width: bidirectional controls, joiners and spaces of no width, tags, marks of order inside of a text;
# controls that a terminal obeys.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
_CONTROLS = bytes({*range(0x20)} - {0x09, 0x0A, 0x0C, 0x0D})
_LINE = re.compile(r"[^\r\n\x0b\x0c\x85\u2028\u2029]*(?:\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]|\Z)")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text. `encoding` is its display name; `has_damage` where octets are no text in it, and stand as U+FFFD."""

    text: str
    encoding: str
    has_damage: bool = False


def decode(octets: bytes) -> Decoded | None:
    """The text that these octets are; None if they are none. Looks at the first MAX_SHOWN_BYTES."""
    octets = octets[:MAX_SHOWN_BYTES]
    for mark, codec, name in _MARKS:
        if octets.startswith(mark):
            return _as_marked(octets[len(mark) :], codec, name)
    if (unmarked := _unmarked_utf_16(octets)) is not None:
        return _as_marked(octets, unmarked, "UTF-16")
    sample = octets[:_SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if b"\x00" in sample or controls * 100 > len(sample) + 200 or controls * 4 > len(sample):
        return None
    try:
        return Decoded(codecs.decode(octets, "utf-8"), "UTF-8")
    except UnicodeDecodeError as error:
        if len(octets) == MAX_SHOWN_BYTES and error.start >= len(octets) - 3:  # cut within a letter
            return Decoded(octets[: error.start].decode(), "UTF-8")
    return _damaged_utf_8(octets) or _in_single_octets(octets)


def _as_marked(octets: bytes, codec: str, name: str) -> Decoded | None:
    text = octets.decode(codec, "replace")
    damage = text.count("\N{REPLACEMENT CHARACTER}")
    if damage * 20 > len(text):
        return None
    return Decoded(text, name, damage > 0)


def _unmarked_utf_16(octets: bytes) -> str | None:
    """Every second octet of Latin or Cyrillic in UTF-16 is 0 or 4."""
    sample = octets[: _SAMPLE_BYTES & ~1]
    if len(sample) < 4 or len(octets) % 2 or b"\x00" not in sample:
        return None
    half = len(sample) // 2
    for codec, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if (high.count(0) + high.count(4)) * 10 >= half * 9:
            other = sample[::2] if codec == "utf-16-le" else sample[1::2]
            return codec if other.count(0) * 10 < half else None
    return None


def _damaged_utf_8(octets: bytes) -> Decoded | None:
    """UTF-8 with few octets that don't belong there."""
    sample = octets[:_SAMPLE_BYTES].decode("utf-8", "replace")
    wrong = sample.count("\N{REPLACEMENT CHARACTER}")
    right = sum(letter > "\x7f" for letter in sample) - wrong
    if right < 8 * max(wrong, 1):
        return None
    return Decoded(octets.decode("utf-8", "replace"), "UTF-8", has_damage=True)


# --- one octet a letter -----------------------------------------------------------------------------------------------

_VOWELS = frozenset("аеёиоуыэюяәөұүі")
_FREQUENT = frozenset("оеаинтсрвлкмдпуыықғәөұүіңё")
_CYRILLIC = _FREQUENT | frozenset("цщэфъюшжхчйбьзягһ")
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz")
_SIGNS = frozenset("«»№–—„“”’…\N{NO-BREAK SPACE}§°±")
_COST_ODD, _COST_TURN, _COST_MIXED = 6, 4, 5


def _in_single_octets(octets: bytes) -> Decoded | None:
    sample = octets[:_SAMPLE_BYTES]
    scored = [
        (_score(sample.decode(codec, "replace")), -place, codec, name)
        for place, (codec, name) in enumerate(SINGLE_OCTET)
    ]
    score, _, codec, name = max(scored)
    high = sum(octet >= 0x80 for octet in sample)
    if score < 0 and high * 3 > len(sample):
        return None  # in no encoding does it look like a text
    text = octets.decode(codec, "replace")
    return Decoded(text, name, "\N{REPLACEMENT CHARACTER}" in text)


def _score(text: str) -> int:
    """How much it looks like words: letters that are frequent, vowels and consonants in turn, cases and alphabets unmixed."""
    score, before, before_small = 0, " ", " "
    for letter in text:
        small = letter.lower()
        if letter > "\x7f":
            if small in _CYRILLIC:
                score += (2 if small in _FREQUENT else 0) + (letter == small)
                if before_small in _CYRILLIC:
                    score += 2 if (small in _VOWELS) != (before_small in _VOWELS) else -1
                    score -= _COST_TURN * (letter != small and before == before_small)
            elif letter.isalpha():
                score -= 2
            elif letter not in _SIGNS:
                score -= _COST_ODD
        if (small in _CYRILLIC and before_small in _LATIN) or (small in _LATIN and before_small in _CYRILLIC):
            score -= _COST_MIXED
        before, before_small = letter, small
    return score


# --- the view ---------------------------------------------------------------------------------------------------------


class TextView:
    """Lines of a text (agent.renderer.base.View); long ones go on in further rows."""

    def __init__(self, octets: bytes, decoded: Decoded) -> None:
        self._text = decoded.text
        self._starts, is_cut = _rows_of(self._text)
        is_cut = is_cut or len(octets) > MAX_SHOWN_BYTES
        found = facts.lift(self._text)
        flags = hidden_in(self._text)
        if decoded.has_damage:
            flags = (*flags, Flag("mixed-encoding"))
        self.overview = Overview(
            "text",
            format=decoded.encoding,
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            rows=len(self._starts),
            facts=found.facts,
            parties=found.parties,
            flags=flags,
            why="too-large" if is_cut else "",
        )

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        """At most MAX_ROWS rows from `start` on."""
        if start < 0 or count < 1:
            raise CannotShow("broken")
        stop = min(start + min(count, preview.MAX_ROWS), len(self._starts))
        return tuple(self._row(number) for number in range(start, stop))

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # a text has no pages
        raise CannotShow("broken")

    def enter(self, row: int) -> Entry:  # noqa: ARG002  # nothing lies in a text
        raise CannotShow("broken")

    def _row(self, number: int) -> Row:
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._text)
        return Row(
            "", self._text[start : min(end, start + preview.MAX_TEXT)].rstrip("\r\n\x0b\x0c\x85\u2028\u2029")
        )


def hidden_in(text: str) -> tuple[Flag, ...]:
    """Where in a text letters are that hide or move others, by the number of the line."""
    lines: list[int] = []
    line, at = 1, 0
    for found in HIDDEN.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        if not lines or lines[-1] != line:
            lines.append(line)
        if len(lines) == MAX_HIDDEN:
            break
    return tuple(Flag("hidden-text", f"line {number}") for number in lines)


def _rows_of(text: str) -> tuple[Sequence[int], bool]:
    """Where rows begin, and whether some are left out."""
    starts = array.array("Q")
    for found in _LINE.finditer(text):
        start, end = found.span()
        if start == end:
            break  # behind the last line
        starts.extend(range(start, end, preview.MAX_TEXT))
        if len(starts) > MAX_SHOWN_ROWS:
            return starts[:MAX_SHOWN_ROWS], True
    return starts, False
