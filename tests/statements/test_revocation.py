"""Statements 32 to 35 of the format reference: OCSP answers and revocation lists.

Two of the four published answers are stored: never issued (GOST 2015) and good (RSA). GOST 2004 and the two kinds of revocation are shown on
answers of our own responder.
"""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.certificate import OCSP_SIGNING, Certificate
from agent.formats import asn1
from agent.trust import anchors, crl, ocsp, revocation
from agent.trust.issuer import BadAnswer, Issuer
from agent.trust.ocsp import Answer
from tests.support import published, responders
from tests.support.authority import NOW
from tests.support.responders import NONCE, World


@dataclasses.dataclass(frozen=True)
class PublishedAnswer:
    """What the reference tells of one answer; the certificate asked about is not published, so another one lends its shape."""

    file: str
    authority: str
    serial_number: int
    nonce: bytes
    at: datetime

    def certificate(self, vectors: Path) -> Certificate:
        return dataclasses.replace(self.issuer(vectors), serial_number=self.serial_number)

    def issuer(self, vectors: Path) -> Certificate:
        return published.authorities(vectors)[self.authority]

    def octets(self, vectors: Path) -> bytes:
        return (vectors / "ocsp" / self.file).read_bytes()

    def read(self, vectors: Path) -> Answer:
        return ocsp.read(
            self.octets(vectors),
            self.certificate(vectors),
            self.issuer(vectors),
            nonce=self.nonce,
            at=self.at,
        )


NEVER_ISSUED = PublishedAnswer(
    "ocsp_response_individual_2015.bin",
    "ca-test/nca_gost2022_test.cer",
    0x0FF06211DC82BEB00253FFA000F1DE84ABEF454F,
    bytes.fromhex("e408ffb790834af2"),
    datetime(2022, 9, 2, 16, 58, 34, tzinfo=UTC),
)
GOOD = PublishedAnswer(
    "ocsp_response_individual_sign_2004.bin",
    "ca-test/nca_rsa_test_2019.cer",
    0x4279390A141F5353A62947B61ED65E81741467D1,
    bytes.fromhex("b5e5c9b552cbcac4"),
    datetime(2022, 9, 2, 16, 53, 59, tzinfo=UTC),
)
ANSWERS = pytest.mark.parametrize("answer", [NEVER_ISSUED, GOOD], ids=lambda answer: answer.file)

# nameHash and keyHash of section 3.6.
HASHES = {
    "ca-test/nca_gost2022_test.cer": (
        "4d49c7d498dd61ba9d6e509ef5dccb0a76c5724f0b2249e30ba0badd4521c9ea",
        "afc31e0625b7a4d3f0d4f6cc6b9bbab667c3b1a9b10f8f9b4683ba2768b2f518",
    ),
    "ca-test/nca_gost_test_2019.cer": (
        "3ecde169381394c76547de5a28a75f42d9ca0b0010642058963e2cdaa6ec44bf",
        "802db20ac5548b3f001e9138c3c5de9907f2b75573f7f37602bd13da4b30c526",
    ),
    "ca-test/nca_rsa_test_2019.cer": (
        "8a8da2cc54e144c7a78e916aa2dfc4cf1660105333a887c48ab649b01eeee62f",
        "e32738b58ca445a8bd66b1ff745547ff0f2fee8f5749ab9b3e4705d28dfde4a8",
    ),
    "ca-prod/nca_gost_2022.cer": (
        "7a8c24606a9b8a3055fb98d8274c136f1c8ecdc4c22b3c2ef5b245c23f6a52b1",
        "1d07fbc3ebed4a098f45f0cfda0186e734da2034440c465a762583811e83f62b",
    ),
    "ca-prod/nca_rsa_2022.cer": (
        "3fd06e272558f083e70e9299da8519e14f90a6187a4cd02643194badeb6113c6",
        "8a9f9b1ef76e04d4343c38c7be44c9a83b8c899183cc5ed4c5ce36fd3fbfd09e",
    ),
}

