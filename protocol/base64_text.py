"""Base64 as the Java side of the protocol reads and writes it, without needless copies of long texts."""

import binascii
import re

from protocol.errors import ProtocolError

_FOREIGN = re.compile("[^A-Za-z0-9+/=]")
_LINE = 64  # columns of an armoured text
_SLICE_BYTES = 48 * 4096  # a whole number of lines


class NotBase64(ProtocolError):
    """The text is not base64 (RFC 4648 section 4); the message is the one that java.util.Base64 gives."""


def decode(text: str) -> bytes:
    """The octets. Padding may be missing, blanks and line ends may not be there. Raises NotBase64."""
    try:
        return binascii.a2b_base64(_padded(text), strict_mode=True)
    except ValueError as error:
        raise NotBase64(_complaint(text)) from error


def encode(octets: bytes) -> str:
    """One line."""
    return binascii.b2a_base64(octets, newline=False).decode("ascii")


def armour(label: str, octets: bytes, *, line_end: str = "\n") -> str:
    """Textual encoding (RFC 7468 section 2): 64 columns, a line end after every line and the last one."""
    parts = [f"-----BEGIN {label}-----", line_end]
    view = memoryview(octets)
    for start in range(0, len(view), _SLICE_BYTES):
        line = encode(bytes(view[start : start + _SLICE_BYTES]))
        parts += [line[at : at + _LINE] + line_end for at in range(0, len(line), _LINE)]
    parts += [f"-----END {label}-----", line_end]
    return "".join(parts)


def _padded(text: str) -> str:
    missing = -len(text) % 4
    return text + "=" * missing if missing in (1, 2) and not text.endswith("=") else text


def _complaint(text: str) -> str:
    foreign = _FOREIGN.search(text)
    if foreign is not None:
        # Java sees the text in ISO 8859-1, where every other letter is a question mark.
        letter = foreign.group() if ord(foreign.group()) < 256 else "?"
        return f"Illegal base64 character {ord(letter):x}"
    if len(text.rstrip("=")) % 4 == 1:
        return "Last unit does not have enough valid bits"
    return "Input byte array has wrong 4-byte ending unit"
