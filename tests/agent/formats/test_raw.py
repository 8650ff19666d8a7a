"""Bare signature octets: every family, both doors, and what a certificate says of a signature that is not its own."""

import dataclasses
import re
from pathlib import Path

import pytest

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import asn1, ecdsa, raw
from tests.support import authority, chains

DOCUMENT = "құжат, a document".encode()
LENGTHS = {"rsa": 256, "gost2015": 128, "gost2004": 64}


@pytest.mark.parametrize("document", [DOCUMENT, b""])
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_what_is_signed_verifies_and_nothing_else_does(family: str, document: bytes) -> None:
    person = chains.person(family)
    signature = raw.sign(person, document)
    evidence = raw.verify(signature, document, person.certificate)
    assert (evidence.signature, evidence.reasons) == ("valid", ())
    assert evidence.certificate == person.certificate
    assert evidence.algorithm_name == person.algorithm.name
    assert (evidence.signing_time, evidence.stamped) == (None, signature)
    other = raw.verify(signature, document + b".", person.certificate)
    assert (other.signature, other.reasons) == ("invalid", ("signature-mismatch",))


@pytest.mark.parametrize(
    "name", ["gost2015-individual", "gost2004-head", "rsa-sign-individual", "p384-individual"]
)
def test_opened_key_files_sign_too(name: str) -> None:
    signer = authority.signer(name)
    assert raw.verify(raw.sign(signer, DOCUMENT), DOCUMENT, signer.certificate).signature == "valid"


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_signing_a_digest_signs_its_document(family: str) -> None:
    person = chains.person(family)
    digest = person.algorithm.digest(DOCUMENT)
    signature = raw.sign_digest(person, digest)
    assert raw.verify(signature, DOCUMENT, person.certificate).signature == "valid"
    assert raw.verify_digest(signature, digest, person.certificate).signature == "valid"
    assert raw.verify_digest(signature, digest[::-1], person.certificate).signature == "invalid"


@pytest.mark.parametrize("family", LENGTHS)
def test_signatures_of_fixed_length_have_it(family: str) -> None:
    assert len(raw.sign(chains.person(family), DOCUMENT)) == LENGTHS[family]


def test_an_ecdsa_signature_is_der_and_the_pair_of_numbers_is_not_taken_for_it() -> None:
    person = chains.person("p256")
    signature = raw.sign(person, DOCUMENT)
    assert len(asn1.read(signature).expect(asn1.SEQUENCE).children()) == 2
    pair = ecdsa.to_pair(signature, 32)
    assert raw.verify(pair, DOCUMENT, person.certificate).reasons == ("signature-mismatch",)


def test_a_published_signature_verifies_over_document_and_digest(vectors: Path) -> None:
    text = (vectors / "raw/fedor35_test_gost512.vectors").read_text()
    values = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    certificate = Certificate.from_pem_or_der((vectors / "raw/fedor35_test_gost512.cer").read_bytes())
    signature, digest = bytes.fromhex(values["sig"]), bytes.fromhex(values["digest"])
    assert raw.verify(signature, values["msg"].encode(), certificate).signature == "valid"
    assert raw.verify_digest(signature, digest, certificate).signature == "valid"


def test_another_algorithm_of_the_same_key_is_the_verifiers_to_name() -> None:
    person = chains.person("rsa")
    digest = algorithms.SHA512(DOCUMENT)
    signature = person.key.sign(algorithms.RSA_SHA512, digest)
    assert raw.verify(signature, DOCUMENT, person.certificate).signature == "invalid"
    known = raw.verify(signature, DOCUMENT, person.certificate, algorithm=algorithms.RSA_SHA512)
    assert (known.signature, known.algorithm_name) == ("valid", "RSA-SHA512")
    assert (
        raw.verify_digest(signature, digest, person.certificate, algorithm=algorithms.RSA_SHA512).signature
        == "valid"
    )


def test_an_algorithm_of_another_kind_of_key_is_a_mismatch() -> None:
    person = chains.person("rsa")
    evidence = raw.verify(
        raw.sign(person, DOCUMENT), DOCUMENT, person.certificate, algorithm=algorithms.ECDSA_SHA256
    )
    assert (evidence.signature, evidence.reasons) == ("invalid", ("key-mismatch",))


def test_a_digest_of_another_length_is_bad_input_and_nothing_is_signed() -> None:
    person = chains.person("gost2015")
    with pytest.raises(BadInput, match="digest is 32 octets, 64 expected"):
        raw.sign_digest(person, b"d" * 32)
    with pytest.raises(BadInput, match="digest is 32 octets, 64 expected"):
        raw.verify_digest(b"s" * 128, b"d" * 32, person.certificate)


def test_a_key_of_an_unknown_kind_is_unsupported() -> None:
    certificate = chains.person("rsa").certificate
    strange = dataclasses.replace(
        certificate,
        public_key=dataclasses.replace(
            certificate.public_key, algorithm_oid="1.3.6.1.4.1.6801.1.5.8", algorithm_der=b"\x30\x00"
        ),
    )
    for evidence in (raw.verify(b"s", DOCUMENT, strange), raw.verify_digest(b"s", b"d" * 32, strange)):
        assert (evidence.signature, evidence.reasons) == ("unsupported", ("unsupported-algorithm",))
        assert evidence.algorithm_name == "1.3.6.1.4.1.6801.1.5.8"


@pytest.mark.parametrize("signature", [b"", b"\x30", bytes(64), bytes(128), bytes(256), b"\xff" * 5000])
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_anything_else_is_no_signature(family: str, signature: bytes) -> None:
    evidence = raw.verify(signature, DOCUMENT, chains.person(family).certificate)
    assert evidence.reasons == ("signature-mismatch",)
