"""OCSP requests and answers: what is accepted, and every way in which an answer is not one."""

import functools
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import Unreachable
from agent.formats import asn1
from agent.testca.authority import Issuer
from agent.testca.ocsp_responder import Fault
from agent.trust import anchors, ocsp
from agent.trust.issuer import SKEW, BadAnswer
from agent.trust.ocsp import Answer
from tests.support import chains, responders
from tests.support.authority import NOW
from tests.support.responders import NONCE, World

MINUTE = timedelta(minutes=1)
_SERVICE = "1.3.6.1.5.5.7.3.9"


def answered(
    world: World,
    *,
    fault: Fault | None = None,
    nonce: bytes | None = NONCE,
    expected: bytes | None = NONCE,
    at: datetime = NOW,
    max_age: timedelta = ocsp.MAX_AGE,
    skew: timedelta = SKEW,
) -> Answer:
    """Asks with one nonce and expects another."""
    request = ocsp.request(world.certificate, world.issuer, nonce=nonce)
    response = responders.responder(world.family, world.register).respond(request, at=NOW, fault=fault)
    return ocsp.read(
        response, world.certificate, world.issuer, nonce=expected, at=at, max_age=max_age, skew=skew
    )


def refused(response: bytes, *, nonce: bytes | None = NONCE, at: datetime = NOW) -> str:
    world = World()
    with pytest.raises(BadAnswer) as caught:
        ocsp.read(response, world.certificate, world.issuer, nonce=nonce, at=at)
    assert isinstance(caught.value, Unreachable)
    return caught.value.reason


# --- requests ---------------------------------------------------------------------------------------------------------


def test_a_request_is_what_the_format_reference_says() -> None:
    world = World("gost2015")
    serial = asn1.integer(world.certificate.serial_number)
    name = hashlib.sha256(world.issuer.subject.der).digest()
    key = hashlib.sha256(world.issuer.public_key.bits).digest()
    cert_id = asn1.element(
        asn1.SEQUENCE,
        bytes.fromhex("300d06096086480165030402010500"),
        asn1.element(asn1.OCTET_STRING, name),
        asn1.element(asn1.OCTET_STRING, key),
        serial,
    )
    requests = asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, cert_id))
    nonce = bytes.fromhex("a21b3019301706092b0601050507300102040a0408") + NONCE
    expected = asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, requests, nonce))
    assert ocsp.request(world.certificate, world.issuer, nonce=NONCE) == expected
    without = asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, requests))
    assert ocsp.request(world.certificate, world.issuer, nonce=None) == without
    assert ocsp.cert_id(world.certificate, world.issuer) == cert_id


def test_an_anchor_can_be_asked_about_like_a_certificate() -> None:
    world = World("gost2004")
    (anchor,) = anchors.from_certificates([world.issuer])
    assert ocsp.request(world.certificate, anchor, nonce=NONCE) == ocsp.request(
        world.certificate, world.issuer, nonce=NONCE
    )


@pytest.mark.parametrize("size", [0, 7, 33])
def test_a_nonce_has_eight_to_thirty_two_octets(size: int) -> None:
    world = World()
    with pytest.raises(ValueError, match="nonce"):
        ocsp.request(world.certificate, world.issuer, nonce=bytes(size))


# --- answers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", responders.FAMILIES)
def test_good(family: str) -> None:
    world = World(family)
    answer = answered(world)
    assert (answer.status, answer.revoked_at, answer.reason) == ("good", None, "")
    assert answer.this_update == answer.produced_at == NOW
    assert answer.next_update is None
    assert answer.nonce_matched
    assert answer.responder == responders.responder(family, world.register).service.certificate


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("certificateHold", "certificateHold"), ("superseded", "superseded"), ("unspecified", "unspecified")],
)
def test_revoked(reason: str, expected: str) -> None:
    world = World()
    world.register.revoke(world.certificate.serial_number, NOW - MINUTE, reason)
    answer = answered(world)
    assert (answer.status, answer.revoked_at, answer.reason) == ("revoked", NOW - MINUTE, expected)


def test_never_issued_is_unknown_and_not_revoked() -> None:
    world = World()
    world.register.issue(4)
    answer = answered(world)
    assert (answer.status, answer.detail) == ("unknown", ocsp.NEVER_ISSUED)
    assert (answer.revoked_at, answer.reason) == (None, "")


def test_unknown() -> None:
    answer = answered(World(), fault=Fault.UNKNOWN)
    assert (answer.status, answer.detail) == ("unknown", "")


@pytest.mark.parametrize("family", responders.FAMILIES)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.WRONG_NONCE, "wrong-nonce"),
        (Fault.OTHER_CERTIFICATE, "other-certificate"),
        (Fault.STALE, "stale"),
        (Fault.UNAUTHORIZED_RESPONDER, "unauthorized-responder"),
        (Fault.EXPIRED_RESPONDER, "expired-responder"),
        (Fault.BAD_SIGNATURE, "bad-signature"),
        (Fault.TRY_LATER, "try-later"),
        (Fault.GARBAGE, "malformed"),
    ],
)
def test_each_fault_is_noticed_by_its_name(family: str, fault: Fault, reason: str) -> None:
    with pytest.raises(BadAnswer) as caught:
        answered(World(family), fault=fault)
    assert caught.value.reason == reason


