"""Which frame belongs to which dialect, and that nothing a page sends escapes as another error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import basics, codec, common_utils, messages
from protocol.errors import BadCall

NOT_FOUND = '{"success":false,"errorCode":"MODULE_NOT_FOUND"}'
NOT_JSON = '{"success":false,"code":"COMMON_JSON_WRAPPING_EXCEPTION"}'
SIGN = {
    "module": basics.MODULE,
    "method": "sign",
    "args": {"format": "cms", "data": "a", "signingParams": {}, "signerParams": {}},
}


def reply_to(frame: str | bytes) -> str | None:
    """The reply that is given without a worker; None where a worker is needed."""
    try:
        call = codec.decode(frame)
    except BadCall as bad:
        return bad.reply
    outcome = codec.answer_without_worker(call)
    return None if outcome is None else codec.encode(call, outcome)


@pytest.mark.parametrize(
    "message",
    [
        {"module": "kz.digiflow.mobile.extensions", "method": "getVersion"},
        {"module": "no.such.module"},
        {"module": "kz.gov.pki.knca", "method": "sign"},
        {"module": "NURSign", "type": "version"},
        {"module": "kz.inessoft.kgd.knp.ncalayer.KNPModuleService", "command": "info", "requestId": "1"},
        {"module": "nca", "version": "2.3"},
        {"module": 5},
        {"module": ["kz.gov.pki.knca.basics"]},
        {"type": "ping"},
        {},
        {"method": "browseKeyStore", "args": ["PKCS12", "P12", ""]},
        {"module": None, "method": "getKeys"},
        {"module": "kz.gov.pki.knca.applet.Applet", "method": "getKeys"},
    ],
)
def test_a_module_that_is_not_ours_is_not_found_at_once(message: dict[str, Any]) -> None:
    assert reply_to(json.dumps(message)) == NOT_FOUND


@pytest.mark.parametrize("more", [{}, {"module": None}, {"module": "kz.gov.pki.knca.applet.Applet"}])
def test_set_locale_of_the_old_dialect_gets_no_frame(more: dict[str, Any]) -> None:
    assert reply_to(json.dumps({"method": "setLocale", "args": ["ru"], **more})) == ""


def test_unquoted_keys_over_several_lines_are_understood() -> None:
    assert (
        reply_to('{ module: "kz.uchet.signUtil.commonUtils",\n method: "getVersion",\n args: [""] }')
        == NOT_FOUND
    )
    assert reply_to("{module:'kz.gov.pki.knca.commonUtils',method:'getActiveTokens',}") == (
        '{"responseObject":[],"code":"200"}'
    )


def test_an_id_of_the_client_is_ignored() -> None:
    assert reply_to(json.dumps({"module": common_utils.MODULE, "method": "getActiveTokens", "id": 7})) == (
        '{"responseObject":[],"code":"200"}'
    )


@pytest.mark.parametrize(
    "frame",
    [
        "hello",
        "",
        "[1,2]",
        '"text"',
        "7",
        "null",
        b"\xff\xfe{}",
        "{",
        "[" * 100_000,
        '{"a":' * 100_000,
        "{a:" * 100_000,
        "9" * 5000,
        '{"module":' + "9" * 5000,
    ],
)
def test_what_is_no_json_object_gets_an_error_object(frame: str | bytes) -> None:
    assert reply_to(frame) == NOT_JSON


def test_depth_does_not_break_a_known_call() -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    assert (
        reply_to(json.dumps({"module": common_utils.MODULE, "method": "getKeyInfo", "args": [deep]}))
        is not None
    )
    bomb = (
        '{"module":"'
        + common_utils.MODULE
        + '","method":"getKeyInfo","args":'
        + "[" * 50_000
        + "]" * 50_000
        + "}"
    )
    assert reply_to(bomb) == NOT_JSON


def test_octets_and_text_of_a_frame_mean_the_same() -> None:
    text = json.dumps(SIGN)
    assert codec.decode(text) == codec.decode(text.encode()) == codec.decode(bytearray(text.encode()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "format": st.sampled_from(["cms", "xml"]) | JSON,
        "data": st.text() | st.lists(st.text(), max_size=3) | JSON,
        "signingParams": st.dictionaries(
            st.sampled_from(["decode", "digested", "encapsulate", "tsaProfile"]), JSON
        )
        | JSON,
        "signerParams": st.dictionaries(st.sampled_from(["extKeyUsageOids", "iin", "chain"]), JSON) | JSON,
        "allowedStorages": JSON,
        "locale": JSON,
    },
)
CALLS = st.fixed_dictionaries(
    {
        "module": st.sampled_from(
            [basics.MODULE, common_utils.MODULE, "kz.gov.pki.ncalayerservices.accessory", "x"]
        )
    },
    optional={
        "method": st.sampled_from(["sign", "getKeyInfo", "createCAdESFromBase64", "signXmls", "changeLocale"])
        | JSON,
        "args": ARGUMENTS | st.lists(JSON, max_size=5) | JSON,
        "uuid": JSON,
        "apiVersion": JSON,
        "class": JSON,
    },
)


def check(frame: str | bytes) -> None:
    reply = reply_to(frame)
    if reply is not None:
        assert reply == "" or isinstance(json.loads(reply), dict)
        reply.encode("utf-8")


@given(CALLS)
def test_every_call_is_answered_or_goes_to_a_worker(message: dict[str, Any]) -> None:
    check(json.dumps(message))


@given(st.binary(max_size=200))
def test_any_octets_are_answered(frame: bytes) -> None:
    check(frame)


@given(CALLS, st.data())
def test_a_damaged_call_is_answered(message: dict[str, Any], data: st.DataObject) -> None:
    frame = bytearray(json.dumps(message).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(frame))


def test_a_worker_that_died_is_an_error_of_the_dialect_and_no_cancellation() -> None:
    answer = json.loads(codec.crash_reply(json.dumps(SIGN)))
    assert answer["code"] == "INVOCATION_ERROR"
    assert answer["status"] is False
    call = {"module": common_utils.MODULE, "method": "getKeyInfo", "args": ["PKCS12"], "uuid": "u"}
    answer = json.loads(codec.crash_reply(json.dumps(call).encode()))
    assert (answer["code"], answer["uuid"]) == ("500", "u")
    assert answer["message"].startswith("internal: ")


def test_a_long_frame_is_not_parsed_to_say_that_its_worker_died() -> None:
    filler = "A" * 300_000
    sign = '{"args":"' + filler + '","module":"' + basics.MODULE + '"'  # not even JSON
    assert json.loads(codec.crash_reply(sign))["code"] == "INVOCATION_ERROR"
    call = f'{{"uuid": "u-1","module":"{common_utils.MODULE}","args":"{filler}"'
    assert json.loads(codec.crash_reply(call.encode()))["uuid"] == "u-1"
    assert codec.crash_reply(filler) == NOT_FOUND


def test_the_beginning_of_a_frame_is_enough_for_a_failure_reply() -> None:
    start = json.dumps({**SIGN, "args": {"data": "A" * 1000}})[:500]
    assert json.loads(codec.failure_reply(start, "busy"))["status"] is False


def test_a_failure_reply_keeps_what_needs_no_worker_as_it_is() -> None:
    assert codec.failure_reply('{"method":"setLocale"}', "paused") == ""
    assert codec.failure_reply('{"module":"x"}', "paused") == NOT_FOUND
    assert codec.failure_reply("hello", "paused") == NOT_JSON
    assert json.loads(codec.failure_reply(json.dumps(SIGN), "busy"))["details"] == "busy"


def test_long_documents_are_decoded_whole() -> None:
    message = json.loads(json.dumps(SIGN))
    message["args"]["data"] = "QUJD" * 500_000
    message["args"]["signingParams"]["decode"] = True
    request = codec.decode(json.dumps(message).encode()).request
    assert isinstance(request, messages.SignRequest)
    assert request.documents == (b"ABC" * 500_000,)


@pytest.mark.parametrize("words", [basics.MODULE, common_utils.MODULE])
def test_what_looks_like_set_locale_is_met_with_silence_whatever_else_it_says(words: str) -> None:
    frame = json.dumps({"method": "setLocale", "args": [words]}, separators=(",", ":"))
    assert codec.failure_reply(frame, "busy", context=codec.Context(is_flat_on=True)) == ""
