"""ZIP archives with one possible reading (APPNOTE 6.3.10; the profile of ISO/IEC 21320-1 without ZIP64).

A signed container is judged by one program and unpacked by another. What two programs could read in two ways is refused: octets
before, between and after the parts; two descriptions of a file that differ; two files whose names some system takes for the same;
names that lead out of the folder; links; a second name in an extra field. Nothing is unpacked before its size is known to be
within limits, and no file is unpacked that nobody asks for.

Written archives hold no extra fields, so the first file's content begins right after its name.
"""

import dataclasses
import struct
import zlib
from collections.abc import Container, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from agent.errors import BadInput, UnsupportedOperation
from agent.formats import zip_names

MAX_SIZE_BYTES = 512 * 1024 * 1024  # of the archive, and of all its files unpacked
MAX_ENTRIES = 10_000
MAX_RATIO = 200  # unpacked to packed, of files beyond 1 MiB; text has 10, and deflate can do 1032
_RATIO_MATTERS_BYTES = 1024 * 1024

_VERSION = 20  # of the format: 2.0
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _HAS_DESCRIPTOR, _UTF_8 = 0x0001, 0x0008, 0x0800
_KNOWN_FLAGS = _HAS_DESCRIPTOR | _UTF_8 | 0x0006  # the last: how hard deflate tried
_UNICODE_PATH = 0x7075  # APPNOTE 4.6.9
_MADE_BY_UNIX, _UNIX_KIND, _UNIX_LINK, _UNIX_FILE = 3, 0o170000, 0o120000, 0o100644
_ZIP64_16, _ZIP64_32 = 0xFFFF, 0xFFFFFFFF

# APPNOTE 4.3.7, 4.3.9, 4.3.12, 4.3.16.
_LOCAL = struct.Struct("<4s5H3I2H")
_DESCRIPTOR = struct.Struct("<3I")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCAL_MARK, _DESCRIPTOR_MARK = b"PK\x03\x04", b"PK\x07\x08"
_CENTRAL_MARK, _END_MARK = b"PK\x01\x02", b"PK\x05\x06"


class _Local(NamedTuple):
    """What stands before a file's content."""

    mark: bytes
    needs: int
    flags: int
    method: int
    time: int
    date: int
    crc32: int
    packed_size: int
    size: int
    name_length: int
    extra_length: int


