"""Fonts for PDF files that bring none of their own. pdfium's have no Cyrillic letters: what is written in them would not be seen at all.

A renderer opens no files, so the fonts are read beforehand and handed to pdfium through an interface that it has for this. Liberation comes
first: it is as wide as the three families that most documents name.
"""

import ctypes
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pypdfium2.raw as pdfium

Family: TypeAlias = Literal["sans", "serif", "mono"]
Style: TypeAlias = tuple[Family, bool, bool]
"""A family, whether it is bold, whether it is slanted."""

MAX_FONT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """Where a system keeps a set of fonts: folders, and names of files for each family: plain, bold, slanted, both."""

    folders: tuple[str, ...]
    names: Mapping[Family, tuple[str, str, str, str]]


_PLAIN_BOLD_SLANTED_BOTH = tuple(itertools.product((False, True), (False, True)))
SOURCES = (
    Source(
        (
            "/usr/share/fonts/truetype/liberation",  # Debian, Ubuntu
            "/usr/share/fonts/truetype/liberation2",
            "/usr/share/fonts/liberation",  # Arch
            "/usr/share/fonts/liberation-sans-fonts",  # Fedora
            "/usr/share/fonts/liberation-serif-fonts",
            "/usr/share/fonts/liberation-mono-fonts",
        ),
        {
            "sans": ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf", "LiberationSans-BoldItalic.ttf"),
            "serif": ("LiberationSerif-Regular.ttf", "LiberationSerif-Bold.ttf", "LiberationSerif-Italic.ttf", "LiberationSerif-BoldItalic.ttf"),
            "mono": ("LiberationMono-Regular.ttf", "LiberationMono-Bold.ttf", "LiberationMono-Italic.ttf", "LiberationMono-BoldItalic.ttf"),
        },
    ),
    Source(
        ("C:/Windows/Fonts",),
        {
            "sans": ("arial.ttf", "arialbd.ttf", "ariali.ttf", "arialbi.ttf"),
            "serif": ("times.ttf", "timesbd.ttf", "timesi.ttf", "timesbi.ttf"),
            "mono": ("cour.ttf", "courbd.ttf", "couri.ttf", "courbi.ttf"),
        },
    ),
    Source(
        ("/System/Library/Fonts/Supplemental", "/Library/Fonts"),
        {
            "sans": ("Arial.ttf", "Arial Bold.ttf", "Arial Italic.ttf", "Arial Bold Italic.ttf"),
            "serif": ("Times New Roman.ttf", "Times New Roman Bold.ttf", "Times New Roman Italic.ttf", "Times New Roman Bold Italic.ttf"),
            "mono": ("Courier New.ttf", "Courier New Bold.ttf", "Courier New Italic.ttf", "Courier New Bold Italic.ttf"),
        },
    ),
    Source(
        (
            "/usr/share/fonts/truetype/dejavu",  # Debian, Ubuntu
            "/usr/share/fonts/TTF",  # Arch
            "/usr/share/fonts/dejavu",
            "/usr/share/fonts/dejavu-sans-fonts",  # Fedora
            "/usr/share/fonts/dejavu-serif-fonts",
            "/usr/share/fonts/dejavu-sans-mono-fonts",
        ),
        {
            "sans": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSans-BoldOblique.ttf"),
            "serif": ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSerif-Italic.ttf", "DejaVuSerif-BoldItalic.ttf"),
            "mono": ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSansMono-Oblique.ttf", "DejaVuSansMono-BoldOblique.ttf"),
        },
    ),
)  # fmt: skip

_MONO = ("cour", "mono", "consol", "typewriter", "fixed")
_SERIF = ("times", "roman", "georgia", "garamond", "cambria", "book", "minion", "palatino", "century")
_BOLD_FROM = 600  # a weight


def find(sources: Iterable[Source] = SOURCES) -> dict[Style, bytes]:
    """The fonts of this system: for each family the first that is found, in as many styles as there are."""
    found: dict[Style, bytes] = {}
    for source in sources:
        for family, names in source.names.items():
            if (family, False, False) in found:
                continue
            # The order of names: slanted changes slower than bold.
            for name, (is_slanted, is_bold) in zip(names, _PLAIN_BOLD_SLANTED_BOTH, strict=True):
                octets = _read(source.folders, name)
                if octets:
                    found[family, is_bold, is_slanted] = octets
    return found