# --- 32: CertID -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HASHES)
def test_s32_hashes_of_an_authority_are_those_of_the_reference(vectors: Path, name: str) -> None:
    certificate = published.authorities(vectors)[name]
    found = Issuer.of(certificate)
    assert (found.name_hash.hex(), found.key_hash.hex()) == HASHES[name]
    (anchor,) = [each for each in anchors.national() if each.sha256 == certificate.fingerprint]
    assert Issuer.of(anchor) == dataclasses.replace(found, may_sign_lists=True)


@ANSWERS
def test_s32_a_cert_id_of_ours_is_the_one_in_the_answer(vectors: Path, answer: PublishedAnswer) -> None:
    made = ocsp.cert_id(answer.certificate(vectors), answer.issuer(vectors))
    assert answer.octets(vectors).count(made) == 1


@pytest.mark.own_sample
@pytest.mark.parametrize("family", responders.FAMILIES)
def test_s32_holds_for_every_family(family: str) -> None:
    """The key hash is over what OpenSSL and the certificate call the contents of the BIT STRING."""
    world = World(family)
    bits = world.issuer.public_key.bits
    assert asn1.element(asn1.BIT_STRING, b"\0", bits) in world.issuer.der
    assert ocsp.cert_id(world.certificate, world.issuer) in responders.responder(
        family, world.register
    ).respond(ocsp.request(world.certificate, world.issuer, nonce=NONCE), at=NOW)


# --- 33: the responder ------------------------------------------------------------------------------------------------


@ANSWERS
def test_s33_signature_use_and_direct_issuance_hold(vectors: Path, answer: PublishedAnswer) -> None:
    responder = answer.read(vectors).responder
    assert responder is not None
    assert responder.extended_key_usage == (OCSP_SIGNING,)
    assert responder.has_ocsp_no_check
    responder.verify_issued_by(answer.issuer(vectors))


@ANSWERS
def test_s33_the_answer_is_for_no_other_authority(vectors: Path, answer: PublishedAnswer) -> None:
    for name, certificate in published.authorities(vectors).items():
        if name != answer.authority:
            with pytest.raises(BadAnswer) as caught:
                ocsp.read(
                    answer.octets(vectors), answer.certificate(vectors), certificate, nonce=None, at=answer.at
                )
            assert caught.value.reason == "unauthorized-responder"


@ANSWERS
def test_s33_a_changed_octet_of_what_is_signed_is_noticed(vectors: Path, answer: PublishedAnswer) -> None:
    octets = bytearray(answer.octets(vectors))
    octets[octets.index(answer.nonce)] ^= 1
    with pytest.raises(BadAnswer, match="bad-signature"):
        ocsp.read(
            bytes(octets), answer.certificate(vectors), answer.issuer(vectors), nonce=None, at=answer.at
        )


@pytest.mark.own_sample
@pytest.mark.parametrize("family", responders.FAMILIES)
def test_s33_holds_for_every_family(family: str) -> None:
    world = World(family)
    request = ocsp.request(world.certificate, world.issuer, nonce=NONCE)
    response = responders.responder(family, world.register).respond(request, at=NOW)
    responder = ocsp.read(response, world.certificate, world.issuer, nonce=NONCE, at=NOW).responder
    assert responder is not None
    responder.verify_issued_by(world.issuer)


# --- 34: what is answered ----------------------------------------------------------------------------------------------


def test_s34_good(vectors: Path) -> None:
    found = GOOD.read(vectors)
    assert (found.status, found.this_update, found.produced_at) == ("good", GOOD.at, GOOD.at)
    assert found.next_update is None
    assert found.nonce_matched


def test_s34_never_issued_is_on_hold_since_1970_and_told_as_unknown(vectors: Path) -> None:
    assert bytes.fromhex("a116180f31393730303130313030303030305aa0030a0106") in NEVER_ISSUED.octets(vectors)
    found = NEVER_ISSUED.read(vectors)
    assert (found.status, found.detail, found.nonce_matched) == ("unknown", "never-issued", True)


@ANSWERS
def test_s34_an_answer_of_2022_is_no_answer_today(vectors: Path, answer: PublishedAnswer) -> None:
    with pytest.raises(BadAnswer, match="expired-responder"):
        dataclasses.replace(answer, at=NOW).read(vectors)
    with pytest.raises(BadAnswer, match="stale"):
        dataclasses.replace(answer, at=answer.at + timedelta(hours=1)).read(vectors)


