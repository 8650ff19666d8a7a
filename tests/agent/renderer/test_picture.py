"""Pictures, upright and on white, within bounds."""

import hashlib
import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from agent.renderer import picture
from agent.renderer.base import CannotShow, Drawing
from agent.renderer.picture import PictureView, fit, points
from protocol import preview


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def halves(mode: str = "RGB", size: tuple[int, int] = (80, 40)) -> Image.Image:
    """Red at the left, blue at the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    return image.convert(mode)


def colour(drawing: Drawing, across: float, down: float) -> str:
    """The strongest colour at a place, in parts of the sides."""
    at = 3 * (int(down * drawing.height) * drawing.width + int(across * drawing.width))
    red, green, blue = drawing.pixels[at : at + 3]
    if min(red, green, blue) > 200:
        return "white"
    return "red" if red > max(green, blue) else "blue" if blue > max(red, green) else "other"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_each_kind_is_drawn(kind: str) -> None:
    octets = saved(halves(), kind)
    view = PictureView(octets)
    overview = view.overview
    assert (overview.kind, overview.format, overview.why) == ("pages", kind, "")
    assert (overview.size, overview.digest) == (len(octets), hashlib.sha256(octets).hexdigest())
    assert len(overview.pages) == 1
    drawing = view.draw(0, 200)
    assert (drawing.width, drawing.height, len(drawing.pixels)) == (200, 100, 60_000)
    assert colour(drawing, 0.2, 0.5) == "red"
    assert colour(drawing, 0.8, 0.5) == "blue"


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_each_mode_of_colour_is_drawn(mode: str) -> None:
    assert len(PictureView(saved(halves(mode), "TIFF")).draw(0, 20).pixels) == 600


def test_sixteen_bits_of_grey_are_not_all_white() -> None:
    image = Image.frombytes("I;16", (2, 1), struct.pack("<HH", 0x1000, 0xF000))
    drawing = PictureView(saved(image, "TIFF")).draw(0, 2)
    assert drawing.pixels[0] < 0x40
    assert drawing.pixels[3] > 0xC0


def test_what_is_transparent_shows_white() -> None:
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 20, 40))
    drawing = PictureView(saved(image, "PNG")).draw(0, 40)
    assert colour(drawing, 0.2, 0.5) == "red"
    assert colour(drawing, 0.8, 0.5) == "white"


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (80, 40), (0.2, 0.5)),
        (3, (80, 40), (0.8, 0.5)),
        (6, (40, 80), (0.5, 0.2)),
        (8, (40, 80), (0.5, 0.8)),
    ],
)
def test_a_photo_is_turned_as_its_camera_says(orientation: int, size: tuple, red_at: tuple) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    view = PictureView(saved(halves(size=(800, 400)), "JPEG", exif=exif, dpi=(720, 720)))
    assert view.overview.pages == (preview.Size(*size),)
    drawing = view.draw(0, size[0])
    assert (drawing.width, drawing.height) == size
    assert colour(drawing, *red_at) == "red"


def test_a_scan_of_several_pages_has_them_all() -> None:
    pages = [halves(), halves(size=(40, 80)), halves()]
    octets = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], resolution=72)
    view = PictureView(octets)
    assert view.overview.pages == (preview.Size(80, 40), preview.Size(40, 80), preview.Size(80, 40))
    assert view.draw(1, 40).height == 80
    assert view.draw(0, 40).height == 20
    with pytest.raises(CannotShow):
        view.draw(3, 40)


def test_an_animation_shows_each_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [halves(), halves().rotate(180), Image.new("RGB", (80, 40), "white")]
    octets = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    view = PictureView(octets)
    assert len(view.overview.pages) == 3
    assert [colour(view.draw(n, 80), 0.2, 0.5) for n in (0, 1, 2)] == ["red", "blue", "white"]
    monkeypatch.setattr(picture, "MAX_FRAMES", 2)
    overview = PictureView(octets).overview
    assert (len(overview.pages), overview.why) == (2, "too-large")


def test_a_size_in_points_follows_the_dots_per_inch() -> None:
    def size(dots: object) -> preview.Size:
        options = {} if dots is None else {"dpi": dots}
        return PictureView(saved(halves(), "PNG", **options)).overview.pages[0]

    assert size((72, 72)) == preview.Size(80, 40)
    assert size((144, 72)) == preview.Size(40, 40)
    assert size(None) == size((1, 1)) == preview.Size(60, 30)


@pytest.mark.parametrize(
    "octets", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"II*\0junk", b"text"]
)
def test_what_is_no_picture_is_broken(octets: bytes) -> None:
    with pytest.raises(CannotShow) as cannot:
        PictureView(octets)
    assert cannot.value.why == "broken"


def test_a_picture_that_is_cut_off_is_broken_when_it_is_drawn() -> None:
    octets = saved(halves(size=(800, 400)), "PNG")
    view = PictureView(octets[: len(octets) // 2])
    with pytest.raises(CannotShow) as cannot:
        view.draw(0, 100)
    assert cannot.value.why == "broken"


def png(width: int, height: int) -> bytes:
    """A picture of that size, by its own account."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(100_000, 100_000), (200_000_000, 1), (20_000, 10_000)])
def test_more_pixels_than_there_is_room_for_are_too_large(size: tuple[int, int]) -> None:
    with pytest.raises(CannotShow) as cannot:
        PictureView(png(*size))
    assert cannot.value.why == "too-large"


def test_the_largest_page_of_a_scan_is_drawn() -> None:
    octets = saved(Image.new("1", (9_900, 14_000), 1), "TIFF", compression="group4")
    drawing = PictureView(octets).draw(0, 300)
    assert (drawing.width, drawing.height) == (300, 424)


@pytest.mark.parametrize(("page", "width"), [(-1, 10), (1, 10), (0, 0)])
def test_there_is_nothing_else_to_draw(page: int, width: int) -> None:
    with pytest.raises(CannotShow):
        PictureView(saved(halves(), "PNG")).draw(page, width)


def test_a_picture_has_neither_rows_nor_entries() -> None:
    view = PictureView(saved(halves(), "PNG"))
    with pytest.raises(CannotShow):
        view.read(0, 1)
    with pytest.raises(CannotShow):
        view.enter(0)


@given(st.floats(0.01, 1e9), st.floats(0.01, 1e9), st.integers(1, 100_000))
def test_drawings_fit(across: float, down: float, width: int) -> None:
    found = fit(across, down, width)
    assert 1 <= found[0] <= min(width, preview.MAX_WIDTH)
    assert 1 <= found[1] <= picture.MAX_HEIGHT
    assert found[0] * found[1] * 3 <= preview.MAX_DRAWING_BYTES


@given(st.floats(0.01, 1e9), st.floats(0.01, 1e9))
def test_sizes_of_pages_are_bounded_in_proportion(across: float, down: float) -> None:
    size = points(across, down)
    assert 1 <= size.width <= 14_400
    assert 1 <= size.height <= 14_400
    if min(size.width, size.height) > 100:
        assert size.width / size.height == pytest.approx(across / down, rel=0.02)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"]), st.data())
def test_octets_replaced_anywhere_end_in_a_drawing_or_a_typed_error(kind: str, data: st.DataObject) -> None:
    octets = bytearray(saved(halves(size=(20, 10)), kind))
    for _ in range(data.draw(st.integers(1, 5))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    why = ""
    try:
        PictureView(bytes(octets)).draw(0, 10)
    except CannotShow as cannot:
        why = cannot.why
    assert why in ("", "broken", "too-large")
