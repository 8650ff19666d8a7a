"""The servers of authorities: whether they answer, how fast, and what time they say it is.

A timestamp is the best clock there is for this: it is signed, repeats the number of our request, and can't be an old one. Of what is
asked nothing tells who asks: the timestamp is over random octets, the status is asked of a certificate that nobody has.
"""

import dataclasses
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from agent import algorithms, fetch
from agent.config import DEFAULT_TIMESTAMP_URL, Config
from agent.doctor.finding import Finding
from agent.errors import AgentError, TimestampFailed, Unreachable
from agent.fetch import Fetch, Kind, Limits, Question
from agent.formats import asn1, tsp
from agent.formats.asn1 import Fields
from agent.formats.tsp import Timestamp
from agent.http_fetch import FetchSettings, HttpFetch
from agent.trust import anchors
from agent.trust.issuer import Issuer

OCSP_URL: Final = "http://ocsp.pki.gov.kz/"
SECONDS: Final = 8.0  # for each server: a person waits
SLIGHTLY_OFF: Final = timedelta(seconds=60)
OFF: Final = timedelta(minutes=5)  # beyond it, authorities' answers look too old or too young to be believed

_NONCE_BITS = 63
_ENUMERATED = 0x0A


def fetcher(settings: Config, limits: dict[Kind, Limits] = fetch.LIMITS) -> HttpFetch:
    """Asks as the agent does, with less patience."""
    hurried = {
        kind: dataclasses.replace(each, seconds=min(each.seconds, SECONDS)) for kind, each in limits.items()
    }
    rules = FetchSettings.of(settings)
    return HttpFetch(rules, limits=hurried)


def timestamps(
    fetch_: Fetch,
    url: str,
    now: Callable[[], datetime],
    timer: Callable[[], float] = time.monotonic,
) -> tuple[Finding, Finding]:
    """Whether the timestamp authority answers, and by its answer, whether this computer's clock is right."""
    started = timer()
    try:
        timestamp = _timestamp(fetch_, url)
    except TimestampFailed as error:
        found = Finding("timestamps", "refused", "hint", error.detail)
        return found, Finding("clock", "unknown", "hint", "no server told the time")
    except Unreachable as error:
        return _unreached("timestamps", error), Finding("clock", "unknown", "hint", "no server told the time")
    except AgentError as error:
        found = Finding("timestamps", "garbled", "hint", error.detail or error.code)
        return found, Finding("clock", "unknown", "hint", "no server told the time")
    took = max(0.0, timer() - started)
    return _answered("timestamps", took), clock(now() - timestamp.moment, timedelta(seconds=took))


def clock(ahead: timedelta, took: timedelta) -> Finding:
    """What it means that this computer was so much ahead when the answer was there, which was `took` on its way."""
    # The moment lies somewhere between question and answer.
    off = max(timedelta(0), ahead - took) if ahead > timedelta(0) else ahead
    seconds = round(off.total_seconds())
    text = f"{abs(seconds)} seconds {'ahead' if seconds > 0 else 'behind'}"
    way = "ahead" if seconds > 0 else "behind"
    if abs(off) >= OFF:
        return Finding("clock", way, "trouble", text, {"count": max(1, abs(seconds) // 60)})
    if abs(off) >= SLIGHTLY_OFF:
        return Finding("clock", f"slightly-{way}", "hint", text, {"count": abs(seconds)})
    return Finding("clock", "right", "ok", text)


def revocation(fetch_: Fetch, url: str, timer: Callable[[], float] = time.monotonic) -> Finding:
    """Whether the server answers that knows which certificates were revoked. Any answer of its kind will do."""
    started = timer()
    try:
        answer = fetch_(Question("ocsp", url or OCSP_URL, status_request()))
        Fields(asn1.read(answer), "OCSPResponse").next(_ENUMERATED)
    except Unreachable as error:
        return _unreached("revocation", error)
    except AgentError as error:
        return Finding("revocation", "garbled", "hint", error.detail or error.code)
    return _answered("revocation", max(0.0, timer() - started))


def offline() -> tuple[Finding, ...]:
    """What is to be said where the settings forbid to ask."""
    text = "nothing is asked: offline in the settings"
    return (
        Finding("clock", "unknown", "hint", text),
        Finding("timestamps", "offline", "hint", text),
        Finding("revocation", "offline", "hint", text),
    )


def _timestamp(fetch_: Fetch, url: str) -> Timestamp:
    """Raises AgentError."""
    profile = tsp.profile_for(algorithms.GOST_2015_512)
    imprint, nonce = profile.digest(secrets.token_bytes(32)), secrets.randbits(_NONCE_BITS)
    request = tsp.request(imprint, profile.digest, policy=profile.policy, nonce=nonce)
    token = tsp.read_response(fetch_(Question("timestamp", url or DEFAULT_TIMESTAMP_URL, request)))
    timestamp = tsp.read_token(token)
    tsp.check_answer(timestamp, imprint=imprint, digest=profile.digest, policy=profile.policy, nonce=nonce)
    if timestamp.evidence.signature != "valid":
        raise TimestampFailed("the signature of the timestamp does not hold")
    return timestamp


def status_request() -> bytes:
    """An OCSPRequest (RFC 6960 §4.1.1) for a number of 63 random bits under a national authority: one that it never gave."""
    issuer = Issuer.of(next(anchor for anchor in anchors.production() if anchor.kind == "issuing"))
    asked = asn1.element(
        asn1.SEQUENCE,
        algorithms.SHA256.identifier_der,
        asn1.element(asn1.OCTET_STRING, issuer.name_hash),
        asn1.element(asn1.OCTET_STRING, issuer.key_hash),
        asn1.integer(secrets.randbits(_NONCE_BITS) + 1),
    )
    wrapped = asked
    for _ in range(4):  # Request, requestList, TBSRequest, OCSPRequest
        wrapped = asn1.element(asn1.SEQUENCE, wrapped)
    return wrapped


def _answered(what: str, took: float) -> Finding:
    text = f"answered in {took:.1f} s"
    if what == "timestamps":
        return Finding("timestamps", "answered", "ok", text)
    return Finding("revocation", "answered", "ok", text)


def _unreached(what: str, error: Unreachable) -> Finding:
    failure = error.detail.partition(":")[0].strip()
    values = {"failure": failure}
    if what == "timestamps":
        return Finding("timestamps", "unreached", "hint", error.detail, values)
    return Finding("revocation", "unreached", "hint", error.detail, values)
