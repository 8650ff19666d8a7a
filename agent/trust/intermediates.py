"""Authorities that lie neither with a signature nor in the table, fetched from where the certificate says that its issuer's is.

An address in a certificate is a hint (RFC 5280 §4.2.2.1): genuine ones of 2023 name another authority's file. So what comes
back counts only if it bears the issuer's name and its key made the signature, and it makes nobody trusted: a path has to
lead on to an anchor all the same.
"""

from datetime import datetime, timedelta

from agent.certificate import Certificate
from agent.errors import BadInput, InvalidSignature, Unreachable, UnsupportedKey
from agent.fetch import Cache, Fetch, Question

MAX_STEPS = 3  # national paths have one or two authorities
_MAX_ADDRESSES = 2
_KEPT = timedelta(days=30)


def fetched(
    certificate: Certificate, *, fetch: Fetch | None, cache: Cache | None = None, now: datetime
) -> tuple[Certificate, ...]:
    """The issuer of `certificate`, its issuer, and so on, as far as addresses lead; nothing where they don't.

    Without `fetch` only the cache is asked.
    """
    found: list[Certificate] = []
    current = certificate
    while len(found) < MAX_STEPS and current.issuer.der != current.subject.der:
        issuer = _issuer_of(current, fetch, cache, now)
        if issuer is None:
            break
        found.append(issuer)
        current = issuer
    return tuple(found)


def _issuer_of(
    certificate: Certificate, fetch: Fetch | None, cache: Cache | None, now: datetime
) -> Certificate | None:
    for url in certificate.addresses.ca_issuers[:_MAX_ADDRESSES]:
        key = f"certificate:{url}"
        cached = None if cache is None else cache.get(key)
        issuer = None if cached is None else _read(cached, certificate)
        if issuer is None and fetch is not None:
            try:
                octets = fetch(Question("certificate", url))
            except Unreachable:
                continue  # a hint that leads nowhere: the path says "no issuer" all the same
            issuer = _read(octets, certificate)
            if issuer is not None and cache is not None:
                cache.put(key, octets, now + _KEPT)
        if issuer is not None:
            return issuer
    return None


def _read(octets: bytes, issued: Certificate) -> Certificate | None:
    """The certificate in `octets`, if its owner issued that one."""
    try:
        issuer = Certificate.from_pem_or_der(octets)
        issued.verify_issued_by(issuer)
    except (BadInput, InvalidSignature, UnsupportedKey):
        return None
    return issuer
