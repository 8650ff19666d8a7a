import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gost import backend, curves, nonce, signature
from agent.gost.curves import CRYPTO_PRO_A, PARAM_SET_A_512
from tests.support.plain_gost import PlainCurve

CURVES = [PARAM_SET_A_512, CRYPTO_PRO_A]
BOTH = pytest.mark.parametrize("curve", CURVES, ids=lambda curve: str(8 * curve.octets))

# Made by tests.support.plain_gost, which gives the example of RFC 7091 (test_plain_gost_is_the_standard), with d, k, e of
# the octets below; libgcrypt and nettle verify them (test_oracles.py).
KNOWN = {
    64: (
        "5c9e539e725e63f4e8d07a1f322a8a0a5b20ecbfc23d9368e57ba72a038d7e70"
        "181a2f6d57847918e0cb47e45c5daf1bd22d32dbcc6687435511b02befd6bcf0"
        "ef23394f2369f808eb30480e3bd1fd8c5899da704cc0626d5eaf0f30df72981b"
        "784ce36ea051b6ac44ab41b1100394f7c360e1a683cc7de87c832251d8d84a5a"
    ),
    32: (
        "b2726a97feace785d47f30ec49f4c3f94337a9338bb77ab6ebf5a4af3d8915b6"
        "fed5167b09fbd662c6168e45173c2f8990a9b3d922f8fe4bd4356f09a5ee81a2"
    ),
}


def known_numbers(size: int) -> tuple[bytes, bytes, bytes]:
    """Private key, nonce and digest of the known answers."""
    private_key = bytearray((3 * i + 1) & 255 for i in range(size))
    candidate = bytearray((5 * i + 2) & 255 for i in range(size))
    for number in (private_key, candidate):
        number[-1] &= 127
        number[31] &= 127
    return bytes(private_key), bytes(candidate), bytes((7 * i) & 255 for i in range(size))


def plain(curve: curves.Curve) -> PlainCurve:
    return PlainCurve(curve.p, curve.a, curve.b, curve.q, (curve.gx, curve.gy))


def number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")


def flipped(octets: bytes, bit: int) -> bytes:
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def test_plain_gost_is_the_standard() -> None:
    """RFC 7091 section 7.1, with all its numbers."""
    example = PlainCurve(
        p=0x8000000000000000000000000000000000000000000000000000000000000431,
        a=7,
        b=0x5FBFF498AA938CE739B8E022FBAFEF40563F6E6A3472FC2A514C0CE9DAE23B7E,
        q=0x8000000000000000000000000000000150FE8A1892976154C59CFC193ACCF5B3,
        base=(2, 0x8E2A8A0E65147D4BD6316030E16D19C85C97F0A9CA267122B96ABBCEA7E8FC8),
    )
    d = 0x7A929ADE789BB9BE10ED359DD39A72C11B60961F49397EEE1D19CE9891EC3B28
    e = 0x2DFBC1B372D89A1188C09C52E0EEC61FCE52032AB1022E8E67ECE6672B043EE5
    k = 0x77105C9B20BCD3122823C8CF6FCC7B956DE33814E95B7FE64FED924594DCEAB3
    public = (
        0x7F2B49E270DB6D90D8595BEC458B50C58585BA1D4E9B788F6689DBD8E56FD80B,
        0x26F1B489D6701DD185C8413A977B3CBBAF64D1C593D26627DFFB101A87FF77DA,
    )
    r = 0x41AA28D2F1AB148280CD9ED56FEDA41974053554A42767B83AD043FD39DC0493
    s = 0x1456C64BA4642A1653C235A98A60249BCD6D3F746B631DF928014F6C5BF9C40
    assert example.contains(example.base)
    assert example.times(d, example.base) == public
    assert example.sign(d, k, e) == (r, s)
    assert example.verify(public, e, r, s)


@BOTH
def test_known_answers_come_out(implementation, curve) -> None:
    private_key, candidate, digest = known_numbers(curve.octets)
    made = implementation.sign(curve.octets, private_key, candidate, digest)
    assert made.hex() == KNOWN[curve.octets]
    r, s = plain(curve).sign(number(private_key), number(candidate), number(digest))
    assert made == r.to_bytes(curve.octets, "little") + s.to_bytes(curve.octets, "little")
    public = signature.public_key(curve, private_key)
    assert (number(public[: curve.octets]), number(public[curve.octets :])) == plain(curve).times(
        number(private_key), (curve.gx, curve.gy)
    )
    signature.verify(curve, public, digest, made)


