"""Resources: the layout by the published structures, read back by other hands where there are some."""

import struct

import pytest

from installer.windows import native, pe, resources
from installer.windows.resources import Resource


def test_a_res_file_begins_with_an_empty_entry_and_keeps_to_boundaries_of_four() -> None:
    octets = resources.res_file([Resource(24, 1, 0, b"abc"), Resource(11, 7, 0x409, b"defg")])
    assert octets[:32] == bytes.fromhex(
        "00000000 20000000 ffff0000 ffff0000 00000000 00000000 00000000 00000000".replace(" ", "")
    )
    assert struct.unpack_from("<IIHHHH", octets, 32) == (3, 32, 0xFFFF, 24, 0xFFFF, 1)
    assert octets[64:68] == b"abc\0"
    assert struct.unpack_from("<IIHHHHIHH", octets, 68) == (4, 32, 0xFFFF, 11, 0xFFFF, 7, 0, 0x1030, 0x409)
    assert octets[100:] == b"defg"


def test_icons_hold_every_picture_with_its_size() -> None:
    found = resources.icons(native.PICTURES)
    assert [each.kind for each in found] == [3] * len(native.PICTURES) + [14]
    group = found[-1].data
    assert struct.unpack_from("<HHH", group) == (0, 1, len(native.PICTURES))
    sizes = [group[6 + 14 * number] for number in range(len(native.PICTURES))]
    assert sizes == [16, 24, 32, 48, 64, 0]  # 256 does not fit an octet, and is written as 0


def test_an_icon_file_can_be_read_by_pillow(tmp_path) -> None:
    from PIL import Image

    (tmp_path / "x.ico").write_bytes(resources.ico_file(native.PICTURES))
    with Image.open(tmp_path / "x.ico") as image:
        assert image.info["sizes"] == {(size, size) for size in (16, 24, 32, 48, 64, 256)}
        image.load()


def test_what_is_no_png_is_refused() -> None:
    with pytest.raises(ValueError, match="no PNG"):
        resources.png_size(b"GIF89a" + bytes(40))


def test_the_version_is_found_again_with_its_texts() -> None:
    made = resources.version((1, 2, 3, 4), {"ProductName": "Қаламсап", "FileVersion": "1.2.3.4"})
    assert pe.version(made.data) == "1.2.3.4"
    assert struct.unpack_from("<HHH", made.data) == (len(made.data), 52, 0)
    assert "Қаламсап\0".encode("utf-16-le") in made.data
    at = made.data.index("FileVersion".encode("utf-16-le"))
    assert at % 4 == 2, "a string's key follows six octets of head on a boundary of four"


def test_messages_stand_in_runs_and_are_found_by_their_number() -> None:
    texts = {1000: "one %1", 1001: "two", 1100: "three — ү"}
    data = resources.messages(texts).data
    count = struct.unpack_from("<I", data)[0]
    found = {}
    for block in range(count):
        low, high, offset = struct.unpack_from("<III", data, 4 + 12 * block)
        for number in range(low, high + 1):
            length, is_unicode = struct.unpack_from("<HH", data, offset)
            assert is_unicode == 1
            assert length % 4 == 0
            found[number] = data[offset + 4 : offset + length].decode("utf-16-le").rstrip("\0")
            offset += length
    assert count == 2
    assert found == {number: f"{text}\r\n" for number, text in texts.items()}
