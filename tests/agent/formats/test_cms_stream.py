"""CMS over files in pieces: the same octets and the same evidence as in memory, and memory that does not grow."""

import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from agent import algorithms
from agent.errors import BadInput
from agent.formats import asn1, cms, cms_build, cms_stream
from agent.signer import Signer
from tests.agent.formats.test_cms_read import streamed
from tests.support import authority, chains, messages, timestamps

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
NOT_SIGNED = "CMS: the document is not the one that was signed; it may have changed meanwhile"
DOCUMENT = "құжат, a document ".encode() * 20
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small documents then have several pieces, the last one shorter."""
    monkeypatch.setattr(cms_stream, "PIECE_BYTES", 100)


class Replayed:
    """A signer that gives signatures out again, so that randomised ones can be compared."""

    def __init__(self, party: chains.Party) -> None:
        self.certificate, self.algorithm = party.certificate, party.algorithm
        self._party = party
        self._made: dict[bytes, bytes] = {}

    def sign_digest(self, digest: bytes) -> bytes:
        return self._made.setdefault(digest, self._party.sign_digest(digest))


def attached(family: str = "p256", document: bytes = DOCUMENT) -> bytes:
    return cms.sign(chains.person(family), document, at=AT, detached=False)


def findings(found: tuple[cms.SignerEvidence, ...]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.signature, one.reasons) for one in found]


def sign_detached(signer: Signer, document: BinaryIO) -> bytes:
    """As `qalamsap sign` does it: the document is hashed, and its digest is signed."""
    digest = signer.algorithm.digest
    return cms.sign_digest(signer, cms_stream.digests(document, [digest])[digest.oid], at=AT)


def sign_attached(signer: Signer, document: BinaryIO, output: BinaryIO) -> None:
    start = document.tell()
    detached = sign_detached(signer, document)
    document.seek(start)
    cms_stream.attach(detached, document, output)


def verify_detached(message: cms.SignedMessage, document: BinaryIO) -> tuple[cms.SignerEvidence, ...]:
    return cms.verify(message, None, digests=cms_stream.digests_named(message, document))


VALID = ("valid", ())

# --- digests --------------------------------------------------------------------------------------------------------


def test_several_digests_are_made_in_one_pass_over_what_is_left_of_a_file() -> None:
    file = io.BytesIO(b"before" + DOCUMENT)
    file.seek(6)
    wanted = (algorithms.SHA256, algorithms.STREEBOG_512, algorithms.GOST_94)
    assert cms_stream.digests(file, wanted) == {one.oid: one(DOCUMENT) for one in wanted}


# --- making -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [DOCUMENT, b"", b"x" * 100, b"x" * 101])
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_what_is_written_is_octet_for_octet_what_is_made_in_memory(family: str, document: bytes) -> None:
    signer, file, output = Replayed(chains.person(family)), io.BytesIO(document), io.BytesIO()
    sign_attached(signer, file, output)
    assert output.getvalue() == cms.sign(signer, document, at=AT, detached=False)
    file.seek(0)
    assert sign_detached(signer, file) == cms.sign(signer, document, at=AT, detached=True)


class Changing(io.BytesIO):
    """A file that somebody else writes to between the first and the second reading."""

    def __init__(self, first: bytes, second: bytes) -> None:
        super().__init__(first)
        self._second = second

    def seek(self, position: int, whence: int = 0) -> int:
        self.truncate(0)
        super().seek(0)
        self.write(self._second)
        return super().seek(position, whence)


@pytest.mark.parametrize(
    "second", [DOCUMENT[:-1] + b"?", DOCUMENT[:-1], DOCUMENT + b"?", b"", DOCUMENT * 2], ids=len
)
def test_a_document_that_changes_while_it_is_signed_is_noticed(second: bytes) -> None:
    output = io.BytesIO()
    with pytest.raises(BadInput, match=NOT_SIGNED):
        sign_attached(chains.person(), Changing(DOCUMENT, second), output)
    assert len(output.getvalue()) <= max(len(DOCUMENT), len(second)) + 100


def test_a_document_is_put_into_a_message_of_every_family_and_nothing_else_changes() -> None:
    message = cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=True)
    for family in chains.FAMILIES[1:]:
        message = cms.cosign(chains.person(family), message, at=AT, content=DOCUMENT)
    message = timestamps.stamped(message)
    before, output = cms.read(message), io.BytesIO()
    cms_stream.attach(cms.to_pem(message).encode(), io.BytesIO(DOCUMENT), output)
    after = cms.read(output.getvalue())
    assert after.content == DOCUMENT
    assert findings(cms.verify(after)) == [VALID] * len(chains.FAMILIES)
    # Stamping left them in their places; a set in DER is in order (X.690 §11.6).
    assert [signer.encoded for signer in after.signers] == sorted(s.encoded for s in before.signers)
    assert (after.certificates_der, after.digest_algorithms) == (
        before.certificates_der,
        before.digest_algorithms,
    )


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_attaching_what_was_signed_apart_gives_what_is_made_in_memory(family: str) -> None:
    signer, output = Replayed(chains.person(family)), io.BytesIO()
    detached = cms.sign(signer, DOCUMENT, at=AT, detached=True)
    file = io.BytesIO(b"before" + DOCUMENT)
    file.seek(6)
    cms_stream.attach(detached, file, output)
    assert output.getvalue() == cms.sign(signer, DOCUMENT, at=AT, detached=False)


@pytest.mark.parametrize("document", [DOCUMENT[:-1] + b"?", DOCUMENT[:-1], DOCUMENT + b"?", b""], ids=len)
def test_only_the_document_that_every_signer_signed_is_attached(document: bytes) -> None:
    detached = cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=True)
    with pytest.raises(BadInput, match=NOT_SIGNED):
        cms_stream.attach(detached, io.BytesIO(document), io.BytesIO())
    other = cms.sign(chains.person("gost2015"), document, at=AT, detached=True)
    both = cms_build.signed_data(
        digest_algorithms=[algorithms.SHA256.identifier_der, algorithms.STREEBOG_512.identifier_der],
        content=None,
        certificates=[],
        signers=[cms.read(message).signers[0].encoded for message in (detached, other)],
    )
    with pytest.raises(BadInput, match=NOT_SIGNED):
        cms_stream.attach(both, io.BytesIO(DOCUMENT), io.BytesIO())


def test_no_document_is_attached_where_one_is_or_where_a_signer_hashed_in_an_unknown_way() -> None:
    with pytest.raises(BadInput, match="a document inside"):
        cms_stream.attach(attached(), io.BytesIO(DOCUMENT), io.BytesIO())
    unknown = cms.sign(chains.person("gost2015"), DOCUMENT, at=AT, detached=True).replace(
        algorithms.STREEBOG_512.identifier_der, bytes.fromhex("300c06082a830e030a0103090500")
    )
    with pytest.raises(BadInput):
        cms_stream.attach(unknown, io.BytesIO(DOCUMENT), io.BytesIO())
    with pytest.raises(BadInput):
        cms_stream.attach(b"junk", io.BytesIO(DOCUMENT), io.BytesIO())


# --- verifying ----------------------------------------------------------------------------------------------------


def test_a_detached_message_of_every_family_is_verified_in_one_pass() -> None:
    message = cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=True)
    for family in chains.FAMILIES[1:]:
        message = cms.cosign(chains.person(family), message, at=AT, content=DOCUMENT)
    read = cms.read(message)
    found = verify_detached(read, io.BytesIO(DOCUMENT))
    assert found == cms.verify(read, DOCUMENT)
    assert findings(found) == [VALID] * len(chains.FAMILIES)
    other = verify_detached(read, io.BytesIO(DOCUMENT + b"."))
    assert findings(other) == [("invalid", ("digest-mismatch",))] * len(chains.FAMILIES)


@pytest.mark.parametrize("document", [DOCUMENT, b"", b"x" * 100])
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_message_in_a_file_is_verified_without_being_read_as_a_whole(family: str, document: bytes) -> None:
    message = attached(family, document)
    found = cms_stream.verify_attached(io.BytesIO(message))
    assert findings(found) == [VALID]
    assert found[0].signer_info == cms.read(message).signers[0]


def test_indefinite_lengths_and_segments_are_read() -> None:
    assert findings(cms_stream.verify_attached(io.BytesIO(streamed(attached())))) == [VALID]


def test_a_definite_string_in_segments_is_read() -> None:
    message = rewrapped(
        asn1.element(0x24, *(asn1.element(0x04, DOCUMENT[:400][i : i + 7]) for i in range(0, 400, 7)))
    )
    assert findings(cms_stream.verify_attached(io.BytesIO(message))) == [VALID]


def rewrapped(string: bytes) -> bytes:
    """The message over DOCUMENT with another encoding of the content."""
    oid, explicit = asn1.read(attached(document=DOCUMENT[:400])).children()
    version, digests, encapsulated, *rest = explicit.children()[0].children()
    content_type = encapsulated.children()[0]
    inner = asn1.element(asn1.SEQUENCE, content_type.der, asn1.element(0xA0, string))
    body = asn1.element(asn1.SEQUENCE, version.der, digests.der, inner, *(part.der for part in rest))
    return asn1.element(asn1.SEQUENCE, oid.der, asn1.element(0xA0, body))


def test_the_content_comes_out_in_pieces() -> None:
    file = io.BytesIO(attached())
    found = cms_stream.read_attached(file)
    assert found.message.is_detached
    pieces = list(found.pieces(file))
    assert b"".join(pieces) == DOCUMENT
    assert max(map(len, pieces)) == 100


def test_published_messages_have_the_same_evidence_as_in_memory(
    vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cms_stream, "PIECE_BYTES", 1000)
    for published in messages.published(vectors):
        read = cms.read(published.data)
        expected = cms.verify(read, published.document)
        if read.is_detached:
            assert published.document is not None
            found = verify_detached(read, io.BytesIO(published.document))
        else:
            found = cms_stream.verify_attached(io.BytesIO(published.data))
        assert found == expected, published.name


def test_a_signer_with_an_unknown_digest_is_unsupported_and_the_others_are_judged() -> None:
    message = cms.cosign(chains.person("gost2015"), attached(), at=AT)
    unknown = message.replace(
        algorithms.STREEBOG_512.identifier_der, bytes.fromhex("300c06082a830e030a0103090500")
    )
    found = findings(cms_stream.verify_attached(io.BytesIO(unknown)))
    assert sorted(word for word, _ in found) == ["unsupported", "valid"]


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"%PDF-1.7 a document",
        attached() + b"\x00",
        cms.sign(chains.person(), DOCUMENT, at=AT, detached=True),
        streamed(attached()) + b"\x00\x00",
        streamed(attached())[:-2],
        rewrapped(asn1.element(0x24, b"\x05\x00")),
        rewrapped(asn1.element(0x24, asn1.element(0x24, asn1.element(0x04, DOCUMENT[:400])))),
        rewrapped(asn1.element(0x04, DOCUMENT[:400]) + b"\x05\x00"),
        rewrapped(b"\x04\x84\x7f\xff\xff\xff"),
        asn1.element(asn1.SEQUENCE, b"\x06\x80"),
        cms_build.signed_data(digest_algorithms=[], content=b"x", certificates=[], signers=[b"\x05\x00"]),
    ],
)
def test_what_is_no_message_with_a_document_inside_is_bad_input(damaged: bytes) -> None:
    with pytest.raises(BadInput):
        cms_stream.verify_attached(io.BytesIO(damaged))


@pytest.mark.parametrize("message", [attached(), streamed(attached())], ids=["definite", "streamed"])
def test_a_message_cut_short_anywhere_is_bad_input(message: bytes) -> None:
    for end in range(len(message)):
        with pytest.raises(BadInput):
            cms_stream.verify_attached(io.BytesIO(message[:end]))


def test_no_flipped_bit_is_taken_for_a_valid_signature_unless_memory_says_so_too() -> None:
    """The two readers agree on what is signed: what the one calls valid, the other does."""
    for message in (attached(document=DOCUMENT[:30]), streamed(attached(document=DOCUMENT[:30]))):
        for position in range(len(message)):
            changed = bytearray(message)
            changed[position] ^= 1 << position % 8
            try:
                found = findings(cms_stream.verify_attached(io.BytesIO(changed)))
            except BadInput:
                continue
            if VALID in found:
                assert findings(cms.verify(cms.read(bytes(changed)))) == found


def test_what_is_not_content_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cms_stream, "MAX_AROUND_BYTES", 50)
    with pytest.raises(BadInput, match="50 at most"):
        cms_stream.verify_attached(io.BytesIO(attached()))


def test_a_file_that_shrinks_while_it_is_verified_is_bad_input() -> None:
    file = io.BytesIO(attached())
    found = cms_stream.read_attached(file)
    file.truncate(200)
    with pytest.raises(BadInput, match="cut short"):
        list(found.pieces(file))


# --- memory ---------------------------------------------------------------------------------------------------------

_MEASURE = """
import json, re, sys
from agent.formats import cms, cms_stream
from tests.agent.formats.test_cms_stream import Sparse, sign_attached, sign_detached, verify_detached
from tests.support import authority

