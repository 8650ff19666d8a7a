"""What a Linux program or library asks of the system, read from its own headers: names of libraries, and versions of their symbols.

Only what building and testing packages needs, of 64-bit little-endian ELF (System V gABI, and the GNU extension "symbol versioning").
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"\x7fELF\x02\x01"
_SECTION = struct.Struct("<IIQQQQIIQQ")
_DYNAMIC, _VERSIONS_NEEDED = 6, 0x6FFFFFFE
_NEEDED, _SONAME, _RPATH, _RUNPATH = 1, 14, 15, 29
_GLIBC = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")
# What belongs to the C library itself: never brought along, always there.
GLIBC_LIBRARIES = frozenset(
    {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libresolv.so.2",
     "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libanl.so.1"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Elf:
    """One file. `versions` are those that it needs of each library's symbols, such as "GLIBC_2.34"."""

    path: Path
    needed: tuple[str, ...]
    soname: str
    search: str
    versions: frozenset[str]

    @property
    def glibc(self) -> tuple[int, int]:
        """The oldest glibc that it runs with; (0, 0) where it needs none."""
        found = [_GLIBC.fullmatch(version) for version in self.versions]
        return max(((int(match[1]), int(match[2])) for match in found if match), default=(0, 0))


def read(path: Path) -> Elf | None:
    """None where it is no such file, or one without a dynamic part. Raises OSError, ValueError for one that is broken."""
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            return None
    octets = path.read_bytes()
    try:
        return _parsed(path, octets)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is a broken ELF file") from error


def all_in(folder: Path) -> Iterator[Elf]:
    """Every such file below the folder, in a stable order; links are not followed. Raises OSError, ValueError."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            found = read(path)
            if found is not None:
                yield found


def oldest_glibc(files: Iterable[Elf]) -> tuple[int, int]:
    """The oldest that all of them run with."""
    return max((each.glibc for each in files), default=(0, 0))


def _parsed(path: Path, octets: bytes) -> Elf | None:
    (start,) = struct.unpack_from("<Q", octets, 0x28)
    size, count = struct.unpack_from("<HH", octets, 0x3A)
    sections = [_SECTION.unpack_from(octets, start + number * size) for number in range(count)]
    dynamic = next((section for section in sections if section[1] == _DYNAMIC), None)
    if dynamic is None:
        return None
    texts = sections[dynamic[6]]
    needed, soname, search = [], "", ""
    for at in range(dynamic[4], dynamic[4] + dynamic[5], 16):
        tag, value = struct.unpack_from("<qQ", octets, at)
        if tag == _NEEDED:
            needed.append(_text(octets, texts[4] + value))
        elif tag == _SONAME:
            soname = _text(octets, texts[4] + value)
        elif tag in {_RPATH, _RUNPATH}:
            search = _text(octets, texts[4] + value)
    versions: set[str] = set()
    for section in sections:
        if section[1] == _VERSIONS_NEEDED:
            versions.update(_versions(octets, section, sections[section[6]]))
    return Elf(path, tuple(needed), soname, search, frozenset(versions))


def _versions(octets: bytes, section: tuple[int, ...], texts: tuple[int, ...]) -> Iterator[str]:
    """The names in a section of needed versions: a list of libraries, each with a list of names."""
    library = section[4]
    for _ in range(section[7]):
        _, count, _, first, following = struct.unpack_from("<HHIII", octets, library)
        name = library + first
        for _ in range(count):
            _, _, _, text, further = struct.unpack_from("<IHHII", octets, name)
            yield _text(octets, texts[4] + text)
            name += further
        library += following


def _text(octets: bytes, start: int) -> str:
    return octets[start : octets.index(b"\0", start)].decode("ascii")
