"""Documents that are not held in memory."""

import hashlib
import io

from agent import algorithms
from agent.operations import large


def test_every_digest_that_a_key_may_need_is_made_in_one_pass() -> None:
    octets = bytes(range(256)) * 10_000
    found = large.hashed(io.BytesIO(octets), len(octets))
    digests = dict(found.digests)
    assert found.size == len(octets)
    assert digests[algorithms.SHA256.oid] == hashlib.sha256(octets).digest()
    assert set(digests) == {signature.digest.oid for signature in algorithms.SIGNATURES}


def test_what_is_held_is_the_same_with_its_octets() -> None:
    found = large.held(b"deed")
    assert found == large.hashed(io.BytesIO(b"deed"), 4)
    assert (found.octets, large.hashed(io.BytesIO(b"deed"), 4).octets) == (b"deed", None)
    assert "deed" not in repr(found)
