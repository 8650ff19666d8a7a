import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from tray import texts
from tray.password import PasswordBox


@pytest.fixture
def box(application):
    made = PasswordBox(texts.load("ru"))
    made.show()
    yield made
    made.close()


def test_a_password_leaves_as_octets_and_the_field_is_empty(box):
    QTest.keyClicks(box.field, "Qwerty12")
    assert box.field.text() == "Qwerty12"
    assert box.field.take() == bytearray(b"Qwerty12")
    assert box.field.text() == ""
    assert not box.field.isUndoAvailable()


def test_a_password_of_other_letters_leaves_in_utf_8(box):
    box.field.setText("құпия")
    assert box.field.take().decode() == "құпия"


def test_the_eye_shows_and_hides_the_password_and_says_which(box):
    assert box.field.echoMode() == QLineEdit.EchoMode.Password
    assert box.eye.accessibleName() == "Показать пароль"
    box.eye.click()
    assert box.field.echoMode() == QLineEdit.EchoMode.Normal
    assert box.eye.accessibleName() == "Скрыть пароль"
    box.eye.click()
    assert box.field.echoMode() == QLineEdit.EchoMode.Password


def test_letters_that_are_not_latin_bring_a_warning_until_the_field_is_empty(box):
    QTest.keyClicks(box.field, "q")
    assert not box.layout_warning.isVisible()
    QTest.keyClick(box.field, "й")
    assert box.layout_warning.isVisible()
    QTest.keyClick(box.field, Qt.Key.Key_Backspace)
    assert box.layout_warning.isVisible()
    box.field.clear()
    assert not box.layout_warning.isVisible()


def test_caps_lock_is_noticed_by_the_letters_where_the_system_cannot_be_asked(box):
    QTest.keyClick(box.field, "q")
    assert not box.caps_lock.isVisible()
    QTest.keyClick(box.field, "W", Qt.KeyboardModifier.ShiftModifier)
    assert not box.caps_lock.isVisible()
    box.field._probe = lambda: True
    QTest.keyClick(box.field, "1")
    assert box.caps_lock.isVisible()
    box.field._probe = lambda: False
    QTest.keyClick(box.field, "1")
    assert not box.caps_lock.isVisible()


def test_return_means_done_and_a_held_key_means_nothing(box):
    entered = []
    box.field.entered.connect(lambda: entered.append(True))
    QTest.keyClick(box.field, Qt.Key.Key_Return)
    QTest.keyClick(box.field, Qt.Key.Key_Enter)
    assert entered == [True, True]


def test_the_label_belongs_to_the_field_and_the_field_is_named(box):
    assert box.field.accessibleName() == "Пароль от ключа"
    assert box.field.accessibleDescription() == "Пароль остаётся на этом компьютере, его не увидит никто."
    assert box.field.contextMenuPolicy() == Qt.ContextMenuPolicy.NoContextMenu
