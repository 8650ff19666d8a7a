"""CAdES-T: timestamps come into a message and nothing else of it changes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import algorithms
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.formats import asn1, cades, cms, cms_build, cms_read, tsp
from tests.agent.formats.test_cms_read import streamed
from tests.support import chains, messages, timestamps

DOCUMENT = "құжат, a document".encode()
SIGNED_AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)


def signed(*families: str, detached: bool = False) -> bytes:
    first, *others = families
    message = cms.sign(chains.person(first), DOCUMENT, at=SIGNED_AT, detached=detached)
    for family in others:
        message = cms.cosign(chains.person(family), message, at=SIGNED_AT, content=DOCUMENT)
    return message


def token_for(message: bytes, index: int = 0) -> bytes:
    one = cades.unstamped(message)[index]
    return timestamps.token(one.signature, one.profile)


def with_unsigned(message: bytes, *attributes: bytes) -> bytes:
    """A message of one signer with these unsigned attributes, in this order."""
    read = cms_read.read(message)
    (signer,) = read.signers
    parts = [part.der for part in asn1.read(signer.encoded).children()]
    return cms_build.signed_data(
        digest_algorithms=[signer.digest_algorithm.der],
        content=read.content,
        certificates=read.certificates_der,
        signers=[asn1.element(asn1.SEQUENCE, *parts[:6], asn1.element(0xA1, *attributes))],
    )


def without_timestamp(message: bytes) -> tuple[int, ...]:
    return tuple(one.index for one in cades.unstamped(message))


def attribute(oid: str, *values: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), asn1.set_of(values))


# --- published messages -------------------------------------------------------------------------------------------


def test_published_messages_come_out_byte_for_byte_when_their_token_is_put_back(vectors: Path) -> None:
    count = 0
    for published in messages.published(vectors):
        message = cms_read.read(published.data)
        tokens = {i: s.timestamp_tokens[0] for i, s in enumerate(message.signers) if s.timestamp_tokens}
        if tokens:
            bare = cms_build.signed_data(
                digest_algorithms=[identifier.der for identifier in message.digest_algorithms],
                content=message.content,
                certificates=message.certificates_der,
                signers=[
                    asn1.element(
                        asn1.SEQUENCE, *(part.der for part in asn1.read(signer.encoded).children()[:6])
                    )
                    for signer in message.signers
                ],
            )
            assert without_timestamp(bare) == tuple(tokens)
            assert cades.with_timestamps(bare, tokens) == published.data, published.name
            count += 1
    assert count >= 4


def test_published_signatures_with_timestamps_lack_none(vectors: Path) -> None:
    for published in messages.published(vectors):
        has_token = "_tsp" in published.name
        assert (without_timestamp(published.data) == ()) == has_token


# --- our own ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_stamped_message_says_when_and_still_verifies(family: str, detached: bool) -> None:
    message = timestamps.stamped(signed(family, detached=detached))
    (evidence,) = cms.verify(cms.read(message), DOCUMENT)
    assert (evidence.signature, evidence.reasons) == ("valid", ())
    (timestamp,) = timestamps.of(evidence)
    assert timestamp.moment == timestamps.AT
    assert timestamp.evidence.signature == "valid"
    assert timestamp.is_over(evidence.stamped)
    assert tsp.Profile(timestamp.policy, timestamp.digest) == tsp.profile_for(chains.person(family).algorithm)
    assert without_timestamp(message) == ()


def test_a_stamped_message_is_the_one_that_a_builder_makes_with_the_token() -> None:
    message = signed("gost2015")
    token = token_for(message)
    read = cms_read.read(message)
    (signer,) = read.signers
    person = chains.person("gost2015")
    assert signer.signed_attributes is not None
    assert cades.with_timestamps(message, {0: token}) == cms_build.signed_data(
        digest_algorithms=[signer.digest_algorithm.der],
        content=DOCUMENT,
        certificates=[person.certificate.der],
        signers=[
            cms_build.signer_info(
                issuer=person.certificate.issuer.der,
                serial_number=person.certificate.serial_number,
                digest_algorithm=signer.digest_algorithm.der,
                attributes=signer.signed_attributes,
                signature_algorithm=signer.signature_algorithm.der,
                signature=signer.signature,
                timestamp_token=token,
            )
        ],
    )


def test_each_signer_of_several_is_stamped_by_his_own_family_and_keeps_his_place() -> None:
    before = signed("gost2015", "rsa", "gost2004", "p256")
    after = timestamps.stamped(before)
    signers = cms_read.read(before).signers
    for one, other in zip(signers, cms_read.read(after).signers, strict=True):
        assert one.signature == other.signature
        (token,) = other.timestamp_tokens
        read = tsp.read_token(token)
        assert tsp.Profile(read.policy, read.digest) == cades.profile_of(one)
    assert [one.signature for one in cms.verify(cms.read(after))] == ["valid"] * 4


def test_only_the_signers_that_are_named_are_stamped() -> None:
    before = signed("rsa", "p256", "p384")
    after = cades.with_timestamps(before, {1: token_for(before, 1)})
    assert without_timestamp(after) == (0, 2)
    kept, changed = cms_read.read(before).signers, cms_read.read(after).signers
    assert (kept[0], kept[2]) == (changed[0], changed[2])


def test_a_stamped_message_can_be_co_signed_and_stamped_again() -> None:
    stamped = timestamps.stamped(signed("p256"))
    both = timestamps.stamped(cms.cosign(chains.person("rsa"), stamped, at=SIGNED_AT))
    assert cms_read.read(stamped).signers[0] in cms_read.read(both).signers
    found = cms.verify(cms.read(both))
    assert [one.signature for one in found] == ["valid", "valid"]
    assert all(timestamps.of(one)[0].is_over(one.stamped) for one in found)


def test_nothing_changes_where_no_token_is_given() -> None:
    message = signed("rsa", "p256")
    assert cades.with_timestamps(message, {}) == message


def test_other_unsigned_attributes_stay_and_the_set_is_sorted() -> None:
    first, last = attribute("1.2.3.4", b"\x05\x00"), attribute(cms_build.SIGNING_TIME, asn1.time(SIGNED_AT))
    message = with_unsigned(signed("p256"), last, first)
    token = token_for(message)
    (signer,) = cms_read.read(cades.with_timestamps(message, {0: token})).signers
    assert [attribute.oid for attribute in signer.unsigned_attributes] == [
        "1.2.3.4", cms_build.SIGNING_TIME, cms_build.SIGNATURE_TIMESTAMP,
    ]  # fmt: skip
    unsigned = asn1.read(signer.encoded).children()[-1].der
    assert unsigned == asn1.set_of([first, last, cms_build.timestamp_attribute(token)], 0xA1)


def test_a_second_timestamp_stands_beside_the_first() -> None:
    once = timestamps.stamped(signed("p256"))
    (signer,) = cms_read.read(once).signers
    later = timestamps.token(signer.signature, cades.profile_of(signer), at=datetime(2026, 7, 1, tzinfo=UTC))
    (evidence,) = cms.verify(cms.read(cades.with_timestamps(once, {0: later})))
    assert len(timestamps.of(evidence)) == 2
    assert all(timestamp.is_over(evidence.stamped) for timestamp in timestamps.of(evidence))


def test_a_streamed_message_keeps_every_octet_of_what_is_signed() -> None:
    made = signed("p256")
    message = streamed(made)
    stamped = cades.with_timestamps(message, {0: token_for(message)})
    assert cms_read.read(stamped).content == DOCUMENT
    assert [one.signature for one in cms.verify(cms.read(stamped))] == ["valid"]
    encapsulated = message[message.index(b"\xa0\x80\x24\x80") : message.index(b"\x00\x00\x00\x00") + 4]
    assert encapsulated in stamped


@pytest.mark.parametrize("armour", [lambda der: der, lambda der: cms.to_pem(der).encode()])
def test_armour_comes_off(armour: object) -> None:
    assert callable(armour)
    message = signed("rsa")
    token = token_for(message)
    assert cades.with_timestamps(armour(message), {0: token}) == cades.with_timestamps(message, {0: token})


# --- refusals -----------------------------------------------------------------------------------------------------


def test_a_token_over_another_signature_is_refused() -> None:
    message, other = signed("p256"), signed("rsa")
    with pytest.raises(BadInput, match="not over the signature of signer 0"):
        cades.with_timestamps(message, {0: token_for(other)})


@pytest.mark.parametrize("index", [-1, 1])
def test_a_signer_that_is_not_there_is_refused(index: int) -> None:
    message = signed("p256")
    with pytest.raises(BadInput, match="no signer"):
        cades.with_timestamps(message, {index: token_for(message)})


@pytest.mark.parametrize("token", [b"", b"\x30\x00", b"token"])
def test_what_is_no_token_is_refused(token: bytes) -> None:
    with pytest.raises(BadInput):
        cades.with_timestamps(signed("p256"), {0: token})


@pytest.mark.parametrize("seal", sorted(cms_build.SEALS))
def test_attributes_that_a_later_timestamp_seals_are_left_alone(seal: str) -> None:
    message = with_unsigned(signed("p256"), attribute(seal, b"\x30\x00"))
    with pytest.raises(BadInput, match="seals his attributes"):
        cades.with_timestamps(message, {0: token_for(message)})


def test_a_message_of_which_more_than_the_timestamps_would_change_does_not_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message, other = signed("p256"), cms_read.read(signed("p256"))
    monkeypatch.setattr(cades, "_with_token", lambda _info, _token: other.signers[0].encoded)
    with pytest.raises(InvalidSignature, match="something else"):
        cades.with_timestamps(message, {0: token_for(message)})


def test_what_is_no_message_is_bad_input() -> None:
    with pytest.raises(BadInput):
        cades.unstamped(b"%PDF-1.7")
    with pytest.raises(BadInput):
        cades.with_timestamps(b"%PDF-1.7", {})


# --- whose profile ------------------------------------------------------------------------------------------------


def test_the_key_in_place_of_the_signature_algorithm_tells_the_family(vectors: Path) -> None:
    published = messages.get(vectors, "gokalkan_gost2004_clib_attached")
    (one,) = cades.unstamped(published.data)
    assert one.profile == tsp.profile_for(algorithms.GOST_2004)
    assert one.profile.digest == algorithms.GOST_94


def test_an_unknown_family_is_unsupported() -> None:
    message = signed("p256")
    unknown = algorithms.ECDSA_SHA256.identifier_der
    other = algorithms.algorithm_identifier("1.2.840.10045.4.3.9", b"")
    with pytest.raises(UnsupportedKey):
        cades.unstamped(message.replace(unknown, other))
