"""Statements 20 to 27 of the format reference: CMS."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import algorithms
from agent.algorithms import Family
from agent.certificate import Certificate
from agent.formats import asn1, cms, cms_build, cms_read
from agent.formats.cms_read import SignedMessage, SignerInfo
from tests.support import chains, messages
from tests.support.messages import Published

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
DOCUMENT = b"Hello World"
C_LIBRARY, NCALAYER = "gokalkan_gost2004_clib_attached", "skarm_individual_gost2015_tsp_detached"
FAMILIES = pytest.mark.parametrize("family", chains.FAMILIES)


def certificate_of(signer: SignerInfo, message: SignedMessage) -> Certificate:
    return next(c for c in message.certificates if c.serial_number == signer.serial_number)


def findings(data: bytes, document: bytes | None = None) -> list[str]:
    return [one.signature for one in cms.verify(cms.read(data), document)]


# --- 20: the whole message out of its parts -------------------------------------------------------------------------


def rebuilt(data: bytes, document: bytes | None) -> bytes:
    """A message from what varies: certificates, time, digest, signature, token, and which of the producers' identifiers."""
    message = cms_read.read(data)
    content = message.content if document is None else document
    assert content is not None
    signers = []
    for signer in message.signers:
        certificate = certificate_of(signer, message)
        digest = algorithms.digest_by_oid(signer.digest_algorithm.oid)
        sha256 = algorithms.SHA256(certificate.der) if signer.certificate_hashes else None
        assert signer.signing_time is not None
        signers.append(
            cms_build.signer_info(
                issuer=certificate.issuer.der,
                serial_number=certificate.serial_number,
                digest_algorithm=signer.digest_algorithm.der,
                attributes=cms_build.signed_attributes(
                    digest(content), signer.signing_time, certificate_sha256=sha256
                ),
                signature_algorithm=signer.signature_algorithm.der,
                signature=signer.signature,
                timestamp_token=next(iter(signer.timestamp_tokens), None),
            )
        )
    return cms_build.signed_data(
        digest_algorithms=[signer.digest_algorithm.der for signer in message.signers],
        content=message.content,
        certificates=[certificate.der for certificate in message.certificates],
        signers=signers,
    )


def test_s20_every_published_message_is_rebuilt_byte_for_byte(vectors: Path) -> None:
    """Which of the three producers made each is told in tests/agent/formats/test_cms_build.py."""
    for published in messages.published(vectors):
        assert rebuilt(published.data, published.document) == published.data, published.name


@pytest.mark.own_sample
@FAMILIES
def test_s20_our_own_messages_are_rebuilt_byte_for_byte(family: str) -> None:
    for detached in (False, True):
        data = cms.sign(chains.person(family), DOCUMENT, at=AT, detached=detached)
        assert rebuilt(data, DOCUMENT if detached else None) == data


# --- 21 and 22: signed attributes -----------------------------------------------------------------------------------

LAST_TWO = {
    64: [cms_build.SIGNING_CERTIFICATE_V2, cms_build.MESSAGE_DIGEST],
    32: [cms_build.MESSAGE_DIGEST, cms_build.SIGNING_CERTIFICATE_V2],
}


def expect_order(signer: SignerInfo) -> None:
    assert signer.signed_attributes is not None
    assert signer.message_digest is not None
    parts = asn1.read(signer.signed_attributes).children()
    assert [part.children()[0].object_identifier() for part in parts] == [
        cms_build.CONTENT_TYPE, cms_build.SIGNING_TIME, *LAST_TWO[len(signer.message_digest)],
    ]  # fmt: skip
    beginning = {64: "3181c2", 32: "3181a2"}[len(signer.message_digest)]
    assert signer.signed_attributes.hex().startswith(beginning)


@pytest.mark.parametrize("name", [NCALAYER, C_LIBRARY])
def test_s21_the_size_of_the_digest_orders_the_attributes(vectors: Path, name: str) -> None:
    expect_order(cms_read.read(messages.get(vectors, name).data).signers[0])


@pytest.mark.own_sample
@pytest.mark.parametrize("family", ["gost2015", "gost2004", "rsa", "p256"])
def test_s21_holds_for_our_own_messages(family: str) -> None:
    data = cms.sign(chains.person(family), DOCUMENT, at=AT, detached=True)
    expect_order(cms_read.read(data).signers[0])


def expect_sha256_of_the_certificate(data: bytes) -> None:
    message = cms_read.read(data)
    for signer in message.signers:
        (claimed,) = signer.certificate_hashes
        assert claimed.digest_oid == algorithms.SHA256.oid
        assert claimed.octets == algorithms.SHA256(certificate_of(signer, message).der)


@pytest.mark.parametrize("name", [NCALAYER, C_LIBRARY])
def test_s22_the_certificate_is_hashed_with_sha256_for_gost_too(vectors: Path, name: str) -> None:
    expect_sha256_of_the_certificate(messages.get(vectors, name).data)


@pytest.mark.own_sample
@FAMILIES
def test_s22_holds_for_our_own_messages(family: str) -> None:
    expect_sha256_of_the_certificate(cms.sign(chains.person(family), DOCUMENT, at=AT, detached=False))


# --- 23: detached -----------------------------------------------------------------------------------------------------


def expect_only_this_document(data: bytes, document: bytes) -> None:
    message = cms.read(data)
    assert message.is_detached
    assert {one.signature for one in cms.verify(message, document)} == {"valid"}
    for position in range(len(document)):
        other = (
            document[:position] + bytes((document[position] ^ 1 << position % 8,)) + document[position + 1 :]
        )
        assert {one.reasons for one in cms.verify(message, other)} == {("digest-mismatch",)}
    for other in (b"", document[:-1], document + b"\n"):
        assert {one.signature for one in cms.verify(message, other)} == {"invalid"}


