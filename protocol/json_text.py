"""JSON as pages and the original exchange it: strict or org.json's dialect in, org.json's manner out."""

import json
import re
from typing import Any

from protocol import lenient
from protocol.errors import ProtocolError

# org.json writes these as \uXXXX besides the control characters; lone surrogates would not go into UTF-8.
_ESCAPED = re.compile("[\u0080-\u009f\u2000-\u20ff\ud800-\udfff]")


class NotJson(ProtocolError):
    """Neither JSON nor what org.json takes for it."""


def read(frame: bytes | bytearray | str) -> Any:
    """The value in a frame. Raises NotJson, and nothing else, whatever the frame holds."""
    try:
        text = frame if isinstance(frame, str) else str(frame, "utf-8")
    except UnicodeDecodeError as error:
        raise NotJson("not UTF-8") from error
    try:
        return json.loads(text)
    except RecursionError as error:
        raise NotJson("nested too deep") from error
    except ValueError as strict:
        try:
            return lenient.read(text)
        except lenient.NotLenientJson as error:
            raise NotJson(str(error)) from strict


def write(value: dict[str, Any]) -> str:
    """One line without blanks, keys in the order of `value`, `</` written `<\\/`, letters of every script as they are."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    if text.isascii():  # true of every signature; spares a search through a long reply
        return text
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
