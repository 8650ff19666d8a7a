"""The dialect of kz.qalamsap.v1 (docs/api/v1.md): a page's frame to a message and a request, what comes of it to frames.

    is_own(frame)                  whether a frame is for this module
    decode(frame)                  the message; BadRequest with the reply where there is none
    request_of(message, uploads)   what a worker is asked for
    encode(message, outcome)       the reply, and what is too long to stand in it
    result_text, event_text, error_text   what the daemon says by itself

JSON is read strictly here: this is an interface for new pages, and what a page meant by a mistake would have to be guessed.
"""

import json
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from protocol import base64_text, json_text, messages
from protocol.errors import ProtocolError
from protocol.messages import KeyFilter, LargeDocument
from protocol.prompts import Fact, Language, Purpose
from protocol.v1 import limits, replies, requests, sentences, shapes
from protocol.v1.methods import EVENT_NAMES, METHODS

LANGUAGES: Final[tuple[Language, ...]] = ("kk", "ru", "en")
_TEXT_FORMATS: Final = ("xml", "jws", "wsse")
_XML_FORMATS: Final = ("xml", "wsse")
_DIGEST_FORMATS: Final = ("cms",)  # raw octets over a digest could be built into a login (decision 0022)
_ID: Final = "[A-Za-z0-9._-]{1,64}"
_LOOKED_THROUGH_BYTES: Final = 256 * 1024  # reading more would hold up whoever reads for every page
_BLANK: Final = r"[ \t\r\n]{0,64}"
_MODULE: Final = rf'"module"{_BLANK}:{_BLANK}"{re.escape(limits.MODULE)}"'
_HAS_MODULE: Final = re.compile(_MODULE.encode())
_BEGINS_WITH_MODULE: Final = re.compile(rf"{_BLANK}\{{{_BLANK}{_MODULE}".encode())
_BEGINS_WITH_ID: Final = re.compile(
    rf'{_BLANK}\{{{_BLANK}{_MODULE}{_BLANK},{_BLANK}"id"{_BLANK}:{_BLANK}"({_ID})"'.encode()
)

_Uploads = Mapping[str, bytes | LargeDocument]
_Hashed = Callable[[bytes], LargeDocument]


class BadRequest(ProtocolError):
    """A frame of a page that can't be carried out. `id` is None where it has none that can be used."""

    def __init__(self, id_: str | None, code: str, detail: str) -> None:
        super().__init__(detail)
        self.id = id_
        self.code = code
        self.detail = detail

    def reply(self, language: Language, port: int) -> str:
        """The text frame that the page gets."""
        return error_text(self.id, self.code, language, port, self.detail)


class BadChunk(ProtocolError):
    """A binary frame that is no chunk of an upload."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request of a page, checked."""

    id: str
    method: str
    params: requests.Params = field(repr=False)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A reply, and the downloads that it names."""

    text: str = field(repr=False)
    attachments: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an upload: the octets of transfer number `transfer` from `offset` on."""

    transfer: int
    offset: int
    octets: memoryview


# --- what a page sends ------------------------------------------------------------------------------------------------


def is_own(frame: bytes | bytearray | str) -> bool:
    """Whether a frame is for this module. The first octets of a long one are enough.

    A frame that does not begin with the module, as it should, is looked through, unless it is long: a text inside a request for another
    module must not make it ours.
    """
    octets = _octets(frame)
    if _BEGINS_WITH_MODULE.match(octets):
        return True
    if len(octets) > _LOOKED_THROUGH_BYTES or not _HAS_MODULE.search(octets):
        return False
    try:
        message = json.loads(str(octets, "utf-8"))  # what is wrong with it otherwise, `decode` says
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("module") == limits.MODULE


