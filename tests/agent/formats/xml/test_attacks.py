"""Signature wrapping and its relatives: what is signed moves, something else takes its place, and nobody is to be fooled.

A verdict fools nobody if it is not valid, or says that it covers something else than what was put in place.
"""

import re

import pytest

from agent.errors import BadInput
from agent.formats.evidence import Evidence
from agent.formats.xml import sign, verify
from tests.support import chains
from tests.support.xml_signatures import C14N, DS, ENVELOPED, EXCLUSIVE, HERE, Ref, made

PERSON = chains.person("p256")
WHOLE = sign.sign(PERSON, "<pay><to>A</to></pay>", layout="compact").decode()
BY_ID = sign.sign(
    PERSON, '<m><pay Id="x"><to>A</to></pay></m>', layout="compact", element_xpath="//pay", parent_xpath="/m"
).decode()
PAYMENT, EVIL = '<pay Id="x"><to>A</to></pay>', '<pay Id="y"><to>E</to></pay>'
SIGNATURE = re.compile("<ds:Signature .*</ds:Signature>")


def signature_of(document: str) -> str:
    found = SIGNATURE.search(document)
    assert found is not None
    return found[0]


def verdict(document: str) -> Evidence:
    (found,) = verify.verify(document)
    return found


def test_the_documents_that_are_attacked_are_good() -> None:
    assert (verdict(WHOLE).signature, verdict(WHOLE).covers) == ("valid", "")
    assert (verdict(BY_ID).signature, verdict(BY_ID).covers) == ("valid", "#x")


# --- by Id ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "evil", [PAYMENT.replace("A", "E"), '<pay ID="x"/>', '<pay id="x"/>', '<n:x xmlns:n="n" n:Id="x"/>']
)
@pytest.mark.parametrize("place", ["<m>{}", "{}</m>"])
def test_a_second_element_with_the_identifier_is_found(evil: str, place: str) -> None:
    tag = place.replace("{}", "")
    attacked = BY_ID.replace(tag, place.format(evil))
    assert attacked != BY_ID
    assert verdict(attacked).reasons == ("duplicate-id",)


def test_the_signed_element_moves_into_the_signature() -> None:
    attacked = BY_ID.replace(PAYMENT, EVIL).replace(
        "</ds:Signature>", f"<ds:Object>{PAYMENT}</ds:Object></ds:Signature>"
    )
    assert "signature-wrapping" in verdict(attacked).reasons


def test_the_signed_element_moves_into_the_key_info() -> None:
    attacked = BY_ID.replace(PAYMENT, EVIL).replace("</ds:KeyInfo>", f"{PAYMENT}</ds:KeyInfo>")
    assert "signature-wrapping" in verdict(attacked).reasons


def test_the_signed_element_moves_into_another_signature() -> None:
    stranger = f'<ds:Signature xmlns:ds="{DS}"><ds:Object>{PAYMENT}</ds:Object></ds:Signature>'
    attacked = BY_ID.replace(PAYMENT, EVIL).replace("</m>", f"{stranger}</m>")
    with pytest.raises(BadInput):  # the stranger is no signature
        verify.verify(attacked)


@pytest.mark.parametrize(
    "wrapped",
    [f"{EVIL}<old>{PAYMENT}</old>", f"<old>{PAYMENT}</old>{EVIL}", EVIL.replace("<to>", f"{PAYMENT}<to>")],
)
def test_the_signed_element_moves_elsewhere_and_the_verdict_names_it(wrapped: str) -> None:
    """Nothing in XML says which of two payments is the one: so the verdict never speaks of the document, only of "#x"."""
    attacked = BY_ID.replace(PAYMENT, wrapped)
    assert attacked != BY_ID
    assert verdict(attacked).covers == "#x"


def test_the_signed_element_becomes_the_root_of_a_signature() -> None:
    """The document turned inside out: it is a signature now, and says that it covers the part."""
    attacked = signature_of(BY_ID).replace(
        "</ds:Signature>", f"<ds:Object>{PAYMENT}</ds:Object></ds:Signature>"
    )
    assert verdict(attacked).covers == "#x"


