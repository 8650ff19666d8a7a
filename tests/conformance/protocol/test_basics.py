"""B1 to B41: basics."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from agent.certificate import Certificate
from agent.formats import cms, raw
from protocol import basics as dialect
from protocol import messages
from tests.conformance.protocol.asking import (
    MTEK,
    ask,
    basics,
    basics_frame,
    der_of,
    events,
    journal,
    result_of,
    shown,
    signed_attribute,
    structure,
    unsigned_attributes,
)
from tests.conformance.protocol.persons import (
    KEY,
    NOBODY,
    RSA_KEY,
    TOKEN_STORAGE,
    TOKEN_TAKER,
    AgentOf,
)
from tests.conformance.protocol.persons import TOKEN as TOKEN_OWNER
from tests.support import authority
from tests.support.agents import RunningAgent
from tests.support.xml_signatures import DS

CANCELLED = '{"body":{},"status":true}'
ILLEGAL = "java.lang.IllegalArgumentException: "
EMAIL, CLIENT_AUTH, ENTITY = "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2", "1.2.398.3.3.4.1.2"
TOKEN = "signature_time_stamp_token"


@pytest.fixture
def agent(agent_of: AgentOf) -> RunningAgent:
    """Of a person who closes every window."""
    return agent_of(NOBODY)


@pytest.fixture
def signing(agent_of: AgentOf) -> RunningAgent:
    """Of a person who signs with a GOST key."""
    return agent_of(KEY)


def anyone(**changes: Any) -> dict[str, Any]:
    return {"extKeyUsageOids": [], "chain": [], **changes}


def content(text: str) -> Any:
    return structure(text)["encap_content_info"]["content"].native


def is_valid(text: str, document: bytes | None = None) -> bool:
    return [each.signature for each in cms.verify(cms.read(der_of(text)), document)] == ["valid"]


def error(agent: RunningAgent, frame: dict[str, Any]) -> dict[str, Any]:
    """The answer to a call that fails, and that nobody is asked about."""
    before = journal(agent)
    answer: dict[str, Any] = json.loads(ask(agent, frame))
    assert answer["status"] is False
    assert journal(agent) == before
    return answer


def envelope(**changes: Any) -> dict[str, Any]:
    return {**basics_frame(), **changes}


# --- the answer ---------------------------------------------------------------------------------------------------


def test_b01_signing_params_of_another_type_get_the_recorded_answer(agent: RunningAgent) -> None:
    assert ask(agent, basics_frame(signing=555)) == (
        '{"code":"INVOCATION_ERROR","details":"org.json.JSONException: JSONObject[\\"signingParams\\"] is not a '
        'JSONObject.","message":"An invoked method threw an exception.","status":false}'
    )


def test_b02_a_cancelled_call_is_a_success_with_an_empty_body(agent: RunningAgent) -> None:
    assert ask(agent, basics_frame()) == CANCELLED


def test_b03_by_default_the_characters_are_signed_inside_and_without_timestamp(signing: RunningAgent) -> None:
    (text,) = result_of(basics(signing))
    assert content(text) == b"MTEK"
    assert unsigned_attributes(text) == []
    assert is_valid(text)


def test_b04_one_document_is_answered_with_a_list_of_one(signing: RunningAgent) -> None:
    answer = basics(signing, "one")
    assert isinstance(answer["body"]["result"], list)
    assert [content(text) for text in answer["body"]["result"]] == [b"one"]


def test_b05_three_documents_are_signed_in_order_in_one_window(signing: RunningAgent) -> None:
    before = len(journal(signing))
    texts = result_of(basics(signing, ["one", "two", "three"]))
    assert [content(text) for text in texts] == [b"one", b"two", b"three"]
    assert journal(signing)[before:] == ["asked", "decided", "signed"]


def test_b06_one_xml_is_answered_with_a_list_of_one(signing: RunningAgent) -> None:
    (text,) = result_of(basics(signing, "<tag>data</tag>", format="xml"))
    assert "<tag>data<ds:Signature" in text


def test_b07_several_xml_are_answered_in_order(signing: RunningAgent) -> None:
    first, second = result_of(basics(signing, ["<one/>", "<two/>"], format="xml"))
    assert "<one>" in first
    assert "<two>" in second


def test_b08_decoded_and_detached(signing: RunningAgent) -> None:
    (text,) = result_of(basics(signing, signing={"decode": True, "encapsulate": False}))
    assert content(text) is None
    assert is_valid(text, MTEK)


def test_b09_an_empty_profile_asks_for_a_timestamp(signing: RunningAgent) -> None:
    (text,) = result_of(basics(signing, signing={"tsaProfile": {}}))
    assert unsigned_attributes(text) == [TOKEN]


def test_b10_without_a_profile_there_is_no_timestamp(signing: RunningAgent) -> None:
    for params in ({"tsaProfile": None}, {}):
        (text,) = result_of(basics(signing, signing=params))
        assert unsigned_attributes(text) == []


def test_b11_a_digest_is_what_the_signature_holds(agent_of: AgentOf) -> None:
    digest = hashlib.sha256(b"a document").digest()
    params = {"decode": True, "digested": True}
    agent = agent_of("rsa-sign-individual")
    (text,) = result_of(basics(agent, base64.b64encode(digest).decode(), signing=params))
    assert signed_attribute(text, "message_digest").native == digest
    assert is_valid(text, b"a document")


def test_b12_booleans_may_be_texts(signing: RunningAgent) -> None:
    params = {"decode": "true", "encapsulate": "false", "digested": "false"}
    (text,) = result_of(basics(signing, signing=params))
    assert content(text) is None
    assert is_valid(text, MTEK)


def test_b13_any_other_text_for_a_boolean_is_the_default(signing: RunningAgent) -> None:
    (text,) = result_of(basics(signing, signing={"decode": "base64"}))
    assert content(text) == b"MTEK"


# --- stores and keys ----------------------------------------------------------------------------------------------

FILE, TOKEN_KEY = RSA_KEY, KEY


def taken(agent_of: AgentOf, storages: Any) -> list[str]:
    """Whose key signs where a token is plugged in: of who takes the file if they may, then of who takes the token if they may."""
    found = []
    for person in (TOKEN_OWNER, TOKEN_TAKER):
        (text,) = result_of(basics(agent_of(person), allowedStorages=storages))
        (evidence,) = cms.verify(cms.read(der_of(text)))
        assert evidence.signature == "valid"
        found += [name for name in (FILE, TOKEN_KEY) if evidence.certificate == authority.certificate(name)]
    return found


def test_b14_without_storages_every_one_is_offered(tmp_path: Path, agent_of: AgentOf) -> None:
    for name, storages in (("absent", ...), ("null", None), ("empty", [])):
        frame = basics_frame(allowedStorages=storages)
        question = shown(tmp_path / name, frame, passwords=()).question
        assert question.storages == messages.OPENABLE_STORAGES  # no token is plugged in
        assert taken(agent_of, storages) == [FILE, TOKEN_KEY]


def test_b15_storages_that_are_named_are_offered(tmp_path: Path, agent_of: AgentOf) -> None:
    answer = shown(tmp_path, basics_frame(allowedStorages=["PKCS12"]))
    assert answer.question.storages == ("PKCS12",)
    assert is_valid(result_of(answer.reply)[0])
    assert taken(agent_of, ["PKCS12"]) == [FILE, FILE]
    assert taken(agent_of, [TOKEN_STORAGE]) == [TOKEN_KEY, TOKEN_KEY]
    assert taken(agent_of, [TOKEN_STORAGE, "PKCS12"]) == [FILE, TOKEN_KEY]


def test_b16_storages_may_be_one_text_with_commas(signing: RunningAgent, agent_of: AgentOf) -> None:
    both = f"PKCS12,{TOKEN_STORAGE}"
    assert taken(agent_of, both) == [FILE, TOKEN_KEY]
    assert taken(agent_of, TOKEN_STORAGE) == [TOKEN_KEY, TOKEN_KEY]
    (text,) = result_of(basics(signing, allowedStorages=both))  # without a token
    assert is_valid(text)


def test_b17_an_empty_list_of_usages_filters_nothing(agent_of: AgentOf) -> None:
    for key in ("rsa-sign-individual", "rsa-auth-individual"):
        assert is_valid(result_of(basics(agent_of(key), signer=anyone()))[0])


def test_b18_a_key_that_lacks_a_usage_is_shown_and_disabled(tmp_path: Path) -> None:
    frame = basics_frame(signer=anyone(extKeyUsageOids=[EMAIL, ENTITY]))
    key = shown(tmp_path, frame, agrees=False).key
    assert (key.suitable, key.reasons[0]) == (False, "missing-eku")


def test_b19_for_client_authentication_only_such_keys_are_enabled(
    agent_of: AgentOf, agent: RunningAgent
) -> None:
    frame = basics_frame(signer=anyone(extKeyUsageOids=[CLIENT_AUTH]))
    assert is_valid(result_of(json.loads(ask(agent_of("rsa-auth-individual"), frame)))[0])
    assert ask(agent_of("rsa-sign-individual"), frame) == CANCELLED  # a script can't press what is disabled


def test_b20_empty_texts_filter_nothing(signing: RunningAgent) -> None:
    signer = anyone(iin="", bin="", serialNumber="")
    assert is_valid(result_of(basics(signing, signer=signer))[0])


def test_b21_a_key_of_somebody_else_is_disabled(tmp_path: Path) -> None:
    key = shown(tmp_path, basics_frame(signer=anyone(iin="000000000000")), agrees=False).key
    assert (key.suitable, key.reasons[0]) == (False, "other-iin")


def test_b22_with_an_empty_chain_a_test_key_is_enabled(tmp_path: Path) -> None:
    answer = shown(tmp_path, basics_frame(signer={"extKeyUsageOids": [], "chain": []}))
    assert (answer.key.suitable, answer.key.is_test) == (True, True)
    assert is_valid(result_of(answer.reply)[0])


def test_b23_without_a_chain_a_test_key_is_disabled(tmp_path: Path) -> None:
    key = shown(tmp_path, basics_frame(signer={"extKeyUsageOids": []}), agrees=False).key
    assert (key.suitable, key.reasons[0]) == (False, "untrusted-chain")


def test_b24_an_expired_key_is_enabled_where_it_is_allowed(tmp_path: Path) -> None:
    expired = "gost2015-individual-expired"
    assert not shown(tmp_path, basics_frame(), key=expired, agrees=False).key.suitable
    frame = basics_frame(signing={"allowExpired": True})
    allowed = shown(tmp_path / "allowed", frame, key=expired)
    assert allowed.key.suitable
    assert is_valid(result_of(allowed.reply)[0])


# --- formats ------------------------------------------------------------------------------------------------------


def test_b25_raw_comes_with_the_certificate_where_it_is_wanted(signing: RunningAgent) -> None:
    found = result_of(basics(signing, format="raw", signing={"outputCert": True}))
    assert found.keys() == {"signatures", "certificate"}
    assert found["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    certificate = Certificate.from_pem_or_der(found["certificate"].encode())
    (text,) = found["signatures"]
    assert raw.verify(base64.b64decode(text), b"MTEK", certificate).signature == "valid"


def test_b26_raw_is_a_list_of_base64(signing: RunningAgent) -> None:
    texts = result_of(basics(signing, ["one", "two"], format="raw"))
    certificate = authority.certificate(KEY)
    found = [
        raw.verify(base64.b64decode(text, validate=True), document, certificate).signature
        for text, document in zip(texts, (b"one", b"two"), strict=True)
    ]
    assert found == ["valid", "valid"]


def test_b27_a_format_that_is_none_fails(agent: RunningAgent) -> None:
    """The format pdf is ours (docs/api/pdf.md), and fails too for what is no PDF."""
    for name in ("Choose a format", "pdf", ""):
        answer = error(agent, basics_frame(format=name))
        assert answer["code"] == "INVALID_SIGNING_PARAMS"
        assert answer["message"]


def test_b28_an_empty_filter_asks_the_person(tmp_path: Path) -> None:
    """Without a chain it must still end at a national authority; nothing else stands against it."""
    answer = shown(tmp_path, basics_frame(signer={}), agrees=False)
    assert answer.key.reasons == ("untrusted-chain", "test-authority")
    assert answer.reply == json.loads(CANCELLED)


def test_b29_null_for_a_list_of_usages_is_an_invocation_error(agent: RunningAgent) -> None:
    answer = error(agent, basics_frame(signer={"extKeyUsageOids": None}))
    assert answer["code"] == "INVOCATION_ERROR"


def test_b30_a_logo_of_any_length_hinders_nothing(signing: RunningAgent) -> None:
    for logo in ("iVBORw0KGgo=", "A" * 50_000, "A" * 500_000, "no image"):
        assert is_valid(result_of(basics(signing, logo=logo))[0])


@pytest.mark.parametrize(
    ("changes", "language"),
    [({"locale": "kk"}, "kk"), ({"locale": "ru"}, "ru"), ({"locale": None}, "kk"), ({}, "kk")],
    ids=["kk", "ru", "null", "absent"],
)
def test_b31_the_window_speaks_the_language_of_the_call(
    tmp_path: Path, changes: dict[str, Any], language: str
) -> None:
    question = shown(tmp_path, basics_frame(**changes), passwords=()).question
    assert question.language == language


# --- the envelope -------------------------------------------------------------------------------------------------


def test_b32_a_method_of_the_other_module_is_not_defined(agent: RunningAgent) -> None:
    answer = error(agent, envelope(method="getKeyInfo", args={}))
    assert answer["code"] == "GENERAL_ERROR"
    assert re.fullmatch(re.escape(f"{ILLEGAL}getKeyInfo is not defined in ") + r"\w+", answer["details"])


def test_b33_sign_demands_arguments(agent: RunningAgent) -> None:
    frame = basics_frame()
    del frame["args"]
    answer = error(agent, frame)
    assert (answer["code"], answer["details"]) == ("GENERAL_ERROR", f"{ILLEGAL}sign demands arguments")


def test_b34_a_list_is_no_arguments(agent: RunningAgent) -> None:
    answer = error(agent, envelope(args=[]))
    assert (answer["code"], answer["details"]) == ("GENERAL_ERROR", f"{ILLEGAL}sign demands arguments")


def test_b35_only_version_2_is_supported(agent: RunningAgent) -> None:
    answer = error(agent, envelope(apiVersion=1))
    assert (answer["code"], answer["details"]) == ("GENERAL_ERROR", f"{ILLEGAL}Supported apiVersion is 2")


def test_b36_another_class_is_not_found(agent: RunningAgent) -> None:
    answer = error(agent, envelope(**{"class": "Foo"}))
    assert (answer["code"], answer["details"]) == ("GENERAL_ERROR", f"{ILLEGAL}Foo is not found")


def test_b37_every_error_has_all_its_members(agent: RunningAgent) -> None:
    frames = [
        basics_frame(signing=555),
        basics_frame(format="Choose a format"),
        basics_frame(format="xml", signing={"tsaProfile": {}}),
        basics_frame("not base64", signing={"decode": True}),
        basics_frame(allowedStorages=["AKJaCartaStore"]),
        basics_frame(data=...),
        envelope(method="getKeyInfo"),
        envelope(args=None),
        {"module": dialect.MODULE},
    ]
    for frame in frames:
        answer = error(agent, frame)
        assert answer.keys() == {"code", "details", "message", "status"}
        assert all(isinstance(answer[name], str) for name in ("code", "details", "message"))


def test_b38_every_success_has_an_object_for_a_body(agent: RunningAgent, signing: RunningAgent) -> None:
    for whose in (agent, signing):
        for name in ("cms", "xml", "raw"):
            answer = basics(whose, "<a/>", format=name)
            assert answer["status"] is True
            assert isinstance(answer["body"], dict)


def test_b39_a_cms_is_armoured(signing: RunningAgent) -> None:
    (text,) = result_of(basics(signing))
    first, *lines, last, end = text.split("\n")
    assert (first, last, end) == ("-----BEGIN CMS-----", "-----END CMS-----", "")
    assert {len(line) for line in lines[:-1]} == {64}


def test_b40_a_signature_in_xml_has_no_white_space_of_its_own(agent_of: AgentOf) -> None:
    for key in (KEY, "rsa-sign-individual"):
        (text,) = result_of(basics(agent_of(key), "<a> <b/> </a>", format="xml"))
        (signature,) = etree.fromstring(text.encode()).findall(f"{{{DS}}}Signature")
        assert re.search(r"\s", "".join(signature.itertext())) is None


def test_b41_a_password_in_the_call_is_neither_read_nor_kept(tmp_path: Path) -> None:
    frame = basics_frame(signer=anyone(password="Another-1"))
    answer = shown(tmp_path, frame)
    assert is_valid(result_of(answer.reply)[0])
    assert events(tmp_path) == ["asked", "decided", "signed"]
    kept = [
        answer.log,
        json.dumps(answer.reply),
        *(file.read_text("utf-8") for file in tmp_path.glob("*.json*")),
    ]
    assert not any("Another-1" in text for text in kept)
