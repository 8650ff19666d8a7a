"""WS-Security: what the gateway wants is made, what it answers is verified, and the Body that is signed is the one that counts."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from agent.errors import BadInput
from agent.formats import wsse
from agent.formats.evidence import Evidence
from agent.formats.xml import identifiers
from agent.formats.xml.identifiers import ds
from tests.support import chains
from tests.support.chains import Party
from tests.support.xml_signatures import EXCLUSIVE, HERE, Ref, made

SOAP_11, SOAP_12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
WSU_ID = f"{{{identifiers.WSU}}}Id"
BODY = '<S:Body><m:Send xmlns:m="urn:m">құжат</m:Send></S:Body>'
PLAIN = f'<S:Envelope xmlns:S="{SOAP_11}">{BODY}</S:Envelope>'
IDENTIFIER = "id-5a1b2c3d-0000-4000-8000-000000000001"


def signed(envelope: bytes | str = PLAIN, family: str = "p256", identifier: str = IDENTIFIER) -> bytes:
    return wsse.sign(chains.person(family), envelope, body_id=identifier)


def evidence(envelope: bytes | str, *extra: Party) -> Evidence:
    (found,) = wsse.verify(envelope, [party.certificate for party in extra])
    return found


def judged(envelope: bytes | str, *extra: Party) -> tuple[str, tuple[str, ...], str]:
    found = evidence(envelope, *extra)
    return found.signature, found.reasons, found.covers


# --- making -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", chains.FAMILIES)
@pytest.mark.parametrize("soap", [SOAP_11, SOAP_12])
def test_what_is_signed_verifies(soap: str, family: str) -> None:
    envelope = signed(PLAIN.replace(SOAP_11, soap), family)
    assert judged(envelope) == ("valid", (), "Body")
    assert evidence(envelope).certificate == chains.person(family).certificate


def test_the_signature_has_the_shape_that_the_gateway_knows() -> None:
    envelope = signed(family="rsa").decode()
    security = envelope[envelope.index("<wsse:Security") : envelope.index("</wsse:Security>")]
    assert security.startswith(
        f'<wsse:Security xmlns:wsse="{identifiers.WSSE}" xmlns:wsu="{identifiers.WSU}" S:mustUnderstand="1">'
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n<ds:SignedInfo>\n'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\n'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>\n'
        f'<ds:Reference URI="#{IDENTIFIER}">\n<ds:Transforms>\n'
        '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>\n</ds:Transforms>\n'
    )
    token = base64.b64encode(chains.person("rsa").certificate.der).decode()
    assert security.endswith(
        f'<ds:KeyInfo>\n<wsse:SecurityTokenReference xmlns:wsse="{identifiers.WSSE}">'
        f'<wsse:KeyIdentifier EncodingType="{identifiers.BASE64_BINARY}" ValueType="{identifiers.X509_V3}">{token}'
        "</wsse:KeyIdentifier></wsse:SecurityTokenReference>\n</ds:KeyInfo>\n</ds:Signature>"
    )
    assert f'<S:Body xmlns:wsu="{identifiers.WSU}" wsu:Id="{IDENTIFIER}"><m:Send' in envelope
    assert "Timestamp" not in envelope
    assert "BinarySecurityToken" not in envelope


@pytest.mark.parametrize(
    "header", ["", "<S:Header/>", "<S:Header></S:Header>", "<S:Header> <a/>text</S:Header>"]
)
def test_the_header_is_made_or_kept(header: str) -> None:
    envelope = signed(PLAIN.replace("<S:Body", f"{header}<S:Body"))
    root = etree.fromstring(envelope)
    assert [etree.QName(child).localname for child in root] == ["Header", "Body"]
    assert etree.QName(root[0][-1]).localname == "Security"
    assert (root[0].text or "", [child.tag for child in root[0]][:-1]) == (
        (" ", ["a"]) if "text" in header else ("", [])
    )
    assert judged(envelope) == ("valid", (), "Body")


@pytest.mark.parametrize("prefix", ["soapenv", "SOAP-ENV", "s", ""])
def test_the_prefix_is_that_of_the_message(prefix: str) -> None:
    name = f"{prefix}:" if prefix else ""
    declared = f"xmlns:{prefix}" if prefix else "xmlns"
    envelope = signed(f'<{name}Envelope {declared}="{SOAP_12}"><{name}Body/></{name}Envelope>')
    assert f"<{name}Header><wsse:Security ".encode() in envelope
    (security,) = etree.fromstring(envelope).iter(f"{{{identifiers.WSSE}}}Security")
    assert security.get(f"{{{SOAP_12}}}mustUnderstand") == "1"
    assert judged(envelope) == ("valid", (), "Body")


def test_prefixes_that_are_taken_are_no_trouble() -> None:
    envelope = signed(
        f'<Envelope xmlns="{SOAP_11}" xmlns:soap="urn:x" xmlns:wsu="urn:y" xmlns:wsse="urn:z"><Body wsu:a=""/></Envelope>'
    )
    assert judged(envelope) == ("valid", (), "Body")
    (body,) = etree.fromstring(envelope).iter(f"{{{SOAP_11}}}Body")
    assert dict(body.attrib) == {"{urn:y}a": "", WSU_ID: IDENTIFIER}


def test_a_second_signer_signs_the_same_body_by_the_same_identifier() -> None:
    once = signed(family="gost2015")
    twice = signed(once, "rsa", "id-2")
    assert b"id-2" not in twice
    assert twice.count(b"<wsse:Security ") == 1
    assert [(one.signature, one.covers) for one in wsse.verify(twice)] == [("valid", "Body")] * 2


def test_text_is_a_message_already_decoded() -> None:
    text = f'<?xml version="1.0" encoding="windows-1251"?>{PLAIN}'
    assert judged(signed(text).decode()) == ("valid", (), "Body")


@pytest.mark.parametrize(
    "envelope",
    [
        "",
        "<a/>",
        "<Envelope/>",
        f'<S:Envelope xmlns:S="{SOAP_11}"/>',
        f'<S:Body xmlns:S="{SOAP_11}"/>',
        f'<S:Envelope xmlns:S="{SOAP_11}"><x>{BODY}</x></S:Envelope>',
        PLAIN.replace(BODY, BODY * 2),
        PLAIN.replace(BODY, f"<S:Header>{BODY}</S:Header>{BODY}"),
        PLAIN.replace(BODY, f"<S:Header/><S:Header/>{BODY}"),
        f"<!DOCTYPE a>{PLAIN}",
    ],
)
def test_what_is_no_message_with_one_body_is_refused_before_anybody_is_asked(envelope: str) -> None:
    with pytest.raises(BadInput):
        wsse.check(envelope)
    with pytest.raises(BadInput):
        signed(envelope)


def test_a_message_that_can_be_signed_is_told_so() -> None:
    wsse.check(PLAIN)


@pytest.mark.parametrize("identifier", ["", "1", "a b", 'x"', "#x", "x" * 200])
def test_an_identifier_is_a_name(identifier: str) -> None:
    with pytest.raises(BadInput):
        signed(identifier=identifier)


def test_an_identifier_that_is_taken_is_refused() -> None:
    with pytest.raises(BadInput):
        signed(PLAIN.replace("<S:Body>", f'<S:Header><a Id="{IDENTIFIER}"/></S:Header><S:Body>'))


# --- verifying ----------------------------------------------------------------------------------------------------


def gateway_answer(person: Party, more: str = "") -> bytes:
    """As WSS4J writes it in the gateway's answers: no white space, the certificate named by issuer and serial number."""
    issuer = ",".join(reversed(person.certificate.issuer.text().split(",")))
    key_info = (
        f'<ds:KeyInfo Id="KI-1"><wsse:SecurityTokenReference wsu:Id="STR-1"><ds:X509Data><ds:X509IssuerSerial>'
        f"<ds:X509IssuerName>{issuer}</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{person.certificate.serial_number}</ds:X509SerialNumber>"
        "</ds:X509IssuerSerial></ds:X509Data></wsse:SecurityTokenReference></ds:KeyInfo>"
    )
    body = f'<S:Body xmlns:wsu="{identifiers.WSU}" wsu:Id="id-1">answer</S:Body>'
    envelope = (
        f'<S:Envelope xmlns:S="{SOAP_11}"><S:Header><wsse:Security xmlns:wsse="{identifiers.WSSE}" '
        f'xmlns:wsu="{identifiers.WSU}" S:mustUnderstand="1">{more}{HERE}</wsse:Security></S:Header>{body}</S:Envelope>'
    )
    canonical = body.replace("<S:Body ", f'<S:Body xmlns:S="{SOAP_11}" ')
    reference = Ref(canonical.encode(), "#id-1", [EXCLUSIVE], person.algorithm.digest)
    return made(person, envelope, reference, key_info=key_info, attributes=' Id="SIG-1"')


