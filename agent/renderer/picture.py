"""Pictures: JPEG, PNG, GIF, TIFF, BMP and WebP, read by Pillow. Each frame of one is a page: of a scan in TIFF, of an animation."""

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Each registers itself; Pillow would load more of them than are used here, and when it is too late.
from PIL import (
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from agent.renderer.base import CannotShow, Drawing, Entry
from protocol import preview

FORMATS = ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP")
MAX_PIXELS = 150_000_000  # of a page: A0 at 300 dots an inch has 140 million
MAX_FRAMES = 500
MAX_HEIGHT = 16_000  # of a drawing
_DOTS_PER_INCH = 96.0  # where the picture does not say
_SENSIBLE_DOTS = (20.0, 5_000.0)
_LONGEST_PT = 14_400  # as in PDF; a longer page is told of smaller, in proportion
_ORIENTATION = 0x0112  # Exif
_ON_ITS_SIDE = (5, 6, 7, 8)
# What Pillow raises over files that are damaged, or made to harm.
_DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError, AttributeError,
    ZeroDivisionError, OverflowError, RuntimeError, NotImplementedError,
)  # fmt: skip

Image.preinit()
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class PictureView:
    """A picture (agent.renderer.base.View). Raises CannotShow when opened."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        with self._picture() as image:
            name, frames = image.format or "", _frames(image)
            pages = tuple(_page(frame) for frame in frames)
            is_cut = len(pages) < getattr(image, "n_frames", 1) and name != "MPO"
        self.overview = preview.Overview(
            "pages",
            format="JPEG" if name == "MPO" else name,
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            pages=pages,
            why="too-large" if is_cut else "",
        )

    def draw(self, page: int, width: int) -> Drawing:
        """A page on white, turned as its Exif data says."""
        if not 0 <= page < len(self.overview.pages) or width < 1:
            raise CannotShow("broken")
        with self._picture() as image:
            if page:
                image.seek(page)
            if image.width * image.height > MAX_PIXELS:
                raise CannotShow("too-large")
            orientation = _orientation(image)
            lies = orientation in _ON_ITS_SIDE
            across, down = (image.height, image.width) if lies else (image.width, image.height)
            size = fit(across, down, width)
            # A JPEG is read in a half, a quarter or an eighth of its size, if that is enough.
            image.draft("RGB", (size[1], size[0]) if lies else size)
            upright = image if orientation == 1 else ImageOps.exif_transpose(image)
            drawn = _on_white(upright).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
            return Drawing(*size, drawn.tobytes())

    def read(self, start: int, count: int) -> tuple[preview.Row, ...]:  # noqa: ARG002  # a picture has none
        raise CannotShow("broken")

    def enter(self, row: int) -> Entry:  # noqa: ARG002  # a picture has none
        raise CannotShow("broken")

    @contextmanager
    def _picture(self) -> Iterator[Image.Image]:
        """The picture, opened anew: what is drawn of it changes what is held of it. Raises CannotShow."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                with Image.open(io.BytesIO(self._octets), formats=FORMATS) as image:
                    yield image
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise CannotShow("too-large") from None
        except _DAMAGE:
            raise CannotShow("broken") from None


def fit(across: float, down: float, width: int) -> tuple[int, int]:
    """The size of a drawing: so wide, or less where that would be too high or too much."""
    width = min(width, preview.MAX_WIDTH)
    ratio = down / across
    pixels = preview.MAX_DRAWING_BYTES // 3
    width = max(1, min(width, int((pixels / ratio) ** 0.5), int(MAX_HEIGHT / ratio)))
    return width, max(1, min(round(width * ratio), pixels // width, MAX_HEIGHT))


def points(across: float, down: float) -> preview.Size:
    """A page's size as it is told: whole numbers, bounded in proportion."""
    longest = max(across, down)
    shrink = _LONGEST_PT / longest if longest > _LONGEST_PT else 1.0
    return preview.Size(max(1, round(across * shrink)), max(1, round(down * shrink)))


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    """Each frame in turn, as the same object: of a stereoscopic JPEG the first alone."""
    count = 1 if image.format in {"MPO", "JPEG"} else min(getattr(image, "n_frames", 1), MAX_FRAMES)
    for number in range(count):
        if number:
            image.seek(number)
        yield image


def _page(image: Image.Image) -> preview.Size:
    dots = image.info.get("dpi", ())
    across, down = (
        (float(dots[0]), float(dots[1]))
        if isinstance(dots, tuple) and len(dots) == 2 and all(_is_sensible(each) for each in dots)
        else (_DOTS_PER_INCH, _DOTS_PER_INCH)
    )
    width, height = image.width * 72 / across, image.height * 72 / down
    if _orientation(image) in _ON_ITS_SIDE:
        width, height = height, width
    return points(width, height)


def _orientation(image: Image.Image) -> object:
    """How the camera was held. In a PNG it counts where it stands before the picture: to find it after it, all is unpacked."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    return image.getexif().get(_ORIENTATION, 1)


def _is_sensible(dots: object) -> bool:
    try:
        return _SENSIBLE_DOTS[0] <= float(dots) <= _SENSIBLE_DOTS[1]  # type: ignore[arg-type]  # Pillow's fractions too
    except (TypeError, ValueError, ZeroDivisionError):
        return False


def _on_white(image: Image.Image) -> Image.Image:
    """In red, green and blue; what is transparent shows white."""
    if image.mode.startswith("I;16"):  # of scanners: 16 bits of grey
        return image.point(lambda grey: grey * (1 / 256)).convert("L").convert("RGB")
    if image.has_transparency_data:
        opaque = image.convert("RGBA")
        ground = Image.new("RGBA", opaque.size, "white")
        ground.alpha_composite(opaque)
        return ground.convert("RGB")
    return image.convert("RGB")
