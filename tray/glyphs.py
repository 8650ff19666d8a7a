"""Small line drawings beside words, and the mark. Each is a few strokes on a grid of 24, in the colour that is asked for."""

from importlib import resources

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

_STROKES = {
    "warning": '<path d="M12 4 22 20.5H2Z"/><path d="M12 10v5"/><path d="M12 17.9v.2"/>',
    "danger": '<circle cx="12" cy="12" r="9.5"/><path d="m8.6 8.6 6.8 6.8m0-6.8-6.8 6.8"/>',
    "good": '<circle cx="12" cy="12" r="9.5"/><path d="m7.5 12.4 3.1 3.1 5.9-6.6"/>',
    "info": '<circle cx="12" cy="12" r="9.5"/><path d="M12 11v5.6"/><path d="M12 7.3v.2"/>',
    "document": '<path d="M6 2.8h8.2L19 7.6v13.6H6Z"/><path d="M14 3v5h5"/><path d="M9 12.5h7M9 16.5h5"/>',
    "hash": '<path d="M6 2.8h8.2L19 7.6v13.6H6Z"/><path d="M10.6 11l-1 7m5-7-1 7m-5-5h7m-7.4 3h7"/>',
    "key": '<circle cx="7.6" cy="15.6" r="4.6"/><path d="m11 12.2 9-9m-3.6 3.6 3.2 3.2m-6-.4 2.2 2.2"/>',
    "pending": '<circle cx="12" cy="12" r="9.5"/>',
    "folder": '<path d="M2.8 5.5h6.4l2.2 2.6h9.8v11.4H2.8Z"/>',
    "new-folder": '<path d="M2.8 5.5h6.4l2.2 2.6h9.8v11.4H2.8Z"/><path d="M12 11v5.6m-2.8-2.8h5.6"/>',
    "back": '<path d="M20 12H4.5m7-7-7 7 7 7"/>',
    "forward": '<path d="M4 12h15.5m-7-7 7 7-7 7"/>',
    "up": '<path d="M12 20V4.5m-7 7 7-7 7 7"/>',
    "names": '<path d="M4 4h6.5v6.5H4zM13.5 4H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z"/>',
    "details": '<path d="M4 6h16M4 12h16M4 18h16"/>',
    "files": '<path d="M8.5 6.5V2.8h6.4L19.5 7v10.7h-4"/><path d="M14.7 3v4.4h4.6"/><path d="M4.5 6.5h6.6l4.2 4.2v10.5H4.5Z"/>',
    "history": '<path d="M4 7.2A9.3 9.3 0 1 1 2.7 12"/><path d="M3.6 3v4.4H8"/><path d="M12 7v5.3l3.6 2.2"/>',
    "sites": '<circle cx="12" cy="12" r="9.5"/><path d="M2.8 12h18.4M12 2.5c6 6 6 13 0 19-6-6-6-13 0-19Z"/>',
    "doctor": '<path d="M2.5 12.5h4.3l2.7-7 4.6 13 2.9-6h4.5"/>',
    "settings": '<path d="M3 6.5h9.2m5.6 0H21M3 12h2.2m5.6 0H21M3 17.5h11.2m5.6 0H21"/><circle cx="15" cy="6.5" r="2.8"/>'
    '<circle cx="8" cy="12" r="2.8"/><circle cx="17" cy="17.5" r="2.8"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "minus": '<path d="M5 12h14"/>',
    "page-list": '<path d="M3 4h6v7H3zM3 14.5h6v6H3z"/><path d="M13 4.5h8M13 8.5h8M13 15h8M13 19h8"/>',
    "drop": '<path d="M12 3v11.5m-5-4.8 5 5 5-5"/><path d="M3.5 15v5.5h17V15"/>',
    "eye": '<path d="M1.8 12S5.6 5 12 5s10.2 7 10.2 7-3.8 7-10.2 7S1.8 12 1.8 12Z"/><circle cx="12" cy="12" r="3.2"/>',
    "eye-off": '<path d="M9.8 5.3A9.6 9.6 0 0 1 12 5c6.4 0 10.2 7 10.2 7a17 17 0 0 1-3 3.7M6.4 6.6A16.8 16.8 0 0 0 1.8 12'
    'S5.6 19 12 19a9.8 9.8 0 0 0 5-1.4"/><path d="M9.7 9.8a3.2 3.2 0 0 0 4.5 4.5"/><path d="m3 3 18 18"/>',
}  # fmt: skip
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="none" stroke="{colour}" stroke-width="1.8" '
    'stroke-linecap="round" stroke-linejoin="round">{strokes}</g></svg>'
)


def pixmap(name: str, colour: str, size: int) -> QPixmap:
    """The drawing `name` of `size` logical pixels, sharp on this screen."""
    return _draw(_SVG.format(colour=colour, strokes=_STROKES[name]).encode(), size)


def icon(name: str, colour: str, size: int) -> QIcon:
    """Likewise, as it is in a chosen row too: Qt would tint it there until it is hardly seen."""
    drawn = pixmap(name, colour, size)
    made = QIcon(drawn)
    made.addPixmap(drawn, QIcon.Mode.Selected)
    return made


def mark(colour: str, size: int) -> QPixmap:
    """The mark of Qalamsap in one colour."""
    drawing = resources.files("tray").joinpath("assets", "mark.svg").read_text(encoding="utf-8")
    return _draw(drawing.replace("#00758A", colour).encode(), size)


def application_icon() -> QIcon:
    """The mark in the sizes that title bars and task switchers want."""
    found = QIcon()
    folder = resources.files("tray").joinpath("assets")
    for size in (16, 32, 48, 128):
        picture = QPixmap()
        picture.loadFromData(folder.joinpath(f"mark-{size}.png").read_bytes())
        found.addPixmap(picture)
    return found


def _draw(svg: bytes, size: int) -> QPixmap:
    ratio = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg)).render(painter, QRectF(0, 0, picture.width(), picture.height()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture
