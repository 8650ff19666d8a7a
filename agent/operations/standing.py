"""Whether an authority has taken a key's certificate back, asked while its owner waits for the window to go on.

So it is asked for a few seconds only, and silence keeps nobody from signing: a lost connection says nothing of a key, and whoever
verifies the signature asks again. What the authority says is believed as far as agent.trust.revocation believes it. A question that
is still on its way goes on behind, and its answer is in the cache the next time.
"""

import contextlib
import secrets
import threading
from collections.abc import Sequence

from agent.certificate import Certificate
from agent.errors import AgentError
from agent.operations.approval import Approval
from agent.trust import path, revocation
from agent.trust.anchors import Anchor
from agent.user.base import PageLeft

PATIENCE_S = 3.0
_NONCE_OCTETS = 8


def revoked(
    certificates: Sequence[Certificate],
    ends: Sequence[Anchor],
    between: Sequence[Certificate],
    approval: Approval,
    *,
    patience_s: float = PATIENCE_S,
) -> frozenset[Certificate]:
    """Those of `certificates` that their authority is known to have revoked. `ends` are anchors, `between` authorities below them."""
    found: set[Certificate] = set()

    def ask() -> None:
        for certificate in certificates:
            # No path, or nobody to ask about the page that left: nothing is known.
            with contextlib.suppress(AgentError, PageLeft):
                if _is_revoked(certificate, ends, between, approval):
                    found.add(certificate)

    asking = threading.Thread(target=ask, name="revocation", daemon=True)
    asking.start()
    asking.join(patience_s)
    return frozenset(found)


def _is_revoked(
    certificate: Certificate, ends: Sequence[Anchor], between: Sequence[Certificate], approval: Approval
) -> bool:
    at = approval.now()
    moment = min(max(at, certificate.not_before), certificate.not_after)  # dates are judged for themselves
    issued = path.build(certificate, ends, at=moment, intermediates=between)
    status = revocation.status_of(
        certificate,
        issued.issuer,
        at=at,
        fetch=approval.fetch,
        cache=approval.cache,
        nonce=secrets.token_bytes(_NONCE_OCTETS),
        ocsp_url=approval.ocsp_url,
    )
    return status.state == "revoked"
