"""Resources of Windows programs as a .res file: icon, version, manifest, and the texts of the event log.

Written here, for the resource compiler of the toolchain takes a minute to build itself and has no message tables. The format is the
one of "Resource file formats" on learn.microsoft.com: entries of 32 bits, each on a boundary of four.
"""

import dataclasses
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

RT_ICON, RT_MESSAGETABLE, RT_GROUP_ICON, RT_VERSION, RT_MANIFEST = 3, 11, 14, 16, 24
NEUTRAL, ENGLISH_US = 0, 0x409
_FIXED_SIGNATURE = 0xFEEF04BD
_UNICODE_MESSAGE = 1
_LANGUAGE_AND_CODEPAGE = "040904B0"

MANIFEST = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security><requestedPrivileges><requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application><supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/></application>
  </compatibility>
</assembly>
"""
"""No rights but the caller's own: without it Windows takes a program with "install" in its name for one that needs an administrator."""


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    kind: int
    name: int
    language: int
    data: bytes


def res_file(resources: Iterable[Resource]) -> bytes:
    """All of them as a .res file, which linkers take beside object files."""
    return b"".join(map(_entry, (Resource(0, 0, 0, b""), *resources)))


def _entry(resource: Resource) -> bytes:
    header = struct.pack("<HHHH", 0xFFFF, resource.kind, 0xFFFF, resource.name)
    flags = (
        0x1030 if resource.kind else 0
    )  # moveable, pure, discardable: nobody reads it any more, rc.exe writes it
    header += struct.pack("<IHHII", 0, flags, resource.language, 0, 0)
    return _padded(struct.pack("<II", len(resource.data), len(header) + 8) + header + resource.data)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)


def icons(pictures: Sequence[Path]) -> list[Resource]:
    """One icon out of square PNG files of several sizes, the smallest first."""
    found, group = [], struct.pack("<HHH", 0, 1, len(pictures))
    for number, path in enumerate(pictures, start=1):
        png = path.read_bytes()
        width, height = png_size(png)
        found.append(Resource(RT_ICON, number, NEUTRAL, png))
        group += struct.pack("<BBBBHHIH", width % 256, height % 256, 0, 0, 1, 32, len(png), number)
    return [*found, Resource(RT_GROUP_ICON, 1, NEUTRAL, group)]


def ico_file(pictures: Sequence[Path]) -> bytes:
    """The same as a file of its own, for the list of installed programs."""
    pngs = [path.read_bytes() for path in pictures]
    octets, offset = struct.pack("<HHH", 0, 1, len(pngs)), 6 + 16 * len(pngs)
    for png in pngs:
        width, height = png_size(png)
        octets += struct.pack("<BBBBHHII", width % 256, height % 256, 0, 0, 1, 32, len(png), offset)
        offset += len(png)
    return octets + b"".join(pngs)


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height. ValueError for what is no PNG."""
    if png[:8] != b"\x89PNG\r\n\x1a\n" or png[12:16] != b"IHDR":
        raise ValueError("no PNG")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def version(numbers: tuple[int, int, int, int], texts: Mapping[str, str]) -> Resource:
    """What Explorer shows of a file, and what Windows Installer compares."""
    high, low = numbers[0] << 16 | numbers[1], numbers[2] << 16 | numbers[3]
    fixed = struct.pack(
        "<13I", _FIXED_SIGNATURE, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 1, 0, 0, 0
    )  # mask of flags, no flags, Windows NT, an application, no subtype, no date
    strings = b"".join(
        _padded(_block(name, f"{text}\0".encode("utf-16-le"), is_text=True)) for name, text in texts.items()
    )
    table = _block(_LANGUAGE_AND_CODEPAGE, b"", children=strings)
    translation = _block("Translation", struct.pack("<HH", ENGLISH_US, 1200))
    children = _padded(_block("StringFileInfo", b"", children=table)) + _block(
        "VarFileInfo", b"", children=translation
    )
    return Resource(RT_VERSION, 1, NEUTRAL, _block("VS_VERSION_INFO", fixed, children=children))


def _block(key: str, value: bytes, *, is_text: bool = False, children: bytes = b"") -> bytes:
    head = f"{key}\0".encode("utf-16-le")
    padding = bytes(-(6 + len(head)) % 4)
    body = head + padding + value
    if children:
        body += bytes(-(6 + len(body)) % 4) + children
    length = len(value) // 2 if is_text else len(value)
    return struct.pack("<HHH", 6 + len(body), length, int(is_text or not value)) + body


def messages(texts: Mapping[int, str]) -> Resource:
    """A message table: what the event log shows for each id. "%1" is the first text that comes with the event."""
    runs: list[list[int]] = []
    for number in sorted(texts):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    blocks, entries, offset = b"", b"", 4 + 12 * len(runs)
    for run in runs:
        blocks += struct.pack("<III", run[0], run[-1], offset + len(entries))
        for number in run:
            text = _padded(f"{texts[number]}\r\n\0".encode("utf-16-le"))
            entries += struct.pack("<HH", 4 + len(text), _UNICODE_MESSAGE) + text
    return Resource(RT_MESSAGETABLE, 1, ENGLISH_US, struct.pack("<I", len(runs)) + blocks + entries)
