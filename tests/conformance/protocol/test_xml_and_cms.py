"""X1 to X17: what is in the signatures that pages get, read by lxml and asn1crypto."""

import base64
import hashlib
from typing import Any

import pytest
from lxml import etree

from agent.formats import cms
from agent.formats.xml import verify
from agent.gost.curves import PARAM_SET_A_512
from tests.conformance.protocol.asking import (
    SIGNATURE,
    basics,
    common,
    der_of,
    result_of,
    structure,
)
from tests.conformance.protocol.persons import KEY, AgentOf
from tests.support import authority
from tests.support.agents import RunningAgent
from tests.support.plain_gost import PlainCurve
from tests.support.xml_signatures import C14N, DS, ENVELOPED, EXCLUSIVE

DIALECTS = ("commonUtils", "basics")
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
NATIONAL = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"


@pytest.fixture
def signing(agent_of: AgentOf) -> RunningAgent:
    """Of a person who signs with a GOST key."""
    return agent_of(KEY)


@pytest.fixture
def rsa(agent_of: AgentOf) -> RunningAgent:
    return agent_of("rsa-sign-individual")


def signed(agent: RunningAgent, document: str, dialect: str = "commonUtils", *xpaths: str) -> str:
    if dialect == "basics":
        (text,) = result_of(basics(agent, document, format="xml"))
    else:
        text = result_of(common(agent, "signXml", *SIGNATURE, document, *(xpaths or ("", ""))))
    return str(text)


def root_of(text: str) -> etree._Element:
    return etree.fromstring(text.encode())


def inside(text: str, *path: str) -> list[etree._Element]:
    """The elements of the signature that is the last child of the root."""
    return root_of(text)[-1].findall("/".join(f"{{{DS}}}{name}" for name in path))


def algorithms(text: str, *path: str) -> list[str]:
    return [element.get("Algorithm", "") for element in inside(text, *path)]


def digest_value(text: str) -> str:
    (element,) = inside(text, "SignedInfo", "Reference", "DigestValue")
    return str(element.text).strip()


def is_valid(text: str) -> bool:
    return [each.signature for each in verify.verify(text)] == ["valid"]


def sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x01_the_signature_is_the_last_child_of_the_root(signing: RunningAgent, dialect: str) -> None:
    text = signed(signing, "<a><b/>tail</a>", dialect)
    last = root_of(text)[-1]
    assert (last.tag, last.prefix, last.tail) == (f"{{{DS}}}Signature", "ds", None)
    assert is_valid(text)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x02_the_methods_are_those_that_verifiers_expect(signing: RunningAgent, dialect: str) -> None:
    text = signed(signing, "<a/>", dialect)
    assert algorithms(text, "SignedInfo", "CanonicalizationMethod") == [C14N]
    transforms = algorithms(text, "SignedInfo", "Reference", "Transforms", "Transform")
    assert transforms == [ENVELOPED, f"{C14N}#WithComments"]
    assert [element.get("URI") for element in inside(text, "SignedInfo", "Reference")] == [""]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x03_only_the_signers_certificate_is_there(signing: RunningAgent, dialect: str) -> None:
    text = signed(signing, "<a/>", dialect)
    (certificate,) = inside(text, "KeyInfo", "X509Data", "X509Certificate")
    assert base64.b64decode(certificate.text or "") == authority.certificate(KEY).der
    assert [len(element) for element in inside(text, "KeyInfo")] == [1]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x04_the_declaration_is_followed_by_the_root(signing: RunningAgent, dialect: str) -> None:
    for document in ("<a/>", '<?xml version="1.0"?>\n<a/>'):
        assert signed(signing, document, dialect).startswith(f"{DECLARATION}<a>")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x05_no_carriage_return_is_written_as_a_reference(signing: RunningAgent, dialect: str) -> None:
    text = signed(signing, "<a>\r\n<b/>\r\n</a>", dialect)
    assert "&#13;" not in text
    assert "&#xD;" not in text
    assert is_valid(text)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x06_gost_2015_has_its_national_names(signing: RunningAgent, dialect: str) -> None:
    text = signed(signing, "<a/>", dialect)
    signature = f"{NATIONAL}gostr34102015-gostr34112015-512"
    assert algorithms(text, "SignedInfo", "SignatureMethod") == [signature]
    digest = algorithms(text, "SignedInfo", "Reference", "DigestMethod")
    assert digest == [f"{NATIONAL}gostr34112015-512"]


def test_x07_a_gost_signature_is_two_little_endian_numbers(signing: RunningAgent) -> None:
    """Checked by the standard's own formulas, on numbers that are read here."""
    text = signed(signing, "<a/>", "basics")
    (info,), (value,) = inside(text, "SignedInfo"), inside(text, "SignatureValue")
    octets = etree.tostring(info, method="c14n")
    (armoured,) = result_of(basics(signing, "a"))
    (signer,) = structure(armoured)["signer_infos"]
    attributes = b"\x31" + signer["signed_attrs"].dump()[1:]
    assert is_gost(base64.b64decode(value.text or ""), octets)
    assert is_gost(signer["signature"].native, attributes)