@pytest.mark.own_sample
@pytest.mark.parametrize("family", responders.FAMILIES)
@pytest.mark.parametrize("reason", ["certificateHold", "superseded"])
def test_s34_hold_and_superseded_are_revoked(family: str, reason: str) -> None:
    world = World(family)
    world.register.revoke(world.certificate.serial_number, NOW - timedelta(days=1), reason)
    found = revocation.status_of(world.certificate, world.issuer, at=NOW, fetch=world, nonce=NONCE)
    assert (found.state, found.reason) == ("revoked", reason)


# --- 35: lists -----------------------------------------------------------------------------------------------------------

LISTS = {
    "ncanode_nca_gost_test.crl": "ca-test/nca_gost_test_2019.cer",
    "ncanode_nca_rsa_test.crl": "ca-test/nca_rsa_test_2019.cer",
    "ncanodego_nca_gost2022_test.crl": "ca-test/nca_gost2022_test.cer",
    "skarm_nca_gost2022_d_test.crl": "ca-test/nca_gost2022_test.cer",
    "skarm_nca_gost2022_test.crl": "ca-test/nca_gost2022_test.cer",
}
NEWEST = "ncanodego_nca_gost2022_test.crl"


def read_list(vectors: Path, file: str) -> crl.RevocationList:
    return crl.read((vectors / "crl" / file).read_bytes(), published.authorities(vectors)[LISTS[file]])


@pytest.mark.parametrize("file", LISTS)
def test_s35_a_list_is_signed_by_its_authority_and_by_none_other(vectors: Path, file: str) -> None:
    found = read_list(vectors, file)
    found.check_current(found.this_update + timedelta(days=30))
    for name, certificate in published.authorities(vectors).items():
        if name != LISTS[file]:
            with pytest.raises(BadAnswer):
                crl.read(found.der, certificate)


def test_s35_a_delta_names_its_base(vectors: Path) -> None:
    whole = read_list(vectors, "skarm_nca_gost2022_test.crl")
    delta = read_list(vectors, "skarm_nca_gost2022_d_test.crl")
    assert (whole.number, whole.base) == (14, None)
    assert (delta.number, delta.base) == (10, 14)
    crl.check_fits(delta, whole)
    assert crl.find(whole, delta, 1) is None


def test_s35_the_revoked_keys_of_the_index_are_found_and_the_living_are_not(vectors: Path) -> None:
    expected, found = set(), set()
    for name, certificate in published.leaves(vectors).items():
        told = published.index(vectors)[name].get("revoked_in") or ()
        for file, authority in LISTS.items():
            entries = {f"crl/{file}": each for each in told if each["crl"] == f"crl/{file}"}
            if certificate.issuer.der != published.authorities(vectors)[authority].subject.der:
                assert not entries
                continue
            entry = read_list(vectors, file).find(certificate.serial_number)
            if entry is not None:
                found.add((name, file, f"{entry.revoked_at:%y%m%d%H%M%SZ}", entry.reason))
            for each in entries.values():
                expected.add((name, file, each["date"], each["reason"] or "unspecified"))
    assert expected
    assert found == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gost2015_SIGN_individual_260508_ec425659", None),
        ("gost2015_SIGN_legal-head_260508_303eebdf", None),
        ("gost2015_SIGN_legal-head_260508_dbfab685", "certificateHold"),
    ],
)
def test_s35_the_newest_list_tells_who_is_alive(vectors: Path, name: str, reason: str | None) -> None:
    entry = read_list(vectors, NEWEST).find(published.key(vectors, name).certificate.serial_number)
    assert (entry and entry.reason) == reason


@pytest.mark.own_sample
@pytest.mark.parametrize("family", responders.FAMILIES)
def test_s35_holds_for_every_family(family: str) -> None:
    world = World(family)
    world.register.revoke(world.certificate.serial_number, NOW - timedelta(hours=1), "keyCompromise")
    whole, delta = crl.read(world.full(), world.issuer), crl.read(world.delta(), world.issuer)
    assert delta.base == whole.number
    assert whole.find(world.certificate.serial_number) is None
    entry = crl.find(whole, delta, world.certificate.serial_number)
    assert entry is not None
    assert entry.reason == "keyCompromise"
