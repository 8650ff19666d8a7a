"""The first dialect: frames in, requests out; outcomes in, replies out."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec, flat, flat_messages, messages
from protocol.codec import Context
from protocol.errors import BadCall
from protocol.flat_messages import (
    CheckBareRequest,
    Checked,
    CheckRequest,
    DigestRequest,
    KeyPlace,
    ListKeysRequest,
    Missing,
    ReadCertificateRequest,
    SignWithKeyRequest,
    Text,
)
from protocol.messages import Call, ChooseFileRequest, ConstantRequest, LocaleRequest, SignRequest
from protocol.readings import USUAL

ON = Context(is_flat_on=True)
MODULE_NOT_FOUND = '{"success":false,"errorCode":"MODULE_NOT_FOUND"}'
KEY = ("PKCS12", "/k/a.p12", "ab01", "Qwerty12")
PLACE = KeyPlace("PKCS12", "/k/a.p12", bytearray(b"Qwerty12"), "ab01")
NO_ALIAS = replace(PLACE, alias="")
ANY_KEY = messages.KeyFilter(allow_expired=True, allow_revoked=True)
COMMON = {"errorCode": "COMMON"}


def frame(method: str, *args: Any, **more: Any) -> bytes:
    return json.dumps({"method": method, "args": list(args), **more}, ensure_ascii=False).encode()


def call(method: str, *args: Any, **more: Any) -> Call:
    return codec.decode(frame(method, *args, **more), ON)


def request(method: str, *args: Any) -> messages.Request:
    return call(method, *args).request


def refused(method: str, *args: Any) -> Any:
    """The reply to a call that carries nothing out: bad arguments, or a constant."""
    try:
        found = call(method, *args).request
    except BadCall as bad:
        return json.loads(bad.reply)
    assert isinstance(found, ConstantRequest)
    return json.loads(found.reply)


def xml(**more: Any) -> SignRequest:
    usual = SignRequest(
        (b"<a/>",), detached=False, format="xml", xml=messages.XmlOptions(is_text=True), keys=ANY_KEY
    )
    return replace(usual, **more)


# --- off ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["getKeys", "browseKeyStore", "signXml", "noSuchThing"])
def test_while_it_is_off_the_module_is_not_found(method: str) -> None:
    found = codec.decode(frame(method, *KEY))
    assert codec.encode(found, messages.Done()) == MODULE_NOT_FOUND
    assert "Qwerty12" not in repr(found)


# --- on: requests -----------------------------------------------------------------------------------------------

REQUESTS: list[tuple[str, Sequence[Any], messages.Request]] = [
    ("browseKeyStore", ("PKCS12", "P12", ""), ChooseFileRequest("pkcs12", "")),
    ("browseKeyStore", ("PKCS12", "P12", None), ChooseFileRequest("pkcs12", "")),
    ("browseKeyStore", ("PKCS12", "", "~"), ChooseFileRequest("pkcs12", "~")),
    ("browseKeyStore", ("PKCS12", "p12", "/k/a.p12"), ChooseFileRequest("pkcs12", "/k/a.p12")),
    ("browseKeyStore", ("JKS", "JKS", ""), ChooseFileRequest("jks", "")),
    ("showFileChooser", ("ALL", ""), ChooseFileRequest("any", "")),
    ("showFileChooser", ("PDF", "/k"), ChooseFileRequest("any", "/k")),
    ("showFileChooser", ("CER", ""), ChooseFileRequest("certificate", "")),
    ("getKeys", (*KEY[:2], "Qwerty12", "SIGN"), ListKeysRequest(NO_ALIAS, "sign")),
    ("getKeys", (*KEY[:2], "Qwerty12", "AUTH"), ListKeysRequest(NO_ALIAS, "identify")),
    ("getKeys", (*KEY[:2], "Qwerty12", "ALL"), ListKeysRequest(NO_ALIAS, "any")),
    ("getKeys", (*KEY[:2], "Qwerty12", ""), ListKeysRequest(NO_ALIAS, "any")),
    ("getKeys", (*KEY[:2], "Qwerty12", None), ListKeysRequest(NO_ALIAS, "any")),
    ("getKeys", ("JKS", *KEY[1:2], "Qwerty12", ""), ListKeysRequest(replace(NO_ALIAS, storage="JKS"), "any")),
    ("getNotBefore", KEY, ReadCertificateRequest(PLACE, "not-before")),
    ("getNotAfter", KEY, ReadCertificateRequest(PLACE, "not-after")),
    ("getSubjectDN", KEY, ReadCertificateRequest(PLACE, "subject")),
    ("getIssuerDN", KEY, ReadCertificateRequest(PLACE, "issuer")),
    ("getRdnByOid", (*KEY, "2.5.4.3", 0), ReadCertificateRequest(PLACE, "attribute", "2.5.4.3", 0)),
    ("getRdnByOid", (*KEY, "2.5.4.3", "1"), ReadCertificateRequest(PLACE, "attribute", "2.5.4.3", 1)),
    ("getRdnByOid", (*KEY, "2.5.4.3"), ReadCertificateRequest(PLACE, "attribute", "2.5.4.3", 0)),
    (
        "signPlainData",
        (*KEY, "қол"),
        SignWithKeyRequest(
            PLACE, SignRequest(("қол".encode(),), detached=True, format="raw", keys=ANY_KEY)
        ),
    ),
    ("verifyPlainData", (*KEY, "қол", "AQI="), CheckBareRequest(PLACE, "қол".encode(), b"\1\2")),
    ("verifyPlainData", (*KEY, "a", " AQ\nI=\n"), CheckBareRequest(PLACE, b"a", b"\1\2")),
    (
        "createCMSSignature",
        (*KEY, "act", True),
        SignWithKeyRequest(PLACE, SignRequest((b"act",), detached=False, keys=ANY_KEY)),
    ),
    (
        "createCMSSignature",
        (*KEY, "act", "false"),
        SignWithKeyRequest(PLACE, SignRequest((b"act",), detached=True, keys=ANY_KEY)),
    ),
    (
        "createCMSSignatureFromFile",
        (*KEY, "/d/act.pdf", False),
        SignWithKeyRequest(PLACE, SignRequest((), detached=True, keys=ANY_KEY, file="/d/act.pdf")),
    ),
    ("verifyCMSSignature", ("MTEK", "act"), CheckRequest("cms", b"MTEK", b"act")),
    ("verifyCMSSignature", ("MTEK", ""), CheckRequest("cms", b"MTEK", None)),
    ("verifyCMSSignatureFromFile", ("MTEK", "/d/act"), CheckRequest("cms", b"MTEK", file="/d/act")),
    ("signXml", (*KEY, "<a/>"), SignWithKeyRequest(PLACE, xml())),
    ("signXml", (*KEY[:2], "Qwerty12", "<a/>"), SignWithKeyRequest(NO_ALIAS, xml())),
    ("signXml", ("PKCS12", "/k/a.p12", None, "Qwerty12", "<a/>"), SignWithKeyRequest(NO_ALIAS, xml())),
    ("verifyXml", ("<a/>",), CheckRequest("xml", b"<a/>")),
    ("verifyXml", ("<a/>", "root"), CheckRequest("xml", b"<a/>", parent="root")),
    ("verifyXml", ("<a/>", "id", "root"), CheckRequest("xml", b"<a/>", parent="root", id_attribute="id")),
    ("verifyXmlById", ("<a/>", "id", ""), CheckRequest("xml", b"<a/>", id_attribute="id")),
    ("getHash", ("a", "SHA256"), DigestRequest(b"a", "SHA-256")),
    ("getHash", ("a", "GOST34311"), DigestRequest(b"a", "GOST 34.311-95")),
]  # fmt: skip


@pytest.mark.parametrize(("method", "args", "expected"), REQUESTS)
def test_a_call_becomes_a_request(method: str, args: Sequence[Any], expected: messages.Request) -> None:
    for more in ({}, {"module": None}, {"module": flat.MODULE}):
        found = call(method, *args, **more)
        assert (found.dialect, found.method) == ("flat", method)
        assert found.request == expected


def test_every_method_has_a_test() -> None:
    tested = {method for method, _, _ in REQUESTS} | {"loadSlotList", "deleteEntry", "signXmlByElementId"}
    assert tested == set(flat._METHODS)


def test_an_element_is_signed_by_its_name_and_the_name_of_its_identifier() -> None:
    found = request("signXmlByElementId", *KEY, "<a/>", "person", "id", "root")
    options = messages.XmlOptions(
        element_xpath="//*[name()='person']",
        parent_xpath="//*[name()='root']",
        is_text=True,
        id_attribute="id",
    )
    assert found == SignWithKeyRequest(PLACE, xml(xml=options))


def test_with_seven_arguments_the_element_is_found_by_name_or_identifier() -> None:
    found = request("signXmlByElementId", *KEY, "<a/>", "person-1", None)
    assert isinstance(found, SignWithKeyRequest)
    options = found.signing.xml
    assert "@id='person-1'" in options.element_xpath
    assert "name()='person-1'" in options.element_xpath
    assert (options.parent_xpath, options.id_attribute) == ("/*", "")


@pytest.mark.parametrize(
    "names",
    [("a' or '1", "id", "r"), ("", "id", "r"), ("a", "i'd", "r"), ("a", "id", "//r"), ("a[1]", "id", "r")],
)
def test_names_are_names_and_no_expressions(names: tuple[str, str, str]) -> None:
    assert refused("signXmlByElementId", *KEY, "<a/>", *names) == COMMON


@pytest.mark.parametrize(
    ("third", "purpose"),
    [("SIGN", "sign"), ("AUTH", "identify"), ("SIGNATURE", "sign"), ("ALL", "any"), (None, "any")],
)
def test_a_key_type_in_place_of_a_password_makes_it_a_call_for_our_own_window(
    third: str | None, purpose: Any
) -> None:
    keys = replace(ANY_KEY, purpose=purpose)
    expected = xml(keys=keys, storages=("PKCS12",))
    assert request("signXml", "PKCS12", "/k/a.p12", third, "<a/>") == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("kk", "kk"), ("ru", "ru"), ("en", "en"), ("de", None), (None, None), (7, None)],
)
def test_a_language_is_set_and_never_answered(language: Any, expected: str | None) -> None:
    found = call("setLocale", language)
    assert found.request == LocaleRequest(expected)  # type: ignore[arg-type]  # a Language, or None
    for outcome in (messages.Done(), messages.Failed("internal"), messages.Cancelled()):
        assert codec.encode(found, outcome) == ""


@pytest.mark.parametrize("args", [[], ["ru", "ru"], None, "ru"])
def test_even_a_wrong_set_locale_is_silence(args: Any) -> None:
    found = codec.decode(json.dumps({"method": "setLocale", "args": args}).encode(), ON)
    assert codec.encode(found, messages.Done()) == ""


# --- on: what is not carried out ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("getKeys", ()),
        ("getKeys", KEY[:3]),
        ("getKeys", (*KEY, "SIGN")),
        ("getKeys", ("PKCS12", 7, "Qwerty12", "SIGN")),
        ("getKeys", ("PKCS12", "/k/a.p12", ["Qwerty12"], "SIGN")),
        ("getNotAfter", (*KEY[:3], 12345678)),
        ("getNotAfter", (*KEY[:3], "\ud800")),
        ("getRdnByOid", (*KEY, "2.5.4.3", True)),
        ("getRdnByOid", (*KEY, "2.5.4.3", "first")),
        ("signPlainData", (*KEY, {"a": 1})),
        ("createCMSSignature", (*KEY, "a", "yes")),
        ("createCMSSignature", (*KEY, "a", 1)),
        ("signXml", ("<a/>",)),
        ("verifyXml", ()),
        ("getHash", ("a", "MD5")),
        ("browseKeyStore", ("PKCS12", "P12")),
    ],
)
def test_arguments_without_sense_are_common(method: str, args: Sequence[Any]) -> None:
    frame_of = json.dumps({"method": method, "args": list(args)}).encode()
    with pytest.raises(BadCall) as caught:
        codec.decode(frame_of, ON)
    assert json.loads(caught.value.reply) == COMMON
    assert "Qwerty12" not in caught.value.reply


@pytest.mark.parametrize("args", [None, "PKCS12", {"a": 1}, 7])
def test_arguments_that_are_no_list_are_common(args: Any) -> None:
    with pytest.raises(BadCall):
        codec.decode(json.dumps({"method": "getKeys", "args": args}).encode(), ON)


def test_an_unknown_method_is_named() -> None:
    assert refused("frobnicate", 1) == {"errorCode": "Method not implemented. Method:frobnicate"}
    assert len(refused("f" * 10_000)["errorCode"]) < 200


def test_a_method_that_is_no_text_is_no_call_of_this_dialect() -> None:
    for text in ('{"method":7,"args":[]}', "{}", '{"type":"ping"}'):
        assert codec.encode(codec.decode(text, ON), messages.Done()) == MODULE_NOT_FOUND


@pytest.mark.parametrize("method", ["getKeys", "getNotAfter", "signXml", "signPlainData", "verifyPlainData"])
def test_storages_that_hold_no_key_for_pages(method: str) -> None:
    rest = {"getKeys": ("p", "x", ""), "verifyPlainData": ("p", "a", "x", "d", "AQI=")}
    args = rest.get(method, ("p", "a", "x") if method == "getNotAfter" else ("p", "a", "x", "<a/>"))
    assert refused(method, "Floppy", *args) == {"errorCode": "UNKNOWN_STORAGE"}
    assert refused(method, "AKKaztokenStore", *args) == {"errorCode": "LOAD_KEYSTORE_ERROR"}


def test_tokens_are_not_for_this_dialect_even_where_there_are_some() -> None:
    context = replace(ON, tokens=("AKKaztokenStore",))
    for method, args, reply in (
        ("loadSlotList", ["AKKaztokenStore"], {"errorCode": "EMPTY_SLOT"}),
        ("browseKeyStore", ["AKKaztokenStore", "P12", ""], {"result": "", "errorCode": "NONE"}),
        ("getKeys", ["AKKaztokenStore", "slot", "1234", "SIGN"], {"errorCode": "LOAD_KEYSTORE_ERROR"}),
    ):
        found = codec.decode(frame(method, *args), context).request
        assert isinstance(found, ConstantRequest)
        assert json.loads(found.reply) == reply


def test_a_storage_nobody_knows_has_no_slots() -> None:
    assert refused("loadSlotList", "Floppy") == {"errorCode": "UNKNOWN_STORAGE"}
    assert refused("loadSlotList", None) == {"errorCode": "UNKNOWN_STORAGE"}
    assert refused("browseKeyStore", "Floppy", "P12", "") == {"errorCode": "UNKNOWN_STORAGE"}


def test_no_key_is_deleted() -> None:
    found = call("deleteEntry", "PKCS12", "/k/a.p12", "ab01")
    outcome = codec.answer_without_worker(found)
    assert isinstance(outcome, messages.Failed)
    assert json.loads(codec.encode(found, outcome)) == COMMON


def test_a_file_without_a_path_can_not_be_read() -> None:
    assert refused("createCMSSignatureFromFile", *KEY, "", True) == {"errorCode": "FILE_READ_ERROR"}
    assert refused("verifyCMSSignatureFromFile", "MTEK", None) == {"errorCode": "FILE_READ_ERROR"}


def test_a_signature_that_is_no_base64_can_not_be_checked() -> None:
    assert refused("verifyPlainData", *KEY, "a", "?") == {"errorCode": "SIGNATURE_VALIDATION_ERROR"}


# --- replies --------------------------------------------------------------------------------------------------------

REPLIES: list[tuple[str, messages.Outcome, Any]] = [
    ("browseKeyStore", messages.FileChosen("C:\\keys\\a.p12"), {"result": "C:\\keys\\a.p12", "errorCode": "NONE"}),
    ("browseKeyStore", messages.Cancelled(), {"result": "", "errorCode": "NONE"}),
    ("signXml", messages.Cancelled(), {"result": "", "errorCode": "NONE"}),
    ("getKeys", Text("RSA|A B|1f|ab\n"), {"result": "RSA|A B|1f|ab\n", "errorCode": "NONE"}),
    ("verifyXml", Checked(holds=True), {"result": True, "errorCode": "NONE"}),
    ("verifyXml", Checked(holds=False), {"result": False, "errorCode": "NONE"}),
    ("verifyXml", Checked(None), {"errorCode": "SIGNATURE_VALIDATION_ERROR"}),
    ("getKeys", Missing("key"), {"errorCode": "EMPTY_KEY_LIST"}),
    ("getKeys", Missing("key-file"), {"errorCode": "KEYSTORE_FILE_NOT_FOUND"}),
    ("getRdnByOid", Missing("attribute"), {"errorCode": "RDN_NOT_FOUND"}),
    ("getKeys", messages.Failed("wrong-password"), {"result": "-1", "errorCode": "WRONG_PASSWORD"}),
    ("getKeys", messages.Failed("broken-file"), {"errorCode": "LOAD_KEYSTORE_ERROR"}),
    ("getKeys", messages.Failed("unsupported-key"), {"errorCode": "LOAD_KEYSTORE_ERROR"}),
    ("getKeys", messages.Failed("key-file-not-chosen"), {"errorCode": "LOAD_KEYSTORE_ERROR"}),
    ("createCMSSignatureFromFile", messages.Failed("file-not-chosen"), {"errorCode": "FILE_READ_ERROR"}),
    ("signXml", messages.Failed("bad-input", "org.xml.sax.SAXParseException; x"), {"errorCode": "XML_PARSE_EXCEPTION"}),
    ("signXml", messages.Failed("bad-input", "XML: nested too deep"), {"errorCode": "XML_PARSE_EXCEPTION"}),
    ("signXmlByElementId", messages.Failed("bad-input", "XPath: no element"), COMMON),
    ("createCMSSignatureFromFile", messages.Failed("file-unusable", "file.not_found"), {"errorCode": "FILE_READ_ERROR"}),
    ("verifyCMSSignatureFromFile", messages.Failed("file-unusable", "x"), {"errorCode": "FILE_READ_ERROR"}),
    *[("signXml", messages.Failed(code), COMMON) for code in ("internal", "storage-failed", "busy", "no-one-to-ask", "invalid")],
    ("signPlainData", messages.Signed((b"\1\2",), "raw"), {"result": "AQI=", "errorCode": "NONE"}),
    ("createCMSSignature", messages.Signed((b"\1\2",), "cms"), {"result": "AQI=", "errorCode": "NONE"}),
    ("signXml", messages.Signed(("<қ/>".encode(),), "xml"), {"result": "<қ/>", "errorCode": "NONE"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "outcome", "expected"), REPLIES)
def test_an_outcome_becomes_a_reply(method: str, outcome: messages.Outcome, expected: Any) -> None:
    reply = codec.encode(Call("flat", method, messages.LocaleRequest(None)), outcome)
    assert json.loads(reply) == expected
    assert "status" not in json.loads(reply)


def test_every_thing_that_may_be_missing_has_its_code() -> None:
    assert set(flat._MISSING) == set(get_args(flat_messages.Thing))


def test_what_no_page_asks_for_in_this_dialect_has_no_reply() -> None:
    with pytest.raises(ValueError, match="KeyInfo"):
        flat.encode(
            Call("flat", "getKeys", messages.LocaleRequest(None), readings=USUAL),
            messages.KeyInfo("", "", "", "", "", "", "", "", 0, 0, "", b""),
        )


# --- what the daemon must not read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '{"method":"getKeys","args":["PKCS12","/k","Qwerty12","SIGN"]}',
        '{"module":"kz.gov.pki.knca.applet.Applet","method":"getKeys","args":[]}',
        '{"module":null,"method":"getKeys"}',
        "{module:'kz.gov.pki.knca.basics',method:'sign'}",  # nobody knows without reading
        '{"method":"getKeys","args":["PKCS12","/k","a\\"module\\":\\"b","SIGN"]}',
        '{"method":"signXml","args":["PKCS12","/k","a","p","{\\"module\\":\\"x\\"}"]}',
        '{"module":"x","method":"getKeys","module":"kz.gov.pki.knca.applet.Applet"}',
        "hello",
        "",
    ],
)
def test_what_may_hold_a_password_is_left_unread(text: str) -> None:
    assert flat.may_be(text.encode())
    assert codec.is_unread(text.encode(), ON)
    assert not codec.is_unread(text.encode(), Context())


@pytest.mark.parametrize(
    "text",
    [
        '{"module":"kz.gov.pki.knca.basics","method":"sign"}',
        '{"module" :\n "kz.gov.pki.knca.commonUtils","method":"signXml"}',
        '{"method":"getVersion","module":"kz.digiflow.mobile.extensions"}',
    ],
)
def test_what_names_another_module_is_read(text: str) -> None:
    assert not flat.may_be(text.encode())


def test_to_refuse_an_unread_frame_nobody_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_frame: object) -> None:
        raise AssertionError("somebody reads it")

    monkeypatch.setattr("protocol.json_text.read", never)
    for code, expected in (("busy", "COMMON"), ("internal", "COMMON"), ("paused", "COMMON")):
        reply = codec.failure_reply(frame("getKeys", *KEY), code, "", ON)
        assert json.loads(reply) == {"success": False, "errorCode": expected}
    long = frame("signXml", *KEY, "<a>" + "x" * codec._LONG_FRAME)
    assert json.loads(codec.crash_reply(long, ON))["errorCode"] == "COMMON"


def test_a_refused_frame_of_another_module_keeps_its_dialect() -> None:
    lenient = b"{module:'kz.gov.pki.knca.commonUtils',method:'signXml',args:[]}"
    assert json.loads(codec.failure_reply(lenient, "busy", "", ON))["code"] == "500"
    strict = b'{"module":"kz.gov.pki.knca.basics","method":"sign","args":{"format":"cms","data":"MTEK"}}'
    assert json.loads(codec.failure_reply(strict, "busy", "", ON))["status"] is False


@pytest.mark.parametrize(
    "text",
    [
        '{"method":"setLocale","args":["kk"]}',
        '{ "module" : null , "method" : "setLocale", "args": [ "kk" ] }',
        '{"module":"kz.gov.pki.knca.applet.Applet","method":"setLocale","args":["kk"]}\n',
    ],
)
def test_set_locale_is_told_without_reading_more(text: str) -> None:
    assert flat.locale_of(text.encode()) == LocaleRequest("kk")
    assert codec.failure_reply(text.encode(), "busy", "", ON) == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"method":"setLocale","args":["kk","Qwerty12"]}',
        '{"method":"setLocale","args":["kk"],"password":"Qwerty12"}',
        '{"method":"getKeys","args":["PKCS12","/k","{\\"method\\":\\"setLocale\\"}",""]}',
        "",
    ],
)
def test_nothing_else_passes_for_set_locale(text: str) -> None:
    assert flat.locale_of(text.encode()) is None


def test_a_failed_call_that_speaks_of_set_locale_is_answered() -> None:
    text = '{"method":"signXml","args":["PKCS12","/k","a","p","{\\"method\\":\\"setLocale\\"}"]}'
    assert codec.failure_reply(text.encode(), "busy", "", ON) != ""


def test_other_spellings_of_set_locale_are_silence_too() -> None:
    for text in ("{method:'setLocale',args:['kk']}", '{"args":["kk"],"method":"setLocale"}'):
        assert codec.failure_reply(text.encode(), "busy", "", ON) == ""


# --- whatever a page sends --------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
METHODS = st.sampled_from([*flat._METHODS, "setLocale"]) | st.text(max_size=12)


@given(method=METHODS, args=st.lists(VALUES, max_size=9) | VALUES)
def test_every_call_is_read_or_refused_and_answered_where_an_answer_is_due(method: str, args: Any) -> None:
    octets = json.dumps({"method": method, "args": args}).encode()
    try:
        found = codec.decode(octets, ON)
    except BadCall as bad:
        reply = bad.reply
    else:
        reply = codec.encode(found, codec.answer_without_worker(found) or messages.Failed("internal"))
    assert (reply == "") is (method == "setLocale")
    assert reply == "" or "errorCode" in json.loads(reply)


@given(octets=st.binary(max_size=200))
def test_looking_at_octets_never_fails(octets: bytes) -> None:
    assert flat.may_be(octets) in (True, False)
    assert isinstance(flat.unread_failure_reply(octets, "busy"), str)
    assert flat.locale_of(octets) is None


@pytest.mark.parametrize(
    "octets",
    [b'"module"' + b" " * 250_000, b"{" * 250_000, b'{"method"' + b" " * 250_000, b'"module":"' * 25_000],
)
def test_a_look_at_octets_takes_no_time(octets: bytes) -> None:
    started = time.monotonic()
    flat.may_be(octets)
    flat.locale_of(octets)
    flat.unread_failure_reply(octets, "busy")
    assert time.monotonic() - started < 1
