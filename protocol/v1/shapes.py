"""JSON values to typed values and back, by the annotations of frozen dataclasses.

    read(SignParams, value)    the typed value; Misfit names the member that is wrong: "documents[3].content"
    write(value)               the JSON value; what has its default is left out
    members_of(SignParams)     what an object consists of, for those who describe it

A member is called in camel case on the wire, unless its annotation or `KEEPS_NAMES` of its class says otherwise. One without a default must be there. `X | None`
with a default may be absent but not null (unless Nullable); without one it may be null but not absent. A union of dataclasses is told
apart by their first members, of which there has to be exactly one.

An object is closed: a member that nobody knows is an error, for what a page meant by it would not be done. Classes whose
`IS_OPEN` is true are what we say to pages: later versions may say more.
"""

import dataclasses
import functools
import operator
import re
import types
import typing
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, cast

from protocol.errors import ProtocolError
from protocol.v1.constraints import Constraint, Nullable, Rule, Wire

_HALF = re.compile("[\ud800-\udfff]")
_MAX_QUOTED = 40  # characters of a name that a page made up

T = TypeVar("T")
_Reader = typing.Callable[[Any], Any]


class Misfit(ProtocolError):
    """A value that is not what it should be. `path` is where, `complaint` what; together they are a sentence without a stop."""

    def __init__(self, complaint: str, path: str = "") -> None:
        super().__init__(f"{path} {complaint}" if path else complaint)
        self.complaint = complaint
        self.path = path

    def under(self, step: str) -> "Misfit":
        """The same, seen from one step further out."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        return Misfit(self.complaint, f"{step}{joint}{self.path}")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object. `hint` is its type without the annotations; `is_required` speaks of the wire."""

    name: str  # of the field
    wire: str
    hint: Any
    description: str
    is_required: bool
    is_nullable: bool
    constraints: tuple[Constraint, ...]
    default: Any


def members_of(cls: Any) -> tuple[Member, ...]:
    """The members of a dataclass, in order."""
    return _members_of(cls)


@functools.cache
def _members_of(cls: Any) -> tuple[Member, ...]:
    hints = typing.get_type_hints(cls, include_extras=True)
    to_wire = _same if getattr(cls, "KEEPS_NAMES", False) else _camel_case
    return tuple(_member(field, hints[field.name], to_wire) for field in dataclasses.fields(cls))


def rules_of(cls: Any) -> tuple[Rule, ...]:
    """The rules between the members of a dataclass."""
    return cast("tuple[Rule, ...]", getattr(cls, "RULES", ()))


def is_open(cls: Any) -> bool:
    """Whether an object may have members that are not known here."""
    return bool(getattr(cls, "IS_OPEN", False))


def alternatives(hint: Any) -> tuple[Any, ...]:
    """The parts of a union; a hint that is none is its own only part."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return tuple(part for part in typing.get_args(hint) if part is not type(None))
    return (hint,)


def without_none(hint: Any) -> Any:
    """A hint without None as one of its parts."""
    return functools.reduce(operator.or_, alternatives(hint))


def split(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A hint without its annotations, and these."""
    if typing.get_origin(hint) is Annotated:
        inner, *extras = typing.get_args(hint)
        return inner, tuple(extras)
    return hint, ()


def constraints_in(extras: tuple[Any, ...]) -> tuple[Constraint, ...]:
    """Those of a hint's annotations that demand something of the value."""
    return tuple(each for each in extras if not isinstance(each, str | Wire | Nullable))


def read(cls: type[T], value: Any) -> T:
    """The typed value of the JSON value `value`. Raises Misfit, and nothing else."""
    return cast("T", _reader(cast("Hashable", cls))(value))


