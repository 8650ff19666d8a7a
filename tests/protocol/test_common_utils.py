"""The commonUtils dialect: statements C1-C50 of the conformance checklist that need no window, and its envelopes."""

import base64
import dataclasses
import json
from typing import Any

import pytest

from protocol import codec, common_utils, messages
from protocol.errors import BadCall


def ask(method: str, *args: Any, **more: Any) -> str:
    """The reply that is given without a worker."""
    message = {"module": common_utils.MODULE, "method": method, **more}
    if args:
        message["args"] = list(args)
    try:
        call = codec.decode(json.dumps(message, ensure_ascii=False))
    except BadCall as bad:
        return bad.reply
    outcome = codec.answer_without_worker(call)
    assert outcome is not None, f"{method} went to a worker"
    return codec.encode(call, outcome)


def call(method: str, *args: Any, **more: Any) -> messages.Call:
    """A call that a worker gets."""
    message = {"module": common_utils.MODULE, "method": method, "args": list(args), **more}
    found = codec.decode(json.dumps(message))
    assert codec.answer_without_worker(found) is None
    return found


def failure(message: str) -> str:
    return json.dumps({"code": "500", "message": message}, separators=(",", ":"), ensure_ascii=False)


def mismatch(method: str) -> str:
    return failure(f"java.lang.IllegalArgumentException: argument type mismatch. Method: {method}")


@pytest.mark.parametrize("more", [{}, {"args": None}, {"args": []}, {"args": "none"}, {"args": {}}])
def test_active_tokens_is_an_empty_list_without_tokens(more: dict[str, Any]) -> None:
    assert ask("getActiveTokens", **more) == '{"responseObject":[],"code":"200"}'


def test_tokens_that_are_there_are_named_in_order() -> None:
    found = codec.decode(json.dumps({"module": common_utils.MODULE, "method": "getActiveTokens"}))
    reply = codec.encode(found, messages.Tokens(("AKKaztokenStore", "AKJaCartaStore")))
    assert reply == '{"responseObject":["AKKaztokenStore","AKJaCartaStore"],"code":"200"}'


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("getActiveTokens", ["x"]),
        ("noSuch", []),
        ("getSubjectDN", []),
        ("getKeyInfo", []),
        ("createCAdESFromBase64Hash", ["PKCS12", "SIGNATURE", "MTEK", False]),
        ("signXml", ["PKCS12", "SIGNATURE", "<a/>"]),
        ("applyCAdEST", ["PKCS12", "SIGNATURE"]),
    ],
)
def test_an_unknown_name_or_a_wrong_number_of_arguments_is_no_such_method(
    method: str, args: list[Any]
) -> None:
    assert ask(method, *args) == failure(f"NoSuchMethodException {method}")


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("getKeyInfo", [None]),
        ("getKeyInfo", [1]),
        ("createCAdESFromBase64", ["AKKaztokenStore", 123, "MTEK", False]),
        ("createCAdESFromBase64", ["PKCS12", "SIGNATURE", "MTEK", "true"]),
        ("createCAdESFromBase64", ["PKCS12", "SIGNATURE", "MTEK", 1]),
        ("createCAdESFromBase64", ["PKCS12", "SIGNATURE", ["MTEK"], False]),
        ("createCMSSignatureFromBase64", ["PKCS12", [7, 7, 7], "MTEK", False]),
        ("signXml", ["PKCS12", "SIGNATURE", 5, "", ""]),
        ("signXmls", ["PKCS12", "SIGNATURE", "<a/>", "", ""]),
        ("changeLocale", [2]),
        ("showFileChooser", [None, ""]),
    ],
)
def test_a_wrong_json_type_is_a_type_mismatch_and_shows_nothing(method: str, args: list[Any]) -> None:
    assert ask(method, *args) == mismatch(method)


def test_an_array_of_texts_with_something_else_in_it_is_told_as_org_json_tells_it() -> None:
    assert ask("signXmls", "PKCS12", "SIGNATURE", ["<a/>", 2], "", "") == failure(
        "JSONArray[1] not a string."
    )


@pytest.mark.parametrize("language", ["en", "kz", "ru", "kk", ""])
def test_every_language_is_accepted(language: str) -> None:
    assert ask("changeLocale", language) == '{"code":"200"}'


@pytest.mark.parametrize(("given", "expected"), [("en", "en"), ("kk", "kk"), ("", "ru"), ("kz", None)])
def test_the_language_can_be_read_from_the_call(given: str, expected: str | None) -> None:
    message = {"module": common_utils.MODULE, "method": "changeLocale", "args": [given]}
    assert codec.decode(json.dumps(message)).request == messages.LocaleRequest(expected)  # type: ignore[arg-type]


