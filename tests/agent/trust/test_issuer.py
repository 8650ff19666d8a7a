"""An issuer is the same, whether an anchor or a certificate brings its name and key."""

import hashlib

import pytest

from agent.errors import Unreachable
from agent.trust import anchors, issuer
from agent.trust.issuer import BadAnswer, Issuer
from tests.support import chains


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_an_anchor_and_its_certificate_are_the_same_issuer(family: str) -> None:
    certificate = chains.root(family).certificate
    (anchor,) = anchors.from_certificates([certificate])
    assert Issuer.of(anchor) == Issuer.of(certificate)


def test_hashes_are_of_the_name_and_of_what_the_bit_string_holds() -> None:
    found = Issuer.of(chains.root("gost2015").certificate)
    assert found.name_hash == hashlib.sha256(found.name_der).digest()
    assert found.public_key.bits[:3] == bytes.fromhex("048180")
    assert found.key_hash == hashlib.sha256(bytes.fromhex("048180") + found.public_key.octets).digest()
    rsa = Issuer.of(chains.root("rsa").certificate)
    assert rsa.key_hash == hashlib.sha256(rsa.public_key.octets).digest()


def test_an_authority_without_the_right_to_sign_lists_is_known() -> None:
    assert Issuer.of(chains.root().certificate).may_sign_lists
    certificates_only = chains.issue("Certificates only", ca=True, usage="0204")
    assert not Issuer.of(certificates_only.certificate).may_sign_lists


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_who_issued_a_certificate_is_told_by_name_and_signature(family: str) -> None:
    person = chains.person(family).certificate
    assert Issuer.of(chains.root(family).certificate).has_issued(person)
    namesake = chains.issue(f"Root {family}", key_of=chains.new_key("p256"), ca=True)
    assert not Issuer.of(namesake.certificate).has_issued(person)
    renamed = chains.issue("Other", family, ca=True)
    assert not Issuer.of(renamed.certificate).has_issued(person)


def test_a_signature_of_an_unknown_kind_is_refused_like_a_wrong_one() -> None:
    key = chains.root().certificate.public_key
    sha1_with_rsa, ecdsa = "1.2.840.113549.1.1.5", "1.2.840.10045.4.3.2"
    for oid, reason in ((sha1_with_rsa, "unsupported-algorithm"), (ecdsa, "bad-signature")):
        with pytest.raises(BadAnswer) as caught:
            issuer.check_signature(key, b"octets", oid, b"signature")
        assert caught.value.reason == reason
        assert isinstance(caught.value, Unreachable)


def test_a_refusal_says_its_reason_first() -> None:
    assert BadAnswer("stale").detail == "stale"
    assert BadAnswer("malformed", "cut short").detail == "malformed: cut short"
