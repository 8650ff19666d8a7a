"""Which document a file is."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import algorithms, file_digests
from agent.errors import FileUnusable
from agent.file_digests import FileDigests, Stopped
from agent.formats import cms
from tests.agent.formats.test_cms_read import streamed
from tests.support import chains

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
PDF = b"%PDF-1.7\n1 0 obj\n%%EOF"
UPDATE = b"2 0 obj\n<< /ByteRange [0 1 2 3] >>\n%%EOF\n"
DOCUMENT = b"An act. " * 100


def sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., FileDigests]:
    def read_octets(octets: bytes, sizes: tuple[int, ...] = (32,)) -> FileDigests:
        path = tmp_path / "file"
        path.write_bytes(octets)
        return file_digests.of_file(path, sizes)

    return read_octets


def test_a_file_has_a_digest_by_each_algorithm_of_the_sizes_that_are_wanted(
    read: Callable[..., FileDigests],
) -> None:
    found = read(DOCUMENT, (20, 32, 64))
    wanted = [each for each in algorithms.DIGESTS if each.digest_size != 48]
    assert found.whole == {each(DOCUMENT).hex() for each in wanted}
    assert len(found.whole) == 6
    assert found.inside == frozenset()
    assert found.all == found.whole
    assert read(DOCUMENT, ()).all == frozenset()


def test_a_file_of_many_pieces_is_read_in_pieces(
    read: Callable[..., FileDigests], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_digests, "_PIECE_BYTES", 7)
    assert read(DOCUMENT).whole >= {sha256(DOCUMENT)}


@pytest.mark.parametrize("line_end", [b"", b"\n", b"\r\n", b"\r", b"\r\n\r\n", b"\n\0"])
@pytest.mark.parametrize("piece", [1, 5, 11, 1024])
def test_a_signed_pdf_begins_with_what_was_signed(
    read: Callable[..., FileDigests], monkeypatch: pytest.MonkeyPatch, line_end: bytes, piece: int
) -> None:
    monkeypatch.setattr(file_digests, "_PIECE_BYTES", piece)
    first = PDF + line_end
    second = first + (b"" if line_end else b"\n") + UPDATE
    third = second + UPDATE
    found = read(third)
    assert {sha256(first), sha256(second)} <= found.inside
    assert sha256(third) in found.whole
    assert sha256(third) not in found.inside


def test_of_a_pdf_with_endless_revisions_the_first_ones_are_looked_at(
    read: Callable[..., FileDigests], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_digests, "MAX_REVISIONS", 3)
    monkeypatch.setattr(file_digests, "_PIECE_BYTES", 64)
    found = read(PDF + b"\n%%EOF" * 1000)
    assert sha256(PDF) in found.inside
    assert len(found.inside) < 100
    monkeypatch.setattr(file_digests, "_PIECE_BYTES", 1 << 20)
    assert len(read(PDF + b"\n%%EOF" * 1000).inside) < 100


def signed(*, detached: bool = False) -> bytes:
    return cms.sign(chains.person(), DOCUMENT, at=AT, detached=detached)


@pytest.mark.parametrize(
    "make",
    [
        signed,
        lambda: streamed(signed()),
        lambda: cms.to_pem(signed()).encode(),
    ],
)
def test_a_message_has_its_document_inside(
    read: Callable[..., FileDigests], make: Callable[[], bytes]
) -> None:
    octets = make()
    found = read(octets)
    assert sha256(DOCUMENT) in found.inside
    assert sha256(octets) in found.whole


def test_a_message_beside_its_document_names_its_digest(read: Callable[..., FileDigests]) -> None:
    octets = signed(detached=True)
    own = cms.read(octets).signers[0].message_digest
    assert own is not None
    assert read(octets).inside == {own.hex()}


def test_a_damaged_message_is_a_file_like_any_other(read: Callable[..., FileDigests]) -> None:
    octets = signed()[:-40]
    found = read(octets)
    assert (sha256(octets) in found.whole, found.inside) == (True, frozenset())


def test_what_is_no_file_is_unusable_and_not_waited_for(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing", Path("\0")):
        with pytest.raises(FileUnusable):
            file_digests.of_file(path, (32,))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FileUnusable):
            file_digests.of_file(tmp_path / "pipe", (32,))


def test_a_file_that_changes_meanwhile_is_unusable(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DOCUMENT)

    def change(done: int, _total: int) -> bool:
        if done:
            path.write_bytes(b"another")
        return True

    with pytest.raises(FileUnusable, match="changed"):
        file_digests.of_file(path, (32,), change)


@pytest.mark.parametrize("octets", [DOCUMENT, PDF + b"\n" + UPDATE, signed()])
def test_reading_is_told_of_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octets: bytes
) -> None:
    monkeypatch.setattr(file_digests, "_PIECE_BYTES", 10)
    path = tmp_path / "file"
    path.write_bytes(octets)
    told: list[tuple[int, int]] = []

    def go_on(done: int, total: int) -> bool:
        told.append((done, total))
        return True

    file_digests.of_file(path, (32,), go_on)
    assert told == sorted(told)
    assert all(done <= total for done, total in told[1:])
    for number in range(0, len(told), max(1, len(told) // 9)):
        calls = iter(range(len(told)))
        with pytest.raises(Stopped):
            file_digests.of_file(path, (32,), lambda *_, n=number, c=calls: next(c) < n)  # type: ignore[misc]


def test_a_file_of_many_gigabytes_is_stopped_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as stream:
        stream.truncate(2**40)  # takes no room
    with pytest.raises(Stopped):
        file_digests.of_file(path, (32,), lambda done, _total: done < 2**20)


def test_a_file_is_known_again_by_what_the_system_says_of_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(DOCUMENT)
    assert file_digests.identity_of(path) == file_digests.of_file(path, (32,)).identity
    assert file_digests.identity_of(tmp_path / "missing") is None
    assert file_digests.identity_of(Path("\0")) is None