@BOTH
@pytest.mark.parametrize("offset", [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, -1, -2])
def test_scalars_at_the_edges_give_right_signatures(implementation, curve, offset) -> None:
    """Small and large scalars walk through the corners of the window digits."""
    scalar = (offset % curve.q).to_bytes(curve.octets, "little")
    digest = (offset * 3 % curve.q).to_bytes(curve.octets, "little")
    made = implementation.sign(curve.octets, scalar, scalar, digest)
    r, s = plain(curve).sign(offset % curve.q, offset % curve.q, number(digest))
    if s == 0:  # s = k (r + e) happens to vanish: such a nonce is refused
        assert made is None
    else:
        assert made == r.to_bytes(curve.octets, "little") + s.to_bytes(curve.octets, "little")
        signature.verify(curve, signature.public_key(curve, scalar), digest, made)


@BOTH
def test_a_signature_verifies_and_two_of_the_same_digest_differ(implementation, curve) -> None:
    private_key = signature.generate(curve)
    public = signature.public_key(curve, private_key)
    digest = b"\x5a" * curve.octets
    one, other = (signature.sign(curve, private_key, digest) for _ in range(2))
    signature.verify(curve, public, digest, one)
    signature.verify(curve, public, digest, other)
    assert one != other


@BOTH
def test_given_randomness_makes_the_signature_repeatable_in_both_implementations(
    implementation, curve
) -> None:
    private_key, _, digest = known_numbers(curve.octets)
    made = signature.sign(curve, private_key, digest, randomness=b"")
    candidate = next(nonce.candidates(private_key, digest, curve.q, b""))
    r, s = plain(curve).sign(number(private_key), number(candidate), number(digest))
    assert made == r.to_bytes(curve.octets, "little") + s.to_bytes(curve.octets, "little")
    assert signature.sign(curve, bytearray(private_key), digest, randomness=b"") == made
    assert signature.sign(curve, private_key, digest, randomness=b"\1" * 32) != made


@BOTH
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_flipped_bit_never_verifies(curve, data) -> None:
    private_key, _, digest = known_numbers(curve.octets)
    public = signature.public_key(curve, private_key)
    made = signature.sign(curve, private_key, digest)
    bit = data.draw(st.integers(0, 16 * curve.octets - 1), label="bit")
    with pytest.raises(signature.BadSignature):
        signature.verify(curve, public, digest, flipped(made, bit))
    with pytest.raises(signature.BadSignature):
        signature.verify(curve, public, flipped(digest, bit % (8 * curve.octets)), made)
    with pytest.raises(ValueError, match="not a point of the curve"):
        signature.verify(curve, flipped(public, bit), digest, made)


@BOTH
def test_every_flipped_octet_fails_in_both_implementations(implementation, curve) -> None:
    private_key, candidate, digest = known_numbers(curve.octets)
    public = signature.public_key(curve, private_key)
    made = implementation.sign(curve.octets, private_key, candidate, digest)
    for octet in range(0, 2 * curve.octets, 9):
        with pytest.raises(signature.BadSignature):
            signature.verify(curve, public, digest, flipped(made, 8 * octet + octet % 8))


@BOTH
def test_another_key_or_another_order_of_octets_does_not_verify(implementation, curve) -> None:
    """Statements 3 and 4 of formats.md: e, r, s are little-endian, r comes first."""
    private_key, _, digest = known_numbers(curve.octets)
    half = curve.octets
    public = signature.public_key(curve, private_key)
    made = signature.sign(curve, private_key, digest)
    stranger = signature.public_key(curve, signature.generate(curve))
    wrong = [
        (stranger, digest, made),
        (public, digest[::-1], made),
        (public, digest, made[half:] + made[:half]),
        (public, digest, made[:half][::-1] + made[half:][::-1]),
        (public, digest, made[::-1]),
    ]
    for key, octets, signed in wrong:
        with pytest.raises(signature.BadSignature):
            signature.verify(curve, key, octets, signed)