def _read(folders: Iterable[str], name: str) -> bytes:
    for folder in folders:
        try:
            path = Path(folder, name)
            if path.stat().st_size <= MAX_FONT_BYTES:
                return path.read_bytes()
        except OSError:
            continue  # not this system's folder
    return b""


def style_of(face: str, weight: int, pitch_family: int, *, is_slanted: bool) -> Style:
    """What comes nearest to a font that a document names."""
    name = face.lower().replace(" ", "")
    is_bold = weight >= _BOLD_FROM or "bold" in name or "black" in name
    is_slanted = is_slanted or "italic" in name or "oblique" in name
    family: Family = "sans"
    if pitch_family & pdfium.FXFONT_FF_FIXEDPITCH or any(word in name for word in _MONO):
        family = "mono"
    elif any(word in name for word in _SERIF) or ("serif" in name and "sans" not in name):
        family = "serif"
    return family, is_bold, is_slanted


def nearest(fonts: Mapping[Style, bytes], wanted: Style) -> Style | None:
    """The style that is there and comes nearest; another family is the last resort."""
    family, is_bold, is_slanted = wanted
    families: tuple[Family, ...] = (family, "sans", "serif", "mono")
    for each in families:
        for style in (
            (each, is_bold, is_slanted),
            (each, is_bold, False),
            (each, False, is_slanted),
            (each, False, False),
        ):
            if style in fonts:
                return style
    return None


def table_of(font: bytes, tag: int) -> bytes:
    """A table of a TrueType or OpenType font; nothing where it has no such table. Tag 0 is the whole font."""
    if tag == 0:
        return font
    count = int.from_bytes(font[4:6], "big")
    wanted = tag.to_bytes(4, "big")
    for at in range(12, 12 + 16 * count, 16):
        if font[at : at + 4] == wanted:
            offset = int.from_bytes(font[at + 8 : at + 12], "big")
            length = int.from_bytes(font[at + 12 : at + 16], "big")
            return font[offset : offset + length]
    return b""


class SystemFonts:
    """What pdfium calls for a font (FPDF_SYSFONTINFO, fpdf_sysfontinfo.h). It must live as long as pdfium does.

    The fences between C and Python are made here, once: making one needs memory that can be executed, of which a renderer gets no more.
    """

    def __init__(self, fonts: Mapping[Style, bytes]) -> None:
        self._fonts = fonts
        self._styles = tuple(fonts)  # handles count from 1
        callbacks = {
            "Release": lambda _: None,
            "EnumFonts": lambda _, __: None,
            "MapFont": self._map,
            "GetFont": lambda _, __: None,
            "GetFontData": self._data,
            "GetFaceName": self._name,
            "GetFontCharset": lambda _, __: pdfium.FXFONT_DEFAULT_CHARSET,
            "DeleteFont": lambda _, __: None,
        }
        types = {field[0]: field[1] for field in pdfium.FPDF_SYSFONTINFO._fields_}
        self._callbacks = {name: types[name](function) for name, function in callbacks.items()}
        self._info = pdfium.FPDF_SYSFONTINFO(version=1, **self._callbacks)

    def install(self) -> None:
        """From now on pdfium asks here for each font that a document does not bring."""
        pdfium.FPDF_SetSystemFontInfo(ctypes.byref(self._info))

    def _map(
        self, _: Any, weight: int, is_slanted: int, charset: int, pitch_family: int, face: Any, __: Any
    ) -> int | None:
        if charset == pdfium.FXFONT_SYMBOL_CHARSET:
            return None  # pdfium has signs of its own
        name = (ctypes.cast(face, ctypes.c_char_p).value or b"").decode("latin-1")
        style = nearest(self._fonts, style_of(name, weight, pitch_family, is_slanted=bool(is_slanted)))
        return None if style is None else self._styles.index(style) + 1

    def _data(self, _: Any, handle: int, tag: int, buffer: Any, size: int) -> int:
        table = table_of(self._fonts[self._styles[handle - 1]], tag)
        if buffer and size >= len(table):
            ctypes.memmove(buffer, table, len(table))
        return len(table)

    def _name(self, _: Any, handle: int, buffer: Any, size: int) -> int:
        name = b"%s %d%d\x00" % (
            self._styles[handle - 1][0].encode(),
            self._styles[handle - 1][1],
            self._styles[handle - 1][2],
        )
        if buffer and size >= len(name):
            ctypes.memmove(buffer, name, len(name))
        return len(name)