def test_the_identifier_moves_to_another_element() -> None:
    attacked = BY_ID.replace(PAYMENT, '<pay Id="y"><to>A</to></pay><other Id="x"/>')
    assert verdict(attacked).reasons == ("digest-mismatch",)


def test_what_stands_around_a_part_is_a_part_of_its_inclusive_form() -> None:
    """Another language or default namespace around the element would change what it means."""
    for tag in ('<m xml:lang="kk">', '<m xmlns="urn:other">', '<m xmlns:n="urn:other">'):
        assert verdict(BY_ID.replace("<m>", tag)).signature == "invalid"


# --- the whole document -------------------------------------------------------------------------------------------


def test_the_signed_document_moves_into_another_one() -> None:
    attacked = f"<pay><to>E</to><old>{WHOLE.removeprefix(WHOLE[: WHOLE.index('<pay>')])}</old></pay>"
    assert verdict(attacked).reasons == ("digest-mismatch",)


def test_the_signature_moves_within_the_document() -> None:
    """It may: the place of a signature is not signed, and it covers the whole document wherever it stands."""
    signature = signature_of(WHOLE)
    attacked = WHOLE.replace(signature, "").replace("<to>", f"<to>{signature}")
    assert (verdict(attacked).signature, verdict(attacked).covers) == ("valid", "")


@pytest.mark.parametrize(
    "hidden",
    [
        "<ds:Object><to>E</to></ds:Object>",
        "<ds:Object>E</ds:Object>",
        '<ds:Object><e:P xmlns:e="http://uri.etsi.org/x"><to>E</to></e:P></ds:Object>',
    ],
)
def test_content_hides_in_the_signature(hidden: str) -> None:
    """The enveloped transform would take it away with the signature: it is in the document, and nobody signed it."""
    attacked = WHOLE.replace("</ds:Signature>", f"{hidden}</ds:Signature>")
    assert verdict(attacked).reasons == ("signature-wrapping",)


@pytest.mark.parametrize("tag", ["</ds:KeyInfo>", "</ds:X509Data>"])
def test_content_hides_in_the_key_info(tag: str) -> None:
    attacked = WHOLE.replace(tag, f"<to>E</to>{tag}")
    assert verdict(attacked).reasons == ("signature-wrapping",)


def test_content_hides_in_a_later_signature_that_is_good_itself() -> None:
    """Somebody else signs properly, with content in ds:Object that he signs too: it is not what the first one signed."""
    held = Ref(f'<ds:Object xmlns:ds="{DS}" Id="o"><to>E</to></ds:Object>'.encode(), "#o", [EXCLUSIVE])
    text = WHOLE.partition("?>")[2]
    canonical = re.sub("<([^ />]+)([^>]*)/>", r"<\1\2></\1>", text)
    attacked = made(
        chains.person("rsa"), text.replace("</pay>", f"{HERE}</pay>"), Ref(canonical.encode()), held,
        after='<ds:Object Id="o"><to>E</to></ds:Object>',
    )  # fmt: skip
    first, second = verify.verify(attacked)
    assert (second.signature, second.covers) == ("valid", "")
    assert (first.signature, first.reasons) == ("invalid", ("signature-wrapping",))


def test_a_bad_later_signature_does_not_hide_that_it_is_bad() -> None:
    later = signature_of(BY_ID.replace("#x", "#z"))
    first, second = verify.verify(WHOLE.replace("</pay>", f"{later}</pay>"))
    assert (first.signature, second.signature) == ("valid", "invalid")


def test_text_beside_the_signature_is_signed() -> None:
    signature = signature_of(WHOLE)
    for attacked in (f"E{signature}", f"{signature}E", f"<to>E</to>{signature}", f"{signature}<to>E</to>"):
        assert verdict(WHOLE.replace(signature, attacked)).reasons == ("digest-mismatch",)


def test_instructions_beside_the_root_are_signed() -> None:
    attacked = WHOLE.replace("<pay>", '<?xml-stylesheet href="evil.xsl"?><pay>', 1)
    assert verdict(attacked).reasons == ("digest-mismatch",)


# --- comments, namespaces, SignedInfo -----------------------------------------------------------------------------


