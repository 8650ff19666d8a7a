"""Revocation in memory: an authority's responder and lists behind a Fetch, and a cache that forgets nothing.

    world = responders.World("rsa")
    world.register.revoke(world.certificate.serial_number, NOW)
    revocation.status_of(world.certificate, world.issuer, at=NOW, fetch=world, nonce=NONCE)

`World` is made anew for each test; its keys are those of the checked-in test authority.
"""

import dataclasses
import functools
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.certificate import Certificate
from agent.fetch import Kind, Question, unreachable
from agent.testca import crl_issuer, key_set, ocsp_responder
from agent.testca.authority import IssuedKey, Issuer, TestAuthority
from agent.testca.crl_issuer import CrlIssuer
from agent.testca.ocsp_responder import OcspResponder
from agent.testca.revocation_register import RevocationRegister
from tests.support import authority
from tests.support.authority import NOW

NONCE = bytes(range(1, 9))
FAMILIES = authority.FAMILIES
PROFILES = {
    "gost2015": "gost2015-head",
    "gost2004": "gost2004-individual",
    "rsa": "rsa-sign-head",
    "ecdsa": "p256-individual",
}
LIST_NUMBER = 14
LIST_MADE = NOW - timedelta(days=1)


@functools.cache
def checked_in() -> TestAuthority:
    return TestAuthority.load(authority.FOLDER / "ca")


@functools.cache
def issued(family: str, not_before: datetime = NOW - timedelta(days=30)) -> IssuedKey:
    """A person's key of that family; one that ran out, where it began more than a year ago."""
    people = key_set.PEOPLE
    return checked_in().issue(PROFILES[family], people.head, people.organisation, not_before=not_before)


@functools.cache
def _responder(family: str) -> OcspResponder:
    return OcspResponder(checked_in(), family, RevocationRegister(), at=NOW)


def responder(family: str, register: RevocationRegister) -> OcspResponder:
    """A responder with that register; its keys are made once in a run."""
    made = _responder(family)
    made._register = register
    return made


@dataclasses.dataclass
class MemoryCache:
    """Keeps everything, whatever its time, so that a test sees whether what is stale is noticed."""

    kept: dict[str, bytes] = dataclasses.field(default_factory=dict)
    until: dict[str, datetime] = dataclasses.field(default_factory=dict)

    def get(self, key: str, /) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, octets: bytes, until: datetime, /) -> None:
        self.kept[key] = octets
        self.until[key] = until


@dataclasses.dataclass
class World:
    """A Fetch. `down` are kinds that nobody answers; `instead` what is answered in place of the truth."""

    family: str = "ecdsa"
    now: datetime = NOW
    certificate: Certificate = dataclasses.field(init=False)
    register: RevocationRegister = dataclasses.field(default_factory=RevocationRegister)
    ocsp_fault: ocsp_responder.Fault | None = None
    crl_fault: crl_issuer.Fault | None = None
    delta_fault: crl_issuer.Fault | None = None
    down: set[Kind] = dataclasses.field(default_factory=set)
    instead: Callable[[Question], bytes] | None = None
    asked: list[Question] = dataclasses.field(default_factory=list)
    list_made: datetime = LIST_MADE

    def __post_init__(self) -> None:
        self.certificate = issued(self.family).certificate

    @property
    def authority(self) -> Issuer:
        return checked_in().issuers[self.family, "issuing"]

    @property
    def issuer(self) -> Certificate:
        return self.authority.certificate

    @property
    def kinds(self) -> list[str]:
        return [question.kind for question in self.asked]

    def full(self) -> bytes:
        return CrlIssuer(self.authority, self.register).full(
            number=LIST_NUMBER, at=self.list_made, fault=self.crl_fault
        )

    def delta(self) -> bytes:
        return CrlIssuer(self.authority, self.register).delta(
            number=3, base=LIST_NUMBER, since=self.list_made, at=self.now, fault=self.delta_fault
        )

    def __call__(self, question: Question, /) -> bytes:
        self.asked.append(question)
        if question.kind in self.down:
            raise unreachable("no-connection", "qalamsap.invalid")
        if self.instead is not None:
            return self.instead(question)
        if question.kind == "ocsp":
            made = responder(self.family, self.register)
            return made.respond(question.body, at=self.now, fault=self.ocsp_fault)
        return self.delta() if question.url.endswith("_d.crl") else self.full()
