"""The shape of the lists. That they are read, found and refused is tested with the reader."""

from datetime import timedelta

import pytest

from agent import algorithms
from agent.formats import asn1
from agent.testca.crl_issuer import CrlIssuer, Fault
from agent.testca.revocation_register import RevocationRegister
from tests.support import responders
from tests.support.authority import NOW

DAY = timedelta(days=1)


def maker(family: str, *serial_numbers: int, reason: str = "unspecified") -> CrlIssuer:
    register = RevocationRegister()
    for number in serial_numbers:
        register.revoke(number, NOW - DAY, reason)
    return CrlIssuer(responders.checked_in().issuers[family, "issuing"], register)


def body_of(octets: bytes) -> list[asn1.Element]:
    return asn1.read(octets).children()[0].children()


@pytest.mark.parametrize("family", responders.FAMILIES)
def test_a_whole_list_has_the_national_shape(family: str) -> None:
    made = maker(family, 5, reason="superseded")
    version, algorithm, issuer, this_update, next_update, entries, extensions = body_of(
        made.full(number=14, at=NOW)
    )
    certificate = made.issuer.certificate
    assert version.integer() == 1
    assert algorithm.der == algorithms.signature_for_key(made.issuer.key.private_key.key_type).identifier_der
    assert issuer.der == certificate.subject.der
    assert this_update.der == asn1.element(0x17, b"261123120000Z")
    assert next_update.time() == NOW + timedelta(days=180)
    assert entries.der == bytes.fromhex("3022302002010517") + b"\x0d261122120000Z" + bytes.fromhex(
        "300c300a0603551d1504030a0104"
    )
    identifier = certificate.subject_key_identifier
    assert identifier
    assert (
        extensions.der
        == bytes.fromhex("a02f302d300a0603551d1404030201 0e301f0603551d23041830168014") + identifier
    )


def test_an_unspecified_reason_is_left_out_and_so_is_an_empty_list() -> None:
    entries = body_of(maker("ecdsa", 5).full(number=1, at=NOW))[5]
    assert entries.der == bytes.fromhex("30143012020105170d") + b"261122120000Z"
    assert len(body_of(maker("ecdsa").full(number=1, at=NOW))) == 6


def test_a_delta_names_its_base_first_and_critically() -> None:
    made = maker("ecdsa", 5).delta(number=10, base=14, since=NOW - 2 * DAY, at=NOW)
    extensions = body_of(made)[-1].children()[0].children()
    assert extensions[0].der == bytes.fromhex("300d0603551d1b0101ff040302010e")
    assert extensions[1].der == bytes.fromhex("300a0603551d140403020 10a".replace(" ", ""))
    assert bytes.fromhex("020105") in made
    later = maker("ecdsa", 5).delta(number=10, base=14, since=NOW - DAY, at=NOW)
    assert len(body_of(later)) == 6


def test_faults_change_what_they_say() -> None:
    made = maker("ecdsa")
    whole = body_of(made.full(number=1, at=NOW, fault=Fault.STALE))
    assert whole[3].time() == NOW - timedelta(days=400)
    other = body_of(made.delta(number=1, base=14, since=NOW, at=NOW, fault=Fault.OTHER_BASE))
    assert bytes.fromhex("0101ff040302010f") in other[-1].der
    assert made.full(number=1, at=NOW, fault=Fault.GARBAGE).startswith(b"<html>")
