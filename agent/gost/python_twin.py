"""The plain Python implementation in one place, with the interface of agent.gost._native."""

from agent.gost.python_curve import public_key, sign, verify
from agent.gost.python_gost94 import Gost94
from agent.gost.python_streebog import Streebog

__all__ = ["new", "public_key", "sign", "verify"]


def new(name: str, data: bytes | bytearray | memoryview = b"") -> Streebog | Gost94:
    """A hash by name: "streebog512", "streebog256" or "gost94"."""
    match name:
        case "streebog512":
            return Streebog(64, data)
        case "streebog256":
            return Streebog(32, data)
        case "gost94":
            return Gost94(data)
    raise ValueError(f"no hash is called {name!r}")