def test_a_call_without_method_fails_with_the_text_of_org_json() -> None:
    with pytest.raises(BadCall) as missing:
        codec.decode(json.dumps({"module": common_utils.MODULE}))
    assert missing.value.reply == failure('JSONObject["method"] not found.').replace("'", '"')
    with pytest.raises(BadCall) as number:
        codec.decode(json.dumps({"module": common_utils.MODULE, "method": 7}))
    assert json.loads(number.value.reply)["message"] == 'JSONObject["method"] not a string.'


def test_the_uuid_comes_back_from_a_method_but_not_from_the_dispatcher() -> None:
    assert json.loads(ask("getActiveTokens", uuid="u1")) == {
        "responseObject": [],
        "code": "200",
        "uuid": "u1",
    }
    assert json.loads(ask("getKeyInfo", "", uuid="u1"))["uuid"] == "u1"
    assert "uuid" not in json.loads(ask("noSuch", uuid="u1"))
    assert "uuid" not in json.loads(ask("changeLocale", 2, uuid="u1"))
    assert "uuid" not in json.loads(ask("getActiveTokens", uuid=7))


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("", "storageName.param.empty"),
        ("  ", "storageName.param.empty"),
        ("FooStore", "storage.unknown"),
        ("pkcs12", "storage.unknown"),
        ("AKJaCartaStore", "storage.empty"),
    ],
)
def test_storage_names_are_checked_before_any_window(storage: str, message: str) -> None:
    assert ask("getKeyInfo", storage) == failure(message)
    assert ask("createCAdESFromBase64", storage, "SIGNATURE", "MTEK", False) == failure(message)


def test_java_key_stores_are_asked_for_as_other_key_files_are() -> None:
    for method, args in (
        ("getKeyInfo", ()),
        ("signXml", ("SIGNATURE", "<a/>", "", "")),
        ("signXmls", ("SIGNATURE", ["<a/>"], "", "")),
        ("createCAdESFromBase64", ("SIGNATURE", "MTEK", False)),
        ("createCAdESFromFile", ("SIGNATURE", "/home/a/act.pdf", False)),
        ("createCAdESFromBase64Hash", ("SIGNATURE", "MTEK")),
        ("createCMSSignatureFromBase64", ("SIGNATURE", "MTEK", False)),
    ):
        found = call(method, "JKS", *args).request
        assert isinstance(found, messages.KeyInfoRequest | messages.SignRequest)
        assert found.storages == ("JKS",)


def test_an_empty_digest_has_the_recorded_answer_without_message() -> None:
    assert ask("createCAdESFromBase64Hash", "AKKaztokenStore", "SIGNATURE", "") == '{"code":"500"}'


def test_a_digest_that_is_longer_than_any_is_refused() -> None:
    text = base64.b64encode(bytes(129)).decode()
    assert json.loads(ask("createCAdESFromBase64Hash", "PKCS12", "SIGNATURE", text))["code"] == "500"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MT-K", "Illegal base64 character 2d"),
        ("MTEK\n", "Illegal base64 character a"),
        ("Қ", "Illegal base64 character 3f"),
        ("MTEKA", "Last unit does not have enough valid bits"),
        ("M===", "Last unit does not have enough valid bits"),
    ],
)
def test_broken_base64_is_told_as_java_tells_it(text: str, message: str) -> None:
    assert ask("createCAdESFromBase64", "PKCS12", "SIGNATURE", text, False) == failure(message)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "folder"),
        ("DIRECTORY", "folder"),
        ("CRL", "crl"),
        ("CER", "certificate"),
        ("P12", "pkcs12"),
        ("KEYSTORE", "key"),
        ("JKS", "jks"),
        ("ALL", "any"),
    ],
)
def test_the_chooser_knows_eight_kinds_of_files(name: str, kind: Any) -> None:
    asked = call("showFileChooser", name, "/home/a", uuid="u1")
    assert asked.request == messages.ChooseFileRequest(kind, "/home/a")
    reply = codec.encode(asked, messages.FileChosen("/home/a/акт.pdf"))
    assert json.loads(reply) == {"responseObject": "/home/a/акт.pdf", "code": "200", "uuid": "u1"}


