"""What a page sends: its frames to messages and chunks.

JSON is read strictly here: this is an interface for new pages, and what a page meant by a mistake would have to be guessed.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from protocol.errors import ProtocolError
from protocol.prompts import Language
from protocol.v1 import limits, requests, shapes
from protocol.v1.message import Message, is_text
from protocol.v1.methods import METHODS
from protocol.v1.writing import error_text

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
class Chunk:
    """A piece of an upload: the octets of transfer number `transfer` from `offset` on."""

    transfer: int
    offset: int
    octets: memoryview


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


def failure_text(
    frame: bytes | bytearray | str, code: str, language: Language, port: int, detail: str = ""
) -> str:
    """The same for a frame of this module that nobody read to its end. Its `id` is known where it stands second, as it should."""
    return error_text(_id_at_start(_octets(frame)), code, language, port, detail)


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
    if params.format in _XML_FORMATS and len({is_text(one) for one in params.documents}) > 1:
        raise shapes.Misfit("have to be texts, all of them or none, for XML", "documents")
    if isinstance(first.content, requests.DigestContent) and params.format not in _DIGEST_FORMATS:
        raise shapes.Misfit(
            f"needs the document, not its digest, for the format {params.format}", "documents[0].content"
        )
    if first.existing is not None and (params.format != "cms" or not params.detached or params.cosign):
        raise shapes.Misfit(
            "is for the format cms only, detached and without cosign", "documents[0].existing"
        )
    if words > limits.WORDS_BYTES:
        raise shapes.Misfit(
            f"have titles and facts of more than {limits.WORDS_BYTES} octets together", "documents"
        )


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
