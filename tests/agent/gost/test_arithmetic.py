"""The C field and scalar arithmetic against Python's integers, at the edges where carries meet and at random."""

import ctypes
import itertools
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from agent.gost import curves

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
BOTH = pytest.mark.parametrize("curve", curves.BY_OCTETS.values(), ids=lambda curve: str(8 * curve.octets))


class Arithmetic:
    def __init__(self, library: ctypes.CDLL, curve: curves.Curve) -> None:
        self._library, self._size, self._name = library, curve.octets, f"gost{8 * curve.octets}"

    def __call__(self, operation: str, a: int, b: int = 0, words: int = 1) -> int:
        result = ctypes.create_string_buffer(self._size)
        function = getattr(self._library, f"t_{self._name}_{operation}")
        function(result, a.to_bytes(words * self._size, "little"), b.to_bytes(self._size, "little"))
        return int.from_bytes(result.raw, "little")


@pytest.fixture(scope="module", params=["-O3", "-O1"])
def library(request, tmp_path_factory):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs tool: C compiler")
    target = tmp_path_factory.mktemp("arithmetic") / "arithmetic.so"
    command = [compiler, "-std=gnu11", request.param, "-fPIC", "-shared", HERE / "arithmetic.c", "-o", target]
    subprocess.run(command, check=True, timeout=120)
    loaded = ctypes.CDLL(str(target))
    loaded.curves_prepare()
    return loaded


def edges(curve: curves.Curve) -> list[int]:
    top = 1 << (8 * curve.octets)
    short = top - curve.p
    return [
        0, 1, 2, short - 1, short, short + 1, 2 * short, curve.p - 2, curve.p - 1, curve.p, curve.p + 1,
        curve.q - 1, curve.q, top - 1, top - 2, top - short, top // 2, (1 << 64) - 1, top - (1 << 64),
        top - (1 << 64) + short - 1,
    ]  # fmt: skip


def pairs(curve: curves.Curve) -> list[tuple[int, int]]:
    source, top = random.Random(37), 1 << (8 * curve.octets)
    at_random = [(source.randrange(top), source.randrange(top)) for _ in range(500)]
    mixed = [(edge, source.randrange(top)) for edge in edges(curve) for _ in range(5)]
    return [*itertools.product(edges(curve), repeat=2), *at_random, *mixed]


@BOTH
def test_field_arithmetic_is_that_of_integers_modulo_p(library, curve) -> None:
    """Results may stay unreduced below 2^n; `canonical` brings them below p."""
    ours, p = Arithmetic(library, curve), curve.p
    for a, b in pairs(curve):
        assert ours("add", a, b) % p == (a + b) % p
        assert ours("sub", a, b) % p == (a - b) % p
        assert ours("mul", a, b) % p == a * b % p
        assert ours("square", a) % p == a * a % p
        assert ours("mul_b", a) % p == a * curve.b % p
        assert ours("canonical", a) == a % p
        assert ours("reduce", a | b << (8 * curve.octets), words=2) % p == (a + (b << (8 * curve.octets))) % p


@BOTH
def test_scalar_arithmetic_is_that_of_integers_modulo_q(library, curve) -> None:
    ours, q = Arithmetic(library, curve), curve.q
    for a, b in pairs(curve):
        assert ours("scalar_mul", a % q, b % q) == a * b % q
        assert ours("scalar_add", a % q, b % q) == (a + b) % q


@BOTH
def test_inverses_are_inverses(library, curve) -> None:
    ours, source = Arithmetic(library, curve), random.Random(38)
    for a in [*edges(curve), *(source.randrange(1, curve.p) for _ in range(20))]:
        if a % curve.p:
            assert ours("invert", a) % curve.p == pow(a, -1, curve.p)
        if a % curve.q:
            assert ours("scalar_invert", a % curve.q) == pow(a, -1, curve.q)