class _Central(NamedTuple):
    """What the directory says of a file."""

    mark: bytes
    made_by: int
    needs: int
    flags: int
    method: int
    time: int
    date: int
    crc32: int
    packed_size: int
    size: int
    name_length: int
    extra_length: int
    comment_length: int
    disk: int
    internal_attributes: int
    attributes: int
    start: int


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One file, or a folder where the name ends with "/".

    Its header stands at `start`, its content at `content_at`, packed as `packed`."""

    name: str
    start: int
    content_at: int
    method: int
    flags: int
    crc32: int
    size: int
    packed: memoryview = dataclasses.field(repr=False)

    @property
    def is_folder(self) -> bool:
        return self.name.endswith("/")

    def octets(self) -> bytes:
        """The content, unpacked.

        Raises: BadInput where it is damaged."""
        content = bytes(self.packed) if self.method == _STORED else self._inflated()
        if len(content) != self.size or zlib.crc32(content) != self.crc32:
            raise BadInput(f"ZIP: {self.name!r} is not what its description says")
        return content

    def _inflated(self) -> bytes:
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            content = unpacking.decompress(self.packed, self.size + 1)
        except zlib.error as error:
            raise BadInput(f"ZIP: {self.name!r} is damaged") from error
        if not unpacking.eof or unpacking.unused_data:
            raise BadInput(f"ZIP: {self.name!r} is not what its description says")
        return content


@dataclasses.dataclass(frozen=True, slots=True)
class Archive:
    """An archive that was read. `entries` in the order in which they lie; `directory` is the central directory as it stands."""

    data: bytes = dataclasses.field(repr=False)
    entries: tuple[Entry, ...]
    directory: memoryview = dataclasses.field(repr=False)
    comment: bytes

    @property
    def files(self) -> dict[str, Entry]:
        """All that are not folders, by name."""
        return {entry.name: entry for entry in self.entries if not entry.is_folder}


# --- reading ------------------------------------------------------------------------------------------------------


def read(data: bytes) -> Archive:
    """Reads every description in an archive, and unpacks nothing.

    Raises: BadInput; UnsupportedOperation for encryption, ZIP64, several volumes, links and methods other than deflate.
    """
    if len(data) > MAX_SIZE_BYTES:
        raise BadInput(f"ZIP: {len(data)} octets, {MAX_SIZE_BYTES} at most")
    directory, count, comment = _directory(data)
    entries = tuple(sorted(_entries(data, directory, count), key=lambda entry: entry.start))
    _expect_no_gaps(data, entries, len(data) - len(comment) - _END.size - len(directory))
    zip_names.expect_apart(entry.name for entry in entries)
    total = sum(entry.size for entry in entries)
    if total > MAX_SIZE_BYTES:
        raise BadInput(f"ZIP: {total} octets unpacked, {MAX_SIZE_BYTES} at most")
    return Archive(data, entries, directory, comment)


def begins_archive(data: bytes) -> bool:
    """Whether these are the first octets of an archive with a file in it. Says nothing of the rest."""
    return data.startswith(_LOCAL_MARK)


def directory_of(data: bytes) -> bytes:
    """The octets of the central directory, in which every name stands once.

    Raises: BadInput, UnsupportedOperation; the directory itself is not looked into."""
    return bytes(_directory(data)[0])


def _directory(data: bytes) -> tuple[memoryview, int, bytes]:
    """The central directory, how many entries it is said to have, and the archive's comment."""
    at = data.rfind(_END_MARK, max(0, len(data) - _END.size - _ZIP64_16))
    if at < 0 or len(data) - at < _END.size:
        raise BadInput("ZIP: no end record")
    _, disk, directory_disk, here, count, size, start, comment_length = _END.unpack_from(data, at)
    if len(data) - at - _END.size != comment_length:
        raise BadInput("ZIP: octets after the end")
    if _ZIP64_16 in (disk, here, count) or _ZIP64_32 in (size, start):
        raise UnsupportedOperation("ZIP64 archives are not supported")
    if disk or directory_disk or here != count:
        raise UnsupportedOperation("ZIP archives in several volumes are not supported")
    if count > MAX_ENTRIES:
        raise BadInput(f"ZIP: {count} entries, {MAX_ENTRIES} at most")
    if start + size != at:
        raise BadInput("ZIP: the directory does not stand where the end record says")
    return memoryview(data)[start:at], count, data[at + _END.size :]


def _entries(data: bytes, directory: memoryview, count: int) -> Iterable[Entry]:
    at = 0
    for _ in range(count):
        if len(directory) - at < _CENTRAL.size:
            raise BadInput("ZIP: the directory is cut short")
        central = _Central._make(_CENTRAL.unpack_from(directory, at))
        name_at = at + _CENTRAL.size
        extra_at = name_at + central.name_length
        comment_at = extra_at + central.extra_length
        at = comment_at + central.comment_length
        if central.mark != _CENTRAL_MARK or at > len(directory):
            raise BadInput("ZIP: the directory is damaged")
        yield _entry(data, central, bytes(directory[name_at:extra_at]), bytes(directory[extra_at:comment_at]))
    if at != len(directory):
        raise BadInput("ZIP: octets after the last entry of the directory")


