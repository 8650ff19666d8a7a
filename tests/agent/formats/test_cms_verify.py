"""Evidence: every published message holds, every flipped bit that was signed is noticed, every reason has its case."""

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import algorithms
from agent.algorithms import DigestAlgorithm, SignatureAlgorithm
from agent.errors import BadInput
from agent.formats import asn1, cms, cms_build, cms_verify
from agent.formats.cms_verify import SignerEvidence
from agent.formats.evidence import FINDINGS
from tests.support import chains, messages
from tests.support.chains import Party

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
DOCUMENT = b"a document"


def made(
    person: Party,
    *,
    signature: SignatureAlgorithm | None = None,
    digest: DigestAlgorithm | None = None,
    signature_identifier: bytes | None = None,
    digest_identifier: bytes | None = None,
    content_type: str = cms_build.DATA,
    certificate_hash: bytes | None = None,
    certificates: list[bytes] | None = None,
    sid: bytes | None = None,
    attributes: bytes | None = None,
) -> bytes:
    """A message by `person`, with one thing or another done differently. What is signed is always signed rightly."""
    signature = signature or person.algorithm
    digest = digest or signature.digest
    attributes = attributes or cms_build.signed_attributes(
        digest(DOCUMENT), AT, certificate_sha256=certificate_hash, content_type=content_type
    )
    info = cms_build.signer_info(
        issuer=person.certificate.issuer.der,
        serial_number=person.certificate.serial_number,
        digest_algorithm=digest_identifier or digest.identifier_der,
        attributes=attributes,
        signature_algorithm=signature_identifier or signature.identifier_der,
        signature=person.key.sign(signature, signature.digest(attributes)),
    )
    if sid is not None:
        name = asn1.element(
            asn1.SEQUENCE, person.certificate.issuer.der, asn1.integer(person.certificate.serial_number)
        )
        parts = asn1.read(info).children()
        info = asn1.element(asn1.SEQUENCE, *(sid if part.der == name else part.der for part in parts))
    return cms_build.signed_data(
        digest_algorithms=[digest.identifier_der],
        content=DOCUMENT,
        certificates=[person.certificate.der] if certificates is None else certificates,
        signers=[info],
    )


def evidence(message: bytes, content: bytes | None = None, *extra: Party) -> SignerEvidence:
    (found,) = cms.verify(cms.read(message), content, [party.certificate for party in extra])
    return found


def judged(message: bytes, content: bytes | None = None, *extra: Party) -> tuple[str, tuple[str, ...]]:
    found = evidence(message, content, *extra)
    return found.signature, found.reasons


# --- published messages -------------------------------------------------------------------------------------------


def test_every_published_message_verifies(vectors: Path) -> None:
    for published in messages.published(vectors):
        found = cms.verify(cms.read(published.data), published.document)
        assert found, published.name
        assert [(one.signature, one.reasons) for one in found] == [("valid", ())] * len(found), published.name
        assert all(one.certificate and one.signing_time for one in found)


