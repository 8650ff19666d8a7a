"""generateCsr and importCertificate: our own arguments in the envelope of basics; and the examples of their page in the docs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from protocol import basics, codec, messages
from protocol.errors import BadCall

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api" / "keys.md"
SUBJECT = {"CN": "ТЕСТОВ ИВАН", "SERIALNUMBER": "IIN123456789013"}


def frame(method: str, args: Any) -> str:
    return json.dumps({"module": basics.MODULE, "method": method, "args": args}, ensure_ascii=False)


def csr_args(**changes: Any) -> dict[str, Any]:
    return {"csrParams": {"subject": SUBJECT, **changes}}


def answer(method: str, args: Any) -> dict[str, Any]:
    """The reply that is given without a worker."""
    try:
        call = codec.decode(frame(method, args))
    except BadCall as bad:
        return json.loads(bad.reply)
    outcome = codec.answer_without_worker(call)
    assert outcome is not None, "went to a worker"
    return json.loads(codec.encode(call, outcome))


def request(method: str, args: Any) -> messages.Request:
    """What a worker gets."""
    call = codec.decode(frame(method, args))
    assert codec.answer_without_worker(call) is None
    return call.request


def test_a_name_is_enough_for_a_key() -> None:
    assert request("generateCsr", csr_args()) == messages.NewKeyRequest(
        subject=tuple(SUBJECT.items()), algorithm="gost-2015-512", purpose="sign", language="kk"
    )


def test_algorithm_purpose_and_language_are_read() -> None:
    args = {
        **csr_args(algorithm="RSA-2048", keyType="AUTHENTICATION"),
        "locale": "en",
        "allowedStorages": ["PKCS12"],
    }
    asked = request("generateCsr", args)
    assert isinstance(asked, messages.NewKeyRequest)
    assert (asked.algorithm, asked.purpose, asked.language) == ("rsa-2048", "identify", "en")


def test_a_certificate_comes_with_its_authorities_or_alone() -> None:
    assert request("importCertificate", {"certificate": "MTEK", "locale": "ru"}) == (
        messages.ImportCertificateRequest(b"MTEK", (), "ru")
    )
    args = {"certificate": "MTEK", "chain": ["MTIK", "MTMK"]}
    assert request("importCertificate", args) == messages.ImportCertificateRequest(
        b"MTEK", (b"MTIK", b"MTMK"), "kk"
    )
    assert request("importCertificate", {"certificate": "MTEK", "chain": None}) is not None


@pytest.mark.parametrize(
    ("method", "args", "details"),
    [
        ("generateCsr", {}, 'JSONObject["csrParams"] not found.'),
        ("generateCsr", {"csrParams": {}}, 'JSONObject["subject"] not found.'),
        ("generateCsr", {"csrParams": {"subject": "CN=A"}}, 'JSONObject["subject"] is not a JSONObject.'),
        ("generateCsr", {"csrParams": {"subject": {"CN": 5}}}, 'JSONObject["CN"] not a string.'),
        ("importCertificate", {}, 'JSONObject["certificate"] not found.'),
        ("importCertificate", {"certificate": "қ"}, "a certificate is PEM or base64."),
        ("importCertificate", {"certificate": "a", "chain": "b"}, 'JSONObject["chain"] is not a JSONArray.'),
        ("importCertificate", {"certificate": "a", "chain": ["b"] * 65}, "more than 64"),
        ("importCertificate", {"certificate": "a", "allowedStorages": [5]}, "JSONArray[0] not a string."),
    ],
)
def test_a_member_of_another_type_gets_the_answer_of_sign(method: str, args: Any, details: str) -> None:
    told = answer(method, args)
    assert told["code"] == "INVOCATION_ERROR"
    assert told["status"] is False
    assert details in told["details"]


@pytest.mark.parametrize(
    ("args", "details"),
    [
        (csr_args(keyType="ENCRYPTION"), "keyType is"),
        ({**csr_args(), "allowedStorages": ["AKKaztokenStore"]}, "storage.empty"),
        ({**csr_args(), "allowedStorages": ["JKS"]}, "storage.empty"),
        ({"csrParams": {"subject": {str(number): "a" for number in range(33)}}}, "more than 32"),
    ],
)
def test_what_can_not_be_done_is_told_without_a_window(args: Any, details: str) -> None:
    told = answer("generateCsr", args)
    assert told["code"] == "CSR_GENERATING_FAILURE"
    assert details in told["details"]


@pytest.mark.parametrize("storage", ["AKKaztokenStore", "JKS"])
def test_an_import_into_what_is_not_written_is_told_without_a_window(storage: str) -> None:
    told = answer("importCertificate", {"certificate": "a", "allowedStorages": storage})
    assert told["code"] == "CERTIFICATE_IMPORTING_FAILURE"


@pytest.mark.parametrize(
    ("method", "code", "expected"),
    [
        ("generateCsr", "bad-input", "CSR_GENERATING_FAILURE"),
        ("generateCsr", "unsupported", "CSR_GENERATING_FAILURE"),
        ("generateCsr", "internal", "INVOCATION_ERROR"),
        ("importCertificate", "bad-input", "INVALID_IMPORTING_CERTIFICATE"),
        ("importCertificate", "key-unsuitable", "INVALID_IMPORTING_CERTIFICATE"),
        ("importCertificate", "storage-failed", "CERTIFICATE_IMPORTING_FAILURE"),
        ("importCertificate", "internal", "INVOCATION_ERROR"),
    ],
)
def test_failures_have_the_codes_of_the_method(method: str, code: str, expected: str) -> None:
    args = csr_args() if method == "generateCsr" else {"certificate": "a"}
    told = json.loads(codec.failure_reply(frame(method, args), code, "why"))
    assert (told["code"], told["status"], told["details"]) == (expected, False, f"{code}: why")


def test_what_came_of_it_is_told() -> None:
    call = codec.decode(frame("generateCsr", csr_args()))
    assert json.loads(codec.encode(call, messages.KeyRequested(b"\x01", "0a"))) == {
        "body": {
            "result": {
                "csr": "-----BEGIN CERTIFICATE REQUEST-----\nAQ==\n-----END CERTIFICATE REQUEST-----\n",
                "keyId": "0a",
            }
        },
        "status": True,
    }
    call = codec.decode(frame("importCertificate", {"certificate": "a"}))
    reply = codec.encode(call, messages.CertificateJoined("0a"))
    assert json.loads(reply) == {"body": {"result": {"keyId": "0a"}}, "status": True}
    assert codec.encode(call, messages.Cancelled()) == '{"body":{},"status":true}'


def documented() -> list[dict[str, Any]]:
    """The indented examples of the page, as JSON; what is left out of their base64 stays out."""
    text = DOCS.read_text("utf-8").replace("…", "")
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    return [json.loads(block) for block in blocks]


def test_the_examples_of_the_docs_are_understood() -> None:
    calls = [example for example in documented() if "method" in example]
    assert {call["method"] for call in calls} == {"generateCsr", "importCertificate"}
    for call in calls:
        decoded = codec.decode(json.dumps(call))
        assert isinstance(decoded.request, messages.NewKeyRequest | messages.ImportCertificateRequest)


def test_the_answers_of_the_docs_have_the_members_that_answers_have() -> None:
    answers = [example for example in documented() if "status" in example]
    results = [set(each["body"]["result"]) for each in answers if each["status"]]
    made = (messages.KeyRequested(b"\x01", "0a"), messages.CertificateJoined("0a"))
    call = codec.decode(frame("generateCsr", csr_args()))
    expected = [set(json.loads(codec.encode(call, outcome))["body"]["result"]) for outcome in made]
    assert results == expected
    failure = next(each for each in answers if not each["status"])
    assert failure.keys() == json.loads(codec.failure_reply(frame("generateCsr", {}), "bad-input")).keys()
