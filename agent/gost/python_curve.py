"""GOST 34.10 points and signatures in plain Python, in the interface of the C extension.

Not constant-time: Python's integers take the time their values need. The scalar is blinded (k becomes k + t q with 64
fresh random bits in t), so that time tells mostly of the mask; measured, most of the leak is gone and some is not.
Who shares a machine with people he does not trust needs the C extension.

Every number crosses the border as little-endian octets of the curve's length.
"""

import functools
from collections.abc import Sequence

from agent.gost import curves, nonce
from agent.gost.curves import Curve

_BLINDING_BITS = 64
_COMB_WIDTH = 6
_NAF_WIDTH = 5

_Affine = tuple[int, int]
_Jacobian = tuple[int, int, int]  # X, Y, Z stand for (X / Z^2, Y / Z^3); the neutral element is None


def public_key(octets: int, private_key: bytes | bytearray) -> bytes:
    """X || Y of the key's point. Raises ValueError for a key that is zero or not below the order."""
    curve = _curve(octets)
    d = _scalar(curve, private_key)
    if not 0 < d < curve.q:
        raise ValueError("private key is out of range")
    x, y = _affine(curve, _base_times_secret(curve, d))
    return x.to_bytes(octets, "little") + y.to_bytes(octets, "little")


def sign(octets: int, private_key: bytes | bytearray, candidate: bytes, digest: bytes) -> bytes | None:
    """r || s with the given nonce, or None when this nonce will not do (out of range; r or s would be zero)."""
    curve = _curve(octets)
    d, k = _scalar(curve, private_key), _scalar(curve, candidate)
    if not 0 < d < curve.q:
        raise ValueError("private key is out of range")
    if not 0 < k < curve.q:
        return None
    e = _scalar(curve, digest) % curve.q or 1
    x, _ = _affine(curve, _base_times_secret(curve, k))
    r = x % curve.q
    s = (r * d + k * e) % curve.q
    if not (r and s):
        return None
    return r.to_bytes(octets, "little") + s.to_bytes(octets, "little")


def verify(octets: int, public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's. Raises ValueError when the key is not a point of the curve."""
    curve = _curve(octets)
    point = _point(curve, public)
    r, s = _scalar(curve, signature[:octets]), _scalar(curve, signature[octets:])
    if not (0 < r < curve.q and 0 < s < curve.q):
        return False
    e = _scalar(curve, digest) % curve.q or 1
    v = pow(e, -1, curve.q)
    total = _base_and_point(curve, s * v % curve.q, -r * v % curve.q, point)
    return total is not None and _affine(curve, total)[0] % curve.q == r


def _curve(octets: int) -> Curve:
    try:
        return curves.BY_OCTETS[octets]
    except KeyError:
        raise ValueError(f"no curve of {octets} octets") from None


def _scalar(curve: Curve, octets: bytes | bytearray) -> int:
    if len(octets) != curve.octets:
        raise ValueError(f"number of {len(octets)} octets, {curve.octets} expected")
    return int.from_bytes(octets, "little")


def _point(curve: Curve, octets: bytes) -> _Affine:
    x, y = _scalar(curve, octets[: curve.octets]), _scalar(curve, octets[curve.octets :])
    if not (x < curve.p and y < curve.p and (y * y - (x * x + curve.a) * x - curve.b) % curve.p == 0):
        raise ValueError("public key is not a point of the curve")
    return x, y


# --- points: Jacobian coordinates, a = -3 (Cohen, Miyaji, Ono 1998; doubling by Bernstein, 2001) -----------------


def _doubled(curve: Curve, point: _Jacobian | None) -> _Jacobian | None:
    if point is None:
        return None
    x, y, z = point
    p = curve.p
    delta = z * z % p
    gamma = y * y % p
    beta = x * gamma % p
    alpha = 3 * (x - delta) * (x + delta) % p
    x3 = (alpha * alpha - 8 * beta) % p
    z3 = ((y + z) ** 2 - gamma - delta) % p
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % p, z3


def _sum(curve: Curve, point: _Jacobian | None, other: _Affine) -> _Jacobian | None:
    x2, y2 = other
    if point is None:
        return x2, y2, 1
    x, y, z = point
    p = curve.p
    zz = z * z % p
    h = (x2 * zz - x) % p
    r = (y2 * z * zz - y) % p
    if h == 0:
        return _doubled(curve, point) if r == 0 else None
    hh = h * h % p
    hhh = h * hh % p
    v = x * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - y * hhh) % p, z * h % p


