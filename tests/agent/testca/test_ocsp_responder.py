"""The responder's shape, octet for octet, and what it refuses. That its answers and faults are understood is tested with the reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import BadInput
from agent.formats import asn1
from agent.testca import ocsp_responder
from agent.testca.ocsp_responder import Fault
from agent.trust import ocsp
from tests.support import responders
from tests.support.authority import NOW
from tests.support.responders import NONCE, World

MALFORMED, TRY_LATER, UNAUTHORIZED = (bytes.fromhex(f"30030a010{status}") for status in (1, 3, 6))


def request(world: World, nonce: bytes | None = NONCE) -> bytes:
    return ocsp.request(world.certificate, world.issuer, nonce=nonce)


def respond(world: World, octets: bytes, fault: Fault | None = None) -> bytes:
    return responders.responder(world.family, world.register).respond(octets, at=NOW, fault=fault)


def body_of(response: bytes) -> asn1.Element:
    """ResponseData."""
    _, wrapped = asn1.read(response).children()
    (inside,) = wrapped.children()
    basic = asn1.read(inside.children()[1].octets())
    return basic.children()[0]


@pytest.mark.parametrize("family", responders.FAMILIES)
def test_an_answer_has_the_national_shape(family: str) -> None:
    world = World(family)
    made = responders.responder(family, world.register)
    moment = asn1.element(0x18, b"20261123120000Z")
    single = asn1.element(0x30, ocsp.cert_id(world.certificate, world.issuer), b"\x80\x00", moment)
    extensions = bytes.fromhex("a12c302a301706092b0601050507300102040a0408") + NONCE
    extensions += bytes.fromhex("300f06092b060105050730010904020500")
    expected = asn1.element(
        0x30,
        asn1.element(0xA1, made.service.certificate.subject.der),
        moment,
        asn1.element(0x30, single),
        extensions,
    )
    assert body_of(respond(world, request(world))).der == expected


def test_a_revocation_and_a_certificate_that_was_never_issued_look_as_the_national_ones_do() -> None:
    world = World("gost2015")
    world.register.issue(1)
    assert bytes.fromhex("a116180f31393730303130313030303030305aa0030a0106") in respond(world, request(world))
    world = World("gost2015")
    world.register.revoke(world.certificate.serial_number, NOW)
    assert bytes.fromhex("a111180f32303236313132333132303030305a") in respond(world, request(world))


def test_what_cannot_be_read_or_is_for_another_authority_is_refused() -> None:
    world, other = World("ecdsa"), World("rsa")
    for octets in (b"", b"\x30\x00", request(world)[:-1], request(world) + b"\0", b"\x30\x80" * 99):
        assert respond(world, octets) == MALFORMED
    assert respond(world, request(other)) == UNAUTHORIZED


def test_faults_of_the_protocol_come_before_the_question() -> None:
    world = World()
    assert respond(world, b"", Fault.TRY_LATER) == TRY_LATER
    assert respond(world, b"", Fault.GARBAGE).startswith(b"<html>")


def test_a_request_is_read() -> None:
    world = World()
    read = ocsp_responder.read(request(world))
    assert read.serial_number == world.certificate.serial_number
    assert read.nonce_der == b"\x04\x08" + NONCE
    assert read.cert_id_der == ocsp.cert_id(world.certificate, world.issuer)
    assert ocsp_responder.read(request(world, None)).nonce_der is None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_request_is_bad_input_or_another_request(data: st.DataObject) -> None:
    octets = bytearray(request(World()))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        read = ocsp_responder.read(bytes(octets))
    except BadInput:
        return
    assert isinstance(read.serial_number, int)
