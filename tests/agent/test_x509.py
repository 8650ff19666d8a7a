"""Reading certificates: what is malformed is one typed error, what is merely odd is read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import x509
from agent.errors import BadInput
from agent.formats import asn1
from tests.support import authority

NAMES = ("gost2015-head", "gost2004-individual", "rsa-sign-head", "p384-individual")


def _replaced(der: bytes, old: bytes, new: bytes) -> bytes:
    """The certificate with octets replaced by as many others."""
    assert len(old) == len(new)
    assert der.count(old) >= 1
    return der.replace(old, new)


def test_what_is_read_of_a_certificate() -> None:
    certificate = authority.certificate("gost2015-head")
    contents = x509.read(certificate.der)

    assert contents.key_usage == {"digital_signature", "non_repudiation", "key_agreement"}
    assert contents.subject.der in contents.tbs_der
    assert contents.subject.relative_names[3] == (("2.5.4.6", "KZ"),)
    assert len(contents.public_key.octets) == 128
    assert contents.unhandled_critical == ()
    assert contents.email is None


@pytest.mark.parametrize("length", [0, 1, 2, 40, -1])
def test_a_certificate_cut_short_is_bad_input(length: int) -> None:
    with pytest.raises(BadInput):
        x509.read(authority.certificate("rsa-sign-head").der[:length])


def test_octets_after_a_certificate_are_bad_input() -> None:
    with pytest.raises(BadInput):
        x509.read(authority.certificate("rsa-sign-head").der + b"\0")


@pytest.mark.parametrize(
    "octets", [b"\x30\x80" * 5000, b"\x30\x84\xff\xff\xff\xff", b"\x30" * 2000, b"\x30" * 200_000]
)
def test_hostile_octets_are_bad_input(octets: bytes) -> None:
    with pytest.raises(BadInput):
        x509.read(octets)


def test_differing_signature_algorithms_are_bad_input() -> None:
    der = authority.certificate("rsa-sign-head").der
    inner = bytes.fromhex("06092a864886f70d01010b0500")
    with pytest.raises(BadInput):
        x509.read(der.replace(inner, bytes.fromhex("06092a864886f70d01010c0500"), 1))


def test_an_extension_that_stands_twice_is_bad_input() -> None:
    der = authority.certificate("gost2015-head").der
    with pytest.raises(BadInput):
        x509.read(_replaced(der, bytes.fromhex("0603551d2e"), bytes.fromhex("0603551d1f")))


def test_a_critical_extension_that_nobody_knows_is_reported() -> None:
    der = authority.certificate("gost2015-sign-right").der
    # Its extended key usage is critical; under an unknown number nobody understands it.
    contents = x509.read(_replaced(der, bytes.fromhex("0603551d250101ff"), bytes.fromhex("0603551d7f0101ff")))
    assert contents.unhandled_critical == ("2.5.29.127",)
    assert contents.extended_key_usage == ()


def test_broken_addresses_in_extensions_do_no_harm() -> None:
    der = authority.certificate("gost2015-head").der
    for broken in (b"http;//qal", b"ht\ntp: //q", b"\xff\xfe\x00\x01 *.crl"):
        assert x509.read(_replaced(der, b"http://qal", broken)).subject


@pytest.mark.parametrize(
    ("tag", "octets", "text"),
    [
        (0x0C, "Ұлы".encode(), "Ұлы"),
        (0x13, b"Astana", "Astana"),
        (0x14, b"caf\xe9", "café"),
        (0x1E, "Ұлы".encode("utf-16-be"), "Ұлы"),
        (0x1C, "Ұлы".encode("utf-32-be"), "Ұлы"),
        (0x02, b"\x05", "#020105"),
    ],
)
def test_strings_of_all_types_are_read(tag: int, octets: bytes, text: str) -> None:
    assert x509._text(asn1.element(tag, octets)) == text


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_changed_octets_give_a_certificate_or_bad_input(name: str, data: st.DataObject) -> None:
    der = bytearray(authority.certificate(name).der)
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        contents = x509.read(bytes(der))
    except BadInput:
        return
    assert contents.not_before.tzinfo is not None
