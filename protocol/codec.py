"""A page's frame to a Call, an outcome to the reply in the page's dialect. Both sides of the process border use it.

    decode(frame)               the call; BadCall with the reply where there is none
    answer_without_worker(call) the outcome, where no key, window or foreign parser is needed; None where a worker is
    encode(call, outcome)       the reply
    failure_reply(frame, code)  the reply where the frame's worker never came to one

A reply that is the empty text is not sent: `setLocale` of the old dialect has no answer, and a client would take one for the
answer to its next request. The heartbeat is not a call (protocol.handshake).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from protocol import accessory, basics, common_utils, flat, json_text, messages
from protocol.errors import BadCall
from protocol.messages import Call, LargeDocument
from protocol.prompts import Language
from protocol.readings import USUAL, Readings
from protocol.v1 import codec as own

_NOT_JSON: Final = json_text.write({"success": False, "code": "COMMON_JSON_WRAPPING_EXCEPTION"})
_NO_MODULE: Final = json_text.write({"success": False, "errorCode": "MODULE_NOT_FOUND"})
_LONG_FRAME = 256 * 1024
_UUID = re.compile(rb'"uuid":\s{0,8}"([^"\\\x00-\x1f]{1,200})"')


@dataclass(frozen=True, slots=True)
class Context:
    """What a frame does not say itself, and its reading depends on.

    `readings` are those of the site. With `is_flat_on` the first dialect is understood. `attachments` are what the page sent before the
    frame, by the names that the frame calls them: octets, or only sizes and digests. `language` is that of the person, for sentences
    in replies, and `port` the agent's own, for links in them. `tokens` are the storage names of hardware tokens that are there.
    `hashed` makes of octets what LargeDocument holds of them, and `new_name` names that nobody can guess: for kz.qalamsap.v1.
    """

    readings: Readings = USUAL
    is_flat_on: bool = False
    attachments: Mapping[str, bytes | LargeDocument] = field(default_factory=dict, repr=False)
    language: Language = "ru"
    port: int = 13579
    tokens: tuple[str, ...] = ()
    hashed: Callable[[bytes], LargeDocument] | None = None
    new_name: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class OwnCall(Call):
    """A call of kz.qalamsap.v1."""

    message: own.Message | None = None


_PLAIN: Final = Context()


def decode(frame: bytes | bytearray | str, context: Context = _PLAIN) -> Call:
    """The call in a page's frame. Raises BadCall, and nothing else, whatever the frame holds."""
    if own.is_own(frame):
        return _own_call(frame, context)
    try:
        message = json_text.read(frame)
    except json_text.NotJson as error:
        raise BadCall(_NOT_JSON) from error
    if not isinstance(message, dict):
        raise BadCall(_NOT_JSON)
    module = message.get("module")
    if module == common_utils.MODULE:
        return common_utils.decode(message, context.readings, context.tokens)
    if module == basics.MODULE:
        return basics.decode(message, context.readings, context.tokens)
    if module == accessory.MODULE:
        return accessory.decode(message, context.readings)
    return _of_no_module(message, context)


def answer_without_worker(call: Call, tokens: tuple[str, ...] = ()) -> messages.Outcome | None:
    """The outcome of a call that needs no key, window or foreign parser; None for one that needs a worker.

    A caller that keeps the language of windows reads it from a LocaleRequest in `call.request`.
    """
    match call.request:
        case messages.TokensRequest():
            return messages.Tokens(tokens)
        case messages.LocaleRequest():
            return messages.Done()
        case messages.UnavailableRequest(detail, code):
            return messages.Failed(code, detail)
        case messages.ConstantRequest(reply):
            return messages.Constant(reply)
        case _:
            return None


def encode(call: Call, outcome: messages.Outcome) -> str:
    """The reply to `call`; the empty text where none is sent."""
    if call.dialect == "common-utils":
        return common_utils.encode(call, outcome)
    if call.dialect == "basics":
        return basics.encode(call, outcome)
    if call.dialect == "accessory":
        return accessory.encode(call, outcome)
    if call.dialect == "flat":
        return flat.encode(call, outcome)
    return call.request.reply if isinstance(call.request, messages.ConstantRequest) else _NO_MODULE