def test_no_published_signature_verifies_over_another_document(vectors: Path) -> None:
    for published in messages.published(vectors):
        message = cms.read(published.data)
        document = message.content if published.document is None else published.document
        assert document is not None
        other = bytearray(document)
        other[len(other) // 2] ^= 1
        expected = "digest-mismatch" if message.content is None else "document-differs"
        for one in cms.verify(message, bytes(other)):
            assert (one.signature, one.reasons) == ("invalid", (expected,)), published.name


def test_a_published_detached_signature_without_its_document_is_unchecked(vectors: Path) -> None:
    published = messages.get(vectors, "skarm_individual_gost2015_tsp_detached")
    assert judged(published.data) == ("unchecked", ("no-content",))


def test_the_key_in_place_of_the_signature_algorithm_verifies(vectors: Path) -> None:
    published = messages.get(vectors, "gokalkan_gost2004_clib_attached")
    (signer,) = cms.read(published.data).signers
    assert algorithms.is_key_oid(signer.signature_algorithm.oid)
    assert judged(published.data) == ("valid", ())


def test_two_signers_of_two_families_each_have_their_own_digest(vectors: Path) -> None:
    for name in ("attached_1", "attached_2", "detached_1", "detached_2"):
        published = messages.get(vectors, f"ncanode_multi_gost2015_rsa_{name}")
        found = cms.verify(cms.read(published.data), published.document)
        assert {one.algorithm_name for one in found} == {
            algorithms.GOST_2015_512.name,
            algorithms.RSA_SHA256.name,
        }
        assert len({one.signer_info.digest_algorithm.oid for one in found}) == 2


def test_removing_either_signer_leaves_a_valid_message_of_the_other(vectors: Path) -> None:
    published = messages.get(vectors, "ncanode_multi_gost2015_rsa_detached_1")
    message = cms.read(published.data)
    for kept in message.signers:
        alone = cms_build.signed_data(
            digest_algorithms=[kept.digest_algorithm.der],
            content=None,
            certificates=[c.der for c in message.certificates if c.serial_number == kept.serial_number],
            signers=[kept.encoded],
        )
        assert judged(alone, published.document) == ("valid", ())


def test_no_bit_of_a_published_signature_may_change(vectors: Path) -> None:
    """Bits all over the signed attributes, the signature and the certificate of one message of each family."""
    for name in (
        "skarm_individual_gost2015_tsp_attached",
        "gokalkan_gost2004_clib_attached",
        "ncanode_rsa_attached_1",
    ):
        data = messages.get(vectors, name).data
        (signer,) = cms.read(data).signers
        (certificate,) = cms.read(data).certificates
        for part, step in ((signer.signed_attributes[1:], 7), (signer.signature, 7), (certificate.der, 41)):
            start = data.index(part)
            for position in range(start, start + len(part), step):
                _expect_noticed(data, position, 1 << position % 8)


def _expect_noticed(data: bytes, position: int, bits: int) -> None:
    changed = bytearray(data)
    changed[position] ^= bits
    try:
        signature, _ = judged(bytes(changed))
    except BadInput:
        return
    if signature == "valid":
        # The certificate of a message without signingCertificate is not signed there, only its key counts: then it is
        # the certificate's own signature that notices, which is the business of trust.
        message = cms.read(bytes(changed))
        assert not message.signers[0].certificate_hashes
        assert message.signers == cms.read(data).signers
        assert message.certificates != cms.read(data).certificates
        assert message.content == cms.read(data).content


# --- our own messages, every family -----------------------------------------------------------------------------


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_flipped_bit_in_anything_signed_is_noticed(family: str) -> None:
    person = chains.person(family)
    data = cms.sign(person, DOCUMENT, at=AT, detached=False)
    (signer,) = cms.read(data).signers
    for part in (DOCUMENT, signer.signed_attributes[2:], signer.signature, person.certificate.der):
        start = data.index(part)
        for position in range(start, start + len(part), max(1, len(part) // 12)):
            changed = bytearray(data)
            changed[position] ^= 1 << position % 8
            try:
                signature, reasons = judged(bytes(changed))
            except BadInput:
                continue
            assert signature != "valid", (position, reasons)


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_what_is_proven_is_told(family: str) -> None:
    person = chains.person(family)
    found = evidence(cms.sign(person, DOCUMENT, at=AT, detached=False))
    assert found.certificate == person.certificate
    assert found.algorithm_name == person.algorithm.name
    assert found.signing_time == AT
    assert not found.has_timestamp


# --- what is accepted -------------------------------------------------------------------------------------------


def test_parameters_absent_or_null_are_alike() -> None:
    person = chains.person("rsa")
    for parameters in (b"", b"\x05\x00"):
        message = made(
            person,
            digest_identifier=algorithms.algorithm_identifier(algorithms.SHA256.oid, parameters),
            signature_identifier=algorithms.algorithm_identifier(algorithms.RSA_SHA256.oid, parameters),
        )
        assert judged(message) == ("valid", ())


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_the_keys_own_identifier_may_stand_for_the_signature_algorithm(family: str) -> None:
    person = chains.person(family)
    key_only = algorithms.algorithm_identifier(person.key.type.oid, b"\x05\x00")
    assert judged(made(person, signature_identifier=key_only)) == ("valid", ())


@pytest.mark.parametrize("signature", [algorithms.RSA_SHA384, algorithms.RSA_SHA512])
def test_longer_digests_of_rsa_verify(signature: SignatureAlgorithm) -> None:
    assert judged(made(chains.person("rsa"), signature=signature)) == ("valid", ())


def test_missing_signing_time_and_certificate_hash_are_accepted() -> None:
    person = chains.person("p256")
    full = cms_build.signed_attributes(person.algorithm.digest(DOCUMENT), AT, certificate_sha256=None)
    without_time = asn1.set_of(
        part.der
        for part in asn1.read(full).children()
        if algorithms.oid_der(cms_build.SIGNING_TIME) not in part.der
    )
    found = evidence(made(person, attributes=without_time))
    assert (found.signature, found.reasons, found.signing_time) == ("valid", (), None)


def test_attributes_are_hashed_in_the_order_found() -> None:
    person = chains.person("p256")
    full = cms_build.signed_attributes(person.algorithm.digest(DOCUMENT), AT, certificate_sha256=None)
    unsorted = asn1.element(asn1.SET, *reversed([part.der for part in asn1.read(full).children()]))
    assert unsorted != full
    assert judged(made(person, attributes=unsorted)) == ("valid", ())


def test_extra_certificates_do_no_harm() -> None:
    person = chains.person("p256")
    others = [person.certificate.der, chains.root().certificate.der, chains.person("rsa").certificate.der]
    assert judged(made(person, certificates=others)) == ("valid", ())


def test_certificates_may_come_separately() -> None:
    person = chains.person("p256")
    message = made(person, certificates=[])
    assert judged(message) == ("unchecked", ("no-certificate",))
    assert judged(message, None, person) == ("valid", ())


def test_a_certificate_of_the_same_name_and_number_does_not_hide_the_right_one() -> None:
    person = chains.person("p256")
    impostor = chains.issue(
        "Impostor",
        key_of=chains.key("p384"),
        signed_with=chains.key("p384"),
        issuer_name=person.certificate.issuer.der,
        serial_number=person.certificate.serial_number,
    )
    message = made(person, certificates=[impostor.certificate.der, person.certificate.der])
    assert judged(message) == ("valid", ())
    assert evidence(message).certificate == person.certificate


def test_a_signer_may_be_named_by_key_identifier() -> None:
    identifier = asn1.element(
        asn1.SEQUENCE,
        algorithms.oid_der("2.5.29.14"),
        asn1.element(asn1.OCTET_STRING, asn1.element(asn1.OCTET_STRING, b"key identifier")),
    )
    person = chains.issue("Person", by=chains.root(), more_extensions=[identifier])
    assert judged(made(person, sid=asn1.element(0x80, b"key identifier"))) == ("valid", ())
    assert judged(made(person, sid=asn1.element(0x80, b"another"))) == ("unchecked", ("no-certificate",))


def test_a_hash_of_the_certificate_by_a_named_algorithm_is_checked() -> None:
    person = chains.person("p256")

    def with_hash(octets: bytes) -> bytes:
        plain = cms_build.signed_attributes(person.algorithm.digest(DOCUMENT), AT, certificate_sha256=None)
        hashed = asn1.element(
            asn1.SEQUENCE, algorithms.STREEBOG_512.identifier_der, asn1.element(asn1.OCTET_STRING, octets)
        )
        value = asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, hashed))
        oid = algorithms.oid_der(cms_build.SIGNING_CERTIFICATE_V2)
        attribute = asn1.element(asn1.SEQUENCE, oid, asn1.set_of([value]))
        return made(
            person, attributes=asn1.set_of([*(p.der for p in asn1.read(plain).children()), attribute])
        )

    assert judged(with_hash(algorithms.STREEBOG_512(person.certificate.der))) == ("valid", ())
    assert judged(with_hash(b"x" * 64)) == ("invalid", ("certificate-hash-mismatch",))


# --- what is refused --------------------------------------------------------------------------------------------


def test_another_document_is_a_digest_mismatch() -> None:
    detached = cms.sign(chains.person("p256"), DOCUMENT, at=AT, detached=True)
    assert judged(detached, DOCUMENT) == ("valid", ())
    assert judged(detached, DOCUMENT + b".") == ("invalid", ("digest-mismatch",))
    assert judged(detached, b"") == ("invalid", ("digest-mismatch",))


def test_a_document_beside_an_attached_one_must_be_the_same() -> None:
    attached = cms.sign(chains.person("p256"), DOCUMENT, at=AT, detached=False)
    assert judged(attached, DOCUMENT) == ("valid", ())
    assert judged(attached, b"another") == ("invalid", ("document-differs",))


def test_the_hash_of_another_certificate_is_refused() -> None:
    assert judged(made(chains.person("p256"), certificate_hash=b"x" * 32)) == (
        "invalid",
        ("certificate-hash-mismatch",),
    )


def test_another_content_type_is_refused() -> None:
    message = made(chains.person("p256"), content_type=cms_build.SIGNED_DATA)
    assert judged(message) == ("invalid", ("content-type-mismatch",))


def test_attributes_without_a_digest_are_refused() -> None:
    person = chains.person("p256")
    full = cms_build.signed_attributes(person.algorithm.digest(DOCUMENT), AT, certificate_sha256=None)
    oid = algorithms.oid_der(cms_build.MESSAGE_DIGEST)
    without = asn1.set_of(part.der for part in asn1.read(full).children() if oid not in part.der)
    assert judged(made(person, attributes=without)) == ("invalid", ("digest-mismatch",))


def test_a_signature_without_signed_attributes_is_not_accepted() -> None:
    person = chains.person("p256")
    parts = asn1.read(cms.read(made(person)).signers[0].encoded).children()
    bare = asn1.element(asn1.SEQUENCE, *(part.der for part in parts if part.tag != 0xA0))
    message = cms_build.signed_data(
        digest_algorithms=[], content=DOCUMENT, certificates=[person.certificate.der], signers=[bare]
    )
    assert judged(message) == ("unsupported", ("no-signed-attributes",))


def test_a_signature_of_another_key_family_is_refused() -> None:
    message = made(chains.person("p256"), signature_identifier=algorithms.RSA_SHA256.identifier_der)
    assert judged(message) == ("invalid", ("key-mismatch",))


def test_two_digests_for_one_signature_are_not_supported() -> None:
    message = made(chains.person("rsa"), signature=algorithms.RSA_SHA512, digest=algorithms.SHA256)
    assert judged(message) == ("unsupported", ("algorithm-mismatch",))


@pytest.mark.parametrize(
    ("what", "identifier"),
    [
        ("signature_identifier", algorithms.algorithm_identifier("1.2.840.113549.1.1.10", b"")),  # RSASSA-PSS
        ("signature_identifier", algorithms.algorithm_identifier("1.2.3.4", b"")),
        ("signature_identifier", algorithms.algorithm_identifier(algorithms.RSA_SHA256.oid, b"\x30\x00")),
        ("digest_identifier", algorithms.algorithm_identifier("1.2.3.4", b"")),
        ("digest_identifier", algorithms.algorithm_identifier(algorithms.SHA256.oid, b"\x30\x00")),
    ],
)
def test_an_unknown_algorithm_is_unsupported_not_invalid(what: str, identifier: bytes) -> None:
    signature, reasons = judged(made(chains.person("rsa"), **{what: identifier}))
    assert signature == "unsupported"
    assert "unsupported-algorithm" in reasons


def test_sha1_is_never_valid() -> None:
    person = chains.person("rsa")
    key_only = algorithms.algorithm_identifier(algorithms.RSA_KEY.oid, b"\x05\x00")
    attributes = cms_build.signed_attributes(algorithms.SHA1(DOCUMENT), AT, certificate_sha256=None)
    message = made(person, digest=algorithms.SHA1, signature_identifier=key_only, attributes=attributes)
    signature, reasons = judged(message)
    assert signature == "unsupported"
    assert "weak-digest" in reasons


def test_an_invalid_signature_stays_invalid_where_something_is_missing_too() -> None:
    person = chains.person("p256")
    detached = cms.sign(person, DOCUMENT, at=AT, detached=True)
    (signer,) = cms.read(detached).signers
    changed = detached.replace(signer.signature, signer.signature[:-1] + bytes([signer.signature[-1] ^ 1]))
    signature, reasons = judged(changed)
    assert signature == "invalid"
    assert set(reasons) == {"no-content", "signature-mismatch"}


# --- the document -----------------------------------------------------------------------------------------------


def test_a_digest_serves_in_place_of_the_document() -> None:
    detached = cms.read(cms.sign(chains.person("gost2015"), DOCUMENT, at=AT, detached=True))
    digests = {algorithms.STREEBOG_512.oid: algorithms.STREEBOG_512(DOCUMENT)}
    assert [one.signature for one in cms.verify(detached, digests=digests)] == ["valid"]
    other = {algorithms.STREEBOG_512.oid: algorithms.STREEBOG_512(b"other")}
    assert [one.signature for one in cms.verify(detached, digests=other)] == ["invalid"]
    useless = {algorithms.SHA256.oid: algorithms.SHA256(DOCUMENT)}
    assert [one.signature for one in cms.verify(detached, digests=useless)] == ["unchecked"]


def test_a_digest_does_not_outweigh_a_document_that_is_there() -> None:
    attached = cms.read(cms.sign(chains.person("p256"), DOCUMENT, at=AT, detached=False))
    digests = {algorithms.SHA256.oid: algorithms.SHA256(b"other")}
    (evidence,) = cms.verify(attached, digests=digests)
    assert (evidence.signature, evidence.reasons) == ("invalid", ("document-differs",))
    digests = {algorithms.SHA256.oid: algorithms.SHA256(DOCUMENT)}
    assert [one.signature for one in cms.verify(attached, digests=digests)] == ["valid"]
    unknown = {"1.2.3": b"a digest that nobody here can make"}
    assert [one.signature for one in cms.verify(attached, digests=unknown)] == ["invalid"]


def test_a_document_is_hashed_once_for_each_digest_algorithm(monkeypatch: pytest.MonkeyPatch) -> None:
    data = cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=False)
    data = cms.cosign(chains.person("gost2015"), data, at=AT)
    data = cms.cosign(chains.person("p256"), data, at=AT)
    hashed: list[str] = []

    def counting(oid: str) -> DigestAlgorithm:
        algorithm = next(known for known in algorithms.DIGESTS if known.oid == oid)

        def new(octets: bytes = b"") -> algorithms.Hash:
            if octets == DOCUMENT:
                hashed.append(oid)
            return algorithm.new(octets)

        return dataclasses.replace(algorithm, new=new)

    monkeypatch.setattr(algorithms, "digest_by_oid", counting)
    assert [one.signature for one in cms.verify(cms.read(data))] == ["valid"] * 3
    assert sorted(hashed) == sorted([algorithms.SHA256.oid, algorithms.STREEBOG_512.oid])


def test_a_message_without_signers_gives_no_evidence() -> None:
    empty = cms_build.signed_data(digest_algorithms=[], content=DOCUMENT, certificates=[], signers=[])
    assert cms.verify(cms.read(empty)) == ()


def test_every_reason_belongs_to_one_finding() -> None:
    reasons = {reason for _, known in FINDINGS for reason in known}
    source = Path(cms_verify.__file__).read_text(encoding="utf-8")
    yielded = set(re.findall(r'(?:yield |append\()"([a-z-]+)"', source))
    assert yielded
    assert yielded <= reasons