def decode(frame: bytes | bytearray | str) -> Message:
    """The message in a frame for this module. Raises BadRequest, and nothing else, whatever the frame holds."""
    octets = _octets(frame)
    if len(octets) > limits.FRAME_BYTES:
        raise BadRequest(
            _id_at_start(octets),
            "too-large",
            f"a frame may have {limits.FRAME_BYTES} octets: upload what is longer",
        )
    try:
        value = _json(octets)
    except ValueError as error:
        raise BadRequest(_id_at_start(octets), "bad-request", f"the frame is not JSON: {error}") from error
    id_ = _usable_id(value)
    try:
        envelope = shapes.read(requests.Request, value)
        if envelope.method not in METHODS:
            raise BadRequest(id_, "unknown-method", f"methods are {', '.join(METHODS)}")
        params = _params(envelope.method, envelope.params)
        message = Message(envelope.id, envelope.method, params)
        if isinstance(params, requests.SignParams):
            _check_together(params)
    except shapes.Misfit as misfit:
        raise BadRequest(id_, "bad-request", str(misfit)) from misfit
    return message


def _params(method: str, value: Any) -> requests.Params:
    """Raises Misfit, whose path begins inside the parameters."""
    try:
        params: requests.Params = shapes.read(METHODS[method].params, value)
    except shapes.Misfit as misfit:
        if misfit.path:
            raise
        raise shapes.Misfit(misfit.complaint, "params") from misfit
    return params


def needs_worker(message: Message) -> bool:
    """Whether the daemon can't answer it alone."""
    return METHODS[message.method].needs_worker


def language_of(message: Message, default: Language) -> Language:
    """The language that a page wants for its request, or `default`."""
    return getattr(message.params, "language", None) or default


def handles_of(message: Message) -> tuple[str, ...]:
    """The uploads that a request refers to, each once, in the order in which they come."""
    contents: list[requests.ContentOrDigest | None] = []
    match message.params:
        case requests.SignParams(documents):
            contents.extend(each for one in documents for each in (one.content, one.existing))
        case requests.VerifyParams(signature, document):
            contents.extend((signature, document))
        case requests.TimestampParams(signature):
            contents.append(signature)
    return tuple(dict.fromkeys(each.upload for each in contents if isinstance(each, requests.UploadContent)))


def unpack_chunk(frame: bytes | bytearray | memoryview) -> Chunk:
    """A binary frame of a page. Raises BadChunk."""
    view = memoryview(frame)
    size = len(view) - limits.CHUNK_HEADER_BYTES
    if not 1 <= size <= limits.CHUNK_BYTES:
        raise BadChunk(f"a binary frame has a header and 1 to {limits.CHUNK_BYTES} octets")
    return Chunk(
        transfer=int.from_bytes(view[:4], "big"),
        offset=int.from_bytes(view[4 : limits.CHUNK_HEADER_BYTES], "big"),
        octets=view[limits.CHUNK_HEADER_BYTES :],
    )


# --- what a worker is asked for ---------------------------------------------------------------------------------------


def request_of(message: Message, attachments: _Uploads, hashed: _Hashed | None = None) -> messages.Request:
    """The request in a message that needs a worker (ValueError for another). `attachments` are the uploads that it refers to.

    A document that is not held in memory can only get a CMS signature beside it; then `hashed` has to make the same of the other
    documents of the request, as of those that come with an existing signature. Raises BadRequest.
    """
    try:
        return _request(message.params, attachments, hashed)
    except shapes.Misfit as misfit:
        raise BadRequest(message.id, "bad-request", str(misfit)) from misfit
    except _NoUpload as missing:
        raise BadRequest(message.id, "no-such-handle", str(missing)) from missing
    except _TooLarge as large:
        raise BadRequest(message.id, "too-large", str(large)) from large


class _NoUpload(Exception):
    """A request refers to what was not uploaded."""


class _TooLarge(Exception):
    """An upload is not in memory, and would have to be."""


