"""What stands in our certificates, compared with published test certificates of the national authority."""

from pathlib import Path

import pytest
from asn1crypto import core, parser
from asn1crypto import x509 as other_x509

from agent import algorithms
from agent.certificate import Certificate
from agent.formats import asn1
from agent.keystores import base, pkcs12
from agent.testca import profiles
from agent.testca.key_set import PEOPLE
from agent.testca.profiles import PROFILES
from tests.support import authority

# Ours, and a published file of the same profile.
COUNTERPARTS = {
    "gost2015-individual": "gost2015_SIGN_individual_260508_ec425659",
    "gost2015-head": "gost2015_SIGN_legal-head_260508_303eebdf",
    "gost2015-employee": "gost2015_SIGN_legal-employee_260508_e63fcdb0",
    "gost2015-sign-right": "gost2015_SIGN_legal-signright_241030_1fc27b2d",
    "gost2004-head": "gost2004_SIGN_legal-head_231116_455af122",
    "rsa-auth-individual": "rsa_AUTH_individual_231116_df5e58a1",
    "rsa-auth-head": "rsa_AUTH_legal-head_231116_66f4ef70",
    "rsa-sign-individual": "rsa_SIGN_individual_231116_641e7295",
}


def published(vectors: Path, name: str) -> Certificate:
    (key,) = pkcs12.open((vectors / "p12" / f"{name}.p12").read_bytes(), authority.secret())
    return key.certificate


def extensions(certificate: Certificate) -> dict[str, tuple[bool, bytes]]:
    """Criticality and value of each extension, in order."""
    parsed = other_x509.Certificate.load(certificate.der)["tbs_certificate"]["extensions"]
    return {e["extn_id"].dotted: (e["critical"].native, e["extn_value"].contents) for e in parsed}


def string_types(name_der: bytes) -> list[tuple[str, int]]:
    """Attribute types with the tags of their strings, in order."""
    found = []
    for group in core.SequenceOf.load(name_der, spec=core.SetOf):
        for attribute in core.SetOf.load(group.dump(), spec=core.Sequence):
            found.append((attribute[0].dotted, parser.parse(attribute[1].dump())[2]))
    return found


@pytest.mark.parametrize("ours", COUNTERPARTS)
def test_subject_order_and_string_types_are_the_national_ones(vectors: Path, ours: str) -> None:
    theirs = string_types(published(vectors, COUNTERPARTS[ours]).subject.der)
    own = string_types(authority.certificate(ours).subject.der)
    if ours == "gost2015-sign-right":  # our person has no patronymic
        theirs.pop()
    assert own == theirs


@pytest.mark.parametrize("ours", COUNTERPARTS)
def test_extensions_are_the_national_ones(vectors: Path, ours: str) -> None:
    own, theirs = (
        extensions(authority.certificate(ours)),
        extensions(published(vectors, COUNTERPARTS[ours])),
    )
    # The order of the address extensions varies between published files of one profile.
    assert sorted(own) == sorted(theirs)
    assert {oid: critical for oid, (critical, _) in own.items()} == {
        oid: critical for oid, (critical, _) in theirs.items()
    }
    for oid in ("2.5.29.15", "2.5.29.37", "1.2.398.3.3.5"):
        assert own[oid] == theirs[oid]


@pytest.mark.parametrize("ours", ["gost2015-head", "gost2004-head", "rsa-sign-individual"])
def test_extensions_stand_in_the_national_order(vectors: Path, ours: str) -> None:
    assert list(extensions(authority.certificate(ours))) == list(
        extensions(published(vectors, COUNTERPARTS[ours]))
    )


@pytest.mark.parametrize("ours", COUNTERPARTS)
def test_the_policy_is_the_national_one_with_our_address(vectors: Path, ours: str) -> None:
    def policy(certificate: Certificate) -> tuple[str, list[str]]:
        (found,) = other_x509.CertificatePolicies.load(extensions(certificate)["2.5.29.32"][1])
        qualifiers = [q["policy_qualifier_id"].dotted for q in found["policy_qualifiers"]]
        return found["policy_identifier"].dotted, qualifiers

    assert policy(authority.certificate(ours)) == policy(published(vectors, COUNTERPARTS[ours]))


@pytest.mark.parametrize(
    "file", [name for ours, name in COUNTERPARTS.items() if ours.startswith(("gost", "rsa"))]
)
def test_key_identifiers_and_serial_numbers_follow_the_rule_of_published_ones(
    vectors: Path, file: str
) -> None:
    certificate = published(vectors, file)
    # SubjectPublicKeyInfo ends with BIT STRING: unused bits, then what is hashed.
    bits = bytes(asn1.read(certificate.public_key.spki_der).children()[1].content[1:])
    identifier = base.identifier_of(bits)
    assert identifier == certificate.subject_key_identifier
    # The first octet of the serial number sometimes differs in a way nobody explained.
    mask = (1 << 152) - 1
    assert profiles.serial_number(identifier) & mask == certificate.serial_number & mask


def test_a_serial_number_is_positive_and_keeps_all_but_the_top_bit() -> None:
    assert profiles.serial_number(bytes.fromhex("ff" * 20)) == (1 << 159) - 1
    assert profiles.serial_number(bytes.fromhex("01" * 20)) == int("01" * 20, 16)


def test_nothing_in_our_certificates_looks_national() -> None:
    for certificate in (
        *authority.roots(),
        *authority.issuing(),
        *map(authority.certificate, authority.NAMES),
    ):
        assert b".gov.kz" not in certificate.der
        assert b"pki." not in certificate.der
        assert certificate.issuer.common_name.startswith("QALAMSAP TEST ")


def test_a_legal_profile_needs_an_organisation() -> None:
    with pytest.raises(ValueError, match="organisation"):
        profiles.subject(PROFILES["gost2015-head"], PEOPLE.head, None)


def test_there_is_a_profile_for_each_family_and_use() -> None:
    by_type = {(p.key_type.name, p.use) for p in PROFILES.values()}
    assert {(key.name, "sign") for key in algorithms.KEY_TYPES} < by_type
    assert {name for name, use in by_type if use == "identify"} == {"RSA"}
