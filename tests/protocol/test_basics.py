"""The basics dialect: statements B1-B41 of the conformance checklist that need no window, and its envelopes."""

import base64
import json
from typing import Any

import pytest

from protocol import basics, codec, messages
from protocol.errors import BadCall

MANY_STORAGES = ["PKCS12", "AKKaztokenStore"]


def arguments(**changes: Any) -> dict[str, Any]:
    """Arguments of a good call; a change to `...` takes a member out."""
    usual = {"format": "cms", "data": "MTEK", "signingParams": {}, "signerParams": {"extKeyUsageOids": []}}
    return {key: value for key, value in {**usual, **changes}.items() if value is not ...}


def frame(args: Any = ..., **envelope: Any) -> str:
    message = {"module": basics.MODULE, "method": "sign", **envelope}
    return json.dumps(message if args is ... else {**message, "args": args}, ensure_ascii=False)


def reply_to(text: str) -> dict[str, Any]:
    """The reply that is given without a worker."""
    try:
        call = codec.decode(text)
    except BadCall as bad:
        return json.loads(bad.reply)
    outcome = codec.answer_without_worker(call)
    assert outcome is not None, "went to a worker"
    return json.loads(codec.encode(call, outcome))


def request(**changes: Any) -> messages.SignRequest:
    """What a worker gets."""
    call = codec.decode(frame(arguments(**changes)))
    assert codec.answer_without_worker(call) is None
    assert isinstance(call.request, messages.SignRequest)
    return call.request


def test_signing_params_of_another_type_get_the_recorded_answer_to_the_octet() -> None:
    with pytest.raises(BadCall) as bad:
        codec.decode(frame(arguments(signingParams=555)))
    assert bad.value.reply == (
        '{"code":"INVOCATION_ERROR","details":"org.json.JSONException: JSONObject[\\"signingParams\\"] '
        'is not a JSONObject.","message":"An invoked method threw an exception.","status":false}'
    )


@pytest.mark.parametrize(
    ("changes", "details"),
    [
        ({"format": ...}, 'JSONObject["format"] not found.'),
        ({"format": 5}, 'JSONObject["format"] not a string.'),
        ({"data": ...}, 'JSONObject["data"] not found.'),
        ({"data": None}, 'JSONObject["data"] not a string.'),
        ({"data": ["a", 1]}, "JSONArray[1] not a string."),
        ({"signingParams": ...}, 'JSONObject["signingParams"] not found.'),
        ({"signerParams": ...}, 'JSONObject["signerParams"] not found.'),
        ({"signerParams": None}, 'JSONObject["signerParams"] is not a JSONObject.'),
        ({"signerParams": {"extKeyUsageOids": None}}, 'JSONObject["extKeyUsageOids"] is not a JSONArray.'),
        ({"signerParams": {"extKeyUsageOids": [1]}}, "JSONArray[0] not a string."),
        ({"signerParams": {"chain": "x"}}, 'JSONObject["chain"] is not a JSONArray.'),
        ({"signerParams": {"chain": ["x"] * 65}}, 'JSONObject["chain"] has more than 64 certificates.'),
        ({"allowedStorages": 5}, 'JSONObject["allowedStorages"] is not a JSONArray.'),
        ({"data": "\ud800"}, 'JSONObject["data"] has half a character.'),
    ],
)
def test_a_member_that_is_missing_or_of_another_type_is_an_invocation_error(
    changes: dict[str, Any], details: str
) -> None:
    text = json.dumps(json.loads(frame(arguments(**changes))))
    assert reply_to(text) == {
        "code": "INVOCATION_ERROR",
        "details": f"org.json.JSONException: {details}",
        "message": "An invoked method threw an exception.",
        "status": False,
    }


@pytest.mark.parametrize(
    ("text", "details"),
    [
        (frame({}, method="getKeyInfo"), "getKeyInfo is not defined in Basics"),
        (frame(), "sign demands arguments"),
        (frame([1]), "sign demands arguments"),
        (frame(None), "sign demands arguments"),
        (frame(arguments(), apiVersion=1), "Supported apiVersion is 2"),
        (frame(arguments(), **{"class": "Foo"}), "Foo is not found"),
    ],
)
def test_errors_of_the_envelope_are_general_errors(text: str, details: str) -> None:
    assert reply_to(text) == {
        "code": "GENERAL_ERROR",
        "details": f"java.lang.IllegalArgumentException: {details}",
        "message": "General error.",
        "status": False,
    }


def test_a_call_without_method_is_a_general_error() -> None:
    answer = reply_to(json.dumps({"module": basics.MODULE}))
    assert answer["code"] == "GENERAL_ERROR"
    assert answer["details"] == 'org.json.JSONException: JSONObject["method"] not found.'


@pytest.mark.parametrize(
    "envelope", [{"apiVersion": 2}, {"apiVersion": "2"}, {"class": ""}, {"class": "Basics"}]
)
def test_the_usual_envelope_is_accepted(envelope: dict[str, Any]) -> None:
    assert codec.answer_without_worker(codec.decode(frame(arguments(), **envelope))) is None


