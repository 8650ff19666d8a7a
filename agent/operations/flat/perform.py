"""The operations of the first dialect by their requests."""

from agent.operations.approval import Approval
from agent.operations.flat import certificates, checking, signing
from agent.operations.flat.key_file import NotThere
from protocol import flat_messages
from protocol.messages import Outcome


def perform(request: flat_messages.Request, approval: Approval) -> Outcome:
    """Carries out a request, and wipes the password in it whatever comes of that.

    Raises PageLeft, and AgentErrors; UserCancelled where the person says no.
    """
    try:
        return _perform(request, approval)
    except NotThere as error:
        return flat_messages.Missing(error.what)
    finally:
        if not isinstance(request, flat_messages.CheckRequest | flat_messages.DigestRequest):
            password = request.place.password
            password[:] = bytes(len(password))


def _perform(request: flat_messages.Request, approval: Approval) -> Outcome:
    match request:
        case flat_messages.ListKeysRequest():
            return certificates.list_keys(request, approval)
        case flat_messages.ReadCertificateRequest():
            return certificates.read(request, approval)
        case flat_messages.SignWithKeyRequest():
            return signing.sign_with_key(request, approval)
        case flat_messages.CheckBareRequest():
            return checking.check_bare(request, approval)
        case flat_messages.CheckRequest():
            return checking.check(request, approval)
        case flat_messages.DigestRequest():
            return checking.digest(request)
