"""A reader for the JSON that org.json accepts and the standard does not.

Pages exist that send unquoted keys, single quotes, `;` for `,`, `=` or `=>` for `:`, and separators with nothing behind them.
The strict reader is tried first (protocol.json_text); this one takes what it refuses, up to MAX_CHARACTERS and MAX_DEPTH.

As in org.json, what stands behind the first complete value is ignored, an array may have gaps (they are null), and unquoted
text is a string unless it reads as true, false, null (any letter case) or a number. It is slow, and the daemon reads pages with
it, so there is a limit to the values in a text. Differs from org.json: a key that
comes twice is an error only there in newer versions; here, as in the older ones, the last one counts.
"""

import re
from typing import Any, Final

from protocol.errors import ProtocolError

MAX_CHARACTERS = 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 10_000

_BLANK = re.compile(r"[\x00-\x20]*")
_BARE = re.compile(r"""[^\x00-\x1f,:\]}/\\"\[{;=#]*""")
_INTEGER = re.compile(r"-?[0-9]{1,4000}")  # Python converts no longer numeral
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PLAIN = {'"': re.compile(r'[^"\\\n\r\x00]*'), "'": re.compile(r"[^'\\\n\r\x00]*")}
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_HEX4 = re.compile(r"[0-9A-Fa-f]{4}")
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}


class NotLenientJson(ProtocolError):
    """Not even org.json would read this. The text says what was missing, and where."""


def read(text: str) -> Any:
    """The first value in `text`. Raises NotLenientJson, and nothing else."""
    if len(text) > MAX_CHARACTERS:
        raise NotLenientJson(f"{len(text)} characters, at most {MAX_CHARACTERS} are read leniently")
    return _Reader(text).value(0)


class _Reader:
    """A place in a text. Each method reads one thing from there and moves on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.values = 0

    def value(self, depth: int) -> Any:
        self.count()
        if depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} deep")
        start = self.peek()
        if start == "{":
            return self.object(depth)
        if start == "[":
            return self.array(depth)
        if start in ('"', "'"):
            return self.quoted(start)
        return self.bare()

    def object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while self.peek() != "}":
            key = self.key()
            self.colon(key)
            found[key] = self.value(depth + 1)
            if self.peek() in (",", ";"):
                self.at += 1
            elif self.peek() != "}":
                raise self.error("expected a ',' or '}'")
        self.at += 1
        return found

    def array(self, depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while self.peek() != "]":
            if self.peek() in (",", ";"):
                self.count()
                found.append(None)
            else:
                found.append(self.value(depth + 1))
            if self.peek() in (",", ";"):
                self.at += 1
            elif self.peek() != "]":
                raise self.error("expected a ',' or ']'")
        self.at += 1
        return found

    def key(self) -> str:
        start = self.peek()
        if start in ("{", "["):
            raise self.error("a key is a text")
        if start in ('"', "'"):
            return self.quoted(start)
        return self.bare_text()

    def colon(self, key: str) -> None:
        if self.peek() not in (":", "="):
            raise self.error(f"expected a ':' after a key of {len(key)} characters")
        self.at += 2 if self.text.startswith("=>", self.at) else 1

    def quoted(self, quote: str) -> str:
        self.at += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN[quote].match(self.text, self.at)
            assert plain is not None  # the pattern matches the empty text
            parts.append(plain.group())
            self.at = plain.end()
            end = self.text[self.at : self.at + 1]
            if end == quote:
                self.at += 1
                return _SURROGATE_PAIR.sub(_join, "".join(parts))
            if end != "\\":
                raise self.error("unterminated string")
            parts.append(self.escape())

    def escape(self) -> str:
        letter = self.text[self.at + 1 : self.at + 2]
        if letter == "u":
            digits = _HEX4.match(self.text, self.at + 2)
            if digits is None:
                raise self.error("illegal escape")
            self.at += 6
            return chr(int(digits.group(), 16))
        if letter not in _ESCAPES:
            raise self.error("illegal escape")
        self.at += 2
        return _ESCAPES[letter]

    def bare(self) -> Any:
        word = self.bare_text()
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
        if _INTEGER.fullmatch(word):
            return int(word)
        return float(word) if _NUMBER.fullmatch(word) else word

    def bare_text(self) -> str:
        bare = _BARE.match(self.text, self.at)
        assert bare is not None  # the pattern matches the empty text
        self.at = bare.end()
        word = bare.group().strip()
        if not word:
            raise self.error("missing value")
        return word

    def count(self) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.error(f"more than {MAX_VALUES} values")

    def peek(self) -> str:
        """The next character that is not blank; the empty text at the end."""
        blank = _BLANK.match(self.text, self.at)
        assert blank is not None  # the pattern matches the empty text
        self.at = blank.end()
        return self.text[self.at : self.at + 1]

    def error(self, what: str) -> NotLenientJson:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - self.text.rfind("\n", 0, self.at)
        return NotLenientJson(f"{what} at {self.at} [character {column} line {line}]")


def _join(pair: re.Match[str]) -> str:
    return pair.group().encode("utf-16", "surrogatepass").decode("utf-16")
