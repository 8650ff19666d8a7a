import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from protocol import prompts
from tests.support.cut_texts import cut_texts
from tray import read_key, texts
from tray.approval import SigningWindow
from tray.dropped import Dropped

CALLER = prompts.Caller("command")


@pytest.fixture(params=["kk", "ru", "en"])
def language(request):
    return request.param


def prompt(samples, language="ru", **changes):
    return prompts.ReadKey(CALLER, samples.first_file, language, **changes)


def said(panel):
    return {label.text() for label in panel.findChildren(QLabel) if label.text()}


def test_one_file_and_its_password_are_the_answer(put_up, samples, language):
    panel = put_up(read_key.ReadKeyPanel(texts.load(language), prompt(samples)), 500, 400)
    assert not panel.is_ready
    assert panel.first_focus() is panel.password.field
    submitted = []
    panel.submitted.connect(lambda: submitted.append(True))
    QTest.keyClicks(panel.password.field, "Qwerty12")
    QTest.keyClick(panel.password.field, Qt.Key.Key_Return)
    assert submitted
    assert panel.answer() == (prompts.KeyOpened(samples.first_file.path, "PKCS12"), bytearray(b"Qwerty12"))
    assert panel.further_secrets() == ()
    assert panel.password.field.text() == ""
    assert cut_texts(panel) == []


def test_the_owner_is_named_where_it_is_known(put_up, samples):
    known = put_up(read_key.card_of(texts.load("ru"), samples.first_file))
    assert samples.first_file.owner in said(known)
    unknown = put_up(read_key.card_of(texts.load("ru"), samples.second_file))
    assert {"AUTH_RSA256_91bc.p12", "/media/usb"} <= said(unknown)
    assert "Файл: /media/usb/AUTH_RSA256_91bc.p12" in {
        label.accessibleName() for label in unknown.findChildren(QLabel)
    }


def test_why_it_is_asked_again_is_told_and_what_was_typed_can_be_forgotten(put_up, samples):
    panel = put_up(
        read_key.ReadKeyPanel(texts.load("ru"), prompt(samples, problem=prompts.Problem("wrong-password")))
    )
    assert "Пароль не подошёл" in said(panel)
    panel.password.field.setText("Qwerty12")
    panel.forget()
    assert panel.password.field.text() == ""


def test_another_key_file_can_be_dropped_in_place_of_the_first(put_up, samples, tmp_path, language):
    panel = put_up(read_key.ReadKeyPanel(texts.load(language), prompt(samples)), 500, 400)
    other = tmp_path / "other.p12"
    other.touch()
    found = Dropped((str(other),))
    assert panel.offer(found).is_welcome
    panel.take(found)
    assert panel.focusWidget() is panel.password.field
    assert {"other.p12", str(tmp_path)} <= {
        label.text() for label in panel.findChildren(QLabel) if not label.isHidden()
    }
    assert not panel.is_ready
    panel.password.field.setText("Qwerty12")
    assert panel.answer() == (prompts.KeyOpened(str(other), "PKCS12"), bytearray(b"Qwerty12"))
    two = tmp_path / "second.p12"
    two.touch()
    for wrong in (Dropped((str(other), str(two))), Dropped(folders=(str(tmp_path),)), Dropped(missing=1)):
        assert not panel.offer(wrong).is_welcome
    assert cut_texts(panel) == []


def test_the_file_that_is_meant_stays_what_it_is_when_it_is_dropped_itself(put_up, tmp_path):
    path = tmp_path / "a.p12"
    path.touch()
    file = prompts.KeyFile(str(path), "PKCS12", "", owner="АХМЕТОВА")
    card = put_up(read_key.KeyFileCard(texts.load("ru"), file))
    card.take(Dropped((str(path),)))
    assert (card.file, card.is_another) == (file, False)


def test_the_window_closes_without_a_word_once_the_key_is_read(put_up, samples, recorded):
    window = SigningWindow(recorded)
    over = []
    window.over.connect(lambda: over.append(True))
    window.receive(prompt(samples, "kk"))
    put_up(window)
    assert window.windowTitle() == texts.load("kk")("window.read_key")
    window.panel.password.field.setText("Qwerty12")
    window._watch.arm()
    window.receive(prompts.Finished())
    assert over
    assert not window.isVisible()
