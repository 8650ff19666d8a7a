"""Reads revocation lists (RFC 5280 §5), whole ones and deltas: octets and moments in, values out.

A list is signed as a whole, so its entries are not taken apart: the one that is asked for is found by walking from header to header.

What the national lists do, and what is made of it: the signature algorithm has its NULL outside and lacks it inside (the test
list of 2026), so only its number is compared. Deltas are numbered on their own and may bear lower numbers than the list they add to;
what counts is the base number they name, and which of the two is younger. Entries of certificates that have run out are dropped.

Refused: indirect lists, lists for a part of the certificates, and every other critical extension that we don't know (§5.2, §5.3).
"""

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from asn1crypto import core, parser

from agent import x509
from agent.fetch import LIMITS
from agent.trust.issuer import SKEW, Authority, BadAnswer, Issuer, check_signature
from agent.trust.reasons import REASONS, REMOVE_FROM_CRL

MAX_ENTRIES = 1_000_000

_MAX_SIZE = LIMITS["crl"].most_bytes
_NUMBER, _DELTA, _AUTHORITY_KEY = "2.5.29.20", "2.5.29.27", "2.5.29.35"
_REASON, _INVALIDITY = "2.5.29.21", "2.5.29.24"
_SEQUENCE = 0x30
_TRUE = b"\x01\x01\xff"  # a critical extension holds these octets


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One certificate that was taken back. `reason` is a word of reasons.REASONS.

    `invalid_since`: when the authority believes that the key fell into other hands, where it says so.
    """

    revoked_at: datetime
    reason: str
    invalid_since: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class RevocationList:
    """A list whose signature was checked. `base` is the number of the list that a delta adds to, None of a whole list."""

    der: bytes = dataclasses.field(repr=False)
    number: int | None
    base: int | None
    this_update: datetime
    next_update: datetime
    entries: bytes = dataclasses.field(repr=False)
    """Contents of revokedCertificates, as they stand."""

    def find(self, serial_number: int) -> Entry | None:
        """The entry of that certificate.

        Raises: BadAnswer where the entries are malformed.
        """
        wanted = core.Integer(serial_number).dump()
        for start, end in _bounds(self.entries):
            if self.entries.startswith(wanted, start):
                return _entry(self.entries[start:end])
        return None

    def check_current(self, at: datetime, skew: timedelta = SKEW) -> None:
        """Raises: BadAnswer, "stale" or "from-the-future"."""
        if self.this_update > at + skew:
            raise BadAnswer("from-the-future")
        if at - skew > self.next_update:
            raise BadAnswer("stale")


def read(octets: bytes, issuer: Authority) -> RevocationList:
    """The list in `octets` (DER), if `issuer` signed it. Its age is for the caller to check.

    Raises: BadAnswer.
    """
    if len(octets) > _MAX_SIZE:
        raise BadAnswer("too-large", f"{len(octets)} octets")
    authority = Issuer.of(issuer)
    try:
        outer = _Outer.load(octets, strict=True)
        body = outer["body"]
        if body["issuer"].dump() != authority.name_der:
            raise BadAnswer("other-issuer")
        if not authority.may_sign_lists:
            raise BadAnswer("may-not-sign-lists")
        oid = outer["algorithm"]["algorithm"].dotted
        if body["algorithm"]["algorithm"].dotted != oid:
            raise BadAnswer("malformed", "inner and outer signature algorithm differ")
        signed = x509.first_element(parser.parse(octets, strict=True)[4])
        check_signature(authority.public_key, signed, oid, outer["signature"].native)
        return _list(body, octets)
    except x509.PARSE_ERRORS as error:
        raise BadAnswer("malformed") from error


def find(full: RevocationList, delta: RevocationList | None, serial_number: int) -> Entry | None:
    """The entry of that certificate in a list and its delta together (RFC 5280 §5.2.4); None where it is not revoked.

    Raises: BadAnswer, "is-delta", "not-delta" or "delta-mismatch" where the two don't belong together.
    """
    check_whole(full)
    if delta is not None:
        check_fits(delta, full)
        entry = delta.find(serial_number)
        if entry is not None:
            return None if entry.reason == REMOVE_FROM_CRL else entry
    return full.find(serial_number)


def check_whole(full: RevocationList) -> None:
    """Raises: BadAnswer where this is a delta."""
    if full.base is not None:
        raise BadAnswer("is-delta")


def check_fits(delta: RevocationList, full: RevocationList) -> None:
    """Whether the delta adds to this list: made for it or for an older one, and no older than it.

    Raises: BadAnswer.
    """
    if delta.base is None:
        raise BadAnswer("not-delta")
    if full.number is None or delta.base > full.number or delta.this_update < full.this_update:
        raise BadAnswer("delta-mismatch")


class _Entries(core.SequenceOf):
    """Left as they stand: `contents` is what is read."""

    _child_spec = core.Any


class _Body(core.Sequence):
    """TBSCertList (RFC 5280 §5.1). Lists of version 1 have neither number nor extensions; nobody makes them."""

    _fields: ClassVar = [
        ("version", core.Integer),
        ("algorithm", x509.AlgorithmIdentifier),
        ("issuer", x509.RelativeNameSequence),
        ("this_update", x509.Time),
        ("next_update", x509.Time),
        ("entries", _Entries, {"optional": True}),
        ("extensions", x509.Extensions, {"explicit": 0, "optional": True}),
    ]


class _Outer(core.Sequence):
    _fields: ClassVar = [
        ("body", _Body),
        ("algorithm", x509.AlgorithmIdentifier),
        ("signature", core.OctetBitString),
    ]


class _Entry(core.Sequence):
    _fields: ClassVar = [
        ("serial_number", core.Integer),
        ("revoked_at", x509.Time),
        ("extensions", x509.Extensions, {"optional": True}),
    ]


class _Reason(core.Enumerated):
    _map: ClassVar = REASONS


def _list(body: Any, octets: bytes) -> RevocationList:
    extensions, critical = x509.extension_values(body["extensions"])
    if critical - {_NUMBER, _DELTA, _AUTHORITY_KEY}:
        raise BadAnswer("unknown-critical", " ".join(sorted(critical)))
    entries = b"" if isinstance(body["entries"], core.Void) else bytes(body["entries"].contents)
    if _TRUE in entries:
        _check_criticals(entries)
    return RevocationList(
        der=octets,
        number=_number(extensions.get(_NUMBER)),
        base=_number(extensions.get(_DELTA)),
        this_update=x509.moment(body["this_update"]),
        next_update=x509.moment(body["next_update"]),
        entries=entries,
    )


def _number(value: bytes | None) -> int | None:
    return None if value is None else int(core.Integer.load(value, strict=True).native)


def _check_criticals(entries: bytes) -> None:
    """A critical extension of any entry concerns all that follow: certificateIssuer makes the list an indirect one."""
    for start, end in _bounds(entries):
        if _TRUE in entries[start:end]:
            _entry(entries[start:end])


def _bounds(entries: bytes) -> Iterator[tuple[int, int]]:
    """Where the contents of each entry begin and end."""
    position = 0
    try:
        for _ in range(MAX_ENTRIES):
            if position == len(entries):
                return
            if entries[position] != _SEQUENCE:
                raise BadAnswer("malformed", "an entry that is none")
            length, start = entries[position + 1], position + 2
            if length > 0x7F:
                size = length & 0x7F
                length = int.from_bytes(entries[start : start + size], "big")
                start += size
            position = start + length
            yield start, position
    except IndexError as error:
        raise BadAnswer("malformed", "an entry cut short") from error
    if position != len(entries):
        raise BadAnswer("too-large", f"more than {MAX_ENTRIES} entries")


def _entry(contents: bytes) -> Entry:
    try:
        parsed = _Entry.load(core.Sequence(contents=contents).dump(), strict=True)
        extensions, critical = x509.extension_values(parsed["extensions"])
        if critical - {_REASON, _INVALIDITY}:
            raise BadAnswer("unknown-critical", "of an entry")
        reason, invalidity = extensions.get(_REASON), extensions.get(_INVALIDITY)
        return Entry(
            revoked_at=x509.moment(parsed["revoked_at"]),
            reason=REASONS[0] if reason is None else _Reason.load(reason, strict=True).native,
            invalid_since=None
            if invalidity is None
            else x509.moment(core.GeneralizedTime.load(invalidity, strict=True)),
        )
    except x509.PARSE_ERRORS as error:
        raise BadAnswer("malformed", "of an entry") from error
