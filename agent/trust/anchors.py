"""Whom certification paths may end at: the national authorities, or those that somebody gives.

An anchor is a name and a key (RFC 5280 §6.1.1 d), with the validity and path length of the certificate they come from. Issuing
authorities are anchors like roots: their certificates need not lie beside a leaf's, and in national signatures never do.
"""

import dataclasses
import functools
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, cast

from agent import algorithms
from agent.certificate import Certificate, PublicKey
from agent.errors import BadInput
from agent.trust import anchor_table

Domain = Literal["production", "test", "given"]
Kind = Literal["root", "issuing"]


@dataclasses.dataclass(frozen=True, slots=True)
class Anchor:
    """One trusted authority. `name_der` and `public_key` are what counts; `title` is for people.

    `domain` says whose authority it is: of the national infrastructure in production, of its test site, or given by the caller.
    `sha256` is the fingerprint of its certificate, in hex. `url` is a hint where that may be fetched, empty if none is known.
    """

    title: str
    domain: Domain
    kind: Kind
    name_der: bytes
    public_key: PublicKey
    sha256: str
    not_before: datetime
    not_after: datetime
    path_length: int | None
    url: str

    def verify_issued(self, certificate: Certificate) -> None:
        """Checks that this key signed `certificate`. Not checked here: names and dates.

        Raises: InvalidSignature, UnsupportedKey.
        """
        algorithm = algorithms.signature_by_oid(certificate.signature_algorithm_oid)
        self.public_key.verify(algorithm, algorithm.digest(certificate.tbs_der), certificate.signature)


@functools.cache
def national() -> tuple[Anchor, ...]:
    """Every authority of the table, production and test."""
    return tuple(_from_row(row) for row in anchor_table.ROWS)


def production() -> tuple[Anchor, ...]:
    """Authorities whose signatures have legal force."""
    return tuple(anchor for anchor in national() if anchor.domain == anchor_table.PRODUCTION)


def test() -> tuple[Anchor, ...]:
    """Authorities of the national test site: their keys are published, so they prove nothing about anybody."""
    return tuple(anchor for anchor in national() if anchor.domain == anchor_table.TEST)


def from_certificates(certificates: Iterable[Certificate]) -> tuple[Anchor, ...]:
    """Anchors of the caller's own choice: a test authority, or the chain that a page sends.

    Raises: BadInput where a certificate is not one of an authority, because trusting it would trust its owner with nothing.
    """
    return tuple(_from_certificate(certificate) for certificate in certificates)


def _from_row(row: anchor_table.Row) -> Anchor:
    return Anchor(
        title=row.title,
        domain=cast("Domain", row.domain),
        kind=cast("Kind", row.kind),
        name_der=bytes.fromhex(row.name),
        public_key=PublicKey.from_spki(bytes.fromhex(row.public_key)),
        sha256=row.sha256,
        not_before=datetime.fromisoformat(row.not_before),
        not_after=datetime.fromisoformat(row.not_after),
        path_length=row.path_length,
        url=row.url,
    )


def _from_certificate(certificate: Certificate) -> Anchor:
    if not certificate.is_ca:
        raise BadInput("a certificate given as authority is not one of an authority")
    is_root = certificate.issuer.der == certificate.subject.der
    return Anchor(
        title=certificate.common_name or certificate.subject.text(),
        domain="given",
        kind="root" if is_root else "issuing",
        name_der=certificate.subject.der,
        public_key=certificate.public_key,
        sha256=certificate.fingerprint,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        path_length=certificate.path_length,
        url="",
    )
