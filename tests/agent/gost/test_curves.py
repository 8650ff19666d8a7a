import pytest

from agent.gost import curves
from tests.support.plain_gost import PlainCurve

BOTH = pytest.mark.parametrize("curve", curves.BY_OCTETS.values(), ids=lambda curve: str(8 * curve.octets))


@BOTH
def test_the_base_point_is_on_the_curve_and_of_order_q(curve) -> None:
    plain = PlainCurve(curve.p, curve.a, curve.b, curve.q, (curve.gx, curve.gy))
    assert plain.contains(plain.base)
    assert plain.times(curve.q, plain.base) is None
    assert (
        pow(2, curve.q - 1, curve.q) == 1
    )  # so the order is q itself: q is prime (RFC 7836), this is its Fermat test


@BOTH
def test_what_the_code_relies_on_holds(curve) -> None:
    """a = -3; numbers fill their octets; one subtraction of q reduces a digest; the order is the number of points."""
    assert curve.a == curve.p - 3
    assert curve.p.bit_length() == curve.q.bit_length() == 8 * curve.octets
    assert 1 << (8 * curve.octets) < 2 * curve.q
    assert (curve.p + 1 - curve.q) ** 2 <= 4 * curve.p  # Hasse: one such number only, so the cofactor is 1


def test_curves_are_found_by_their_length() -> None:
    assert curves.BY_OCTETS == {64: curves.PARAM_SET_A_512, 32: curves.CRYPTO_PRO_A}
