"""Files that a command line names: whole, in pieces, as certificates; what can't be read is BadInput with the reason."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from agent.algorithms import DigestAlgorithm
from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import cms, cms_stream

MAX_BYTES = 1024 * 1024 * 1024
LARGE_BYTES = 64 * 1024 * 1024  # files above are read in pieces wherever that is possible


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file open for reading. Raises BadInput, also for what goes wrong while it is read."""
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from error


@contextlib.contextmanager
def as_xml(path: Path) -> Iterator[None]:
    """What is done with a file that may have to be XML. Raises BadInput, in words for people where it is no XML."""
    try:
        yield
    except BadInput as error:
        if not error.place:
            raise
        raise BadInput(f"{path} can't be read as XML: {error.place}") from error


def whole(path: Path, most: int = MAX_BYTES) -> bytes:
    """All of a file, of at most so many octets. Raises BadInput."""
    with opened(path) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise BadInput(f"{path} is over {most} octets")
    return content


def is_large(path: Path) -> bool:
    """Whether a file should not be held in memory. Raises BadInput."""
    try:
        return path.stat().st_size > LARGE_BYTES
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from error


def size(file: BinaryIO) -> int:
    """Octets of an open file, which is then at its beginning."""
    file.seek(0, os.SEEK_END)
    found = file.tell()
    file.seek(0)
    return found


def certificate(path: Path) -> Certificate:
    """The certificate in a file. Raises BadInput."""
    return Certificate.from_pem_or_der(whole(path))


def digests(stream: BinaryIO, wanted: Iterable[DigestAlgorithm]) -> dict[str, bytes]:
    """Digests of what is left of an open file, in one pass."""
    return cms_stream.digests(stream, wanted)


def digests_named(message: bytes, document: Path) -> dict[str, bytes]:
    """Digests of a document of any size by every algorithm that a signer of this CMS names, by OID. Raises BadInput."""
    read = cms.read(message)
    with opened(document) as stream:
        return cms_stream.digests_named(read, stream)
