"""Where on a page a stamp goes: from the lower left corner, as the page is seen, to the right and then up, never over a field.

Lengths are points of 1/72 inch. A page is laid out as a person sees it, turned by its /Rotate, and the place is then expressed in the
page's own coordinates (ISO 32000-2 §7.7.3.3 and §8.3.2.3), whose origin may be anywhere.
"""

import dataclasses
from collections.abc import Iterable, Iterator

from agent.errors import UnsupportedOperation

MARGIN = 24.0
GAP = 8.0
LEAST_SCALE = 0.5  # below this the words of our own stamp can't be read
MAX_CELLS = 10_000  # of a very large page

Rectangle = tuple[float, float, float, float]
"""x and y of the lower left corner, then of the upper right one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stamp:
    """What a page shows of a signature: `drawing` is a PDF of one page, whose size is that of the stamp.

    `page` counts from 1, or from -1 backwards.
    """

    drawing: bytes = dataclasses.field(repr=False)
    page: int = -1


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """The visible part of a page in its own coordinates, and by how many degrees a viewer turns it clockwise: 0, 90, 180, 270."""

    box: Rectangle
    rotation: int = 0

    @property
    def seen_size(self) -> tuple[float, float]:
        """Width and height as a person sees them."""
        width, height = self.box[2] - self.box[0], self.box[3] - self.box[1]
        return (height, width) if self.rotation in (90, 270) else (width, height)


@dataclasses.dataclass(frozen=True, slots=True)
class Placement:
    """A place in the page's own coordinates, and the matrix (ISO 32000-2 §8.3.4) that turns a drawing upright for the viewer."""

    rectangle: Rectangle
    matrix: tuple[int, int, int, int, int, int]


_MATRICES = {
    0: (1, 0, 0, 1, 0, 0),
    90: (0, 1, -1, 0, 0, 0),
    180: (-1, 0, 0, -1, 0, 0),
    270: (0, -1, 1, 0, 0, 0),
}


def place(page: Page, size: tuple[float, float], taken: Iterable[Rectangle]) -> Placement:
    """The first free place for a stamp of this size; on a small page the stamp shrinks, to half its size at most.

    Raises: UnsupportedOperation where the page is too small, or has no free place left.
    """
    width, height = _fitted(page, size)
    obstacles = tuple(taken)
    for u, v in _cells(page, width, height):
        rectangle = _own(page, (u, v, u + width, v + height))
        if not any(_overlap(rectangle, obstacle) for obstacle in obstacles):
            return Placement(rectangle, _MATRICES[page.rotation])
    raise UnsupportedOperation("PDF: the page has no room for another stamp")


def _fitted(page: Page, size: tuple[float, float]) -> tuple[float, float]:
    scale = min(1.0, *((seen - 2 * MARGIN) / own for seen, own in zip(page.seen_size, size, strict=True)))
    if scale < LEAST_SCALE:
        raise UnsupportedOperation("PDF: the page is too small for a stamp")
    return size[0] * scale, size[1] * scale


def _cells(page: Page, width: float, height: float) -> Iterator[tuple[float, float]]:
    """Lower left corners, as seen, of all the places of a grid."""
    columns, rows = (
        int((seen - 2 * MARGIN - own) / (own + GAP) + 1e-6) + 1
        for seen, own in zip(page.seen_size, (width, height), strict=True)
    )
    for number in range(min(columns * rows, MAX_CELLS)):
        row, column = divmod(number, columns)
        yield MARGIN + column * (width + GAP), MARGIN + row * (height + GAP)


def _own(page: Page, seen: Rectangle) -> Rectangle:
    """A rectangle given as seen, its origin at the lower left corner of what is visible, in the page's own coordinates."""
    left, bottom, right, top = page.box
    u0, v0, u1, v1 = seen
    match page.rotation:
        case 90:
            return (right - v1, bottom + u0, right - v0, bottom + u1)
        case 180:
            return (right - u1, top - v1, right - u0, top - v0)
        case 270:
            return (left + v0, top - u1, left + v1, top - u0)
        case _:
            return (left + u0, bottom + v0, left + u1, bottom + v1)


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
