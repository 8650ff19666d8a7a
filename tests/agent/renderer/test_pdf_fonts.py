"""Fonts for files that bring none: which are found, and which is given for a name."""

import ctypes
from pathlib import Path

import pypdfium2.raw as pdfium
import pytest

from agent.renderer import pdf_fonts
from agent.renderer.pdf_fonts import Source, SystemFonts, find, nearest, style_of, table_of
from tests.conftest import NEEDS_TOOL

NAMES = {"sans": ("a.ttf", "ab.ttf", "ai.ttf", "abi.ttf"), "mono": ("m.ttf", "mb.ttf", "mi.ttf", "mbi.ttf")}


def test_the_first_set_that_has_a_family_gives_it(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    for name in ("a.ttf", "ab.ttf", "ai.ttf"):
        (one / name).write_bytes(name.encode())
    for name in ("a.ttf", "m.ttf", "mbi.ttf"):
        (two / name).write_bytes(b"two " + name.encode())
    sources = [Source((str(tmp_path / "none"), str(one)), NAMES), Source((str(two),), NAMES)]  # type: ignore[arg-type]
    assert find(sources) == {
        ("sans", False, False): b"a.ttf",
        ("sans", True, False): b"ab.ttf",
        ("sans", False, True): b"ai.ttf",
        ("mono", False, False): b"two m.ttf",
        ("mono", True, True): b"two mbi.ttf",
    }


def test_a_font_that_is_too_large_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_fonts, "MAX_FONT_BYTES", 3)
    (tmp_path / "a.ttf").write_bytes(b"1234")
    (tmp_path / "ab.ttf").write_bytes(b"123")
    assert find([Source((str(tmp_path),), NAMES)]) == {("sans", True, False): b"123"}  # type: ignore[arg-type]


def test_this_system_has_letters_for_every_family() -> None:
    fonts = find()
    if not fonts:
        pytest.skip(f"{NEEDS_TOOL}: fonts (fonts-dejavu-core)")
    for family in ("sans", "serif", "mono"):
        style = nearest(fonts, (family, False, False))  # type: ignore[arg-type]
        assert style is not None
        assert table_of(fonts[style], int.from_bytes(b"cmap", "big"))


@pytest.mark.parametrize(
    ("face", "weight", "pitch", "is_slanted", "style"),
    [
        ("Arial", 400, 0, False, ("sans", False, False)),
        ("Arial-BoldMT", 400, 0, False, ("sans", True, False)),
        ("Arial", 700, 0, True, ("sans", True, True)),
        ("Times New Roman", 400, 0, False, ("serif", False, False)),
        ("TimesNewRomanPS-BoldItalicMT", 400, 0, False, ("serif", True, True)),
        ("PT Serif", 400, 0, False, ("serif", False, False)),
        ("PT Sans Serif", 400, 0, False, ("sans", False, False)),
        ("Courier New", 400, 0, False, ("mono", False, False)),
        ("Unheard-Of", 400, pdfium.FXFONT_FF_FIXEDPITCH, False, ("mono", False, False)),
        ("", 400, 0, False, ("sans", False, False)),
    ],
)
def test_a_name_tells_the_style(face: str, weight: int, pitch: int, is_slanted: bool, style: tuple) -> None:
    assert style_of(face, weight, pitch, is_slanted=is_slanted) == style


def test_the_nearest_style_is_given() -> None:
    fonts = {("sans", False, False): b"1", ("sans", True, False): b"2", ("mono", False, True): b"3"}
    assert nearest(fonts, ("sans", True, True)) == ("sans", True, False)
    assert nearest(fonts, ("serif", False, True)) == ("sans", False, False)
    assert nearest(fonts, ("mono", True, True)) == ("mono", False, True)
    assert nearest({}, ("sans", False, False)) is None


FONT = (
    b"\x00\x01\x00\x00\x00\x02" + bytes(6)
    + b"cmap" + bytes(4) + (44).to_bytes(4, "big") + (3).to_bytes(4, "big")
    + b"glyf" + bytes(4) + (47).to_bytes(4, "big") + (2).to_bytes(4, "big")
    + b"abcde"
)  # fmt: skip


def test_tables_are_found_in_a_font_also_in_a_damaged_one() -> None:
    assert table_of(FONT, 0) == FONT
    assert table_of(FONT, int.from_bytes(b"cmap", "big")) == b"abc"
    assert table_of(FONT, int.from_bytes(b"glyf", "big")) == b"de"
    assert table_of(FONT, int.from_bytes(b"head", "big")) == b""
    assert table_of(b"", 1) == b""
    assert table_of(b"\xff" * 20, 1) == b""


def test_pdfium_gets_a_font_by_its_own_calls() -> None:
    fonts = SystemFonts({("serif", False, False): FONT, ("mono", False, False): b"mono"})
    info = fonts._info
    exact = ctypes.c_int()

    def mapped(face: bytes, charset: int = pdfium.FXFONT_DEFAULT_CHARSET) -> int | None:
        name = ctypes.create_string_buffer(face)
        handle: int | None = info.MapFont(info, 400, 0, charset, 0, name, exact)
        return handle

    assert mapped(b"Times New Roman") == 1
    assert mapped(b"Courier") == 2
    assert mapped(b"Arial") == 1  # there is no such family
    assert mapped(b"\xcf\xf0\xe8\xe2\xe5\xf2") == 1
    assert mapped(b"Symbol", pdfium.FXFONT_SYMBOL_CHARSET) is None
    assert info.GetFontData(info, 1, 0, None, 0) == len(FONT)
    buffer = (ctypes.c_ubyte * 3)()
    assert info.GetFontData(info, 1, int.from_bytes(b"cmap", "big"), buffer, 3) == 3
    assert bytes(buffer) == b"abc"
    small = (ctypes.c_ubyte * 2)()
    assert info.GetFontData(info, 1, int.from_bytes(b"cmap", "big"), small, 2) == 3
    assert bytes(small) == b"\0\0"
    name = ctypes.create_string_buffer(40)
    assert info.GetFaceName(info, 2, name, 40) == len(b"mono 00\0")
    assert name.value == b"mono 00"