@pytest.mark.parametrize("name", ["PDF", "all", "directory", " "])
def test_another_kind_is_told_as_java_tells_it_and_shows_nothing(name: str) -> None:
    assert ask("showFileChooser", name, "") == failure(
        f"No enum constant kz.gov.pki.knca.gui.fileChooser.FileChooser.FileType.{name}"
    )


@pytest.mark.parametrize("is_attached", [True, False])
@pytest.mark.parametrize("method", ["createCAdESFromFile", "createCMSSignatureFromFile"])
def test_a_file_is_signed_like_the_same_document_in_base64(method: str, is_attached: bool) -> None:
    twin = method.replace("File", "Base64")
    named = call(method, "PKCS12", "SIGNATURE", "/home/a/act.pdf", is_attached)
    given = call(twin, "PKCS12", "SIGNATURE", "MTEK", is_attached).request
    assert isinstance(given, messages.SignRequest)
    assert named.request == dataclasses.replace(given, documents=(), file="/home/a/act.pdf")
    assert named.request.timestamps is (method == "createCMSSignatureFromFile")


def test_an_empty_path_is_no_file_without_a_look() -> None:
    assert ask("createCAdESFromFile", "PKCS12", "", "", True) == failure("file.not_found")


def test_a_file_that_is_not_there_has_the_known_text() -> None:
    asked = call("createCAdESFromFile", "PKCS12", "SIGNATURE", "/nowhere", True)
    reply = codec.encode(asked, messages.Failed("file-unusable", messages.FILE_NOT_FOUND))
    assert reply == failure("file.not_found")


def test_what_this_dialect_can_not_say_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="Verified"):
        codec.encode(call("getKeyInfo", "PKCS12"), messages.Verified({}))


def test_a_signing_call_becomes_a_request_in_our_words() -> None:
    request = call("createCAdESFromBase64", "PKCS12", "SIGNATURE", "MTEK", True).request
    assert isinstance(request, messages.SignRequest)
    assert request.documents == (b"11\n",)
    assert (request.detached, request.are_digests, request.cosigns) == (False, False, True)
    assert request.storages == ("PKCS12",)
    assert request.keys == messages.KeyFilter(
        purpose="sign", authorities=(), allow_expired=True, allow_revoked=True
    )
    assert request.language is None


def test_the_cms_methods_differ_in_the_timestamp_alone() -> None:
    plain = call("createCAdESFromBase64", "PKCS12", "SIGNATURE", "MTEK", True).request
    stamped = call("createCMSSignatureFromBase64", "PKCS12", "SIGNATURE", "MTEK", True).request
    assert isinstance(plain, messages.SignRequest)
    assert not plain.timestamps
    assert stamped == dataclasses.replace(plain, timestamps=True)


def test_apply_cades_t_asks_for_timestamps_on_a_signature() -> None:
    assert call("applyCAdEST", "PKCS12", "", "MTEK").request == messages.TimestampRequest(b"11\n")
    assert ask("applyCAdEST", "PKCS12", "", "MT-K") == failure("Illegal base64 character 2d")


def test_xml_is_signed_in_lines_with_the_same_xpaths_for_all() -> None:
    single = call("signXml", "PKCS12", "SIGNATURE", "<ә/>", "/a", "/b")
    assert isinstance(single.request, messages.SignRequest)
    assert single.request.documents == ("<ә/>".encode(),)
    assert single.request.xml == messages.XmlOptions("lines", "/a", "/b", is_text=True)
    several = call("signXmls", "PKCS12", "SIGNATURE", ["<a/>", "<b/>"], "", "")
    assert isinstance(several.request, messages.SignRequest)
    assert several.request.documents == (b"<a/>", b"<b/>")

    signed = messages.Signed((b"<a/>",), format="xml")
    assert json.loads(codec.encode(single, signed))["responseObject"] == "<a/>"
    assert json.loads(codec.encode(several, signed))["responseObject"] == ["<a/>"]


def test_a_list_without_documents_fails_before_a_window() -> None:
    assert "bad-input" in ask("signXmls", "PKCS12", "SIGNATURE", [], "", "")


def test_half_a_character_fails_before_a_window() -> None:
    assert "bad-input" in ask("signXml", "PKCS12", "SIGNATURE", "<a>\ud800</a>", "", "")


def test_a_digest_is_always_signed_detached_and_never_joined_to_a_signature() -> None:
    text = base64.b64encode(bytes(32)).decode()
    request = call("createCAdESFromBase64Hash", "PKCS12", "AUTHENTICATION", text).request
    assert isinstance(request, messages.SignRequest)
    assert (request.detached, request.are_digests, request.cosigns) == (True, True, False)
    assert request.keys.purpose == "identify"