def test_defaults_are_those_of_the_original() -> None:
    found = request()
    assert found.documents == (b"MTEK",)  # the characters, not what they encode
    assert (found.detached, found.are_digests, found.cosigns) == (False, False, False)
    assert found.storages == ()
    assert found.language == "kk"
    assert found.keys == messages.KeyFilter(authorities=None)


@pytest.mark.parametrize("yes", [True, "true", "TRUE"])
@pytest.mark.parametrize("no", [False, "false", "False"])
def test_booleans_may_be_texts(yes: object, no: object) -> None:
    found = request(signingParams={"decode": yes, "encapsulate": no, "digested": no, "allowExpired": yes})
    assert found.documents == (b"11\n",)
    assert found.detached
    assert not found.are_digests
    assert found.keys.allow_expired
    assert not found.keys.allow_revoked


def test_a_revoked_key_may_be_allowed_too() -> None:
    found = request(signingParams={"allowRevoked": "true"}).keys
    assert (found.allow_expired, found.allow_revoked) == (False, True)


@pytest.mark.parametrize("odd", ["base64", 1, None, [], {}])
def test_what_is_no_boolean_counts_as_the_default(odd: object) -> None:
    found = request(signingParams={"decode": odd, "encapsulate": odd, "digested": odd, "allowExpired": odd})
    assert found.documents == (b"MTEK",)
    assert not found.detached
    assert not found.are_digests
    assert not found.keys.allow_expired


def test_a_digest_is_signed_detached_whatever_encapsulate_says() -> None:
    text = base64.b64encode(bytes(32)).decode()
    found = request(data=text, signingParams={"decode": True, "digested": True, "encapsulate": True})
    assert found.documents == (bytes(32),)
    assert (found.detached, found.are_digests) == (True, True)


def test_several_documents_stay_in_order() -> None:
    assert request(data=["a", "Қ", ""]).documents == (b"a", "Қ".encode(), b"")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (..., ()),
        (None, ()),
        ([], ()),
        ("", ()),
        (["PKCS12"], ("PKCS12",)),
        (MANY_STORAGES, ("PKCS12",)),
        ("PKCS12,AKKaztokenStore", ("PKCS12",)),
        (["PKCS12", "FooStore"], ("PKCS12",)),
        ("JKS", ("JKS",)),
        (["JKS", "AKKaztokenStore", "PKCS12"], ("JKS", "PKCS12")),
    ],
)
def test_allowed_storages_come_in_many_forms(given: object, expected: tuple[str, ...]) -> None:
    assert request(allowedStorages=given).storages == expected


@pytest.mark.parametrize("given", [["AKKaztokenStore"], "AKAKEYStore", ["FooStore"]])
def test_storages_that_hold_no_key_here_fail_before_a_window(given: object) -> None:
    answer = reply_to(frame(arguments(allowedStorages=given)))
    assert answer["code"] == "SIGNING_FAILURE"
    assert "storage.empty" in answer["details"]


@pytest.mark.parametrize(
    ("given", "expected"), [("ru", "ru"), ("kk", "kk"), ("en", "en"), (None, "kk"), (..., "kk"), ("kz", "kk")]
)
def test_the_language_is_per_call(given: object, expected: str) -> None:
    assert request(locale=given).language == expected


def test_the_filter_is_read_and_empty_texts_filter_nothing() -> None:
    signer = {"extKeyUsageOids": ["1.2.3"], "iin": "", "bin": 7, "serialNumber": "1f", "chain": ["PEM"]}
    assert request(signerParams=signer).keys == messages.KeyFilter(
        usages=("1.2.3",), iin="", bin="7", serial_number="1f", authorities=("PEM",)
    )
    assert request(signerParams={"iin": None, "chain": None}).keys == messages.KeyFilter(authorities=None)
    assert request(signerParams={"chain": []}).keys.authorities == ()


def test_a_password_in_the_request_is_not_kept_anywhere() -> None:
    call = codec.decode(frame(arguments(signerParams={"password": "Qwerty12"}, logo="x" * 60_000)))
    assert "Qwerty12" not in repr(call)
    assert codec.answer_without_worker(call) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"format": "pdf"}, "INVALID_SIGNING_PARAMS"),
        ({"format": "Choose…"}, "INVALID_SIGNING_PARAMS"),
        ({"format": "xml", "signingParams": {"tsaProfile": {}}}, "SIGNING_FAILURE"),
        ({"format": "raw", "signingParams": {"tsaProfile": {}}}, "SIGNING_FAILURE"),
        ({"format": "xml", "signingParams": {"digested": True}}, "INVALID_SIGNING_PARAMS"),
        ({"format": "pdf", "signingParams": {"decode": True, "digested": True}}, "INVALID_SIGNING_PARAMS"),
        ({"data": []}, "INVALID_SIGNING_PARAMS"),
        ({"data": ["x"] * 10_001}, "INVALID_SIGNING_PARAMS"),
        ({"data": "x" * 129, "signingParams": {"digested": True}}, "INVALID_SIGNING_PARAMS"),
    ],
)
def test_what_can_not_be_done_fails_before_a_window(changes: dict[str, Any], code: str) -> None:
    answer = reply_to(frame(arguments(**changes)))
    assert answer["code"] == code
    assert answer["status"] is False
    assert answer["message"]
    assert answer["details"]


