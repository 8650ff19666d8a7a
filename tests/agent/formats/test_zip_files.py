"""Archives: written ones are read by others, and what could be read in two ways is not read at all."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput, UnsupportedOperation
from agent.formats import zip_files
from tests.support.sweeps import flips

AT = datetime(2026, 5, 8, 12, 34, 57, tzinfo=UTC)
FILES = [("first", b"stored"), ("құжат.txt", b"text " * 100), ("f/empty", b"")]


def by_others(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """An archive written by Python's own module."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", method) as made:
        for name, content in files:
            made.writestr(zipfile.ZipInfo(name, (2026, 5, 8, 0, 0, 0)), content, method)
        made.comment = comment
    return octets.getvalue()


def streamed(*files: tuple[str, bytes], mark: bool = True) -> bytes:
    """An archive whose sizes stand behind the contents, as a writer makes it who can't go back."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, octets: bytes) -> int:  # type: ignore[override]
            self.written += octets
            return len(octets)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as made:  # type: ignore[arg-type]
        for name, content in files:
            made.writestr(zipfile.ZipInfo(name, (2026, 5, 8, 0, 0, 0)), content)
    octets = bytes(pipe.written)
    return octets if mark else without_descriptor_mark(octets)


def without_descriptor_mark(octets: bytes) -> bytes:
    """For an archive of one file: the descriptor's mark is not obligatory."""
    directory = octets.index(b"PK\x01\x02")
    at = octets.index(b"PK\x07\x08")
    end = bytearray(octets[directory:])
    end[-6:-2] = struct.pack("<I", directory - 4)
    return octets[:at] + octets[at + 4 : directory] + bytes(end)


def contents(data: bytes) -> dict[str, bytes]:
    return {name: entry.octets() for name, entry in zip_files.read(data).files.items()}


# --- writing ------------------------------------------------------------------------------------------------------


def test_others_read_what_is_written() -> None:
    data = zip_files.write(FILES, at=AT, stored={"first"})
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert [(info.filename, read.read(info)) for info in read.infolist()] == FILES
        assert {info.date_time for info in read.infolist()} == {(2026, 5, 8, 12, 34, 56)}
        assert [info.compress_type for info in read.infolist()] == [0, 8, 0]
        assert all(not info.extra and info.external_attr >> 16 == 0o100644 for info in read.infolist())
    assert contents(data) == dict(FILES)


def test_the_same_files_and_moment_make_the_same_octets() -> None:
    almaty = AT.astimezone(timezone(timedelta(hours=5)))
    assert zip_files.write(FILES, at=AT) == zip_files.write(FILES, at=almaty)
    assert zip_files.write(FILES, at=AT) != zip_files.write(FILES, at=AT + timedelta(seconds=2))


def test_the_content_of_the_first_file_begins_behind_its_name() -> None:
    assert zip_files.write(FILES, at=AT, stored={"first"})[30:].startswith(b"firststored")


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.binary(max_size=300)), max_size=4, unique_by=lambda f: f[0]
    )
)
def test_what_is_written_is_read(files: list[tuple[str, bytes]]) -> None:
    data = zip_files.write(files[:2], at=AT)
    assert contents(zip_files.append(zip_files.read(data), files[2:], at=AT)) == dict(files)


def test_a_file_that_compresses_like_a_bomb_is_stored() -> None:
    data = zip_files.write([("zeros", bytes(2_000_000))], at=AT)
    assert len(data) > 2_000_000
    assert contents(data) == {"zeros": bytes(2_000_000)}


def test_appending_leaves_what_is_there() -> None:
    before = by_others(*FILES, comment=b"mimetype=application/vnd.etsi.asic-e+zip")
    after = zip_files.append(zip_files.read(before), [("new", b"file")], at=AT)
    directory = before.index(b"PK\x01\x02")
    assert after[:directory] == before[:directory]
    assert contents(after) == {**dict(FILES), "new": b"file"}
    with zipfile.ZipFile(io.BytesIO(after)) as read:
        assert read.testzip() is None
        assert read.comment == b"mimetype=application/vnd.etsi.asic-e+zip"
        assert read.namelist() == [*dict(FILES), "new"]


@pytest.mark.parametrize("name", ["../a", "", "folder/", "\ud800", "a\\b", "first", "FIRST", "first/a"])
def test_files_that_cannot_be_in_an_archive_are_refused(name: str) -> None:
    with pytest.raises(BadInput):
        zip_files.write([("first", b""), (name, b"")], at=AT)


