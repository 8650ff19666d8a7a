"""xmlsec1 (Aleksey Sanin's, C) and signxml (Andrey Kislyuk's, Python) as judges of our XML signatures, and we of theirs.

Neither knows GOST. Both share libxml2 with us for canonical XML, which is why the standards' own examples are tested besides
(tests/agent/formats/xml/test_canonical.py) and published signatures by Santuario verify (tests/statements/test_xml.py); xmlsec1 calls it on its own,
with sets of nodes where we lend attributes to a part.

signxml wants a certificate's extensions to be those of a TLS certificate if it validates it, so it is given the certificate.
"""

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import signxml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from agent.formats import wsse
from agent.formats.xml import identifiers, sign, verify
from agent.formats.xml.layout import LAYOUTS, LayoutName
from tests.support import chains
from tests.support.xml_signatures import C14N, DS, ENVELOPED, EXCLUSIVE

XMLSEC = shutil.which("xmlsec1")
needs_xmlsec = pytest.mark.skipif(XMLSEC is None, reason="needs tool: xmlsec1")

FAMILIES = ("rsa", "p256", "p384")
AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
DOCUMENT = (
    '<?xml version="1.0"?><!-- c --><?p i?><n:r xmlns:n="urn:n" xmlns="urn:d" xmlns:unused="urn:u" xml:lang="kk" xml:space="default">\r\n'
    '<m><a Id="part" n:z="&#13;&quot;" b="2" xml:space="preserve">құжат <!-- inside --><![CDATA[<&]]>&#13;<e><f><g n:h="" xmlns=""><i/></g></f></e></a></m></n:r><?q?>'
)


