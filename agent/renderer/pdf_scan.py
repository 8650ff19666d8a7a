"""What a PDF would do in a program that lets it: found by looking for its names in the octets, not by understanding its structure.

Readers differ in what they make of a damaged or cunning file: one finds an action where another sees none. So nothing is followed to the place that
an orderly reader would look at; wherever such a name stands, in the file or in its compressed objects, a reader may come upon it. This errs on the side of
a warning: a file that has a program in it that nothing leads to is flagged too.
"""

import itertools
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_INFLATED_BYTES = 64 * 1024 * 1024  # of all compressed objects together
MAX_STREAMS = 20_000
MAX_PLACES = 20
_MAX_PLACE = 200  # octets
_MAX_DICTIONARY = 4_000  # octets before "stream" in which its dictionary must lie
_MAX_OBJECTS = 1_000_000  # known by their place
_MAX_LOOKED_AT = 20_000  # of those that something which starts by itself leads to
_AFTER = 2_000  # octets after the name of a trigger that belong to it, at the most
_STEPS = 4  # from one object to the next

_WHITE = rb"[\x00\t\n\x0c\r ]"
_GAP = rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]{0,500}[\r\n])*"  # white space and remarks
_END_OF_NAME = rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)"


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found; the texts say where to: an address, a file."""

    has_javascript: bool
    launches: tuple[str, ...]
    is_launching: bool
    elsewhere: tuple[str, ...]
    is_elsewhere: bool
    has_attachments: bool
    has_fields: bool
    has_signatures: bool
    is_whole: bool
    """False where compressed objects are in a form that was not read here, or too many."""


def name_of(name: bytes) -> bytes:
    """A pattern for a PDF name in every spelling: any of its letters may stand as # and two digits (ISO 32000-1 §7.3.5)."""
    letters = b"".join(
        rb"(?:%b|#%b)" % (re.escape(bytes((octet,))), _either_case(b"%02x" % octet)) for octet in name
    )
    return b"/" + letters + _END_OF_NAME


def _either_case(digits: bytes) -> bytes:
    return b"".join(b"[%c%c]" % (digit, bytes((digit,)).upper()[0]) for digit in digits)


def _any_of(*names: bytes) -> re.Pattern[bytes]:
    return re.compile(b"|".join(map(name_of, names)))


_JAVASCRIPT = _any_of(b"JavaScript")
_LAUNCH = _any_of(b"Launch")
_BY_ITSELF = _any_of(b"OpenAction", b"AA")
_GOES_OUT = _any_of(b"URI", b"GoToR", b"GoToE", b"SubmitForm", b"ImportData", b"Launch")
_ELSEWHERE = re.compile(
    name_of(b"FS") + _GAP + name_of(b"URL") + b"|" + b"|".join(map(name_of, (b"FFilter", b"ImportData", b"OPI")))
)  # fmt: skip
_ATTACHED = _any_of(b"EmbeddedFile", b"EmbeddedFiles", b"FileAttachment", b"RichMedia", b"Collection")
_FIELD = re.compile(
    name_of(b"FT") + _GAP + b"(?:" + b"|".join(map(name_of, (b"Tx", b"Btn", b"Ch"))) + b")|" + name_of(b"XFA")
)  # fmt: skip
_SIGNED = _any_of(b"ByteRange")
_OBJECT_STREAM = _any_of(b"ObjStm")
_STREAM = re.compile(rb"stream\r?\n?")
_FILTER = re.compile(
    name_of(b"Filter") + _WHITE + rb"*(\[[^\]]{0,200}\]|/[^\x00\t\n\x0c\r ()<>\[\]{}/%]{1,40})"
)
_FLATE = re.compile(
    rb"\[?" + _WHITE + b"*(?:" + name_of(b"FlateDecode") + b"|" + name_of(b"Fl") + rb")[^/]*\]?"
)
_PREDICTOR = re.compile(name_of(b"Predictor") + _WHITE + rb"*(?!1\b)[0-9]")
_FIRST = re.compile(name_of(b"First") + _WHITE + rb"*([0-9]{1,9})")
ENCRYPTED = _any_of(b"Encrypt")
_REFERENCE = re.compile(rb"([0-9]{1,10})" + _WHITE + rb"+[0-9]{1,5}" + _WHITE + rb"+R(?![A-Za-z])")
_REFERENCE_NEXT = re.compile(_GAP + rb"(?:\[" + _GAP + rb")?" + _REFERENCE.pattern)
_DICTIONARY_NEXT = re.compile(_GAP + b"<<")
_BRACKETS = re.compile(rb"<<|>>")
_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})" + _WHITE + rb"+[0-9]{1,5}" + _WHITE + rb"+obj")
_LEADS_EVERYWHERE = re.compile(rb"/Type" + _WHITE + rb"*/(?:Pages?|Catalog)\b")
_TARGET = re.compile(
    b"(?:" + b"|".join(map(name_of, (b"URI", b"F", b"UF"))) + b")" + _WHITE + rb"*\(((?:[^()\\]|\\.){1,400})\)", re.DOTALL
)  # fmt: skip


