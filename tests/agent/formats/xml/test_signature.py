"""ds:Signature is taken apart strictly: what is out of place makes it unreadable, what is unknown does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from agent.errors import BadInput
from agent.formats.xml import parse, signature
from agent.formats.xml.signature import Algorithm
from tests.support import chains
from tests.support.xml_signatures import C14N, DS, ENVELOPED, EXCLUSIVE, HERE, Ref, made

DOCUMENT = f"<r>{HERE}</r>"
_PREFIXED = (
    f'<ds:Transform Algorithm="{EXCLUSIVE}">'
    f'<i:InclusiveNamespaces xmlns:i="{EXCLUSIVE}" PrefixList="a b"/></ds:Transform>'
)
SIGNED = made(chains.person(), DOCUMENT, Ref(b"<r></r>"))


def read(document: bytes) -> signature.Signature:
    (found,) = signature.find(parse.read(document))
    return signature.read(found)


def test_everything_is_read() -> None:
    data = made(
        chains.person(),
        DOCUMENT,
        Ref(
            b"",
            "#x",
            [_PREFIXED],
        ),
        Ref(b"", None, [], digest_uri="urn:digest"),
        attributes=' Id="name"',
        after='<ds:Object Id="o"/>',
    )
    found = read(data)
    assert found.name == "name"
    assert found.canonicalization == Algorithm(EXCLUSIVE)
    assert found.references[0].uri == "#x"
    assert found.references[0].transforms == (Algorithm(EXCLUSIVE, ("a", "b")),)
    assert (found.references[1].uri, found.references[1].transforms) == (None, ())
    assert found.references[1].digest == Algorithm("urn:digest")
    assert len(found.value) == 64
    assert [holder.get("Id") for holder in found.objects] == ["o"]


def test_signatures_are_found_in_the_order_of_the_document() -> None:
    document = parse.read(f'<r xmlns:ds="{DS}"><ds:Signature Id="1"/><a><ds:Signature Id="2"/></a></r>')
    assert [found.get("Id") for found in signature.find(document)] == ["1", "2"]


def test_a_signature_within_a_signature_belongs_to_it() -> None:
    document = parse.read(f'<s:Signature xmlns:s="{DS}"><s:Object><s:Signature/></s:Object></s:Signature>')
    assert signature.find(document) == [document.getroot()]


def test_too_many_signatures_are_refused() -> None:
    with pytest.raises(BadInput, match="more than 100"):
        signature.find(parse.read(f'<r xmlns:s="{DS}">{"<s:Signature/>" * 101}</r>'))


def test_parameters_of_algorithms_are_noticed() -> None:
    data = made(
        chains.person(),
        DOCUMENT,
        Ref(b"", transforms=[f'<ds:Transform Algorithm="{C14N}"><x/></ds:Transform>']),
        algorithm_inside="<ds:HMACOutputLength>8</ds:HMACOutputLength>",
        canonicalization_inside="x",
    )
    found = read(data)
    assert found.algorithm.has_parameters
    assert found.canonicalization.has_parameters
    assert found.references[0].transforms[0].has_parameters


_DAMAGES = {
    "no SignedInfo": ("<ds:SignedInfo>", "<ds:Object>", "</ds:SignedInfo>", "</ds:Object>"),
    "no value": ("<ds:SignatureValue>", "<ds:Object>", "</ds:SignatureValue>", "</ds:Object>"),
    "second SignedInfo": ("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo></ds:SignedInfo>"),
    "second value": ("<ds:KeyInfo>", "<ds:SignatureValue></ds:SignatureValue><ds:KeyInfo>"),
    "second KeyInfo": ("</ds:KeyInfo>", "</ds:KeyInfo><ds:KeyInfo/>"),
    "stranger": ("</ds:KeyInfo>", "</ds:KeyInfo><stranger/>"),
    "text": ("</ds:SignedInfo>", "</ds:SignedInfo>text"),
    "text inside": ("<ds:Reference", "text<ds:Reference"),
    "comment inside": ("<ds:Reference", "<!--c--><ds:Reference"),
    "instruction inside": ("<ds:Reference", "<?p?><ds:Reference"),
    "comment in a digest": ("<ds:DigestValue>", "<ds:DigestValue><!--c-->"),
    "comment in the value": ("<ds:SignatureValue>", "<ds:SignatureValue><!--c-->"),
    "no reference": ("<ds:Reference", "<ds:Transforms", "</ds:Reference>", "</ds:Transforms>"),
    "no digest method": ("ds:DigestMethod", "ds:Transform"),
    "two digests": ("</ds:DigestValue>", "</ds:DigestValue><ds:DigestValue></ds:DigestValue>"),
    "stranger in a reference": ("</ds:DigestValue>", "</ds:DigestValue><stranger/>"),
    "stranger among transforms": ("<ds:Transforms>", "<ds:Transforms><stranger/>"),
    "not base64": ("<ds:SignatureValue>", "<ds:SignatureValue>."),
    "base64 of others": ("<ds:SignatureValue>", "<ds:SignatureValue>ұ"),
    "white space of others": ("<ds:SignatureValue>", "<ds:SignatureValue>\u00a0"),
    "a long address": ('URI=""', f'URI="{"x" * 1025}"'),
}


@pytest.mark.parametrize("damage", _DAMAGES.values(), ids=_DAMAGES.keys())
def test_what_is_out_of_place_is_refused(damage: tuple[str, ...]) -> None:
    text = SIGNED.decode()
    for old, new in zip(damage[::2], damage[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(BadInput):
        read(text.encode())


@pytest.mark.parametrize(("references", "transforms"), [(0, 1), (21, 1), (1, 6)])
def test_counts_are_limited(references: int, transforms: int) -> None:
    with pytest.raises(BadInput):
        read(made(chains.person(), DOCUMENT, *[Ref(b"", transforms=[ENVELOPED] * transforms)] * references))


def test_white_space_between_elements_is_nobodys_business() -> None:
    assert read(SIGNED.replace(b"><", b">\r\n\t <")).references == read(SIGNED).references


@pytest.mark.parametrize("text", ["QR==", "QUJ=", "Q", "QQ", "Q===", "QQ==QQ=="])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(BadInput):
        signature.base64_of(etree.fromstring(f"<a>{text}</a>"))


@given(st.binary(max_size=100))
def test_base64_is_read_whatever_its_lines(octets: bytes) -> None:
    import base64

    text = base64.encodebytes(octets).decode().replace("\n", "&#13;\n\t ")
    assert signature.base64_of(etree.fromstring(f"<a>{text}</a>")) == octets