def xmlsec(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(XMLSEC), *map(str, arguments)], capture_output=True, check=False, timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Each family's root, key and certificate in files."""
    for family in FAMILIES:
        person = chains.person(family)
        (tmp_path / f"{family}-root.pem").write_text(chains.root(family).certificate.pem())
        (tmp_path / f"{family}.pem").write_text(person.certificate.pem())
        key = person.key.private.private_bytes(  # type: ignore[attr-defined]
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (tmp_path / f"{family}.key").write_bytes(key)
    return tmp_path


def accepts(folder: Path, document: bytes, family: str, *more: str) -> bool:
    """Whether xmlsec1 verifies the last signature of the document, and the certificate up to its root."""
    (folder / "signed.xml").write_bytes(document)
    done = xmlsec(
        "--verify", "--trusted-pem", folder / f"{family}-root.pem", "--verification-gmt-time", AT.strftime("%Y-%m-%d %H:%M:%S"),
        "--enabled-key-data", "x509", *more, folder / "signed.xml",
    )  # fmt: skip
    return done.returncode == 0


@needs_xmlsec
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_xmlsec_accepts_our_documents_and_notices_a_change(
    folder: Path, family: str, layout: LayoutName
) -> None:
    document = sign.sign(chains.person(family), DOCUMENT, layout=layout)
    assert accepts(folder, document, family)
    assert not accepts(folder, document.replace("құжат".encode(), "кұжат".encode()), family)


@needs_xmlsec
@pytest.mark.parametrize("family", FAMILIES)
def test_xmlsec_accepts_our_signature_of_one_element(folder: Path, family: str) -> None:
    """Canonical XML 1.0 of a part: namespaces and xml: attributes come from around it."""
    document = sign.sign(
        chains.person(family), DOCUMENT, layout="compact", element_xpath="//*[@Id]", parent_xpath="/n:r"
    )
    by_id = ("--id-attr:Id", "urn:d:a")
    assert accepts(folder, document, family, *by_id)
    assert not accepts(folder, document.replace(b'xml:lang="kk"', b'xml:lang="ru"'), family, *by_id)
    assert not accepts(folder, document.replace("құжат".encode(), b"x"), family, *by_id)


_DECLARATIONS = st.sampled_from(
    ["", ' xmlns="urn:d"', ' xmlns=""', ' xmlns:n="urn:n"', ' xmlns:n="urn:m" xmlns="urn:d"', ' xml:lang="kk"', ' xml:lang=""',
     ' xml:space="preserve" xmlns:q="urn:q"', ' xmlns:p="urn:n"']
)  # fmt: skip
_NAMES = st.sampled_from(["a", "b", "n:a", "p:құжат"])
_TEXTS = st.sampled_from(["", " ", "құ&#13;\n", "<!--c-->", "<![CDATA[<&>]]>", "<?p i?>"])


def _element(name: str, declarations: str, attribute: str, inside: list[str]) -> str:
    return f"<{name}{declarations}{attribute}>{''.join(inside)}</{name}>"


_ATTRIBUTES = st.sampled_from(["", ' n:z="1" b="&#13;&#9;  &lt;&quot;"', ' p:b="2" a="3"'])
_TREES = st.recursive(
    _TEXTS,
    lambda inner: st.builds(_element, _NAMES, _DECLARATIONS, _ATTRIBUTES, st.lists(inner, max_size=3)),
    max_leaves=10,
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document with one element `part` at any depth, namespaces coming and going all around and inside."""
    document = f'<part Id="part"{draw(_ATTRIBUTES)}>{"".join(draw(st.lists(_TREES, max_size=3)))}</part>'
    for _ in range(draw(st.integers(0, 3))):
        before, after = draw(_TREES), draw(_TREES)
        document = _element(draw(_NAMES), draw(_DECLARATIONS), "", [before, document, after])
    return f'<root xmlns:n="urn:n" xmlns:p="urn:p">{document}</root>'


@needs_xmlsec
@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(documents())
def test_xmlsec_agrees_on_the_canonical_form_of_any_document_and_part(folder: Path, document: str) -> None:
    person = chains.person("p256")
    whole = sign.sign(person, document, layout="lines")
    assert accepts(folder, whole, "p256")
    part = sign.sign(person, document, layout="lines", element_xpath="//*[@Id]", parent_xpath="/root")
    names = ("--id-attr:Id", "urn:d:part", "--id-attr:Id", "part")
    assert accepts(folder, part, "p256", *names)


@needs_xmlsec
def test_xmlsec_accepts_the_last_of_several_signatures(folder: Path) -> None:
    document = sign.sign(chains.person("rsa"), DOCUMENT, layout="lines")
    document = sign.sign(chains.person("p256"), document, layout="lines")
    last = ("--node-xpath", "(//*[local-name()='Signature'])[last()]")
    assert accepts(folder, document, "p256", *last)
    first = ("--node-xpath", "(//*[local-name()='Signature'])[1]")
    assert not accepts(folder, document, "rsa", *first)  # it takes nothing out, as the standard has it


@needs_xmlsec
@pytest.mark.parametrize("family", FAMILIES)
def test_xmlsec_accepts_our_messages_with_the_certificate_given(folder: Path, family: str) -> None:
    """It does not know wsse:KeyIdentifier: that is another standard."""
    envelope = (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><m:a xmlns:m="urn:m">x</m:a></S:Body>'
        "</S:Envelope>"
    )
    document = wsse.sign(chains.person(family), envelope, body_id="id-1")
    (folder / "signed.xml").write_bytes(document)
    arguments = (
        "--verify", "--pubkey-cert-pem", folder / f"{family}.pem", "--id-attr:Id", "http://schemas.xmlsoap.org/soap/envelope/:Body",
    )  # fmt: skip
    assert xmlsec(*arguments, folder / "signed.xml").returncode == 0
    (folder / "signed.xml").write_bytes(document.replace(b">x<", b">y<"))
    assert xmlsec(*arguments, folder / "signed.xml").returncode != 0


def template(algorithm: str, method: str, reference: str = "", transforms: tuple[str, ...] = ()) -> str:
    """What xmlsec1 fills in, at the end of the document."""
    steps = "".join(f'<Transform Algorithm="{uri}"/>' for uri in transforms)
    empty = (
        f'<Signature xmlns="{DS}"><SignedInfo>\n <CanonicalizationMethod Algorithm="{method}"/>\n'
        f' <SignatureMethod Algorithm="{algorithm}"/><Reference URI="{reference}"><Transforms>{steps}</Transforms>'
        '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/></Reference></SignedInfo>'
        "<SignatureValue/><KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo></Signature>"
    )
    return DOCUMENT.replace("</n:r>", f"{empty}</n:r>")


@needs_xmlsec
@pytest.mark.parametrize(
    ("reference", "transforms"),
    [
        ("", (ENVELOPED,)),
        ("", (ENVELOPED, f"{C14N}#WithComments")),
        ("", (ENVELOPED, EXCLUSIVE)),
        ("#part", ()),
        ("#part", (C14N,)),
        ("#part", (EXCLUSIVE,)),
        ("#part", (f"{EXCLUSIVE}WithComments",)),
    ],
)
@pytest.mark.parametrize("method", [C14N, EXCLUSIVE, identifiers.C14N_11])
@pytest.mark.parametrize("family", ["rsa", "p256"])
def test_we_accept_what_xmlsec_signs(
    folder: Path, family: str, method: str, reference: str, transforms: tuple[str, ...]
) -> None:
    uri = chains.person(family).algorithm.xml_uri
    assert uri is not None
    (folder / "template.xml").write_text(template(uri, method, reference, transforms), encoding="utf-8")
    key = f"{folder / f'{family}.key'},{folder / f'{family}.pem'}"
    done = xmlsec(
        "--sign", "--privkey-pem", key, "--id-attr:Id", "urn:d:a",
        "--output", folder / "signed.xml", folder / "template.xml",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = (folder / "signed.xml").read_bytes()
    (found,) = verify.verify(document)
    assert (found.signature, found.reasons, found.covers) == ("valid", (), reference)
    (changed,) = verify.verify(document.replace(b'b="2"', b'b="3"'))
    assert changed.reasons == ("digest-mismatch",)


def accepted_by_signxml(document: bytes, family: str) -> etree._Element:
    """What signxml says was signed, canonical and parsed again. Raises signxml.InvalidSignature."""
    certificate = x509.load_der_x509_certificate(chains.person(family).certificate.der)
    found = signxml.XMLVerifier().verify(document, x509_cert=certificate)
    assert not isinstance(found, list)
    assert found.signed_xml is not None
    return found.signed_xml


@pytest.mark.parametrize("layout", ["crlf", "lines", "compact"])
@pytest.mark.parametrize("family", FAMILIES)
def test_signxml_accepts_our_documents_and_notices_a_change(family: str, layout: LayoutName) -> None:
    document = sign.sign(chains.person(family), "<r><a>құжат</a> <b/>x</r>", layout=layout)
    assert (
        etree.tostring(accepted_by_signxml(document, family), encoding="unicode")
        == "<r><a>құжат</a> <b/>x</r>"
    )
    with pytest.raises(signxml.InvalidSignature):
        accepted_by_signxml(document.replace(b">x<", b">y<"), family)


def test_signxml_refuses_the_layout_of_the_c_library_for_its_id() -> None:
    """Id="1" is no name of XML, and signxml checks signatures by their schema. The national C library writes it so."""
    document = sign.sign(chains.person("rsa"), "<r/>", layout="c-library")
    with pytest.raises(etree.DocumentInvalid, match="'1' is not a valid value"):
        accepted_by_signxml(document, "rsa")


@pytest.mark.parametrize("family", FAMILIES)
def test_we_accept_what_signxml_signs(family: str) -> None:
    person = chains.person(family)
    assert person.algorithm.jws_name is not None
    name = {"rsa": "RSA_SHA256", "p256": "ECDSA_SHA256", "p384": "ECDSA_SHA384"}[family]
    signer = signxml.XMLSigner(signature_algorithm=signxml.SignatureMethod[name])
    root = etree.fromstring("<r><a>құжат</a></r>")
    made = signer.sign(
        root, key=person.key.private, cert=[x509.load_der_x509_certificate(person.certificate.der)]
    )
    document = etree.tostring(made)
    (found,) = verify.verify(document)
    assert (found.signature, found.reasons, found.covers) == ("valid", (), "")
    assert found.certificate == person.certificate
