"""A password, for as short a time as possible."""

from types import TracebackType
from typing import NoReturn, Self


class Secret:
    """Octets that must not spread: no repr, no pickle, no equality, wiped when the `with` block ends.

    `buffer` is the one mutable copy. Python can't promise that no other copy exists (a library may take one), so hand
    out the buffer only to code that needs it, at the last moment.
    """

    __slots__ = ("buffer",)

    def __init__(self, buffer: bytearray) -> None:
        self.buffer = buffer

    def wipe(self) -> None:
        """Overwrites the octets with zeros; the length stays, so a view held elsewhere sees zeros too."""
        for index in range(len(self.buffer)):
            self.buffer[index] = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return "<Secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret can't be pickled")
