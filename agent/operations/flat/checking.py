"""Yes, no or "can't be told": what a page of the first dialect hears of signatures. No window is needed; a file counts that our chooser gave to the page.

    no     cryptography says so, or the certificate was revoked
    yes    cryptography agrees, and a national authority, or one that is trusted on this computer, vouches for a certificate that may
           sign or identify, at the moment that a timestamp proves or now
    else   it can't be told: nobody known vouches for it, it is over, the authority does not know it, the signature is damaged

Of a file that the page names, "no" is said only where somebody known vouches for the key. Else a page could make up a key, sign guesses
with it, and learn from "no" that what it guessed is not in the file. Each such check stands in the journal.

An authority that does not answer makes no "can't be told" of a yes: pages ask this right after signing, and who relies on a signature
checks it at home. A yes or no says less than a report does; the interface for new pages gives that.
"""

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.errors import BadInput, FileUnusable, UnsupportedKey, UnsupportedOperation
from agent.formats import raw
from agent.formats.xml import verify as xml
from agent.operations import consent, named_file, verify
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

    Raises FileNotChosen, FileUnusable, BadInput for what is no XML; PageLeft, StorageFailed.
    """
    if not request.file:
        return _checked(request, request.document, approval)
    document = _read(request.file, approval)
    with approval.record("check_file", consent.describe([document])) as record:
        found = _checked(request, document, approval)
        approval.user.still_there()
        record.write("checked")
    return found


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


def _read(named: str, approval: Approval) -> bytes:
    """What lies in a file that the page names. Raises FileNotChosen, FileUnusable, StorageFailed."""
    with named_file.opened(named_file.chosen(named, "chosen-file", approval)) as file:
        octets = file.read(named_file.MOST_HELD_BYTES + 1)
    if len(octets) > named_file.MOST_HELD_BYTES:
        raise FileUnusable(f"the file is over {named_file.MOST_HELD_BYTES} octets")
    return octets


def _checked(request: CheckRequest, document: bytes | None, approval: Approval) -> Checked:
    """Raises BadInput for what is no XML, PageLeft."""
    try:
        found = _report(request, document, approval)
    except BadInput as error:
        if error.place:  # not well-formed
            raise
        return Checked(None)
    except (UnsupportedOperation, UnsupportedKey):
        return Checked(None)
    verdicts = [
        None if request.file and not _is_vouched_for(signer) else _holds(signer) for signer in found.signers
    ]
    if False in verdicts:
        return Checked(holds=False)
    return Checked(True if verdicts and None not in verdicts else None)


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


def _is_vouched_for(signer: SignatureReport) -> bool:
    """Whether somebody known vouches for the key, whatever the signature is worth."""
    return signer.path is not None and not signer.path_reasons and not signer.is_of_test


def _holds(signer: SignatureReport) -> bool | None:
    if signer.verdict == "invalid":
        return False
    is_told = (
        signer.signature == "valid"
        and _is_vouched_for(signer)
        and not signer.timestamp_reasons
        and signer.certificate is not None
        and not all(purposes.unsuitable(signer.certificate, purpose) for purpose in ("sign", "identify"))
        and signer.revocation.state != "unknown"
    )
    return True if is_told else None