@pytest.mark.parametrize("family", ["gost2004", "gost2015", "rsa"])
def test_an_answer_of_the_gateway_verifies_with_its_certificate(family: str) -> None:
    root = chains.issue("ҰКО 3.0 (GOST)", family, ca=True, attributes=[("2.5.4.6", "KZ")])
    gateway = chains.issue("SHEP", by=root, key_of=chains.key(family))
    answer = gateway_answer(gateway)
    assert judged(answer) == ("unchecked", ("no-certificate",), "Body")
    assert judged(answer, chains.person("rsa"), gateway) == ("valid", (), "Body")
    assert evidence(answer, gateway).title == "SIG-1"
    assert judged(answer.replace(b"answer", b"another"), gateway) == ("invalid", ("digest-mismatch",), "Body")


def test_a_message_without_a_signature_in_its_header_is_refused() -> None:
    envelope = signed().decode()
    signature = envelope[envelope.index("<ds:Signature ") : envelope.index("</wsse:Security>")]
    for place in ("<S:Header>", '<m:Send xmlns:m="urn:m">', "<S:Header><other>"):
        moved = PLAIN.replace(
            "<S:Body>", f'<S:Header></S:Header><S:Body wsu:Id="{IDENTIFIER}" xmlns:wsu="{identifiers.WSU}">'
        )
        moved = moved.replace(place, place + signature)
        with pytest.raises(BadInput, match="no signature"):
            wsse.verify(moved)


