"""Making signatures and adding to them, and the clothes they come in."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import algorithms
from agent.errors import BadInput
from agent.formats import asn1, cms, cms_build
from agent.keystores import pkcs12
from agent.secret import Secret
from agent.trust import anchors, path
from tests.support import chains, messages

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
DOCUMENT = "құжат, a document".encode()


def findings(data: bytes, content: bytes | None = None) -> list[str]:
    return [one.signature for one in cms.verify(cms.read(data), content)]


# --- making -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("family", chains.FAMILIES)
@pytest.mark.parametrize("content", [DOCUMENT, b"", bytes(range(256)) * 300])
def test_what_is_signed_verifies(family: str, detached: bool, content: bytes) -> None:
    data = cms.sign(chains.person(family), content, at=AT, detached=detached)
    assert cms.read(data).content == (None if detached else content)
    assert findings(data, content) == ["valid"]


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_message_is_der_and_rebuilt_from_its_parts(family: str) -> None:
    """The shape of the second row: version 1, sorted sets, the signer's certificate alone, certificate hash inside."""
    person = chains.person(family)
    data = cms.sign(person, DOCUMENT, at=AT, detached=False)
    (signer,) = cms.read(data).signers
    algorithm = person.algorithm
    attributes = cms_build.signed_attributes(
        algorithm.digest(DOCUMENT), AT, certificate_sha256=algorithms.SHA256(person.certificate.der)
    )
    assert signer.signed_attributes == attributes
    assert signer.digest_algorithm.der == algorithm.digest.identifier_der
    assert signer.signature_algorithm.der == algorithm.identifier_der
    assert data == cms_build.signed_data(
        digest_algorithms=[algorithm.digest.identifier_der],
        content=DOCUMENT,
        certificates=[person.certificate.der],
        signers=[signer.encoded],
    )


def test_identifiers_carry_null_for_gost_and_rsa_and_nothing_for_ecdsa() -> None:
    expected = {
        "gost2015": ("300c06082a830e030a0103030500", "300e060a2a830e030a01010203020500"),
        "gost2004": ("300c06082a830e030a0103010500", "300d06092a830e030a010101020500"),
        "rsa": ("300d06096086480165030402010500", "300d06092a864886f70d01010b0500"),
        "p256": ("300d06096086480165030402010500", "300a06082a8648ce3d040302"),
        "p384": ("300d06096086480165030402020500", "300a06082a8648ce3d040303"),
    }
    for family, identifiers in expected.items():
        (signer,) = cms.read(cms.sign(chains.person(family), DOCUMENT, at=AT, detached=True)).signers
        assert (signer.digest_algorithm.der.hex(), signer.signature_algorithm.der.hex()) == identifiers


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_signing_a_digest_makes_the_detached_signature_of_its_document(family: str) -> None:
    person = chains.person(family)
    data = cms.sign_digest(person, person.algorithm.digest(DOCUMENT), at=AT)
    assert findings(data, DOCUMENT) == ["valid"]
    assert findings(data, DOCUMENT + b".") == ["invalid"]


def test_a_digest_of_another_length_is_bad_input_and_nothing_is_signed() -> None:
    with pytest.raises(BadInput, match="digest is 32 octets, 64 expected"):
        cms.sign_digest(chains.person("gost2015"), b"d" * 32, at=AT)


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_digest_of_any_length_is_signed_where_that_is_wanted_and_no_document_has_it(family: str) -> None:
    data = cms.sign_digest(chains.person(family), b"MTEK", at=AT, is_any_length=True)
    assert [signer.message_digest for signer in cms.read(data).signers] == [b"MTEK"]
    assert findings(data, DOCUMENT) == ["invalid"]


@pytest.mark.parametrize(
    ("at", "encoded"),
    [
        (datetime(2049, 12, 31, 23, 59, 59, 5, tzinfo=UTC), b"\x17\x0d491231235959Z"),
        (datetime(2050, 1, 1, tzinfo=UTC), b"\x18\x0f20500101000000Z"),
    ],
)
def test_signing_time_is_utc_through_2049_and_generalized_after(at: datetime, encoded: bytes) -> None:
    data = cms.sign(chains.person(), DOCUMENT, at=at, detached=True)
    assert encoded in data
    assert findings(data, DOCUMENT) == ["valid"]


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize(
    "file",
    [
        "gost2015_SIGN_individual_260508_ec425659",
        "gost2004_SIGN_legal-head_220118_316f6c63",
        "rsa_SIGN_individual_231116_641e7295",
        "rsa_AUTH_legal-head_231116_66f4ef70",
    ],
)
def test_published_test_keys_sign_and_their_authorities_vouch(
    vectors: Path, file: str, detached: bool
) -> None:
    with Secret(bytearray(b"Qwerty12")) as password:
        (stored,) = pkcs12.open((vectors / f"p12/{file}.p12").read_bytes(), password)
    data = cms.sign(stored.signer(), DOCUMENT, at=AT, detached=detached)
    stored.wipe()
    (evidence,) = cms.verify(cms.read(data), DOCUMENT)
    assert (evidence.signature, evidence.certificate) == ("valid", stored.certificate)
    found = path.build(stored.certificate, anchors.national(), at=stored.certificate.not_before)
    assert found.anchor.domain == "test"


