"""Adding timestamps to a signature that has none (CAdES-T out of CAdES-BES), for applyCAdEST and the command line.

The original asks for a key here and uses none of it. This operation asks nobody: it needs no key, makes no signature of the
person's, and tells an authority nothing but a digest of a signature. It stands in the journal all the same.
"""

from collections.abc import Callable

from agent.errors import BadInput
from agent.formats import cades, cms
from agent.operations import consent, timestamping
from agent.operations.approval import Approval
from agent.operations.timestamping import TimestampAuthority
from protocol.messages import Signed, TimestampRequest


def apply(request: TimestampRequest, approval: Approval) -> Signed:
    """The same message in DER with a timestamp on each signer that had none; nothing else in it changes.

    Raises BadInput (also where each signer has one already), TimestampFailed, StorageFailed, PageLeft.
    """
    message = cms.unwrap(request.document)
    cms.read(message)  # what is no signature leaves no trace in the journal
    with approval.record("timestamp", consent.describe([message])) as record:
        result = stamped(message, timestamping.authority(approval), before_each=approval.user.still_there)
        approval.user.still_there()
        record.write("timestamped")
    return Signed((result,))


def stamped(
    message: bytes, authority: TimestampAuthority, *, before_each: Callable[[], None] = lambda: None
) -> bytes:
    """The message (DER, BER, PEM or base64) in DER, with a timestamp on each signer that had none.

    Raises BadInput (also where each signer has one already), TimestampFailed.
    """
    waiting = cades.unstamped(message)
    if not waiting:
        raise BadInput("each signature in the message has a timestamp already")
    tokens = {}
    for signature in waiting:
        before_each()
        tokens[signature.index] = authority.stamp(signature.signature, signature.profile)
    return cades.with_timestamps(message, tokens)
