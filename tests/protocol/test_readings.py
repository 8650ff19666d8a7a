"""Each reading changes what its line says, and nothing else."""

import base64
import dataclasses
import json
import time
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest

from protocol import accessory, basics, codec, common_utils, messages
from protocol.messages import Call
from protocol.readings import USUAL, Readings
from tests.protocol import make_readings
from tests.protocol.test_common_utils import KEY_INFO

SIGNED = messages.Signed((bytes(50),))
CLIENT_AUTH, EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"


def decode(module: str, method: str, args: Any, tokens: tuple[str, ...] = (), **readings: Any) -> Call:
    frame = json.dumps({"module": module, "method": method, "args": args})
    return codec.decode(frame, codec.Context(Readings(**readings), tokens=tokens))


def common(method: str, *args: Any, **readings: Any) -> Call:
    return decode(common_utils.MODULE, method, list(args), **readings)


def signing(args: dict[str, Any] | None = None, **readings: Any) -> Call:
    usual = {"format": "cms", "data": "MTEK", "signingParams": {}, "signerParams": {}}
    return decode(basics.MODULE, "sign", {**usual, **(args or {})}, **readings)


def request(call: Call) -> messages.SignRequest:
    assert isinstance(call.request, messages.SignRequest)
    return call.request


def answer(call: Call, outcome: messages.Outcome) -> Any:
    return json.loads(codec.encode(call, outcome))


# --- basics -------------------------------------------------------------------------------------------------------


def test_a_cms_of_basics_comes_in_three_forms() -> None:
    line = base64.b64encode(bytes(50)).decode()
    armoured = f"-----BEGIN CMS-----\n{line[:64]}\n{line[64:]}\n-----END CMS-----\n"
    for form, expected in (("pem", armoured), ("pem-open", armoured.rstrip("\n")), ("base64", line)):
        assert answer(signing(basics_cms=form), SIGNED)["body"]["result"] == [expected]


def test_a_single_cms_may_stand_without_array() -> None:
    text = answer(signing(basics_single="text"), SIGNED)["body"]["result"]
    assert text.startswith("-----BEGIN CMS-----")
    two = messages.Signed((b"0", b"1"))
    assert len(answer(signing({"data": ["a", "b"]}, basics_single="text"), two)["body"]["result"]) == 2
    xml = messages.Signed((b"<a/>",), format="xml")
    assert answer(signing({"format": "xml"}, basics_single="text"), xml)["body"]["result"] == ["<a/>"]


def test_a_cancelled_call_of_basics_may_be_an_error() -> None:
    assert answer(signing(), messages.Cancelled()) == {"body": {}, "status": True}
    error = answer(signing(basics_cancel="error"), messages.Cancelled())
    assert error == {
        "code": "USER_CANCELED",
        "details": "cancelled",
        "message": "action.canceled",
        "status": False,
    }


def test_every_format_may_come_with_its_certificate() -> None:
    wants = {"signingParams": {"outputCert": True}}
    assert not request(signing(wants)).with_certificate
    assert request(signing(wants, basics_certificate="every")).with_certificate
    assert not request(signing(basics_certificate="every")).with_certificate
    with_certificate = messages.Signed((b"0",), certificate_der=b"1")
    result = answer(signing(wants, basics_certificate="every", basics_single="text"), with_certificate)
    assert result["body"]["result"].keys() == {"signatures", "certificate"}
    assert len(result["body"]["result"]["signatures"]) == 1


def test_xml_of_basics_may_be_written_in_lines() -> None:
    assert request(signing({"format": "xml"})).xml.layout == "compact"
    assert request(signing({"format": "xml"}, basics_xml="lines")).xml.layout == "lines"


@pytest.mark.parametrize(
    ("params", "is_detached"), [({}, True), ({"encapsulate": "true"}, False), ({"encapsulate": 7}, True)]
)
def test_a_document_may_stay_outside_where_nothing_is_said(params: dict[str, Any], is_detached: bool) -> None:
    assert request(signing({"signingParams": params}, basics_encapsulate="false")).detached is is_detached