# --- co-signing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize(
    ("first", "second"), [("gost2015", "rsa"), ("rsa", "gost2004"), ("gost2004", "p384"), ("p256", "p256")]
)
def test_a_second_signature_stands_beside_the_first(first: str, second: str, detached: bool) -> None:
    one, other = chains.person(first), chains.person(second)
    before = cms.sign(one, DOCUMENT, at=AT, detached=detached)
    after = cms.cosign(
        other, before, at=datetime(2026, 5, 9, tzinfo=UTC), content=DOCUMENT if detached else None
    )
    assert findings(after, DOCUMENT) == ["valid", "valid"]
    read = cms.read(after)
    assert cms.read(before).signers[0] in read.signers
    assert read.is_detached == detached
    assert set(read.certificates) == {one.certificate, other.certificate}
    digests = {one.algorithm.digest.identifier_der, other.algorithm.digest.identifier_der}
    assert [identifier.der for identifier in read.digest_algorithms] == sorted(digests)
    assert [c.der for c in read.certificates] == sorted(c.der for c in read.certificates)
    assert [s.encoded for s in read.signers] == sorted(s.encoded for s in read.signers)


def test_published_signatures_survive_co_signing_octet_for_octet(vectors: Path) -> None:
    person = chains.person("gost2015")
    for published in messages.published(vectors):
        message = cms.read(published.data)
        document = published.document if message.is_detached else None
        after = cms.read(cms.cosign(person, published.data, at=AT, content=document))
        assert len(after.signers) == len(message.signers) + 1
        assert set(message.signers) < set(after.signers), published.name
        assert set(message.certificates) < set(after.certificates)
        assert findings(after.der, published.document) == ["valid"] * len(after.signers), published.name


def test_a_digest_algorithm_written_without_parameters_is_not_doubled() -> None:
    """As the national C library writes RSA: the digest without parameters, the key in place of the signature algorithm."""
    person = chains.person("rsa")
    without_null = algorithms.algorithm_identifier(algorithms.SHA256.oid, b"")
    attributes = cms_build.signed_attributes(algorithms.SHA256(DOCUMENT), AT, certificate_sha256=None)
    signer = cms_build.signer_info(
        issuer=person.certificate.issuer.der,
        serial_number=person.certificate.serial_number,
        digest_algorithm=without_null,
        attributes=attributes,
        signature_algorithm=algorithms.RSA_KEY.identifier_der,
        signature=person.sign_digest(algorithms.SHA256(attributes)),
    )
    before = cms_build.signed_data(
        digest_algorithms=[without_null],
        content=DOCUMENT,
        certificates=[person.certificate.der],
        signers=[signer],
    )
    assert findings(before) == ["valid"]
    after = cms.cosign(chains.person("p256"), before, at=AT)
    assert findings(after) == ["valid", "valid"]
    assert [identifier.der for identifier in cms.read(after).digest_algorithms] == [without_null]


def test_a_message_in_base64_can_be_co_signed() -> None:
    before = cms.to_pem(cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=False)).encode()
    assert findings(cms.cosign(chains.person("p256"), before, at=AT)) == ["valid", "valid"]


def test_co_signing_keeps_what_it_does_not_know() -> None:
    person = chains.person()
    (signer,) = cms.read(cms.sign(person, DOCUMENT, at=AT, detached=False)).signers
    other_certificate, crls = asn1.element(0xA2, b"\x05\x00"), asn1.element(0xA1, b"\x30\x00")
    before = cms_build.signed_data(
        version=5,
        digest_algorithms=[signer.digest_algorithm.der],
        content=DOCUMENT,
        certificates=[person.certificate.der, other_certificate],
        crls=crls,
        signers=[signer.encoded],
    )
    after = cms.read(cms.cosign(chains.person("rsa"), before, at=AT))
    assert (after.version, after.crls) == (5, crls)
    assert other_certificate in after.certificates_der


def test_co_signing_a_detached_message_needs_its_document() -> None:
    before = cms.sign(chains.person(), DOCUMENT, at=AT, detached=True)
    with pytest.raises(BadInput, match="document is missing"):
        cms.cosign(chains.person("rsa"), before, at=AT)


@pytest.mark.parametrize(("first", "second"), [("gost2015", "rsa"), ("p256", "p384"), ("rsa", "p256")])
def test_a_detached_message_is_co_signed_over_a_digest_alone(first: str, second: str) -> None:
    other = chains.person(second)
    before = cms.sign(chains.person(first), DOCUMENT, at=AT, detached=True)
    digest = other.algorithm.digest
    after = cms.cosign(other, before, at=AT, digests={digest.oid: digest(DOCUMENT)})
    assert findings(after, DOCUMENT) == ["valid", "valid"]
    assert cms.read(before).signers[0] in cms.read(after).signers


