"""The messages as JSON Schema (2020-12), made from the annotations that also check them.

Every keyword used here means the same in draft 7, which AsyncAPI is based on. What holds between far parts of a request is not said:
digests for all documents or none, the octets of all titles and facts together.
"""

import dataclasses
import inspect
import typing
from collections.abc import Callable
from typing import Any, Final, Literal

from protocol import messages, prompts
from protocol.v1 import limits, replies, reports, requests, shapes
from protocol.v1.methods import EVENTS, METHODS
from protocol.v1.shapes import Member

# What has a name of its own in the descriptions, though it is no object.
NAMED: Final[dict[str, Any]] = {
    "Content": requests.Content,
    "ContentOrDigest": requests.ContentOrDigest,
    "Piece": replies.Piece,
    "PieceIfAny": replies.PieceIfAny,
    "ErrorCode": replies.ErrorCode,
    "SignatureFormat": messages.SignatureFormat,
    "TimestampWish": requests.TimestampWish,
    "Purpose": prompts.Purpose,
    "Language": prompts.Language,
    "Verdict": reports.Verdict,
}
REQUESTS: Final = "AnyRequest"
REPLIES: Final = "AnyReply"

_Ref = Callable[[str], dict[str, Any]]


def document() -> dict[str, Any]:
    """The whole schema: any frame of text, and every part of one under its name."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": limits.MODULE,
        "description": f"Any text frame of the interface {limits.MODULE}, version {limits.API_VERSION}, from a page or to one.",
        "anyOf": [_ref_in_schema(REQUESTS), _ref_in_schema(REPLIES)],
        "$defs": definitions(_ref_in_schema),
    }


def definitions(ref: _Ref) -> dict[str, Any]:
    """The schema of every part by its name; `ref` makes a reference to one."""
    found = {name: _of_plain(hint, ref, use_name=False) for name, hint in NAMED.items()}
    found |= {cls.__name__: _object(cls, ref) for cls in classes()}
    found |= _messages(ref)
    return found


def classes() -> tuple[Any, ...]:
    """The dataclasses of all that is in a message, each before those that it is made of."""
    found: dict[Any, None] = {}
    for method in METHODS.values():
        _collect(method.params, found)
        _collect(method.result, found)
    _collect(replies.ErrorReply, found)
    for event in EVENTS.values():
        _collect(event, found)
    return tuple(found)


def request_name(method: str) -> str:
    """What the request for a method is called in descriptions."""
    return f"{method[0].upper()}{method[1:]}Request"


def reply_name(method: str) -> str:
    """What the frame with the result of a method is called in descriptions."""
    return f"{method[0].upper()}{method[1:]}Reply"


def event_name(event: str) -> str:
    """What an event's frame is called in descriptions."""
    return "".join(map(str.capitalize, event.split("-"))) + "Event"


def name_of(hint: Any) -> str:
    """The name of what is no object; empty where it has none."""
    return next((name for name, named in NAMED.items() if named == hint), "")


def words_of(cls: Any) -> str:
    """What a class says of itself, on one line."""
    return " ".join((inspect.getdoc(cls) or "").split())


def _collect(hint: Any, found: dict[Any, None]) -> None:
    inner, _ = shapes.split(hint)
    if dataclasses.is_dataclass(inner):
        if inner not in found:
            found[inner] = None
            for member in shapes.members_of(inner):
                _collect(member.hint, found)
    else:
        for part in typing.get_args(inner):
            _collect(part, found)


def _ref_in_schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _messages(ref: _Ref) -> dict[str, Any]:
    """Whole frames."""
    found = {}
    for name, method in METHODS.items():
        params = {**ref(method.params.__name__), "description": "The parameters."}
        needs_params = any(member.is_required for member in shapes.members_of(method.params))
        request = _object(requests.Request, ref, {"method": {"const": name}, "params": params})
        required = [each for each in ("module", "id", "method", "params") if needs_params or each != "params"]
        found[request_name(name)] = {**request, "description": words_of(method.params), "required": required}
        reply = _object(replies.ResultReply, ref, {"result": ref(method.result.__name__)})
        found[reply_name(name)] = {**reply, "description": words_of(method.result)}
    for name, event in EVENTS.items():
        frame, own = _object(replies.EventReply, ref, {"event": {"const": name}}), _object(event, ref)
        found[event_name(name)] = {
            **frame,
            "description": words_of(event),
            "properties": {**frame["properties"], **own["properties"]},
            "required": [*frame["required"], *own.get("required", ())],
        }
    any_reply = [*map(reply_name, METHODS), "ErrorReply", *map(event_name, EVENTS)]
    return {
        REQUESTS: {
            "description": words_of(requests.Request),
            "oneOf": [ref(request_name(name)) for name in METHODS],
        },
        REPLIES: {"description": "What the agent sends.", "anyOf": [ref(name) for name in any_reply]},
        **found,
    }


def _object(cls: Any, ref: _Ref, instead: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """`instead` has the schemas of members whose types say less than is known here."""
    members = shapes.members_of(cls)
    required = [member.wire for member in members if member.is_required]
    rules = [rule.schema() for rule in shapes.rules_of(cls)]
    return {
        "type": "object",
        "description": words_of(cls),
        "properties": {
            member.wire: (instead or {}).get(member.wire) or _of_member(member, ref) for member in members
        },
        **({"required": required} if required else {}),
        **({} if shapes.is_open(cls) else {"additionalProperties": False}),
        **({"allOf": rules} if rules else {}),
    }


def _of_member(member: Member, ref: _Ref) -> dict[str, Any]:
    found = _of_plain(member.hint, ref)
    for constraint in member.constraints:
        found = {**found, **constraint.schema()}
    if member.is_nullable:
        found = {"anyOf": [found, {"type": "null"}]}
    tells_default = isinstance(member.default, bool | int | str) and member.default != ""
    return {
        **found,
        "description": member.description,
        **({"default": member.default} if tells_default else {}),
    }


def _of_hint(hint: Any, ref: _Ref) -> dict[str, Any]:
    inner, extras = shapes.split(hint)
    found = _of_plain(inner, ref)
    for constraint in shapes.constraints_in(extras):
        found = {**found, **constraint.schema()}
    return found


def _of_plain(hint: Any, ref: _Ref, *, use_name: bool = True) -> dict[str, Any]:
    hint = shapes.without_none(hint)
    if shapes.split(hint)[1]:
        return _of_hint(hint, ref)
    name = name_of(hint)
    if name and use_name:
        return ref(name)
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    origin = typing.get_origin(hint)
    if origin is Literal:
        words = list(typing.get_args(hint))
        return {"const": words[0]} if len(words) == 1 else {"type": "string", "enum": words}
    if origin is tuple:
        return {"type": "array", "items": _of_hint(typing.get_args(hint)[0], ref)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of_hint(typing.get_args(hint)[1], ref)}
    parts = shapes.alternatives(hint)
    if len(parts) > 1:
        return {"oneOf": [_of_hint(part, ref) for part in parts]}
    return ref(hint.__name__)


_SCALARS: Final[dict[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Any: {},
}
