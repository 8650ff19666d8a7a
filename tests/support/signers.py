"""Signers that are not to be relied on."""

import dataclasses

from agent.algorithms import SignatureAlgorithm
from agent.certificate import Certificate
from agent.signer import Signer


@dataclasses.dataclass
class BrokenSigner:
    """A key whose signatures are wrong by one bit, as a fault of the memory makes it. `made` counts them.

    It is a bit of a number and not of its encoding, so that a maker notices nothing.
    """

    signer: Signer
    made: int = 0

    @property
    def certificate(self) -> Certificate:
        return self.signer.certificate

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self.signer.algorithm

    def sign_digest(self, digest: bytes) -> bytes:
        self.made += 1
        good = self.signer.sign_digest(digest)
        return good[:-1] + bytes((good[-1] ^ 1,))
