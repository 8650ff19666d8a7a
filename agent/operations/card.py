"""The electronic document card of a signed document: what its verification gave, drawn for people, with the files inside.

A card proves nothing by itself. Whoever gets one takes the files out of it and verifies them.
"""

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import PurePath

from agent import algorithms
from agent.certificate import Certificate
from agent.drawing import card_file
from agent.drawing.attachments import Attachment
from agent.drawing.card import (
    Card,
    CardAuthority,
    CardCertificate,
    CardDigest,
    CardRevocation,
    CardSigner,
    CardTimestamp,
)
from agent.formats import cms
from agent.operations.report import Report, SignatureReport, TimestampReport, covered
from agent.trust.path import Path
from agent.trust.revocation import Status
from agent.words import texts
from agent.words.texts import Texts
from protocol.prompts import Language

_MEDIA_TYPES = {
    "cms": "application/pkcs7-signature",
    "timestamp": "application/timestamp-reply",
    "xml": "application/xml",
    "wsse": "application/xml",
    "pdf": "application/pdf",
    "jws": "application/jose",
    "asic": "application/vnd.etsi.asic-e+zip",
    "signed-zip": "application/zip",
    "raw": "application/octet-stream",
}
_BY_SUFFIX = {
    ".pdf": "application/pdf",
    ".xml": "application/xml",
    ".txt": "text/plain",
    ".zip": "application/zip",
}
_BESIDE = frozenset(
    {"cms", "timestamp", "jws", "raw"}
)  # formats that are a file of their own beside a document


@dataclass(frozen=True, slots=True)
class Signed:
    """What was verified. `name` is what the document is called; `signature` the file that holds the signatures, `signature_name` its name.

    `document` is what was signed: the same file where the signatures are inside, None where it is not at hand.
    """

    name: str
    signature_name: str
    signature: bytes = field(repr=False)
    document: bytes | None = field(repr=False)


def pdf(
    report: Report, signed: Signed, *, language: Language, at: datetime, zone: tzinfo | None = None
) -> bytes:
    """The card as a PDF in this language. Moments are shown in `zone`, None for that of this computer.

    Raises: fonts.NoFont.
    """
    words = texts.load(language, zone)
    return card_file.card_pdf(_card(report, signed, words), words, _attachments(report, signed), at=at)


def _card(report: Report, signed: Signed, words: Texts) -> Card:
    document = signed.document
    return Card(
        file_name=signed.name,
        format=report.format,
        verdict=report.verdict,
        is_partial=report.is_partial,
        checked_at=report.at,
        signers=tuple(_signer(signer, report, signed, words) for signer in report.signers),
        size=None if document is None else len(document),
        digests=() if document is None else _digests(report, document),
    )


def _digests(report: Report, document: bytes) -> tuple[CardDigest, ...]:
    """SHA-256, which everybody can compute, then those that the signers used."""
    wanted = {algorithms.SHA256.oid: algorithms.SHA256}
    for signer in report.signers:
        certificate = signer.certificate
        if certificate is not None and certificate.public_key.is_supported:
            digest = algorithms.signature_for_key(certificate.public_key.key_type).digest
            wanted[digest.oid] = digest
    return tuple(CardDigest(algorithm=each, octets=each(document)) for each in wanted.values())


def _attachments(report: Report, signed: Signed) -> tuple[Attachment, ...]:
    media_type = _MEDIA_TYPES.get(report.format, "application/octet-stream")
    is_beside = report.format in _BESIDE
    file = Attachment(
        signed.signature_name, signed.signature, "signature" if is_beside else "original", media_type
    )
    if not is_beside or signed.document is None:
        return (file,)
    suffix = PurePath(signed.name).suffix.lower()
    original = Attachment(
        signed.name, signed.document, "original", _BY_SUFFIX.get(suffix, "application/octet-stream")
    )
    return (original, file)


def _signer(signer: SignatureReport, report: Report, signed: Signed, words: Texts) -> CardSigner:
    certificate, evidence = signer.certificate, signer.evidence
    facts = CardSigner(
        verdict=signer.verdict,
        signature=signer.signature,
        reasons=signer.reasons,
        signing_time=evidence.signing_time,
        timestamps=tuple(_timestamp(each) for each in signer.timestamps),
        revocation=_revocation(signer.revocation),
        algorithm=evidence.algorithm_name,
        covers=covered(evidence, words),
        title=evidence.title,
        file=_file(report, signed),
    )
    if certificate is None:
        return facts
    return dataclasses.replace(
        facts,
        name=" ".join(filter(None, (certificate.common_name, certificate.patronymic))),
        iin=certificate.iin or "",
        bin=certificate.bin or "",
        organisation=certificate.organisation or "",
        roles=certificate.roles,
        certificate=_certificate(certificate, signer.path),
    )


def _file(report: Report, signed: Signed) -> bytes:
    """The signature as codes on paper hold it: a CMS without its document, and only where it is that of one signer."""
    if report.format != "cms" or len(report.signers) != 1:
        return b""
    return cms.detached(signed.signature)


def _certificate(certificate: Certificate, path: Path | None) -> CardCertificate:
    return CardCertificate(
        serial_number=f"{certificate.serial_number:x}",
        issuer=certificate.issuer.common_name or certificate.issuer.text(),
        not_before=certificate.not_before,
        not_after=certificate.not_after,
        algorithm=certificate.display_name,
        sha256=certificate.fingerprint,
        anchor="" if path is None else path.anchor.title,
        domain="" if path is None else path.anchor.domain,
        policies=certificate.policies,
        key_usage=tuple(sorted(certificate.key_usage or ())),
        extended_key_usage=certificate.extended_key_usage,
    )


def _timestamp(found: TimestampReport) -> CardTimestamp:
    timestamp = found.timestamp
    if timestamp is None:
        return CardTimestamp(moment=None, reasons=found.reasons)
    certificate = timestamp.evidence.certificate
    return CardTimestamp(
        moment=timestamp.moment,
        authority=None if certificate is None else _authority(certificate),
        policy=timestamp.policy,
        serial_number=f"{timestamp.serial_number:x}",
        reasons=found.reasons,
    )


def _revocation(status: Status) -> CardRevocation:
    return CardRevocation(
        state=status.state,
        source=status.source,
        stated_at=status.this_update,
        checked_at=status.checked_at,
        revoked_at=status.revoked_at,
        reason=status.reason,
    )


def _authority(certificate: Certificate) -> CardAuthority:
    return CardAuthority(
        name=certificate.common_name,
        issuer=certificate.issuer.common_name,
        serial_number=f"{certificate.serial_number:x}",
    )
