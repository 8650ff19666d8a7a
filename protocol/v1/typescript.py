"""The messages as TypeScript declarations, for the SDK and for pages that do without it."""

import typing
from typing import Any, Final, Literal

from protocol.v1 import json_schema, limits, shapes
from protocol.v1.json_schema import NAMED, event_name, words_of
from protocol.v1.methods import EVENT_NAMES, METHODS

_WIDTH: Final = 110
_HEAD: Final = f"""\
// The messages of {limits.MODULE}, version {limits.API_VERSION}. Made by `python -m tests.protocol.v1.describe` from what the agent
// checks messages with; don't edit it here.

export type ModuleName = "{limits.MODULE}";
"""
_TAIL: Final = """\
export type Method = keyof Methods;
export type AnyEvent = Methods[Method]["event"];

/** What a page sends. It is answered by any number of events and by exactly one result or error, all with its `id`. */
export interface PageRequest<M extends Method = Method> {
  module: ModuleName;
  id: string;
  method: M;
  params: Methods[M]["params"];
}

/** The end of a request that went well. */
export interface ResultReply<M extends Method = Method> {
  module: ModuleName;
  id: string;
  result: Methods[M]["result"];
}

/** News of a request that runs. */
export type EventReply<M extends Method = Method> = { module: ModuleName; id: string } & Methods[M]["event"];

export type AnyReply<M extends Method = Method> = ResultReply<M> | ErrorReply | EventReply<M>;
"""


def declarations() -> str:
    """The whole file."""
    parts = [_HEAD]
    parts += [_alias(name, _type(hint, use_name=False)) for name, hint in NAMED.items()]
    parts += [_interface(cls) for cls in json_schema.classes()]
    parts.append(_methods())
    parts.append(_TAIL)
    return "\n".join(parts)


def _alias(name: str, kind: str) -> str:
    line = f"export type {name} = {kind};\n"
    return line if len(line) <= _WIDTH else line.replace("= ", "=\n  | ").replace('" | "', '"\n  | "')


def _interface(cls: Any) -> str:
    event = EVENT_NAMES.get(cls)
    name = event_name(event) if event else cls.__name__
    lines = [*_comment(words_of(cls)), f"export interface {name} {{"]
    if event:
        lines.append(f'  event: "{event}";')
    for member in shapes.members_of(cls):
        absent = "" if member.is_required else "?"
        null = " | null" if member.is_nullable else ""
        kind = _type(member.hint, is_read=not shapes.is_open(cls))
        lines += _comment(member.description, "  ")
        lines.append(f"  {member.wire}{absent}: {kind}{null};")
    return "\n".join([*lines, "}", ""])


def _methods() -> str:
    lines = [
        "/** What each method takes and gives, and what it may tell meanwhile. */",
        "export interface Methods {",
    ]
    for name, method in METHODS.items():
        events = " | ".join(event_name(EVENT_NAMES[event]) for event in method.events) or "never"
        lines += _comment(words_of(method.params), "  ")
        lines.append(f"  {name}: {{")
        lines.append(f"    params: {method.params.__name__};")
        lines.append(f"    result: {method.result.__name__};")
        lines.append(f"    event: {events};")
        lines.append("  };")
    return "\n".join([*lines, "}", ""])


def _type(hint: Any, *, use_name: bool = True, is_read: bool = False) -> str:
    """`is_read`: the value is only read, so that a list may be one that can't be changed."""
    inner = shapes.split(shapes.without_none(shapes.split(hint)[0]))[0]
    name = json_schema.name_of(inner)
    if name and use_name:
        return name
    if inner in _SCALARS:
        return _SCALARS[inner]
    origin = typing.get_origin(inner)
    if origin is Literal:
        return " | ".join(f'"{word}"' for word in typing.get_args(inner))
    if origin is tuple:
        item = _type(typing.get_args(inner)[0], is_read=is_read)
        return f"{'readonly ' if is_read else ''}{item}[]"
    if origin is dict:
        return f"Record<string, {_type(typing.get_args(inner)[1])}>"
    parts = shapes.alternatives(inner)
    if parts == (inner,):
        return str(inner.__name__)
    return " | ".join(_type(part, is_read=is_read) for part in parts)


def _comment(text: str, indent: str = "") -> list[str]:
    line = f"{indent}/** {text} */"
    if len(line) <= _WIDTH:
        return [line]
    lines, words = [f"{indent}/**"], text.split()
    while words:
        row = f"{indent} * {words.pop(0)}"
        while words and len(row) + 1 + len(words[0]) <= _WIDTH:
            row = f"{row} {words.pop(0)}"
        lines.append(row)
    return [*lines, f"{indent} */"]


_SCALARS: Final[dict[Any, str]] = {str: "string", int: "number", bool: "boolean", Any: "unknown"}
