"""GOST 34.10 by the letter of RFC 7091: affine points, double and add, any curve. Slow, and shares no code with ours.

It stands between the standard's own example, which is on a curve that nobody uses, and the known answers on ours.
"""

import dataclasses

Point = tuple[int, int] | None


@dataclasses.dataclass(frozen=True)
class PlainCurve:
    p: int
    a: int
    b: int
    q: int
    base: tuple[int, int]

    def contains(self, point: tuple[int, int]) -> bool:
        x, y = point
        return (y * y - x * x * x - self.a * x - self.b) % self.p == 0

    def sum(self, one: Point, other: Point) -> Point:
        if one is None:
            return other
        if other is None:
            return one
        (x1, y1), (x2, y2) = one, other
        if x1 == x2 and (y1 + y2) % self.p == 0:
            return None
        if one == other:
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, k: int, point: Point) -> Point:
        total = None
        for bit in f"{k:b}":
            total = self.sum(total, total)
            if bit == "1":
                total = self.sum(total, point)
        return total

    def sign(self, d: int, k: int, e: int) -> tuple[int, int]:
        product = self.times(k, self.base)
        assert product is not None
        r = product[0] % self.q
        return r, (r * d + k * (e % self.q or 1)) % self.q

    def verify(self, public: tuple[int, int], e: int, r: int, s: int) -> bool:
        v = pow(e % self.q or 1, -1, self.q)
        total = self.sum(self.times(s * v % self.q, self.base), self.times(-r * v % self.q, public))
        return total is not None and total[0] % self.q == r
