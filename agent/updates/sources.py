"""Where the files of a repository come from: a server, by our own rules for asking servers, or a folder, for networks without one.

A repository is two folders, `metadata` and `targets`. Neither a server nor whoever can write to a share is trusted with anything: what
counts is signed (agent.updates.client). So a copy on a share, a stick or a mirror is as good as the first one.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from agent import fetch_hosts, paths
from agent.config import Config
from agent.errors import Unreachable
from agent.fetch import Limits, status_of, unreachable
from agent.http_fetch import FetchSettings, HttpFetch
from agent.updates.releases import is_path

Sink: TypeAlias = Callable[[bytes], object]

# What comes is bounded once more, by what was signed (agent.updates.client). A slow line has its hour.
LIST_LIMITS = Limits(8 * 1024 * 1024, 60, stall_seconds=20)
FILE_LIMITS = Limits(1024 * 1024 * 1024, 3600, stall_seconds=30)

_CHUNK_BYTES = 256 * 1024
_MISSING = frozenset({403, 404, 410})


class Missing(
    Exception
):  # an answer, not a mistake: that there is no next list is how one learns that this one is the last
    """The repository has no such file."""


class Source(Protocol):
    """A repository's files by name, such as "metadata/timestamp.json". `sink` raises nothing but Unreachable."""

    def send(self, name: str, sink: Sink, /) -> None:
        """Gives the file to `sink` in pieces. Raises Missing, Unreachable."""
        ...


class Folder:
    """A folder of this computer, or a share that it has."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def send(self, name: str, sink: Sink) -> None:
        if not is_path(name):
            raise unreachable("bad-url")
        try:
            if not (self._root / "metadata").is_dir():
                raise Unreachable(f"no-connection: {self._root} is no repository, or is not there")
            with paths.open_file(self._root / name) as stream:
                while piece := stream.read(_CHUNK_BYTES):
                    sink(piece)
        except FileNotFoundError as error:
            raise Missing(name) from error
        except OSError as error:
            raise Unreachable(f"cut-off: {self._root} can't be read: {error.strerror}") from error


class Server:
    """An https server. Proxy and trust are those of everything that this program asks servers for."""

    def __init__(self, url: str, fetch: HttpFetch) -> None:
        self._url = url.rstrip("/")
        self._fetch = fetch

    def send(self, name: str, sink: Sink) -> None:
        if not is_path(name):
            raise unreachable("bad-url")
        try:
            limits = FILE_LIMITS if name.startswith("targets/") else LIST_LIMITS
            self._fetch.download(f"{self._url}/{name}", limits, sink)
        except Unreachable as error:
            if status_of(error) in _MISSING:
                raise Missing(name) from error
            raise


def source_of(place: str, settings: Config) -> Source:
    """The repository at that address, or in that folder (agent.settings checks both)."""
    if not place.startswith(("https://", "http://")):
        return Folder(Path(place))
    rules = (fetch_hosts.rule_of(place),)
    return Server(place, HttpFetch(FetchSettings(rules, settings.proxy, settings.offline)))
