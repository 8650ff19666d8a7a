"""Fetching from an authority's server, as a port: a question in, octets out. Who asks neither knows nor cares who does the HTTP.

A worker has no network: its Fetch is a message to the daemon. The command line does the HTTP itself (agent.http_fetch). Tests
and the simulator answer in memory. Whoever does it applies the allow-list, the limits of the kind, and the proxy.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from agent.errors import Unreachable

Kind: TypeAlias = Literal["timestamp", "ocsp", "crl", "certificate"]

# How a question fails: the first word of `detail` of an Unreachable.
Failure: TypeAlias = Literal[
    "offline",  # the settings say that nothing is asked
    "bad-url",  # not an address that we understand
    "not-allowed",  # host or port is not on the list (agent.fetch_hosts)
    "no-address",  # the name is unknown
    "private-address",  # the name leads into a private network, or to this computer
    "no-connection",  # nobody answers there
    "no-tls",  # TLS failed: a certificate that the system does not trust, say
    "proxy",  # the proxy can't be used, or does not want to
    "too-slow",
    "too-long",
    "cut-off",  # the answer ended too early
    "garbled",  # the answer is not HTTP
    "status",  # an answer other than 200; the number follows
    "redirects",  # sent elsewhere too often, or to nowhere
    "stopped",  # nobody waits for the answer any more
    "too-many",  # questions, or octets, in one approval
]


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer may cost, and what it may call itself. `content_type` is that of the request's body, empty for a GET.

    `stall_seconds`: for how long nothing may come, where that is shorter than the whole."""

    most_bytes: int
    seconds: float
    content_type: str = ""
    accept: str = ""
    stall_seconds: float = float("inf")


# RFC 3161 §3.4, RFC 6960 app. A.1, RFC 5280 §4.2.1.13 and §4.2.2.1. The national lists of 2026 have some 200 kB.
LIMITS: dict[Kind, Limits] = {
    "timestamp": Limits(
        64 * 1024, 15, content_type="application/timestamp-query", accept="application/timestamp-reply"
    ),
    "ocsp": Limits(
        64 * 1024, 10, content_type="application/ocsp-request", accept="application/ocsp-response"
    ),
    "crl": Limits(32 * 1024 * 1024, 30),
    "certificate": Limits(64 * 1024, 10),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One request to one server: POST where there is a body, else GET."""

    kind: Kind
    url: str
    body: bytes = field(default=b"", repr=False)


class Fetch(Protocol):
    """Gets the body of a 200 answer. Raises Unreachable for everything else; `detail` says what happened."""

    def __call__(self, question: Question, /) -> bytes: ...


class Cache(Protocol):
    """Keeps answers between operations. It never fails: what can't be kept is asked again."""

    def get(self, key: str, /) -> bytes | None: ...

    def put(self, key: str, octets: bytes, until: datetime, /) -> None:
        """`until`: when the answer is of no use any more, with a time zone."""
        ...


def unreachable(failure: Failure, where: str = "") -> Unreachable:
    """The error for a question that failed; `where` is a host, never more of the address."""
    return Unreachable(f"{failure}: {where}" if where else failure)


def status_of(error: Unreachable) -> int | None:
    """The status of the HTTP answer that was the failure; None where it was another one."""
    failure, _, rest = error.detail.partition(": ")
    return int(rest.rpartition(" ")[2]) if failure == "status" else None
