"""The calls that the portal's pages pass to the agent: `sign` of kz.gov.pki.knca.basics."""

import base64
from collections.abc import Sequence
from typing import Any

from agent.certificate import EMAIL_PROTECTION
from demo.subscribers import Subscriber

MODULE = "kz.gov.pki.knca.basics"


def identify(text: bytes, *, chain: Sequence[str], locale: str) -> dict[str, Any]:
    """Asks for a signature by any key, with the text inside it.

    The filter of key purposes is left open, because the module wants every purpose in the list and no purpose is common to
    AUTH_RSA and to the single GOST key. Expired keys are let through for the same reason: the portal checks the certificate and
    tells the person what is wrong with the key, where a filter could only grey it out.
    """
    return _sign(
        text, encapsulate=True, allow_expired=True, signer={"extKeyUsageOids": []}, chain=chain, locale=locale
    )


def sign(document: bytes, subscriber: Subscriber, *, chain: Sequence[str], locale: str) -> dict[str, Any]:
    """Asks for a detached signature by a signing key of the account's owner."""
    owner = {"bin": subscriber.bin} if subscriber.bin else {"iin": subscriber.iin}
    signer = {"extKeyUsageOids": [EMAIL_PROTECTION], **owner}
    return _sign(document, encapsulate=False, allow_expired=False, signer=signer, chain=chain, locale=locale)


def _sign(
    content: bytes,
    *,
    encapsulate: bool,
    allow_expired: bool,
    signer: dict[str, Any],
    chain: Sequence[str],
    locale: str,
) -> dict[str, Any]:
    parameters: dict[str, Any] = {"decode": True, "encapsulate": encapsulate, "digested": False}
    if allow_expired:
        parameters["allowExpired"] = True
    return {
        "module": MODULE,
        "method": "sign",
        "args": {
            "format": "cms",
            "data": base64.b64encode(content).decode("ascii"),
            "signingParams": parameters,
            "signerParams": {**signer, "chain": list(chain)},
            "locale": locale,
        },
    }
