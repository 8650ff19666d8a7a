"""Whom we trust, and how others may be given."""

import dataclasses
from pathlib import Path

import pytest

from agent.certificate import Certificate
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.trust import anchors
from tests.support import chains


def test_production_and_test_authorities_are_kept_apart() -> None:
    production, test = set(anchors.production()), set(anchors.test())
    assert len(production) == 11
    assert len(test) == 10
    assert production | test == set(anchors.national())
    assert not {anchor.public_key.spki_der for anchor in production} & {
        anchor.public_key.spki_der for anchor in test
    }


def test_the_test_root_without_test_in_its_name_is_a_test_root() -> None:
    trap = "e76d2ba06ba15f28b590f9452a7a5f1150c68dd11d09842f0b63041339048056"
    assert [anchor.domain for anchor in anchors.national() if anchor.sha256 == trap] == ["test"]


def test_every_key_is_of_a_known_type() -> None:
    for anchor in anchors.national():
        assert anchor.public_key.key_type.identifier_der == anchor.public_key.algorithm_der
        assert anchor.not_before < anchor.not_after


def test_keys_equal_those_of_the_certificates(vectors: Path) -> None:
    by_fingerprint = {anchor.sha256: anchor for anchor in anchors.national()}
    for path in [*(vectors / "ca-prod").glob("*.cer"), *(vectors / "ca-test").glob("*.cer")]:
        certificate = Certificate.from_der(path.read_bytes())
        anchor = by_fingerprint[certificate.fingerprint]
        assert anchor.name_der == certificate.subject.der
        if anchor.public_key.key_type.coordinate_octets:
            assert anchor.public_key.octets == certificate.public_key.octets
        assert anchor.public_key.spki_der == certificate.public_key.spki_der
        assert (anchor.not_before, anchor.not_after) == (certificate.not_before, certificate.not_after)


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_an_anchor_of_ones_own_verifies_what_it_issued(family: str) -> None:
    root, person = chains.root(family), chains.person(family)
    (anchor,) = anchors.from_certificates([root.certificate])
    assert (anchor.domain, anchor.kind, anchor.title) == ("given", "root", f"Root {family}")
    assert anchor.sha256 == root.certificate.fingerprint
    anchor.verify_issued(person.certificate)
    stranger = chains.issue("Stranger", by=chains.issue("Other root", key_of=chains.new_key(family), ca=True))
    with pytest.raises(InvalidSignature):
        anchor.verify_issued(stranger.certificate)


def test_an_issuing_authority_may_be_given_without_its_root() -> None:
    issuing = chains.issue("Issuing", by=chains.root(), ca=True, path_length=0)
    (anchor,) = anchors.from_certificates([issuing.certificate])
    assert (anchor.kind, anchor.path_length) == ("issuing", 0)


def test_a_person_is_no_authority() -> None:
    with pytest.raises(BadInput, match="authority"):
        anchors.from_certificates([chains.person().certificate])


def test_a_signature_by_an_unknown_algorithm_is_unsupported() -> None:
    odd = dataclasses.replace(chains.person().certificate, signature_algorithm_oid="1.2.3.4")
    with pytest.raises(UnsupportedKey):
        anchors.national()[0].verify_issued(odd)