def test_co_signing_over_a_digest_needs_the_one_of_the_signers_own_key() -> None:
    before = cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=True)
    sha256 = {algorithms.SHA256.oid: algorithms.SHA256(DOCUMENT)}
    with pytest.raises(BadInput, match="document is missing"):
        cms.cosign(chains.person("gost2015"), before, at=AT, digests=sha256)
    with pytest.raises(BadInput, match="32 expected"):
        cms.cosign(chains.person("rsa"), before, at=AT, digests={algorithms.SHA256.oid: b"short"})


def test_co_signing_over_a_digest_of_another_document_than_the_one_inside_is_refused() -> None:
    before = cms.sign(chains.person("rsa"), DOCUMENT, at=AT, detached=False)
    digests = {algorithms.SHA256.oid: algorithms.SHA256(b"another")}
    with pytest.raises(BadInput, match="not the one inside"):
        cms.cosign(chains.person("p256"), before, at=AT, digests=digests)
    digests = {algorithms.SHA256.oid: algorithms.SHA256(DOCUMENT)}
    assert findings(cms.cosign(chains.person("p256"), before, at=AT, digests=digests)) == ["valid", "valid"]


@pytest.mark.parametrize("armour", ["der", "pem", "base64"])
@pytest.mark.parametrize("detached", [False, True])
def test_four_families_sign_one_document_in_any_armour(detached: bool, armour: str) -> None:
    message = cms.sign(chains.person("gost2015"), DOCUMENT, at=AT, detached=detached)
    for family in ("gost2004", "rsa", "p384"):
        dressed = {
            "der": message,
            "pem": cms.to_pem(message).encode(),
            "base64": base64.b64encode(message),
        }[armour]
        message = cms.cosign(chains.person(family), dressed, at=AT, content=DOCUMENT if detached else None)
    assert findings(message, DOCUMENT) == ["valid"] * 4
    assert findings(message, DOCUMENT + b".") == ["invalid"] * 4


def test_co_signing_another_document_than_the_one_inside_is_refused() -> None:
    before = cms.sign(chains.person(), DOCUMENT, at=AT, detached=False)
    with pytest.raises(BadInput, match="not the one inside"):
        cms.cosign(chains.person("rsa"), before, at=AT, content=b"another")


def test_a_timestamp_token_is_not_a_document_to_co_sign(vectors: Path) -> None:
    token = (vectors / "tsp/ncanode_tsp_token.der").read_bytes()
    with pytest.raises(BadInput, match="not a document"):
        cms.cosign(chains.person(), token, at=AT)


def test_co_signing_what_is_no_message_is_bad_input() -> None:
    with pytest.raises(BadInput):
        cms.cosign(chains.person(), b"%PDF-1.7", at=AT)


# --- armour -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def der() -> bytes:
    return cms.sign(chains.person(), DOCUMENT, at=AT, detached=False)


def test_pem_has_its_own_label_lines_of_64_and_a_line_end(der: bytes) -> None:
    first, *lines, last, end = cms.to_pem(der).split("\n")
    assert (first, last, end) == ("-----BEGIN CMS-----", "-----END CMS-----", "")
    assert {len(line) for line in lines[:-1]} == {64}
    assert 0 < len(lines[-1]) <= 64
    assert base64.b64decode("".join(lines)) == der


def test_every_armour_comes_off(der: bytes) -> None:
    text = base64.b64encode(der)
    lines = base64.encodebytes(der)
    forms = [
        der,
        text,
        lines,
        lines.replace(b"\n", b"\r\n"),
        b" \r\n" + text + b"\n\n",
        b"\xef\xbb\xbf" + text,
        cms.to_pem(der).encode(),
        cms.to_pem(der).replace("\n", "\r\n").encode(),
        b"-----BEGIN PKCS7-----\n" + lines + b"-----END PKCS7-----\n",
        b"-----BEGIN PKCS #7 SIGNED DATA-----\n" + text + b"\n-----END PKCS #7 SIGNED DATA-----",
    ]
    for form in forms:
        assert cms.unwrap(form) == der
        assert cms.is_signed_data(form)
        assert findings(form) == ["valid"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7 \xff\xfe",
        b"plain text",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CMS-----\nMIIB\n",
        b"MII",
    ],
)
def test_anything_else_is_bad_input_and_no_signed_data(data: bytes) -> None:
    assert not cms.is_signed_data(data)
    with pytest.raises(BadInput):
        cms.read(data)


def test_other_asn1_is_no_signed_data() -> None:
    certificate = chains.person().certificate
    assert not cms.is_signed_data(certificate.der)
    assert not cms.is_signed_data(base64.b64encode(certificate.der))
    assert not cms.is_signed_data(b"\x30")
    assert not cms.is_signed_data(b"\x30\x80")


def test_published_messages_are_recognised(vectors: Path) -> None:
    for published in messages.published(vectors):
        assert cms.is_signed_data(published.data)
        assert cms.is_signed_data(base64.encodebytes(published.data))
