"""Chooses the implementation when first imported: the C extension where it was built, else its Python twin."""

from typing import Protocol


class Hash(Protocol):
    """A running hash, used as those of hashlib are."""

    @property
    def name(self) -> str: ...
    @property
    def digest_size(self) -> int: ...
    @property
    def block_size(self) -> int: ...
    def update(self, data: bytes | bytearray | memoryview, /) -> None: ...
    def digest(self) -> bytes: ...
    def hexdigest(self) -> str: ...
    def copy(self) -> "Hash": ...


class Implementation(Protocol):
    """What agent.gost._native and agent.gost.python_twin both offer; numbers are little-endian octets."""

    def new(self, name: str, data: bytes | bytearray | memoryview = ..., /) -> Hash: ...
    def public_key(self, octets: int, private_key: bytes | bytearray, /) -> bytes: ...
    def sign(
        self, octets: int, private_key: bytes | bytearray, candidate: bytes, digest: bytes, /
    ) -> bytes | None: ...
    def verify(self, octets: int, public: bytes, digest: bytes, signature: bytes, /) -> bool: ...


def _choose() -> tuple[str, Implementation]:
    try:
        from agent.gost import _native  # noqa: PLC0415  # absent where no compiler was at hand
    except ImportError:
        from agent.gost import python_twin  # noqa: PLC0415  # not loaded where it is not needed

        return "python", python_twin
    return "native", _native


NAME, implementation = _choose()


def describe() -> str:
    """One line for `version` and `doctor`."""
    if NAME == "native":
        from agent.gost import _native  # noqa: PLC0415  # see above

        return f"native (C, Streebog by {_native.streebog_paths()[0]}; signing in constant time)"
    return "python (the C extension is not built: slow, signing not in constant time)"