def test_an_answer_without_the_nonce_is_accepted_and_says_so() -> None:
    assert not answered(World(), fault=Fault.NO_NONCE).nonce_matched
    assert not answered(World(), nonce=None, expected=None).nonce_matched
    assert not answered(World(), expected=None).nonce_matched  # from a cache: nobody knows whose it was


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (NOW - timedelta(minutes=5), None),
        (NOW - timedelta(minutes=5, seconds=1), "from-the-future"),
        (NOW + timedelta(minutes=15), None),
        (NOW + timedelta(minutes=15, seconds=1), "stale"),
    ],
)
def test_an_answer_without_next_update_is_as_good_as_its_age(at: datetime, reason: str | None) -> None:
    world = World()
    if reason is None:
        assert answered(world, at=at).status == "good"
        return
    with pytest.raises(BadAnswer) as caught:
        answered(world, at=at)
    assert caught.value.reason == reason
    assert answered(world, at=at, max_age=timedelta(hours=1), skew=timedelta(hours=1)).status == "good"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (1, "malformed-request"),
        (2, "internal-error"),
        (3, "try-later"),
        (5, "signature-required"),
        (6, "unauthorized"),
    ],
)
def test_a_responder_that_refuses_is_quoted(status: int, reason: str) -> None:
    assert refused(bytes([0x30, 3, 0x0A, 1, status])) == reason


# --- answers of our own making ------------------------------------------------------------------------------------------


def _single(
    world: World, status: bytes = b"\x80\x00", *, next_update: datetime | None = None, more: bytes = b""
) -> bytes:
    following = b"" if next_update is None else asn1.element(0xA0, asn1.generalized_time(next_update))
    return asn1.element(
        asn1.SEQUENCE,
        ocsp.cert_id(world.certificate, world.issuer),
        status,
        asn1.generalized_time(NOW),
        following,
        more,
    )


def response(
    *singles: bytes,
    by: Issuer | chains.Party,
    responder_id: bytes,
    certificates: tuple[Certificate, ...] = (),
    extensions: bytes = b"",
    form: str = "1.3.6.1.5.5.7.48.1.1",
) -> bytes:
    body = asn1.element(
        asn1.SEQUENCE,
        responder_id,
        asn1.generalized_time(NOW),
        asn1.element(asn1.SEQUENCE, *singles),
        extensions,
    )
    if isinstance(by, Issuer):
        algorithm = algorithms.signature_for_key(by.key.private_key.key_type)
        signature = by.key.private_key.sign(algorithm, algorithm.digest(body))
    else:
        algorithm = by.algorithm
        signature = by.sign_digest(algorithm.digest(body))
    given = asn1.element(0xA0, asn1.element(asn1.SEQUENCE, *(c.der for c in certificates)))
    basic = asn1.element(
        asn1.SEQUENCE,
        body,
        algorithm.identifier_der,
        asn1.element(asn1.BIT_STRING, b"\0", signature),
        given if certificates else b"",
    )
    inside = asn1.element(asn1.SEQUENCE, algorithms.oid_der(form), asn1.element(asn1.OCTET_STRING, basic))
    return asn1.element(asn1.SEQUENCE, bytes.fromhex("0a0100"), asn1.element(0xA0, inside))


def by_name(certificate: Certificate) -> bytes:
    return asn1.element(0xA1, certificate.subject.der)


def by_key(certificate: Certificate) -> bytes:
    digest = hashlib.sha1(certificate.public_key.bits, usedforsecurity=False).digest()
    return asn1.element(0xA2, asn1.element(asn1.OCTET_STRING, digest))


def _extension(oid: str, value: bytes, *, critical: bool) -> bytes:
    return asn1.element(asn1.SEQUENCE, chains._extension(oid, value, critical=critical))


@pytest.mark.parametrize("identifier", [by_name, by_key])
def test_the_authority_itself_may_answer_by_name_or_by_key(identifier) -> None:
    world = World()
    made = response(_single(world), by=world.authority, responder_id=identifier(world.issuer))
    answer = ocsp.read(made, world.certificate, world.issuer, nonce=NONCE, at=NOW)
    assert (answer.status, answer.responder) == ("good", None)


@pytest.mark.parametrize("identifier", [by_name, by_key])
def test_a_delegate_may_answer_by_name_or_by_key(identifier) -> None:
    world = World()
    service = responders.responder(world.family, world.register).service
    made = response(
        _single(world),
        by=service,
        responder_id=identifier(service.certificate),
        certificates=(world.issuer, service.certificate),
    )
    assert (
        ocsp.read(made, world.certificate, world.issuer, nonce=None, at=NOW).responder == service.certificate
    )