def _request(params: requests.Params, uploads: _Uploads, hashed: _Hashed | None) -> messages.Request:
    match params:
        case requests.SignParams():
            return _sign_request(params, uploads, hashed)
        case requests.LoginParams(nonce, key, language):
            return messages.LoginRequest(
                nonce=_from_base64_url(nonce), keys=_key_filter(key, "identify"), language=language
            )
        case requests.DescribeKeyParams(key, language):
            return messages.KeyInfoRequest(storages=(), language=language, keys=_key_filter(key, "any"))
        case requests.VerifyParams(signature, document, language):
            about = None if document is None else _in_memory(document, uploads, "document")
            return messages.VerifyRequest(_in_memory(signature, uploads, "signature"), about, language)
        case requests.TimestampParams(signature):
            return messages.TimestampRequest(_in_memory(signature, uploads, "signature"))
        case _:
            raise ValueError(f"no worker carries out {type(params).__name__}")


def _sign_request(
    params: requests.SignParams, uploads: _Uploads, hashed: _Hashed | None
) -> messages.SignRequest:
    contents = [
        _octets_of(one.content, uploads, f"documents[{index}].content")
        for index, one in enumerate(params.documents)
    ]
    are_digests = isinstance(params.documents[0].content, requests.DigestContent)
    existing = _existing(params.documents, uploads)
    small = [each for each in contents if isinstance(each, bytes)]
    if sum(map(len, (*small, *existing))) > limits.MEMORY_BYTES + limits.FRAME_BYTES:
        raise _TooLarge(
            f"documents have more than {limits.MEMORY_BYTES} octets, each as often as it is named"
        )
    large = (
        _large(params, contents, hashed) if _are_large(contents, existing, are_digests=are_digests) else ()
    )
    return messages.SignRequest(
        documents=() if large else tuple(small),
        detached=params.detached or are_digests or bool(large),
        format=params.format,
        timestamps=params.timestamp != "none",
        may_lack_timestamps=params.timestamp == "wanted",
        large=large,
        existing=existing,
        xml=_xml_options(params),
        stamp=None if params.stamp is None else messages.StampOptions(params.stamp.page),
        with_certificate=params.certificate,
        are_digests=are_digests,
        cosigns=params.cosign,
        keys=_key_filter(params.key, "sign"),
        language=params.language,
        names=_if_any(one.title for one in params.documents),
        facts=_if_any(tuple(Fact(each.label, each.value) for each in one.facts) for one in params.documents),
    )


def _are_large(
    contents: Sequence[bytes | LargeDocument], existing: tuple[bytes, ...], *, are_digests: bool
) -> bool:
    """Whether only digests of the documents are signed though the documents are there. A digest that a page gave is one already."""
    return any(isinstance(each, LargeDocument) for each in contents) or (bool(existing) and not are_digests)


def _large(
    params: requests.SignParams, contents: Sequence[bytes | LargeDocument], hashed: _Hashed | None
) -> tuple[LargeDocument, ...]:
    if params.format != "cms":
        raise _TooLarge(
            f"an upload that is too large for memory can't get a signature of the format {params.format}"
        )
    if not params.detached or params.cosign:
        raise _TooLarge(
            "an upload that is too large for memory can only get a CMS signature that is detached"
        )
    found = []
    for index, each in enumerate(contents):
        if isinstance(each, bytes) and hashed is None:
            raise shapes.Misfit("can't be signed together with what is too large for memory", _content(index))
        found.append(hashed(each) if isinstance(each, bytes) and hashed is not None else each)
    return tuple(each for each in found if isinstance(each, LargeDocument))


def _existing(documents: Sequence[requests.DocumentParams], uploads: _Uploads) -> tuple[bytes, ...]:
    return tuple(
        _in_memory(one.existing, uploads, f"documents[{index}].existing")
        for index, one in enumerate(documents)
        if one.existing is not None
    )


