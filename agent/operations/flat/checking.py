"""Yes, no or "can't be told": what a page of the first dialect hears of signatures. No window is needed, but for a file that it names.

    no     cryptography says so, or the certificate was revoked
    yes    cryptography agrees, and a national authority, or one that is trusted on this computer, vouches for a certificate that may
           sign or identify, at the moment that a timestamp proves or now
    else   it can't be told: nobody known vouches for it, it is over, the authority does not know it, the signature is damaged

An authority that does not answer makes no "can't be told" of a yes: pages ask this right after signing, and who relies on a signature
checks it at home. A yes or no says less than a report does; the interface for new pages gives that.
"""

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.errors import BadInput, FileUnusable, UnsupportedKey, UnsupportedOperation
from agent.formats import raw
from agent.formats.xml import verify as xml
from agent.operations import named_file, verify
from agent.operations.approval import Approval
from agent.operations.flat import key_file
from agent.operations.judging import Trust
from agent.operations.report import Report, SignatureReport
from agent.trust import anchors, purposes
from protocol.flat_messages import (
    CheckBareRequest,
    Checked,
    CheckRequest,
    DigestName,
    DigestRequest,
    Text,
)

_DIGESTS: dict[DigestName, DigestAlgorithm] = {
    "SHA-1": algorithms.SHA1,
    "SHA-256": algorithms.SHA256,
    "GOST 34.311-95": algorithms.GOST_94,
}


def check(request: CheckRequest, approval: Approval) -> Checked:
    """Whether signatures are good.

    Raises FileUnusable, BadInput for what is no XML; PageLeft, StorageFailed, and what User.ask raises.
    """
    document = _document(request, approval)
    try:
        found = _report(request, document, approval)
    except BadInput as error:
        if error.place:  # not well-formed
            raise
        return Checked(None)
    except (UnsupportedOperation, UnsupportedKey):
        return Checked(None)
    verdicts = [_holds(signer) for signer in found.signers]
    if False in verdicts:
        return Checked(holds=False)
    return Checked(True if verdicts and None not in verdicts else None)


def check_bare(request: CheckBareRequest, approval: Approval) -> Checked:
    """Whether bare octets are the key's signature of the document. Raises what key_file.in_sight raises."""
    with key_file.in_sight(request.place, approval) as keys:
        findings = {
            raw.verify(request.signature, request.document, key.certificate).signature for key in keys
        }
    if "valid" in findings:
        return Checked(holds=True)
    return Checked(False if findings == {"invalid"} else None)


def digest(request: DigestRequest) -> Text:
    """The digest in hex."""
    return Text(_DIGESTS[request.algorithm](request.document).hex())


def _document(request: CheckRequest, approval: Approval) -> bytes | None:
    if not request.file:
        return request.document
    with named_file.opened(named_file.allowed(request.file, "verify", approval)) as file:
        octets = file.read(named_file.MOST_HELD_BYTES + 1)
    if len(octets) > named_file.MOST_HELD_BYTES:
        raise FileUnusable(f"the file is over {named_file.MOST_HELD_BYTES} octets")
    return octets


def _report(request: CheckRequest, document: bytes | None, approval: Approval) -> Report:
    evidence = (
        verify.evidence("cms", request.signature, document)
        if request.format == "cms"
        else xml.verify_within(request.signature.decode(), request.parent, request.id_attribute)
    )
    return verify.judged(request.format, evidence, at=approval.now(), trust=_trust(approval))


def _trust(approval: Approval) -> Trust:
    """Whom to believe. The test authorities are those that a simulation was given; national ones of tests prove nothing to a page."""
    own = (*approval.authorities, *approval.test_authorities)
    return Trust(
        anchors=(*anchors.production(), *anchors.from_certificates(own)),
        between=own,
        fetch=approval.fetch,
        cache=approval.cache,
        ocsp_url=approval.ocsp_url,
    )


def _holds(signer: SignatureReport) -> bool | None:
    if signer.verdict == "invalid":
        return False
    is_told = (
        signer.signature == "valid"
        and signer.path is not None
        and not (signer.path_reasons or signer.timestamp_reasons or signer.is_of_test)
        and signer.certificate is not None
        and not all(purposes.unsuitable(signer.certificate, purpose) for purpose in ("sign", "identify"))
        and signer.revocation.state != "unknown"
    )
    return True if is_told else None
