"""The builder against every published message: byte for byte, from the parts that vary."""

import dataclasses
import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms as library

from agent import algorithms
from agent.algorithms import Family, SignatureAlgorithm
from agent.certificate import Certificate
from agent.formats import asn1, cms_build, cms_read
from agent.formats.cms_read import SignedMessage, SignerInfo
from tests.support import messages
from tests.support.messages import Published

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)


@dataclasses.dataclass(frozen=True)
class Producer:
    """How one program writes what producers write differently."""

    names_certificate: bool
    names_key_only: bool

    def identifiers(self, algorithm: SignatureAlgorithm, certificate: Certificate) -> tuple[bytes, bytes]:
        if not self.names_key_only:
            return algorithm.digest.identifier_der, algorithm.identifier_der
        key = algorithms.algorithm_identifier(certificate.public_key.algorithm_oid, b"\x05\x00")
        without_null = algorithms.algorithm_identifier(algorithm.digest.oid, b"")
        return without_null if algorithm.family is Family.RSA else algorithm.digest.identifier_der, key


PRODUCERS = {
    "java": Producer(names_certificate=False, names_key_only=False),
    "ncalayer": Producer(names_certificate=True, names_key_only=False),
    "c-library": Producer(names_certificate=True, names_key_only=True),
}


def rebuilt_signer(
    signer: SignerInfo, certificate: Certificate, document: bytes, producer: Producer
) -> tuple[bytes, bytes]:
    """SignerInfo and its digest algorithm from certificate, time, document, signature and timestamp token."""
    algorithm = algorithms.signature_for_key(certificate.public_key.key_type)
    digest_algorithm, signature_algorithm = producer.identifiers(algorithm, certificate)
    assert signer.signing_time is not None
    sha256 = hashlib.sha256(certificate.der).digest() if producer.names_certificate else None
    rebuilt = cms_build.signer_info(
        issuer=certificate.issuer.der,
        serial_number=certificate.serial_number,
        digest_algorithm=digest_algorithm,
        attributes=cms_build.signed_attributes(
            algorithm.digest(document), signer.signing_time, certificate_sha256=sha256
        ),
        signature_algorithm=signature_algorithm,
        signature=signer.signature,
        timestamp_token=next(iter(signer.timestamp_tokens), None),
    )
    return rebuilt, digest_algorithm


def rebuild(published: Published, message: SignedMessage, producer: Producer) -> bytes:
    document = message.content if published.document is None else published.document
    assert document is not None
    parts = [
        rebuilt_signer(signer, certificate, document, producer)
        for signer in message.signers
        for certificate in message.certificates
        if certificate.serial_number == signer.serial_number
    ]
    return cms_build.signed_data(
        digest_algorithms=[digest_algorithm for _, digest_algorithm in parts],
        content=message.content,
        certificates=[certificate.der for certificate in message.certificates],
        signers=[signer for signer, _ in parts],
    )


def test_every_published_message_is_rebuilt_byte_for_byte_as_exactly_one_producer_writes_it(
    vectors: Path,
) -> None:
    signers = 0
    seen = set()
    for published in messages.published(vectors):
        message = cms_read.read(published.data)
        producers = [
            n for n, producer in PRODUCERS.items() if rebuild(published, message, producer) == published.data
        ]
        assert len(producers) == 1, published.name
        seen.update(producers)
        signers += len(message.signers)
    assert signers >= 29
    assert seen == set(PRODUCERS)


def test_our_own_shape_is_the_one_of_ncalayer(vectors: Path) -> None:
    published = messages.get(vectors, "skarm_individual_gost2015_tsp_attached")
    assert rebuild(published, cms_read.read(published.data), PRODUCERS["ncalayer"]) == published.data


