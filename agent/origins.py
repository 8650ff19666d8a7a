"""Who sends a request, as far as the Origin header tells (RFC 6454 section 7, HTML "ASCII serialisation of an origin").

    site         https, or http on this computer's own loopback names: browsers treat both as secure contexts (W3C Secure
                 Contexts section 3.1), and a page on loopback can only be served by a program that runs here
    unprotected  http from elsewhere: anybody on the way may have written the page
    file         "null" or file://, a page opened from disk or a sandboxed one; one such page can't be told from another
    program      no header at all, or a scheme that is no web page: a browser extension, the view of a desktop program

The header proves nothing about programs, which can send what they like; it tells web pages apart, because browsers set it.
"""

import functools
import ipaddress
import re
import typing
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from agent.errors import BadInput

if typing.TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

Kind: TypeAlias = Literal["site", "unprotected", "file", "program"]
Caution: TypeAlias = Literal["", "mixed-script", "punycode"]

MAX_CHARACTERS = 512  # a host name has at most 253 (RFC 1035 section 2.3.4)

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SERIALISED = re.compile(
    r"""(?P<scheme>[a-z][a-z0-9+.-]{0,31})://
        (?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,254})
        (?::(?P<port>[0-9]{1,5}))?""",
    re.VERBOSE,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_ALL_DIGITS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """A caller. `canonical` is equal for equal origins: lower case, no default port, no trailing dot, host in ASCII."""

    kind: Kind
    canonical: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, header: str | Sequence[str] | None) -> Self:
        """The origin in the value of an Origin header, or in the list of its values. BadInput if it is none."""
        if header is None:
            return cls("program")
        if not isinstance(header, str):
            values = list(header)
            if len(values) > 1:
                raise BadInput(f"{len(values)} Origin headers, at most one expected")
            return cls.parse(values[0] if values else None)
        text = header.strip(" \t").lower()
        if text in ("null", "file://"):
            return cls("file")
        return cls._from_serialised(text)

    @classmethod
    def _from_serialised(cls, text: str) -> Self:
        match = _SERIALISED.fullmatch(text) if len(text) <= MAX_CHARACTERS else None
        if match is None:
            raise BadInput(f"an Origin header of {len(text)} characters is no origin")
        scheme = match["scheme"]
        if scheme == "file":
            return cls("file")  # some programs name a host there; it means nothing
        port = _port(match["port"], scheme)
        if scheme not in _DEFAULT_PORTS:
            return cls(
                "program",
                canonical=f"{scheme}://{match['host']}{f':{port}' if port else ''}",
                host=match["host"],
            )
        host = _host(match["host"])
        shown_port = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
        is_protected = scheme == "https" or _is_loopback(host)
        kind: Kind = "site" if is_protected else "unprotected"
        return cls(kind, canonical=f"{scheme}://{host}{shown_port}", host=host, port=port)

    @property
    def site(self) -> str:
        """What people read: the host, with the port if it is not the usual one. Empty where there is no site."""
        return self.canonical.partition("://")[2] if self.kind in ("site", "unprotected") else ""


def registrable(origin: Origin) -> str:
    """The part of the host that one owner registered, such as `example.kz` of `kds.example.kz`; for an address the host.

    Empty where there is no site, and where the host is itself a public suffix. Reads a list from disk at first use.
    """
    if not origin.site:
        return ""
    if _is_address(origin.host):
        return origin.host
    return _public_suffixes().privatesuffix(origin.host) or ""


@functools.cache
def _public_suffixes() -> "PublicSuffixList":
    """Takes 30 ms and 2 MB, once in a process, and only where there is a site to be named."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  # see above

    return PublicSuffixList()


def warning(origin: Origin) -> Caution:
    """What to warn of in the host's name: a label of letters from several scripts, or one that is not ASCII at all."""
    found: Caution = ""
    for label in origin.host.split("."):
        if not label.startswith("xn--"):
            continue
        found = found or "punycode"
        try:
            text = label.encode("ascii").decode("idna")
        except UnicodeError:
            return "mixed-script"  # a name that does not decode is not an honest one
        if len(_scripts(text)) > 1:
            return "mixed-script"
    return found


def _port(text: str | None, scheme: str) -> int:
    if text is None:
        return _DEFAULT_PORTS.get(scheme, 0)
    port = int(text)
    if not 0 < port < 65536:
        raise BadInput(f"port {port} in an Origin header")
    return port


def _host(text: str) -> str:
    """The host in canonical form. BadInput if it is none."""
    if text.startswith("["):
        try:
            return f"[{ipaddress.IPv6Address(text[1:-1]).compressed}]"
        except ValueError as error:
            raise BadInput("an Origin header with a broken IPv6 address") from error
    host = text.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadInput("an Origin header with a broken host name")
    if _ALL_DIGITS.fullmatch(labels[-1]):  # then it must be an address (URL standard section 3.5)
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise BadInput("an Origin header with a broken IPv4 address") from error
    return host


def _is_address(host: str) -> bool:
    return host.startswith("[") or bool(_ALL_DIGITS.fullmatch(host.rpartition(".")[2]))


def _is_loopback(host: str) -> bool:
    if _is_address(host):
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    return host == "localhost" or host.endswith(".localhost")  # RFC 6761 section 6.3


def _scripts(text: str) -> set[str]:
    """The first words of the letters' Unicode names: LATIN, CYRILLIC, ARABIC, ..."""
    return {unicodedata.name(letter, "UNKNOWN").split(" ")[0] for letter in text if letter.isalpha()}
