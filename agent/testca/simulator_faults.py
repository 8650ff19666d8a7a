"""What the simulated services can be told to do wrong, and the words for it on the command line: tsp=http-500, ocsp=slow:20.

    every service   slow:SECONDS     the right answer, late
                    http-500         status 500
                    garbage          octets that are no ASN.1, with status 200 and the right type
                    cut-connection   half of the right answer, then the connection ends
    tsp             expired (a certificate that has run out), rejection, wrong-nonce, wrong-imprint, other-policy, bad-signature
    ocsp            expired (an answer of last month), rejection (tryLater), wrong-nonce, no-nonce, other-certificate, unknown,
                    unauthorized-responder, expired-responder, bad-signature
    crl             expired (a list of last year), bad-signature, other-base, unknown-critical

`none` mends a service. What each fault is in octets is said where the answers are made (tsa, ocsp_responder, crl_issuer).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeAlias, get_args

from agent.errors import BadInput
from agent.testca import crl_issuer, ocsp_responder, tsa

Service: TypeAlias = Literal["tsp", "ocsp", "crl", "cert"]

SERVICES: tuple[Service, ...] = get_args(Service)
NONE, SLOW, HTTP_500, GARBAGE, CUT_CONNECTION = "none", "slow", "http-500", "garbage", "cut-connection"
MAX_SLOW_SECONDS = 600.0
_DEFAULT_SLOW_SECONDS = 60.0  # longer than the agent waits for anything

OF_THE_LINE = (NONE, SLOW, HTTP_500, GARBAGE, CUT_CONNECTION)
OF_TSP: Final[Mapping[str, tsa.Fault]] = {
    "expired": tsa.Fault.EXPIRED_CERTIFICATE,
    "rejection": tsa.Fault.REJECTION,
    "wrong-nonce": tsa.Fault.WRONG_NONCE,
    "wrong-imprint": tsa.Fault.WRONG_IMPRINT,
    "other-policy": tsa.Fault.OTHER_POLICY,
    "bad-signature": tsa.Fault.BAD_SIGNATURE,
}
OF_OCSP: Final[Mapping[str, ocsp_responder.Fault]] = {
    "expired": ocsp_responder.Fault.STALE,
    "rejection": ocsp_responder.Fault.TRY_LATER,
    "wrong-nonce": ocsp_responder.Fault.WRONG_NONCE,
    "no-nonce": ocsp_responder.Fault.NO_NONCE,
    "other-certificate": ocsp_responder.Fault.OTHER_CERTIFICATE,
    "unknown": ocsp_responder.Fault.UNKNOWN,
    "unauthorized-responder": ocsp_responder.Fault.UNAUTHORIZED_RESPONDER,
    "expired-responder": ocsp_responder.Fault.EXPIRED_RESPONDER,
    "bad-signature": ocsp_responder.Fault.BAD_SIGNATURE,
}
OF_CRL: Final[Mapping[str, crl_issuer.Fault]] = {
    "expired": crl_issuer.Fault.STALE,
    "bad-signature": crl_issuer.Fault.BAD_SIGNATURE,
    "other-base": crl_issuer.Fault.OTHER_BASE,
    "unknown-critical": crl_issuer.Fault.UNKNOWN_CRITICAL,
}
KINDS: Final[Mapping[Service, tuple[str, ...]]] = {
    "tsp": (*OF_THE_LINE, *OF_TSP),
    "ocsp": (*OF_THE_LINE, *OF_OCSP),
    "crl": (*OF_THE_LINE, *OF_CRL),
    "cert": OF_THE_LINE,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong. `seconds` are those of `slow`."""

    kind: str = NONE
    seconds: float = 0.0

    @classmethod
    def parse(cls, word: str) -> Self:
        """A word of the table above; `slow` alone takes a minute. Whether a service knows it is for `checked` to say.

        Raises: BadInput.
        """
        kind, colon, seconds = word.partition(":")
        if kind != SLOW and colon:
            raise BadInput(f"the fault {kind!r} takes no number")
        if kind != SLOW:
            return cls(kind)
        return cls(SLOW, _seconds(seconds) if colon else _DEFAULT_SLOW_SECONDS)

    def __str__(self) -> str:
        return f"{SLOW}:{self.seconds:g}" if self.kind == SLOW else self.kind


NO_FAULT = Fault()


def parse_switch(text: str) -> tuple[Service, Fault]:
    """SERVICE=FAULT, as on the command line. Raises BadInput."""
    service, equals, word = text.partition("=")
    if not equals:
        raise BadInput(f"{text!r} is no SERVICE=FAULT")
    return checked(service, Fault.parse(word))


def checked(service: str, fault: Fault) -> tuple[Service, Fault]:
    """The same, if that service can go wrong in that way. Raises BadInput."""
    if service not in SERVICES:
        raise BadInput(f"unknown service {service!r}; there are {', '.join(SERVICES)}")
    known: Service = service
    if fault.kind not in KINDS[known]:
        raise BadInput(f"{service} knows no fault {fault.kind!r}; there are {', '.join(KINDS[known])}")
    return known, fault


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MAX_SLOW_SECONDS:
        raise BadInput(f"slow takes 0 to {MAX_SLOW_SECONDS:g} seconds, not {text!r}")
    return seconds
