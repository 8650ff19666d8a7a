"""What a signature that came back from a page proves, with one problem for each way it can fail.

The judge is `agent.operations.verify`, the agent's own verifier, so what a person reads here is what `qalamsap verify` says.
Its verdict is "indeterminate" while revocation is not checked by anybody; the portal accepts that and says so in its result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import cms
from agent.operations import verify
from agent.operations.verify import Purpose, SignerReport
from agent.trust import anchors as anchor_table
from demo import parties
from demo.problems import Problem
from demo.subscribers import Subscriber

# The document was changed or exchanged; the signature itself may be sound.
DOCUMENT_REASONS = frozenset({"digest-mismatch", "document-differs"})
PURPOSE_PROBLEMS = {"sign": "key-not-for-signing", "identify": "key-not-for-identification"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signature that holds: by whom, with what, and what was signed where that is inside the message."""

    certificate: Certificate
    algorithm: str
    revocation: str
    content: bytes | None
    cms_der: bytes


class Verifier:
    """Knows the authorities that the portal trusts: those of its test authority and no other."""

    def __init__(self, authorities: Sequence[Certificate]) -> None:
        self.chain = tuple(authority.pem() for authority in authorities)
        self._anchors = anchor_table.from_certificates(authorities)

    def identification(self, answer: bytes, text: bytes, subscriber: Subscriber, *, at: datetime) -> Evidence:
        """The key's owner signed exactly this text, and may act for the subscriber.

        Raises: Problem.
        """
        return self._judge(answer, None, subscriber, expected=text, purpose="identify", at=at)

    def signature(self, answer: bytes, document: bytes, subscriber: Subscriber, *, at: datetime) -> Evidence:
        """The document was signed with a signing key of the subscriber.

        Raises: Problem.
        """
        return self._judge(answer, document, subscriber, expected=document, purpose="sign", at=at)

    def _judge(
        self,
        answer: bytes,
        document: bytes | None,
        subscriber: Subscriber,
        *,
        expected: bytes,
        purpose: Purpose,
        at: datetime,
    ) -> Evidence:
        try:
            der = cms.unwrap(answer)
            content = cms.read(der).content
            signers = verify.verify(der, document, at=at, anchors=self._anchors, purpose=purpose).signers
        except BadInput as error:
            raise Problem("signature-unreadable", technical=error.detail) from error
        if len(signers) != 1 or signers[0].certificate is None:
            raise Problem(
                "signature-unreadable", technical=f"{len(signers)} signers, one with a certificate expected"
            )
        signer, certificate = signers[0], signers[0].certificate
        _demand_mathematics(signer)
        if content is not None and content != expected:
            raise Problem("challenge-changed", parties.owner_facts(certificate))
        _demand_trust(signer, certificate, at)
        if signer.unsuitable:
            technical = ", ".join(signer.unsuitable)
            raise Problem(PURPOSE_PROBLEMS[purpose], parties.owner_facts(certificate), technical=technical)
        parties.demand_owner(certificate, subscriber)
        if not signer.holds_but_for_revocation:
            raise Problem("signature-broken", technical=", ".join(signer.reasons))
        return Evidence(certificate, signer.evidence.algorithm_name, signer.revocation, content, der)


def _demand_mathematics(signer: SignerReport) -> None:
    if signer.signature == "valid":
        return
    reasons = signer.evidence.reasons
    technical = ", ".join(reasons)
    if signer.signature == "unsupported":
        raise Problem("algorithm-unsupported", technical=technical)
    if signer.signature == "unchecked":
        # A challenge is answered with the text inside; without it there is nothing to compare.
        raise Problem("signature-unreadable", technical=technical)
    raise Problem(
        "other-document" if DOCUMENT_REASONS.issuperset(reasons) else "signature-broken", technical=technical
    )


def _demand_trust(signer: SignerReport, certificate: Certificate, at: datetime) -> None:
    """A path to an authority, and the certificate's own time; "expired" and "unknown authority" are two answers."""
    if not signer.path_reasons:
        return
    if signer.path is not None:
        parties.demand_valid(certificate, at)
    issuer = ("fact.issuer", certificate.issuer.common_name or certificate.issuer.text())
    facts = (*parties.owner_facts(certificate), issuer)
    raise Problem("authority-unknown", facts, technical=", ".join(signer.path_reasons))
