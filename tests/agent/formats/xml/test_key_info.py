"""KeyInfo leads to certificates: those inside it, and those that it names among others."""

import base64
import time

import pytest
from lxml import etree

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats import asn1
from agent.formats.xml import identifiers, key_info
from tests.support import chains
from tests.support.xml_signatures import DS

PERSON, OTHER = chains.person("p256").certificate, chains.person("rsa").certificate


def read(text: str) -> key_info.KeyInfo:
    return key_info.read(
        etree.fromstring(f'<KeyInfo xmlns="{DS}" xmlns:w="{identifiers.WSSE}">{text}</KeyInfo>')
    )


def encoded(certificate: Certificate) -> str:
    return base64.encodebytes(certificate.der).decode()


def issuer_and_serial(name: str, serial: object) -> str:
    return (
        f"<X509Data><X509IssuerSerial><X509IssuerName>{name}</X509IssuerName>"
        f"<X509SerialNumber>{serial}</X509SerialNumber></X509IssuerSerial></X509Data>"
    )


def test_certificates_are_read_in_their_order() -> None:
    found = read(
        "".join(
            f"<X509Data><X509Certificate>{encoded(c)}</X509Certificate></X509Data>" for c in (OTHER, PERSON)
        )
    )
    assert found.certificates == (OTHER, PERSON)
    assert found.candidates([PERSON]) == [OTHER, PERSON]


def test_a_token_of_ws_security_holds_a_certificate() -> None:
    text = f'<w:SecurityTokenReference><w:KeyIdentifier ValueType="{{}}">{encoded(PERSON)}</w:KeyIdentifier></w:SecurityTokenReference>'
    assert read(text.format(identifiers.X509_V3)).certificates == (PERSON,)
    assert read(text.format("urn:other")).names_nobody


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("spacing", [",", ", ", " , "])
def test_a_certificate_is_found_by_issuer_and_serial_number(order: int, spacing: str) -> None:
    root = chains.issue(
        "ҰКО 3.0 (GOST)", "p256", ca=True, attributes=[("2.5.4.6", "KZ"), ("2.5.4.10", "A, B")]
    )
    person = chains.issue("P", by=root, key_of=chains.key("p256"), serial_number=12345).certificate
    parts = ["CN=ҰКО 3.0 (GOST)", "C=KZ", "O=A\\, B"][::order]
    found = read(issuer_and_serial(spacing.join(parts), 12345))
    assert found.candidates([OTHER, person]) == [person]
    assert not found.names_nobody


@pytest.mark.parametrize(("name", "serial"), [("CN=another", 12345), ("CN=Root p256", 12346)])
def test_name_and_number_must_both_agree(name: str, serial: int) -> None:
    person = chains.issue(
        "P", by=chains.root("p256"), key_of=chains.key("p256"), serial_number=12345
    ).certificate
    assert read(issuer_and_serial("CN=Root p256", 12345)).candidates([person]) == [person]
    assert read(issuer_and_serial(name, serial)).candidates([person]) == []


def test_a_name_may_be_quoted() -> None:
    root = chains.issue("A, B", "p256", ca=True)
    person = chains.issue("P", by=root, key_of=chains.key("p256"), serial_number=7).certificate
    assert read(issuer_and_serial('CN="A, B"', 7)).candidates([person]) == [person]


def test_a_certificate_is_found_by_its_key_identifier() -> None:
    identifier = asn1.element(
        asn1.SEQUENCE,
        algorithms.oid_der("2.5.29.14"),
        asn1.element(asn1.OCTET_STRING, asn1.element(asn1.OCTET_STRING, b"key identifier")),
    )
    person = chains.issue("P", by=chains.root(), more_extensions=[identifier]).certificate
    found = read(f"<X509Data><X509SKI>{base64.b64encode(b'key identifier').decode()}</X509SKI></X509Data>")
    assert found.candidates([OTHER, person]) == [person]


def test_nobody_is_named_by_nothing_or_by_a_bare_key() -> None:
    assert key_info.read(None).names_nobody
    assert read("<KeyName>me</KeyName><KeyValue/>").names_nobody
    assert key_info.read(None).candidates([PERSON]) == []


@pytest.mark.parametrize(
    "text",
    [
        "<X509Data><X509Certificate>AAAA</X509Certificate></X509Data>",
        "<X509Data><X509Certificate>?</X509Certificate></X509Data>",
        f"<X509Data>{f'<X509Certificate>{encoded(PERSON)}</X509Certificate>' * 21}</X509Data>",
        issuer_and_serial("CN=x", "0x10"),
        issuer_and_serial("CN=x", "1" * 61),
        issuer_and_serial("", 1),
        issuer_and_serial("x" * 1025, 1),
        "<X509Data><X509IssuerSerial/></X509Data>",
    ],
)
def test_what_can_not_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read(text)


@pytest.mark.parametrize(
    "text", [" " * 1024, "a" * 1024, "=" * 1024, '"' * 1024, "\\" * 1024, "a=" * 512, ' ="' * 300]
)
def test_any_name_is_compared_in_no_time(text: str) -> None:
    person = chains.issue("P", by=chains.root(), serial_number=5).certificate
    start = time.perf_counter()
    read(issuer_and_serial(text, 5)).candidates([person])
    assert time.perf_counter() - start < 2
