"""Drawn pages, as many as a bounded memory holds."""

from typing import Literal, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap

from protocol import preview
from tray.preview.inquiry import Recent, Where

LIMIT_BYTES = 96 * 1024 * 1024
Use: TypeAlias = Literal["page", "small"]


class Drawings:
    """Keeps one drawing of each page, and a small one for the list of pages."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._kept: Recent[tuple[Where, int, Use], tuple[QPixmap, int]] = Recent(limit_bytes)
        self._failed: dict[tuple[Where, int], preview.Why] = {}
        self.room = limit_bytes - limit_bytes // 8
        """Octets that pages which are in sight at once may take; the rest is for small ones."""

    def put(self, where: Where, use: Use, asked: preview.Draw, drawn: preview.Drawn, pixels: bytes) -> bool:
        """Keeps a drawing that was asked for; False where its pixels are not what it says they are."""
        if not (0 < drawn.width <= preview.MAX_WIDTH and drawn.height > 0) or (
            len(pixels) != drawn.width * drawn.height * 3
        ):
            return False
        image = QImage(pixels, drawn.width, drawn.height, drawn.width * 3, QImage.Format.Format_RGB888)
        picture = QPixmap.fromImage(image)  # a copy: the pixels may go
        weight = drawn.width * drawn.height * 4
        self._kept.put((where, asked.page, use), (picture, asked.width), weight)
        return True

    def fail(self, where: Where, page: int, why: preview.Why) -> None:
        self._failed[where, page] = why

    def why_not(self, where: Where, page: int) -> preview.Why:
        """Why a page can't be drawn; empty where nobody said that it can't."""
        return self._failed.get((where, page), "")

    def picture(self, where: Where, page: int) -> QPixmap | None:
        """The drawing of a page, of whatever size."""
        found = self._kept.get((where, page, "page")) or self._kept.get((where, page, "small"))
        return None if found is None else found[0]

    def small(self, where: Where, page: int, width: int) -> QPixmap | None:
        """Likewise for the list of pages: made from a large one, where that is all there is."""
        if (found := self._kept.get((where, page, "small"))) is not None:
            return found[0]
        if (large := self._kept.get((where, page, "page"))) is None:
            return None
        made = large[0].scaledToWidth(max(1, width), Qt.TransformationMode.SmoothTransformation)
        self._kept.put((where, page, "small"), (made, width), made.width() * made.height() * 4)
        return made

    def is_wanted(self, where: Where, page: int, use: Use, width: int) -> bool:
        """Whether a page should be asked for in this width."""
        if (where, page) in self._failed:
            return False
        found = self._kept.get((where, page, use))
        if found is not None:
            return found[1] != width if use == "page" else found[1] < width
        # A small one is made of a large one that is there.
        return use == "page" or (where, page, "page") not in self._kept

    def forget(self, document: int) -> None:
        """For another try."""
        self._kept.forget(document)
        for key in [key for key in self._failed if key[0].document == document]:
            del self._failed[key]
