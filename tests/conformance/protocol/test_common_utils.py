"""C1 to C50: commonUtils."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from tests.conformance.protocol.asking import (
    MTEK,
    SIGNATURE,
    ask,
    basics,
    common,
    common_frame,
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
    CHOOSER,
    CHOSEN,
    KEY,
    NOBODY,
    TOKEN_STORAGE,
    UNREACHED,
    AgentOf,
)
from tests.conformance.protocol.persons import TOKEN as TOKEN_OWNER
from tests.support import authority, timestamps
from tests.support.agents import RunningAgent

TOKEN = "signature_time_stamp_token"
NO_TOKENS = '{"responseObject":[],"code":"200"}'
CANCELLED = {"code": "500", "message": "action.canceled"}
SIGN = ("createCAdESFromBase64", *SIGNATURE, "MTEK", False)
FIELDS = {
    "alias", "keyId", "algorithm", "subjectCn", "subjectDn", "issuerCn", "issuerDn", "serialNumber",
    "certNotBefore", "certNotAfter", "authorityKeyIdentifier", "pem",
}  # fmt: skip


@pytest.fixture
def agent(agent_of: AgentOf) -> RunningAgent:
    """Of a person who closes every window; most statements need none."""
    return agent_of(NOBODY)


@pytest.fixture
def signing(agent_of: AgentOf) -> RunningAgent:
    """Of a person who signs with a GOST key."""
    return agent_of(KEY)


@pytest.fixture
def rsa(agent_of: AgentOf) -> RunningAgent:
    return agent_of("rsa-sign-individual")


@pytest.fixture
def key_info(rsa: RunningAgent) -> dict[str, Any]:
    found: dict[str, Any] = result_of(common(rsa, "getKeyInfo", "PKCS12"))
    return found


def failure(agent: RunningAgent, method: str, *args: Any, **more: Any) -> str:
    """The message of a call that fails, and that nobody is asked about."""
    before = journal(agent)
    answer = common(agent, method, *args, **more)
    assert answer["code"] == "500"
    assert journal(agent) == before
    return str(answer["message"])


def is_mismatch(agent: RunningAgent, method: str, *args: Any) -> bool:
    expected = f"java.lang.IllegalArgumentException: argument type mismatch. Method: {method}"
    return failure(agent, method, *args) == expected


def is_no_such_method(agent: RunningAgent, method: str, *args: Any) -> bool:
    return failure(agent, method, *args) == f"NoSuchMethodException {method}"


def is_valid(text: str, document: bytes | None = None) -> bool:
    return [each.signature for each in cms.verify(cms.read(der_of(text)), document)] == ["valid"]


# --- without a window ---------------------------------------------------------------------------------------------


def test_c01_without_tokens_the_list_is_empty(agent: RunningAgent) -> None:
    frame = common_frame("getActiveTokens")
    del frame["args"]
    assert ask(agent, frame) == NO_TOKENS


def test_c02_no_arguments_may_be_null_or_an_empty_list(agent: RunningAgent) -> None:
    for nothing in (None, []):
        assert ask(agent, {**common_frame("getActiveTokens"), "args": nothing}) == NO_TOKENS


def test_c03_a_token_that_is_plugged_in_is_listed_and_signs(agent_of: AgentOf) -> None:
    agent = agent_of(TOKEN_OWNER)
    assert (
        ask(agent, common_frame("getActiveTokens"))
        == f'{{"responseObject":["{TOKEN_STORAGE}"],"code":"200"}}'
    )
    owner = authority.certificate(KEY)
    info = result_of(common(agent, "getKeyInfo", TOKEN_STORAGE))
    assert info["serialNumber"] == f"{owner.serial_number:x}"
    text = result_of(common(agent, "createCAdESFromBase64", TOKEN_STORAGE, "SIGNATURE", "MTEK", False))
    assert [each.certificate for each in cms.verify(cms.read(der_of(text)), MTEK)] == [owner]
    (armoured,) = result_of(basics(agent, allowedStorages=[TOKEN_STORAGE]))
    assert [each.certificate for each in cms.verify(cms.read(der_of(armoured)))] == [owner]
    other = result_of(common(agent, *SIGN))
    assert [each.certificate for each in cms.verify(cms.read(der_of(other)), MTEK)] != [owner]
    assert failure(agent, "getKeyInfo", "AKJaCartaStore") == "storage.empty"


def test_c04_one_argument_too_many_is_no_such_method(agent: RunningAgent) -> None:
    assert is_no_such_method(agent, "getActiveTokens", "x")


def test_c05_an_unknown_name_is_no_such_method(agent: RunningAgent) -> None:
    assert is_no_such_method(agent, "noSuch")


def test_c06_a_method_of_the_first_dialect_is_no_such_method(agent: RunningAgent) -> None:
    assert is_no_such_method(agent, "getSubjectDN")


def test_c07_null_for_a_text_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "getKeyInfo", None)


def test_c08_a_number_for_a_storage_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "getKeyInfo", 1)


def test_c09_a_number_for_a_key_type_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "createCAdESFromBase64", "AKKaztokenStore", 123, "MTEK", False)


def test_c10_a_list_for_a_key_type_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "createCMSSignatureFromBase64", "AKKaztokenStore", [7, 7, 7], "MTEK", False)


def test_c11_a_number_for_xml_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "signXml", *SIGNATURE, 5, "", "")


def test_c12_a_text_for_a_list_of_xml_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "signXmls", *SIGNATURE, "<a/>", "", "")


def test_c13_a_number_for_a_language_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "changeLocale", 2)


def test_c14_every_language_is_taken_known_or_not(agent: RunningAgent) -> None:
    for language in ("en", "kz", "ru", "kk"):
        assert ask(agent, common_frame("changeLocale", language)) == '{"code":"200"}'


def test_c15_a_text_for_a_boolean_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "createCAdESFromBase64", *SIGNATURE, "MTEK", "true")


def test_c16_a_call_without_method_fails(agent: RunningAgent) -> None:
    frame = common_frame("x")
    del frame["method"]
    answer = json.loads(ask(agent, frame))
    assert answer["code"] == "500"
    assert answer["message"]


def test_c17_the_uuid_comes_back(agent: RunningAgent) -> None:
    assert common(agent, "getActiveTokens", uuid="u1")["uuid"] == "u1"


def test_c18_the_uuid_does_not_come_back_from_the_dispatcher(agent: RunningAgent) -> None:
    assert "uuid" not in common(agent, "noSuch", uuid="u1")


def test_c19_an_empty_storage_name_is_told(agent: RunningAgent) -> None:
    assert failure(agent, "getKeyInfo", "") == "storageName.param.empty"


def test_c20_an_unknown_storage_is_told(agent: RunningAgent) -> None:
    assert failure(agent, "getKeyInfo", "FooStore") == "storage.unknown"


def test_c21_a_token_that_is_not_there_is_empty(agent: RunningAgent) -> None:
    assert failure(agent, "getKeyInfo", "AKJaCartaStore") == "storage.empty"


def test_c35_an_empty_digest_fails_without_message(agent: RunningAgent) -> None:
    assert ask(agent, common_frame("createCAdESFromBase64Hash", *SIGNATURE, "")) == '{"code":"500"}'


def test_c36_a_digest_with_four_arguments_is_no_such_method(agent: RunningAgent) -> None:
    assert is_no_such_method(agent, "createCAdESFromBase64Hash", *SIGNATURE, "MTEK", False)


def test_c39_broken_xml_is_told_in_a_parsers_words(agent: RunningAgent) -> None:
    message = failure(agent, "signXml", *SIGNATURE, "<this>is not a valid XML", "", "")
    assert message == (
        "org.xml.sax.SAXParseException; lineNumber: 1; columnNumber: 25; XML document structures must start and end "
        "within the same entity."
    )


def test_c40_xml_with_three_arguments_is_no_such_method(agent: RunningAgent) -> None:
    assert is_no_such_method(agent, "signXml", *SIGNATURE, "<a/>")


def test_c50_a_list_of_documents_is_a_mismatch(agent: RunningAgent) -> None:
    assert is_mismatch(agent, "createCAdESFromBase64", *SIGNATURE, ["MTEK"], False)


# --- the key ------------------------------------------------------------------------------------------------------


def test_c22_a_window_that_is_closed_at_once_cancels(agent: RunningAgent) -> None:
    assert common(agent, "getKeyInfo", "PKCS12") == CANCELLED


def test_c23_a_window_that_is_closed_after_a_wrong_password_cancels(tmp_path: Path) -> None:
    frame = common_frame("getKeyInfo", "PKCS12")
    assert shown(tmp_path, frame, passwords=("wrong", authority.PASSWORD), agrees=False).reply == CANCELLED


def test_c24_key_info_is_twelve_texts(rsa: RunningAgent) -> None:
    answer = common(rsa, "getKeyInfo", "PKCS12")
    assert answer.keys() == {"responseObject", "code"}
    assert answer["responseObject"].keys() == FIELDS
    assert all(isinstance(value, str) and value for value in answer["responseObject"].values())


def test_c25_moments_are_milliseconds_in_digits(key_info: dict[str, Any]) -> None:
    certificate = authority.certificate("rsa-sign-individual")
    for field, moment in (("certNotBefore", certificate.not_before), ("certNotAfter", certificate.not_after)):
        assert re.fullmatch(r"\d+", key_info[field])
        assert int(key_info[field]) == moment.timestamp() * 1000


def test_c26_identifiers_are_hex_in_lower_case(key_info: dict[str, Any]) -> None:
    for field in ("serialNumber", "keyId", "authorityKeyIdentifier"):
        assert re.fullmatch(r"[0-9a-f]+", key_info[field])
    assert int(key_info["serialNumber"], 16) == authority.certificate("rsa-sign-individual").serial_number
    assert not key_info["serialNumber"].startswith("0")


def test_c27_the_certificate_is_pem_with_64_columns_and_crlf(key_info: dict[str, Any]) -> None:
    first, *lines, last, end = key_info["pem"].split("\r\n")
    assert (first, last, end) == ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "")
    assert {len(line) for line in lines[:-1]} == {64}
    assert base64.b64decode("".join(lines)) == authority.certificate("rsa-sign-individual").der


def test_c28_the_name_is_one_line_in_the_certificates_order(key_info: dict[str, Any]) -> None:
    parts = key_info["subjectDn"].split(",")
    assert [part.partition("=")[0] for part in parts[:2]] == ["CN", "SURNAME"]
    assert "SERIALNUMBER=IIN123456789011" in parts
    assert not any(part.startswith(" ") for part in parts)


# --- CMS ----------------------------------------------------------------------------------------------------------


def test_c29_a_detached_signature_is_one_line_over_the_decoded_octets(signing: RunningAgent) -> None:
    answer = common(signing, *SIGN)
    text = result_of(answer)
    assert answer["code"] == "200"
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", text)
    assert structure(text)["encap_content_info"]["content"].native is None
    assert unsigned_attributes(text) == []
    assert is_valid(text, MTEK)


def test_c30_an_attached_signature_holds_the_decoded_octets(signing: RunningAgent) -> None:
    text = result_of(common(signing, "createCAdESFromBase64", *SIGNATURE, "MTEK", True))
    assert structure(text)["encap_content_info"]["content"].native == MTEK
    assert is_valid(text)


def test_c31_for_authentication_only_keys_of_that_kind_can_be_chosen(tmp_path: Path) -> None:
    frame = common_frame("createCAdESFromBase64", "PKCS12", "AUTHENTICATION", "MTEK", False)
    fitting = shown(tmp_path, frame, key="rsa-auth-individual")
    other = shown(tmp_path / "other", frame, key="rsa-sign-individual", agrees=False)
    assert (fitting.question.purpose, fitting.key.suitable) == ("identify", True)
    assert is_valid(result_of(fitting.reply), MTEK)
    assert (other.key.suitable, other.key.reasons[0]) == (False, "wrong-use")


@pytest.mark.parametrize("key_type", ["123", "ANY", "AUTH"])
def test_c32_any_other_key_type_offers_every_key(agent_of: AgentOf, key_type: str) -> None:
    for key in ("rsa-auth-individual", "rsa-sign-individual"):
        answer = common(agent_of(key), "createCAdESFromBase64", "PKCS12", key_type, "MTEK", False)
        assert is_valid(result_of(answer), MTEK)


def test_c33_create_cms_signature_has_a_timestamp_or_fails(agent_of: AgentOf) -> None:
    call = ("createCMSSignatureFromBase64", *SIGNATURE, "MTEK", True)
    text = result_of(common(agent_of(KEY), *call))
    assert unsigned_attributes(text) == [TOKEN]
    (evidence,) = cms.verify(cms.read(der_of(text)))
    (timestamp,) = timestamps.of(evidence)
    assert evidence.signature == timestamp.evidence.signature == "valid"
    assert timestamp.is_over(evidence.stamped)
    failed = common(agent_of(UNREACHED), *call)
    assert failed.keys() == {"code", "message"}
    assert failed["code"] == "500"


def test_c34_a_digest_is_what_the_signature_holds(rsa: RunningAgent) -> None:
    digest = hashlib.sha256(b"a document").digest()
    text = result_of(common(rsa, "createCAdESFromBase64Hash", *SIGNATURE, base64.b64encode(digest).decode()))
    assert structure(text)["encap_content_info"]["content"].native is None
    assert signed_attribute(text, "message_digest").native == digest
    assert is_valid(text, b"a document")


def test_c37_apply_cades_t_adds_a_timestamp_to_the_same_signature(
    signing: RunningAgent, agent: RunningAgent
) -> None:
    plain = result_of(common(signing, *SIGN))
    stamped = result_of(common(signing, "applyCAdEST", *SIGNATURE, plain))
    assert unsigned_attributes(stamped) == [TOKEN]
    (before,), (after,) = structure(plain)["signer_infos"], structure(stamped)["signer_infos"]
    assert before["signature"].native == after["signature"].native
    assert is_valid(stamped, MTEK)
    unasked = result_of(common(agent, "applyCAdEST", *SIGNATURE, plain))  # who closes every window meets none
    assert unsigned_attributes(unasked) == [TOKEN]


def test_c48_a_wrong_password_is_not_the_pages_business(tmp_path: Path) -> None:
    answer = shown(tmp_path, common_frame(*SIGN), passwords=("wrong", authority.PASSWORD))
    assert is_valid(result_of(answer.reply), MTEK)
    assert events(tmp_path) == ["asked", "decided", "signed"]


def test_c49_an_expired_key_is_warned_of_and_signs(tmp_path: Path) -> None:
    answer = shown(tmp_path, common_frame(*SIGN), key="gost2015-individual-expired")
    assert answer.key.suitable
    assert "expired" in answer.key.reasons
    assert is_valid(result_of(answer.reply), MTEK)


# --- XML ----------------------------------------------------------------------------------------------------------


def test_c38_signed_xml_is_a_text_with_the_known_digest(rsa: RunningAgent) -> None:
    text = result_of(common(rsa, "signXml", *SIGNATURE, "<tag>data</tag>", "", ""))
    assert "DigestValue>soDZFGIUsZ1x0sK/7x1bJvtGeQsO0BKOVwAvKxC3RJY=</" in text


def test_c41_two_documents_are_signed_in_order_in_one_window(signing: RunningAgent) -> None:
    before = len(journal(signing))
    first, second = result_of(common(signing, "signXmls", *SIGNATURE, ["<one/>", "<two/>"], "", ""))
    assert "<one>" in first
    assert "<two>" in second
    assert journal(signing)[before:] == ["asked", "decided", "signed"]


# --- files --------------------------------------------------------------------------------------------------------

CHOOSE = ("showFileChooser", "ALL", "")


@pytest.fixture
def chooser(agent_of: AgentOf) -> RunningAgent:
    """Of a person who chooses a file, and signs it."""
    found = agent_of(CHOOSER)
    act_of(found).write_bytes(MTEK)
    return found


def act_of(agent: RunningAgent) -> Path:
    """The file that the person of an agent chooses."""
    return agent.state_dir.parent / CHOSEN


def test_c42_the_page_gets_the_path_of_what_was_chosen(chooser: RunningAgent) -> None:
    assert common(chooser, *CHOOSE) == {"responseObject": str(act_of(chooser)), "code": "200"}


def test_what_was_chosen_can_be_signed_under_that_path(chooser: RunningAgent) -> None:
    path = result_of(common(chooser, *CHOOSE))
    before = len(journal(chooser))
    plain = result_of(common(chooser, "createCAdESFromFile", *SIGNATURE, path, False))
    assert unsigned_attributes(plain) == []
    assert is_valid(plain, MTEK)
    stamped = result_of(common(chooser, "createCMSSignatureFromFile", *SIGNATURE, path, True))
    assert unsigned_attributes(stamped) == [TOKEN]
    assert is_valid(stamped)
    assert journal(chooser)[before:] == ["asked", "decided", "signed"] * 2  # nothing was asked about the path


def test_c43_a_chooser_that_is_closed_cancels(agent: RunningAgent) -> None:
    assert common(agent, *CHOOSE) == CANCELLED


def test_c44_another_kind_of_file_is_told_without_a_window(agent: RunningAgent) -> None:
    assert failure(agent, "showFileChooser", "PDF", "").startswith("No enum constant ")


def test_c45_a_chosen_file_that_is_gone_is_told_without_a_window(chooser: RunningAgent) -> None:
    path = result_of(common(chooser, *CHOOSE))
    act_of(chooser).unlink()
    for method in ("createCMSSignatureFromFile", "createCAdESFromFile"):
        assert failure(chooser, method, *SIGNATURE, path, True) == "file.not_found"


def test_of_a_path_that_was_not_chosen_nothing_is_told_before_a_yes(
    chooser: RunningAgent, agent: RunningAgent
) -> None:
    for path in (act_of(chooser), act_of(chooser).with_name("nothing.pdf")):
        assert common(agent, "createCMSSignatureFromFile", *SIGNATURE, str(path), True) == CANCELLED
    before = len(journal(chooser))
    nowhere = str(act_of(chooser).with_name("nowhere.pdf"))
    answer = common(chooser, "createCMSSignatureFromFile", *SIGNATURE, nowhere, True)
    assert answer == {"code": "500", "message": "file.not_found"}
    assert journal(chooser)[before:] == ["asked", "decided"]


def test_what_was_chosen_for_one_site_is_asked_about_for_another(chooser: RunningAgent) -> None:
    path = result_of(common(chooser, *CHOOSE))
    before = len(journal(chooser))
    frame = common_frame("createCAdESFromFile", *SIGNATURE, path, False)
    text = result_of(json.loads(ask(chooser, frame, origin="https://other.example.kz")))
    assert is_valid(text, MTEK)
    assert journal(chooser)[before:] == ["asked", "decided", "asked", "decided", "signed"]


# --- every answer -------------------------------------------------------------------------------------------------


@pytest.fixture
def successes(rsa: RunningAgent) -> list[dict[str, Any]]:
    return [
        common(rsa, "getActiveTokens"),
        common(rsa, "changeLocale", "ru"),
        common(rsa, "getKeyInfo", "PKCS12"),
        common(rsa, *SIGN),
        common(rsa, "createCMSSignatureFromBase64", *SIGNATURE, "MTEK", True),
        common(rsa, "signXml", *SIGNATURE, "<a/>", "", ""),
        common(rsa, "signXmls", *SIGNATURE, ["<a/>"], "", ""),
    ]


def test_c46_a_success_has_neither_message_nor_status(successes: list[dict[str, Any]]) -> None:
    for answer in successes:
        assert answer.keys() <= {"responseObject", "code"}


def test_c47_the_code_is_a_text(successes: list[dict[str, Any]], agent: RunningAgent) -> None:
    failures = [
        common(agent, *SIGN),
        common(agent, "noSuch"),
        common(agent, "getKeyInfo", 1),
        common(agent, "getKeyInfo", ""),
        common(agent, "createCAdESFromBase64Hash", *SIGNATURE, ""),
        common(agent, "signXml", *SIGNATURE, "<a", "", ""),
    ]
    assert {answer["code"] for answer in successes} == {"200"}
    assert {answer["code"] for answer in failures} == {"500"}