@pytest.mark.parametrize(
    ("size", "with_certificate", "order", "beginning"),
    [
        (64, False, ["content_type", "signing_time", "message_digest"], "318189"),
        (64, True, ["content_type", "signing_time", "signing_certificate_v2", "message_digest"], "3181c2"),
        (32, False, ["content_type", "signing_time", "message_digest"], "3169"),
        (32, True, ["content_type", "signing_time", "message_digest", "signing_certificate_v2"], "3181a2"),
    ],
)
def test_the_order_of_attributes_follows_the_size_of_the_digest(
    size: int, with_certificate: bool, order: list[str], beginning: str
) -> None:
    from asn1crypto import tsp  # its import gives names to the attribute types below

    assert tsp.SigningCertificateV2
    attributes = cms_build.signed_attributes(
        b"d" * size, AT, certificate_sha256=b"c" * 32 if with_certificate else None
    )
    assert attributes.hex().startswith(beginning)
    parsed = library.CMSAttributes.load(attributes, strict=True)
    assert [attribute["type"].native for attribute in parsed] == order


def test_the_time_can_be_left_out() -> None:
    attributes = library.CMSAttributes.load(cms_build.signed_attributes(b"d" * 32, None), strict=True)
    assert [attribute["type"].native for attribute in attributes] == ["content_type", "message_digest"]


def test_certificate_hash_stands_alone_in_its_attribute() -> None:
    attributes = cms_build.signed_attributes(b"d" * 32, AT, certificate_sha256=b"c" * 32)
    assert bytes.fromhex("3037060b2a864886f70d010910022f31283026302430220420") + b"c" * 32 in attributes


def test_the_attributes_of_a_timestamp_token_hash_its_certificate_with_sha1() -> None:
    attributes = cms_build.signed_attributes(
        b"d" * 64, AT, certificate_sha1=b"c" * 20, content_type=cms_build.TIMESTAMP_INFO
    )
    assert attributes.hex().startswith("3181b8301a06092a864886f70d010903310d060b2a864886f70d0109100104")
    assert bytes.fromhex("301a301830160414") + b"c" * 20 in attributes


@pytest.mark.parametrize("size", [0, 1, 100, 200, 70_000])
def test_what_stands_around_content_is_the_message_without_it(size: int) -> None:
    parts = {"digest_algorithms": [], "certificates": [b"\x30\x00"], "signers": [b"\x30\x00"]}
    before, after = cms_build.around_content(size, **parts)  # type: ignore[arg-type]
    whole = cms_build.signed_data(content=bytes(size), **parts)  # type: ignore[arg-type]
    assert before + bytes(size) + after == whole
    before, after = cms_build.around_content(None, **parts)  # type: ignore[arg-type]
    assert before + after == cms_build.signed_data(content=None, **parts)  # type: ignore[arg-type]


def test_another_library_reads_what_is_built() -> None:
    signer = cms_build.signer_info(
        issuer=b"\x30\x00",
        serial_number=0xFF,
        digest_algorithm=algorithms.SHA256.identifier_der,
        attributes=cms_build.signed_attributes(b"d" * 32, AT, certificate_sha256=None),
        signature_algorithm=algorithms.RSA_SHA256.identifier_der,
        signature=b"s" * 256,
        timestamp_token=b"\x30\x00",
    )
    message = cms_build.signed_data(
        digest_algorithms=[algorithms.SHA256.identifier_der],
        content=b"document" * 100_000,
        certificates=[],
        signers=[signer],
    )
    info = library.ContentInfo.load(message, strict=True)
    signed = info["content"]
    assert signed["version"].native == "v1"
    assert signed["encap_content_info"]["content"].native == b"document" * 100_000
    assert signed["certificates"].native is None
    parsed = signed["signer_infos"][0]
    assert parsed["sid"].chosen["serial_number"].native == 0xFF
    assert parsed["signature"].native == b"s" * 256
    assert parsed["unsigned_attrs"][0]["type"].native == "signature_time_stamp_token"


def test_detached_leaves_the_content_out_and_empty_content_does_not() -> None:
    def built(content: bytes | None) -> SignedMessage:
        return cms_read.read(
            cms_build.signed_data(digest_algorithms=[], content=content, certificates=[], signers=[])
        )

    assert built(None).content is None
    assert built(b"").content == b""


def test_existing_lists_of_revoked_certificates_are_passed_on() -> None:
    crls = asn1.element(0xA1, b"\x30\x00")
    built = cms_build.signed_data(digest_algorithms=[], content=None, certificates=[], signers=[], crls=crls)
    assert cms_read.read(built).crls == crls
