"""What a signature proves, for a page that asks. Nobody is asked and nothing is recorded: the page sent all that it is told about.

Whom this computer trusts beside the national authorities counts here too. What a test authority vouches for is "indeterminate".
"""

from agent.formats import cms, recognise
from agent.operations import verify
from agent.operations.approval import Approval
from agent.operations.judging import Trust
from agent.trust import anchors
from protocol.messages import Verified, VerifyRequest


def report(request: VerifyRequest, approval: Approval) -> Verified:
    """The report. Raises BadInput, UnsupportedOperation, PageLeft."""
    data = request.signature
    if recognise.recognise(data) == "unknown":
        data = cms.unwrap(data)
    approval.user.still_there()
    found = verify.verify(data, request.document, at=approval.now(), trust=_trust(approval))
    return Verified(found.to_json())


def _trust(approval: Approval) -> Trust:
    return Trust(
        anchors=(*anchors.national(), *anchors.from_certificates(approval.authorities)),
        between=(*approval.authorities, *approval.test_authorities),
        fetch=approval.fetch,
        cache=approval.cache,
        ocsp_url=approval.ocsp_url,
    )
