import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from tests.support.cut_texts import cut_texts
from tray.desk.empty import Empty


def test_it_says_what_will_be_here_in_the_middle(put_up):
    made = put_up(
        Empty("sites", "Сайты ещё ничего не просили", "Когда сайт попросит подпись. " * 4), 300, 400
    )
    picture, title, sentence = made.findChildren(QLabel)
    assert not picture.pixmap().isNull()
    assert (title, sentence) == (made.title, made.sentence)
    assert title.text() == "Сайты ещё ничего не просили"
    room = made.height() - (sentence.geometry().bottom() - picture.geometry().top())
    assert abs(picture.geometry().top() - room // 2) < 4
    assert cut_texts(made) == []
