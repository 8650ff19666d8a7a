"""Statements 25 and 42 of the format reference. The archives that they name are not published with the others."""

from pathlib import Path

import pytest

from agent import algorithms
from agent.formats import cms_build, signed_zip
from tests.support import chains, signed_zips
from tests.support.chains import Party

FILES = [("құжат.txt", "құжат".encode()), ("application.pdf", b"%PDF-1.7")]
LISTED = signed_zips.manifest(FILES)


def signer_info(
    person: Party, *, digest_identifier: bytes, signature_identifier: bytes, signed: bytes | None = None
) -> bytes:
    """A SignerInfo as the national library writes it; `signed` is what is signed in place of the attributes."""
    digest = person.algorithm.digest
    attributes = cms_build.signed_attributes(
        digest(LISTED), signed_zips.AT, certificate_sha256=algorithms.SHA256(person.certificate.der)
    )
    return cms_build.signer_info(
        issuer=person.certificate.issuer.der,
        serial_number=person.certificate.serial_number,
        digest_algorithm=digest_identifier,
        attributes=attributes,
        signature_algorithm=signature_identifier,
        signature=person.sign_digest(digest(attributes if signed is None else signed)),
    )


@pytest.mark.own_sample
def test_s25_a_digest_without_parameters_and_rsa_encryption_verify() -> None:
    """In place of zip/skarm_sign.zip."""
    person = chains.person("rsa")
    without_parameters = algorithms.algorithm_identifier(algorithms.SHA256.oid, b"")
    assert without_parameters.hex() == "300b0609608648016503040201"
    info = signer_info(
        person,
        digest_identifier=without_parameters,
        signature_identifier=algorithms.RSA_KEY.identifier_der,
    )
    message = cms_build.signed_data(
        digest_algorithms=[without_parameters],
        content=None,
        certificates=[person.certificate.der],
        signers=[info],
    )
    (evidence,) = signed_zip.verify(signed_zips.archive(FILES, message))
    assert (evidence.signature, evidence.reasons) == ("valid", ())
    assert evidence.algorithm_name == algorithms.RSA_SHA256.name


def test_s42_manifest_digests_and_signatures_of_archives_verify(vectors: Path) -> None:
    for name in ("files", "folder"):
        (evidence,) = signed_zip.verify((vectors / f"zip/skarm_zip_signed_{name}.zip").read_bytes())
        assert (evidence.signature, evidence.reasons) == ("valid", ())
        assert evidence.algorithm_name == algorithms.GOST_2004.name
        assert len(evidence.covers.split(", ")) == 4


@pytest.mark.own_sample
def test_s42_digests_are_gost_94_whatever_the_key() -> None:
    assert LISTED.count(b"gost34311") == len(FILES)
    for family in chains.FAMILIES:
        (evidence,) = signed_zip.verify(signed_zips.signed(FILES, chains.person(family)))
        assert evidence.signature == "valid"


@pytest.mark.own_sample
def test_s42_of_two_signers_the_one_whose_signature_is_wrong_is_invalid_and_the_other_valid() -> None:
    """In place of zip_multiply: digest and certificate hash of the GOST 2004 signer are right, the signature is over who knows what."""
    wrong, right = chains.person("gost2004"), chains.person("gost2015")
    infos = (
        signer_info(
            wrong,
            digest_identifier=algorithms.GOST_94.identifier_der,
            signature_identifier=algorithms.algorithm_identifier(algorithms.GOST_2004_KEY.oid, b"\x05\x00"),
            signed=b"something else",
        ),
        signer_info(
            right,
            digest_identifier=algorithms.STREEBOG_512.identifier_der,
            signature_identifier=algorithms.GOST_2015_512.identifier_der,
        ),
    )
    message = cms_build.signed_data(
        digest_algorithms=[algorithms.GOST_94.identifier_der, algorithms.STREEBOG_512.identifier_der],
        content=None,
        certificates=[wrong.certificate.der, right.certificate.der],
        signers=infos,
    )
    found = {
        evidence.certificate: evidence for evidence in signed_zip.verify(signed_zips.archive(FILES, message))
    }
    assert (found[wrong.certificate].signature, found[wrong.certificate].reasons) == (
        "invalid",
        ("signature-mismatch",),
    )
    assert (found[right.certificate].signature, found[right.certificate].reasons) == ("valid", ())
