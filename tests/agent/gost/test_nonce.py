import hashlib
import hmac
import itertools

from agent.gost import nonce
from agent.gost.curves import CRYPTO_PRO_A, PARAM_SET_A_512

# RFC 6979 appendix A.2.5 (P-256, message "sample", SHA-512): the generator does not care for the curve, only for q.
P256_Q = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
P256_NONCE = 0x5FA81C63109BADB88C1F367B47DA606DA28CAD69AA22C4FE6AD7DF73A7173AA5


def test_without_randomness_it_is_the_generator_of_rfc_6979() -> None:
    digest = hashlib.sha512(b"sample").digest()[:32][::-1]
    candidate = next(nonce.candidates(P256_KEY.to_bytes(32, "little"), digest, P256_Q, b""))
    assert int.from_bytes(candidate, "little") == P256_NONCE


def test_randomness_is_appended_to_the_seed_as_rfc_6979_section_3_6_says() -> None:
    """The generator written out once more, for the first candidate, on the long curve."""
    q, private_key, randomness = PARAM_SET_A_512.q, b"\x11" * 64, b"\x22" * 32
    digest = b"\xff" * 64  # above q, so it has to be reduced
    seed = private_key[::-1] + (int.from_bytes(digest, "little") % q).to_bytes(64, "big") + randomness
    key, value = bytes(64), b"\1" * 64
    key = hmac.digest(key, value + b"\0" + seed, "sha512")
    value = hmac.digest(key, value, "sha512")
    key = hmac.digest(key, value + b"\1" + seed, "sha512")
    value = hmac.digest(key, value, "sha512")
    value = hmac.digest(key, value, "sha512")
    assert next(nonce.candidates(private_key, digest, q, randomness)) == value[::-1]


def test_key_digest_and_randomness_all_change_the_nonce() -> None:
    variants = itertools.product(
        (b"\1" * 32, b"\2" * 32), (b"\3" * 32, b"\4" * 32), (b"", b"\5" * 32, b"\6" * 32)
    )
    nonces = {next(nonce.candidates(*variant[:2], CRYPTO_PRO_A.q, variant[2])) for variant in variants}
    assert len(nonces) == 12


def test_candidates_differ_one_from_the_next() -> None:
    drawn = list(itertools.islice(nonce.candidates(b"\1" * 32, b"\2" * 32, CRYPTO_PRO_A.q, b""), 5))
    assert len(set(drawn)) == 5
    assert all(len(candidate) == 32 for candidate in drawn)


def test_the_private_key_of_the_caller_is_left_as_it_is() -> None:
    private_key = bytearray(range(1, 33))
    next(nonce.candidates(private_key, b"\2" * 32, CRYPTO_PRO_A.q, b""))
    assert private_key == bytes(range(1, 33))


def test_fresh_octets_differ() -> None:
    assert len(nonce.fresh(32)) == 32
    assert nonce.fresh(32) != nonce.fresh(32)
