"""What a signature that came back from a page proves, with one problem for each way it can fail.

The judge is `agent.operations.verify`, the agent's own verifier, so what a person reads here is what `qalamsap verify` says. Whether
the certificate was revoked is asked anew each time: an answer from before the signature says nothing of it. Where the authority can't
be asked or does not answer the verdict is "indeterminate"; the portal accepts that and says so in its result.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.certificate import Certificate
from agent.errors import BadInput, UnsupportedOperation
from agent.fetch import Fetch
from agent.formats import cms, cms_build, login
from agent.formats.cms_read import SignedMessage
from agent.formats.recognise import Format
from agent.operations import verify
from agent.operations.judging import Trust
from agent.operations.report import Purpose, Report, SignatureReport
from agent.trust import anchors as anchor_table
from agent.trust.revocation import Status
from demo import parties, signed_pdf, texts
from demo.problems import Facts, Problem, TextKey
from demo.subscribers import Subscriber

# The document was changed or exchanged; the signature itself may be sound.
DOCUMENT_REASONS = frozenset({"digest-mismatch", "document-differs"})
# Between the person's computer and this one.
CLOCK_DIFFERENCE = timedelta(minutes=10)
PURPOSE_PROBLEMS = {"sign": "key-not-for-signing", "identify": "key-not-for-identification"}


@dataclass(frozen=True, slots=True)
class ProvenTime:
    """The moment before which a signature was made, and whose timestamp proves it."""

    moment: datetime
    authority: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signature that holds: by whom, with what, and since when. `octets` are the CMS in DER, or the signed PDF."""

    certificate: Certificate
    algorithm: str
    octets: bytes
    revocation: Status
    timestamp: ProvenTime | None


class Verifier:
    """Knows the authorities that the portal trusts: those of its test authority and no other. `fetch` asks their servers, None
    where nobody is asked."""

    def __init__(self, authorities: Sequence[Certificate], fetch: Fetch | None = None) -> None:
        self.chain = tuple(authority.pem() for authority in authorities)
        self._trust = Trust(anchor_table.from_certificates(authorities), fetch=fetch)

    def identification(self, answer: bytes, text: bytes, subscriber: Subscriber, *, at: datetime) -> Evidence:
        """The key's owner signed exactly this text, and may act for the subscriber.

        Raises: Problem.
        """
        der, content = _document(answer)
        signer = self._only_signer(der, None, purpose="identify", at=at)
        certificate = _mathematics(signer)
        if content != text:
            raise Problem("challenge-changed", parties.owner_facts(certificate))
        return _judged(signer, certificate, der, subscriber, purpose="identify", at=at)

    def login(
        self, answer: bytes, *, origin: str, nonce: str, subscriber: Subscriber, at: datetime
    ) -> Evidence:
        """The key's owner is at this very origin, in answer to this nonce (agent.formats.login), and may act for the subscriber.

        Raises: Problem.
        """
        message = _message(answer)
        signer = self._only_signer(message.der, None, purpose="identify", at=at)
        certificate = _mathematics(signer)
        try:
            statement = login.read(message)
        except BadInput as error:
            raise Problem(
                "challenge-changed", parties.owner_facts(certificate), technical=error.detail
            ) from error
        if (statement.origin, statement.nonce) != (origin, nonce):
            what = "nonce" if statement.origin == origin else f"site: {statement.origin}"
            technical = f"the statement is for another {what}"
            raise Problem("challenge-changed", parties.owner_facts(certificate), technical=technical)
        # The nonce says that it is fresh; the time is what the clock of the person's computer shows.
        if abs(at - statement.at) > CLOCK_DIFFERENCE:
            raise Problem("clock-wrong", (("fact.computer-clock", texts.date_time(statement.at)),))
        return _judged(signer, certificate, message.der, subscriber, purpose="identify", at=at)

    def signature(
        self,
        answer: bytes,
        document: bytes,
        subscriber: Subscriber,
        *,
        at: datetime,
        wants_timestamp: bool = False,
    ) -> Evidence:
        """The document was signed with a signing key of the subscriber, by a signature in a file of its own.

        Raises: Problem.
        """
        der, _ = _document(answer)
        signer = self._only_signer(der, document, purpose="sign", at=at)
        evidence = _judged(signer, _mathematics(signer), der, subscriber, purpose="sign", at=at)
        _demand_timestamp(evidence, wanted=wants_timestamp)
        return evidence

    def signature_inside(
        self,
        answer: bytes,
        document: bytes,
        subscriber: Subscriber,
        *,
        at: datetime,
        wants_timestamp: bool = False,
    ) -> Evidence:
        """The PDF was signed with a signing key of the subscriber, by a signature inside it: the last thing in a file that begins
        with the very PDF, and to which nothing else was added.

        Raises: Problem.
        """
        try:
            signed = base64.b64decode(answer, validate=True)
        except binascii.Error as error:
            raise Problem("signature-unreadable", technical="not base64") from error
        signed_pdf.demand_own(document, signed)
        signer = self._only_signer(signed, None, purpose="sign", at=at, data_format="pdf")
        certificate = _mathematics(signer)
        if signer.evidence.covers:
            raise Problem("pdf-changed", technical=f"signed are {signer.evidence.covers}")
        evidence = _judged(signer, certificate, signed, subscriber, purpose="sign", at=at)
        _demand_timestamp(evidence, wanted=wants_timestamp)
        return evidence

    def report(self, octets: bytes, document: bytes | None, *, at: datetime) -> Report:
        """What is known of a kept signature at this moment; `document` is what was signed, None where it is inside."""
        return verify.verify(octets, document, at=at, trust=self._trust)

    def _only_signer(
        self,
        octets: bytes,
        document: bytes | None,
        *,
        purpose: Purpose,
        at: datetime,
        data_format: Format = "cms",
    ) -> SignatureReport:
        try:
            found = verify.verify(
                octets, document, at=at, trust=self._trust, purpose=purpose, data_format=data_format
            )
        except (BadInput, UnsupportedOperation) as error:
            raise Problem("signature-unreadable", technical=error.detail) from error
        if len(found.signers) != 1 or found.signers[0].certificate is None:
            raise Problem(
                "signature-unreadable",
                technical=f"{len(found.signers)} signers, one with a certificate expected",
            )
        return found.signers[0]


