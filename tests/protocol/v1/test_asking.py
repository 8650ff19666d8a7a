"""What a worker is asked for when a page sent a message."""

import base64
from typing import Any

import pytest

from protocol import messages, pipes, prompts
from protocol.messages import KeyFilter, LargeDocument
from protocol.prompts import Fact
from protocol.v1 import codec, limits
from tests.support.own_messages import frame, sign, sign_request

LARGE = LargeDocument(10**9, (("1.2.3", b"d" * 32),))


def test_a_document_that_is_named_often_counts_often(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = sign(*[{"upload": "u"}] * 10)
    monkeypatch.setattr(limits, "MEMORY_BYTES", 1000)
    monkeypatch.setattr(limits, "FRAME_BYTES", 1)
    assert len(sign_request(asked, {"u": b"x" * 100}).documents) == 10
    with pytest.raises(codec.BadRequest, match="as often as it is named") as caught:
        sign_request(asked, {"u": b"x" * 101})
    assert caught.value.code == "too-large"


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


def test_only_who_says_so_can_do_with_a_part() -> None:
    assert not sign_request(sign({"text": "a"}, {"text": "b"})).may_leave_out
    assert sign_request(sign({"text": "a"}, {"text": "b"}, mayLeaveOut=True)).may_leave_out


def test_a_signature_that_came_with_a_large_document_is_held() -> None:
    message = sign({"content": {"upload": "u"}, "existing": {"upload": "s"}})
    held = LargeDocument(3, (), octets=b"cms")
    request = sign_request(message, {"u": LARGE, "s": held})
    assert (request.large, request.existing) == ((LARGE,), (b"cms",))
