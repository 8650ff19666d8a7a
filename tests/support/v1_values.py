"""Messages of kz.qalamsap.v1 for property-based tests: good ones made from the annotations, and the same with something wrong."""

import base64
import copy
import dataclasses
import json
import re
import typing
from typing import Any, Literal

import jsonschema
from hypothesis import strategies as st
from jsonschema.protocols import Validator

from protocol.v1 import json_schema, limits, shapes
from protocol.v1.constraints import Base64Text, Base64Url, Items, Length, Nullable, Pattern, Range
from protocol.v1.methods import METHODS

SCHEMA = json_schema.document()
_SMALL = 5  # characters, octets or items: what is longer teaches no more
_OTHER_VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 1.0, 0.5, 10**20, "", "a", "none", "xml", "cms", "AA==", "AA=", "🖋", "a\n", [], {}, [None],
    {"text": "a"}, {"base64": "AA=="}, {"text": "a", "base64": "AA=="}, {"digest": {"base64": "AA=="}},
]  # fmt: skip


def validator(name: str) -> Validator:
    """Checks against a part of the published schema, by its name."""
    cls = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _ecma_pattern})
    return cls({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


def requests() -> st.SearchStrategy[dict[str, Any]]:
    """Good requests for all methods, as far as annotations and rules can tell."""
    return st.sampled_from(sorted(METHODS)).flatmap(
        lambda method: st.fixed_dictionaries(
            {
                "module": st.just(limits.MODULE),
                "id": st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True),
                "method": st.just(method),
                "params": objects(METHODS[method].params),
            }
        )
    )


def objects(cls: Any) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects that fit a dataclass of protocol.v1; its rules may be broken."""
    hints = typing.get_type_hints(cls, include_extras=True)
    required, optional = {}, {}
    for member in shapes.members_of(cls):
        values = _of_hint(hints[member.name])
        if member.is_nullable:
            values |= st.none()
        (required if member.is_required else optional)[member.wire] = values
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def mutated(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> Any:
    """A value with up to three changes somewhere inside; they may happen to do no harm."""
    value = copy.deepcopy(draw(values))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(value))
        owner, key = draw(st.sampled_from(places))
        _change(draw, owner, key)
    return value


def _change(draw: st.DrawFn, owner: Any, key: Any) -> None:
    match draw(st.sampled_from(["replace", "delete", "add", "rename", "prolong"])):
        case "replace":
            owner[key] = copy.deepcopy(draw(st.sampled_from(_OTHER_VALUES)))
        case "delete":
            del owner[key]
        case "add" if isinstance(owner, dict):
            owner[draw(st.sampled_from(_NAMES))] = copy.deepcopy(draw(st.sampled_from(_OTHER_VALUES)))
        case "add":
            owner.append(copy.deepcopy(draw(st.sampled_from(_OTHER_VALUES))))
        case "rename" if isinstance(owner, dict):
            owner[draw(st.sampled_from(_NAMES))] = owner.pop(key)
        case _ if isinstance(owner[key], str):
            owner[key] = draw(
                st.sampled_from([owner[key] + "\n", owner[key] * 50, owner[key] + "=", " " + owner[key]])
            )
        case _ if isinstance(owner[key], list):
            owner[key] = owner[key] * draw(st.sampled_from([2, 70]))


def _places(value: Any) -> typing.Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])
    if isinstance(value, dict) and not value:
        value["more"] = None
        yield value, "more"


def _of_hint(hint: Any) -> st.SearchStrategy[Any]:
    inner, extras = shapes.split(hint)
    inner = shapes.without_none(inner)
    if shapes.split(inner)[1]:
        return _of_hint(inner)
    origin = typing.get_origin(inner)
    if origin is Literal:
        return st.sampled_from(typing.get_args(inner))
    if origin is tuple:
        least = max((each.least for each in extras if isinstance(each, Items)), default=0)
        return st.lists(_of_hint(typing.get_args(inner)[0]), min_size=least, max_size=3)
    if origin is dict:
        return st.dictionaries(st.text(max_size=_SMALL), _of_hint(typing.get_args(inner)[1]), max_size=2)
    parts = shapes.alternatives(inner)
    if all(dataclasses.is_dataclass(part) for part in parts):
        return st.one_of(*map(objects, parts))
    return _scalar(inner, [each for each in extras if not isinstance(each, str | Nullable)])


def _scalar(kind: Any, constraints: list[Any]) -> st.SearchStrategy[Any]:
    if kind is bool:
        return st.booleans()
    if kind is int:
        bounds = next((each for each in constraints if isinstance(each, Range)), Range(0, 10))
        return st.integers(bounds.least, bounds.most)
    for each in constraints:
        match each:
            case Base64Text(may_be_empty=may_be_empty):
                return st.binary(min_size=0 if may_be_empty else 1, max_size=_SMALL).map(
                    lambda octets: base64.b64encode(octets).decode()
                )
            case Base64Url(least, most):
                return st.binary(min_size=least, max_size=most).map(
                    lambda octets: base64.urlsafe_b64encode(octets).decode().rstrip("=")
                )
            case Pattern(expression):
                return st.from_regex(expression, fullmatch=True).filter(lambda text: len(text) < 100)
    least = max((each.least for each in constraints if isinstance(each, Length)), default=0)
    return st.text(min_size=least, max_size=least + _SMALL)


def _ecma_pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Any:
    """ECMA's `$` is the end of a text; Python's is also before a line end there."""
    assert pattern.endswith("$")
    if isinstance(instance, str) and not re.search(pattern[:-1] + r"\Z", instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


_NAMES = sorted(
    {
        member.wire
        for cls in json_schema.classes()
        for member in shapes.members_of(cls)
    }
    | {"more", "__proto__", ""}
)  # fmt: skip


def text_of(message: object) -> bytes:
    """A frame."""
    return json.dumps(message, ensure_ascii=False).encode()