def _check_together(params: requests.SignParams) -> None:
    """What no rule of one object can say. Raises Misfit."""
    words = 0
    first = params.documents[0]
    for index, one in enumerate(params.documents):
        where = f"documents[{index}]"
        if isinstance(one.content, requests.DigestContent) != isinstance(
            first.content, requests.DigestContent
        ):
            raise shapes.Misfit("has to be a digest like the others, or none", f"{where}.content")
        if (one.existing is None) != (first.existing is None):
            raise shapes.Misfit("has to have an existing signature like the others, or none", where)
        words += len(one.title.encode())
        words += sum(len(f"{each.label}{each.value}".encode()) + limits.FACT_BYTES for each in one.facts)
    if params.format in _XML_FORMATS and len({_is_text(one) for one in params.documents}) > 1:
        raise shapes.Misfit("have to be texts, all of them or none, for XML", "documents")
    if isinstance(first.content, requests.DigestContent) and params.format not in _DIGEST_FORMATS:
        raise shapes.Misfit(
            f"needs the document, not its digest, for the format {params.format}", _content(0)
        )
    if first.existing is not None and (params.format != "cms" or not params.detached or params.cosign):
        raise shapes.Misfit(
            "is for the format cms only, detached and without cosign", "documents[0].existing"
        )
    if words > limits.WORDS_BYTES:
        raise shapes.Misfit(
            f"have titles and facts of more than {limits.WORDS_BYTES} octets together", "documents"
        )


def _content(index: int) -> str:
    return f"documents[{index}].content"


def _octets_of(content: requests.ContentOrDigest, uploads: _Uploads, path: str) -> bytes | LargeDocument:
    match content:
        case requests.TextContent(text):
            return text.encode()
        case requests.Base64Content(base64):
            return base64_text.decode(base64)
        case requests.DigestContent(digest):
            return base64_text.decode(digest.base64)
        case requests.UploadContent(upload):
            found = uploads.get(upload)
            if found is None:
                raise _NoUpload(f"{path} is not a whole upload of this socket")
            return found


def _in_memory(content: requests.Content, uploads: _Uploads, path: str) -> bytes:
    found = _octets_of(content, uploads, path)
    if isinstance(found, LargeDocument):
        raise _TooLarge(f"{path} is too large for memory")
    return found


def _xml_options(params: requests.SignParams) -> messages.XmlOptions:
    xml = params.xml or requests.XmlParams()
    is_text = _is_text(params.documents[0])
    return messages.XmlOptions(xml.layout, xml.element_x_path, xml.parent_x_path, is_text=is_text)


def _is_text(document: requests.DocumentParams) -> bool:
    return isinstance(document.content, requests.TextContent)


def _key_filter(key: requests.KeyParams, purpose: Purpose) -> KeyFilter:
    return KeyFilter(
        purpose=key.purpose or purpose,
        usages=key.usages,
        iin=key.iin,
        bin=key.bin,
        serial_number=key.serial_number,
        authorities=key.authorities,
        allow_expired=key.allow_expired,
        allow_revoked=key.allow_revoked,
    )


def _if_any(values: Iterator[Any]) -> tuple[Any, ...]:
    """All of them, or none where all are empty."""
    found = tuple(values)
    return found if any(found) else ()


def _from_base64_url(text: str) -> bytes:
    return base64_text.decode(text.replace("-", "+").replace("_", "/"))


# --- what a page is told ----------------------------------------------------------------------------------------------


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


def failure_text(
    frame: bytes | bytearray | str, code: str, language: Language, port: int, detail: str = ""
) -> str:
    """The same for a frame of this module that nobody read to its end. Its `id` is known where it stands second, as it should."""
    return error_text(_id_at_start(_octets(frame)), code, language, port, detail)


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
            result = replies.SignResult(signed.format, tuple(pieces), signed.lacking, certificate)
    return shapes.write(result), tuple(downloads)


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


# --- frames -----------------------------------------------------------------------------------------------------------


def _octets(frame: bytes | bytearray | str) -> bytes | bytearray:
    return frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame


def _json(octets: bytes | bytearray) -> Any:
    """Raises ValueError where it is not JSON, or says something twice."""
    try:
        return json.loads(str(octets, "utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member comes twice")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def _usable_id(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and re.fullmatch(_ID, found) else None


def _id_at_start(octets: bytes | bytearray) -> str | None:
    found = _BEGINS_WITH_ID.match(octets)
    return found[1].decode() if found else None
