"""The JavaScript client as others get it: installed from its lock file, and served to browsers."""

import contextlib
import dataclasses
import functools
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import npm_clients

ROOT = Path(__file__).resolve().parent.parent.parent
SDK = ROOT / "sdk"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of sdk/ with what its tests need, and the programs of these tests beside it."""
    folder = npm_clients.install(tmp_path_factory.mktemp("sdk"), SDK)
    for program in (Path(__file__).parent / "programs").iterdir():
        (folder / program.name).write_bytes(program.read_bytes())
    return folder


@dataclasses.dataclass
class Site:
    """A web site with the client and its examples; `headers` go with every answer."""

    port: int
    headers: dict[str, str]


@pytest.fixture
def site() -> Iterator[Site]:
    with _served(None) as found:
        yield found


@pytest.fixture
def site_over() -> Callable[[ssl.SSLContext], contextlib.AbstractContextManager[Site]]:
    """The same over TLS."""
    return _served


class _Handler(http.server.SimpleHTTPRequestHandler):
    timeout = 10  # a browser's speculative connection that never speaks must not hold a thread for ever

    def __init__(self, *arguments: Any, headers: Mapping[str, str]) -> None:
        self._more = headers
        super().__init__(*arguments, directory=str(SDK))

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        body = b"<!doctype html><meta charset=utf-8><title>site</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in self._more.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        """Quiet: a test looks at the browser's side."""


@contextlib.contextmanager
def _served(tls: ssl.SSLContext | None) -> Iterator[Site]:
    headers: dict[str, str] = {}
    handler = functools.partial(_Handler, headers=headers)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
            # The handshake belongs to the connection's own thread: a browser opens idle sockets and keeps them.
            with contextlib.suppress(OSError):
                request.settimeout(10)
                wrapped = tls.wrap_socket(request, server_side=True) if tls else request
                with contextlib.closing(wrapped):
                    super().finish_request(wrapped, client_address)

    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="site")
        thread.start()
        try:
            yield Site(server.server_address[1], headers)
        finally:
            server.shutdown()
            thread.join(10)
