"""Which document a file is, as the journal knows documents: by the digests of their octets.

One pass over the file, in pieces. A file may also hold the document that was signed: a signed PDF begins with it, octet for octet, and a
CMS message has it inside, or at least its digest. Of other signed files (XML, JSON, archives) only the original can be found again.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from agent import algorithms, paths
from agent.algorithms import Hash
from agent.errors import AgentError, FileUnusable
from agent.formats import cms, cms_stream, recognise

MAX_REVISIONS = 100
"""Of one PDF that are looked at: ends of earlier files in it."""
_PIECE_BYTES = 1024 * 1024
_LOOK_BYTES = 64 * 1024
_MAX_ARMOURED = 16 * 1024 * 1024  # a message in text form is held as a whole
_PDF_END = re.compile(rb"%%EOF[\r\n \0]{0,4}")
_PDF_END_MOST = 9

GoOn: TypeAlias = Callable[[int, int], bool]
"""Is told how many octets of how many were read, and says whether to go on. Called for each piece, in the thread that reads."""
Identity: TypeAlias = tuple[int, int, int, int]
"""By what a file is known to be the same that was read: device, number, size, time of its last change."""


class Stopped(Exception):  # an event, not a mistake
    """Nobody wants to know any more."""


@dataclass(frozen=True, slots=True)
class FileDigests:
    """Digests in hex: of the file as it is, and of documents `inside` it that are not all of it."""

    whole: frozenset[str]
    inside: frozenset[str]
    identity: Identity

    @property
    def all(self) -> frozenset[str]:
        return self.whole | self.inside


def of_file(path: Path, sizes: Collection[int], go_on: GoOn = lambda _done, _total: True) -> FileDigests:
    """Its digests by each algorithm whose digests have one of these sizes, in octets. Blocks as long as reading takes.

    Raises FileUnusable where it can't be read, is no file (a pipe would be waited for), or changes meanwhile; Stopped.
    """
    try:
        with paths.open_file(path) as stream:
            before = _identity(stream)
            digests = _Reading(stream, before[2], sizes, go_on).digests()
            after = _identity(stream)
    except (OSError, ValueError) as error:
        raise FileUnusable("the file can't be read") from error
    if before != after:
        raise FileUnusable("the file changed while it was read")
    whole, inside = digests
    return FileDigests(frozenset(whole), frozenset(inside) - frozenset(whole), before)


def identity_of(path: Path) -> Identity | None:
    """Of the file there now; None where there is none that can be looked at."""
    try:
        return _of_status(path.stat())
    except (OSError, ValueError):
        return None


def _identity(stream: BinaryIO) -> Identity:
    return _of_status(os.fstat(stream.fileno()))


def _of_status(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class _Hashes:
    """Running hashes by several algorithms."""

    def __init__(self, sizes: Collection[int]) -> None:
        self._running: list[Hash] = [each.new() for each in algorithms.DIGESTS if each.digest_size in sizes]

    def update(self, octets: bytes) -> None:
        for each in self._running:
            each.update(octets)

    def digests(self) -> list[str]:
        """Of what there was so far; more may come."""
        return [each.copy().hexdigest() for each in self._running]


class _Reading:
    """One file on its way. The ends of earlier revisions are found in a pass of their own, so that nothing is hashed twice."""

    def __init__(self, stream: BinaryIO, size: int, sizes: Collection[int], go_on: GoOn) -> None:
        self._stream = stream
        self._size = size
        self._sizes = sizes
        self._go_on = go_on
        self._total = size
        self._done = 0

    def digests(self) -> tuple[list[str], list[str]]:
        """Of the whole, and of what is inside. Raises OSError, Stopped."""
        if not self._go_on(0, self._size):
            raise Stopped
        if not self._sizes:  # the journal knows no documents
            return [], []
        start = self._stream.read(_LOOK_BYTES)
        kind = recognise.recognise(start)
        if kind == "pdf":
            self._total = 2 * self._size
            return self._hashed(self._pdf_ends())
        inside: list[str] = []
        if kind in {"cms", "timestamp"} or cms.is_signed_data(start):
            self._total = 2 * self._size
            inside = self._of_message()
        whole, _ = self._hashed([])
        return whole, inside

    def _pieces(self) -> Iterator[bytes]:
        """From the beginning."""
        self._stream.seek(0)
        while piece := self._stream.read(_PIECE_BYTES):
            self._count(len(piece))
            yield piece

    def _count(self, octets: int) -> None:
        self._done += octets
        if not self._go_on(min(self._done, self._total), self._total):
            raise Stopped

    def _hashed(self, ends: list[int]) -> tuple[list[str], list[str]]:
        """Digests of all of it, and of all that comes before each of these places, which are sorted."""
        hashes, at, inside = _Hashes(self._sizes), 0, []
        left = [end for end in ends if 0 < end < self._size]
        for piece in self._pieces():
            rest = piece
            while left and left[0] <= at + len(rest):
                length = left.pop(0) - at
                hashes.update(rest[:length])
                at, rest = at + length, rest[length:]
                inside += hashes.digests()
            hashes.update(rest)
            at += len(rest)
        return hashes.digests(), inside

    def _pdf_ends(self) -> list[int]:
        """Where files may have ended that others were put behind: after each mark of an end, with or without the line end behind it."""
        ends: list[int] = []
        before, at, count = b"", 0, 0
        for piece in self._pieces():
            octets = before + piece
            for found in _PDF_END.finditer(octets):
                if found.end() <= len(before):
                    continue  # the piece before it had all of this one
                if count == MAX_REVISIONS:
                    break
                mark = at + found.start() + 5
                ends += range(mark, at + found.end() + 1)
                count += 1
            before = octets[-_PDF_END_MOST:]
            at += len(octets) - len(before)
            if count == MAX_REVISIONS:
                self._done = self._size
                break
        return sorted(set(ends))

    def _of_message(self) -> list[str]:
        """Of what a CMS message is about; nothing where it is damaged."""
        try:
            large = cms_stream.read_attached(self._stream)
            hashes = _Hashes(self._sizes)
            for piece in large.pieces(self._stream):
                self._count(len(piece))
                hashes.update(piece)
            return hashes.digests()
        except AgentError:
            return self._of_small_message()

    def _of_small_message(self) -> list[str]:
        """Of one in text form, or without its document: then each signer names its digest."""
        if self._size > _MAX_ARMOURED:
            return []
        self._stream.seek(0)
        octets = self._stream.read()
        try:
            message = cms.read(cms.unwrap(octets))
        except AgentError:
            return []
        if message.content is None:
            return [signer.message_digest.hex() for signer in message.signers if signer.message_digest]
        hashes = _Hashes(self._sizes)
        hashes.update(message.content)
        return hashes.digests()
