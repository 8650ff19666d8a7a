import itertools

import pytest

from agent.gost import curves, nonce, python_curve
from tests.support.plain_gost import PlainCurve

BOTH = pytest.mark.parametrize("curve", curves.BY_OCTETS.values(), ids=lambda curve: str(8 * curve.octets))


def plain(curve: curves.Curve) -> PlainCurve:
    return PlainCurve(curve.p, curve.a, curve.b, curve.q, (curve.gx, curve.gy))


@BOTH
def test_the_scalar_is_blinded_and_the_product_is_the_same(curve, monkeypatch) -> None:
    """What the comb is given is k + t q with the top bit of t set, another one each time."""
    given = []
    base_times = python_curve._base_times

    def watched(on: curves.Curve, k: int):
        given.append(k)
        return base_times(on, k)

    monkeypatch.setattr(python_curve, "_base_times", watched)
    private_key = (12345).to_bytes(curve.octets, "little")
    one, other = (python_curve.public_key(curve.octets, private_key) for _ in range(2))
    assert one == other
    assert given[0] != given[1]
    for k in given:
        assert k % curve.q == 12345
        assert (k // curve.q).bit_length() == 64


@BOTH
@pytest.mark.parametrize("mask", [bytes(8), b"\xff" * 8])
def test_every_mask_gives_the_same_product(curve, mask, monkeypatch) -> None:
    monkeypatch.setattr(nonce, "fresh", lambda octets: mask[:octets])
    k = curve.q - 1
    point = python_curve._affine(curve, python_curve._base_times_secret(curve, k))
    assert point == (curve.gx, curve.p - curve.gy)


@BOTH
def test_sums_meet_their_special_cases_rightly(curve) -> None:
    """Doubling by way of addition, a point and its opposite, the neutral element."""
    base = (curve.gx, curve.gy)
    opposite = (curve.gx, curve.p - curve.gy)
    twice = python_curve._sum(curve, (*base, 1), base)
    assert python_curve._affine(curve, twice) == plain(curve).times(2, base)
    assert python_curve._sum(curve, (*base, 1), opposite) is None
    assert python_curve._sum(curve, None, base) == (*base, 1)
    assert python_curve._doubled(curve, None) is None
    assert python_curve._base_times(curve, 0) is None


@BOTH
@pytest.mark.parametrize(("u", "v"), [(0, 1), (1, 0), (1, 1), (5, 77), (3, -3), (-1, 2)])
def test_two_multiples_are_added(curve, u, v) -> None:
    """With the base point as the other point, so that the sums meet equal and opposite points."""
    base, q = (curve.gx, curve.gy), curve.q
    total = python_curve._base_and_point(curve, u % q, v % q, base)
    expected = plain(curve).times((u + v) % q, base) if (u + v) % q else None
    assert (None if total is None else python_curve._affine(curve, total)) == expected


def test_signed_digits_add_up_and_keep_their_distance() -> None:
    for k in (0, 1, 15, 16, 17, 31, 12345678901234567890, curves.CRYPTO_PRO_A.q - 1):
        digits = python_curve._signed_digits(k)
        assert sum(digit << place for place, digit in enumerate(digits)) == k
        places = [place for place, digit in enumerate(digits) if digit]
        assert all(abs(digits[place]) < 16 and digits[place] % 2 for place in places)
        assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(places))