@pytest.mark.parametrize(
    "at", [datetime(1979, 12, 31, tzinfo=UTC), datetime(2108, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)]
)
def test_a_moment_that_an_archive_cannot_hold_is_a_mistake(at: datetime) -> None:
    with pytest.raises(ValueError):
        zip_files.write(FILES, at=at)


def test_there_is_a_limit_on_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_files, "MAX_ENTRIES", 2)
    with pytest.raises(BadInput, match="3 files in"):
        zip_files.write(FILES, at=AT)


# --- reading ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"a comment"])
def test_what_others_write_is_read(method: int, comment: bytes) -> None:
    assert contents(by_others(*FILES, method=method, comment=comment)) == dict(FILES)
    assert zip_files.read(by_others(*FILES, comment=comment)).comment == comment


@pytest.mark.parametrize("mark", [False, True])
def test_sizes_may_stand_behind_the_content(mark: bool) -> None:
    data = streamed(("a", b"content"), mark=mark)
    assert data[14:26] == bytes(12)
    assert contents(data) == {"a": b"content"}


def test_folders_are_entries_but_no_files() -> None:
    archive = zip_files.read(by_others(("f/", b""), ("f/a", b"1")))
    assert [(entry.name, entry.is_folder) for entry in archive.entries] == [("f/", True), ("f/a", False)]
    assert list(archive.files) == ["f/a"]


def test_an_archive_may_be_empty() -> None:
    assert zip_files.read(by_others()).entries == ()


def test_published_archives_are_read(vectors: Path) -> None:
    for path in (vectors / "zip").glob("*.zip"):
        with zipfile.ZipFile(path) as read:
            assert contents(path.read_bytes()) == {name: read.read(name) for name in read.namelist()}


def test_a_name_in_utf_8_needs_no_flag() -> None:
    data = by_others(("қ", b"1"))
    flagged = data[6:8]
    assert flagged == b"\x00\x08"
    plain = data.replace(b"\x00\x08\x08\x00", b"\x00\x00\x08\x00")
    assert contents(plain) == {"қ": b"1"}


# --- what could be read in two ways -------------------------------------------------------------------------------------


def patched(offset: int, octets: bytes, *, of: bytes, data: bytes) -> bytes:
    """`data` with `octets` at `offset` behind the first mark `of`."""
    at = data.index(of) + offset
    return data[:at] + octets + data[at + len(octets) :]


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def moved(data: bytes, before: bytes) -> bytes:
    """The archive with octets before it, and the offsets set right."""
    directory = data.index(CENTRAL)
    end = data.index(END)
    made = bytearray(before + data)
    at = directory + len(before)
    while at < end + len(before):
        struct.pack_into("<I", made, at + 42, struct.unpack_from("<I", made, at + 42)[0] + len(before))
        lengths = struct.unpack_from("<3H", made, at + 28)
        at += 46 + sum(lengths)
    struct.pack_into("<I", made, end + len(before) + 16, directory + len(before))
    return bytes(made)


def with_extra(data: bytes, extra: bytes, *, local: bool) -> bytes:
    """An archive of one file with an extra field."""
    name_length = struct.unpack_from("<H", data, 26)[0]
    directory, end = data.index(CENTRAL), data.index(END)
    if local:
        at = 30 + name_length
        made = bytearray(data[:at] + extra + data[at:])
        struct.pack_into("<H", made, 28, len(extra))
        struct.pack_into("<I", made, end + len(extra) + 16, directory + len(extra))
    else:
        at = directory + 46 + name_length
        made = bytearray(data[:at] + extra + data[at:])
        struct.pack_into("<H", made, directory + 30, len(extra))
        struct.pack_into("<I", made, end + len(extra) + 12, end - directory + len(extra))
    return bytes(made)


def second_name(name: str) -> bytes:
    content = b"\x01" + struct.pack("<I", 0) + name.encode()
    return struct.pack("<2H", 0x7075, len(content)) + content