def _affine(curve: Curve, point: _Jacobian | None) -> _Affine:
    assert point is not None, "the neutral element has no coordinates"
    (result,) = _all_affine(curve, [point])
    return result


def _all_affine(curve: Curve, points: Sequence[_Jacobian]) -> list[_Affine]:
    """The points' plain coordinates with a single inversion (Montgomery's trick)."""
    p = curve.p
    products = [1]
    for _, _, z in points:
        products.append(products[-1] * z % p)
    inverse = pow(products[-1], -1, p)
    result = []
    for (x, y, z), before in zip(reversed(points), reversed(products[:-1]), strict=True):
        own = inverse * before % p
        inverse = inverse * z % p
        square = own * own % p
        result.append((x * square % p, y * square * own % p))
    return result[::-1]


def _multiples(curve: Curve, first: _Affine, step: _Affine, count: int) -> list[_Affine]:
    """first, first + step, first + 2 step, ..., for points where none of these is neutral."""
    points: list[_Jacobian] = [(*first, 1)]
    while len(points) < count:
        following = _sum(curve, points[-1], step)
        assert following is not None, "a small multiple of a point of prime order is not neutral"
        points.append(following)
    return _all_affine(curve, points)


# --- multiples of the base point and of others ------------------------------------------------------------------


@functools.cache
def _comb(curve: Curve) -> list[list[_Affine]]:
    """Row j holds 1, 2, ..., 2^w - 1 times 2^(w j) G; made at the first use (0.1 s for the long curve)."""
    rows = []
    point = (curve.gx, curve.gy)
    for _ in range(-(-(8 * curve.octets + _BLINDING_BITS) // _COMB_WIDTH)):
        row = _multiples(curve, point, point, 1 << _COMB_WIDTH)
        point = row.pop()
        rows.append(row)
    return rows


def _base_times(curve: Curve, k: int) -> _Jacobian | None:
    total = None
    for row in _comb(curve):
        digit = k & ((1 << _COMB_WIDTH) - 1)
        if digit:
            total = _sum(curve, total, row[digit - 1])
        k >>= _COMB_WIDTH
    return total


def _base_times_secret(curve: Curve, k: int) -> _Jacobian | None:
    """k G by way of k + t q: t is fresh and of fixed length, and q G is neutral."""
    t = int.from_bytes(nonce.fresh(_BLINDING_BITS // 8), "little") | 1 << (_BLINDING_BITS - 1)
    return _base_times(curve, k + t * curve.q)


def _base_and_point(curve: Curve, u: int, v: int, point: _Affine) -> _Jacobian | None:
    """u G + v point, for public numbers."""
    odd = _multiples(curve, point, _affine(curve, _doubled(curve, (*point, 1))), 1 << (_NAF_WIDTH - 2))
    total: _Jacobian | None = None
    for digit in reversed(_signed_digits(v)):
        total = _doubled(curve, total)
        if digit > 0:
            total = _sum(curve, total, odd[digit >> 1])
        elif digit < 0:
            x, y = odd[-digit >> 1]
            total = _sum(curve, total, (x, curve.p - y))
    base = _base_times(curve, u)
    return total if base is None else _sum(curve, total, _affine(curve, base))


def _signed_digits(k: int) -> list[int]:
    """The non-adjacent form of width 5: odd digits between -15 and 15, at least four zeros between two of them."""
    digits = []
    while k:
        digit = 0
        if k & 1:
            digit = k & ((1 << _NAF_WIDTH) - 1)
            if digit >> (_NAF_WIDTH - 1):
                digit -= 1 << _NAF_WIDTH
            k -= digit
        digits.append(digit)
        k >>= 1
    return digits
