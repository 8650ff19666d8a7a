"""Login statements: their one spelling, and that they can't be taken for anything else, nor anything else for them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from agent.errors import BadInput
from agent.formats import asn1, cms, cms_build, login
from agent.formats.login import Statement
from tests.support import authority

NONCE = "AAECAwQFBgcICQoLDA0ODw"
AT = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
STATEMENT = Statement("https://kds.example.kz", NONCE, AT)


def signed(octets: bytes, content_type: str = login.CONTENT_TYPE) -> cms.SignedMessage:
    signer = authority.signer("gost2015-individual")
    return cms.read(cms.sign(signer, octets, at=AT, detached=False, content_type=content_type))


def test_the_line_is_what_the_guide_says() -> None:
    assert STATEMENT.octets == (
        b'{"type":"kz.qalamsap.v1/login","origin":"https://kds.example.kz",'
        b'"nonce":"AAECAwQFBgcICQoLDA0ODw","time":"2026-11-26T12:00:00Z"}'
    )


@pytest.mark.parametrize(
    "name", ["gost2015-individual", "gost2004-individual", "rsa-auth-individual", "p256-individual"]
)
def test_a_statement_is_signed_under_its_own_content_type_and_read_back(name: str) -> None:
    made = login.sign(authority.signer(name), STATEMENT, at=AT)
    message = cms.read(made)
    assert message.content_type == login.CONTENT_TYPE
    assert message.version == 3
    (evidence,) = cms.verify(message)
    assert evidence.signature == "valid"
    assert login.read(message) == STATEMENT


def test_a_moment_is_told_in_utc() -> None:
    almaty = Statement("https://a.kz", NONCE, datetime(2026, 11, 26, 17, tzinfo=timezone(timedelta(hours=5))))
    assert b'"time":"2026-11-26T12:00:00Z"' in almaty.octets


def test_the_same_line_signed_as_a_document_is_no_login() -> None:
    with pytest.raises(BadInput, match="no login"):
        login.read(signed(STATEMENT.octets, cms_build.DATA))


def test_a_login_whose_content_type_is_changed_afterwards_does_not_verify() -> None:
    made = login.sign(authority.signer("gost2015-individual"), STATEMENT, at=AT)
    data = cms_build.algorithms.oid_der(cms_build.DATA)
    outer = made.replace(login.CONTENT_TYPE_DER, data, 1)
    assert outer != made
    with pytest.raises(
        BadInput
    ):  # lengths no longer fit; where they would, the signed attribute still disagrees
        cms.read(outer)


def members(**others: object) -> bytes:
    found = {
        "type": login.TYPE,
        "origin": "https://a.kz",
        "nonce": NONCE,
        "time": "2026-11-26T12:00:00Z",
        **others,
    }
    return json.dumps(found, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"\xff",
        b"{}",
        members(type="kz.qalamsap.v2/login"),
        members(origin=1),
        members(nonce="short"),
        members(nonce="A" * 87),
        members(nonce="A" * 21 + "!"),
        members(time="2026-11-26 12:00:00"),
        members(time="2026-11-26T12:00:00+05:00"),
        members(more=1),
        members() + b"\n",
        members().replace(b",", b", ", 1),
        b'{"origin":"https://evil.kz",' + members()[1:],
    ],
)
def test_any_other_spelling_is_refused(octets: bytes) -> None:
    with pytest.raises(BadInput):
        login.read(signed(octets))


def test_a_detached_one_is_refused() -> None:
    made = login.sign(authority.signer("gost2015-individual"), STATEMENT, at=AT)
    with pytest.raises(BadInput, match="no login"):
        login.read(cms.read(cms.detached(made)))


def test_no_signer_can_be_added_to_one() -> None:
    made = login.sign(authority.signer("gost2015-individual"), STATEMENT, at=AT)
    with pytest.raises(BadInput, match="not a document"):
        cms.cosign(authority.signer("gost2015-head"), made, at=AT)


def test_the_inside_of_a_login_is_recognised_and_other_octets_are_not() -> None:
    attributes = cms_build.signed_attributes(b"x" * 64, AT, content_type=login.CONTENT_TYPE)
    assert login.is_disguised(attributes)
    assert not login.is_disguised(cms_build.signed_attributes(b"x" * 64, AT))
    assert not login.is_disguised(b"")
    assert not login.is_disguised(login.CONTENT_TYPE_DER)


_DER = login.CONTENT_TYPE_DER


@pytest.mark.parametrize(
    "spelling",
    [b"\x06\x81" + _DER[1:], bytes((6, _DER[1] + 1)) + _DER[2:3] + b"\x80" + _DER[3:]],
    ids=["a long length", "a padded number"],
)
def test_the_inside_of_a_login_is_recognised_in_other_spellings_and_those_are_no_login(
    spelling: bytes,
) -> None:
    signer = authority.signer("gost2015-individual")
    digest, certificate = signer.algorithm.digest(STATEMENT.octets), signer.certificate
    usual = cms_build.signed_attributes(digest, AT, content_type=login.CONTENT_TYPE)
    others = [each.der for each in asn1.read(usual).children() if _DER not in each.der]
    name = cms_build.algorithms.oid_der(cms_build.CONTENT_TYPE)
    own = asn1.element(asn1.SEQUENCE, name, asn1.element(asn1.SET, spelling))
    attributes = asn1.set_of((own, *others))
    assert login.is_disguised(attributes)
    signer_info = cms_build.signer_info(
        issuer=certificate.issuer.der,
        serial_number=certificate.serial_number,
        digest_algorithm=signer.algorithm.digest.identifier_der,
        attributes=attributes,
        signature_algorithm=signer.algorithm.identifier_der,
        signature=signer.sign_digest(signer.algorithm.digest(attributes)),
    )
    message = cms.read(
        cms_build.signed_data(
            digest_algorithms=[signer.algorithm.digest.identifier_der],
            content=STATEMENT.octets,
            certificates=[certificate.der],
            signers=[signer_info],
            content_type=login.CONTENT_TYPE,
        )
    )
    (evidence,) = cms.verify(message)
    assert evidence.signature == "valid"
    with pytest.raises(BadInput, match="in DER"):
        login.read(message)


def test_the_line_of_a_login_is_recognised() -> None:
    assert login.is_disguised(STATEMENT.octets)
    assert not login.is_disguised(b"{" + STATEMENT.octets)
