"""A page's frames to messages and chunks."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.messages import LargeDocument
from protocol.v1 import codec, limits, sentences
from protocol.v1.limits import MODULE
from tests.support import v1_values
from tests.support.own_messages import frame, sign, sign_request

REPLY_SCHEMA = v1_values.validator("AnyReply")


def refusal(octets: bytes) -> codec.BadRequest:
    with pytest.raises(codec.BadRequest) as caught:
        codec.decode(octets)
    return caught.value


def test_a_long_frame_is_ours_by_its_beginning_only() -> None:
    padding = "x" * 300_000
    assert codec.is_own(v1_values.text_of({"module": MODULE, "padding": padding}))
    assert codec.is_own(v1_values.text_of({"padding": "x" * 1000, "module": MODULE}))
    assert not codec.is_own(v1_values.text_of({"padding": padding, "module": MODULE}))


@pytest.mark.parametrize(
    "text",
    [
        '{"module":"kz.qalamsap.v1"',
        ' \n{ "module" :\t"kz.qalamsap.v1", "id": 5}',
        '{"id":"1","module":"kz.qalamsap.v1"}',
        '{"module":"kz.qalamsap.v1",' + "x" * limits.FRAME_BYTES,
    ],
)
def test_a_frame_of_this_module(text: str) -> None:
    assert codec.is_own(text.encode())
    assert codec.is_own(bytearray(text.encode()))
    assert codec.is_own(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"module":"kz.qalamsap.v10"}',
        '{"module":"kz.gov.pki.knca.basics","args":{"data":"{\\"module\\":\\"kz.qalamsap.v1\\"}"}}',
        '{"module":"kz.gov.pki.knca.basics","args":{"module":"kz.qalamsap.v1"}}',
        '["module":"kz.qalamsap.v1"]',
        '{"a":1,"module":"kz.qalamsap.v1"',
        "{'a':'\"module\":\"kz.qalamsap.v1\"'}",
        " " * limits.FRAME_BYTES + '{"module":"kz.qalamsap.v1"}',
    ],
)
def test_a_frame_of_another(text: str) -> None:
    assert not codec.is_own(text.encode())


def test_a_long_frame_of_another_module_costs_nothing() -> None:
    long = b'{"module":"kz.gov.pki.knca.basics","args":"' + b"A" * 96 * 1024 * 1024
    began = time.perf_counter()
    assert not codec.is_own(long)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    ("octets", "id_", "code", "detail"),
    [
        (b'{"module":"kz.qalamsap.v1","id":"7",', "7", "bad-request", "the frame is not JSON"),
        (b'{"module":"kz.qalamsap.v1","id":"7","id":"7"}', "7", "bad-request", "a member comes twice"),
        (b'{"module":"kz.qalamsap.v1","id":"7","x":NaN}', "7", "bad-request", "NaN is no number"),
        (b'{"module":"kz.qalamsap.v1","id":"7","x":"\xff"}', "7", "bad-request", "the frame is not JSON"),
        (b'{"module":"kz.qalamsap.v1","x":' + b"[" * 100_000, None, "bad-request", "nested too deep"),
        (b'{"module":"kz.qalamsap.v1","x":' + b"9" * 5000 + b"}", None, "bad-request", "the frame is not JSON"),
        (b'{"module":"kz.qalamsap.v1","id":"7","x":"' + b"A" * limits.FRAME_BYTES + b'"}', "7", "too-large", "upload"),
        (b"[]", None, "bad-request", "is a list, not an object"),
        (frame("capabilities", id_=None), None, "bad-request", "id is null, not a text"),
        (frame("capabilities", id_="a b"), None, "bad-request", "id is not 1 to 64"),
        (frame("capabilities", id_=5), None, "bad-request", "id is a number"),
        (frame("capabilities", more=1), "1", "bad-request", "more is not known"),
        (frame("Sign"), "1", "unknown-method", "methods are capabilities, sign,"),
        (frame("sign"), "1", "bad-request", "documents is missing"),
        (b'{"module":"kz.qalamsap.v1","id":"1","method":"sign","params":[]}', "1", "bad-request", "params is a list, not an object"),
        (frame("sign", format="cms", documents=[{"content": {"text": ""}}], stamp={}), "1", "bad-request", "params has stamp, which"),
        (b'{"module":"kz.qalamsap.v1","id":"1","method":"sign","token":1}', "1", "bad-request", "token is not known"),
        (b'{"module":"kz.qalamsap.v1","id":"1"}', "1", "bad-request", "method is missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_frame(octets: bytes, id_: str | None, code: str, detail: str) -> None:
    found = refusal(octets)
    assert (found.id, found.code) == (id_, code)
    assert detail in found.detail
    value = json.loads(found.reply("kk", 13579))
    REPLY_SCHEMA.validate(value)
    assert (value["id"], value["error"]["message"]) == (id_, sentences.meaning(code).kk)


@given(st.binary() | v1_values.mutated(v1_values.requests()).map(v1_values.text_of))
@settings(deadline=None)
def test_whatever_a_frame_holds_there_is_a_message_or_a_reply(octets: bytes) -> None:
    try:
        message = codec.decode(octets)
    except codec.BadRequest as bad:
        REPLY_SCHEMA.validate(json.loads(bad.reply("en", 1)))
        return
    if codec.needs_worker(message):
        uploads = dict.fromkeys(codec.handles_of(message), b"octets")
        assert codec.request_of(message, uploads, lambda octets: LargeDocument(len(octets), ()))


@pytest.mark.parametrize(
    ("documents", "params", "detail"),
    [
        ([{"text": "a"}, {"digest": {"base64": "AAAA"}}], {}, "documents[1].content has to be a digest like the others, or none"),
        ([{"digest": {"base64": "AAAA"}}], {"format": "pdf"}, "documents[0].content needs the document, not its digest, for the format pdf"),
        ([{"content": {"text": "a"}, "existing": {"text": "b"}}, {"text": "a"}], {}, "documents[1] has to have an existing signature like the others, or none"),
        ([{"content": {"text": "a"}, "existing": {"text": "b"}}], {"format": "xml"}, "documents[0].existing is for the format cms only, detached and without cosign"),
        ([{"content": {"text": "a"}, "existing": {"text": "b"}}], {"detached": False}, "documents[0].existing is for the format cms only, detached and without cosign"),
        ([{"text": "a"}, {"base64": "AAAA"}], {"format": "xml"}, "documents have to be texts, all of them or none, for XML"),
        ([{"content": {"text": ""}, "title": "д" * 200}] * 1400, {}, "documents have titles and facts of more than 524288 octets together"),
    ],
)  # fmt: skip
def test_what_documents_have_to_have_in_common(
    documents: list[Any], params: dict[str, Any], detail: str
) -> None:
    with pytest.raises(codec.BadRequest) as caught:
        sign(*documents, **params)
    assert (caught.value.code, caught.value.detail) == ("bad-request", detail)


def test_ten_thousand_documents_are_decoded_in_no_time() -> None:
    octets = frame(
        "sign",
        format="cms",
        documents=[{"content": {"base64": "AAAA" * 60}, "title": f"Документ {n}"} for n in range(10_000)],
    )
    assert len(octets) < limits.FRAME_BYTES
    began = time.perf_counter()
    message = codec.decode(octets)
    assert time.perf_counter() - began < 2
    assert len(sign_request(message).documents) == 10_000


def test_a_frame_that_nobody_read_gets_an_error_with_its_id() -> None:
    assert json.loads(codec.failure_text(frame("sign", id_="a.b-c"), "internal", "ru", 1))["id"] == "a.b-c"
    assert (
        json.loads(codec.failure_text(b'{"id":"a","module":"kz.qalamsap.v1"', "busy", "ru", 1))["id"] is None
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.binary(min_size=1, max_size=50))
def test_a_chunk_comes_back(transfer: int, offset: int, octets: bytes) -> None:
    chunk = codec.unpack_chunk(codec.pack_chunk_header(transfer, offset) + octets)
    assert (chunk.transfer, chunk.offset, bytes(chunk.octets)) == (transfer, offset, octets)


@pytest.mark.parametrize("size", [0, 11, 12, limits.CHUNK_HEADER_BYTES + limits.CHUNK_BYTES + 1])
def test_a_binary_frame_that_is_no_chunk(size: int) -> None:
    with pytest.raises(codec.BadChunk):
        codec.unpack_chunk(bytes(size))


def test_the_longest_chunk() -> None:
    assert (
        len(codec.unpack_chunk(bytes(limits.CHUNK_HEADER_BYTES + limits.CHUNK_BYTES)).octets)
        == limits.CHUNK_BYTES
    )


def test_a_frame_that_says_something_twice_is_ours_and_is_told_so_wherever_the_module_stands() -> None:
    frame = b'{"id":"a","id":"b","module":"kz.qalamsap.v1","method":"capabilities"}'
    assert codec.is_own(frame)
    with pytest.raises(codec.BadRequest, match="twice"):
        codec.decode(frame)