@pytest.mark.parametrize("profile", [None, False, ""])
def test_no_timestamp_is_asked_for_by_an_empty_profile(profile: object) -> None:
    assert not request(signingParams={"tsaProfile": profile}).timestamps
    assert not request().timestamps


@pytest.mark.parametrize("profile", [{}, {"url": "http://tsp.example.kz"}, True])
def test_any_other_profile_asks_for_timestamps(profile: object) -> None:
    assert request(signingParams={"tsaProfile": profile}).timestamps


def test_xml_is_signed_as_text_in_the_compact_layout() -> None:
    found = request(format="xml", data=["<a/>", "<ә/>"])
    assert found.format == "xml"
    assert found.documents == (b"<a/>", "<ә/>".encode())
    assert found.xml == messages.XmlOptions(layout="compact", is_text=True)
    assert not request(format="xml", data="PGEvPg==", signingParams={"decode": True}).xml.is_text


def test_raw_gives_the_certificate_only_where_it_is_asked_for() -> None:
    assert not request(format="raw").with_certificate
    assert request(format="raw", signingParams={"outputCert": "true"}).with_certificate
    assert not request(format="cms", signingParams={"outputCert": True}).with_certificate
    assert request(format="raw").detached


def answer_to(outcome: messages.Outcome) -> Any:
    return json.loads(codec.encode(codec.decode(frame(arguments())), outcome))


def test_the_answer_is_of_the_format() -> None:
    signed = messages.Signed(("<ә/>".encode(),), format="xml")
    assert answer_to(signed) == {"body": {"result": ["<ә/>"]}, "status": True}
    raw = messages.Signed((b"11\n",), format="raw")
    assert answer_to(raw) == {"body": {"result": ["MTEK"]}, "status": True}
    with_certificate = messages.Signed((b"11\n",), format="raw", certificate_der=b"0")
    assert answer_to(with_certificate)["body"]["result"] == {
        "signatures": ["MTEK"],
        "certificate": "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
    }
    pdf = messages.Signed((b"11\n",), format="pdf")
    assert answer_to(pdf)["body"]["result"] == ["MTEK"]


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (..., None),
        (None, None),
        (False, None),
        (True, messages.StampOptions(-1)),
        ({"page": 2}, messages.StampOptions(2)),
        ({"page": -2}, messages.StampOptions(-2)),
    ],
)
def test_a_pdf_may_ask_for_a_stamp(stamp: object, expected: messages.StampOptions | None) -> None:
    params = {"decode": True} if stamp is ... else {"decode": True, "stamp": stamp}
    found = request(format="pdf", signingParams=params)
    assert (found.format, found.stamp) == ("pdf", expected)


@pytest.mark.parametrize(
    "stamp", ["true", 1, {"page": 0}, {"page": True}, {"page": "1"}, {"page": 1, "x": 2}, {}]
)
def test_a_stamp_that_makes_no_sense_is_told(stamp: object) -> None:
    answer = reply_to(frame(arguments(format="pdf", signingParams={"decode": True, "stamp": stamp})))
    assert answer["code"] == "INVOCATION_ERROR"
    assert "stamp" in answer["details"]


def test_broken_base64_is_an_invocation_error_with_the_text_of_java() -> None:
    answer = reply_to(frame(arguments(data="M-EK", signingParams={"decode": True})))
    assert answer["code"] == "INVOCATION_ERROR"
    assert answer["details"] == "java.lang.IllegalArgumentException: Illegal base64 character 2d"


@pytest.mark.parametrize("data", ["a", ["a", "b"]])
def test_signatures_are_an_array_of_armoured_texts(data: object) -> None:
    call = codec.decode(frame(arguments(data=data)))
    reply = codec.encode(call, messages.Signed((bytes(50), b"\x01")))
    first = base64.b64encode(bytes(50)).decode()
    assert json.loads(reply) == {
        "body": {
            "result": [
                f"-----BEGIN CMS-----\n{first[:64]}\n{first[64:]}\n-----END CMS-----\n",
                "-----BEGIN CMS-----\nAQ==\n-----END CMS-----\n",
            ]
        },
        "status": True,
    }
    assert reply.startswith('{"body":{"result":["-----BEGIN CMS-----\\n')


def test_a_cancelled_request_is_a_success_with_an_empty_body() -> None:
    assert codec.encode(codec.decode(frame(arguments())), messages.Cancelled()) == '{"body":{},"status":true}'


def test_every_failure_has_all_four_members() -> None:
    call = codec.decode(frame(arguments()))
    for code in messages.SENTENCES:
        answer = json.loads(codec.encode(call, messages.Failed(code)))
        assert list(answer) == ["code", "details", "message", "status"]
        assert all(answer[key] for key in ("code", "details", "message"))


def test_what_this_dialect_can_not_say_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="Tokens"):
        codec.encode(codec.decode(frame(arguments())), messages.Tokens())
