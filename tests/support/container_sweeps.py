"""Sweeps over a signed container: its files one by one, packed again so that no checksum notices first, and its octets as they lie."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from agent.errors import BadInput, UnsupportedOperation
from agent.formats import cms, zip_files
from agent.formats.evidence import Evidence
from tests.support.sweeps import flips

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
Verify = Callable[[bytes], tuple[Evidence, ...]]


def holds(verify: Verify, container: bytes) -> bool:
    """Whether every signature is there and valid."""
    try:
        found = verify(container)
    except (BadInput, UnsupportedOperation):
        return False
    return all(evidence.signature == "valid" for evidence in found)


def contents(container: bytes) -> dict[str, bytes]:
    return {name: entry.octets() for name, entry in zip_files.read(container).files.items()}


def repacked(files: dict[str, bytes]) -> bytes:
    return zip_files.write(files.items(), at=AT, stored=set(files))


def changed_contents(container: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """The container with each bit of one file flipped."""
    files = contents(container)
    for bit, octets in flips(files[name]):
        yield bit, repacked({**files, name: octets})


def changed_names(container: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """The container with each bit of one file's name flipped, where that makes a name."""
    files = contents(container)
    for bit, octets in flips(name.encode()):
        try:
            other = octets.decode()
            yield bit, repacked({other if each == name else each: files[each] for each in files})
        except (UnicodeDecodeError, BadInput):
            continue


def changed_signed_octets(container: bytes, name: str) -> Iterator[tuple[int, bytes]]:
    """The container with each bit flipped of what counts in its CMS: signed attributes, signature and certificate.

    Of a CMS there is unsigned what repeats or counts these: versions, the set of digest algorithms, identifiers that the
    certificate decides about. tests/mutation/test_cms.py says more.
    """
    files = contents(container)
    message = cms.read(files[name])
    (signer,) = message.signers
    assert signer.signed_attributes is not None
    parts = (signer.signed_attributes[1:], signer.signature, message.certificates[0].der)
    for part in parts:
        at = files[name].index(part)
        for bit, octets in flips(part):
            changed = files[name][:at] + octets + files[name][at + len(part) :]
            yield 8 * at + bit, repacked({**files, name: changed})