def test_basics_may_join_signatures() -> None:
    assert not request(signing()).cosigns
    assert request(signing(basics_cosigns="yes")).cosigns
    assert not request(signing({"format": "xml"}, basics_cosigns="yes")).cosigns
    assert not request(signing({"signingParams": {"digested": True}}, basics_cosigns="yes")).cosigns


@pytest.mark.parametrize(
    ("oids", "expected"),
    [
        ([CLIENT_AUTH, "1.2.398.3.3.4.1.1"], ("identify", ())),
        ([EMAIL_PROTECTION], ("sign", ())),
        ([], ("any", ())),
    ],
)
def test_usages_may_be_read_for_one_alone(oids: list[str], expected: tuple[str, tuple[str, ...]]) -> None:
    signer = {"signerParams": {"extKeyUsageOids": oids}}
    keys = request(signing(signer, usages="client-auth")).keys
    assert (keys.purpose, keys.usages) == expected
    assert (request(signing(signer)).keys.purpose, request(signing(signer)).keys.usages) == (
        "any",
        tuple(oids),
    )


# --- commonUtils --------------------------------------------------------------------------------------------------


def test_create_cades_may_sign_signatures_as_octets() -> None:
    for method, document in (("createCAdESFromBase64", "MTEK"), ("createCAdESFromFile", "/a")):
        assert request(common(method, "PKCS12", "", document, True)).cosigns
        assert not request(common(method, "PKCS12", "", document, True, cades_cosigns="no")).cosigns
    stamped = common("createCMSSignatureFromBase64", "PKCS12", "", "MTEK", True, cades_cosigns="no")
    assert request(stamped).cosigns


def test_xml_of_common_utils_may_be_compact() -> None:
    call = common("signXml", "PKCS12", "", "<a/>", "", "", common_xml="compact")
    assert request(call).xml.layout == "compact"


@pytest.fixture
def almaty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer five hours east of Greenwich."""
    monkeypatch.setenv("TZ", "<+05>-5")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("almaty")
def test_dates_come_in_three_forms() -> None:
    found = {}
    for form in ("milliseconds", "number", "text"):
        info = answer(common("getKeyInfo", "PKCS12", key_dates=form), KEY_INFO)["responseObject"]
        found[form] = (info["certNotBefore"], info["certNotAfter"])
    assert found["milliseconds"] == ("1767225600000", "1798761600000")
    assert found["number"] == (1767225600000, 1798761600000)
    assert found["text"] == ("01.01.2026 05:00:00", "01.01.2027 05:00:00")


def test_the_size_may_be_left_out_of_the_algorithm() -> None:
    gost = dataclasses.replace(KEY_INFO, algorithm="ECGOST3410-2015-512")
    for info, expected in ((gost, "ECGOST3410-2015"), (KEY_INFO, "RSA")):
        call = common("getKeyInfo", "PKCS12", key_algorithm="without-size")
        assert answer(call, info)["responseObject"]["algorithm"] == expected
    assert answer(common("getKeyInfo", "PKCS12"), gost)["responseObject"]["algorithm"] == gost.algorithm


def test_the_keywords_of_names_go_with_the_request() -> None:
    call = common("getKeyInfo", "PKCS12", name_keywords="ST-GIVENNAME")
    assert call.request == messages.KeyInfoRequest(("PKCS12",), name_keywords="ST-GIVENNAME")


def test_a_success_may_have_an_empty_message() -> None:
    call = common("changeLocale", "ru", success_message="empty")
    assert codec.encode(call, messages.Done()) == '{"code":"200","message":""}'
    assert answer(common("getKeyInfo", "PKCS12", success_message="empty"), KEY_INFO)["message"] == ""
    cancelled = answer(common("getKeyInfo", "PKCS12", success_message="empty"), messages.Cancelled())
    assert cancelled == {"code": "500", "message": "action.canceled"}


@pytest.mark.parametrize(
    ("key_type", "purpose"),
    [
        ("AUTH", "identify"),
        ("SIGN", "sign"),
        ("SIGNATURE", "sign"),
        ("AUTHENTICATION", "identify"),
        ("auth", "any"),
    ],
)
def test_short_key_types_may_filter(key_type: str, purpose: str) -> None:
    call = common("createCAdESFromBase64", "PKCS12", key_type, "MTEK", True, key_types="short")
    assert request(call).keys.purpose == purpose


def test_digests_of_any_length_may_be_signed() -> None:
    for length, is_any in (("exact", False), ("any", True)):
        call = common("createCAdESFromBase64Hash", "PKCS12", "", "MTEK", digest_length=length)
        assert request(call).is_any_digest is is_any
        of_basics = signing({"signingParams": {"digested": True}}, digest_length=length)
        assert request(of_basics).is_any_digest is is_any
    raw = signing({"format": "raw", "signingParams": {"digested": True}}, digest_length="any")
    assert not request(raw).is_any_digest
    assert not request(
        common("createCAdESFromBase64", "PKCS12", "", "MTEK", True, digest_length="any")
    ).is_any_digest


def test_key_files_may_stand_beside_tokens() -> None:
    """Clients that know files there know PKCS#12; a store of Java never stood in the list."""
    call = common("getActiveTokens", active_tokens="with-files")
    assert answer(call, messages.Tokens(("AKKaztokenStore",)))["responseObject"] == [
        "PKCS12",
        "AKKaztokenStore",
    ]