@BOTH
def test_a_digest_of_zero_counts_as_one_and_a_large_one_modulo_q(implementation, curve) -> None:
    private_key, candidate, _ = known_numbers(curve.octets)
    one = (1).to_bytes(curve.octets, "little")
    for same in (
        bytes(curve.octets),
        curve.q.to_bytes(curve.octets, "little"),
        (curve.q + 1).to_bytes(curve.octets, "little"),
    ):
        assert implementation.sign(curve.octets, private_key, candidate, same) == implementation.sign(
            curve.octets, private_key, candidate, one
        )
        made = signature.sign(curve, private_key, same)
        signature.verify(curve, signature.public_key(curve, private_key), one, made)


@BOTH
@pytest.mark.parametrize("place", ["r", "s"])
def test_halves_of_a_signature_outside_the_order_do_not_verify(implementation, curve, place) -> None:
    """Adding q to r or s keeps the equation and must not give a second signature."""
    private_key, _, digest = known_numbers(curve.octets)
    public = signature.public_key(curve, private_key)
    top = 1 << (8 * curve.octets)
    made = signature.sign(curve, private_key, digest)
    r, s = number(made[: curve.octets]), number(made[curve.octets :])
    for value in (0, curve.q, top - 1, ((r if place == "r" else s) + curve.q) % top):
        pair = (value, s) if place == "r" else (r, value)
        octets = b"".join(half.to_bytes(curve.octets, "little") for half in pair)
        with pytest.raises(signature.BadSignature):
            signature.verify(curve, public, digest, octets)


@BOTH
def test_private_keys_out_of_range_are_refused(implementation, curve) -> None:
    digest = b"\1" * curve.octets
    for value in (0, curve.q, curve.q + 1, (1 << (8 * curve.octets)) - 1):
        octets = value.to_bytes(curve.octets, "little")
        with pytest.raises(ValueError, match="private key is out of range"):
            signature.public_key(curve, octets)
        with pytest.raises(ValueError, match="private key is out of range"):
            signature.sign(curve, octets, digest)
        with pytest.raises(ValueError, match="private key is out of range"):
            implementation.sign(curve.octets, octets, digest, digest)


@BOTH
def test_a_nonce_out_of_range_is_passed_over(implementation, curve, monkeypatch) -> None:
    private_key, candidate, digest = known_numbers(curve.octets)
    unusable = [value.to_bytes(curve.octets, "little") for value in (0, curve.q, curve.q + 5)]
    for octets in unusable:
        assert implementation.sign(curve.octets, private_key, octets, digest) is None
    monkeypatch.setattr(nonce, "candidates", lambda *_: iter([*unusable, candidate]))
    assert signature.sign(curve, private_key, digest).hex() == KNOWN[curve.octets]


@BOTH
def test_a_nonce_that_makes_s_vanish_is_passed_over(implementation, curve) -> None:
    """s = r d + k e is zero for d = -k e / r."""
    _, candidate, digest = known_numbers(curve.octets)
    k, e = number(candidate), number(digest) % curve.q
    r, _ = plain(curve).sign(1, k, e)
    d = -k * e * pow(r, -1, curve.q) % curve.q
    assert implementation.sign(curve.octets, d.to_bytes(curve.octets, "little"), candidate, digest) is None


@BOTH
def test_points_off_the_curve_are_refused(implementation, curve) -> None:
    """Statement 5 of formats.md, too: the coordinates swapped or turned are no point."""
    size = curve.octets
    public = signature.public_key(curve, known_numbers(size)[0])
    digest = b"\1" * size
    beyond = (curve.gx + curve.p).to_bytes(size, "little") + curve.gy.to_bytes(size, "little")
    turned = public[:size][::-1] + public[size:][::-1]
    for octets in (bytes(2 * size), b"\1" * (2 * size), public[size:] + public[:size], turned, beyond):
        with pytest.raises(ValueError, match="not a point of the curve"):
            signature.verify(curve, octets, digest, bytes(2 * size))