def is_gost(signature: bytes, octets: bytes) -> bool:
    point = authority.certificate(KEY).public_key.octets
    numbers = [
        int.from_bytes(half, "little") for whole in (signature, point) for half in (whole[:64], whole[64:])
    ]
    r, s, x, y = numbers
    e = int.from_bytes(authority.signer(KEY).algorithm.digest(octets), "little")
    curve = PARAM_SET_A_512
    plain = PlainCurve(curve.p, curve.a, curve.b, curve.q, (curve.gx, curve.gy))
    return len(signature) == 128 and plain.contains((x, y)) and plain.verify((x, y), e, r, s)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x08_an_empty_root_is_signed(signing: RunningAgent, dialect: str) -> None:
    for document in ("<xml></xml>", "<a/>"):
        assert is_valid(signed(signing, document, dialect))


def test_x09_the_digest_is_over_the_canonical_form(rsa: RunningAgent) -> None:
    """The form is written out by the standard's rules: it is the same for Santuario, libxml2 and everybody."""
    document = (
        '<?xml version="1.0"?><!-- before -->\r\n<n:a xmlns:n="urn:n" z="2" b=\'1\'>\r\n'
        "<!-- inside --><c xmlns='urn:c'/><![CDATA[1 < 2 & 3]]></n:a><!-- after -->"
    )
    canonical = '<n:a xmlns:n="urn:n" b="1" z="2">\n<c xmlns="urn:c"></c>1 &lt; 2 &amp; 3</n:a>'
    for dialect in DIALECTS:
        text = signed(rsa, document, dialect)
        assert digest_value(text) == sha256(canonical)
        assert is_valid(text)


def test_x10_cyrillic_letters_are_signed_as_utf_8(rsa: RunningAgent) -> None:
    for dialect in DIALECTS:
        text = signed(rsa, "<құжат>бір</құжат>", dialect)
        assert digest_value(text) == sha256("<құжат>бір</құжат>")
        assert "бір" in text


def test_x11_an_element_is_signed_by_its_id(rsa: RunningAgent) -> None:
    text = signed(rsa, '<a><b Id="id">1</b><c/></a>', "commonUtils", "/a/b", "/a/c")
    (signature,) = root_of(text).findall(f"c/{{{DS}}}Signature")
    (reference,) = signature.iter(f"{{{DS}}}Reference")
    assert reference.get("URI") == "#id"
    assert [each.get("Algorithm") for each in signature.iter(f"{{{DS}}}Transform")] == [
        f"{C14N}#WithComments"
    ]
    (method,) = signature.iter(f"{{{DS}}}CanonicalizationMethod")
    assert method.get("Algorithm") == EXCLUSIVE
    assert reference.findtext(f"{{{DS}}}DigestValue", "").strip() == sha256('<b Id="id">1</b>')
    assert is_valid(text)


def test_x12_an_element_without_id_fails_in_the_known_words(rsa: RunningAgent) -> None:
    answer = common(rsa, "signXml", *SIGNATURE, "<a><b/><c/></a>", "/a/b", "/a/c")
    assert answer == {"code": "500", "message": "Указанный для подписи элемент не содержит атрибут 'Id'"}


def test_x13_a_basics_signature_survives_who_drops_white_space(agent_of: AgentOf) -> None:
    for key in (KEY, "rsa-sign-individual"):
        text = signed(agent_of(key), "<a><b>1</b></a>", "basics")
        again = etree.tostring(etree.fromstring(text.encode(), etree.XMLParser(remove_blank_text=True)))
        assert is_valid(again.decode())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x14_a_cms_has_version_1_and_four_signed_attributes(signing: RunningAgent, dialect: str) -> None:
    if dialect == "basics":
        (text,) = result_of(basics(signing))
    else:
        text = result_of(common(signing, "createCAdESFromBase64", *SIGNATURE, "MTEK", True))
    found = structure(text)
    (signer,) = found["signer_infos"]
    assert (found["version"].native, signer["version"].native) == ("v1", "v1")
    attributes = {each["type"].native: each["values"] for each in signer["signed_attrs"]}
    assert attributes.keys() == {"content_type", "signing_time", "message_digest", "signing_certificate_v2"}
    (named,) = attributes["signing_certificate_v2"][0]["certs"]
    assert named["hash_algorithm"]["algorithm"].native == "sha256"
    assert named["cert_hash"].native == hashlib.sha256(authority.certificate(KEY).der).digest()


def test_x15_a_signature_that_is_sent_gets_one_more_signer(agent_of: AgentOf) -> None:
    first = result_of(
        common(agent_of("rsa-sign-individual"), "createCAdESFromBase64", *SIGNATURE, "MTEK", True)
    )
    both = result_of(common(agent_of(KEY), "createCMSSignatureFromBase64", *SIGNATURE, first, True))
    assert structure(both)["encap_content_info"]["content"].native == b"11\n"
    evidence = cms.verify(cms.read(der_of(both)))
    assert [each.signature for each in evidence] == ["valid", "valid"]
    signers = {authority.certificate("rsa-sign-individual"), authority.certificate(KEY)}
    assert {each.certificate for each in evidence} == signers


def test_x17_an_rsa_key_for_authentication_signs_with_sha_256(agent_of: AgentOf) -> None:
    agent = agent_of("rsa-auth-individual")
    text = str(result_of(common(agent, "signXml", "PKCS12", "AUTHENTICATION", "<a/>", "", "")))
    method = algorithms(text, "SignedInfo", "SignatureMethod")
    assert method == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    call: tuple[Any, ...] = ("createCAdESFromBase64", "PKCS12", "AUTHENTICATION", "MTEK", True)
    (signer,) = structure(result_of(common(agent, *call)))["signer_infos"]
    assert signer["digest_algorithm"]["algorithm"].native == "sha256"
    assert signer["signature_algorithm"].signature_algo == "rsassa_pkcs1v15"