def test_signatures_inside_the_body_are_not_looked_at() -> None:
    carried = '<x:Signature xmlns:x="http://www.w3.org/2000/09/xmldsig#"/>'
    envelope = signed(PLAIN.replace("құжат", carried))
    assert judged(envelope) == ("valid", (), "Body")


def test_a_body_inside_the_body_is_content() -> None:
    assert judged(signed(PLAIN.replace("құжат", "<S:Body>inner</S:Body>"))) == ("valid", (), "Body")


def test_more_than_the_body_may_be_signed() -> None:
    person = chains.person()
    stamp = f'<wsu:Timestamp xmlns:wsu="{identifiers.WSU}" wsu:Id="TS-1"></wsu:Timestamp>'
    body = f'<S:Body xmlns:S="{SOAP_11}" xmlns:wsu="{identifiers.WSU}" wsu:Id="id-1"></S:Body>'
    envelope = (
        f'<S:Envelope xmlns:S="{SOAP_11}"><S:Header><w:Security xmlns:w="{identifiers.WSSE}">{stamp}{HERE}</w:Security>'
        f"</S:Header>{body}</S:Envelope>"
    )
    both = Ref(body.encode(), "#id-1", [EXCLUSIVE]), Ref(stamp.encode(), "#TS-1", [EXCLUSIVE])
    assert judged(made(person, envelope, *both)) == ("valid", (), "Body #TS-1")
    assert judged(made(person, envelope, both[1])) == ("invalid", ("signature-wrapping",), "#TS-1")


