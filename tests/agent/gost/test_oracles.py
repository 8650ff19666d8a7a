"""Other people's code agrees with ours: libgcrypt and nettle as Debian has them, gost-engine where OpenSSL finds it."""

import random

import pytest

from agent.gost import curves, signature
from tests.support import gost_oracles
from tests.support.gost_oracles import GostEngine, Libgcrypt, Nettle, Unavailable

BOTH = pytest.mark.parametrize("curve", curves.BY_OCTETS.values(), ids=lambda curve: str(8 * curve.octets))


@pytest.fixture(params=[Libgcrypt, Nettle], ids=lambda library: library.name)
def library(request):
    try:
        return request.param()
    except Unavailable as error:
        pytest.skip(f"needs tool: {request.param.name} ({error})")


@pytest.fixture
def engine():
    try:
        return GostEngine()
    except Unavailable as error:
        pytest.skip(f"no gost-engine here ({error}): a second opinion less, libgcrypt and nettle give theirs")


def messages() -> list[bytes]:
    source = random.Random(34)
    return [source.randbytes(length) for length in (*range(0, 140, 3), 1000)]


def test_streebog_agrees(implementation, library) -> None:
    for message in messages():
        assert implementation.new("streebog512", message).digest() == library.streebog512(message)
        if isinstance(library, Libgcrypt):
            assert implementation.new("streebog256", message).digest() == library.streebog256(message)


def test_gost94_agrees(implementation, library) -> None:
    for message in messages():
        assert implementation.new("gost94", message).digest() == library.gost94(message)


@BOTH
def test_signatures_are_accepted_both_ways(implementation, library, curve) -> None:
    source, size = random.Random(35), curve.octets
    for _ in range(4):
        d = source.randrange(1, curve.q)
        e = source.randrange(1, curve.q)  # libraries differ in what they make of one that is not below q
        private_key, digest = d.to_bytes(size, "little"), e.to_bytes(size, "little")
        public = signature.public_key(curve, private_key)
        x, y = int.from_bytes(public[:size], "little"), int.from_bytes(public[size:], "little")
        signer = library.signer(size, d, x, y)
        ours = signature.sign(curve, private_key, digest)
        pair = int.from_bytes(ours[:size], "little"), int.from_bytes(ours[size:], "little")
        assert signer.verify(*pair, e)
        assert not signer.verify(*pair, e ^ 2)
        theirs = b"".join(half.to_bytes(size, "little") for half in signer.sign(e))
        signature.verify(curve, public, digest, theirs)
        with pytest.raises(signature.BadSignature):
            signature.verify(curve, public, (e ^ 2).to_bytes(size, "little"), theirs)


@BOTH
def test_gost_engine_agrees(implementation, engine, curve) -> None:
    source, size = random.Random(36), curve.octets
    assert implementation.new("streebog512", b"abc").digest() == engine.streebog512(b"abc")
    signer = engine.own_signer(size)
    e = source.randrange(1, curve.q)
    r, s = signer.sign(e)
    assert signer.verify(r, s, e)
    assert not signer.verify(r, s, e ^ 2)
    theirs = r.to_bytes(size, "little") + s.to_bytes(size, "little")
    signature.verify(curve, signer.public_key, e.to_bytes(size, "little"), theirs)


def test_an_absent_library_is_named() -> None:
    with pytest.raises(Unavailable, match=r"libnothing\.so\.0 is not installed"):
        gost_oracles._load("libnothing.so.0")
