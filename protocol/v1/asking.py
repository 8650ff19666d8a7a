"""What a worker is asked for when a page sent a message."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from protocol import base64_text, messages
from protocol.messages import KeyFilter, LargeDocument
from protocol.prompts import Fact, Purpose
from protocol.v1 import limits, requests, shapes
from protocol.v1.message import Message, is_text
from protocol.v1.reading import BadRequest

_Uploads = Mapping[str, bytes | LargeDocument]
_Hashed = Callable[[bytes], LargeDocument]


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
        may_leave_out=params.may_leave_out,
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
            raise shapes.Misfit(
                "can't be signed together with what is too large for memory", f"documents[{index}].content"
            )
        found.append(hashed(each) if isinstance(each, bytes) and hashed is not None else each)
    return tuple(each for each in found if isinstance(each, LargeDocument))


def _existing(documents: Sequence[requests.DocumentParams], uploads: _Uploads) -> tuple[bytes, ...]:
    return tuple(
        _in_memory(one.existing, uploads, f"documents[{index}].existing")
        for index, one in enumerate(documents)
        if one.existing is not None
    )


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
    octets = found.octets if isinstance(found, LargeDocument) else found
    if octets is None:
        raise _TooLarge(f"{path} is too large for memory")
    return octets


def _xml_options(params: requests.SignParams) -> messages.XmlOptions:
    xml = params.xml or requests.XmlParams()
    return messages.XmlOptions(
        xml.layout, xml.element_x_path, xml.parent_x_path, is_text=is_text(params.documents[0])
    )


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
