"""What we sign looks as NCALayer's, verifies, and says no more than was asked."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from agent import algorithms
from agent.errors import BadInput
from agent.formats.xml import layout, parse, sign, verify
from agent.formats.xml.identifiers import ds
from agent.formats.xml.layout import LayoutName
from tests.support import chains

DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
NO_ID = "Указанный для подписи элемент не содержит атрибут 'Id'"
SAME_ELEMENT = "элемент подписи не может быть родительским элементом подписи"
PARTS = '<r xmlns:n="urn:n" xml:lang="kk"><a Id="one"><b/></a><n:c Id="two">x</n:c><signatures/><d>y</d></r>'


def signed(document: bytes | str, family: str = "p256", name: LayoutName = "lines", **where: str) -> bytes:
    return sign.sign(chains.person(family), document, layout=name, **where)


def signature_of(document: bytes) -> etree._Element:
    (found,) = etree.fromstring(document).iter(ds("Signature"))
    return found


def algorithms_of(signature: etree._Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for element in signature.iter():
        if element.get("Algorithm"):
            found.setdefault(etree.QName(element).localname, []).append(element.get("Algorithm"))
    return found


def judged(document: bytes) -> list[tuple[str, str]]:
    return [(one.signature, one.covers) for one in verify.verify(document)]


# --- the whole document -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", layout.LAYOUTS)
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_what_is_signed_verifies(family: str, name: LayoutName) -> None:
    document = signed("<tag>data</tag>", family, name)
    (found,) = verify.verify(document)
    assert (found.signature, found.reasons, found.covers) == ("valid", (), "")
    assert found.certificate == chains.person(family).certificate
    assert found.algorithm_name == chains.person(family).algorithm.name


def test_the_signature_is_the_last_child_of_the_root_with_nothing_around_it() -> None:
    document = signed("<tag>data</tag>")
    assert document.startswith(DECLARATION + b"<tag>data<ds:Signature xmlns:ds=")
    assert document.endswith(b"</ds:Signature></tag>")


def test_the_check_vector_of_ncalayer_has_its_digest() -> None:
    signature = signature_of(signed("<tag>data</tag>", "rsa"))
    assert signature.findtext(f".//{ds('DigestValue')}") == "soDZFGIUsZ1x0sK/7x1bJvtGeQsO0BKOVwAvKxC3RJY="


def test_the_whole_document_is_referred_to_as_ncalayer_does() -> None:
    signature = signature_of(signed("<tag>data</tag>", "gost2015"))
    urn = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
    c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    assert algorithms_of(signature) == {
        "CanonicalizationMethod": [c14n],
        "SignatureMethod": [f"{urn}gostr34102015-gostr34112015-512"],
        "Transform": ["http://www.w3.org/2000/09/xmldsig#enveloped-signature", f"{c14n}#WithComments"],
        "DigestMethod": [f"{urn}gostr34112015-512"],
    }
    (reference,) = signature.iter(ds("Reference"))
    assert reference.get("URI") == ""


def test_a_gost_signature_is_two_numbers_of_64_octets() -> None:
    value = signature_of(signed("<a/>", "gost2015")).findtext(ds("SignatureValue"))
    assert len(base64.b64decode(value)) == 128


def test_the_certificate_is_the_signers_alone_and_there_is_nothing_else() -> None:
    signature = signature_of(signed("<a/>"))
    (certificate,) = signature.iter(ds("X509Certificate"))
    assert base64.b64decode(certificate.text) == chains.person("p256").certificate.der
    assert [etree.QName(child).localname for child in signature] == [
        "SignedInfo",
        "SignatureValue",
        "KeyInfo",
    ]
    assert not signature.attrib


@pytest.mark.parametrize("name", ["lines", "compact"])
@pytest.mark.parametrize("family", ["rsa", "gost2015"])
def test_what_pages_get_holds_no_carriage_return(family: str, name: LayoutName) -> None:
    document = signed("<a>\r\n</a>", family, name)
    assert b"\r" not in document
    assert b"&#13;" not in document


def test_the_compact_layout_survives_a_parser_that_drops_white_space() -> None:
    document = signed("<a><b>x y</b></a>", "gost2015", "compact")
    parser = etree.XMLParser(remove_blank_text=True)
    assert judged(etree.tostring(etree.fromstring(document, parser))) == [("valid", "")]


@pytest.mark.parametrize("document", ["<xml></xml>", "<a/>"])
def test_empty_documents_are_signable(document: str) -> None:
    assert judged(signed(document)) == [("valid", "")]


def test_the_document_keeps_what_is_in_it() -> None:
    document = (
        '<?xml version="1.0"?>\r\n<!-- c -->\n<n:r xmlns:n="urn:n" xmlns="urn:d" b="2" a="&#13;&#9;&quot;">\r\n'
        " <![CDATA[<&]]><!-- d --><e></e><?p i?>&#13;&lt;құжат🙂</n:r>\n<?q?>"
    )
    text = signed(document).decode()
    start, end = text.index("<ds:Signature"), text.index("</ds:Signature>") + len("</ds:Signature>")
    assert text[:start] + text[end:] == DECLARATION.decode() + (
        '<!-- c --><n:r xmlns:n="urn:n" xmlns="urn:d" b="2" a="&#13;&#9;&quot;">\n'
        " <![CDATA[<&]]><!-- d --><e/><?p i?>&#13;&lt;құжат🙂</n:r><?q?>"
    )
    assert judged(text.encode()) == [("valid", "")]


def test_another_encoding_becomes_utf8() -> None:
    octets = '<?xml version="1.0" encoding="windows-1251"?><a>кужат</a>'.encode("cp1251")
    document = signed(octets)
    assert document.startswith(DECLARATION + "<a>кужат<ds:".encode())
    assert judged(document) == [("valid", "")]


@pytest.mark.parametrize(
    "root",
    ['<r xmlns:ds="http://www.w3.org/2000/09/xmldsig#">', '<r xmlns:ds="urn:other">', '<r xml:lang="kk">'],
)
def test_what_is_declared_around_a_signature_does_not_disturb_it(root: str) -> None:
    document = signed(f"{root}<a/></r>", "gost2004")
    assert document.count(b"<ds:Signature xmlns:ds=") == 1
    assert judged(document) == [("valid", "")]


def test_a_further_signature_comes_after_the_others_and_covers_them() -> None:
    once = signed("<a>x</a>", "rsa")
    twice = signed(once, "gost2015")
    assert twice.startswith(once.removesuffix(b"</a>"))
    assert judged(twice) == [("valid", ""), ("valid", "")]
    changed = twice.replace(b"<ds:KeyInfo>", b"<ds:KeyInfo >", 1)
    assert judged(changed) == [("valid", ""), ("valid", "")]
    changed = twice.replace(b"<ds:KeyInfo>", b'<ds:KeyInfo Id="x">', 1)
    assert judged(changed) == [("valid", ""), ("invalid", "")]


# --- one element --------------------------------------------------------------------------------------------------


def test_one_element_is_signed_by_its_id() -> None:
    document = signed(PARTS, element_xpath="/r/n:c", parent_xpath="//signatures")
    signature = signature_of(document)
    assert signature.getparent().tag == "signatures"
    assert algorithms_of(signature)["CanonicalizationMethod"] == ["http://www.w3.org/2001/10/xml-exc-c14n#"]
    assert algorithms_of(signature)["Transform"] == [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
    ]
    (reference,) = signature.iter(ds("Reference"))
    assert reference.get("URI") == "#two"
    assert judged(document) == [("valid", "#two")]


def test_names_may_be_in_any_script() -> None:
    document = '<қ:хат xmlns:қ="urn:n"><қ:төлем Id="төлем-1" қ:сома="1"><сома/></қ:төлем></қ:хат>'
    assert judged(signed(document, element_xpath="//қ:төлем", parent_xpath="/қ:хат")) == [
        ("valid", "#төлем-1")
    ]


def test_only_that_element_is_covered() -> None:
    document = signed(PARTS, element_xpath="/r/a", parent_xpath="/r")
    assert judged(document.replace(b"<d>y</d>", b"<d>z</d>")) == [("valid", "#one")]
    assert judged(document.replace(b"<b/>", b"<c/>")) == [("invalid", "#one")]


def test_the_second_expression_may_choose_a_parent_of_the_element() -> None:
    assert judged(signed(PARTS, element_xpath="//a", parent_xpath="/r")) == [("valid", "#one")]


@pytest.mark.parametrize("where", [{"element_xpath": "//a"}, {"parent_xpath": "//d"}])
def test_one_expression_alone_means_the_whole_document(where: dict[str, str]) -> None:
    assert judged(signed(PARTS, **where)) == [("valid", "")]


@pytest.mark.parametrize(
    ("element", "parent", "why"),
    [
        ("//b", "/r", NO_ID),
        ("//a", "//a", SAME_ELEMENT),
        ("//a", "//a/b", SAME_ELEMENT),
        ("//x", "/r", "XPath: no element was found"),
        ("//a", "//x", "XPath: no element was found"),
        ("//a/@Id", "/r", "XPath: what was found is not an element"),
        ("//a[", "/r", "XPath: not an expression of XPath 1.0"),
    ],
)
def test_what_can_not_be_signed_is_told_before_anybody_is_asked(element: str, parent: str, why: str) -> None:
    for attempt in (
        lambda: sign.check(PARTS, element_xpath=element, parent_xpath=parent),
        lambda: signed(PARTS, element_xpath=element, parent_xpath=parent),
    ):
        with pytest.raises(BadInput) as caught:
            attempt()
        assert caught.value.detail == why


@pytest.mark.parametrize("attribute", ["id", "ID", "n:Id"])
def test_the_attribute_is_named_exactly_id(attribute: str) -> None:
    with pytest.raises(BadInput, match="не содержит атрибут"):
        sign.check(f'<r xmlns:n="urn:n"><a {attribute}="x"/></r>', element_xpath="//a", parent_xpath="/r")


@pytest.mark.parametrize(
    "document",
    [
        '<r><a Id="x"/><b Id="x"/></r>',
        '<r><a Id="x"/><b id="x"/></r>',
        '<r><a Id=""/></r>',
        '<r><a Id="x y"/></r>',
        '<r><a Id="xpointer(/)"/></r>',
        '<r><a Id="&quot;/&gt;"/></r>',
    ],
)
def test_an_id_that_does_not_lead_to_one_element_is_refused(document: str) -> None:
    with pytest.raises(BadInput, match="Id"):
        sign.check(document, element_xpath="//a", parent_xpath="/r")


# --- what can't be signed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document", ["", "not xml", "<a>", "<!DOCTYPE a><a/>", b"\xff", '<a xmlns="relative"/>']
)
def test_a_broken_document_is_refused(document: bytes | str) -> None:
    with pytest.raises(BadInput):
        signed(document)


def test_a_broken_document_is_told_before_anybody_is_asked() -> None:
    with pytest.raises(
        BadInput, match=re.escape("org.xml.sax.SAXParseException; lineNumber: 1; columnNumber: 25;")
    ):
        sign.check("<this>is not a valid XML")
    sign.check("<a/>")


_NAMES = st.sampled_from(["a", "n:b", "құжат", "c"])
_TEXTS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff"
    ),
    max_size=12,
)


def _element(name: str, attribute: str, children: list[str]) -> str:
    escaped = "".join(f"&#{ord(character)};" for character in attribute)
    return f'<{name} xmlns:n="urn:n" z="{escaped}">{"".join(children)}</{name}>'


def _text(text: str) -> str:
    return "".join(f"&#{ord(c)};" if c in "<&>\r" else c for c in text)


_LEAVES = st.one_of(
    _TEXTS.map(_text),
    _TEXTS.filter(lambda text: "]]>" not in text).map("<![CDATA[{}]]>".format),
    _TEXTS.filter(lambda text: "--" not in text and not text.endswith("-")).map("<!--{}-->".format),
    _TEXTS.filter(lambda text: "?>" not in text).map("<?p {}?>".format),
)
_TREES = st.recursive(
    _LEAVES, lambda inner: st.builds(_element, _NAMES, _TEXTS, st.lists(inner, max_size=3)), max_leaves=8
)


@given(
    st.builds(_element, _NAMES, _TEXTS, st.lists(_TREES, max_size=3)), st.sampled_from(list(layout.LAYOUTS))
)
def test_any_document_is_signed_as_it_is(document: str, name: LayoutName) -> None:
    """Serialising changes nothing that is signed: the digest is of the document that came in, and fits what goes out."""
    made = signed(document, "p256", name)
    assert judged(made) == [("valid", "")]
    came = etree.tostring(parse.read(document), method="c14n", with_comments=False)
    digest = signature_of(made).findtext(f".//{ds('DigestValue')}")
    assert base64.b64decode(digest) == algorithms.SHA256(came)


# --- identifiers of other names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "attribute", "covers"),
    [
        ("key", "key", "#one"),
        ("id", "id", "#one"),
        ("ID", "", "#one"),
        ("Id", "", "#one"),
        ("Id", "Id", "#one"),
    ],
)
def test_an_element_is_signed_by_an_identifier_of_that_name(
    written: str, attribute: str, covers: str
) -> None:
    document = signed(
        f'<r><a {written}="one"/></r>', element_xpath="/r/a", parent_xpath="/r", id_attribute=attribute
    )
    (found,) = verify.verify_within(document, "", attribute)
    assert (found.signature, found.covers) == ("valid", covers)


@pytest.mark.parametrize(("written", "attribute"), [("key", ""), ("Id", "key"), ("who", "key")])
def test_an_element_without_such_an_identifier_is_refused(written: str, attribute: str) -> None:
    with pytest.raises(BadInput, match="атрибут"):
        sign.check(
            f'<r><a {written}="one"/></r>', element_xpath="/r/a", parent_xpath="/r", id_attribute=attribute
        )


def test_an_identifier_of_another_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="another one"):
        sign.check(
            '<r><a key="one"/><b Id="one"/></r>', element_xpath="/r/a", parent_xpath="/r", id_attribute="key"
        )
