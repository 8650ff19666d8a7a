"""A page's frames to messages and requests, and what comes of them to frames."""

import base64
import itertools
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import messages, pipes, prompts
from protocol.messages import KeyFilter, LargeDocument
from protocol.prompts import Fact
from protocol.v1 import codec, limits, replies, requests, sentences, shapes
from protocol.v1.limits import MODULE
from protocol.v1.methods import METHODS
from tests.support import v1_values

LARGE = LargeDocument(10**9, (("1.2.3", b"d" * 32),))
REPLY_SCHEMA = v1_values.validator("AnyReply")


def frame(method: str, id_: Any = "1", **params: Any) -> bytes:
    return v1_values.text_of({"module": MODULE, "id": id_, "method": method, "params": params})


def sign(*documents: Any, **params: Any) -> codec.Message:
    wanted = {
        "format": "cms",
        "documents": [each if "content" in each else {"content": each} for each in documents],
    }
    return codec.decode(frame("sign", **wanted | params))


def test_a_document_that_is_named_often_counts_often(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sign(*[{"upload": "u"}] * 10)
    monkeypatch.setattr(limits, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(limits, "FRAME_BYTES", 1)
    assert len(sign_request(asked, {"u": b"x" * 100}).documents) == 10
    with pytest.raises(codec.BadRequest, match="as often as it is named") as caught:
        sign_request(asked, {"u": b"x" * 101})
    assert caught.value.code == "too-large"


def test_a_long_frame_is_ours_by_its_beginning_only() -> None:
    padding = "x" * 300_000
    assert codec.is_own(v1_values.text_of({"module": MODULE, "padding": padding}))
    assert codec.is_own(v1_values.text_of({"padding": "x" * 1000, "module": MODULE}))
    assert not codec.is_own(v1_values.text_of({"padding": padding, "module": MODULE}))


def refusal(octets: bytes) -> codec.BadRequest:
    with pytest.raises(codec.BadRequest) as caught:
        codec.decode(octets)
    return caught.value


def sign_request(message: codec.Message, uploads: Any = None, **options: Any) -> messages.SignRequest:
    found = codec.request_of(message, uploads or {}, **options)
    assert isinstance(found, messages.SignRequest)
    return found


def names() -> Any:
    numbers = itertools.count(1)
    return lambda: f"name-{next(numbers)}"


def encoded(message: codec.Message, outcome: messages.Outcome) -> tuple[dict[str, Any], dict[str, bytes]]:
    found = codec.encode(message, outcome, "ru", 13579, names())
    value = json.loads(found.text)
    REPLY_SCHEMA.validate(value)
    return value, dict(found.attachments)


# --- whose a frame is ---------------------------------------------------------------------------------------------


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


# --- frames that can't be carried out -----------------------------------------------------------------------------


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


def test_a_prompt_can_carry_whatever_words_a_request_has() -> None:
    label, value = '"' * 10, '"' * 9  # what JSON makes longest
    documents = [
        {
            "content": {"digest": {"base64": "A" * 128}},
            "title": "",
            "facts": [{"label": label, "value": value}],
        }
    ] * 10_000
    request = sign_request(sign(*documents))
    shown = tuple(
        prompts.Document("", None, "768 bit", document.hex(), is_digest=True, facts=facts)
        for document, facts in zip(request.documents, request.facts, strict=True)
    )
    prompt = prompts.OpenKey(
        caller=prompts.Caller("site"), action="sign", purpose="sign", documents=shown, placement="beside", language="kk",
        storages=(), folder="",
    )  # fmt: skip
    assert len(pipes.pack_json(prompts.to_message(prompt))) < pipes.MAX_JSON_BYTES
    with pytest.raises(codec.BadRequest, match="titles and facts"):
        sign(*({**each, "title": "дд"} for each in documents))


# --- requests of workers ------------------------------------------------------------------------------------------


def test_a_request_to_sign_with_everything() -> None:
    message = sign(
        {"content": {"text": "Құжат"}, "title": "Акт № 1", "facts": [{"label": "Сумма", "value": "11 648,00 ₸"}]},
        {"base64": "AAEC"},
        {"upload": "u1"},
        detached=False, timestamp="wanted", cosign=True, certificate=True, language="kk",
        key={"purpose": "any", "usages": ["1.2.3"], "iin": "123456789011", "bin": "123456789012", "serialNumber": "0aF",
             "authorities": ["PEM"], "allowExpired": True, "allowRevoked": True},
    )  # fmt: skip
    assert codec.handles_of(message) == ("u1",)
    assert sign_request(message, {"u1": b"three"}) == messages.SignRequest(
        documents=("Құжат".encode(), b"\0\1\2", b"three"),
        detached=False,
        format="cms",
        timestamps=True,
        may_lack_timestamps=True,
        with_certificate=True,
        cosigns=True,
        keys=KeyFilter(
            "any",
            ("1.2.3",),
            "123456789011",
            "123456789012",
            "0aF",
            ("PEM",),
            allow_expired=True,
            allow_revoked=True,
        ),
        language="kk",
        names=("Акт № 1", "", ""),
        facts=((Fact("Сумма", "11 648,00 ₸"),), (), ()),
        xml=messages.XmlOptions("compact", is_text=True),
    )


def test_the_least_request_asks_for_a_national_signing_key() -> None:
    request = sign_request(sign({"text": "a"}))
    assert request.keys == KeyFilter("sign", authorities=None)
    assert (request.detached, request.timestamps, request.names, request.facts) == (True, False, (), ())


def test_required_timestamps() -> None:
    request = sign_request(sign({"text": "a"}, timestamp="required"))
    assert (request.timestamps, request.may_lack_timestamps) == (True, False)


def test_digests_make_detached_signatures() -> None:
    request = sign_request(sign({"digest": {"base64": "AAAA"}}, detached=False))
    assert (request.documents, request.are_digests, request.detached) == ((b"\0\0\0",), True, True)


def test_options_of_xml_and_pdf() -> None:
    paths = {"elementXPath": "//a", "parentXPath": "//b", "layout": "compact"}
    request = sign_request(sign({"base64": "PGEvPg=="}, format="xml", xml=paths))
    assert request.xml == messages.XmlOptions("compact", "//a", "//b", is_text=False)
    assert sign_request(sign({"text": "<a/>"}, format="xml")).xml.is_text
    assert sign_request(sign({"base64": ""}, format="pdf", stamp={})).stamp == messages.StampOptions(-1)
    assert sign_request(sign({"base64": ""}, format="pdf")).stamp is None


def test_large_documents_take_the_small_ones_with_them() -> None:
    message = sign(
        {"content": {"upload": "u"}, "existing": {"base64": "AAAA"}},
        {"content": {"text": "ab"}, "existing": {"base64": "AAAB"}},
    )
    request = sign_request(message, {"u": LARGE}, hashed=lambda octets: LargeDocument(len(octets), ()))
    assert request.large == (LARGE, LargeDocument(2, ()))
    assert (request.documents, request.existing, request.detached) == ((), (b"\0\0\0", b"\0\0\1"), True)


def test_an_existing_signature_of_a_digest_needs_no_hash() -> None:
    message = sign({"content": {"digest": {"base64": "AAAA"}}, "existing": {"base64": "AAAB"}})
    request = sign_request(message)
    assert (request.documents, request.large, request.existing) == ((b"\0\0\0",), (), (b"\0\0\1",))


@pytest.mark.parametrize(
    ("message", "uploads", "code", "detail"),
    [
        (sign({"upload": "u"}), {}, "no-such-handle", "documents[0].content is not a whole upload of this socket"),
        (sign({"upload": "u"}, {"text": "a"}), {"u": LARGE}, "bad-request", "documents[1].content can't be signed together"),
        (sign({"upload": "u"}, detached=False), {"u": LARGE}, "too-large", "can only get a CMS signature that is detached"),
        (sign({"upload": "u"}, format="pdf"), {"u": LARGE}, "too-large", "can't get a signature of the format pdf"),
        (sign({"content": {"text": "a"}, "existing": {"upload": "u"}}), {"u": LARGE}, "too-large", "documents[0].existing is too large"),
        (codec.decode(frame("verify", signature={"upload": "u"})), {"u": LARGE}, "too-large", "signature is too large for memory"),
        (codec.decode(frame("verify", signature={"text": ""}, document={"upload": "u"})), {}, "no-such-handle", "document is not"),
        (codec.decode(frame("timestamp", signature={"upload": "u"})), {}, "no-such-handle", "signature is not"),
    ],
)  # fmt: skip
def test_uploads_that_do_not_serve(message: codec.Message, uploads: Any, code: str, detail: str) -> None:
    with pytest.raises(codec.BadRequest) as caught:
        codec.request_of(message, uploads)
    assert (caught.value.id, caught.value.code) == ("1", code)
    assert detail in caught.value.detail


def test_the_other_requests() -> None:
    nonce = base64.urlsafe_b64encode(b"\xff" * 16).decode().rstrip("=")
    assert codec.request_of(codec.decode(frame("login", nonce=nonce)), {}) == messages.LoginRequest(
        b"\xff" * 16, KeyFilter("identify", authorities=None)
    )
    assert codec.request_of(
        codec.decode(frame("describeKey", key={"bin": "123456789012"}, language="en")), {}
    ) == (messages.KeyInfoRequest((), "en", KeyFilter("any", bin="123456789012", authorities=None)))
    verify = codec.decode(frame("verify", signature={"upload": "a"}, document={"upload": "b"}))
    assert codec.handles_of(verify) == ("a", "b")
    assert codec.request_of(verify, {"a": b"1", "b": b"2"}) == messages.VerifyRequest(b"1", b"2")
    stamp = codec.decode(frame("timestamp", signature={"base64": "AAAA"}))
    assert codec.request_of(stamp, {}) == messages.TimestampRequest(b"\0\0\0")


def test_what_the_daemon_does_alone() -> None:
    for method in METHODS:
        assert METHODS[method].needs_worker == (
            method in {"sign", "login", "describeKey", "verify", "timestamp"}
        )
    message = codec.decode(frame("upload", size=5))
    assert not codec.needs_worker(message)
    assert codec.handles_of(message) == ()
    with pytest.raises(ValueError, match="no worker"):
        codec.request_of(message, {})


def test_the_language_is_the_pages_where_it_names_one() -> None:
    assert codec.language_of(sign({"text": ""}, language="kk"), "ru") == "kk"
    assert codec.language_of(sign({"text": ""}), "ru") == "ru"
    assert codec.language_of(codec.decode(frame("capabilities")), "en") == "en"


def test_documents_stay_out_of_logs() -> None:
    assert "the deed" not in repr(sign({"text": "the deed"}))


# --- replies ------------------------------------------------------------------------------------------------------


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


def test_a_frame_that_nobody_read_gets_an_error_with_its_id() -> None:
    assert json.loads(codec.failure_text(frame("sign", id_="a.b-c"), "internal", "ru", 1))["id"] == "a.b-c"
    assert (
        json.loads(codec.failure_text(b'{"id":"a","module":"kz.qalamsap.v1"', "busy", "ru", 1))["id"] is None
    )


# --- chunks -------------------------------------------------------------------------------------------------------


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


def test_params_are_those_of_the_table() -> None:
    for name, method in METHODS.items():
        assert method.params in requests.Params.__args__, name


def test_a_frame_that_says_something_twice_is_ours_and_is_told_so_wherever_the_module_stands() -> None:
    frame = b'{"id":"a","id":"b","module":"kz.qalamsap.v1","method":"capabilities"}'
    assert codec.is_own(frame)
    with pytest.raises(codec.BadRequest, match="twice"):
        codec.decode(frame)