def peak():
    # In KiB. Not ru_maxrss: that begins with the peak of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])

folder, size = sys.argv[1], int(sys.argv[2])
signer = authority.signer("rsa-sign-individual")
with open(f"{folder}/document", "wb") as file:
    file.truncate(size)
before = peak()
with open(f"{folder}/document", "rb") as document, open(f"{folder}/attached", "w+b") as attached:
    detached = sign_detached(signer, document)
    document.seek(0)
    found = [*verify_detached(cms.read(detached), document)]
    document.seek(0)
    sign_attached(signer, document, Sparse(attached))
    found += cms_stream.verify_attached(attached)
after = peak()
print(json.dumps({"found": [one.signature for one in found], "before": before, "after": after}))
"""


class Sparse:
    """Writes to a file and leaves holes where there are only zeroes, so that a large one takes no room."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, octets: bytes) -> None:
        if octets.count(0) == len(octets):
            self._file.seek(len(octets), 1)
        else:
            self._file.write(octets)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="/proc tells the memory of a process")
def test_memory_does_not_grow_with_a_document_of_600_mebibytes(tmp_path: Path) -> None:
    """Measured in a process of its own: signed detached and attached, and both verified."""
    assert authority.FOLDER.is_dir()
    size = 600 * 1024 * 1024
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(tmp_path), str(size)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["found"] == ["valid", "valid"]
    assert (tmp_path / "attached").stat().st_size > size
    assert measured["after"] < 120 * 1024, measured  # kibibytes
    assert measured["after"] - measured["before"] < 20 * 1024, measured
