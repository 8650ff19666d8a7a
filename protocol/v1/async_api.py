"""The conversation as an AsyncAPI 3.0 document, seen from the agent: it receives requests and sends the rest."""

from typing import Any, Final

from protocol.v1 import json_schema, limits, replies
from protocol.v1.json_schema import event_name, reply_name, request_name, words_of
from protocol.v1.methods import EVENTS, METHODS

_CHANNEL: Final = {"$ref": "#/channels/socket"}
_ABOUT: Final = (
    "The interface for new pages of Qalamsap, a signing agent on the person's own computer. Text frames are JSON, in UTF-8; binary "
    "frames carry uploads and downloads in pieces. See the guide, v1.md."
)
_UPLOADED: Final = "UploadChunk"
_DOWNLOADED: Final = "DownloadChunk"
_CHUNK: Final = (
    "A binary frame: the transfer number in 4 octets and the offset in 8, both big-endian, then 1 to "
    f"{limits.CHUNK_BYTES} octets. "
)


def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": limits.MODULE,
            "version": limits.API_VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "agent": {
                "host": "127.0.0.1:13579",
                "protocol": "wss",
                "description": "The agent on the person's computer. Its certificate is trusted on that computer only.",
            }
        },
        "channels": {
            "socket": {
                "address": "/",
                "description": "One socket carries any number of requests, side by side.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _messages()},
            }
        },
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": json_schema.definitions(_ref)},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _in_channel(*names: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/socket/messages/{name}"} for name in names]


def _messages() -> dict[str, Any]:
    found = {}
    for name, method in METHODS.items():
        found[request_name(name)] = _json_message(request_name(name), words_of(method.params))
        found[reply_name(name)] = _json_message(reply_name(name), words_of(method.result))
    found["ErrorReply"] = _json_message("ErrorReply", words_of(replies.ErrorReply))
    for name, event in EVENTS.items():
        found[event_name(name)] = _json_message(event_name(name), words_of(event))
    found[_UPLOADED] = _chunk(f"{_CHUNK}A piece of an upload.")
    found[_DOWNLOADED] = _chunk(f"{_CHUNK}A piece of a download; its transfer number is 0.")
    return found


def _json_message(name: str, summary: str) -> dict[str, Any]:
    return {
        "name": name,
        "summary": summary,
        "correlationId": {"location": "$message.payload#/id"},
        "payload": _ref(name),
    }


def _chunk(summary: str) -> dict[str, Any]:
    return {
        "contentType": "application/octet-stream",
        "summary": summary,
        "payload": {"type": "string", "format": "binary"},
    }


def _operations() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, method in METHODS.items():
        found[name] = {
            "action": "receive",
            "channel": _CHANNEL,
            "summary": words_of(method.params),
            "messages": _in_channel(request_name(name)),
            "reply": {"channel": _CHANNEL, "messages": _in_channel(reply_name(name), "ErrorReply")},
        }
    return {
        **found,
        "tell": {
            "action": "send",
            "channel": _CHANNEL,
            "summary": "Tells how far a request is.",
            "messages": _in_channel(*map(event_name, EVENTS)),
        },
        "receiveChunk": {
            "action": "receive",
            "channel": _CHANNEL,
            "summary": "Takes a piece of an upload.",
            "messages": _in_channel(_UPLOADED),
        },
        "sendChunk": {
            "action": "send",
            "channel": _CHANNEL,
            "summary": "Gives a piece of a download, before the reply to `read`.",
            "messages": _in_channel(_DOWNLOADED),
        },
    }