def encode_whole(call: Call, outcome: messages.Outcome, context: Context) -> own.Encoded:
    """The reply to `call`, with what goes beside it. Of a series it is the code of what went wrong, or nothing."""
    if call.dialect == "series":
        return own.Encoded(_series_code(outcome))
    if isinstance(call, OwnCall) and call.message is not None:
        assert context.new_name is not None
        return own.encode(call.message, outcome, context.language, context.port, context.new_name)
    return own.Encoded(encode(call, outcome))


def _own_call(frame: bytes | bytearray | str, context: Context) -> Call:
    """Raises BadCall."""
    try:
        message = own.decode(frame)
        request: messages.Request = messages.UnavailableRequest("this method needs a page's own connection")
        if own.needs_worker(message):
            request = own.request_of(message, context.attachments, context.hashed)
    except own.BadRequest as bad:
        raise BadCall(bad.reply(context.language, context.port)) from bad
    return OwnCall("v1", message.method, request, message.id, message=message)


def _series_code(outcome: messages.Outcome) -> str:
    match outcome:
        case messages.Failed(code):
            return code
        case messages.Cancelled():
            return "cancelled"
        case _:
            return ""


def failure_reply(
    frame: bytes | bytearray | str, code: str, detail: str = "", context: Context = _PLAIN
) -> str:
    """The reply to a frame that can't be carried out, for one of the codes of agent.errors (or "busy", "paused").

    For the daemon, when a worker did not answer or could not be started. A long frame is not parsed for it, and the first octets
    of one do where they name the module.
    """
    if own.is_own(frame):
        return own.failure_text(frame, code, context.language, context.port, detail)
    if context.is_flat_on and (len(frame) > _LONG_FRAME or is_unread(frame, context)):
        otherwise = flat.unread_failure_reply(_octets(frame), code)
        return _unread_failure(frame, code, detail, otherwise) if otherwise else ""
    if len(frame) > _LONG_FRAME:
        return _unread_failure(frame, code, detail, _NO_MODULE)
    try:
        call = decode(frame, context)
    except BadCall as bad:
        return _unread_failure(frame, code, detail, _NOT_JSON) if bad.reply == _NOT_JSON else bad.reply
    return encode(call, messages.Failed(code, detail))


def is_unread(frame: bytes | bytearray | str, context: Context) -> bool:
    """Whether the daemon leaves a frame unread because it may hold a password (protocol.flat)."""
    return context.is_flat_on and flat.may_be(_octets(frame))


def crash_reply(frame: bytes | bytearray | str, context: Context = _PLAIN) -> str:
    """The reply to a frame whose worker died: an error of its dialect, never "cancelled"."""
    return failure_reply(frame, "internal", "the process that served the request ended early", context)


def _of_no_module(message: dict[str, Any], context: Context) -> Call:
    """Raises BadCall."""
    is_old = message.get("module") in (None, flat.MODULE)
    if is_old and context.is_flat_on and isinstance(message.get("method"), str):
        return flat.decode(message, context.readings)
    is_silent = is_old and message.get("method") == "setLocale"
    return Call("none", "", messages.ConstantRequest("" if is_silent else _NO_MODULE))


def _unread_failure(frame: bytes | bytearray | str, code: str, detail: str, otherwise: str) -> str:
    """The failure in the dialect whose module is named somewhere in the frame."""
    octets = _octets(frame)
    if basics.MODULE.encode() in octets:
        return basics.failure_reply(code, detail)
    if common_utils.MODULE.encode() in octets:
        found = _UUID.search(octets)
        uuid = found.group(1).decode("utf-8", "replace") if found else ""
        return common_utils.failure_reply(code, detail, uuid)
    return otherwise


def _octets(frame: bytes | bytearray | str) -> bytes | bytearray:
    return frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
