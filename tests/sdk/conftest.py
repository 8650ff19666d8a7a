"""The JavaScript client as others get it: installed from its lock file, and served to browsers."""

import contextlib
import dataclasses
import functools
import http.server
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import npm_clients, sites

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


class _Handler(sites.Quiet, http.server.SimpleHTTPRequestHandler):
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


@contextlib.contextmanager
def _served(tls: ssl.SSLContext | None) -> Iterator[Site]:
    headers: dict[str, str] = {}
    handler = functools.partial(_Handler, headers=headers)

    with sites.served(handler, tls) as port:
        yield Site(port, headers)