def test_a_signature_over_the_whole_message_says_so() -> None:
    person = chains.person()
    envelope = f'<S:Envelope xmlns:S="{SOAP_11}"><S:Header><w:Security xmlns:w="{identifiers.WSSE}">{HERE}</w:Security></S:Header><S:Body></S:Body></S:Envelope>'
    reference = Ref(envelope.replace(HERE, "").encode())
    assert judged(made(person, envelope, reference)) == ("valid", (), "")


# --- wrapping -----------------------------------------------------------------------------------------------------

SIGNED = signed().decode()
SIGNED_BODY = SIGNED[SIGNED.index("<S:Body ") : SIGNED.index("</S:Envelope>")]
EVIL = '<S:Body><m:Send xmlns:m="urn:m">evil</m:Send></S:Body>'
WITH_ID = SIGNED_BODY.replace("құжат", "evil")


@pytest.mark.parametrize(
    "attacked",
    [
        SIGNED.replace(SIGNED_BODY, EVIL).replace("</S:Header>", f"<old>{SIGNED_BODY}</old></S:Header>"),
        SIGNED.replace(SIGNED_BODY, EVIL).replace("</wsse:Security>", f"{SIGNED_BODY}</wsse:Security>"),
        SIGNED.replace(SIGNED_BODY, EVIL).replace("</ds:Signature>", f"<ds:Object>{SIGNED_BODY}</ds:Object></ds:Signature>"),
        SIGNED.replace(SIGNED_BODY, f"{EVIL}{SIGNED_BODY}"),
        SIGNED.replace(SIGNED_BODY, f"{SIGNED_BODY}{EVIL}"),
        SIGNED.replace(SIGNED_BODY, EVIL.replace("evil", SIGNED_BODY)),
        SIGNED.replace(SIGNED_BODY, EVIL.replace("S:", "T:").replace("<T:Body", f'<T:Body xmlns:T="{SOAP_12}"') + SIGNED_BODY),
    ],
    ids=["header", "security", "object", "before", "after", "around", "other soap"],
)  # fmt: skip
def test_a_body_that_moved_is_wrapping(attacked: str) -> None:
    assert attacked != SIGNED
    found = evidence(attacked)
    assert found.signature == "invalid"
    assert "signature-wrapping" in found.reasons
    assert "Body" not in found.covers


@pytest.mark.parametrize(
    "place", [f"{WITH_ID}{SIGNED_BODY}", f"{SIGNED_BODY}{WITH_ID}", WITH_ID.replace("evil", SIGNED_BODY)]
)
def test_a_second_body_with_the_identifier_is_found(place: str) -> None:
    assert "duplicate-id" in evidence(SIGNED.replace(SIGNED_BODY, place)).reasons


def test_a_body_whose_identifier_is_gone_is_not_signed() -> None:
    attacked = re.sub(' wsu:Id="[^"]*"', "", SIGNED)
    assert set(evidence(attacked).reasons) == {"digest-mismatch", "signature-wrapping"}


def test_another_root_is_no_message() -> None:
    with pytest.raises(BadInput):
        wsse.verify(f"<wrapper>{SIGNED.partition('?>')[2]}</wrapper>")


def test_the_header_is_not_signed_and_may_grow() -> None:
    assert judged(SIGNED.replace("<S:Header>", "<S:Header><route/>")) == ("valid", (), "Body")
    (value,) = etree.fromstring(SIGNED.encode()).iter(ds("SignatureValue"))
    assert value.text


@given(st.integers(0, len(SIGNED) - 1), st.text(max_size=6), st.integers(0, 40))
def test_any_damage_is_bad_input_or_evidence(at: int, text: str, gone: int) -> None:
    try:
        wsse.verify(SIGNED[:at] + text + SIGNED[at + gone :])
    except BadInput:
        return