ONE = by_others(("a", b"content"), method=zipfile.ZIP_STORED)
TWO = by_others(("a", b"first"), ("b", b"other"), method=zipfile.ZIP_STORED)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda: b"", "no end record"),
        (lambda: ONE[:-1], "end"),
        (lambda: ONE + b"x", "after the end"),
        (lambda: ONE + ONE, "directory does not stand"),
        (lambda: b"x" + ONE, "directory does not stand"),
        (lambda: moved(ONE, b"#!/bin/sh\n"), "belong to no file"),
        (lambda: moved(ONE, ONE[: ONE.index(CENTRAL)]), "belong to no file"),
        (lambda: patched(20, b"\x16\x00" + END + bytes(18), of=END, data=ONE), "directory does not stand"),
        (lambda: patched(8, b"\x02\x00\x02\x00", of=END, data=ONE), "directory is cut short"),
        (lambda: patched(8, b"\x00\x00\x00\x00", of=END, data=ONE), "after the last entry"),
        (lambda: patched(8, b"\x11\x27\x11\x27", of=END, data=ONE), "10001 entries"),
        (lambda: patched(0, b"PK\x01\x03", of=CENTRAL, data=ONE), "directory is damaged"),
        (lambda: patched(28, b"\xff\x00", of=CENTRAL, data=ONE), "directory is damaged"),
        (lambda: patched(30, b"b", of=LOCAL, data=ONE), "in two ways"),
        (lambda: patched(46, b"b", of=CENTRAL, data=ONE), "in two ways"),
        (lambda: patched(14, b"0000", of=LOCAL, data=ONE), "in two ways"),
        (lambda: patched(16, b"0000", of=CENTRAL, data=ONE), "in two ways"),
        (lambda: patched(8, b"\x08", of=LOCAL, data=ONE), "in two ways"),
        (lambda: patched(6, b"\x02", of=LOCAL, data=ONE), "in two ways"),
        (lambda: patched(42, b"\x01", of=CENTRAL, data=ONE), "in two ways"),
        (lambda: patched(42, b"\xff\xff", of=CENTRAL, data=ONE), "an entry is cut short"),
        (lambda: patched(42, b"\x24", of=CENTRAL, data=TWO), "two ways"),
        (lambda: with_extra(ONE, second_name("b"), local=True), "second name"),
        (lambda: with_extra(ONE, second_name("b"), local=False), "second name"),
        (lambda: by_others(("a/", b"x")), "has content"),
        (lambda: ONE.replace(b"a", b"\xff"), "unknown code page"),
        (lambda: by_others(("қ", b"")).replace("қ".encode(), b"\xff\xff"), "a name is damaged"),
    ],
)
def test_what_could_be_read_in_two_ways_is_bad_input(change: Callable[[], bytes], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        zip_files.read(change())


@pytest.mark.parametrize("name", ["../a", "/a", "a\\b", "C:a", "a//b", "a\nb"])
def test_names_that_lead_elsewhere_are_bad_input(name: str) -> None:
    with pytest.raises(BadInput, match="may not be in an archive"):
        zip_files.read(by_others((name, b"")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(("first", "second"), [("a", "a"), ("a", "A"), ("Құжат", "құжат"), ("a", "a/b")])
def test_names_that_some_system_takes_for_one_are_bad_input(first: str, second: str) -> None:
    with pytest.raises(BadInput, match="ZIP"):
        zip_files.read(by_others((first, b"1"), (second, b"2")))


def test_two_descriptions_of_one_content_are_bad_input() -> None:
    """The second entry of the directory points at the first file: as many octets, another reading."""
    at = TWO.rindex(CENTRAL)
    overlapping = TWO[: at + 42] + bytes(4) + TWO[at + 46 :]
    with pytest.raises(BadInput, match="two ways"):
        zip_files.read(overlapping)


def test_one_file_described_twice_is_bad_input() -> None:
    at, end = ONE.index(CENTRAL), ONE.index(END)
    twice = ONE[:end] + ONE[at:end] + ONE[end:]
    twice = patched(8, struct.pack("<2HI", 2, 2, 2 * (end - at)), of=END, data=twice)
    with pytest.raises(BadInput, match="or to two"):
        zip_files.read(twice)


def test_the_same_second_name_and_other_extra_fields_do_no_harm() -> None:
    for local in (False, True):
        assert contents(with_extra(ONE, second_name("a"), local=local)) == {"a": b"content"}
        assert contents(with_extra(ONE, b"UT\x05\x00\x03abcd", local=local)) == {"a": b"content"}
        assert contents(with_extra(ONE, b"x", local=local)) == {"a": b"content"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda: patched(6, b"\x01", of=LOCAL, data=patched(8, b"\x01", of=CENTRAL, data=ONE)), "encryption"),
        (lambda: patched(8, b"\x40", of=CENTRAL, data=ONE), "not supported"),
        (lambda: by_others(("a", b"content"), method=zipfile.ZIP_LZMA), "not supported"),
        (lambda: by_others(("a", b"content"), method=zipfile.ZIP_BZIP2), "method 12"),
        (lambda: patched(10, b"\xff\xff", of=END, data=ONE), "ZIP64"),
        (lambda: patched(16, b"\xff\xff\xff\xff", of=END, data=ONE), "ZIP64"),
        (lambda: patched(24, b"\xff\xff\xff\xff", of=CENTRAL, data=ONE), "ZIP64"),
        (lambda: patched(34, b"\x01", of=CENTRAL, data=ONE), "several volumes"),
        (lambda: patched(4, b"\x01", of=END, data=ONE), "several volumes"),
        (lambda: patched(38, struct.pack("<I", 0o120777 << 16), of=CENTRAL, data=ONE), "is a link"),
    ],
)
def test_what_is_not_read_says_so(change: Callable[[], bytes], complaint: str) -> None:
    with pytest.raises(UnsupportedOperation, match=complaint):
        zip_files.read(change())


# --- contents -----------------------------------------------------------------------------------------------------


def resized(data: bytes, size: int, crc32: int | None = None) -> bytes:
    """An archive of one file that is said to have another size."""
    for mark, crc_at in ((LOCAL, 14), (CENTRAL, 16)):
        data = patched(crc_at + 8, struct.pack("<I", size), of=mark, data=data)
        if crc32 is not None:
            data = patched(crc_at, struct.pack("<I", crc32), of=mark, data=data)
    return data


@pytest.mark.parametrize("size", [0, 1, 499, 501, 5000])
def test_a_file_of_another_size_than_said_is_damaged(size: int) -> None:
    data = resized(by_others(("a", b"text " * 100)), size)
    (entry,) = zip_files.read(data).entries
    with pytest.raises(BadInput, match="not what its description says"):
        entry.octets()


def test_a_file_with_another_checksum_is_damaged() -> None:
    (entry,) = zip_files.read(resized(ONE, 7, crc32=zlib.crc32(b"other"))).entries
    with pytest.raises(BadInput, match="not what its description says"):
        entry.octets()


def test_a_file_that_does_not_unpack_is_damaged() -> None:
    data = bytearray(by_others(("a", b"text " * 100)))
    data[31] = 0xFF
    (entry,) = zip_files.read(bytes(data)).entries
    with pytest.raises(BadInput, match="is damaged"):
        entry.octets()


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(BadInput, match="unpacks to more than 200 times its size"):
        zip_files.read(by_others(("zeros", bytes(2_000_000))))
    with pytest.raises(BadInput, match="unpacks to more than 200 times its size"):
        zip_files.read(resized(by_others(("a", b"text " * 100)), 500_000_000))


def test_a_small_file_may_compress_as_it_likes() -> None:
    assert contents(by_others(("zeros", bytes(1_000_000)))) == {"zeros": bytes(1_000_000)}


def test_all_files_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_files, "MAX_SIZE_BYTES", 250)
    assert contents(ONE)
    with pytest.raises(BadInput, match="unpacked, 250 at most"):
        zip_files.read(by_others(("a", b"text " * 60)))
    with pytest.raises(BadInput, match="250 at most"):
        zip_files.read(by_others(("a", bytes(range(256)))))


# --- looks ----------------------------------------------------------------------------------------------------------


def test_the_directory_holds_every_name() -> None:
    directory = zip_files.directory_of(by_others(*FILES))
    assert all(name.encode() in directory for name, _ in FILES)
    assert zip_files.begins_archive(ONE)
    assert not zip_files.begins_archive(ONE[1:])


@given(st.binary(max_size=80), st.integers(0, len(TWO)), st.integers(0, 40))
def test_anything_at_all_is_read_or_refused(octets: bytes, at: int, cut: int) -> None:
    for data in (octets, TWO[:at] + octets + TWO[at:], TWO[:at] + octets + TWO[at + cut :]):
        try:
            contents(data)
        except (BadInput, UnsupportedOperation):
            continue


def test_every_flipped_bit_is_refused_or_in_a_field_that_nobody_needs() -> None:
    """Version, time, comment and attributes: two programs read the same files whatever these say."""
    data = zip_files.write([("a", b"content"), ("b", b"text " * 20)], at=AT)
    for bit, changed in flips(data):
        try:
            found = contents(changed)
        except (BadInput, UnsupportedOperation):
            continue
        assert found == {"a": b"content", "b": b"text " * 20}, bit // 8
