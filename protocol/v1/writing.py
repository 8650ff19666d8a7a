"""What a page is told: replies and events to frames."""

import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from protocol import base64_text, json_text, messages
from protocol.prompts import Language
from protocol.v1 import limits, replies, requests, sentences, shapes
from protocol.v1.message import Message, language_of
from protocol.v1.methods import EVENT_NAMES, METHODS

LANGUAGES: Final[tuple[Language, ...]] = ("kk", "ru", "en")
_TEXT_FORMATS: Final = ("xml", "jws", "wsse")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A reply, and the downloads that it names."""

    text: str = field(repr=False)
    attachments: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


def encode(
    message: Message, outcome: messages.Outcome, language: Language, port: int, new_name: Callable[[], str]
) -> Encoded:
    """The reply to a message that needed a worker. `new_name` makes names for downloads that nobody can guess.

    `language` is that of the person, unless the page asked for another; `port` the agent's own, for the address of its help.
    """
    match outcome:
        case messages.Signed():
            result, downloads = _signed_result(message, outcome, new_name)
            return Encoded(_reply(message.id, result=result), downloads)
        case messages.KeyInfo():
            return Encoded(result_text(message.id, _key_result(outcome)))
        case messages.Verified(report):
            return Encoded(_reply(message.id, result={"report": report}))
        case messages.Cancelled():
            code, detail = "cancelled", ""
        case messages.Failed():
            code, detail = outcome.code, outcome.detail
        case _:
            raise ValueError(f"{message.method} has no way to say {type(outcome).__name__}")
    return Encoded(error_text(message.id, code, language_of(message, language), port, detail))


def result_text(id_: str, result: replies.Result) -> str:
    """The frame that ends a request that went well."""
    return _reply(id_, result=shapes.write(result))


def event_text(id_: str, event: replies.Event) -> str:
    """The frame that tells what happened meanwhile."""
    return _reply(id_, event=EVENT_NAMES[type(event)], **shapes.write(event))


def error_text(id_: str | None, code: str, language: Language, port: int, detail: str = "") -> str:
    """The frame that ends a request that did not go well. A code that is not known is told as "internal"."""
    code = code if code in sentences.MEANINGS else "internal"
    meaning = sentences.meaning(code)
    error = {
        "code": code,
        "retryable": meaning.is_retryable,
        "message": meaning.sentence(language),
        "help": f"https://127.0.0.1:{port}/help#{code}",
    }
    return _reply(id_, error=error | ({"detail": detail} if detail else {}))


def capabilities(version: str, origin: str) -> replies.CapabilitiesResult:
    """What this agent can do, for a page at `origin`."""
    return replies.CapabilitiesResult(
        agent="qalamsap",
        version=version,
        api=limits.API_VERSION,
        origin=origin,
        methods=tuple(METHODS),
        formats=typing.get_args(messages.SignatureFormat),
        languages=LANGUAGES,
        limits=replies.Limits(
            frame_bytes=limits.FRAME_BYTES,
            upload_bytes=limits.MAX_UPLOAD_BYTES,
            documents=limits.MAX_DOCUMENTS,
            uploads=limits.MAX_UPLOADS,
            chunk_bytes=limits.CHUNK_BYTES,
            window_bytes=limits.WINDOW_BYTES,
            inline_bytes=limits.INLINE_BYTES,
        ),
    )


def pack_chunk_header(transfer: int, offset: int) -> bytes:
    """What stands before the octets in a binary frame."""
    return transfer.to_bytes(4, "big") + offset.to_bytes(8, "big")


def _signed_result(
    message: Message, signed: messages.Signed, new_name: Callable[[], str]
) -> tuple[Any, tuple[tuple[str, bytes], ...]]:
    inline = _inline(signed.signatures)
    downloads: list[tuple[str, bytes]] = []
    pieces: list[replies.Piece] = []
    for index, octets in enumerate(signed.signatures):
        if index in inline:
            pieces.append(_piece(octets, signed.format))
            continue
        name = new_name()
        downloads.append((name, octets))
        pieces.append(replies.DownloadPiece(name, len(octets)))
    certificate = base64_text.encode(signed.certificate_der)
    match message.params:
        case requests.LoginParams():
            return {"login": base64_text.encode(signed.signatures[0]), "certificate": certificate}, ()
        case requests.TimestampParams():
            result: replies.Result = replies.TimestampResult(pieces[0])
        case _:
            result = replies.SignResult(
                signed.format, _with_left_out(pieces, signed.left_out), signed.lacking, certificate
            )
    return shapes.write(result), tuple(downloads)


def _with_left_out(
    pieces: Sequence[replies.Piece], left_out: tuple[int, ...]
) -> tuple[replies.PieceIfAny, ...]:
    """The pieces in the places of their documents."""
    found: list[replies.PieceIfAny] = list(pieces)
    for number in sorted(left_out):
        found.insert(number, replies.LeftOutPiece(left_out=True))
    return tuple(found)


def _inline(signatures: Sequence[bytes]) -> frozenset[int]:
    """Which signatures stand in the reply: the shortest ones, as many as there is room for."""
    room, found = limits.INLINE_BYTES, []
    for index in sorted(range(len(signatures)), key=lambda one: len(signatures[one])):
        room -= len(signatures[index])
        if room < 0:
            break
        found.append(index)
    return frozenset(found)


def _piece(octets: bytes, signature_format: messages.SignatureFormat) -> replies.Piece:
    if signature_format in _TEXT_FORMATS:
        return replies.TextPiece(octets.decode())
    return replies.Base64Piece(base64_text.encode(octets))


def _key_result(info: messages.KeyInfo) -> replies.DescribeKeyResult:
    return replies.DescribeKeyResult(
        certificate=base64_text.encode(info.certificate_der),
        owner=replies.Owner(info.subject_common_name, info.iin, info.organisation, info.bin),
        serial_number=info.serial_number,
        algorithm=info.display_name or info.algorithm,
        not_before=_moment(info.not_before_ms),
        not_after=_moment(info.not_after_ms),
        uses=info.uses,
        roles=info.roles,
    )


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _reply(id_: str | None, **members: Any) -> str:
    return json_text.write({"module": limits.MODULE, "id": id_, **members})
