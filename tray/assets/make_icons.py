"""Draws the PNG files beside it from mark.svg: the mark in each size, and the tray icon in each state.

    python -m tray.assets.make_icons [FOLDER]

Run it after changing mark.svg and commit what it writes; a test draws them again and compares.
"""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent
MARK_SIZES = (16, 24, 32, 48, 64, 128, 256)
TRAY_SIZES = (16, 22, 24, 32, 48, 64)

MARK_COLOUR = "#00758A"
# Middle tones that stand out from a light panel as well as from a dark one (3:1 on white and on black).
READY, IDLE, ATTENTION, TROUBLE = "#0E93AB", "#7C8A90", "#D98A00", "#D6382D"
# A disc in the lower right corner, with a gap around it; its sign tells the state without colour.
_BADGE = '<circle cx="48" cy="48" r="16" fill="{colour}"/><g fill="none" stroke="#FFFFFF" stroke-width="5" stroke-linecap="round">{sign}</g>'
_GAP = '<mask id="gap"><rect width="64" height="64" fill="#FFFFFF"/><circle cx="48" cy="48" r="19.5" fill="#000000"/></mask>'
_QUESTION = '<path d="M43 44.5a5 5 0 1 1 7 4.6q-2 1-2 2.7"/><path d="M47 56.500v.2"/>'
_DOTS = '<path d="M40.5 48h.2M48 48h.2M55.500 48h.2"/>'
_BARS = '<path d="M44.5 42.5v11M51.5 42.5v11"/>'
_EXCLAMATION = '<path d="M48 39.5v9.5"/><path d="M47 55.500v.2"/>'
STATES = {
    "ready": (READY, None, ""),
    "asking": (READY, ATTENTION, _QUESTION),
    "signing": (READY, READY, _DOTS),
    "paused": (IDLE, IDLE, _BARS),
    "trouble": (READY, TROUBLE, _EXCLAMATION),
}


def main(folder: Path) -> None:
    """Writes every picture into `folder`."""
    mark = (HERE / "mark.svg").read_text(encoding="utf-8")
    for size in MARK_SIZES:
        _save(mark, size, folder / f"mark-{size}.png")
    for state, (colour, badge, sign) in STATES.items():
        drawing = with_badge(mark.replace(MARK_COLOUR, colour), badge, sign)
        for size in TRAY_SIZES:
            _save(drawing, size, folder / f"{state}-{size}.png")


def with_badge(mark: str, badge: str | None, sign: str) -> str:
    """The mark with a coloured disc and a sign in its corner."""
    if badge is None:
        return mark
    start = mark.index("<path")
    end = mark.index("</svg>")
    disc = _BADGE.format(colour=badge, sign=sign)
    return f'{mark[:start]}{_GAP}<g mask="url(#gap)">{mark[start:end]}</g>{disc}</svg>'


def _save(svg: str, size: int, path: Path) -> None:
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    if not image.save(str(path)):
        raise OSError(f"{path} can't be written")


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication(sys.argv)
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
