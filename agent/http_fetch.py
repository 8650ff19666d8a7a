"""Fetching over HTTP: decides what may be asked, and of whom (agent.fetch is the port).

Every address is checked: that of the question, and that of each redirect. Its host and port must be on the list, and what the name
leads to is looked up here, checked, and connected to: no second look-up could give another address. Through a proxy it is the
proxy that looks up, and the name alone is checked.

Servers of authorities say all kinds of things about their answers, so the type of an answer is not looked at: it is signed, or pinned by
its fingerprint, and who asked reads it strictly.
"""

import contextlib
import dataclasses
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypeAlias
from urllib.parse import urljoin

from agent import fetch_hosts
from agent.config import Config
from agent.errors import Unreachable
from agent.fetch import LIMITS, Kind, Limits, Question, unreachable
from agent.fetch_hosts import Proxy, Rule, Target

if TYPE_CHECKING:
    from agent import http_exchange

MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 307, 308})  # 303 would turn a question into another one (RFC 9110 §15.4.4)

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""The network addresses of a host; OSError where it has none."""

_Box: TypeAlias = "queue.SimpleQueue[bytes | BaseException]"


@dataclasses.dataclass(frozen=True, slots=True)
class FetchSettings:
    """Whom to ask, and how. `proxy` is "system", "none" or a URL."""

    rules: tuple[Rule, ...] = dataclasses.field(default_factory=fetch_hosts.national)
    proxy: str = "system"
    is_offline: bool = False

    @classmethod
    def of(cls, config: Config) -> Self:
        """The national servers, those that the settings list, and those that the settings themselves send us to."""
        rules = (*fetch_hosts.national(), *map(fetch_hosts.parse_rule, config.fetch_hosts))
        named = [url for url in (config.timestamp_url, config.ocsp_url) if url]
        more = [
            fetch_hosts.rule_of(url)
            for url in named
            if fetch_hosts.rule_for(fetch_hosts.split(url), rules) is None
        ]
        return cls((*rules, *more), config.proxy, config.offline)


@dataclasses.dataclass(frozen=True, slots=True)
class _Work:
    url: str
    body: bytes
    limits: Limits
    sink: Callable[[bytes], object] | None


class HttpFetch:
    """A Fetch. From any thread; each call ends within the seconds of its kind, or when `stop` is called."""

    def __init__(
        self,
        settings: FetchSettings,
        *,
        resolve: Resolve | None = None,
        limits: Mapping[Kind, Limits] = LIMITS,
    ) -> None:
        self._settings = settings
        self._resolve = resolve or resolve_by_system
        self._limits = limits
        self._lock = threading.Lock()
        self._boxes: set[_Box] = set()
        self._is_stopped = False

    def __call__(self, question: Question) -> bytes:
        return self._answer(question.url, question.body, self._limits[question.kind], None)

    def download(self, url: str, limits: Limits, sink: Callable[[bytes], object]) -> None:
        """Gives the body to `sink` as it comes, in another thread; what came of a question that fails later is to be thrown away.
        `sink` raises nothing but Unreachable. Raises Unreachable."""
        self._answer(url, b"", limits, sink)

    def _answer(self, url: str, body: bytes, limits: Limits, sink: Callable[[bytes], object] | None) -> bytes:
        if self._settings.is_offline:
            raise unreachable("offline")
        from agent import http_exchange  # noqa: PLC0415  # loads urllib3, which most days nobody needs

        line = http_exchange.Line()
        with self._box() as box:
            # In a thread of its own, for a name server can't be hurried.
            work = (_Work(url, body, limits, sink), line, box)
            threading.Thread(target=self._work, args=work, name="fetch", daemon=True).start()
            try:
                outcome = box.get(timeout=limits.seconds)
            except queue.Empty:
                raise unreachable("too-slow") from None
            finally:
                line.cut()
        if isinstance(outcome, bytes):
            return outcome
        raise outcome

    def stop(self) -> None:
        """Ends what is on its way, and whatever is asked later."""
        with self._lock:
            self._is_stopped = True
            for box in self._boxes:
                box.put(unreachable("stopped"))

    @contextlib.contextmanager
    def _box(self) -> Iterator[_Box]:
        """Where the outcome of one question is put: by its thread, or by `stop`."""
        box: _Box = queue.SimpleQueue()
        with self._lock:
            if self._is_stopped:
                raise unreachable("stopped")
            self._boxes.add(box)
        try:
            yield box
        finally:
            with self._lock:
                self._boxes.discard(box)

    def _work(self, work: "_Work", line: "http_exchange.Line", box: _Box) -> None:
        try:
            box.put(self._ask(work, line))
        except Unreachable as error:
            box.put(error)
        except BaseException as error:
            box.put(error)
            raise

    def _ask(self, work: "_Work", line: "http_exchange.Line") -> bytes:
        from agent import http_exchange  # noqa: PLC0415  # the same

        url = work.url
        ends = time.monotonic() + work.limits.seconds
        for _ in range(MAX_REDIRECTS + 1):
            target, rule = self._target(url)
            proxy = self._proxy(target)
            addresses = self._addresses(target, rule, proxy)
            left = dataclasses.replace(work.limits, seconds=max(0.001, ends - time.monotonic()))
            request = http_exchange.Request(target, addresses, left, work.body, proxy, work.sink)
            answer = http_exchange.exchange(request, line)
            if answer.status == HTTPStatus.OK:
                return answer.body
            if answer.status not in _REDIRECTS:
                raise unreachable("status", f"{target.host} {answer.status}")
            url = _elsewhere(target, answer.location)
        raise unreachable("redirects", target.host)

    def _target(self, url: str) -> tuple[Target, Rule]:
        """The server that is meant, and the rule under which it may be asked. Raises Unreachable."""
        try:
            target = fetch_hosts.split(url.strip())
        except ValueError as error:
            raise unreachable("bad-url") from error
        rule = fetch_hosts.rule_for(target, self._settings.rules)
        if rule is None:
            raise unreachable("not-allowed", target.authority)
        return target, rule

    def _proxy(self, target: Target) -> Proxy | None:
        """The proxy that stands between, if one does. Raises Unreachable where it is of a kind that we can't use."""
        if self._settings.proxy == "none" or fetch_hosts.is_this_computer(target.host):
            return None
        text = self._settings.proxy
        if text == "system":
            text = _proxy_of_system(target)
        if not text:
            return None
        try:
            return fetch_hosts.parse_proxy(text)
        except ValueError as error:
            raise unreachable("proxy", target.host) from error

    def _addresses(self, target: Target, rule: Rule, proxy: Proxy | None) -> Sequence[str]:
        """Where to connect; at least one. Raises Unreachable."""
        host, port = (proxy.host, proxy.port) if proxy else (target.host, target.port)
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise unreachable("proxy" if proxy else "no-address", target.host) from error
        if proxy:
            return found  # whoever set it up knows where it lies
        allowed = [address for address in found if rule.allows_address(address)]
        if not allowed:
            raise unreachable("private-address", target.host)
        return allowed


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, in the order in which the system would try them. OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that can't be one
        raise OSError(0, "not a name") from error
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


def _proxy_of_system(target: Target) -> str:
    """What environment, registry or system settings say; empty for none."""
    import urllib.request  # noqa: PLC0415  # heavy, like http_exchange

    proxies = urllib.request.getproxies()
    if urllib.request.proxy_bypass(target.host):
        return ""
    return proxies.get(target.scheme) or proxies.get("all") or ""


def _elsewhere(target: Target, location: str) -> str:
    """Where a redirect leads. Raises Unreachable: from https it never leads back to http."""
    try:
        url = urljoin(target.url, location.strip())
        is_worse = target.scheme == "https" and not url.lower().startswith("https:")
    except ValueError as error:
        raise unreachable("redirects", target.host) from error
    if not location or is_worse:
        raise unreachable("redirects", target.host)
    return url