def _message(answer: bytes) -> SignedMessage:
    """Raises: Problem."""
    try:
        return cms.read(cms.unwrap(answer))
    except BadInput as error:
        raise Problem("signature-unreadable", technical=error.detail) from error


def _document(answer: bytes) -> tuple[bytes, bytes | None]:
    """A CMS in DER, and the document where that is inside. What was signed as something else, a login say, is no document. Raises: Problem."""
    message = _message(answer)
    if message.content_type != cms_build.DATA:
        raise Problem(
            "signature-unreadable", technical=f"signed as {message.content_type}, not as a document"
        )
    return message.der, message.content


def _mathematics(signer: SignatureReport) -> Certificate:
    """The certificate of a signature that is sound. Raises: Problem."""
    if signer.signature == "valid" and signer.certificate is not None:
        return signer.certificate
    reasons = signer.evidence.reasons
    technical = ", ".join(reasons)
    if signer.signature == "unsupported":
        raise Problem("algorithm-unsupported", technical=technical)
    if signer.signature == "unchecked":
        # A challenge is answered with the text inside; without it there is nothing to compare.
        raise Problem("signature-unreadable", technical=technical)
    if "changed-after-signing" in reasons:
        raise Problem("pdf-changed", technical=technical)
    raise Problem(
        "other-document" if DOCUMENT_REASONS.issuperset(reasons) else "signature-broken", technical=technical
    )


def _judged(
    signer: SignatureReport,
    certificate: Certificate,
    octets: bytes,
    subscriber: Subscriber,
    *,
    purpose: Purpose,
    at: datetime,
) -> Evidence:
    """The evidence of a sound signature whose key may be used for this, by this subscriber. Raises: Problem."""
    _demand_trust(signer, certificate, at)
    if signer.unsuitable:
        technical = ", ".join(signer.unsuitable)
        raise Problem(PURPOSE_PROBLEMS[purpose], parties.owner_facts(certificate), technical=technical)
    parties.demand_owner(certificate, subscriber)
    _demand_not_revoked(signer.revocation, certificate)
    if signer.timestamp_reasons:
        raise Problem("timestamp-unproven", technical=", ".join(signer.timestamp_reasons))
    if not signer.holds_but_for_revocation:
        raise Problem("signature-broken", technical=", ".join(signer.reasons))
    return Evidence(
        certificate, signer.evidence.algorithm_name, octets, signer.revocation, _proven_time(signer)
    )


def _demand_trust(signer: SignatureReport, certificate: Certificate, at: datetime) -> None:
    """A path to an authority, and the certificate's own time; "expired" and "unknown authority" are two answers."""
    if not signer.path_reasons:
        return
    if signer.path is not None:
        parties.demand_valid(certificate, at)
    issuer = ("fact.issuer", certificate.issuer.common_name or certificate.issuer.text())
    facts = (*parties.owner_facts(certificate), issuer)
    raise Problem("authority-unknown", facts, technical=", ".join(signer.path_reasons))


def _demand_not_revoked(status: Status, certificate: Certificate) -> None:
    facts: Facts = parties.owner_facts(certificate)
    technical = " ".join(filter(None, (status.source, status.state, status.reason, status.detail)))
    if status.state == "unknown":
        raise Problem("key-unknown", facts, technical=technical)
    if status.state != "revoked":
        return
    if status.revoked_at is not None:
        facts = (*facts, ("fact.revoked-at", texts.date_time(status.revoked_at)))
    reason = TextKey(f"revocation_reason.{status.reason}")
    if reason in texts.load(texts.DEFAULT):
        facts = (*facts, ("fact.revocation-reason", reason))
    raise Problem("key-revoked", facts, technical=technical)


def _proven_time(signer: SignatureReport) -> ProvenTime | None:
    """The earliest, where there are several."""
    found = [
        ProvenTime(each.proven, _authority_of(each.timestamp.evidence.certificate))
        for each in signer.timestamps
        if each.proven is not None and each.timestamp is not None
    ]
    return min(found, key=lambda proven: proven.moment, default=None)


def _authority_of(certificate: Certificate | None) -> str:
    return "" if certificate is None else certificate.common_name or certificate.subject.text()


def _demand_timestamp(evidence: Evidence, *, wanted: bool) -> None:
    if wanted and evidence.timestamp is None:
        raise Problem("timestamp-missing")
