import base64
import dataclasses
import hashlib
from datetime import UTC, datetime

import pytest

from agent import algorithms
from agent.errors import BadInput
from agent.formats import asn1, cms, jws, tsp
from agent.renderer import signed
from agent.renderer.base import CannotShow
from agent.renderer.recognise import UnknownView
from protocol.preview import Signer
from tests.support import authority, timestamps

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
NAMES = ("gost2015-head", "p256-individual", "rsa-sign-individual")


def signer(name: str = "p256-individual", **changes: object) -> Signer:
    certificate = authority.certificate(name)
    known = Signer(
        f"{certificate.common_name} {certificate.patronymic}".removesuffix(" None"),
        certificate.iin or "",
        certificate.organisation or "",
        certificate.bin or "",
        AT.isoformat(),
    )
    return dataclasses.replace(known, **changes)  # type: ignore[arg-type]  # names of its fields


def message(*names: str, detached: bool = False, content: bytes = b"act") -> bytes:
    made = cms.sign(authority.signer(names[0]), content, at=AT, detached=detached)
    for name in names[1:]:
        made = cms.cosign(authority.signer(name), made, at=AT, content=content)
    return made


def test_a_cms_holds_a_document_and_says_who_signed() -> None:
    found = signed.read_cms(message("gost2015-head", "p256-individual"))
    assert (found.octets, found.kind, found.is_timestamp) == (b"act", "cms", False)
    assert set(found.signers) == {signer("gost2015-head"), signer()}  # a set, in DER order
    assert {bool(one.bin) for one in found.signers} == {True, False}
    assert all(one.iin for one in found.signers)


@pytest.mark.parametrize("armour", [lambda der: der, cms.to_pem, base64.encodebytes])
def test_armour_makes_no_difference(armour: object) -> None:
    made = armour(message("p256-individual"))  # type: ignore[operator]  # each of them takes octets
    assert signed.read_cms(made.encode() if isinstance(made, str) else made).octets == b"act"


def test_the_moment_of_a_timestamp_goes_before_what_the_signer_says() -> None:
    (found,) = signed.read_cms(timestamps.stamped(message("p256-individual"))).signers
    assert found == signer(time=timestamps.AT.isoformat(), has_timestamp=True)


def test_of_what_lies_elsewhere_the_digest_may_be_known() -> None:
    found = signed.read_cms(message("p256-individual", detached=True))
    assert (found.octets, found.digest) == (None, hashlib.sha256(b"act").hexdigest())
    other = signed.read_cms(message("gost2015-head", detached=True))
    assert (other.octets, other.digest) == (None, "")  # 64 octets of another algorithm
    shown = signed.Digest(found)
    assert (shown.overview.kind, shown.overview.digest, shown.overview.wrappers) == (
        "digest",
        found.digest,
        ("cms",),
    )
    for ask in (lambda: shown.draw(0, 1), lambda: shown.read(0, 1), lambda: shown.enter(0)):
        with pytest.raises(CannotShow):
            ask()


def test_a_signer_whose_certificate_is_missing_has_a_number() -> None:
    made = message("p256-individual")
    outer = asn1.read(made).children()
    fields = outer[1].children()[0].children()
    bare = [field.der for field in fields if field.tag != 0xA0]
    without = asn1.element(
        asn1.SEQUENCE, outer[0].der, asn1.element(0xA0, asn1.element(asn1.SEQUENCE, *bare))
    )
    (found,) = signed.read_cms(without).signers
    assert found.owner == f"№ {authority.certificate('p256-individual').serial_number:X}"
    assert (found.iin, found.time) == ("", AT.isoformat())


@pytest.mark.parametrize("octets", [b"", b"act", b"\x30\x03\x02\x01\x05", b"-----BEGIN CMS-----"])
def test_what_is_no_cms(octets: bytes) -> None:
    with pytest.raises(BadInput):
        signed.read_cms(octets)


def test_a_timestamp_token_is_known_as_one() -> None:
    token = timestamps.token(b"octets", tsp.Profile(tsp.POLICY_RSA, algorithms.SHA256))
    assert signed.read_cms(token).is_timestamp


@pytest.mark.parametrize("detached", [False, True])
def test_a_jws(detached: bool) -> None:
    token = jws.sign(authority.signer("p256-individual"), b'{"act":17}', detached=detached)
    found = signed.read_jws(token.encode())
    assert found == signed.Contents(None if detached else b'{"act":17}', (signer(time=""),), "jws")


def test_what_is_no_jws() -> None:
    with pytest.raises(BadInput):
        signed.read_jws(b"a.b")
    with pytest.raises(BadInput):
        signed.read_jws(b'{"payload": "", "signatures": []}')


def test_signers_of_xml_are_those_of_its_certificates() -> None:
    found = signed.XmlSigners()
    person = base64.encodebytes(authority.certificate("p256-individual").der).decode()
    found.leaf("ds:X509Certificate", person)
    found.leaf("xades:SigningTime", "2026-05-08T12:34:56Z")
    found.leaf("X509Certificate", person)  # the same once more
    found.leaf(
        "X509Certificate", base64.b64encode(authority.roots()[0].der).decode()
    )  # who vouches for them is no signer
    found.leaf(
        "wsse:BinarySecurityToken", base64.b64encode(authority.certificate("gost2015-head").der).decode()
    )
    found.leaf("xades:EncapsulatedTimeStamp", "AAAA")
    assert found.signers == (
        signer(time="2026-05-08T12:34:56Z"),
        signer("gost2015-head", time="", has_timestamp=True),
    )


@pytest.mark.parametrize("value", ["", "?", "AAAA", "MIIB", "A" * 1_000_000])
def test_a_damaged_certificate_names_nobody(value: str) -> None:
    found = signed.XmlSigners()
    found.leaf("X509Certificate", value)
    found.leaf("EncapsulatedTimeStamp", value)
    found.leaf("SigningTime", "now")
    assert found.signers == ()


def test_a_document_taken_out_says_what_it_lay_in() -> None:
    inside = signed.Unwrapped(UnknownView(b"x"), "base64")
    outside = signed.Unwrapped(inside, "cms", (signer(),))
    assert (outside.overview.wrappers, outside.overview.signers, outside.overview.size) == (
        ("cms", "base64"),
        (signer(),),
        1,
    )
    with pytest.raises(CannotShow):
        outside.read(0, 1)
