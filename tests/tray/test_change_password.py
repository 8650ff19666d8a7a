import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from protocol import prompts
from tests.support.cut_texts import cut_texts
from tray import texts
from tray.approval import SigningWindow
from tray.change_password import ChangePasswordPanel
from tray.dropped import Dropped


def prompt(samples, language="ru", **changes):
    return prompts.ChangePassword(prompts.Caller("command"), samples.first_file, language, **changes)


@pytest.fixture
def make(put_up, samples):
    def panel(language="ru", **changes):
        return put_up(
            ChangePasswordPanel(texts.load(language), prompt(samples, language, **changes)), 520, 640
        )

    return panel


def enter(panel, old="Qwerty12", new="New-12345", again=None):
    panel.old.field.setText(old)
    panel.new.field.setText(new)
    panel.again.field.setText(new if again is None else again)


def kept(panel):
    return {name for name, rule in panel.rules.items() if rule.is_kept}


def test_the_password_is_changed_once_all_rules_are_kept(make):
    panel = make()
    assert kept(panel) == set()
    enter(panel, new="Qwerty12")
    assert kept(panel) == {"length", "variety", "again"}  # it is the one that the file has
    enter(panel, new="11111111")
    assert kept(panel) == {"length", "another", "again"}
    enter(panel, again="New-1234")
    assert kept(panel) == {"length", "variety", "another"}
    enter(panel, old="")
    assert not panel.is_ready
    enter(panel)
    assert panel.is_ready
    panel.keep_copy.setChecked(True)
    assert panel.answer() == (prompts.PasswordsTyped(keep_copy=True), bytearray(b"Qwerty12"))
    assert panel.further_secrets() == (bytearray(b"New-12345"),)
    assert [box.field.text() for box in (panel.old, panel.new, panel.again)] == ["", "", ""]
    assert kept(panel) == set(panel.rules)  # the person sees it while the file is written


def test_return_goes_from_field_to_field_and_then_agrees(make):
    panel = make()
    submitted = []
    panel.submitted.connect(lambda: submitted.append(True))
    panel.first_focus().setFocus()
    for box, following in ((panel.old, panel.new), (panel.new, panel.again)):
        QTest.keyClick(box.field, Qt.Key.Key_Return)
        assert panel.focusWidget() is following.field
    assert not submitted
    QTest.keyClick(panel.again.field, Qt.Key.Key_Return)
    assert submitted


def test_each_password_has_its_eye_and_both_new_ones_share_one(make):
    panel = make()
    panel.new.eye.click()
    modes = [box.field.echoMode() for box in (panel.old, panel.new, panel.again)]
    assert modes == [QLineEdit.EchoMode.Password, QLineEdit.EchoMode.Normal, QLineEdit.EchoMode.Normal]


def test_another_key_file_can_be_dropped_and_the_answer_names_it(make, tmp_path):
    panel = make()
    other = tmp_path / "other.p12"
    other.touch()
    assert panel.offer(Dropped((str(other),))).is_welcome
    assert not panel.offer(Dropped((str(tmp_path / "act.pdf"),))).is_welcome
    panel.take(Dropped((str(other),)))
    assert panel.focusWidget() is panel.old.field
    assert "other.p12" in {label.text() for label in panel.findChildren(QLabel) if not label.isHidden()}
    enter(panel)
    assert panel.answer()[0] == prompts.PasswordsTyped(path=str(other))


def test_no_copy_is_kept_unless_it_was_wanted(make):
    assert not make().keep_copy.isChecked()
    assert make(keep_copy=True).keep_copy.isChecked()


def test_why_it_is_asked_again_is_told(make):
    told = [label.text() for label in make(problem=prompts.Problem("key-not-kept")).findChildren(QLabel)]
    assert texts.load("ru")("change_password.not_kept") in told
    told = [label.text() for label in make(problem=prompts.Problem("wrong-password")).findChildren(QLabel)]
    assert "Пароль не подошёл" in told


def test_what_was_typed_can_be_forgotten(make):
    panel = make()
    enter(panel)
    panel.forget()
    assert [box.field.text() for box in (panel.old, panel.new, panel.again)] == ["", "", ""]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_nothing_is_cut(make, language):
    assert cut_texts(make(language)) == []


def test_the_window_sends_both_passwords_in_order_and_wipes_them(put_up, samples, recorded):
    clock = iter(range(1000, 9000, 5))
    window = SigningWindow(recorded, clock=lambda: float(next(clock)))
    window.receive(prompt(samples))
    put_up(window)
    QApplication.processEvents()
    enter(window.panel)
    window._refresh()
    window._refresh()
    assert window.accent.isEnabled()
    window.accent.click()
    sent = [each for each in recorded.sent if not isinstance(each, prompts.Shown | prompts.Activity)]
    assert sent == [prompts.PasswordsTyped()]
    assert recorded.secrets == [b"Qwerty12", b"New-12345"]
    assert not any(any(buffer) for buffer in recorded.buffers)
    window.receive(prompts.Finished())
    assert texts.load("ru")("done.change_password") in [label.text() for label in window.findChildren(QLabel)]
