"""Who issued a certificate, as its lists and OCSP answers see it: a name and a key, whether an anchor or a certificate brings them."""

import dataclasses
import hashlib
from datetime import timedelta
from typing import Literal, TypeAlias

from agent import algorithms
from agent.certificate import Certificate, PublicKey
from agent.errors import InvalidSignature, Unreachable, UnsupportedKey
from agent.trust.anchors import Anchor

Authority: TypeAlias = Anchor | Certificate

SKEW = timedelta(minutes=5)
"""How far the clocks of an authority and of this computer may be apart."""

Refusal = Literal[
    # what the responder says of itself (RFC 6960 §4.2.1)
    "malformed-request",
    "internal-error",
    "try-later",
    "signature-required",
    "unauthorized",
    # what is wrong with an answer or a list
    "too-large",
    "malformed",
    "unsupported-algorithm",
    "bad-signature",
    "unknown-critical",  # it says that who doesn't understand all of it must not use it
    "stale",  # its time has passed
    "from-the-future",
    # with an answer
    "not-basic",  # a form of answer that nobody uses
    "no-responder",  # nobody whose certificate lies there bears the name or key of who answered
    "unauthorized-responder",  # who answered has no right to answer for this authority
    "expired-responder",
    "other-certificate",
    "wrong-nonce",
    # with a list
    "other-issuer",  # also an indirect list
    "may-not-sign-lists",
    "is-delta",
    "not-delta",
    "delta-mismatch",  # a delta to a newer list, or older than the list
]


class BadAnswer(Unreachable):
    """An authority's answer or list that nothing may be built on. `reason` is a stable word.

    It is an Unreachable, because whoever can hold up an answer can also spoil it, and neither may count for more.
    """

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


@dataclasses.dataclass(frozen=True, slots=True)
class Issuer:
    """A name (DER) and a key. `may_sign_lists`: its certificate, where there is one, gives that right (RFC 5280 §4.2.1.3)."""

    name_der: bytes
    public_key: PublicKey
    may_sign_lists: bool = True

    @classmethod
    def of(cls, authority: Authority) -> "Issuer":
        if isinstance(authority, Anchor):
            return cls(authority.name_der, authority.public_key)
        usage = authority.key_usage
        return cls(authority.subject.der, authority.public_key, usage is None or "crl_sign" in usage)

    @property
    def name_hash(self) -> bytes:
        """SHA-256 of the name: issuerNameHash of a CertID (RFC 6960 §4.1.1)."""
        return hashlib.sha256(self.name_der).digest()

    @property
    def key_hash(self) -> bytes:
        """SHA-256 of the contents of the key's BIT STRING, which for GOST begin with the header of an OCTET STRING: issuerKeyHash."""
        return hashlib.sha256(self.public_key.bits).digest()

    def has_issued(self, certificate: Certificate) -> bool:
        """Whether the certificate names this issuer, and its key signed it. Not asked: whether it may issue, and when."""
        if certificate.issuer.der != self.name_der:
            return False
        try:
            check_signature(
                self.public_key,
                certificate.tbs_der,
                certificate.signature_algorithm_oid,
                certificate.signature,
            )
        except BadAnswer:
            return False
        return True


def check_signature(public_key: PublicKey, octets: bytes, algorithm_oid: str, signature: bytes) -> None:
    """Checks that the key signed these octets.

    Raises: BadAnswer, "bad-signature" or "unsupported-algorithm" (SHA-1 is none of ours).
    """
    try:
        algorithm = algorithms.signature_by_oid(algorithm_oid)
        public_key.verify(algorithm, algorithm.digest(octets), signature)
    except InvalidSignature as error:
        raise BadAnswer("bad-signature", error.detail) from error
    except UnsupportedKey as error:
        raise BadAnswer("unsupported-algorithm", error.detail) from error
