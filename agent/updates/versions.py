"""Versions of this program, in order: 0.9, 0.10a1, 0.10rc1, 0.10, 0.10.1."""

import functools
import re
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(
    r"(0|[1-9]\d{0,5})((?:\.(?:0|[1-9]\d{0,5})){1,3})(?:(a|b|rc)(0|[1-9]\d{0,3}))?", re.ASCII
)
_STAGES: Final = {"a": 0, "b": 1, "rc": 2, None: 3}


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """`text` is how it is written; two that differ in zeros at their end alone are equal."""

    text: str
    order: tuple[tuple[int, ...], int, int]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.order == other.order

    def __lt__(self, other: "Version") -> bool:
        return self.order < other.order

    def __hash__(self) -> int:
        return hash(self.order)

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Version:
    """The version that is written so. ValueError for anything else."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("not a version")
    numbers = [int(match[1]), *(int(each) for each in match[2].split(".")[1:])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return Version(text, (tuple(numbers), _STAGES[match[3]], int(match[4] or 0)))
