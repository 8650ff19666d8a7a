"""The calls that the portal's pages pass to the agent: `sign` of kz.gov.pki.knca.basics (docs/api/pdf.md for PDF), and `login`."""

import base64
from collections.abc import Sequence
from typing import Any

from agent.certificate import EMAIL_PROTECTION
from demo.subscribers import Subscriber

MODULE = "kz.gov.pki.knca.basics"


def identify(text: bytes, *, chain: Sequence[str], locale: str) -> dict[str, Any]:
    """Asks for a signature by any key, with the text inside it.

    The filter of key purposes is left open, because the module wants every purpose in the list and no purpose is common to
    AUTH_RSA and to the single GOST key. Expired and revoked keys are let through for the same reason: the portal checks the certificate and
    tells the person what is wrong with the key, where a filter could only grey it out.
    """
    parameters = {
        "decode": True,
        "encapsulate": True,
        "digested": False,
        "allowExpired": True,
        "allowRevoked": True,
    }
    signer = {"extKeyUsageOids": [], "chain": list(chain)}
    return _sign("cms", text, parameters, signer, locale)


def log_in(nonce: str, *, chain: Sequence[str], locale: str) -> dict[str, Any]:
    """What an agent that knows `login` of kz.qalamsap.v1 is asked instead of the above, by any key for the same reason."""
    key = {"purpose": "any", "authorities": list(chain), "allowExpired": True, "allowRevoked": True}
    return {"nonce": nonce, "key": key, "language": locale}


def sign(
    document: bytes, subscriber: Subscriber, *, chain: Sequence[str], locale: str, timestamp: bool
) -> dict[str, Any]:
    """Asks for a detached signature by a signing key of the account's owner."""
    parameters = {"decode": True, "encapsulate": False, "digested": False, **_timestamp(wanted=timestamp)}
    return _sign("cms", document, parameters, _signer(subscriber, chain), locale)


def sign_inside(
    document: bytes, subscriber: Subscriber, *, chain: Sequence[str], locale: str, timestamp: bool
) -> dict[str, Any]:
    """Asks for a signature inside the PDF by a signing key of the account's owner, with a stamp on the last page."""
    parameters = {"decode": True, "stamp": True, **_timestamp(wanted=timestamp)}
    return _sign("pdf", document, parameters, _signer(subscriber, chain), locale)


def _signer(subscriber: Subscriber, chain: Sequence[str]) -> dict[str, Any]:
    owner = {"bin": subscriber.bin} if subscriber.bin else {"iin": subscriber.iin}
    return {"extKeyUsageOids": [EMAIL_PROTECTION], **owner, "chain": list(chain)}


def _timestamp(*, wanted: bool) -> dict[str, Any]:
    return {"tsaProfile": {}} if wanted else {}


def _sign(
    signature_format: str, content: bytes, parameters: dict[str, Any], signer: dict[str, Any], locale: str
) -> dict[str, Any]:
    return {
        "module": MODULE,
        "method": "sign",
        "args": {
            "format": signature_format,
            "data": base64.b64encode(content).decode("ascii"),
            "signingParams": parameters,
            "signerParams": signer,
            "locale": locale,
        },
    }
