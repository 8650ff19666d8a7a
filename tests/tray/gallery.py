"""Pictures of every window in every state: `python -m tests.tray.gallery FOLDER [--language ru] [--theme light] [--size 1024x600] [--only NAME...]`.

It needs no display. At 200 % it is called with QT_SCALE_FACTOR=2. Sheets of several pictures: `--sheet`.
"""

import argparse
import os
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.tray import scenes
from tray import singletons, theme
from tray.desk.window import Speech

_ON_A_SHEET = 4
_SETTLE_MS = 350  # until the preview has drawn


def _draw(name: str, wanted: argparse.Namespace) -> QImage:
    width, height = wanted.size
    if name in scenes.DESK:
        window: QWidget = scenes.open_desk(scenes.DESK[name], wanted.language, wanted.theme)
        window.resize(width, height)
        QTest.qWait(30)
        picture = window.grab().toImage()
        window.close()
        window.deleteLater()
        return picture
    scene = scenes.SIGNING[name]
    theatre = scenes.Theatre(scene.made_items(), QRect(0, 0, width, height))
    window = theatre.play(scene.steps(wanted.language))
    QTest.qWait(_SETTLE_MS)
    picture = window.grab().toImage()
    theatre.end()
    return picture


def _sheet(pictures: list[QImage]) -> QImage:
    columns = 2
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    width = max(sum(one.width() for one in row) for row in rows) + 16
    heights = [max(one.height() for one in row) + 16 for row in rows]
    sheet = QImage(width, sum(heights), QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.magenta)
    painter = QPainter(sheet)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        x = 0
        for one in row:
            one.setDevicePixelRatio(1)
            painter.drawImage(x, y, one)
            x += one.width() + 16
        y += height
    painter.end()
    return sheet


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("folder", type=Path)
    reader.add_argument("--only", dest="names", nargs="*")
    reader.add_argument("--language", default="ru", choices=scenes.LANGUAGES)
    reader.add_argument("--theme", default="light", choices=("light", "dark", "contrast"))
    reader.add_argument("--size", type=_size, default=(1366, 768))
    reader.add_argument("--sheet", action="store_true")
    wanted = reader.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    singletons.hold()
    application = QApplication([])
    theme.apply(application, wanted.theme)
    Speech(application).change(wanted.language)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    names = [
        name
        for name in (*scenes.SIGNING, *scenes.DESK)
        if not wanted.names or any(name.startswith(asked) for asked in wanted.names)
    ]
    mark = f"{wanted.language}-{wanted.theme}-{wanted.size[0]}"
    pictures = []
    for name in names:
        picture = _draw(name, wanted)
        if wanted.sheet:
            pictures.append(picture)
        else:
            picture.save(str(wanted.folder / f"{name}-{mark}.png"))
    for at in range(0, len(pictures), _ON_A_SHEET):
        _sheet(pictures[at : at + _ON_A_SHEET]).save(str(wanted.folder / f"{names[at]}-{mark}-sheet.png"))


if __name__ == "__main__":
    main()
