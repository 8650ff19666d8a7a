"""What a value has to be beyond its type. These stand in annotations, and say it twice: to whoever checks, and in JSON Schema.

    title: Annotated[str, Length(0, 300), OneLine(), "What it is called."]

The words in an annotation describe the member. Rules hold between the members of one object; they stand in its class, in `RULES`.
"""

import binascii
import re
from dataclasses import dataclass
from typing import Any, Final, Protocol


class Constraint(Protocol):
    """A demand on one value, which has the right type already."""

    def complaint(self, value: Any) -> str:
        """What is wrong, so that it reads on after the value's name; empty if nothing is."""
        ...

    def schema(self) -> dict[str, Any]:
        """The same in the keywords of JSON Schema."""
        ...


@dataclass(frozen=True, slots=True)
class Wire:
    """What a member is called where its name here does not tell."""

    name: str


@dataclass(frozen=True, slots=True)
class Nullable:
    """A member that may be absent may also be null, and that means something."""


@dataclass(frozen=True, slots=True)
class Length:
    """Of a text, in characters (code points, as JSON Schema counts)."""

    least: int
    most: int

    def complaint(self, value: str) -> str:
        if self.least <= len(value) <= self.most:
            return ""
        return f"has {len(value)} characters, and may have {self.least} to {self.most}"

    def schema(self) -> dict[str, Any]:
        least = {"minLength": self.least} if self.least else {}
        return {**least, "maxLength": self.most}


@dataclass(frozen=True, slots=True)
class Range:
    """Of a whole number."""

    least: int
    most: int

    def complaint(self, value: int) -> str:
        return "" if self.least <= value <= self.most else f"is not from {self.least} to {self.most}"

    def schema(self) -> dict[str, Any]:
        return {"minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class NotZero:
    """A whole number, but not this one."""

    def complaint(self, value: int) -> str:
        return "" if value else "is 0"

    def schema(self) -> dict[str, Any]:
        return {"not": {"const": 0}}


@dataclass(frozen=True, slots=True)
class Pattern:
    """`expression` fits a whole text; it means the same to Python and to ECMA 262. `meaning` is that in words."""

    expression: str
    meaning: str

    def complaint(self, value: str) -> str:
        return "" if re.fullmatch(self.expression, value) else f"is not {self.meaning}"

    def schema(self) -> dict[str, Any]:
        return {"pattern": f"^(?:{self.expression})$"}


@dataclass(frozen=True, slots=True)
class Items:
    """How many a list has."""

    least: int
    most: int

    def complaint(self, value: list[Any]) -> str:
        if self.least <= len(value) <= self.most:
            return ""
        return f"has {len(value)} items, and may have {self.least} to {self.most}"

    def schema(self) -> dict[str, Any]:
        least = {"minItems": self.least} if self.least else {}
        return {**least, "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Base64Text:
    """Octets in base64 with padding, on one line (RFC 4648 section 4). `most` is a multiple of three: JSON Schema counts characters."""

    most: int
    may_be_empty: bool = False

    def complaint(self, value: str) -> str:
        if len(value) > self.most // 3 * 4:
            return f"has more than {self.most} octets"
        if len(value) % 4 or not _is_base64(value):
            return "is not base64 (RFC 4648 section 4, with padding, without line ends)"
        return "" if value or self.may_be_empty else "is empty"

    def schema(self) -> dict[str, Any]:
        least = {} if self.may_be_empty else {"minLength": 4}
        return {
            "contentEncoding": "base64",
            "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
            **least,
            "maxLength": self.most // 3 * 4,
        }


@dataclass(frozen=True, slots=True)
class Base64Url:
    """Octets in base64url without padding (RFC 4648 section 5); each has one spelling only."""

    least: int
    most: int

    def complaint(self, value: str) -> str:
        size = len(value) * 3 // 4
        if not self.least <= size <= self.most:
            return f"has {size} octets, and may have {self.least} to {self.most}"
        return (
            "" if re.fullmatch(_URL_SAFE, value) else "is not base64url (RFC 4648 section 5, without padding)"
        )

    def schema(self) -> dict[str, Any]:
        return {
            "pattern": f"^{_URL_SAFE}$",
            "minLength": -(-self.least * 4 // 3),
            "maxLength": -(-self.most * 4 // 3),
        }


def one_line(meaning: str = "one line of text without control characters") -> Pattern:
    """Text that is shown as one line."""
    return Pattern(r"[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*", meaning)


class Rule(Protocol):
    """A demand on an object, by the names of its members on the wire."""

    def complaint(self, members: dict[str, Any]) -> str: ...

    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Together:
    """Both members, or neither."""

    first: str
    second: str

    def complaint(self, members: dict[str, Any]) -> str:
        if (self.first in members) == (self.second in members):
            return ""
        return f"has only one of {self.first} and {self.second}"

    def schema(self) -> dict[str, Any]:
        both, neither = [self.first, self.second], [{"required": [self.first]}, {"required": [self.second]}]
        return {"anyOf": [{"required": both}, {"not": {"anyOf": neither}}]}


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """`member` may be there, or have one of `values`, only where `other` has one of `allowed`."""

    member: str
    other: str
    allowed: tuple[str, ...]
    values: tuple[str | bool, ...] = ()

    def complaint(self, members: dict[str, Any]) -> str:
        if self.member not in members or (self.values and members[self.member] not in self.values):
            return ""
        if members.get(self.other) in self.allowed:
            return ""
        which = f" {json_word(members[self.member])}" if self.values else ""
        return f"has {self.member}{which}, which is for the {self.other} {' and '.join(self.allowed)} only"

    def schema(self) -> dict[str, Any]:
        values = {"properties": {self.member: {"enum": list(self.values)}}} if self.values else {}
        return {
            "if": {"required": [self.member], **values},
            "then": {"properties": {self.other: {"enum": list(self.allowed)}}},
        }


def json_word(value: object) -> str:
    """A member's value in a sentence."""
    return str(value).lower() if isinstance(value, bool) else str(value)


_URL_SAFE: Final = "(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"


def _is_base64(text: str) -> bool:
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return False
    return True
