"""Addresses of issuers are hints: what they lead to is believed only as far as it fits."""

from datetime import datetime, timedelta

import pytest

from agent.errors import Unreachable
from agent.fetch import Question
from agent.testca import profiles
from agent.trust import intermediates
from tests.support import authority, simulated_authorities
from tests.support.authority import NOW

LEAF = "gost2015-individual"


class Kept:
    """A cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, datetime]] = {}

    def get(self, key: str) -> bytes | None:
        return self.kept[key][0] if key in self.kept else None

    def put(self, key: str, octets: bytes, until: datetime) -> None:
        self.kept[key] = octets, until


def subjects(found) -> list[bytes]:
    return [certificate.subject.der for certificate in found]


@pytest.mark.parametrize(
    "name", ["gost2015-individual", "gost2004-head", "rsa-sign-individual", "p256-individual"]
)
def test_the_issuer_is_fetched_from_where_the_certificate_says(name: str) -> None:
    authorities = simulated_authorities.new()
    leaf = authority.certificate(name)
    (issuer,) = intermediates.fetched(leaf, fetch=authorities, now=NOW)
    leaf.verify_issued_by(issuer)
    assert [question.kind for question in authorities.asked] == ["certificate"]
    assert authorities.asked[0].url.startswith(profiles.ADDRESS)


def test_an_issuer_is_kept_for_a_while_and_then_nobody_is_asked() -> None:
    cache, authorities = Kept(), simulated_authorities.new()
    leaf = authority.certificate(LEAF)
    first = intermediates.fetched(leaf, fetch=authorities, cache=cache, now=NOW)
    assert intermediates.fetched(leaf, fetch=None, cache=cache, now=NOW) == first
    assert authorities.count("certificate") == 1
    ((_, until),) = cache.kept.values()
    assert until - NOW == timedelta(days=30)


@pytest.mark.parametrize("fault", ["http-500", "garbage", "cut-connection"])
def test_a_hint_that_leads_nowhere_gives_nothing(fault: str) -> None:
    authorities = simulated_authorities.new()
    authorities.switch("cert", fault)
    assert intermediates.fetched(authority.certificate(LEAF), fetch=authorities, now=NOW) == ()


def test_another_authority_at_the_address_gives_nothing_and_is_not_kept() -> None:
    cache = Kept()

    def another(_question: Question) -> bytes:
        return authority.issuing()[1].der

    assert intermediates.fetched(authority.certificate(LEAF), fetch=another, cache=cache, now=NOW) == ()
    assert cache.kept == {}


def test_what_was_spoiled_in_the_cache_is_fetched_anew() -> None:
    cache, authorities = Kept(), simulated_authorities.new()
    leaf = authority.certificate(LEAF)
    (url,) = leaf.addresses.ca_issuers
    cache.put(f"certificate:{url}", b"spoiled", NOW)
    assert subjects(intermediates.fetched(leaf, fetch=authorities, cache=cache, now=NOW)) == [leaf.issuer.der]


def test_a_self_issued_certificate_has_no_issuer_to_fetch() -> None:
    def never(_question: Question) -> bytes:
        raise Unreachable("asked")

    assert intermediates.fetched(authority.roots()[0], fetch=never, now=NOW) == ()
