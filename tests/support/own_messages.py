"""Requests of pages to kz.qalamsap.v1, as frames, as messages and as what a worker is asked for."""

from typing import Any

from protocol import messages
from protocol.v1 import codec
from protocol.v1.limits import MODULE
from tests.support import v1_values


def frame(method: str, id_: Any = "1", **params: Any) -> bytes:
    """What a page sends to call `method`."""
    return v1_values.text_of({"module": MODULE, "id": id_, "method": method, "params": params})


def sign(*documents: Any, **params: Any) -> codec.Message:
    """A request to sign these, each a whole document or its content alone."""
    wanted = {
        "format": "cms",
        "documents": [each if "content" in each else {"content": each} for each in documents],
    }
    return codec.decode(frame("sign", **wanted | params))


def sign_request(message: codec.Message, uploads: Any = None, **options: Any) -> messages.SignRequest:
    """What a worker is asked for by a request to sign."""
    found = codec.request_of(message, uploads or {}, **options)
    assert isinstance(found, messages.SignRequest)
    return found
