"""Revocation lists: finding one number among many, deltas, and lists that are none."""

import dataclasses
import functools
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms
from agent.certificate import Certificate
from agent.formats import asn1
from agent.testca.crl_issuer import CrlIssuer, Fault
from agent.testca.revocation_register import RevocationRegister
from agent.trust import anchors, crl
from agent.trust.crl import Entry, RevocationList
from agent.trust.issuer import SKEW, BadAnswer
from tests.support import chains, responders
from tests.support.authority import NOW

HOUR = timedelta(hours=1)
HELD, COMPROMISED, PLAIN, LONG = 5, 2**159 - 1, 0x80, 2**64


def issuer(family: str = "ecdsa") -> Certificate:
    return responders.checked_in().issuers[family, "issuing"].certificate


def maker(family: str = "ecdsa") -> CrlIssuer:
    register = RevocationRegister()
    register.revoke(HELD, NOW - 3 * HOUR, "certificateHold")
    register.revoke(COMPROMISED, NOW - 3 * HOUR, "keyCompromise", invalid_since=NOW - 9 * HOUR)
    register.revoke(PLAIN, NOW - 3 * HOUR)
    return CrlIssuer(responders.checked_in().issuers[family, "issuing"], register)


def full(family: str = "ecdsa") -> RevocationList:
    return crl.read(maker(family).full(number=7, at=NOW - 2 * HOUR), issuer(family))


def refused(octets: bytes, by: Certificate | None = None) -> str:
    with pytest.raises(BadAnswer) as caught:
        crl.read(octets, by or issuer())
    return caught.value.reason


# --- finding ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", responders.FAMILIES)
def test_what_a_list_says_of_itself(family: str) -> None:
    found = full(family)
    assert (found.number, found.base) == (7, None)
    assert found.this_update == NOW - 2 * HOUR
    assert found.next_update == NOW - 2 * HOUR + timedelta(days=180)


def test_an_entry_is_found_by_its_number_and_no_other() -> None:
    found = full()
    then = NOW - 3 * HOUR
    assert found.find(HELD) == Entry(then, "certificateHold", None)
    assert found.find(COMPROMISED) == Entry(then, "keyCompromise", NOW - 9 * HOUR)
    assert found.find(PLAIN) == Entry(then, "unspecified", None)
    for other in (0, 1, 4, 6, 0x8000, 0x0500, 2**159, -5, LONG):
        assert found.find(other) is None


def test_an_empty_list_holds_nobody() -> None:
    empty = CrlIssuer(responders.checked_in().issuers["rsa", "issuing"], RevocationRegister())
    assert crl.read(empty.full(number=1, at=NOW), issuer("rsa")).find(1) is None


def test_a_number_inside_of_an_entry_is_not_that_of_an_entry() -> None:
    """The octets of INTEGER 5 stand in a reason, too."""
    register = RevocationRegister()
    register.revoke(0x020105, NOW - HOUR, "cessationOfOperation")
    octets = CrlIssuer(responders.checked_in().issuers["ecdsa", "issuing"], register).full(number=1, at=NOW)
    assert asn1.integer(5) in octets
    assert crl.read(octets, issuer()).find(5) is None


def _entries(count: int) -> bytes:
    moment = asn1.time(NOW)
    reason = asn1.element(asn1.SEQUENCE, chains._extension("2.5.29.21", b"\x0a\x01\x04", critical=False))
    return b"".join(
        asn1.element(asn1.SEQUENCE, asn1.integer(2**150 + number), moment, reason) for number in range(count)
    )


def _list_of(entries: bytes, *, extensions: bytes = b"") -> bytes:
    by = responders.checked_in().issuers["ecdsa", "issuing"]
    key = by.key.private_key
    algorithm = algorithms.signature_for_key(key.key_type)
    body = asn1.element(
        asn1.SEQUENCE,
        asn1.integer(1),
        algorithm.identifier_der,
        by.certificate.subject.der,
        asn1.time(NOW),
        asn1.time(NOW + HOUR),
        asn1.element(asn1.SEQUENCE, entries),
        asn1.element(0xA0, asn1.element(asn1.SEQUENCE, extensions)) if extensions else b"",
    )
    signature = asn1.element(asn1.BIT_STRING, b"\0", key.sign(algorithm, algorithm.digest(body)))
    return asn1.element(asn1.SEQUENCE, body, algorithm.identifier_der, signature)


