import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from tests.support import drags
from tests.support.cut_texts import cut_texts
from tests.support.drags import Drag
from tray import drop_area, theme
from tray.drop_area import DropArea, Offer

YES = Offer("Отпустите здесь", "И ничего не случится.")
NO = Offer("Не сюда", "Потому что.", is_welcome=False)


class Owner:
    """A window that takes what it is told to."""

    def __init__(self):
        self.answer = YES
        self.taken, self.refused = [], []
        self.window = QWidget()
        column = QVBoxLayout(self.window)
        self.field, self.lines = QLineEdit(), QPlainTextEdit()
        column.addWidget(self.field)
        column.addWidget(self.lines)
        self.area = DropArea(self.window, lambda _: self.answer, self.taken.append, self.refused.append)

    @property
    def veil(self):
        return self.area.veil


@pytest.fixture
def owner(put_up):
    made = Owner()
    put_up(made.window, 480, 320)
    return made


@pytest.fixture
def act(tmp_path):
    path = tmp_path / "act.pdf"
    path.touch()
    return path


def test_what_letting_go_would_do_is_said_while_it_is_held_and_done_then(owner, act):
    drag = Drag(owner.window, drags.files(act)).enter()
    assert drag.is_allowed
    assert (owner.veil.isVisible(), owner.veil.geometry()) == (True, owner.window.rect())
    assert (owner.veil.sentence.text(), owner.veil.advice.text()) == (YES.sentence, YES.advice)
    assert owner.veil.accessibleName() == YES.sentence
    assert cut_texts(owner.window) == []
    assert drag.drop().isAccepted()
    assert not owner.veil.isVisible()
    assert [found.files for found in owner.taken] == [(str(act),)]
    assert owner.refused == []


def test_where_nothing_can_be_dropped_the_pointer_says_so_and_words_say_why(owner, act):
    owner.answer = NO
    drag = Drag(owner.window, drags.files(act)).enter()
    assert not drag.is_allowed
    assert owner.veil.sentence.text() == NO.sentence
    drag.leave()  # so it ends for the window, whether the person let go or went on
    assert not owner.veil.isVisible()
    assert (owner.taken, owner.refused) == ([], [NO])


def test_a_drop_that_comes_all_the_same_does_nothing(owner, act):
    owner.answer = NO
    drag = Drag(owner.window, drags.files(act)).enter()
    event = drag.drop()
    assert not event.isAccepted()
    assert event.dropAction() == Qt.DropAction.IgnoreAction
    assert (owner.taken, owner.refused) == ([], [NO])


def test_it_is_asked_anew_when_the_person_lets_go(owner, act):
    drag = Drag(owner.window, drags.files(act)).enter()
    owner.answer = None  # the window went on meanwhile
    assert not drag.drop().isAccepted()
    assert (owner.taken, owner.refused) == ([], [])


def test_a_welcome_drag_that_goes_away_leaves_nothing(owner, act):
    drag = Drag(owner.window, drags.files(act)).enter()
    drag.leave()
    assert not owner.veil.isVisible()
    assert (owner.taken, owner.refused) == ([], [])


def test_nobody_expects_anything_of_words_or_where_there_is_no_offer(owner, act):
    words = QMimeData()
    words.setText("no file")
    for data, answer in ((words, YES), (drags.files(act), None)):
        owner.answer = answer
        drag = Drag(owner.window, data).enter()
        assert not drag.is_allowed
        assert not owner.veil.isVisible()
        drag.drop()
    assert (owner.taken, owner.refused) == ([], [])


@pytest.mark.parametrize(
    ("offered", "action"),
    [
        (drags.FILE_MANAGER, Qt.DropAction.CopyAction),
        (Qt.DropAction.LinkAction | Qt.DropAction.MoveAction, Qt.DropAction.LinkAction),
        (Qt.DropAction.MoveAction, None),
    ],
)
def test_nothing_is_ever_moved_for_its_owner_would_lose_it(owner, act, offered, action):
    drag = Drag(owner.window, drags.files(act), offered).enter()
    assert drag.is_allowed == (action is not None)
    event = drag.drop()
    assert event.dropAction() == (action or Qt.DropAction.IgnoreAction)
    assert len(owner.taken) == (action is not None)


def test_fields_do_not_take_files_for_text(owner, act):
    for field in (owner.field, owner.lines.viewport()):
        drags.let_go(owner.window, [act], at=field)
    assert (owner.field.text(), owner.lines.toPlainText(), len(owner.taken)) == ("", "", 2)


def test_the_veil_grows_with_the_window_and_lets_the_mouse_through(owner, act):
    Drag(owner.window, drags.files(act)).enter()
    owner.window.resize(600, 400)
    QApplication.processEvents()
    assert owner.veil.geometry() == owner.window.rect()
    assert owner.window.childAt(owner.field.geometry().center()) is owner.field


@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
def test_both_states_differ_by_more_than_colour(owner, name, application, monkeypatch):
    colours = {"light": theme.LIGHT, "dark": theme.DARK, "contrast": theme.CONTRAST}[name]
    monkeypatch.setattr(drop_area.theme, "current", lambda: colours)
    seen = {}
    for offer, edge in ((YES, colours.accent), (NO, colours.warning)):
        owner.veil.show_offer(offer)
        image = owner.veil.grab().toImage()
        row = [image.pixelColor(x, 16) == QColor(edge) for x in range(40, image.width() - 40)]
        seen[offer] = sum(row) / len(row)
        assert image.pixelColor(2, 2) == QColor(colours.window)
    assert 0.3 < seen[YES] < 0.9  # broken
    assert seen[NO] > 0.95  # whole
