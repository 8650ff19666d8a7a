"""Statements 36 to 41 of the format reference. Those on WS-Security run on samples of our own: the published ones are not at hand."""

import re
from pathlib import Path

import pytest
from lxml import etree

from agent.formats import wsse
from agent.formats.evidence import Evidence
from agent.formats.xml import layout, parse, signature, verify
from agent.formats.xml.identifiers import ds
from agent.formats.xml.layout import LayoutName
from agent.formats.xml.signature import Signature
from tests.support import chains

LAYOUTS: dict[str, LayoutName] = {
    "ncanode_xml_signed": "crlf",
    "ncanode_xml_double_rsa_gost2015": "crlf",
    "mitwork_a": "crlf",
    "mitwork_c": "crlf",
    "fedor35_xml_simple": "crlf",
    "fedor35_xml_ns": "crlf",
    "fedor35_xml_xpath": "crlf",
    "danikarik_personal_active_AUTH_RSA256_7cc1f12d": "lines",
    "danikarik_personal_active_RSA256_dc7dfea9": "lines",
    "danikarik_personal_revoked_AUTH_RSA256_f323d119": "lines",
    "danikarik_personal_revoked_RSA256_ba7e852f": "lines",
    "mitwork_b": "lines",
    "gokalkan_clib_signed": "c-library",
    "gokalkan_clib_signed_trimmed": "c-library",
}
_SIGNATURE = re.compile(b"<ds:Signature .*?</ds:Signature>", re.DOTALL)
LINE_ENDS = (b"&#13;\n", b"\n")


def published(vectors: Path, name: str) -> bytes:
    return (vectors / "xml" / f"{name}.xml").read_bytes()


def findings(document: bytes) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.signature, one.reasons) for one in verify.verify(document)]


def test_s36_all_published_signatures_verify(vectors: Path) -> None:
    names = sorted(path.name for path in (vectors / "xml").glob("*.xml"))
    assert {f"{name}.xml" for name in LAYOUTS} <= set(names)
    for name in names:
        document = (vectors / "xml" / name).read_bytes()
        assert set(findings(document)) == {("valid", ())}, name


def test_s36_the_digest_is_of_the_document_without_the_signature(vectors: Path) -> None:
    document = published(vectors, "ncanode_xml_signed")
    assert findings(document.replace(b"<b>test", b"<b>tes")) == [("invalid", ("digest-mismatch",))]
    assert findings(document.replace(b"</b><ds:", b"</b> <ds:")) == [("invalid", ("digest-mismatch",))]


@pytest.mark.parametrize("name", LAYOUTS)
def test_s37_layouts_rebuild_their_signatures_octet_for_octet(vectors: Path, name: str) -> None:
    document = published(vectors, name)
    tree = parse.read(document)
    read = [signature.read(element) for element in signature.find(tree)]
    rebuilt = [_rebuilt(one, layout.LAYOUTS[LAYOUTS[name]]) for one in read]
    assert _SIGNATURE.findall(document) == rebuilt


def _rebuilt(one: Signature, chosen: layout.Layout) -> bytes:
    """The signature again, from URIs, digest, value and certificate alone."""
    (reference,) = one.references
    assert reference.uri is not None
    info = layout.SignedInfo(
        canonicalization=one.canonicalization.uri,
        signature=one.algorithm.uri,
        reference=reference.uri,
        transforms=[step.uri for step in reference.transforms],
        digest=reference.digest.uri,
        digest_value=reference.digest_value,
    )
    (certificate,) = one.element.iter(ds("X509Certificate"))
    return layout.signature(
        chosen,
        info=layout.signed_info(chosen, info),
        value=one.value,
        key=layout.x509_data(chosen, signature.base64_of(certificate)),
    ).encode()


@pytest.mark.parametrize(
    ("name", "ends", "expected"),
    [
        ("mitwork_a", LINE_ENDS, ("invalid", ("signature-mismatch",))),
        ("mitwork_b", LINE_ENDS[::-1], ("invalid", ("signature-mismatch",))),
        ("ncanode_xml_signed", LINE_ENDS, ("valid", ())),
    ],
)
def test_s38_line_ends_inside_values_are_signed_where_a_digest_is_long(
    vectors: Path, name: str, ends: tuple[bytes, bytes], expected: tuple[str, tuple[str, ...]]
) -> None:
    document = published(vectors, name)
    # Only lines of base64 end so; between elements there is a plain line feed in every layout.
    changed = re.sub(
        rb"(?<=[A-Za-z0-9+/]{76})" + re.escape(ends[0]), ends[1].replace(b"\\", b"\\\\"), document
    )
    assert changed != document
    assert findings(document) == [("valid", ())]
    assert findings(changed) == [expected]


def test_s39_a_signature_by_id_has_exclusive_signed_info_and_one_transform(vectors: Path) -> None:
    document = published(vectors, "fedor35_xml_xpath")
    (one,) = [signature.read(element) for element in signature.find(parse.read(document))]
    assert one.canonicalization.uri == "http://www.w3.org/2001/10/xml-exc-c14n#"
    (reference,) = one.references
    assert reference.uri == "#part"
    assert [step.uri for step in reference.transforms] == [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
    ]
    (evidence,) = verify.verify(document)
    assert (evidence.signature, evidence.covers) == ("valid", "#part")


def test_s40_two_signatures_verify_from_the_last_to_the_first(vectors: Path) -> None:
    document = published(vectors, "ncanode_xml_double_rsa_gost2015")
    assert findings(document) == [("valid", ()), ("valid", ())]
    first, second = _SIGNATURE.findall(document)
    assert findings(document.replace(second, b"")) == [("valid", ())]
    assert findings(document.replace(first, b"")) == [("invalid", ("digest-mismatch",))]


ENVELOPE = (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
    '<m:Send xmlns:m="urn:m"><m:a>1</m:a><m:b>2</m:b></m:Send></SOAP-ENV:Body></SOAP-ENV:Envelope>'
)


def judged(envelope: bytes) -> Evidence:
    (evidence,) = wsse.verify(envelope)
    return evidence


@pytest.mark.own_sample
@pytest.mark.parametrize("family", ["rsa", "gost2015", "gost2004"])
def test_s41_a_signed_message_verifies_but_not_folded_and_not_reindented(family: str) -> None:
    """In place of wsse/ncanode_wsse_rsa_valid, _newlines_folded and _body_reindented."""
    envelope = wsse.sign(chains.person(family), ENVELOPE, body_id="id-1")
    assert (judged(envelope).signature, judged(envelope).covers) == ("valid", "Body")
    start, end = envelope.index(b"<ds:Signature"), envelope.index(b"</ds:Signature>")
    folded = envelope[:start] + envelope[start:end].replace(b"\n", b" ") + envelope[end:]
    assert judged(folded).reasons == ("signature-mismatch",)
    reindented = envelope.replace(b"><m:", b">\n  <m:")
    assert judged(reindented).reasons == ("digest-mismatch",)
    assert etree.fromstring(reindented) is not None
