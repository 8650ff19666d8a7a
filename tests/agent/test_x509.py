"""Reading certificates: what is malformed is one typed error, what is merely odd is read."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms, x509
from agent.errors import BadInput
from agent.formats import asn1
from agent.x509 import Addresses
from tests.support import authority, chains

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


# --- addresses and other hints ------------------------------------------------------------------------------------------


def _uri(text: bytes) -> bytes:
    return asn1.element(0x86, text)


def _described(oid: str, text: bytes) -> bytes:
    return asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), _uri(text))


def _access(*descriptions: bytes) -> bytes:
    return chains._extension("1.3.6.1.5.5.7.1.1", asn1.element(asn1.SEQUENCE, *descriptions), critical=False)


def _points(oid: str, *uris: bytes) -> bytes:
    names = asn1.element(0xA0, asn1.element(0xA0, *(_uri(uri) for uri in uris)))
    return chains._extension(
        oid, asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, names)), critical=False
    )


def _addresses(*extensions: bytes) -> Addresses:
    return x509.read(chains.issue("Odd", more_extensions=extensions).certificate.der).addresses


def test_addresses_are_read_by_kind_in_order_and_once() -> None:
    ocsp, issuers = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
    found = _addresses(
        _access(
            _described(issuers, b"http://a.kz/ca.cer"),
            _described(ocsp, b"http://ocsp.a.kz"),
            _described(ocsp, b"http://ocsp.a.kz"),
            _described("1.2.3.4", b"http://other.kz/"),
        ),
        _points("2.5.29.31", b"http://crl.a.kz/a.crl", b"HTTPS://crl1.a.kz:8443/a.crl?x=1"),
        _points("2.5.29.46", b" http://crl.a.kz/a_d.crl "),
    )
    assert found == Addresses(
        ocsp=("http://ocsp.a.kz",),
        ca_issuers=("http://a.kz/ca.cer",),
        crl=("http://crl.a.kz/a.crl", "HTTPS://crl1.a.kz:8443/a.crl?x=1"),
        delta_crl=("http://crl.a.kz/a_d.crl",),
    )


@pytest.mark.parametrize(
    "broken",
    [
        b"http;//pki.gov.kz/x.crl",
        b"URL=http://crl.a.kz/a.crl",
        b"http://crl.a.kz/a.crl\nURL=http://crl1.a.kz/a.crl",
        b"http://crl.pki.gov.kz/*.crl",
        b"ldap://a.kz/cn=x",
        b"file:///etc/passwd",
        b"http://user@a.kz/",
        b"http://a.kz/\xd0\xb0",
        b"http://",
        b"",
        b"http://a.kz/" + b"x" * 600,
    ],
)
def test_what_is_no_address_of_the_web_is_left_out(broken: bytes) -> None:
    assert _addresses(_points("2.5.29.31", broken, b"http://a.kz/a.crl")).crl == ("http://a.kz/a.crl",)


def test_addresses_without_end_are_cut_off() -> None:
    many = _points("2.5.29.31", *(f"http://a.kz/{number}.crl".encode() for number in range(50)))
    assert len(_addresses(many).crl) == 8


@pytest.mark.parametrize(
    "value", [b"", b"\x05\x00", b"\x30\x80", b"\x30\x05\x30", b"\x30\x02\x05\x00", b"\xff" * 9]
)
@pytest.mark.parametrize(
    "oid",
    ["1.3.6.1.5.5.7.1.1", "2.5.29.31", "2.5.29.46", "2.5.29.32", "1.2.398.3.3.5", "1.3.6.1.5.5.7.48.1.5"],
)
def test_hints_that_are_damaged_are_left_out(oid: str, value: bytes) -> None:
    odd = chains.issue("Odd", more_extensions=[chains._extension(oid, value, critical=False)])
    contents = x509.read(odd.certificate.der)
    assert (contents.addresses, contents.policies, contents.key_store) == (Addresses(), (), None)


def test_hints_of_a_persons_certificate() -> None:
    contents = x509.read(authority.certificate("gost2004-individual").der)
    assert contents.policies == ("1.2.398.3.3.2.3",)
    assert contents.key_store == "1.2.398.3.3.5.1.1"
    assert contents.addresses.ocsp == ("http://qalamsap.invalid/ocsp/",)
    assert contents.critical == {"2.5.29.15"}
    assert not contents.has_ocsp_no_check


def test_broken_addresses_of_genuine_certificates_are_left_out(vectors: Path) -> None:
    older = x509.read((vectors / "ca-prod/nca_gost_2018.cer").read_bytes())
    assert (older.addresses.crl, older.addresses.ca_issuers) == (
        (),
        ("http://root.gov.kz/cert/root_gost.cer",),
    )
    newer = x509.read((vectors / "ca-prod/nca_gost_2022.cer").read_bytes())
    assert newer.addresses.crl == ("http://crl.root.gov.kz/gost2015_2022.crl",)