@pytest.mark.parametrize("name", [NCALAYER, "skarm_gost2004_for_double_sign_detached"])
def test_s23_a_detached_signature_holds_for_its_document_and_for_no_other(vectors: Path, name: str) -> None:
    published = messages.get(vectors, name)
    assert published.document is not None
    expect_only_this_document(published.data, published.document)


@pytest.mark.own_sample
@FAMILIES
def test_s23_holds_for_our_own_messages(family: str) -> None:
    expect_only_this_document(cms.sign(chains.person(family), DOCUMENT, at=AT, detached=True), DOCUMENT)


# --- 24 and 25: identifiers of the C library ------------------------------------------------------------------------


def signed_as_the_c_library_does(person: chains.Party) -> bytes:
    """The key in place of the signature algorithm; for RSA the digest without parameters."""
    algorithm = person.algorithm
    is_rsa = algorithm.family is Family.RSA
    digest_algorithm = algorithms.algorithm_identifier(algorithm.digest.oid, b"" if is_rsa else b"\x05\x00")
    attributes = cms_build.signed_attributes(
        algorithm.digest(DOCUMENT), AT, certificate_sha256=algorithms.SHA256(person.certificate.der)
    )
    signer = cms_build.signer_info(
        issuer=person.certificate.issuer.der,
        serial_number=person.certificate.serial_number,
        digest_algorithm=digest_algorithm,
        attributes=attributes,
        signature_algorithm=algorithms.algorithm_identifier(person.key.type.oid, b"\x05\x00"),
        signature=person.sign_digest(algorithm.digest(attributes)),
    )
    return cms_build.signed_data(
        digest_algorithms=[digest_algorithm],
        content=DOCUMENT,
        certificates=[person.certificate.der],
        signers=[signer],
    )


@pytest.mark.parametrize("name", [C_LIBRARY, "skarm_gost2004_for_double_sign_detached"])
def test_s24_the_key_in_place_of_the_signature_algorithm_verifies(vectors: Path, name: str) -> None:
    published = messages.get(vectors, name)
    (signer,) = cms_read.read(published.data).signers
    assert signer.signature_algorithm.oid == algorithms.GOST_2004_KEY.oid
    assert findings(published.data, published.document) == ["valid"]


@pytest.mark.own_sample
@pytest.mark.parametrize("family", ["gost2015", "gost2004"])
def test_s24_holds_for_our_own_messages(family: str) -> None:
    assert findings(signed_as_the_c_library_does(chains.person(family))) == ["valid"]


@pytest.mark.own_sample
def test_s25_a_digest_without_parameters_and_rsa_encryption_verify() -> None:
    """The published sample, zip/skarm_sign.zip, is not in the folder."""
    data = signed_as_the_c_library_does(chains.person("rsa"))
    assert bytes.fromhex("300b0609608648016503040201") in data
    assert bytes.fromhex("300d06092a864886f70d0101010500") in data
    assert findings(data) == ["valid"]


# --- 26 and 27: several signers ---------------------------------------------------------------------------------------


def multi(vectors: Path) -> list[Published]:
    found = [one for one in messages.published(vectors) if one.name.startswith("ncanode_multi_")]
    assert len(found) == 4
    return found


def own_multi(detached: bool) -> bytes:
    data = cms.sign(chains.person("gost2015"), DOCUMENT, at=AT, detached=detached)
    return cms.cosign(chains.person("rsa"), data, at=AT, content=DOCUMENT if detached else None)


def expect_each_his_own_digest(data: bytes, document: bytes | None) -> None:
    found = cms.verify(cms.read(data), document)
    assert [one.signature for one in found] == ["valid", "valid"]
    assert {(one.algorithm_name, one.signer_info.digest_algorithm.oid) for one in found} == {
        (algorithms.GOST_2015_512.name, algorithms.STREEBOG_512.oid),
        (algorithms.RSA_SHA256.name, algorithms.SHA256.oid),
    }


def without_one(message: SignedMessage, kept: SignerInfo) -> bytes:
    return cms_build.signed_data(
        digest_algorithms=[kept.digest_algorithm.der],
        content=message.content,
        certificates=[certificate_of(kept, message).der],
        signers=[kept.encoded],
    )


def test_s26_two_signers_of_two_families_have_each_his_own_digest(vectors: Path) -> None:
    published = multi(vectors)
    assert {one.document is None for one in published} == {True, False}
    for one in published:
        expect_each_his_own_digest(one.data, one.document)


@pytest.mark.own_sample
@pytest.mark.parametrize("detached", [False, True])
def test_s26_holds_for_our_own_messages(detached: bool) -> None:
    expect_each_his_own_digest(own_multi(detached), DOCUMENT if detached else None)


def test_s27_without_either_signer_the_message_of_the_other_is_valid(vectors: Path) -> None:
    for published in multi(vectors):
        message = cms_read.read(published.data)
        for kept in message.signers:
            assert findings(without_one(message, kept), published.document) == ["valid"]


@pytest.mark.own_sample
@pytest.mark.parametrize("detached", [False, True])
def test_s27_holds_for_our_own_messages(detached: bool) -> None:
    message = cms_read.read(own_multi(detached))
    for kept in message.signers:
        assert findings(without_one(message, kept), DOCUMENT if detached else None) == ["valid"]