# --- the accessory module -----------------------------------------------------------------------------------------


def test_bundles_may_come_in_an_envelope() -> None:
    call = decode(accessory.MODULE, "getBundles", None, bundles="enveloped")
    outcome = codec.answer_without_worker(call)
    assert outcome is not None
    assert codec.encode(call, outcome) == '{"responseObject":[],"code":"200"}'


# --- all of them --------------------------------------------------------------------------------------------------


def test_replies_without_a_worker_are_written_by_the_same_readings() -> None:
    frame = json.dumps({"module": common_utils.MODULE, "method": "getKeyInfo", "args": ["PKCS12"]})
    odd = codec.Context(Readings(success_message="empty", basics_cancel="error"))
    assert codec.crash_reply(frame, odd) == codec.crash_reply(frame)
    assert json.loads(codec.failure_reply(frame, "busy", context=odd))["code"] == "500"


def test_each_default_is_the_first_value() -> None:
    for name, hint in get_type_hints(Readings).items():
        assert getattr(USUAL, name) == get_args(hint)[0]


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    assert make_readings.TABLE.read_text("utf-8") == make_readings.table(), "run make_readings"


def test_every_member_has_its_line_with_its_values() -> None:
    lines = make_readings.switches()
    assert list(lines) == [item.name for item in dataclasses.fields(Readings)]
    assert all(line.topic and line.ours and line.others for line in lines.values())


# --- tokens -------------------------------------------------------------------------------------------------------


def test_the_storage_of_a_token_that_is_there_goes_to_a_worker() -> None:
    there = ("AKKaztokenStore",)
    call = decode(common_utils.MODULE, "getKeyInfo", ["AKKaztokenStore"], there)
    assert call.request == messages.KeyInfoRequest(there)
    of_basics = {
        "format": "cms",
        "data": "a",
        "signingParams": {},
        "signerParams": {},
        "allowedStorages": [*there, "AKJaCartaStore"],
    }
    assert request(decode(basics.MODULE, "sign", of_basics, there)).storages == there
    listed = decode(common_utils.MODULE, "getActiveTokens", [], there)
    assert codec.answer_without_worker(listed, there) == messages.Tokens(there)
    other = decode(common_utils.MODULE, "getKeyInfo", ["AKJaCartaStore"], there)
    assert "storage.empty" in codec.encode(other, codec.answer_without_worker(other) or messages.Done())