@BOTH
def test_wrong_lengths_are_told_apart(implementation, curve) -> None:
    size = curve.octets
    private_key, _, digest = known_numbers(size)
    public = signature.public_key(curve, private_key)
    made = signature.sign(curve, private_key, digest)
    with pytest.raises(ValueError, match=f"private key is {size - 1} octets, {size} expected"):
        signature.sign(curve, private_key[1:], digest)
    with pytest.raises(ValueError, match=f"digest is {size + 1} octets, {size} expected"):
        signature.sign(curve, private_key, digest + b"0")
    with pytest.raises(ValueError, match=f"public key is {2 * size - 1} octets, {2 * size} expected"):
        signature.verify(curve, public[1:], digest, made)
    with pytest.raises(ValueError, match="digest is 0 octets"):
        signature.verify(curve, public, b"", made)
    with pytest.raises(signature.BadSignature, match=f"signature is {2 * size - 1} octets"):
        signature.verify(curve, public, digest, made[1:])


def test_the_implementations_check_lengths_themselves(implementation) -> None:
    with pytest.raises(ValueError, match="no curve of 48 octets"):
        implementation.public_key(48, bytes(48))
    with pytest.raises(ValueError, match="expected"):
        implementation.public_key(64, bytes(32))
    with pytest.raises(ValueError, match="expected"):
        implementation.sign(32, b"\1" * 32, b"\1" * 31, b"\1" * 32)
    with pytest.raises(ValueError, match="expected"):
        implementation.sign(32, b"\1" * 32, b"\1" * 32, b"\1" * 33)
    key = implementation.public_key(32, b"\1" * 32)
    with pytest.raises(ValueError, match="expected"):
        implementation.verify(32, key[:-1], b"\1" * 32, b"\1" * 64)
    with pytest.raises(ValueError, match="expected"):
        implementation.verify(32, key, b"\1" * 31, b"\1" * 64)
    with pytest.raises(ValueError, match="expected"):
        implementation.verify(32, key, b"\1" * 32, b"\1" * 65)


def test_a_faulty_signature_never_leaves(monkeypatch) -> None:
    """A computation that was disturbed would tell the key: sign so that s is off by one bit."""
    honest = backend.implementation

    class Disturbed:
        public_key = staticmethod(honest.public_key)
        verify = staticmethod(honest.verify)

        @staticmethod
        def sign(*arguments: object) -> bytes:
            made = honest.sign(*arguments)
            assert made is not None
            return flipped(made, 3)

    monkeypatch.setattr(backend, "implementation", Disturbed)
    with pytest.raises(signature.FaultySignature):
        signature.sign(CRYPTO_PRO_A, known_numbers(32)[0], b"\1" * 32)


@BOTH
def test_generated_keys_are_in_range_and_can_be_wiped(implementation, curve, monkeypatch) -> None:
    drawn = iter([bytes(curve.octets), curve.q.to_bytes(curve.octets, "little"), b"\1" * curve.octets])
    monkeypatch.setattr(nonce, "fresh", lambda _octets: next(drawn))
    private_key = signature.generate(curve)
    assert isinstance(private_key, bytearray)
    assert private_key == b"\1" * curve.octets


def test_the_published_test_key_signs_and_verifies(implementation, vectors) -> None:
    """Statement 2 of formats.md: digest, point and signature of a genuine client agree with ours."""
    text = (vectors / "raw" / "fedor35_test_gost512.vectors").read_text(encoding="utf-8")
    published = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    hashed = implementation.new("streebog512", published["msg"].encode()).digest()
    assert hashed.hex() == published["digest"]
    private_key = bytes.fromhex(published["d"])[::-1]
    public = signature.public_key(PARAM_SET_A_512, private_key)
    assert public[:64][::-1].hex() == published["qx"]
    assert public[64:][::-1].hex() == published["qy"]
    signature.verify(PARAM_SET_A_512, public, hashed, bytes.fromhex(published["sig"]))
    with pytest.raises(signature.BadSignature):
        signature.verify(PARAM_SET_A_512, public, hashed[::-1], bytes.fromhex(published["sig"]))
    certificate = (vectors / "raw" / "fedor35_test_gost512.cer").read_bytes()
    assert public in certificate
