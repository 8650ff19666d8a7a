"""Replies and events to frames."""

import itertools
import json
from typing import Any

import pytest

from protocol import messages
from protocol.v1 import codec, limits, replies, sentences, shapes
from protocol.v1.limits import MODULE
from tests.support import v1_values
from tests.support.own_messages import frame, sign

REPLY_SCHEMA = v1_values.validator("AnyReply")


def names() -> Any:
    numbers = itertools.count(1)
    return lambda: f"name-{next(numbers)}"


def encoded(message: codec.Message, outcome: messages.Outcome) -> tuple[dict[str, Any], dict[str, bytes]]:
    found = codec.encode(message, outcome, "ru", 13579, names())
    value = json.loads(found.text)
    REPLY_SCHEMA.validate(value)
    return value, dict(found.attachments)


def test_signatures_are_octets_or_texts_by_their_format() -> None:
    value, downloads = encoded(sign({"text": ""}), messages.Signed((b"\0\0\0", b"\1")))
    assert value["result"] == {
        "format": "cms",
        "signatures": [{"base64": "AAAA"}, {"base64": "AQ=="}],
        "lackingTimestamp": [],
    }
    assert downloads == {}
    value, _ = encoded(
        sign({"text": ""}, format="xml"), messages.Signed(("<ә/>".encode(),), "xml", b"\0\0\0", (0,))
    )
    assert value["result"] == {
        "format": "xml",
        "signatures": [{"text": "<ә/>"}],
        "lackingTimestamp": [0],
        "certificate": "AAAA",
    }


def test_the_largest_signatures_become_downloads() -> None:
    sizes = (100, limits.INLINE_BYTES, 50, limits.INLINE_BYTES - 150)
    signatures = tuple(bytes([65 + index]) * size for index, size in enumerate(sizes))
    value, downloads = encoded(sign({"text": ""}), messages.Signed(signatures))
    pieces = value["result"]["signatures"]
    assert [set(each) for each in pieces] == [{"base64"}, {"download", "size"}, {"base64"}, {"base64"}]
    assert pieces[1] == {"download": "name-1", "size": limits.INLINE_BYTES}
    assert downloads == {"name-1": signatures[1]}


def test_each_download_has_a_name_of_its_own() -> None:
    value, downloads = encoded(
        sign({"text": ""}, format="xml"), messages.Signed((b"x" * limits.INLINE_BYTES * 2,) * 3, "xml")
    )
    assert (
        [each["download"] for each in value["result"]["signatures"]]
        == list(downloads)
        == ["name-1", "name-2", "name-3"]
    )


def test_login_timestamp_and_report() -> None:
    login = codec.decode(frame("login", nonce="A" * 22))
    value, _ = encoded(login, messages.Signed((b"\0\0\0",), certificate_der=b"\1\1\1"))
    assert value["result"] == {"login": "AAAA", "certificate": "AQEB"}
    stamp = codec.decode(frame("timestamp", signature={"text": ""}))
    value, downloads = encoded(stamp, messages.Signed((b"\0" * 200_000,)))
    assert value["result"] == {"signature": {"download": "name-1", "size": 200_000}}
    assert list(downloads) == ["name-1"]
    report = {
        "verdict": "invalid",
        "format": "unknown",
        "is_partial": False,
        "verified_at": "2026-01-01T00:00:00Z",
        "signers": [],
    }
    value, _ = encoded(codec.decode(frame("verify", signature={"text": ""})), messages.Verified(report))
    assert value["result"] == {"report": report}


def test_a_key_is_described() -> None:
    info = messages.KeyInfo(
        alias="", key_id="", algorithm="ECGOST3410-2015-512", subject_common_name="ТЕСТОВ ТЕСТ", subject="", issuer_common_name="",
        issuer="", serial_number="0a", not_before_ms=1767225600000, not_after_ms=1798761600999, authority_key_id="",
        certificate_der=b"\0\0\0", display_name="ГОСТ 34.10-2015 (512)", iin="123456789011", organisation="ТОО", bin="123456789012",
        uses=("sign",), roles=("head",),
    )  # fmt: skip
    value, _ = encoded(codec.decode(frame("describeKey")), info)
    assert value["result"] == {
        "certificate": "AAAA",
        "owner": {"name": "ТЕСТОВ ТЕСТ", "iin": "123456789011", "organisation": "ТОО", "bin": "123456789012"},
        "serialNumber": "0a",
        "algorithm": "ГОСТ 34.10-2015 (512)",
        "notBefore": "2026-01-01T00:00:00Z",
        "notAfter": "2027-01-01T00:00:00Z",
        "uses": ["sign"],
        "roles": ["head"],
    }


def test_failures_speak_the_language_that_the_page_asked_for() -> None:
    value, _ = encoded(sign({"text": ""}, language="en"), messages.Cancelled())
    assert value == {
        "module": MODULE,
        "id": "1",
        "error": {
            "code": "cancelled",
            "retryable": False,
            "message": sentences.meaning("cancelled").en,
            "help": "https://127.0.0.1:13579/help#cancelled",
        },
    }
    value, _ = encoded(sign({"text": ""}), messages.Failed("timestamp-failed", "too-slow"))
    assert (value["error"]["retryable"], value["error"]["detail"]) == (True, "too-slow")
    assert value["error"]["message"] == sentences.meaning("timestamp-failed").ru


def test_a_code_that_is_not_known_is_an_internal_error() -> None:
    assert json.loads(codec.error_text("1", "odd", "ru", 1))["error"]["code"] == "internal"


def test_an_outcome_of_another_dialect_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="sign has no way to say Tokens"):
        codec.encode(sign({"text": ""}), messages.Tokens(), "ru", 1, names())


def test_what_the_daemon_says_by_itself() -> None:
    capabilities = json.loads(codec.result_text("1", codec.capabilities("0.1.0", "https://a.kz")))
    REPLY_SCHEMA.validate(capabilities)
    assert shapes.read(replies.CapabilitiesResult, capabilities["result"]).limits.chunk_bytes == 262144
    assert capabilities["result"]["limits"].keys() == {
        "frameBytes", "uploadBytes", "documents", "uploads", "chunkBytes", "windowBytes", "inlineBytes",
    }  # fmt: skip
    assert json.loads(codec.event_text("1", replies.SignedSoFar(120, 300))) == {
        "module": MODULE, "id": "1", "event": "signed", "done": 120, "total": 300,
    }  # fmt: skip
    assert json.loads(codec.event_text("1", replies.WindowShown())) == {
        "module": MODULE,
        "id": "1",
        "event": "window-shown",
    }


def test_what_was_left_out_keeps_its_place() -> None:
    asked = sign({"text": "a"}, {"text": "b"}, {"text": "c"}, {"text": "d"}, mayLeaveOut=True)
    signed = messages.Signed((b"\0\0\0", b"\1"), lacking=(3,), left_out=(0, 2))
    value, _ = encoded(asked, signed)
    assert value["result"]["signatures"] == [
        {"leftOut": True}, {"base64": "AAAA"}, {"leftOut": True}, {"base64": "AQ=="},
    ]  # fmt: skip
    assert value["result"]["lackingTimestamp"] == [3]
