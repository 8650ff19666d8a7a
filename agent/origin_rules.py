"""Which callers an administrator means, by a text such as stands in the settings allowed_origins and blocked_origins.

https://x.kz           that origin, at the usual port of its scheme
https://x.kz:8443      at another port
https://x.kz:*         at every port
https://*.x.kz         every host below x.kz, not x.kz itself; also with a port
http://x.kz            pages that come unprotected are meant only where this is written
program                every caller that is no web page: it sends no origin, and one such program can't be told from another
file                   every page that was opened from the disk; any page on the web can pass for one, by a sandboxed frame
chrome-extension://id  that extension
"""

import re
from dataclasses import dataclass
from typing import Self

from agent.errors import BadInput
from agent.origins import Origin

_NAMELESS = ("program", "file")
_ANY_PORT = ":*"
_ANY_HOST = re.compile(r"(?P<scheme>https?://)\*\.(?P<rest>[^*]+)")
_WEB_SCHEMES = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class OriginRule:
    """One such text, understood. `parse` is the way to make one."""

    text: str
    origin: Origin
    below: bool = False
    any_port: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """The rule in the text. BadInput if it is none."""
        written = text.strip().lower()
        if written in _NAMELESS:
            return cls(written, Origin.parse(None if written == "program" else "file://"))
        any_port = written.endswith(_ANY_PORT)
        bare = written.removesuffix(_ANY_PORT)
        match = _ANY_HOST.fullmatch(bare)
        bare = match["scheme"] + match["rest"] if match else bare
        origin = Origin.parse(bare)
        if not origin.canonical or (
            (match or any_port) and not (origin.site and bare.startswith(_WEB_SCHEMES))
        ):
            raise BadInput(f"{text!r} is no origin")
        if match and _is_address(origin.host):
            raise BadInput(f"{text!r}: an address has no hosts below it")
        return cls(written, origin, below=match is not None, any_port=any_port)

    def matches(self, caller: Origin) -> bool:
        """Whether the caller is meant."""
        if self.text in _NAMELESS:
            # An extension has an origin of its own, and is named by it.
            return caller.kind == self.origin.kind and not caller.canonical
        if not caller.canonical or caller.kind != self.origin.kind:
            return False
        if not self.below and not self.any_port:
            return caller.canonical == self.origin.canonical
        return (
            _scheme(caller) == _scheme(self.origin)
            and (self.any_port or caller.port == self.origin.port)
            and (
                caller.host.endswith(f".{self.origin.host}")
                if self.below
                else caller.host == self.origin.host
            )
        )


def _scheme(origin: Origin) -> str:
    return origin.canonical.partition("://")[0]


def _is_address(host: str) -> bool:
    return host.startswith("[") or host.rpartition(".")[2].isdigit()