def test_a_list_of_200_kilobytes_is_read_and_searched_in_20_milliseconds() -> None:
    octets = _list_of(_entries(4000))
    assert len(octets) > 180_000
    assert crl.read(octets, issuer()).find(2**150 + 3999)

    def measured() -> float:
        start = time.perf_counter()
        assert crl.read(octets, issuer()).find(1) is None
        return time.perf_counter() - start

    assert min(measured() for _ in range(5)) < 0.02


# --- deltas -------------------------------------------------------------------------------------------------------------


def delta(
    *, base: int = 7, at: datetime = NOW, fault: Fault | None = None, change: bool = True
) -> RevocationList:
    made = maker()
    if change:
        made.register.release(HELD, NOW - HOUR)
        made.register.revoke(6, NOW - HOUR, "superseded")
    octets = made.delta(number=2, base=base, since=NOW - 2 * HOUR, at=at, fault=fault)
    return crl.read(octets, issuer())


def test_a_delta_adds_and_removes() -> None:
    whole, changes = full(), delta()
    assert changes.base == 7
    assert crl.find(whole, changes, HELD) is None
    assert crl.find(whole, changes, 6) == Entry(NOW - HOUR, "superseded", None)
    assert crl.find(whole, changes, PLAIN) == whole.find(PLAIN)
    assert crl.find(whole, changes, 99) is None
    assert crl.find(whole, None, HELD) is not None


def test_a_delta_fits_the_list_it_was_made_for_and_younger_ones() -> None:
    """Its own number plays no part: national deltas are numbered on their own."""
    whole = full()
    crl.check_fits(delta(base=7), whole)
    crl.check_fits(delta(base=6), whole)
    for misfit in (delta(base=8), delta(at=NOW - 3 * HOUR), delta(fault=Fault.OTHER_BASE)):
        with pytest.raises(BadAnswer, match="delta-mismatch"):
            crl.find(whole, misfit, 1)


def test_a_delta_and_a_whole_list_are_not_taken_for_each_other() -> None:
    with pytest.raises(BadAnswer, match="is-delta"):
        crl.find(delta(), None, 1)
    with pytest.raises(BadAnswer, match="not-delta"):
        crl.find(full(), full(), 1)


# --- lists that are none ------------------------------------------------------------------------------------------------


def test_a_list_is_current_until_its_next_update() -> None:
    found = full()
    for at in (found.this_update - SKEW, found.next_update + SKEW):
        found.check_current(at)
    with pytest.raises(BadAnswer, match="from-the-future"):
        found.check_current(found.this_update - SKEW - timedelta(seconds=1))
    with pytest.raises(BadAnswer, match="stale"):
        found.check_current(found.next_update + SKEW + timedelta(seconds=1))


def test_a_list_without_end_is_current() -> None:
    dataclasses.replace(full(), next_update=datetime.max.replace(tzinfo=UTC)).check_current(NOW)


@pytest.mark.parametrize("family", responders.FAMILIES)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.BAD_SIGNATURE, "bad-signature"),
        (Fault.UNKNOWN_CRITICAL, "unknown-critical"),
        (Fault.GARBAGE, "malformed"),
    ],
)
def test_each_fault_is_noticed_by_its_name(family: str, fault: Fault, reason: str) -> None:
    assert refused(maker(family).full(number=1, at=NOW, fault=fault), issuer(family)) == reason


def test_a_list_of_another_authority_is_refused() -> None:
    octets = maker("rsa").full(number=1, at=NOW)
    assert refused(octets) == "other-issuer"
    (anchor,) = anchors.from_certificates([issuer("rsa")])
    assert crl.read(octets, anchor).number == 1


def test_an_authority_without_the_right_signs_no_lists() -> None:
    disguised = dataclasses.replace(issuer(), key_usage=frozenset({"key_cert_sign"}))
    assert refused(_list_of(b""), disguised) == "may-not-sign-lists"


