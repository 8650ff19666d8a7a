"""Documents in a text of another document: XML as it stands, or anything in base64."""

import base64
import binascii
import re

from agent.renderer.base import CannotShow

SHORTEST = 64  # letters; nothing shorter is taken for a document
_PACKED = re.compile(
    r"(?:JVBERi0|UEsDB|iVBORw0KGgo|/9j/|PD94bWwg|77u/PD94|R0lGOD|SUkq|TU0A|MI(?:A|I[A-Za-z0-9+/])[A-Za-z0-9+/]{2,6}BgkqhkiG9w0BBwI)"
)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")


def looks_packed(text: str, *, is_cut: bool = False) -> bool:
    """Whether this begins as a document does, or as one in base64."""
    return _PACKED.match(text) is not None or (text.startswith("<") and (is_cut or text.endswith(">")))


def unpacked(text: str) -> bytes:
    """The octets of a document in a text. Raises CannotShow."""
    text = text.strip()
    if text.startswith("<"):
        # It was decoded with the rest: what it says of its encoding is no longer so.
        return _DECLARATION.sub("", text).encode("utf-8", "replace")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CannotShow("broken") from None
