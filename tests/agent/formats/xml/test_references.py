"""References lead to what they name, or are refused; transforms do what they should, or are."""

import pytest

from agent.formats.xml import canonical, parse, references, signature
from agent.formats.xml.signature import Algorithm
from tests.support import chains
from tests.support.xml_signatures import C14N, DS, ENVELOPED, EXCLUSIVE, HERE, Ref, made


def reasons(document: str, *refs: Ref, after: str = "") -> list[str]:
    """Reasons for all references of a signature in that place, which is left where it is."""
    tree = parse.read(made(chains.person(), document, *refs, after=after))
    one = signature.read(signature.find(tree)[-1])
    allowance = canonical.Allowance()
    return [
        reason
        for target in references.resolve(references.Identifiers(tree), one)
        for reason in references.reasons(tree, one, target, allowance)
    ]


PARTS = f'<r><a Id="x">1</a><b/>{HERE}</r>'
SIGNED_PART = b'<a Id="x">1</a>'


@pytest.mark.parametrize("name", ["Id", "ID", "id", "iD", "xml:id", "n:Id"])
def test_an_identifier_is_an_attribute_of_that_name_in_any_form(name: str) -> None:
    tree = parse.read(f'<r xmlns:n="urn:n"><a {name}="x"/><b who="x"/><c IDs="x"/></r>')
    assert references.Identifiers(tree).elements("x") == (tree.getroot()[0],)
    assert references.Identifiers(tree).elements("y") == ()


def test_a_part_that_is_as_it_was_signed_holds() -> None:
    assert reasons(PARTS, Ref(SIGNED_PART, "#x", [EXCLUSIVE])) == []
    assert reasons(PARTS, Ref(SIGNED_PART, "#x", [C14N])) == []
    assert reasons(PARTS, Ref(SIGNED_PART, "#x", [])) == []


def test_an_enveloped_transform_changes_nothing_where_the_signature_is_elsewhere() -> None:
    assert reasons(PARTS, Ref(SIGNED_PART, "#x", [ENVELOPED, C14N])) == []


def test_another_digest_is_a_mismatch() -> None:
    assert reasons(PARTS, Ref(b"else", "#x", [C14N])) == ["digest-mismatch"]


def test_a_part_that_is_gone_is_a_mismatch() -> None:
    assert reasons(PARTS, Ref(SIGNED_PART, "#y", [C14N])) == ["digest-mismatch"]


@pytest.mark.parametrize("other", ["Id", "ID", "id", "xml:id", "n:Id"])
def test_an_identifier_that_stands_twice_is_refused(other: str) -> None:
    document = f'<r xmlns:n="urn:n"><a Id="x"/><b {other}="x"/>{HERE}</r>'
    assert reasons(document, Ref(b"", "#x", [C14N])) == ["duplicate-id"]


def test_one_element_may_bear_its_identifier_twice() -> None:
    document = f'<r><a Id="x" id="x"/>{HERE}</r>'
    assert reasons(document, Ref(b'<a Id="x" id="x"></a>', "#x", [EXCLUSIVE])) == []


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "#",
        "other.xml",
        "file:///etc/passwd",
        "http://127.0.0.1/x",
        "#xpointer(/)",
        "#xpointer(id('x'))",
        "cid:x",
    ],
)
def test_references_to_elsewhere_are_never_followed(uri: str | None) -> None:
    assert reasons(PARTS, Ref(SIGNED_PART, uri, [C14N])) == ["unsupported-reference"]


_XSLT = (
    '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"><x:template match="/"/></x:stylesheet>'
    "</ds:Transform>"
)
_XPATH = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1</ds:XPath></ds:Transform>'
_FILTER = '<ds:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2"/>'
_DEFAULT = f'<ds:Transform Algorithm="{EXCLUSIVE}"><i:InclusiveNamespaces xmlns:i="{EXCLUSIVE}" PrefixList="#default"/></ds:Transform>'
_PREFIXES = f'<ds:Transform Algorithm="{C14N}"><i:InclusiveNamespaces xmlns:i="{EXCLUSIVE}" PrefixList="a"/></ds:Transform>'


