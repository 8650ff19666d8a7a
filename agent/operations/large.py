"""Documents that are not held in memory: one pass over them gives a digest by every algorithm that a key may need."""

import dataclasses
import io
from typing import BinaryIO

from agent import algorithms
from agent.formats import cms_stream
from protocol.messages import LargeDocument


def hashed(stream: BinaryIO, size: int) -> LargeDocument:
    """What is left of an open file, `size` octets. Which key will sign is not known yet, so all digests are made."""
    wanted = {signature.digest.oid: signature.digest for signature in algorithms.SIGNATURES}
    return LargeDocument(size, tuple(cms_stream.digests(stream, wanted.values()).items()))


def held(octets: bytes) -> LargeDocument:
    """The same of octets that are in memory all the same; the person can look into them."""
    return dataclasses.replace(hashed(io.BytesIO(octets), len(octets)), octets=octets)