@pytest.mark.parametrize("key_type", ["ANY", "123", "AUTH", "SIGN", "", "signature"])
def test_any_other_key_type_filters_nothing(key_type: str) -> None:
    request = call("createCAdESFromBase64", "PKCS12", key_type, "MTEK", False).request
    assert isinstance(request, messages.SignRequest)
    assert request.keys.purpose == "any"


def test_a_signature_is_one_line_of_base64_without_message_or_status() -> None:
    found = call("createCAdESFromBase64", "PKCS12", "SIGNATURE", "MTEK", False, uuid="q-1")
    reply = codec.encode(found, messages.Signed((bytes(100),)))
    assert json.loads(reply) == {
        "responseObject": base64.b64encode(bytes(100)).decode(),
        "code": "200",
        "uuid": "q-1",
    }
    assert " " not in reply


def test_a_cancelled_call_has_exactly_the_known_text() -> None:
    assert codec.encode(call("getKeyInfo", "PKCS12"), messages.Cancelled()) == failure("action.canceled")


def test_a_failure_is_never_the_text_of_a_cancellation() -> None:
    for code in messages.SENTENCES:
        reply = json.loads(codec.encode(call("getKeyInfo", "PKCS12"), messages.Failed(code)))
        assert reply["code"] == "500"
        assert reply["message"].startswith(f"{code}: ")
        assert "status" not in reply


@pytest.mark.parametrize(
    "text",
    [
        "org.xml.sax.SAXParseException; lineNumber: 1; columnNumber: 2; Some words of a parser.",
        "Указанный для подписи элемент не содержит атрибут 'Id'",
        "элемент подписи не может быть родительским элементом подписи",
    ],
)
def test_a_text_of_the_original_stands_alone(text: str) -> None:
    asked = call("signXml", "PKCS12", "SIGNATURE", "<a/>", "", "")
    assert codec.encode(asked, messages.Failed("bad-input", text)) == failure(text)
    assert codec.encode(asked, messages.Failed("unsupported", text)) != failure(text)


KEY_INFO = messages.KeyInfo(
    alias="0011",
    key_id="0011",
    algorithm="RSA",
    subject_common_name="ТЕСТОВ ТЕСТ",
    subject="CN=ТЕСТОВ ТЕСТ,SURNAME=ТЕСТОВ,SERIALNUMBER=IIN123456789011,C=KZ",
    issuer_common_name="ТЕСТ УЦ",
    issuer="C=KZ,CN=ТЕСТ УЦ",
    serial_number="1f2e",
    not_before_ms=1767225600000,
    not_after_ms=1798761600000,
    authority_key_id="0a1b",
    certificate_der=bytes(range(100)),
)


def test_key_info_has_twelve_texts_in_the_recorded_order() -> None:
    answer = json.loads(codec.encode(call("getKeyInfo", "PKCS12"), KEY_INFO))
    assert list(answer) == ["responseObject", "code"]
    assert list(answer["responseObject"]) == [
        "certNotBefore",
        "issuerCn",
        "authorityKeyIdentifier",
        "serialNumber",
        "certNotAfter",
        "issuerDn",
        "keyId",
        "alias",
        "pem",
        "subjectCn",
        "algorithm",
        "subjectDn",
    ]
    assert all(isinstance(value, str) for value in answer["responseObject"].values())
    assert answer["responseObject"]["certNotBefore"] == "1767225600000"


def test_the_pem_of_key_info_has_64_columns_and_crlf() -> None:
    lines = json.loads(codec.encode(call("getKeyInfo", "PKCS12"), KEY_INFO))["responseObject"]["pem"].split(
        "\r\n"
    )
    assert lines[0] == "-----BEGIN CERTIFICATE-----"
    assert lines[-2:] == ["-----END CERTIFICATE-----", ""]
    assert [len(line) for line in lines[1:-2]] == [64, 64, 8]
    assert base64.b64decode("".join(lines[1:-2])) == bytes(range(100))


def test_an_identifier_that_the_certificate_lacks_is_left_out() -> None:
    info = dataclasses.replace(KEY_INFO, key_id="", authority_key_id="", subject_common_name="")
    answer = json.loads(codec.encode(call("getKeyInfo", "PKCS12"), info))["responseObject"]
    assert "keyId" not in answer
    assert "authorityKeyIdentifier" not in answer
    assert answer["subjectCn"] == ""