def _entry(data: bytes, central: _Central, name_octets: bytes, extra: bytes) -> Entry:
    name = _name(name_octets, central.flags)
    _expect_supported(name, central)
    if central.size > _RATIO_MATTERS_BYTES and central.size > MAX_RATIO * central.packed_size:
        raise BadInput(f"ZIP: {name!r} unpacks to more than {MAX_RATIO} times its size")
    if central.size and name.endswith("/"):
        raise BadInput(f"ZIP: the folder {name!r} has content")
    _expect_same_name(name, extra)
    content_at = _content_at(data, central, name_octets)
    packed = memoryview(data)[content_at : content_at + central.packed_size]
    if len(packed) != central.packed_size:
        raise BadInput(f"ZIP: {name!r} is cut short")
    return Entry(
        name, central.start, content_at, central.method, central.flags, central.crc32, central.size, packed
    )


def _expect_supported(name: str, central: _Central) -> None:
    if central.flags & ~_KNOWN_FLAGS or central.method not in (_STORED, _DEFLATED):
        what = "encryption" if central.flags & _ENCRYPTED else f"method {central.method}"
        raise UnsupportedOperation(f"ZIP: {name!r} has {what}, which is not supported")
    if _ZIP64_32 in (central.packed_size, central.size, central.start) or central.disk:
        raise UnsupportedOperation("ZIP64 archives and several volumes are not supported")
    if central.made_by >> 8 == _MADE_BY_UNIX and central.attributes >> 16 & _UNIX_KIND == _UNIX_LINK:
        raise UnsupportedOperation(f"ZIP: {name!r} is a link")


def _content_at(data: bytes, central: _Central, name_octets: bytes) -> int:
    """Where the content begins, if the header before it describes the file as the directory does."""
    if len(data) - central.start < _LOCAL.size:
        raise BadInput("ZIP: an entry is cut short")
    local = _Local._make(_LOCAL.unpack_from(data, central.start))
    name_at = central.start + _LOCAL.size
    extra_at = name_at + local.name_length
    content_at = extra_at + local.extra_length
    sizes = (local.crc32, local.packed_size, local.size)
    is_deferred = bool(local.flags & _HAS_DESCRIPTOR) and not any(sizes)
    is_same = (
        local.mark == _LOCAL_MARK
        and (local.flags, local.method) == (central.flags, central.method)
        and (is_deferred or sizes == (central.crc32, central.packed_size, central.size))
        and data[name_at:extra_at] == name_octets
    )
    if not is_same:
        raise BadInput("ZIP: an entry and the directory describe a file in two ways")
    _expect_same_name(name_octets.decode(), data[extra_at:content_at])
    return content_at


def _expect_no_gaps(data: bytes, entries: Iterable[Entry], end: int) -> None:
    """Every octet before the directory belongs to one entry: nothing hides, and nothing is shared."""
    at = 0
    for entry in entries:
        if entry.start != at:
            raise BadInput("ZIP: octets that belong to no file, or to two")
        at = entry.content_at + len(entry.packed)
        if entry.flags & _HAS_DESCRIPTOR:
            at = _after_descriptor(data, at, entry)
    if at != end:
        raise BadInput("ZIP: octets that belong to no file, or to two")


def _after_descriptor(data: bytes, at: int, entry: Entry) -> int:
    """Behind the data descriptor (APPNOTE 4.3.9), whose mark may be missing."""
    expected = _DESCRIPTOR.pack(entry.crc32, len(entry.packed), entry.size)
    for descriptor in (_DESCRIPTOR_MARK + expected, expected):
        if data.startswith(descriptor, at):
            return at + len(descriptor)
    raise BadInput("ZIP: an entry and the directory describe a file in two ways")


# --- writing ------------------------------------------------------------------------------------------------------


def write(files: Iterable[tuple[str, bytes]], *, at: datetime, stored: Container[str] = ()) -> bytes:
    """An archive of these files in this order, all of the moment `at` in UTC. Those named in `stored` are not compressed.

    Raises: BadInput for names and sizes that `read` would refuse.
    """
    return append(read(_END.pack(_END_MARK, *bytes(7))), files, at=at, stored=stored)


