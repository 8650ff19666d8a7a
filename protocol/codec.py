"""A page's frame to a Call, an outcome to the reply in the page's dialect. Both sides of the process border use it.

    decode(frame)               the call; BadCall with the reply where there is none
    answer_without_worker(call) the outcome, where no key, window or foreign parser is needed; None where a worker is
    encode(call, outcome)       the reply
    failure_reply(frame, code)  the reply where the frame's worker never came to one

A reply that is the empty text is not sent: `setLocale` of the old dialect has no answer, and a client would take one for the
answer to its next request. The heartbeat is not a call (protocol.handshake).
"""

import re
from typing import Any, Final

from protocol import accessory, basics, common_utils, json_text, messages
from protocol.errors import BadCall
from protocol.messages import Call

_NOT_JSON: Final = json_text.write({"success": False, "code": "COMMON_JSON_WRAPPING_EXCEPTION"})
_NO_MODULE: Final = json_text.write({"success": False, "errorCode": "MODULE_NOT_FOUND"})
_OLD_MODULE = "kz.gov.pki.knca.applet.Applet"  # the flat methods that came before modules
_LONG_FRAME = 256 * 1024
_UUID = re.compile(rb'"uuid":\s{0,8}"([^"\\\x00-\x1f]{1,200})"')


def decode(frame: bytes | bytearray | str) -> Call:
    """The call in a page's frame. Raises BadCall, and nothing else, whatever the frame holds."""
    try:
        message = json_text.read(frame)
    except json_text.NotJson as error:
        raise BadCall(_NOT_JSON) from error
    if not isinstance(message, dict):
        raise BadCall(_NOT_JSON)
    module = message.get("module")
    if module == common_utils.MODULE:
        return common_utils.decode(message)
    if module == basics.MODULE:
        return basics.decode(message)
    if module == accessory.MODULE:
        return accessory.decode(message)
    return _of_no_module(message)


def answer_without_worker(call: Call) -> messages.Outcome | None:
    """The outcome of a call that needs no key, window or foreign parser; None for one that needs a worker.

    A caller that keeps the language of windows reads it from a LocaleRequest in `call.request`.
    """
    match call.request:
        case messages.TokensRequest():
            return messages.Tokens()  # no token module is read yet
        case messages.LocaleRequest():
            return messages.Done()
        case messages.UnavailableRequest(detail, code):
            return messages.Failed(code, detail)
        case messages.ConstantRequest(reply):
            return messages.Constant(reply)
        case messages.KeyInfoRequest() | messages.SignRequest() | messages.TimestampRequest():
            return None


def encode(call: Call, outcome: messages.Outcome) -> str:
    """The reply to `call`; the empty text where none is sent."""
    if call.dialect == "common-utils":
        return common_utils.encode(call, outcome)
    if call.dialect == "basics":
        return basics.encode(outcome)
    return call.request.reply if isinstance(call.request, messages.ConstantRequest) else _NO_MODULE


def failure_reply(frame: bytes | bytearray | str, code: str, detail: str = "") -> str:
    """The reply to a frame that can't be carried out, for one of the codes of agent.errors (or "busy", "paused").

    For the daemon, when a worker did not answer or could not be started. A long frame is not parsed for it, and the first octets
    of one do where they name the module.
    """
    if len(frame) > _LONG_FRAME:
        return _unread_failure(frame, code, detail, _NO_MODULE)
    try:
        call = decode(frame)
    except BadCall as bad:
        return _unread_failure(frame, code, detail, _NOT_JSON) if bad.reply == _NOT_JSON else bad.reply
    return encode(call, messages.Failed(code, detail))


def crash_reply(frame: bytes | bytearray | str) -> str:
    """The reply to a frame whose worker died: an error of its dialect, never "cancelled"."""
    return failure_reply(frame, "internal", "the process that served the request ended early")


def _of_no_module(message: dict[str, Any]) -> Call:
    is_old = message.get("module") in (None, _OLD_MODULE)
    is_silent = is_old and message.get("method") == "setLocale"
    return Call("none", "", messages.ConstantRequest("" if is_silent else _NO_MODULE))


def _unread_failure(frame: bytes | bytearray | str, code: str, detail: str, otherwise: str) -> str:
    """The failure in the dialect whose module is named somewhere in the frame."""
    octets = frame.encode("utf-8", "replace") if isinstance(frame, str) else frame
    if basics.MODULE.encode() in octets:
        return basics.failure_reply(code, detail)
    if common_utils.MODULE.encode() in octets:
        found = _UUID.search(octets)
        uuid = found.group(1).decode("utf-8", "replace") if found else ""
        return common_utils.failure_reply(code, detail, uuid)
    return otherwise
