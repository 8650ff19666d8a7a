"""Sketches keep what belongs to the protocol and nothing else of a value."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import basics, cassette, common_utils, messages
from protocol.flat import _METHODS as FLAT_METHODS  # the very table

SECRETS = ("Qwerty12", "/home/aliya/act.pdf", "830101400123", "СЕЙТКАЛИЕВА", "U2VjcmV0IGFjdA==SecretSecret")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def frame(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def sign(data: Any, **more: Any) -> dict[str, Any]:
    args = {"format": "cms", "data": data, "signingParams": {"decode": True}, "signerParams": {}, **more}
    return {"module": basics.MODULE, "method": "sign", "args": args}


def test_words_of_the_protocol_stay_and_the_rest_leaves_its_kind_and_length() -> None:
    found = cassette.sketch(frame(sign("U2VjcmV0IGFjdA==SecretSecret")))
    assert found == {
        "object": [
            ["module", {"is": "kz.gov.pki.knca.basics"}],
            ["method", {"is": "sign"}],
            [
                "args",
                {
                    "object": [
                        ["format", {"is": "cms"}],
                        ["data", {"string": 28, "kind": "text"}],
                        ["signingParams", {"object": [["decode", {"truth": 0}]]}],
                        ["signerParams", {"object": []}],
                    ]
                },
            ],
        ]
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n", "pem"),
        ("<a/>", "xml"),
        ("830101400123", "digits"),
        ("QUJDREVGR0hJSktMTU5PUFFSUw==", "base64=="),
        ("QUJDREVGR0hJSktMTU5PUFFS", "base64"),
        ("Алия", "text"),
    ],
)
def test_kinds_of_strings(text: str, kind: str) -> None:
    found = cassette.sketch(frame({"data": text}))
    assert found == {"object": [["data", {"string": len(text), "kind": kind}]]}


@pytest.mark.parametrize(
    "value",
    [
        sign(list(SECRETS)),
        {"method": "getKeys", "args": ["PKCS12", SECRETS[1], SECRETS[0], "SIGN"]},
        {secret: secret for secret in SECRETS},
        {"result": {"keys": {SECRETS[2]: [{SECRETS[3]: 1}]}}},
        {
            "code": SECRETS[0],
            "module": SECRETS[1],
            "method": SECRETS[2],
            "message": SECRETS[3],
            "event": SECRETS[4],
        },
        {"transfer": "830101400123", "size": 5, "iin": "830101400123", "total": 830101400123.5},
        sign("a", **dict.fromkeys(("size", "total", "done", "octets", "apiVersion"), 830101400123)),
    ],
)
def test_nothing_of_anybodys_is_left(value: Any) -> None:
    text = json.dumps(cassette.sketch(frame(value)), ensure_ascii=False)
    assert not any(secret in text for secret in SECRETS)


@given(values)
def test_no_string_that_is_not_of_the_protocol_is_ever_left(value: Any) -> None:
    marked = _marked(value)
    text = json.dumps(cassette.sketch(frame(marked)), ensure_ascii=False)
    assert "ζ" not in text


def _marked(value: Any) -> Any:
    if isinstance(value, str):
        return f"ζ{value}"
    if isinstance(value, list):
        return [_marked(item) for item in value]
    if isinstance(value, dict):
        return {f"ζ{key}": _marked(item) for key, item in value.items()}
    return value


@given(values, values)
def test_what_is_filled_has_the_same_sketch(value: Any, call: Any) -> None:
    found = cassette.sketch(frame({"args": value}))
    again = cassette.sketch(cassette.fill(found, frame(call)))
    assert cassette.is_alike(found, again)


@given(st.binary(max_size=60))
def test_any_frame_has_a_sketch(octets: bytes) -> None:
    json.dumps(cassette.sketch(octets))


def test_calls_for_the_same_thing_are_alike_whatever_they_carry() -> None:
    one, other = (
        cassette.sketch(frame(sign("a", locale="ru"))),
        cassette.sketch(frame(sign("b" * 99, locale="ru"))),
    )
    assert cassette.is_alike(one, other)
    assert cassette.is_alike(cassette.sketch(frame(sign(["a", "b"]))), cassette.sketch(frame(sign(["c"]))))
    assert not cassette.is_alike(one, cassette.sketch(frame(sign("a", locale="kk"))))
    assert not cassette.is_alike(one, cassette.sketch(frame(sign(["a"], locale="ru"))))
    assert not cassette.is_alike(one, cassette.sketch(frame(sign("a", locale="ru", format="xml"))))


def test_what_a_page_calls_its_call_comes_back_in_the_reply() -> None:
    call = {"module": common_utils.MODULE, "method": "getKeyInfo", "args": ["PKCS12"], "uuid": "first"}
    reply = {"responseObject": "A" * 40, "code": "200", "uuid": "first"}
    found = cassette.sketch_reply(frame(reply), frame(call))
    filled = json.loads(cassette.fill(found, frame({**call, "uuid": "second"})))
    assert filled == {"responseObject": "A" * 40, "code": "200", "uuid": "second"}
    assert cassette.is_alike(cassette.sketch(frame(call)), cassette.sketch(frame({**call, "uuid": "second"})))


def test_equal_documents_are_counted_not_repeated() -> None:
    found = cassette.sketch(frame(sign(["aa"] * 500 + ["b"])))
    assert len(json.dumps(found)) < 600
    assert len(json.loads(cassette.fill(found, b""))["args"]["data"]) == 501


def test_downloads_get_names_of_their_own() -> None:
    reply = {
        "module": "kz.qalamsap.v1",
        "id": "r",
        "result": {"signatures": [{"download": "old", "size": 7}]},
    }
    found = cassette.sketch_reply(frame(reply), frame({"id": "r"}))
    text, made = cassette.with_downloads(cassette.fill(found, frame({"id": "s"})), lambda: "new")
    assert made == (("new", 7),)
    assert json.loads(text)["result"]["signatures"] == [{"download": "new", "size": 7}]
    assert json.loads(text)["id"] == "s"


def test_every_method_of_the_old_dialects_is_a_word() -> None:
    for method in (*common_utils._METHODS, *FLAT_METHODS, *messages.KNOWN_STORAGES):
        assert cassette.sketch(frame({"method": method})) == {"object": [["method", {"is": method}]]}


def test_the_words_are_no_place_to_hide_in() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9._-]*", word) for word in cassette._WORDS)


@pytest.mark.parametrize("size", [12, 13, 14, 6000, 6001, 6002])
def test_filler_for_base64_decodes_to_as_many_octets(size: int) -> None:
    text = base64.b64encode(bytes(size)).decode()
    filled = json.loads(cassette.fill(cassette.sketch(frame({"data": text})), b""))["data"]
    assert len(base64.b64decode(filled, validate=True)) == size