def test_next_update_bounds_an_answer_in_the_place_of_its_age() -> None:
    world = World()
    end = NOW + timedelta(days=7)
    made = response(_single(world, next_update=end), by=world.authority, responder_id=by_name(world.issuer))
    late = end + timedelta(minutes=5)
    assert ocsp.read(made, world.certificate, world.issuer, nonce=None, at=late).next_update == end
    assert refused(made, nonce=None, at=late + timedelta(seconds=1)) == "stale"


def test_an_answer_without_end_is_read() -> None:
    world = World()
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    made = response(_single(world, next_update=end), by=world.authority, responder_id=by_name(world.issuer))
    assert ocsp.read(made, world.certificate, world.issuer, nonce=None, at=NOW).next_update == end


def test_our_answer_is_found_among_others() -> None:
    world, other = World(), World("rsa")
    made = response(_single(other), _single(world), by=world.authority, responder_id=by_name(world.issuer))
    assert ocsp.read(made, world.certificate, world.issuer, nonce=None, at=NOW).status == "good"
    crowd = response(*[_single(other)] * 17, by=world.authority, responder_id=by_name(world.issuer))
    assert refused(crowd) == "malformed"


def test_a_stranger_with_the_right_use_may_not_answer() -> None:
    """He has the extended key usage, and another authority's signature under it."""
    world = World()
    stranger = chains.issue("Stranger", by=chains.root(), extended=[_SERVICE], usage="0780")
    made = response(
        _single(world),
        by=stranger,
        responder_id=by_name(stranger.certificate),
        certificates=(stranger.certificate,),
    )
    assert refused(made) == "unauthorized-responder"


def test_a_responder_whose_certificate_is_not_there_is_nobody() -> None:
    world = World()
    service = responders.responder(world.family, world.register).service
    made = response(_single(world), by=service, responder_id=by_name(service.certificate))
    assert refused(made) == "no-responder"
    crowded = response(
        _single(world),
        by=service,
        responder_id=by_name(service.certificate),
        certificates=(service.certificate,) * 9,
    )
    assert refused(crowded) == "malformed"


@pytest.mark.parametrize("where", ["answer", "response"])
def test_an_unknown_critical_extension_makes_an_answer_unusable(where: str) -> None:
    world = World()
    odd = asn1.element(0xA1, _extension("1.2.3.4", b"\x05\x00", critical=True))
    harmless = asn1.element(0xA1, _extension("1.2.3.4", b"\x05\x00", critical=False))
    for extension, is_refused in ((odd, True), (harmless, False)):
        made = response(
            _single(world, more=extension if where == "answer" else b""),
            by=world.authority,
            responder_id=by_name(world.issuer),
            extensions=extension if where == "response" else b"",
        )
        if is_refused:
            assert refused(made) == "unknown-critical"
        else:
            assert ocsp.read(made, world.certificate, world.issuer, nonce=None, at=NOW).status == "good"


def test_another_form_of_answer_is_none() -> None:
    world = World()
    made = response(
        _single(world), by=world.authority, responder_id=by_name(world.issuer), form="1.3.6.1.5.5.7.48.1.4"
    )
    assert refused(made) == "not-basic"


def test_an_answer_of_any_size_is_read_within_limits() -> None:
    assert refused(bytes(64 * 1024 + 1)) == "too-large"


def test_a_moment_without_time_zone_is_a_programming_mistake() -> None:
    world = World()
    with pytest.raises(ValueError, match="time zone"):
        ocsp.read(b"", world.certificate, world.issuer, nonce=None, at=datetime(2026, 1, 1))


# --- hostile octets -----------------------------------------------------------------------------------------------------


@functools.cache
def _genuine() -> bytes:
    world = World()
    request = ocsp.request(world.certificate, world.issuer, nonce=NONCE)
    return responders.responder(world.family, world.register).respond(request, at=NOW)


def test_an_answer_cut_short_anywhere_is_a_refusal() -> None:
    whole = _genuine()
    for length in range(len(whole)):
        assert refused(whole[:length]), length
    assert refused(whole + b"\0") == "malformed"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x30\x80" * 5000,
        b"\x30\x84\xff\xff\xff\xff",
        bytes.fromhex("30030a0100"),
        bytes.fromhex("30030a0109"),
    ],
)
def test_hostile_octets_are_malformed(octets: bytes) -> None:
    assert refused(octets) == "malformed"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_changed_octets_are_a_refusal_or_the_same_answer(data: st.DataObject) -> None:
    octets = bytearray(_genuine())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    world = World()
    try:
        answer = ocsp.read(bytes(octets), world.certificate, world.issuer, nonce=NONCE, at=NOW)
    except BadAnswer:
        return
    assert (answer.status, answer.this_update) == ("good", NOW)