def write(value: Any) -> Any:
    """The JSON value of a typed value."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            member.wire: write(found)
            for member in members_of(type(value))
            if (found := getattr(value, member.name)) != member.default or member.is_required
        }
    if isinstance(value, tuple):
        return [write(item) for item in value]
    return value


def _member(field: "dataclasses.Field[Any]", annotated: Any, to_wire: Callable[[str], str]) -> Member:
    hint, extras = split(annotated)
    is_required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    can_be_none = hint is not Any and type(None) in typing.get_args(hint)
    is_marked = any(isinstance(each, Nullable) for each in extras)
    names = [each.name for each in extras if isinstance(each, Wire)]
    return Member(
        name=field.name,
        wire=names[0] if names else to_wire(field.name),
        hint=hint,
        description=" ".join(each for each in reversed(extras) if isinstance(each, str)),
        is_required=is_required,
        is_nullable=can_be_none and (is_required or is_marked),
        constraints=constraints_in(extras),
        default=field.default,
    )


def _same(name: str) -> str:
    return name


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@functools.cache
def _reader(hint: Hashable) -> _Reader:
    """What reads values of a hint. Made once each: a request may hold ten thousand documents."""
    inner, extras = split(hint)
    return _constrained(_plain_reader(inner), constraints_in(extras))


def _plain_reader(hint: Any) -> _Reader:
    if hint is Any:
        return lambda value: value
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin = typing.get_origin(hint)
    if origin is Literal:
        return _word_reader(typing.get_args(hint))
    if origin is tuple:
        return _list_reader(_reader(typing.get_args(hint)[0]))
    if origin is dict:
        return _table_reader(_reader(typing.get_args(hint)[1]))
    parts = alternatives(hint)
    return _object_reader(parts[0]) if len(parts) == 1 and parts[0] is hint else _union_reader(parts)


def _constrained(reader: _Reader, constraints: tuple[Constraint, ...]) -> _Reader:
    if not constraints:
        return reader

    def read_constrained(value: Any) -> Any:
        found = reader(value)
        for constraint in constraints:
            complaint = constraint.complaint(found)
            if complaint:
                raise Misfit(complaint)
        return found

    return read_constrained


def _read_text(value: Any) -> str:
    if type(value) is not str:
        raise Misfit(f"is {_kind(value)}, not a text")
    if not value.isascii() and _HALF.search(value):
        raise Misfit("has half a character (a lone surrogate)")
    return value


def _read_whole_number(value: Any) -> int:
    if type(value) is float and value.is_integer():  # JSON knows no difference between 1 and 1.0
        return int(value)
    if type(value) is not int:
        raise Misfit(f"is {_kind(value)}, not a whole number")
    return value


def _read_truth(value: Any) -> bool:
    if type(value) is not bool:
        raise Misfit(f"is {_kind(value)}, not true or false")
    return value


_SCALARS: dict[Any, _Reader] = {str: _read_text, int: _read_whole_number, bool: _read_truth}


def _word_reader(words: tuple[str, ...]) -> _Reader:
    def read_word(value: Any) -> str:
        if type(value) is not str or value not in words:
            raise Misfit(f"is not {'one of ' if len(words) > 1 else ''}{', '.join(words)}")
        return value

    return read_word


def _list_reader(item_reader: _Reader) -> _Reader:
    def read_list(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise Misfit(f"is {_kind(value)}, not a list")
        found, index = [], 0
        try:
            for index, item in enumerate(value):  # noqa: B007  # the handler names it
                found.append(item_reader(item))
        except Misfit as misfit:
            raise misfit.under(f"[{index}]") from None
        return tuple(found)

    return read_list


def _table_reader(value_reader: _Reader) -> _Reader:
    def read_table(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Misfit(f"is {_kind(value)}, not an object")
        found = {}
        for name, each in value.items():
            try:
                found[name] = value_reader(each)
            except Misfit as misfit:
                raise misfit.under(_quoted(name)) from None
        return found

    return read_table


def _union_reader(parts: tuple[Any, ...]) -> _Reader:
    if len(parts) == 1:  # X | None
        return _reader(parts[0])
    readers = {members_of(part)[0].wire: _reader(part) for part in parts}

    def read_union(value: Any) -> Any:
        if type(value) is not dict:
            raise Misfit(f"is {_kind(value)}, not an object")
        found = [name for name in readers if name in value]
        if len(found) != 1:
            raise Misfit(f"has to have exactly one of {', '.join(readers)}")
        return readers[found[0]](value)

    return read_union


def _object_reader(cls: Any) -> _Reader:
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls!r} has no form in JSON")
    members = {member.wire: (member.name, _member_reader(cls, member)) for member in members_of(cls)}
    required = [member.wire for member in members_of(cls) if member.is_required]
    rules, takes_more = rules_of(cls), is_open(cls)
    make = cast("Callable[..., Any]", cls)

    def read_object(value: Any) -> Any:
        if type(value) is not dict:
            raise Misfit(f"is {_kind(value)}, not an object")
        found: dict[str, Any] = {}
        for wire, each in value.items():
            known = members.get(wire)
            if known is None:
                if takes_more:
                    continue
                raise Misfit("is not known", _quoted(wire))
            try:
                found[known[0]] = known[1](each)
            except Misfit as misfit:
                raise misfit.under(wire) from None
        for wire in required:
            if wire not in value:
                raise Misfit("is missing", wire)
        for rule in rules:
            complaint = rule.complaint(value)
            if complaint:
                raise Misfit(complaint)
        return make(**found)

    return read_object


def _member_reader(cls: Any, member: Member) -> _Reader:
    reader = _reader(typing.get_type_hints(cls, include_extras=True)[member.name])
    if not member.is_nullable:
        return reader
    return lambda value: None if value is None else reader(value)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _quoted(name: str) -> str:
    """A name that a page made up, in a path: short, and on one line."""
    shown = name if name.isascii() and name.isprintable() else ascii(name)[1:-1]
    return shown if len(shown) <= _MAX_QUOTED else f"{shown[:_MAX_QUOTED]}…"
