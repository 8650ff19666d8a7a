"""Whether an authority took a certificate back, as of a moment: asks by OCSP, then by lists, and keeps four answers apart.

    good          the authority says that at the moment asked about it stood by the certificate
    revoked       the authority says that it did not
    unknown       the authority was asked and does not say: it never issued the certificate, or no longer answers for it
    unreachable   nobody gave an answer that holds up
    not-checked   nobody was asked

`at` is the moment the question is about, `now` that of asking. They differ when a timestamp proves that a signature was made
earlier; without such a proof ask about `now`. A revocation later than `at` leaves "good", and the detail says "revoked-later" and why:

* certificateHold: a hold counts while it lasts. One that began later says nothing of `at`, and one that has ended leaves no trace:
  neither the responder nor a list tells of it any more.
* keyCompromise, cACompromise: somebody else may have had the key before. The time of the signature is proven, and it is before
  the revocation, so it stands (ETSI EN 319 102-1 §5.2.6.4); but where a list gives an invalidity date, that counts.

An answer by OCSP may not contradict itself by a list: lists are asked only where OCSP gave no answer, or tells of a revocation later than
`at`, for only lists give invalidity dates. Whoever can cut off or spoil OCSP can make us ask the lists, which are as true but older; he can't
make anything "good".

Lists drop certificates that have run out (national ones do so within the year). Absence from a list that is younger than the end of
the certificate proves nothing, so it is "unknown".

Everything is checked again when it comes from the cache, so the cache need not be trusted, and its keys are no secret:

    ocsp:<SHA-256 of the CertID, hex>    an OCSPResponse, while its time lasts (ten minutes for national ones)
    crl:<URL>                            a list, until its nextUpdate
    asked:<URL>                          empty: for LIST_AGE this list needs no fetching

Without `fetch` only the cache is asked. A list that can't be fetched is taken from the cache while it is current; a fetched one that is older
than the cached one is somebody's replay, and the cached one counts.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, TypedDict

from agent.certificate import Certificate
from agent.errors import Unreachable
from agent.fetch import Cache, Fetch, Question
from agent.trust import crl, ocsp
from agent.trust.crl import RevocationList
from agent.trust.issuer import Authority, BadAnswer
from agent.trust.path import Path

State = Literal["good", "revoked", "unknown", "unreachable", "not-checked"]
Source = Literal["", "ocsp", "crl"]
Mode = Literal["ocsp", "crl"]

LIST_AGE = timedelta(hours=1)
"""For how long a fetched list is not fetched again."""
_ASKED_NOBODY = ("offline", "bad-url", "not-allowed", "too-many")  # of agent.fetch.Failure
_MAX_ADDRESSES = 2  # of each kind, that are tried one after the other
_WORST_FIRST: tuple[State, ...] = ("revoked", "unknown", "unreachable", "not-checked", "good")


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """The answer. `this_update` is when the authority said it, `checked_at` when we asked.

    `revoked_at` and `reason` (a word of reasons.REASONS) are there where the certificate is revoked by now, though it may have been
    "good" at the moment asked about. `detail` are stable words, separated by "; ", on how the answer came about. `evidence` is what
    proves it: an OCSPResponse, or a list and its delta, in DER.
    """

    state: State
    source: Source = ""
    checked_at: datetime | None = None
    this_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: str = ""
    detail: str = ""
    evidence: tuple[bytes, ...] = dataclasses.field(default=(), repr=False)


# Words of `detail` that a person may want explained; NEVER_ISSUED of agent.trust.ocsp is another.
REVOKED_LATER, EXPIRED_BEFORE_LIST, SELF_ISSUED = "revoked-later", "expired-before-list", "self-issued"
NOT_CHECKED = Status("not-checked")


def status_of(
    certificate: Certificate,
    issuer: Authority,
    *,
    at: datetime,
    now: datetime | None = None,
    fetch: Fetch | None,
    cache: Cache | None = None,
    nonce: bytes | None,
    mode: Mode = "ocsp",
    ocsp_url: str = "",
) -> Status:
    """Whether `certificate`, which `issuer` issued (a path says so), was revoked at the moment `at`; `now` is `at` where nothing else
    is said.

    `mode` "crl" asks lists only. `ocsp_url` stands for the OCSP addresses of the certificate. `nonce` are fresh random octets, None for
    none; a self-issued certificate is not asked about, since nobody but its owner could answer.
    """
    if at.tzinfo is None or (now is not None and now.tzinfo is None):
        raise ValueError("a moment without a time zone")
    if certificate.issuer.der == certificate.subject.der:
        return dataclasses.replace(NOT_CHECKED, detail=SELF_ISSUED)
    inquiry = _Inquiry(certificate, issuer, at, now or at, fetch, cache or _NoCache())
    return inquiry.status(mode, (ocsp_url,) if ocsp_url else certificate.addresses.ocsp, nonce)


def statuses_of(
    path: Path,
    *,
    at: datetime,
    now: datetime | None = None,
    fetch: Fetch | None,
    cache: Cache | None = None,
    nonce: bytes | None,
    ocsp_url: str = "",
) -> tuple[Status, ...]:
    """A status for each certificate of the path that there is somebody to ask about, from the leaf upwards: the leaf by OCSP or
    lists, authorities by their issuer's list.

    Authorities that name no list have none: those of 2018 name it in a broken way, and test authorities not at all. Neither has a
    self-issued certificate, nor the anchor: whoever trusts it by a table takes that back by the table. An authority whose list
    is unreachable does count (`worst`): a person who may not ask can give the issuing authority as anchor, as the table does.
    """
    issuers: tuple[Authority, ...] = (*path.certificates[1:], path.anchor)
    pairs = [
        (certificate, issuer)
        for depth, (certificate, issuer) in enumerate(zip(path.certificates, issuers, strict=True))
        if depth == 0 or (certificate.addresses.crl and certificate.issuer.der != certificate.subject.der)
    ]
    return tuple(
        status_of(
            certificate,
            issuer,
            at=at,
            now=now,
            fetch=fetch,
            cache=cache,
            nonce=nonce,
            mode="ocsp" if certificate is path.certificates[0] else "crl",
            ocsp_url=ocsp_url,
        )
        for certificate, issuer in pairs
    )


def worst(statuses: Sequence[Status]) -> Status:
    """The status that decides over a path: one revoked authority is enough, and one that nobody answers for leaves the path open."""
    return min(statuses, key=lambda status: _WORST_FIRST.index(status.state), default=NOT_CHECKED)


class _Circumstances(TypedDict):
    checked_at: datetime
    detail: str


class _NoCache:
    def get(self, _key: str, /) -> bytes | None:
        return None

    def put(self, _key: str, _octets: bytes, _until: datetime, /) -> None:
        return


@dataclasses.dataclass(slots=True)
class _Inquiry:
    """One question, and what was tried to answer it."""

    certificate: Certificate
    issuer: Authority
    at: datetime
    now: datetime
    fetch: Fetch | None
    cache: Cache
    notes: list[str] = dataclasses.field(default_factory=list)
    was_asked: bool = False

    def status(self, mode: Mode, ocsp_urls: Sequence[str], nonce: bytes | None) -> Status:
        """OCSP first, unless by lists only. "Never issued" is final; a responder that does not know is not the last to ask, nor is
        one that tells of a later revocation."""
        answered = self._by_ocsp(ocsp_urls[:_MAX_ADDRESSES], nonce) if mode == "ocsp" else None
        if answered is not None and answered.state == "good" and answered.revoked_at is not None:
            return self._unless_invalid_before(answered)
        if answered is not None and (answered.state != "unknown" or answered.detail == ocsp.NEVER_ISSUED):
            return answered
        listed = self._by_lists()
        if listed is None or (answered is not None and listed.state == "unknown"):
            return answered or Status(
                "unreachable" if self.was_asked else "not-checked", **self._circumstances()
            )
        return listed

    def _unless_invalid_before(self, answered: Status) -> Status:
        """What OCSP says of a later revocation, unless a list says that the key was in other hands by then."""
        self.notes = []
        listed = self._by_lists()
        return listed if listed is not None and listed.state == "revoked" else answered

    # --- OCSP -----------------------------------------------------------------------------------------------------

    def _by_ocsp(self, urls: Sequence[str], nonce: bytes | None) -> Status | None:
        key = f"ocsp:{hashlib.sha256(ocsp.cert_id(self.certificate, self.issuer)).hexdigest()}"
        answer = self._cached_answer(key) or self._asked_answer(key, urls, nonce)
        if answer is None:
            return None
        if answer.detail:
            self.notes = [answer.detail]
        state: State = answer.status
        if answer.revoked_at is not None:
            state = self._state(answer.revoked_at, None)
        return Status(
            state,
            source="ocsp",
            this_update=answer.this_update,
            revoked_at=answer.revoked_at,
            reason=answer.reason,
            evidence=(answer.der,),
            **self._circumstances(),
        )

    def _cached_answer(self, key: str) -> ocsp.Answer | None:
        cached = self.cache.get(key)
        try:
            return None if cached is None else self._read_answer(cached, None)
        except BadAnswer as refusal:
            self._note("cached ocsp", refusal)
            return None

    def _asked_answer(self, key: str, urls: Sequence[str], nonce: bytes | None) -> ocsp.Answer | None:
        for url in urls:
            try:
                octets = self._ask(
                    Question("ocsp", url, ocsp.request(self.certificate, self.issuer, nonce=nonce))
                )
                answer = None if octets is None else self._read_answer(octets, nonce)
            except Unreachable as error:
                self._note("ocsp", error)
                continue
            if answer is not None:
                self.cache.put(key, answer.der, answer.next_update or answer.this_update + ocsp.MAX_AGE)
            return answer
        return None

    def _read_answer(self, octets: bytes, nonce: bytes | None) -> ocsp.Answer:
        return ocsp.read(octets, self.certificate, self.issuer, nonce=nonce, at=self.now)

    # --- lists ----------------------------------------------------------------------------------------------------

    def _by_lists(self) -> Status | None:
        addresses = self.certificate.addresses
        full = self._first_list(addresses.crl, crl.check_whole)
        if full is None:
            return None
        delta = self._first_list(addresses.delta_crl, lambda found: crl.check_fits(found, full))
        try:
            return self._judge_lists(full, delta)
        except BadAnswer as refusal:
            self._note("crl", refusal)
            return None

    def _judge_lists(self, full: RevocationList, delta: RevocationList | None) -> Status:
        entry = crl.find(full, delta, self.certificate.serial_number)
        newest = delta or full
        state: State = "good"
        if entry is not None:
            state = self._state(entry.revoked_at, entry.invalid_since)
        elif self.certificate.not_after < newest.this_update:
            state = "unknown"
            self.notes.append(EXPIRED_BEFORE_LIST)
        return Status(
            state,
            source="crl",
            this_update=newest.this_update,
            revoked_at=None if entry is None else entry.revoked_at,
            reason="" if entry is None else entry.reason,
            evidence=(full.der,) if delta is None else (full.der, delta.der),
            **self._circumstances(),
        )

    def _first_list(
        self, urls: Sequence[str], check: Callable[[RevocationList], object]
    ) -> RevocationList | None:
        """The first list to be had that passes the check. What is wrong with the others goes to the notes."""
        for url in urls[:_MAX_ADDRESSES]:
            try:
                found = self._list(url)
                if found is not None:
                    check(found)
                    return found
            except BadAnswer as refusal:
                self._note("crl", refusal)
        return None

    def _list(self, url: str) -> RevocationList | None:
        key, asked = f"crl:{url}", f"asked:{url}"
        cached = self._cached_list(key)
        if cached is not None and self.cache.get(asked) is not None:
            return cached
        try:
            octets = self._ask(Question("crl", url))
            if octets is None:
                return cached
            fetched = self._read_list(octets)
        except Unreachable as error:
            self._note("crl", error)
            return cached
        if cached is not None and fetched.this_update < cached.this_update:
            self.notes.append("crl older than one seen before")
            return cached
        self.cache.put(key, octets, fetched.next_update)
        self.cache.put(asked, b"1", self.now + LIST_AGE)
        return fetched

    def _cached_list(self, key: str) -> RevocationList | None:
        cached = self.cache.get(key)
        try:
            return None if cached is None else self._read_list(cached)
        except BadAnswer as refusal:
            self._note("cached crl", refusal)
            return None

    def _read_list(self, octets: bytes) -> RevocationList:
        found = crl.read(octets, self.issuer)
        found.check_current(self.now)
        return found

    # --- both -----------------------------------------------------------------------------------------------------

    def _ask(self, question: Question) -> bytes | None:
        """The octets of the answer; None where nobody is asked at all. Raises: Unreachable."""
        if self.fetch is None:
            return None
        try:
            octets = self.fetch(question)
        except Unreachable as error:
            self.was_asked = self.was_asked or error.detail.partition(":")[0] not in _ASKED_NOBODY
            raise
        self.was_asked = True
        return octets

    def _state(self, revoked_at: datetime, invalid_since: datetime | None) -> State:
        """Of a certificate that is revoked by now, at the moment asked about."""
        if min(revoked_at, invalid_since or revoked_at) <= self.at:
            return "revoked"
        self.notes.append(REVOKED_LATER)
        return "good"

    def _note(self, source: str, error: Unreachable) -> None:
        self.notes.append(f"{source} {error.detail}")

    def _circumstances(self) -> _Circumstances:
        return {"checked_at": self.now, "detail": "; ".join(self.notes)}
