"""Finds texts that are cut off in a window: what a person at 200 % or with a small screen could not read.

A text that is meant to lose its middle (ElidedLabel, SiteLabel, cells of tables) says all of it in its tooltip, and is passed over.
"""

from collections.abc import Iterator

from PySide6.QtCore import QRect, QSize
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QWidget,
)

from tray import widgets

_SLACK = 1  # pixels, for rounding


def cut_texts(window: QWidget) -> list[str]:
    """What can't be read whole of a window as it stands, a line each."""
    QApplication.processEvents()
    return [
        f"{type(one).__name__} {_text(one)!r}: {why}" for one in _shown(window) for why in _complaints(one)
    ]


def _shown(window: QWidget) -> Iterator[QWidget]:
    for one in window.findChildren(QWidget):
        if one.isVisible() and _text(one):
            yield one


def _text(one: QWidget) -> str:
    match one:
        case widgets.ElidedLabel() | widgets.SiteLabel():
            return ""
        case QComboBox() if one.objectName() == "lookInCombo":
            return ""  # of Qt's file chooser: the path where it stands, which is as long as it is
        case QLabel() | QAbstractButton():
            return one.text()
        case QComboBox():
            return one.currentText()
        case QLineEdit():
            return "" if one.text() else one.placeholderText()
    return ""


def _complaints(one: QWidget) -> Iterator[str]:
    if isinstance(one, QLabel) and one.wordWrap():
        wanted = one.heightForWidth(one.width())
        if wanted > one.height() + _SLACK:
            yield f"needs {wanted} pixels of height, has {one.height()}"
    elif isinstance(one, QLineEdit):
        wanted = one.fontMetrics().horizontalAdvance(one.placeholderText())
        if wanted > one.width() - 2:
            yield f"its hint needs {wanted} pixels, has {one.width()}"
    else:
        hint: QSize = one.minimumSizeHint() if isinstance(one, QComboBox) else one.sizeHint()
        if hint.width() > one.width() + _SLACK or hint.height() > one.height() + _SLACK:
            yield f"needs {hint.width()}x{hint.height()}, has {one.width()}x{one.height()}"
    if (lost := _outside(one)) is not None:
        yield lost


def _outside(one: QWidget) -> str | None:
    """Whether a part lies outside of what holds it, where nothing scrolls to it."""
    area = QRect(one.rect())
    above: QWidget | None = one
    while above is not None and not above.isWindow():
        place = above.parentWidget()
        if place is None:
            return None
        area.moveTopLeft(above.mapTo(place, area.topLeft()) if above is one else area.topLeft() + above.pos())
        if isinstance(place.parentWidget(), QAbstractScrollArea):
            # It scrolls down to it, never sideways.
            return (
                None
                if area.right() <= place.width() + _SLACK
                else f"{area.right() - place.width()} pixels beside"
            )
        if not place.rect().adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK).contains(area):
            return f"lies outside of {type(place).__name__} by its edge"
        above = place
    return None