@pytest.mark.parametrize(
    "transforms",
    [
        [_XSLT],
        [_XSLT, C14N],
        [C14N, _XSLT],
        [_XPATH],
        [_FILTER],
        [f"{DS}base64"],
        [C14N, C14N],
        [C14N, ENVELOPED],
        [ENVELOPED, ENVELOPED, C14N],
        ["urn:unknown"],
        [f'<ds:Transform Algorithm="{ENVELOPED}"><x/></ds:Transform>'],
        [_DEFAULT],
        [_PREFIXES],
    ],
)
def test_other_transforms_are_never_run(transforms: list[str]) -> None:
    assert reasons(PARTS, Ref(SIGNED_PART, "#x", transforms)) == ["unsupported-transform"]


def test_a_digest_that_is_not_known_or_has_parameters_is_unsupported() -> None:
    assert reasons(PARTS, Ref(b"", "#x", [C14N], digest_uri="urn:unknown")) == ["unsupported-algorithm"]


@pytest.mark.parametrize("uri", [f"{DS}sha1", "http://www.w3.org/2001/04/xmldsig-more#sha1"])
def test_sha1_is_weak_and_compared_all_the_same(uri: str) -> None:
    from agent import algorithms

    right = Ref(SIGNED_PART, "#x", [C14N], algorithms.SHA1, uri)
    assert reasons(PARTS, right) == ["weak-digest"]
    wrong = Ref(b"else", "#x", [C14N], algorithms.SHA1, uri)
    assert reasons(PARTS, wrong) == ["weak-digest", "digest-mismatch"]


def test_a_part_that_hides_inside_a_signature_is_wrapped() -> None:
    hidden = Ref(b'<a Id="x"></a>', "#x", [EXCLUSIVE])
    assert reasons(f"<r>{HERE}</r>", hidden, after='<ds:Object><a Id="x"/></ds:Object>') == [
        "signature-wrapping"
    ]
    other = f'<r><s:Signature xmlns:s="{DS}"><s:Object><a Id="x"/></s:Object></s:Signature>{HERE}</r>'
    assert reasons(other, hidden) == ["signature-wrapping"]


def test_a_signature_that_is_the_document_holds_its_content_inside() -> None:
    inside = Ref(b'<a Id="x"></a>', "#x", [EXCLUSIVE])
    assert reasons(HERE, inside, after='<ds:Object><a Id="x"/></ds:Object>') == []


def test_parts_of_signatures_are_signed_where_they_are() -> None:
    holder = f'<ds:Object xmlns:ds="{DS}" Id="o"></ds:Object>'.encode()
    assert reasons(f"<r>{HERE}</r>", Ref(holder, "#o", [EXCLUSIVE]), after='<ds:Object Id="o"/>') == []
    etsi = "http://uri.etsi.org/01903/v1.3.2#"
    properties = f'<e:P xmlns:e="{etsi}" Id="p"></e:P>'.encode()
    after = f'<ds:Object><e:P xmlns:e="{etsi}" Id="p"/></ds:Object>'
    assert reasons(f"<r>{HERE}</r>", Ref(properties, "#p", [EXCLUSIVE]), after=after) == []


@pytest.mark.parametrize(("uri", "known"), [(C14N, True), (EXCLUSIVE, True), ("urn:unknown", False)])
def test_a_method_is_known_by_its_uri_without_parameters(uri: str, known: bool) -> None:
    assert (references.canonicalization(Algorithm(uri)) is not None) is known
    assert references.canonicalization(Algorithm(uri, has_parameters=True)) is None


def test_one_more_name_of_identifiers_counts_where_somebody_said_so() -> None:
    tree = parse.read('<r><a key="x"/><b Id="y"/><c n:key="z" xmlns:n="urn:n"/></r>')
    a, b, c = tree.getroot()
    told = references.Identifiers(tree, "key")
    assert (told.elements("x"), told.elements("y"), told.elements("z")) == ((a,), (b,), (c,))
    assert references.Identifiers(tree).elements("x") == ()
    assert references.Identifiers(tree, "' or '1'='1").elements("x") == ()
