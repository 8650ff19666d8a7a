"""Reading: what is unusual is read, what is damaged is BadInput, nothing else ever comes out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import algorithms
from agent.errors import BadInput
from agent.formats import asn1, cms, cms_build, cms_read
from tests.support import chains, messages

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
SHA256 = algorithms.SHA256.identifier_der


def signer_info(*attributes: bytes, sid: bytes | None = None, digest_algorithm: bytes = SHA256) -> bytes:
    return asn1.element(
        asn1.SEQUENCE,
        asn1.integer(1),
        asn1.element(asn1.SEQUENCE, chains.name("CA"), asn1.integer(7)) if sid is None else sid,
        digest_algorithm,
        asn1.set_of(attributes, 0xA0) if attributes else b"",
        algorithms.RSA_SHA256.identifier_der,
        asn1.element(asn1.OCTET_STRING, b"signature"),
    )


def attribute(oid: str, *values: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), asn1.set_of(values))


def message(
    *signers: bytes, certificates: tuple[bytes, ...] = (), content: bytes | None = b"document"
) -> bytes:
    return cms_build.signed_data(
        digest_algorithms=[SHA256], content=content, certificates=certificates, signers=signers
    )


def streamed(der: bytes, segment: int = 5) -> bytes:
    """The message as a streaming producer writes it: indefinite lengths around, the content in segments."""
    parsed = cms_read.read(der)
    assert parsed.content is not None
    pieces = [parsed.content[start : start + segment] for start in range(0, len(parsed.content), segment)]
    segments = b"".join(asn1.element(asn1.OCTET_STRING, piece) for piece in pieces)
    end = b"\x00\x00"
    content = b"\xa0\x80" + b"\x24\x80" + segments + end + end
    encapsulated = b"\x30\x80" + algorithms.oid_der(cms_build.DATA) + content + end
    fields = asn1.read(der).children()[1].children()[0].children()
    body = b"".join((fields[0].der, fields[1].der, encapsulated, *(field.der for field in fields[3:])))
    return (
        b"\x30\x80" + algorithms.oid_der(cms_build.SIGNED_DATA) + b"\xa0\x80" + b"\x30\x80" + body + end * 3
    )


def test_parts_of_a_message_are_as_they_stand() -> None:
    person = chains.person("p256")
    made = cms_read.read(cms.sign(person, b"document", at=AT, detached=False))
    assert (made.version, made.content_type, made.content) == (1, cms_build.DATA, b"document")
    assert not made.is_detached
    assert made.certificates == (person.certificate,)
    assert [identifier.der for identifier in made.digest_algorithms] == [SHA256]
    (signer,) = made.signers
    assert signer.issuer == person.certificate.issuer.der
    assert signer.serial_number == person.certificate.serial_number
    assert signer.signing_time == AT
    assert signer.content_type == cms_build.DATA
    assert signer.message_digest == algorithms.SHA256(b"document")
    (claimed,) = signer.certificate_hashes
    assert (claimed.digest_oid, claimed.octets) == (
        algorithms.SHA256.oid,
        algorithms.SHA256(person.certificate.der),
    )
    assert signer.timestamp_tokens == ()
    assert signer.encoded in made.der


def test_indefinite_lengths_and_segmented_content_are_read() -> None:
    made = cms.sign(chains.person("p256"), b"a document of some length", at=AT, detached=False)
    around = cms_read.read(streamed(made))
    assert around.content == b"a document of some length"
    assert around.signers == cms_read.read(made).signers


def test_a_signer_may_be_named_by_key_identifier() -> None:
    (signer,) = cms_read.read(message(signer_info(sid=b"\x80\x02id"))).signers
    assert (signer.subject_key_identifier, signer.issuer, signer.serial_number) == (b"id", None, None)


def test_a_signer_without_signed_attributes_is_read() -> None:
    (signer,) = cms_read.read(message(signer_info())).signers
    assert (signer.signed_attributes, signer.message_digest, signer.signing_time) == (None, None, None)


def test_signed_octets_are_the_attributes_in_the_order_found() -> None:
    first, second = attribute("1.2.3.9", b"\x05\x00"), attribute("1.2.3.1", b"\x05\x00")
    body = signer_info(first).replace(asn1.element(0xA0, first), asn1.element(0xA0, first, second))
    inner = asn1.element(
        asn1.SEQUENCE,
        *[part.der for part in asn1.Element(0, memoryview(b""), memoryview(body)[2:]).children()],
    )
    (signer,) = cms_read.read(message(inner)).signers
    assert signer.signed_attributes == asn1.element(asn1.SET, first, second)


def test_a_hash_of_the_certificate_may_name_its_algorithm() -> None:
    hashed = asn1.element(
        asn1.SEQUENCE, algorithms.SHA512.identifier_der, asn1.element(asn1.OCTET_STRING, b"h" * 64)
    )
    value = asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, hashed))
    (signer,) = cms_read.read(
        message(signer_info(attribute(cms_build.SIGNING_CERTIFICATE_V2, value)))
    ).signers
    assert signer.certificate_hashes == (cms_read.CertificateHash(algorithms.SHA512.oid, b"h" * 64),)


def test_parameters_other_than_null_are_noticed() -> None:
    def has_parameters(parameters: bytes) -> bool:
        identifier = algorithms.algorithm_identifier(algorithms.SHA256.oid, parameters)
        return (
            cms_read.read(message(signer_info(digest_algorithm=identifier)))
            .signers[0]
            .digest_algorithm.has_parameters
        )

    assert not has_parameters(b"")
    assert not has_parameters(b"\x05\x00")
    assert has_parameters(b"\x05\x01x")
    assert has_parameters(b"\x30\x00")


def test_attribute_certificates_are_kept_but_not_read() -> None:
    other = asn1.element(0xA2, b"\x05\x00")
    parsed = cms_read.read(message(certificates=(other,)))
    assert parsed.certificates == ()
    assert parsed.certificates_der == (other,)


def test_a_timestamp_response_token_is_read_as_the_message_it_is(vectors: Path) -> None:
    token = cms_read.read((vectors / "tsp/ncanode_tsp_token.der").read_bytes())
    assert token.version == 3
    assert token.content_type == "1.2.840.113549.1.9.16.1.4"
    (claimed,) = token.signers[0].certificate_hashes
    assert (claimed.digest_oid, claimed.octets) == (
        algorithms.SHA1.oid,
        algorithms.SHA1(token.certificates[0].der),
    )


def test_timestamp_tokens_are_recognised(vectors: Path) -> None:
    for published in messages.published(vectors):
        found = [bool(signer.timestamp_tokens) for signer in cms_read.read(published.data).signers]
        expected = "_tsp" in published.name
        assert found == [expected] * len(found), published.name


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"not a message",
        asn1.element(asn1.SEQUENCE, algorithms.oid_der(cms_build.DATA), b"\xa0\x02\x04\x00"),
        asn1.element(asn1.SEQUENCE, algorithms.oid_der(cms_build.SIGNED_DATA)),
        asn1.element(asn1.SEQUENCE, algorithms.oid_der(cms_build.SIGNED_DATA), b"\xa0\x00"),
        message() + b"\x00",
        message(b"\x30\x00"),
        message(certificates=(b"\x30\x00",)),
        message(signer_info(attribute(cms_build.CONTENT_TYPE))),
        message(signer_info(attribute(cms_build.SIGNING_TIME, b"\x04\x01x"))),
        message(signer_info(attribute(cms_build.MESSAGE_DIGEST, b"\x04\x01x", b"\x04\x01y"))),
        message(
            signer_info(
                attribute(cms_build.MESSAGE_DIGEST, b"\x04\x01x"),
                attribute(cms_build.MESSAGE_DIGEST, b"\x04\x01y"),
            )
        ),
        message(signer_info(attribute(cms_build.SIGNING_CERTIFICATE_V2, b"\x30\x02\x30\x00"))),
        message(
            signer_info(asn1.element(asn1.SEQUENCE, algorithms.oid_der("1.2.3.4"), b"\x31\x00", b"\x05\x00"))
        ),
        message(signer_info(sid=b"\x81\x01x")),
    ],
)
def test_damage_is_bad_input(damaged: bytes) -> None:
    with pytest.raises(BadInput):
        cms_read.read(damaged)


@pytest.mark.parametrize(
    ("name", "most"),
    [("MAX_SIZE_BYTES", 100), ("MAX_SIGNERS", 1), ("MAX_CERTIFICATES", 1), ("MAX_ATTRIBUTES", 1)],
)
def test_size_signers_certificates_and_attributes_are_limited(
    name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = asn1.element(0xA2, b"\x05\x00")
    many = message(
        signer_info(attribute("1.2.3.1", b"\x05\x00"), attribute("1.2.3.2", b"\x05\x00")),
        signer_info(attribute("1.2.3.3", b"\x05\x00")),
        certificates=(other, b"\xa2\x04\x04\x02xx"),
    )
    assert len(cms_read.read(many).signers) == 2
    monkeypatch.setattr(cms_read, name, most)
    with pytest.raises(BadInput):
        cms_read.read(many)


@pytest.mark.parametrize("family", ["p256", "gost2015"])
def test_no_flipped_bit_brings_out_anything_but_bad_input(family: str) -> None:
    made = bytearray(cms.sign(chains.person(family), b"document", at=AT, detached=False))
    readable = 0
    for position in range(len(made)):
        for bit in (0, 3, 7):
            made[position] ^= 1 << bit
            try:
                cms_read.read(bytes(made))
                readable += 1
            except BadInput:
                pass
            made[position] ^= 1 << bit
    assert readable, "flips inside a signature or a name leave a readable message"


def test_a_message_cut_short_anywhere_is_bad_input() -> None:
    made = cms.sign(chains.person("p256"), b"document", at=AT, detached=False)
    for end in range(len(made)):
        with pytest.raises(BadInput):
            cms_read.read(made[:end])