def test_a_comment_that_splits_a_text_changes_nothing_that_is_signed() -> None:
    """CVE-2017-11427 and others: the signature is right, for comments are not signed. The text is still all of the text:
    who takes only what stands before the comment is fooled, and that is why the agent shows no document by its first text node.
    """
    document = sign.sign(PERSON, "<to>admin@a.kz.evil.kz</to>", layout="compact").decode()
    assert verdict(document.replace("a.kz.evil", "a.kz<!---->.evil")).signature == "valid"
    assert verdict(document.replace("a.kz.evil.kz", "a.kz<!--.evil.kz-->")).reasons == ("digest-mismatch",)


@pytest.mark.parametrize("tag", ["<ds:DigestValue>", "<ds:SignatureValue>", "<ds:X509Certificate>"])
def test_a_comment_that_splits_a_value_is_refused(tag: str) -> None:
    position = WHOLE.index(tag) + len(tag) + 8
    with pytest.raises(BadInput):
        verify.verify(f"{WHOLE[:position]}<!---->{WHOLE[position:]}")


def test_a_namespace_that_changes_is_noticed() -> None:
    document = sign.sign(PERSON, '<n:pay xmlns:n="urn:a"><n:to/></n:pay>', layout="compact").decode()
    for old, new in (
        ("urn:a", "urn:b"),
        ("<n:to/>", '<n:to xmlns:n="urn:b"/>'),
        ("<n:to/>", '<to xmlns="urn:a"/>'),
    ):
        assert old in document
        assert verdict(document.replace(old, new)).reasons[0] == "digest-mismatch"


def test_an_unsigned_prefix_in_an_exclusive_form_is_noticed_where_it_is_used() -> None:
    """Exclusive forms leave out namespaces that only values use: that is how they are; the inclusive ones of ours do not."""
    document = '<m xmlns:t="urn:a"><pay Id="x" type="t:gift"/></m>'
    ours = sign.sign(PERSON, document, layout="compact", element_xpath="//pay", parent_xpath="/m").decode()
    assert verdict(ours.replace("urn:a", "urn:b")).reasons == ("digest-mismatch",)


@pytest.mark.parametrize("second", ["<ds:SignedInfo/>", "<ds:SignedInfo><ds:Reference/></ds:SignedInfo>"])
@pytest.mark.parametrize("place", ["<ds:SignedInfo>", "</ds:SignedInfo>", "</ds:KeyInfo>"])
def test_a_second_signed_info_is_refused(second: str, place: str) -> None:
    attacked = WHOLE.replace(place, f"{second}{place}" if place[1] != "/" else f"{place}{second}")
    with pytest.raises(BadInput):
        verify.verify(attacked)


def test_a_reference_that_was_not_signed_is_no_reference() -> None:
    attacked = BY_ID.replace('URI="#x"', 'URI=""')
    assert "signature-mismatch" in verdict(attacked).reasons


def test_digests_that_fit_do_not_make_a_signature() -> None:
    """The attacker changes the document and mends the digest."""
    other = sign.sign(chains.person("rsa"), "<pay><to>E</to></pay>", layout="compact").decode()
    digests = [re.findall("<ds:DigestValue>(.*)</ds:DigestValue>", text)[0] for text in (WHOLE, other)]
    attacked = WHOLE.replace("<to>A", "<to>E").replace(*digests)
    assert verdict(attacked).reasons == ("signature-mismatch",)


def test_an_empty_list_of_transforms_does_not_leave_out_the_signature() -> None:
    assert verdict(made(PERSON, f"<r>{HERE}</r>", Ref(b"<r></r>", transforms=[C14N])).decode()).reasons == (
        "digest-mismatch",
    )
    assert ENVELOPED in WHOLE


@pytest.mark.parametrize(
    "prolog",
    ["<!DOCTYPE pay>", '<!DOCTYPE pay [<!ENTITY e "E">]>', '<!DOCTYPE pay [<!ATTLIST to Id ID "x">]>'],
)
def test_a_document_type_in_a_signed_document_is_refused(prolog: str) -> None:
    with pytest.raises(BadInput, match="DOCTYPE"):
        verify.verify(WHOLE.replace("<pay>", f"{prolog}<pay>", 1))