def append(
    archive: Archive, files: Iterable[tuple[str, bytes]], *, at: datetime, stored: Container[str] = ()
) -> bytes:
    """The archive with more files behind those it has, which stay octet for octet.

    Raises: BadInput as `write`, also for a name that is there already.
    """
    start = len(archive.data) - len(archive.comment) - _END.size - len(archive.directory)
    entries: list[bytes | memoryview] = [memoryview(archive.data)[:start]]
    directory: list[bytes | memoryview] = [archive.directory]
    count = len(archive.entries)
    for name, content in files:
        if not zip_names.is_safe(name) or name.endswith("/"):
            raise BadInput(f"ZIP: the name {name!r} may not be in an archive")
        method, packed = (_STORED, content) if name in stored else _packed(content)
        local, central = _headers(name, content, (method, len(packed)), start, at)
        entries += (local, packed)
        directory.append(central)
        start += len(local) + len(packed)
        count += 1
    size = sum(map(len, directory))
    if count > MAX_ENTRIES or start + size > MAX_SIZE_BYTES:
        raise BadInput(
            f"ZIP: {count} files in {start + size} octets, {MAX_ENTRIES} in {MAX_SIZE_BYTES} at most"
        )
    end = _END.pack(_END_MARK, 0, 0, count, count, size, start, len(archive.comment))
    made = b"".join((*entries, *directory, end, archive.comment))
    read(made)
    return made


def _packed(content: bytes) -> tuple[int, bytes]:
    """Method and octets: as they are where deflate gains nothing, or so much that `read` would suspect a bomb."""
    packing = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packing.compress(content) + packing.flush()
    is_suspect = len(content) > _RATIO_MATTERS_BYTES and len(content) > MAX_RATIO * len(packed)
    return (_STORED, content) if is_suspect or len(packed) >= len(content) else (_DEFLATED, packed)


def _headers(
    name: str, content: bytes, method_and_size: tuple[int, int], start: int, at: datetime
) -> tuple[bytes, bytes]:
    """The local header and the directory's description of one file, each with the name."""
    octets = name.encode()
    method, packed_size = method_and_size
    flags = 0 if name.isascii() else _UTF_8
    date, time = _dos_moment(at)
    sizes = (zlib.crc32(content), packed_size, len(content))
    common = (_VERSION, flags, method, time, date, *sizes, len(octets), 0)
    local = _LOCAL.pack(_LOCAL_MARK, *common)
    made_by = _MADE_BY_UNIX << 8 | _VERSION
    central = _CENTRAL.pack(_CENTRAL_MARK, made_by, *common, 0, 0, 0, _UNIX_FILE << 16, start)
    return local + octets, central + octets


def _dos_moment(at: datetime) -> tuple[int, int]:
    """Date and time of APPNOTE 4.4.6, which know no zone and only even seconds."""
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone")
    at = at.astimezone(UTC)
    if not 1980 <= at.year <= 2107:
        raise ValueError(f"the year {at.year} does not fit into a ZIP archive")
    return (at.year - 1980) << 9 | at.month << 5 | at.day, at.hour << 11 | at.minute << 5 | at.second // 2


# --- names --------------------------------------------------------------------------------------------------------


def _name(octets: bytes, flags: int) -> str:
    """The name in UTF-8, also without the flag that says so: tools of today write it thus. Older code pages are refused."""
    try:
        name = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        how = "damaged" if flags & _UTF_8 else "in an unknown code page"
        raise BadInput(f"ZIP: a name is {how}") from error
    if not zip_names.is_safe(name):
        raise BadInput(f"ZIP: the name {name!r} may not be in an archive")
    return name


def _expect_same_name(name: str, extra: bytes) -> None:
    """Extra fields hold no other name that some program would prefer (APPNOTE 4.6.9)."""
    at = 0
    while len(extra) - at >= 4:
        kind, length = struct.unpack_from("<2H", extra, at)
        content = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if kind == _UNICODE_PATH and content[5:] != name.encode():
            raise BadInput(f"ZIP: {name!r} has a second name")
