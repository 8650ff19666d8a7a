"""Which servers may be asked: by scheme, name, port, and the network address behind the name. Nothing here connects.

The addresses of an authority's servers stand in certificates, and anybody can write a certificate. So it is names on a list that are
asked, and what a name leads to is looked at once more: a public name may point into the person's own network.

A rule is written in one of three ways:

    tsa.example.kz         this host, on ports 80 and 443, at a public address
    *.example.kz           every host below, likewise; not example.kz itself
    tsa.example.kz:8080    this host and port and no other; it may lie in a private network, or on this computer

An address of IPv6 stands in brackets, as in a URL.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast
from urllib.parse import unquote

Scheme: TypeAlias = Literal["http", "https"]

MAX_URL_CHARS = 2000
# Why each is here is said beside it. All of them are asked by http: the answers are signed.
NATIONAL = (
    ("pki.gov.kz", "certificates of the national authority (caIssuers)"),
    ("*.pki.gov.kz", "its status, lists and timestamps (ocsp., crl., crl1., tsp.) and its test site (test.)"),
    ("root.gov.kz", "certificates of the root authority (caIssuers)"),
    ("*.root.gov.kz", "the root authority's lists (crl.)"),
)

_DEFAULT_PORTS: dict[Scheme, int] = {"http": 80, "https": 443}
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]{{2,45}}\])(?::(?P<port>[0-9]{{1,5}}))?"
_URL = re.compile(rf"(?P<scheme>https?)://{_HOST}(?P<path>[/?][!-~]*)?", re.IGNORECASE)
_RULE = re.compile(rf"(?P<below>\*\.)?{_HOST}", re.IGNORECASE)
_PROXY = re.compile(
    rf"(?:http://)?(?:(?P<user>[^/:@\s]*)(?::(?P<password>[^/@\s]*))?@)?{_HOST}/?", re.IGNORECASE
)
_MAX_HOST_CHARS = 253

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291 §2.4
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in parts. `host` is lower case, an address of IPv6 without brackets; `path` has the query and no fragment."""

    scheme: Scheme
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Which servers one line of the list means. With a port, it was written by somebody who knows where that server lies."""

    host: str
    port: int | None = None
    means_below: bool = False

    def allows(self, target: Target) -> bool:
        """Whether the server may be asked, by its name and port."""
        below = target.host.endswith(f".{self.host}")
        is_named = below if self.means_below else target.host == self.host
        ports = _DEFAULT_PORTS.values() if self.port is None else (self.port,)
        return is_named and target.port in ports

    def allows_address(self, address: str) -> bool:
        """Whether the server may lie at this network address. ValueError if it is none."""
        plain = _without_wrapping(ipaddress.ip_address(address))
        if plain.is_multicast or plain.is_unspecified or plain.is_link_local:
            return False
        return self.port is not None or _is_public(plain)


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, with name and password where it wants them."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


def split(url: str) -> Target:
    """The parts of an http or https URL. ValueError for everything else: no user name, no white space, ASCII only."""
    match = _URL.fullmatch(url.split("#", 1)[0]) if len(url) <= MAX_URL_CHARS else None
    if match is None:
        raise ValueError("not the URL of an HTTP server")
    scheme = cast("Scheme", match["scheme"].lower())
    path = match["path"] or "/"
    return Target(
        scheme, _host(match), _port(match) or _DEFAULT_PORTS[scheme], path if path[0] == "/" else f"/{path}"
    )


def parse_rule(text: str) -> Rule:
    """The rule that is written so. ValueError."""
    match = _RULE.fullmatch(text)
    if match is None or (match["below"] and (match["port"] or match["host"].startswith("["))):
        raise ValueError("not a host, *.host or host:port")
    return Rule(_host(match), _port(match), means_below=match["below"] is not None)


def parse_proxy(text: str) -> Proxy:
    """The proxy of a URL such as http://user:password@host:3128; port 80 where none is named. ValueError."""
    match = _PROXY.fullmatch(text)
    if match is None:
        raise ValueError("not the URL of an HTTP proxy")
    return Proxy(
        _host(match), _port(match) or 80, unquote(match["user"] or ""), unquote(match["password"] or "")
    )


def national() -> tuple[Rule, ...]:
    """The rules that always hold."""
    return tuple(parse_rule(text) for text, _ in NATIONAL)


def rule_of(url: str) -> Rule:
    """The rule for the very server of this URL: who names a server in the settings means that it is asked. ValueError."""
    target = split(url)
    return Rule(target.host, target.port)


def rule_for(target: Target, rules: Iterable[Rule]) -> Rule | None:
    """The rule under which the server may be asked, the most exact one; None if it may not."""
    found = [rule for rule in rules if rule.allows(target)]
    return next((rule for rule in found if rule.port is not None), found[0] if found else None)


def is_this_computer(host: str) -> bool:
    """Whether a host is this computer by its very name, so that a proxy would mean another one by it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _host(match: re.Match[str]) -> str:
    host = match["host"].lower()
    if len(host) > _MAX_HOST_CHARS:
        raise ValueError("a host with too long a name")
    return str(ipaddress.IPv6Address(host[1:-1])) if host.startswith("[") else host


def _port(match: re.Match[str]) -> int | None:
    port = int(match["port"] or 0)
    if match["port"] and not 0 < port < 65536:
        raise ValueError("a port is from 1 to 65535")
    return port or None


def _without_wrapping(address: _Address) -> _Address:
    """The address of IPv4 inside one of IPv6, where it leads there: mapped, NAT64, 6to4."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[12:])
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: _Address) -> bool:
    return address.is_global and (isinstance(address, ipaddress.IPv4Address) or address in _GLOBAL_UNICAST)