def scan(octets: bytes) -> Scan:
    """Looks through a file. It never raises, and takes time in proportion to the file's size."""
    packed = _Packed(octets)
    parts = [octets, *packed.contents]
    is_encrypted = ENCRYPTED.search(octets) is not None
    launches, is_launching = _launches(parts, _Objects(octets, packed.objects))
    elsewhere = [
        place for part in parts for match in _ELSEWHERE.finditer(part) for place in _targets(part, match)
    ]
    return Scan(
        has_javascript=_is_in(_JAVASCRIPT, parts),
        launches=() if is_encrypted else _first(launches),
        is_launching=is_launching,
        elsewhere=() if is_encrypted else _first(elsewhere),
        is_elsewhere=_is_in(_ELSEWHERE, parts),
        has_attachments=_is_in(_ATTACHED, parts),
        has_fields=_is_in(_FIELD, parts),
        has_signatures=_is_in(_SIGNED, parts),
        is_whole=packed.is_whole and not is_encrypted,
    )


def _is_in(pattern: re.Pattern[bytes], parts: Sequence[bytes]) -> bool:
    return any(pattern.search(part) for part in parts)


def _first(places: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(places))[:MAX_PLACES]


class _Packed:
    """The objects in compressed streams (ISO 32000-1 §7.5.7)."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.is_whole = True
        self.objects: dict[int, list[bytes]] = {}
        self.contents = self._all()

    def _all(self) -> list[bytes]:
        found, left = [], MAX_INFLATED_BYTES
        for count, (head, start) in enumerate(self._streams()):
            if count == MAX_STREAMS or left <= 0:
                self.is_whole = False
                break
            content = self._inflated(head, start, left)
            left -= len(content)
            found.append(content)
            self._note(head, content)
        return found

    def _streams(self) -> Iterator[tuple[bytes, int]]:
        """The dictionary of each, about, and where its octets begin."""
        for match in _OBJECT_STREAM.finditer(self._octets):
            begin = _STREAM.search(self._octets, match.end(), match.end() + _MAX_DICTIONARY)
            if begin is None:
                self.is_whole = False
                continue
            before = self._octets.rfind(b"obj", max(0, match.start() - _MAX_DICTIONARY), match.start())
            yield self._octets[max(before, 0) : begin.start()], begin.end()

    def _inflated(self, head: bytes, start: int, limit: int) -> bytes:
        found = _FILTER.search(head)
        if found is None:
            end = self._octets.find(b"endstream", start)
            return self._octets[start : end if end >= 0 else len(self._octets)][:limit]
        if _FLATE.fullmatch(found[1]) is None or _PREDICTOR.search(head) is not None:
            self.is_whole = False
            return b""
        end = self._octets.find(b"endstream", start)
        inflate = zlib.decompressobj()
        try:
            content = inflate.decompress(self._octets[start : end if end >= 0 else None], limit)
        except zlib.error:
            self.is_whole = False
            return b""
        self.is_whole = self.is_whole and inflate.eof
        return content

    def _note(self, head: bytes, content: bytes) -> None:
        """Remembers which object stands where. Pairs of number and offset come first."""
        first = _FIRST.search(head)
        numbers = content[: int(first[1])].split() if first is not None else []
        offset = int(first[1]) if first is not None else 0
        for number, at in zip(numbers[::2], numbers[1::2], strict=False):
            if number.isdigit() and at.isdigit() and len(number) < 11 and len(at) < 11:
                begin = offset + int(at)
                self.objects.setdefault(int(number), []).append(content[begin : begin + _AFTER])


class _Objects:
    """Where each object stands, in all its versions. The file is looked through once, when the first is asked for."""

    def __init__(self, octets: bytes, packed: dict[int, list[bytes]]) -> None:
        self._octets = octets
        self._packed = packed
        self._places: dict[int, list[int]] | None = None
        self.looked_at = 0

    def of(self, number: int) -> Iterator[bytes]:
        """Each version, as far as it may belong to an action; not of pages and the catalog, which lead everywhere."""
        if self._places is None:
            self._places = {}
            for match in itertools.islice(_OBJECT.finditer(self._octets), _MAX_OBJECTS):
                self._places.setdefault(int(match[1]), []).append(match.end())
        for content in (*self._packed.get(number, ()), *map(self._at, self._places.get(number, ()))):
            self.looked_at += 1
            if self.looked_at > _MAX_LOOKED_AT:
                return
            if _LEADS_EVERYWHERE.search(content) is None:
                yield content

    def _at(self, begin: int) -> bytes:
        end = self._octets.find(b"endobj", begin, begin + _AFTER)
        return self._octets[begin : end if end >= 0 else begin + _AFTER]


def _launches(parts: Sequence[bytes], objects: _Objects) -> tuple[list[str], bool]:
    """Where it would go by itself, and whether it would: programs that it starts, addresses that it follows when it is opened."""
    places, is_launching = [], False
    for part in parts:
        for match in _LAUNCH.finditer(part):
            is_launching = True
            places += _targets(part, match)
        for match in _BY_ITSELF.finditer(part):
            objects.looked_at += 1
            for text in _followed(_value(part, match.end()), objects):
                action = _GOES_OUT.search(text)
                if action is not None:
                    is_launching = True
                    places += _targets(text, action)
            if objects.looked_at > _MAX_LOOKED_AT:
                return places, True  # nobody needs so many
    return places, is_launching


def _value(part: bytes, at: int) -> bytes:
    """The value after a name: a reference, or a dictionary to its end; nothing where something else stands there."""
    reference = _REFERENCE_NEXT.match(part, at)
    if reference is not None:
        return reference[0]
    begin = _DICTIONARY_NEXT.match(part, at)
    if begin is None:
        return b""
    depth = 0
    for mark in _BRACKETS.finditer(part, begin.end() - 2, at + _AFTER):
        depth += 1 if mark[0] == b"<<" else -1
        if depth == 0:
            return part[at : mark.end()]
    return part[at : at + _AFTER]


def _followed(text: bytes, objects: _Objects) -> Iterator[bytes]:
    """A value, and the objects that it refers to, and those that they refer to: an action leads to what it does, and what comes next."""
    seen: set[int] = set()
    waiting = [(text, 0)]
    while waiting:
        text, steps = waiting.pop()
        yield text
        if steps == _STEPS:
            continue
        for reference in _REFERENCE.finditer(text):
            number = int(reference[1])
            if number not in seen:
                seen.add(number)
                waiting += [(each, steps + 1) for each in objects.of(number)]


def _targets(text: bytes, match: re.Match[bytes]) -> list[str]:
    """The address or file that stands beside the name of an action."""
    around = text[max(0, match.start() - _MAX_PLACE) : match.end() + 2 * _MAX_PLACE]
    found = _TARGET.search(around)
    return [] if found is None else [found[1][:_MAX_PLACE].decode("latin-1")]
