"""Every window in every state and language, on a small screen, at 200 % and at both at once: all of it can be read."""

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.support.cut_texts import cut_texts
from tests.tray import scenes

SMALL, DOUBLE, SMALL_DOUBLE = (1024, 600), (960, 540), (512, 300)  # in pixels of 100 %


@pytest.fixture
def theatre(application, request):
    made = []

    def open_with(scene, size):
        made.append(scenes.Theatre(scene.made_items(), QRect(0, 0, *size)))
        return made[-1]

    yield open_with
    for one in made:
        one.end()


@pytest.mark.slow
@pytest.mark.parametrize("language", scenes.LANGUAGES)
@pytest.mark.parametrize("name", scenes.SIGNING)
def test_signing_windows(theatre, name, language):
    scene = scenes.SIGNING[name]
    for size in (SMALL, SMALL_DOUBLE):
        window = theatre(scene, size).play(scene.steps(language))
        assert window.width() <= size[0]
        assert window.height() <= size[1]
        assert cut_texts(window) == [], size


@pytest.mark.slow
@pytest.mark.parametrize("language", scenes.LANGUAGES)
@pytest.mark.parametrize("name", scenes.DESK)
def test_pages_of_the_desk(put_up, name, language):
    window = put_up(scenes.open_desk(scenes.DESK[name], language))
    for size in (SMALL, DOUBLE, SMALL_DOUBLE):
        window.resize(*size)
        QTest.qWait(1)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size
        assert cut_texts(window) == [], size