@pytest.mark.parametrize("oid", ["2.5.29.28", "1.2.3.4"])
def test_a_list_for_a_part_of_the_certificates_is_refused(oid: str) -> None:
    odd = chains._extension(oid, asn1.element(asn1.SEQUENCE), critical=True)
    assert refused(_list_of(b"", extensions=odd)) == "unknown-critical"


def test_an_entry_of_another_authority_makes_a_list_an_indirect_one() -> None:
    other = chains._extension("2.5.29.29", asn1.element(asn1.SEQUENCE), critical=True)
    entry = asn1.element(asn1.SEQUENCE, asn1.integer(1), asn1.time(NOW), asn1.element(asn1.SEQUENCE, other))
    assert refused(_list_of(entry + _entries(3))) == "unknown-critical"


def test_a_critical_reason_is_understood() -> None:
    known = chains._extension("2.5.29.21", b"\x0a\x01\x01", critical=True)
    entry = asn1.element(asn1.SEQUENCE, asn1.integer(1), asn1.time(NOW), asn1.element(asn1.SEQUENCE, known))
    found = crl.read(_list_of(_entries(2) + entry), issuer()).find(1)
    assert found == Entry(NOW, "keyCompromise", None)


@pytest.mark.parametrize(
    "entries",
    [
        b"\x30",
        b"\x30\x05\x02\x01\x01",
        b"\x31\x03\x02\x01\x07",
        b"\x30\x84\xff\xff\xff\xff\x00",
        b"\x02\x01\x01",
    ],
)
def test_entries_that_are_none_are_malformed(entries: bytes) -> None:
    found = crl.read(_list_of(entries), issuer())
    with pytest.raises(BadAnswer, match="malformed"):
        found.find(9)


@pytest.mark.parametrize(
    "rest", [b"", b"\x05\x00", asn1.time(NOW) + b"\x30\x02\x05\x00", bytes.fromhex("170d269999999999995a")]
)
def test_an_entry_found_in_pieces_is_malformed(rest: bytes) -> None:
    entry = asn1.element(asn1.SEQUENCE, asn1.integer(1), rest)
    with pytest.raises(BadAnswer, match="malformed"):
        crl.read(_list_of(entry), issuer()).find(1)


def test_a_reason_that_no_standard_knows_is_malformed() -> None:
    odd = chains._extension("2.5.29.21", b"\x0a\x01\x63", critical=False)
    entry = asn1.element(asn1.SEQUENCE, asn1.integer(1), asn1.time(NOW), asn1.element(asn1.SEQUENCE, odd))
    with pytest.raises(BadAnswer, match="malformed"):
        crl.read(_list_of(entry), issuer()).find(1)


def test_lists_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crl, "MAX_ENTRIES", 10)
    with pytest.raises(BadAnswer, match="too-large"):
        crl.read(_list_of(_entries(11)), issuer()).find(1)
    assert crl.read(_list_of(_entries(9)), issuer()).find(1) is None
    monkeypatch.setattr(crl, "_MAX_SIZE", 100)
    assert refused(_list_of(b"")) == "too-large"


def test_a_list_cut_short_anywhere_is_a_refusal() -> None:
    octets = maker().full(number=1, at=NOW)
    for length in range(len(octets)):
        assert refused(octets[:length]), length
    assert refused(octets + b"\0") == "malformed"


@functools.cache
def _genuine() -> bytes:
    return maker().full(number=1, at=NOW)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_changed_octets_are_a_refusal_or_the_same_list(data: st.DataObject) -> None:
    octets = bytearray(_genuine())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = crl.read(bytes(octets), issuer())
    except BadAnswer:
        return
    assert found.find(HELD)


def test_the_algorithm_may_lack_its_parameter_inside(vectors: Path) -> None:
    """The test list of 2026 is so, and other libraries refuse it."""
    octets = (vectors / "crl/ncanodego_nca_gost2022_test.crl").read_bytes()
    authority = Certificate.from_der((vectors / "ca-test/nca_gost2022_test.cer").read_bytes())
    found = crl.read(octets, authority)
    found.check_current(datetime(2026, 11, 23, tzinfo=UTC))
    assert found.number == 166
