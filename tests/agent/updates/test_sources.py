"""The files of a repository, from a folder and from a server: by our own rules for asking servers."""

import dataclasses
import datetime as dt
import os
from pathlib import Path

import pytest

from agent import fetch_hosts, paths
from agent.config import Config
from agent.errors import Unreachable
from agent.http_fetch import FetchSettings, HttpFetch
from agent.localhost import authority, identity
from agent.server.listener import tls_context
from agent.updates.client import Repository
from agent.updates.sources import FILE_LIMITS, LIST_LIMITS, Folder, Missing, Server, source_of
from tests.support.http_server import Asked, HttpServer, ok, redirect, response
from tests.support.updates import PACKAGE, Made

SETTINGS = Config(paths.Paths(Path("/nowhere"), Path("/nowhere")), proxy="none")


def read(source: Folder | Server, name: str = "metadata/timestamp.json") -> bytes:
    found = bytearray()
    source.send(name, found.extend)
    return bytes(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "timestamp.json").write_bytes(b"list")
    return tmp_path


def server_of(server: HttpServer, path: str = "/updates/") -> Server:
    rules = (fetch_hosts.parse_rule(server.place),)
    return Server(server.url(path), HttpFetch(FetchSettings(rules, "none")))


def test_a_folder_is_read(folder: Path) -> None:
    assert read(Folder(folder)) == b"list"


def test_a_large_file_comes_in_pieces(folder: Path) -> None:
    (folder / "metadata" / "large").write_bytes(bytes(700_000))
    pieces: list[bytes] = []
    Folder(folder).send("metadata/large", pieces.append)
    assert [len(piece) for piece in pieces] == [262144, 262144, 175712]


def test_what_is_not_there_is_missing(folder: Path) -> None:
    with pytest.raises(Missing):
        read(Folder(folder), "metadata/2.root.json")


def test_a_share_that_is_not_connected_is_no_empty_repository(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"no-connection: .* is no repository, or is not there"):
        read(Folder(tmp_path / "share"))


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "metadata/../../x", "metadata\\x", ""])
def test_nothing_leads_out_of_the_repository(folder: Path, name: str) -> None:
    with pytest.raises(Unreachable, match="bad-url"):
        read(Folder(folder), name)
    with HttpServer(lambda _: ok(b"x")) as server:
        with pytest.raises(Unreachable, match="bad-url"):
            read(server_of(server), name)
        assert server.asked == []


def test_what_is_no_file_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "metadata" / "pipe")
    with pytest.raises(Unreachable, match="cut-off"):
        read(Folder(folder), "metadata/pipe")


def test_a_server_is_asked_below_its_address() -> None:
    with HttpServer(lambda _: ok(b"list")) as server:
        assert read(server_of(server)) == b"list"
        assert [(each.method, each.target) for each in server.asked] == [
            ("GET", "/updates/metadata/timestamp.json")
        ]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_server_says_that_there_is_no_such_file(status: int) -> None:
    with HttpServer(lambda _: response(status)) as server, pytest.raises(Missing):
        read(server_of(server))


@pytest.mark.parametrize("status", [401, 407, 500, 503])
def test_a_server_that_fails_says_nothing_about_files(status: int) -> None:
    with (
        HttpServer(lambda _: response(status)) as server,
        pytest.raises(Unreachable, match=f"status: 127.0.0.1 {status}"),
    ):
        read(server_of(server))


def test_a_server_sends_nobody_elsewhere() -> None:
    with (
        HttpServer(lambda _: redirect("https://evil.example/")) as server,
        pytest.raises(Unreachable, match=r"redirects|not-allowed"),
    ):
        read(server_of(server))


def test_a_file_that_ends_early_is_told() -> None:
    def half(_: Asked) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"

    with HttpServer(half) as server, pytest.raises(Unreachable, match="cut-off"):
        read(server_of(server))


def test_files_may_take_longer_than_lists() -> None:
    assert FILE_LIMITS.most_bytes > LIST_LIMITS.most_bytes
    assert FILE_LIMITS.seconds > LIST_LIMITS.seconds
    assert FILE_LIMITS.stall_seconds < 60 > LIST_LIMITS.stall_seconds


def test_an_address_is_a_server_and_all_else_a_folder(tmp_path: Path) -> None:
    assert isinstance(source_of("https://updates.example.kz/q", SETTINGS), Server)
    assert isinstance(source_of(str(tmp_path), SETTINGS), Folder)


def test_nobody_but_the_server_of_the_settings_is_asked() -> None:
    source = source_of("https://updates.invalid/q", SETTINGS)
    assert isinstance(source, Server)
    with pytest.raises(Unreachable, match="not-allowed"):
        source._fetch.download("https://pki.gov.kz/x", LIST_LIMITS, lambda _: None)


def test_a_computer_that_asks_no_server_asks_none_for_updates() -> None:
    with pytest.raises(Unreachable, match="offline"):
        read(source_of("https://updates.invalid/q", dataclasses.replace(SETTINGS, offline=True)))  # type: ignore[arg-type]


def test_a_whole_update_comes_over_https_through_the_one_named_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Made(tmp_path / "work")
    made.release("0.2.0", bytes(range(256)) * 4096)
    authority.issue(tmp_path / "tls", dt.datetime.now(dt.UTC))
    own = identity.current(tmp_path / "tls")
    assert own is not None
    monkeypatch.setenv("SSL_CERT_FILE", str(own.authority_path))

    def answer(asked: Asked) -> bytes:
        file = made.repository / asked.target.removeprefix("/qalamsap/")
        return ok(file.read_bytes()) if file.is_file() else response(404)

    with HttpServer(answer, tls_context(own.certificate_path, own.key_path)) as server:
        computer = Repository(source_of(server.url("/qalamsap"), SETTINGS), tmp_path / "computer", made.root)
        computer.refresh()
        (release,) = computer.releases("stable")
        computer.download(release.files[PACKAGE], tmp_path / "computer" / "Q")
        assert (tmp_path / "computer" / "Q").read_bytes() == bytes(range(256)) * 4096
        assert {asked.headers["user-agent"] for asked in server.asked} == {"Qalamsap"}
    with pytest.raises(Unreachable, match=r"^no-connection: 127.0.0.1$"):
        Repository(source_of(server.url("/qalamsap"), SETTINGS), tmp_path / "computer", made.root).refresh()
