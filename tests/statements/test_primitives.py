"""Statements 1 to 5 of the format reference: hashes and numbers of GOST."""

from pathlib import Path

import pytest

from agent import algorithms
from agent.algorithms import Family
from agent.certificate import Certificate
from agent.formats import cms
from agent.formats.cms_verify import SignerEvidence
from agent.gost import curves, signature
from agent.gost.curves import Curve
from agent.gost.signature import BadSignature
from tests.support import chains, messages, published
from tests.support.gost_oracles import Libgcrypt, Unavailable

CRYPTO_PRO_DIGEST = 311  # libgcrypt's GCRY_MD_GOSTR3411_CP: the same hash with the other S-box
CURVES = {Family.GOST_2015_512: curves.PARAM_SET_A_512, Family.GOST_2004: curves.CRYPTO_PRO_A}


def gost_signatures(vectors: Path) -> list[tuple[Curve, bytes, bytes, SignerEvidence]]:
    """Curve, key, digest of what was signed, and evidence, of every published CMS signature by a GOST key."""
    found = []
    for message in messages.published(vectors):
        for evidence in cms.verify(cms.read(message.data), message.document):
            assert evidence.certificate is not None
            key, attributes = evidence.certificate.public_key, evidence.signer_info.signed_attributes
            curve = CURVES.get(key.key_type.family)
            if curve is not None:
                assert attributes is not None
                digest = algorithms.signature_for_key(key.key_type).digest(attributes)
                found.append((curve, key.octets, digest, evidence))
    return found


def holds(curve: Curve, key: bytes, digest: bytes, made: bytes) -> bool:
    try:
        signature.verify(curve, key, digest, made)
    except BadSignature:
        return False
    return True


def swapped(octets: bytes) -> bytes:
    half = len(octets) // 2
    return octets[half:] + octets[:half]


def reversed_halves(octets: bytes) -> bytes:
    half = len(octets) // 2
    return octets[:half][::-1] + octets[half:][::-1]


def test_s01_gost94_has_the_test_substitution() -> None:
    empty = "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"
    assert algorithms.GOST_94(b"").hex() == empty


def test_s01_with_the_other_substitution_every_gost2004_signature_fails(vectors: Path) -> None:
    try:
        library = Libgcrypt()
    except Unavailable as error:
        pytest.skip(f"needs tool: libgcrypt ({error})")
    count = 0
    for curve, key, digest, evidence in gost_signatures(vectors):
        if curve is curves.CRYPTO_PRO_A:
            attributes = evidence.signer_info.signed_attributes or b""
            other = library._digest(CRYPTO_PRO_DIGEST, attributes, 32)
            assert holds(curve, key, digest, evidence.stamped)
            assert not holds(curve, key, other, evidence.stamped)
            count += 1
    assert count >= 6


def test_s02_streebog_public_key_and_signature_of_a_published_vector(vectors: Path) -> None:
    lines = (vectors / "raw/fedor35_test_gost512.vectors").read_text().splitlines()
    vector = dict(line.split("=", 1) for line in lines)
    digest = algorithms.STREEBOG_512(b"ncalayer-rs test message")
    assert vector["msg"] == "ncalayer-rs test message"
    assert digest.hex() == vector["digest"]
    d, x, y = (int(vector[name], 16).to_bytes(64, "little") for name in ("d", "qx", "qy"))
    assert signature.public_key(curves.PARAM_SET_A_512, d) == x + y
    certificate = Certificate.from_der((vectors / "raw/fedor35_test_gost512.cer").read_bytes())
    assert certificate.public_key.octets == x + y
    certificate.verify(algorithms.GOST_2015_512, digest, bytes.fromhex(vector["sig"]))
    certificate.verify_issued_by(certificate)


def test_s03_the_digest_is_read_little_endian(vectors: Path) -> None:
    found = gost_signatures(vectors)
    assert {curve.octets for curve, *_ in found} == {32, 64}
    for curve, key, digest, evidence in found:
        assert holds(curve, key, digest, evidence.stamped)
        assert not holds(curve, key, digest[::-1], evidence.stamped)


def test_s04_r_comes_before_s_and_both_are_little_endian(vectors: Path) -> None:
    for curve, key, digest, evidence in gost_signatures(vectors):
        made = evidence.stamped
        for wrong in (swapped(made), reversed_halves(made), swapped(reversed_halves(made))):
            assert not holds(curve, key, digest, wrong)


def is_point(curve: Curve, octets: bytes) -> bool:
    """Whether X and Y, little-endian, are on the curve, by the letter of its equation."""
    x, y = (int.from_bytes(half, "little") for half in (octets[: curve.octets], octets[curve.octets :]))
    return (y * y - x * x * x - curve.a * x - curve.b) % curve.p == 0


def test_s05_a_public_key_is_x_then_y_little_endian(vectors: Path) -> None:
    count = 0
    for certificate in published.authorities(vectors).values():
        key = certificate.public_key
        curve = CURVES.get(key.key_type.family)
        if curve is not None:
            assert is_point(curve, key.octets)
            for wrong in (swapped(key.octets), reversed_halves(key.octets)):
                assert not is_point(curve, wrong)
                with pytest.raises(ValueError, match="point"):
                    signature.verify(curve, wrong, bytes(curve.octets), bytes(2 * curve.octets))
            count += 1
    assert count >= 10


@pytest.mark.own_sample
@pytest.mark.parametrize("family", ["gost2015", "gost2004"])
def test_s03_to_s05_hold_for_our_own_signatures(family: str) -> None:
    person = chains.person(family)
    curve, key = CURVES[person.algorithm.family], person.certificate.public_key.octets
    digest = person.algorithm.digest(b"act")
    made = person.sign_digest(digest)
    assert holds(curve, key, digest, made)
    assert not holds(curve, key, digest[::-1], made)
    assert not any(holds(curve, key, digest, wrong) for wrong in (swapped(made), reversed_halves(made)))
    assert is_point(curve, key)
    assert not is_point(curve, swapped(key))
    assert not is_point(curve, reversed_halves(key))
