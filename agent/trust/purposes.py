"""What a certificate may be used for, by its key usage and extended key usage (RFC 5280 §4.2.1.3, §4.2.1.12).

Whether these are marked critical plays no part for persons and authorities: genuine national certificates mark now one, now the other. For
timestamps it does, because RFC 3161 §2.3 demands it and national authorities comply.
"""

from collections.abc import Iterator
from typing import Literal

from agent.certificate import OCSP_SIGNING, TIME_STAMPING, Certificate

Purpose = Literal["sign", "identify", "timestamp", "ocsp", "authority"]
Unsuitable = Literal["key-usage", "extended-key-usage", "not-a-ca"]


def unsuitable(certificate: Certificate, purpose: Purpose) -> tuple[Unsuitable, ...]:
    """Why the certificate is not one for this purpose; empty where it is.

    "sign": documents, by a person or a system. "identify": its owner. "timestamp": RFC 3161 §2.3. "ocsp": answers of a
    responder (RFC 6960 §4.2.2.2). "authority": certificates of others. A use that an absent extension does not forbid is allowed;
    timestamps and OCSP answers need to be allowed expressly.
    """
    return tuple(_reasons(certificate, purpose))


def _reasons(certificate: Certificate, purpose: Purpose) -> Iterator[Unsuitable]:
    usages = certificate.extended_key_usage
    match purpose:
        case "sign":
            if not _has(certificate, "non_repudiation"):
                yield "key-usage"
            if purpose not in certificate.uses:
                yield "extended-key-usage"
        case "identify":
            if not _has(certificate, "digital_signature"):
                yield "key-usage"
            if purpose not in certificate.uses:
                yield "extended-key-usage"
        case "timestamp":
            if not _has(certificate, "digital_signature", "non_repudiation"):
                yield "key-usage"
            if usages != (TIME_STAMPING,) or not certificate.is_extended_key_usage_critical:
                yield "extended-key-usage"
        case "ocsp":
            if not _has(certificate, "digital_signature"):
                yield "key-usage"
            if OCSP_SIGNING not in usages:
                yield "extended-key-usage"
        case "authority":
            if not certificate.is_ca:
                yield "not-a-ca"
            if not _has(certificate, "key_cert_sign"):
                yield "key-usage"


def _has(certificate: Certificate, *usages: str) -> bool:
    """Whether one of these key usages is given, or none is said."""
    return certificate.key_usage is None or not certificate.key_usage.isdisjoint(usages)
