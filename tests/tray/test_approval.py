import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from protocol import preview, prompts
from tests.support import drags
from tests.support.qt_waiting import until
from tests.tray import batches
from tray import approval, guard
from tray.batch_table import BatchTable


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@dataclasses.dataclass
class Opened:
    """A window, the clock that it lives by, and what it answered."""

    window: approval.SigningWindow
    clock: Clock
    recorded: object

    @property
    def sent(self):
        """Answers without those that only tell that somebody is there, or ask to see a document."""
        passed_over = prompts.Shown | prompts.Activity | preview.Question
        return [answer for answer in self.recorded.sent if not isinstance(answer, passed_over)]

    def wait(self, seconds=1.0):
        self.clock.now += seconds
        self.window._refresh()  # what the window's own timer does

    def show(self, prompt, seconds=1.0):
        self.window.receive(prompt)
        QTest.qWait(1)
        QApplication.processEvents()
        self.wait(seconds)

    @property
    def password(self):
        return self.window.panel.password.field

    def enter(self, password):
        QTest.keyClicks(self.password, password)
        QTest.keyClick(self.password, Qt.Key.Key_Return)

    def texts(self):
        return [
            label.text() for label in self.window.findChildren(QLabel) if label.isVisible() and label.text()
        ]

    def press(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.window.focusWidget() or self.window, key, modifiers)


@pytest.fixture
def opened(application, recorded):
    clock = Clock()
    window = approval.SigningWindow(recorded, clock)
    yield Opened(window, clock, recorded)
    window.vanish()
    window.deleteLater()


def test_a_whole_approval_from_the_file_to_the_last_word(opened, samples):
    over = []
    opened.window.over.connect(lambda: over.append(True))
    opened.show(samples.open_key())
    assert prompts.Shown() in opened.recorded.sent
    assert opened.window.accent.text() == "Открыть ключ"
    opened.enter("Qwerty12")
    assert opened.sent == [prompts.KeyOpened(samples.first_file.path, "PKCS12")]
    assert opened.recorded.secrets == [b"Qwerty12"]
    opened.show(prompts.ChooseKey((samples.key,), remember_days=30))
    assert opened.window.accent.text() == "Подписать (3)"
    opened.window.panel.remember.click()
    opened.window.accent.click()
    assert opened.sent[1:] == [prompts.Approved("first", remember=True)]
    opened.show(prompts.Finished(3))
    assert "Подписано: 3 документа" in opened.texts()
    assert not opened.window.accent.isVisible()
    assert over == []
    opened.window.cancel.click()
    assert over == [True]
    assert prompts.Cancelled() not in opened.sent


def test_the_buffer_of_the_password_is_wiped_and_the_field_emptied(opened, samples):
    opened.show(samples.open_key())
    field = opened.password
    opened.enter("Qwerty12")
    assert opened.recorded.buffers == [bytearray(8)]
    assert field.text() == ""


def test_the_buffer_is_wiped_even_if_the_pipe_breaks(opened, samples, monkeypatch):
    kept = []

    def fail(secret):
        kept.append(secret)
        raise OSError

    opened.show(samples.open_key())
    opened.password.setText("Qwerty12")
    monkeypatch.setattr(opened.recorded, "send_secret", fail)
    with pytest.raises(OSError):
        opened.window._agree()
    assert kept == [bytearray(8)]


def test_nothing_typed_under_a_window_that_just_appeared_counts(opened, samples):
    opened.show(samples.open_key(), seconds=0)
    opened.enter("typed into another program")
    assert opened.password.text() == ""
    QApplication.sendEvent(opened.password, QInputMethodEvent("", []))
    opened.wait(guard.DELAY_S - 0.01)
    opened.enter("x")
    assert opened.password.text() == ""
    assert opened.sent == []
    opened.wait(0.02)
    opened.enter("Qwerty12")
    assert opened.recorded.secrets == [b"Qwerty12"]


def test_agreeing_is_impossible_right_after_each_change(opened, samples):
    opened.show(samples.open_key())
    opened.show(prompts.ChooseKey((samples.key,)), seconds=0)
    assert not opened.window.accent.isEnabled()
    opened.window.accent.click()
    QTest.mouseClick(opened.window.accent, Qt.MouseButton.LeftButton)
    opened.window._agree()  # Ctrl+Return
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
        opened.press(key)
    assert opened.sent == []
    opened.wait()
    assert opened.window.accent.isEnabled()
    opened.window.accent.click()
    assert opened.sent == [prompts.Approved("first")]


def test_a_password_typed_at_once_after_a_wrong_one_is_not_lost(opened, samples):
    opened.show(samples.open_key())
    opened.show(samples.open_key(problem=prompts.Problem("wrong-password")), seconds=0)
    QTest.keyClicks(opened.password, "Qwerty12")
    assert opened.password.text() == "Qwerty12"


def test_a_held_return_key_agrees_to_nothing(opened, samples):
    opened.show(samples.open_key())
    QTest.keyClicks(opened.password, "Qwerty12")
    held = QKeyEvent(
        QEvent.Type.KeyPress, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r", autorep=True
    )
    QApplication.sendEvent(opened.password, held)
    assert opened.sent == []


def test_where_the_password_goes_is_in_sight_after_a_wrong_one_on_a_small_screen(
    opened, samples, monkeypatch
):
    monkeypatch.setattr(opened.window, "available", lambda: QRect(0, 0, 1024, 568))
    opened.show(samples.open_key())
    opened.show(samples.open_key(problem=prompts.Problem("wrong-password")))
    QTest.qWait(150)
    view, field = opened.window.middle.viewport(), opened.password
    assert view.rect().contains(field.mapTo(view, field.rect().bottomRight()))


def test_cancel_is_the_default_everywhere(opened, samples):
    opened.show(samples.open_key())
    assert opened.window.cancel.isDefault()
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.cancel.isDefault()
    assert opened.window.focusWidget() is opened.window.cancel
    opened.press(Qt.Key.Key_Return)
    assert opened.sent == [prompts.Cancelled()]


@pytest.mark.parametrize("way", ["escape", "close", "button"])
def test_every_way_to_say_no_says_no_once(opened, samples, way):
    over = []
    opened.window.over.connect(lambda: over.append(True))
    opened.show(samples.open_key())
    opened.password.setText("Qwerty12")
    if way == "escape":
        opened.press(Qt.Key.Key_Escape)
    elif way == "close":
        opened.window.close()
    else:
        opened.window.cancel.click()
    assert opened.sent == [prompts.Cancelled()]
    assert over == [True]
    assert not opened.window.isVisible()
    assert opened.password.text() == ""


def test_escape_says_no_even_before_the_guard_opens(opened, samples):
    opened.show(samples.open_key(), seconds=0)
    opened.press(Qt.Key.Key_Escape)
    assert opened.sent == [prompts.Cancelled()]


def test_the_end_of_input_closes_the_window_without_a_word(opened, samples):
    over = []
    opened.window.over.connect(lambda: over.append(True))
    opened.show(samples.open_key())
    opened.window.vanish()
    assert opened.sent == []
    assert over == [True]
    assert not opened.window.isVisible()


def test_a_key_cannot_be_opened_without_a_password_or_a_file(opened, samples):
    opened.show(samples.open_key())
    assert not opened.window.accent.isEnabled()
    QTest.keyClick(opened.password, Qt.Key.Key_Return)
    assert opened.sent == []
    opened.show(samples.open_key(files=()))
    opened.password.setText("Qwerty12")
    assert not opened.window.accent.isEnabled()


def test_while_the_worker_works_nothing_can_be_changed_and_return_cancels_nothing(opened, samples):
    opened.show(samples.open_key())
    opened.enter("Qwerty12")
    assert not opened.password.isEnabled()
    assert not opened.window.accent.isEnabled()
    QTest.keyClick(opened.window, Qt.Key.Key_Return)
    assert len(opened.sent) == 1
    assert not opened.window.busy.isVisible()
    assert until(opened.window.busy.isVisible)
    assert opened.window.busy.text() == "Ключ открывается…"
    opened.window.cancel.click()
    assert opened.sent[-1] == prompts.Cancelled()


def test_another_key_goes_back_to_the_files(opened, samples):
    opened.show(samples.open_key())
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.panel.other_key.click()
    assert opened.sent == [prompts.BackToFiles()]
    opened.show(samples.open_key(chosen=samples.second_file.path))
    assert opened.window.panel.chosen == samples.second_file


def test_with_several_keys_nothing_can_be_signed_before_one_is_chosen(opened, samples):
    opened.show(samples.open_key())
    opened.show(prompts.ChooseKey((samples.key, samples.other_key(key_id="second"))))
    assert not opened.window.accent.isEnabled()
    opened.window.panel.list.select(1)
    assert opened.window.accent.isEnabled()
    opened.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    opened.window._agree()
    assert opened.sent == [prompts.Approved("second")]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"documents": ()}, "Подписать"),
        ({"action": "show_key", "documents": ()}, "Отправить"),
        ({"language": "kk"}, "Қол қою (3)"),
        ({"language": "en"}, "Sign (3)"),
    ],
)
def test_the_accent_button_says_what_it_does(opened, samples, changes, label):
    opened.show(samples.open_key(**changes))
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.text() == label


def test_how_many_wait_is_told_and_stays_told(opened, samples):
    opened.show(prompts.Waiting(7))
    opened.show(samples.open_key(waiting=2))
    assert opened.window.waiting.text() == "Ещё 2 запроса ждут"
    opened.show(prompts.Waiting(1))
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.waiting.text() == "Ещё 1 запрос ждёт"
    opened.show(prompts.Waiting(0))
    assert opened.window.waiting.text() == ""


def test_activity_is_told_at_most_once_a_second(opened, samples):
    def told():
        return opened.recorded.sent.count(prompts.Activity())

    opened.show(samples.open_key())
    for _ in range(5):
        QTest.mouseMove(opened.window, QPoint(50 + _, 50))
        QTest.keyClick(opened.password, "a")
    assert told() == 1
    opened.wait(1.0)
    QTest.keyClick(opened.password, "a")
    QTest.keyClick(opened.password, "b")
    assert told() == 2


def test_a_failure_stays_until_it_is_closed(opened, samples):
    opened.show(samples.open_key())
    opened.show(prompts.Finished(0, prompts.Problem("storage-failed", detail="disk full")))
    assert "Не удалось сделать запись в журнале" in opened.texts()
    assert opened.window.cancel.text() == "Закрыть"
    QTest.qWait(1400)
    assert opened.window.isVisible()


def test_success_closes_by_itself(opened, samples):
    opened.show(samples.open_key())
    opened.show(prompts.Finished(1))
    assert opened.window.isVisible()
    assert until(lambda: not opened.window.isVisible())
    assert opened.sent == []


def test_an_approval_that_fails_before_anything_was_asked_shows_nothing(opened):
    over = []
    opened.window.over.connect(lambda: over.append(True))
    opened.window.receive(prompts.Finished(0, prompts.Problem("bad-input")))
    assert over == [True]
    assert opened.recorded.sent == []


def test_a_first_prompt_that_makes_no_sense_is_a_mistake(opened, samples):
    with pytest.raises(RuntimeError):
        opened.window.receive(prompts.ChooseKey((samples.key,)))


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "Подписание документов"),
        ({"purpose": "identify"}, "Подтверждение личности"),
        ({"action": "show_key"}, "Передача сертификата"),
    ],
)
def test_the_title_says_what_it_is_about(opened, samples, changes, title):
    opened.show(samples.open_key(**changes))
    assert opened.window.windowTitle() == title


def test_everything_can_be_reached_with_the_tab_key(opened, samples):
    opened.show(samples.open_key())
    opened.password.setText("x")
    opened.window._refresh()
    reached = set()
    for _ in range(12):
        reached.add(opened.window.focusWidget())
        opened.press(Qt.Key.Key_Tab)
    files = opened.window.panel
    wanted = {
        opened.window.beside.list, files.list, files.other, files.password.field, files.password.eye, opened.window.cancel,
        opened.window.accent,
    }  # fmt: skip
    assert wanted <= reached


def test_every_button_and_field_has_a_name(opened, samples):
    opened.show(samples.open_key(problem=prompts.Problem("broken-file", detail="x")))
    for button in opened.window.findChildren(QPushButton):
        assert button.text() or button.accessibleName()
    assert opened.window.panel.list.accessibleName() == "Файлы ключей"
    assert opened.window.beside.list.accessibleName() == "Документы (3)"


def test_ten_thousand_documents_are_no_burden(opened, samples):
    many = tuple(dataclasses.replace(samples.act, name=f"Акт № {number}") for number in range(10_000))
    opened.show(samples.open_key(documents=many))
    assert opened.window.beside.list.model().rowCount() == 10_000
    assert opened.window.beside.list.height() < opened.window.height()
    assert "просит подписать 10\u202f000 документов" in opened.texts()


# --- other questions ----------------------------------------------------------------------------------------------


def test_a_yes_waits_for_documents_that_are_being_read_but_not_for_ever(opened, samples):
    opened.show(samples.open_key())  # of three documents
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.isEnabled()  # nobody reads them, as far as can be told
    opened.window.receive(preview.Known(0, batches.act(0)))
    assert not opened.window.accent.isEnabled()
    assert "1" in opened.window.accent.toolTip()
    opened.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert prompts.Approved(samples.key.key_id) not in opened.sent
    for place in (1, 2):
        opened.window.receive(preview.Known(place, batches.act(place)))
    opened.wait()
    assert opened.window.accent.isEnabled()
    assert not opened.window.accent.toolTip()


def test_a_renderer_that_hangs_keeps_nobody_from_deciding(opened, samples):
    opened.show(samples.open_key())
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.receive(preview.Known(0, batches.act(0)))
    opened.wait(approval.READING_S - 2)
    assert not opened.window.accent.isEnabled()
    opened.wait(3)
    assert opened.window.accent.isEnabled()


def test_keys_that_are_open_already_are_approved_at_once(opened, samples):
    opened.show(prompts.Approve(samples.open_key(), (samples.key,), remember_days=30))
    assert opened.window.windowTitle() == "Подписание документов"
    assert opened.window.accent.text() == "Подписать (3)"
    assert not opened.window.panel.other_key.isVisible()
    assert opened.window.focusWidget() is opened.window.cancel
    opened.window.panel.remember.click()
    opened.window.accent.click()
    assert opened.sent == [prompts.Approved("first", remember=True)]


def test_a_file_is_chosen_in_the_window_and_it_closes_without_a_word(opened, samples, tmp_path):
    (tmp_path / "act.pdf").write_bytes(b"act")
    over = []
    opened.window.over.connect(lambda: over.append(True))
    opened.show(prompts.ChooseFile(samples.site, "any", str(tmp_path), "ru", waiting=2))
    assert opened.window.windowTitle() == "Выбор файла"
    assert "просит выбрать файл" in opened.texts()
    assert opened.window.waiting.text() == "Ещё 2 запроса ждут"
    assert not opened.window.accent.isEnabled()
    QTest.keyClicks(opened.window.focusWidget(), "act.pdf")
    assert opened.window.accent.isEnabled()
    QTest.keyClick(opened.window.panel.chooser.name, Qt.Key.Key_Return)
    assert opened.sent == [prompts.FileChosen(str(tmp_path / "act.pdf"))]
    opened.show(prompts.Finished(0))
    assert over == [True]
    assert len(opened.sent) == 1


def test_no_file_is_taken_before_the_guard_opens(opened, samples, tmp_path):
    (tmp_path / "act.pdf").write_bytes(b"act")
    opened.show(prompts.ChooseFile(samples.site, "any", str(tmp_path), "ru"), seconds=0)
    opened.window.panel.chooser.name.setText("act.pdf")
    opened.window.panel.chooser.accept()  # a double click
    opened.window.accent.click()
    assert opened.sent == []
    opened.wait()
    opened.window.panel.chooser.accept()
    assert opened.sent == [prompts.FileChosen(str(tmp_path / "act.pdf"))]


@pytest.mark.parametrize("way", ["escape", "close", "button"])
def test_choosing_a_file_can_be_refused(opened, samples, tmp_path, way):
    opened.show(prompts.ChooseFile(samples.site, "any", str(tmp_path), "ru"))
    if way == "escape":
        opened.press(Qt.Key.Key_Escape)
    elif way == "close":
        opened.window.close()
    else:
        opened.window.cancel.click()
    assert opened.sent == [prompts.Cancelled()]
    assert not opened.window.isVisible()


def test_a_file_that_cannot_be_told_ends_with_the_reason(opened, samples, tmp_path):
    opened.show(prompts.ChooseFile(samples.site, "folder", str(tmp_path), "ru"))
    opened.window.accent.click()
    opened.show(prompts.Finished(0, prompts.Problem("storage-failed")))
    assert "Не удалось сделать запись в журнале" in opened.texts()


def test_a_file_that_the_page_named_is_allowed_and_then_signed(opened, samples):
    opened.show(prompts.AllowFile(samples.site, "/home/aigerim/act.pdf", "ru"))
    assert opened.window.focusWidget() is opened.window.cancel
    assert opened.window.cancel.isDefault()
    small = opened.window.size()
    opened.window.accent.setFocus()
    opened.press(Qt.Key.Key_Space)
    assert opened.sent == [prompts.Allowed()]
    opened.show(samples.open_key())
    assert opened.window.accent.text() == "Открыть ключ"
    assert opened.window.width() > small.width()


def test_return_refuses_a_file_that_the_page_named(opened, samples):
    opened.show(prompts.AllowFile(samples.site, "/home/aigerim/act.pdf", "ru"))
    opened.press(Qt.Key.Key_Return)
    assert opened.sent == [prompts.Cancelled()]


def test_a_new_key_gets_its_file_and_its_password(opened, samples, tmp_path):
    opened.show(samples.new_key(str(tmp_path)))
    panel = opened.window.panel
    assert opened.window.focusWidget() is panel.password.field
    QTest.keyClicks(panel.password.field, "Qwerty12")
    QTest.keyClick(panel.password.field, Qt.Key.Key_Return)
    assert opened.sent == []
    QTest.keyClicks(panel.again.field, "Qwerty12")
    QTest.keyClick(panel.again.field, Qt.Key.Key_Return)
    assert opened.sent == [prompts.KeyNamed(str(tmp_path / "GOST512_new.p12"))]
    assert opened.recorded.secrets == [b"Qwerty12"]
    assert opened.recorded.buffers == [bytearray(8)]
    opened.show(samples.new_key(str(tmp_path), problem=prompts.Problem("key-not-kept")))
    assert "Файл ключа не удалось записать" in opened.texts()
    QTest.keyClicks(opened.window.panel.password.field, "Qwerty13")
    QTest.keyClicks(opened.window.panel.again.field, "Qwerty13")
    QTest.qWait(900)
    opened.window.accent.click()
    opened.show(prompts.Finished(0))
    assert {"Ключ создан", "GOST512_new.p12"} <= set(opened.texts())
    QTest.qWait(approval.SUCCESS_SHOWN_MS + 200)
    assert opened.window.isVisible()


def test_a_password_for_a_new_key_does_not_outlive_a_no(opened, samples, tmp_path):
    opened.show(samples.new_key(str(tmp_path)))
    panel = opened.window.panel
    QTest.keyClicks(panel.password.field, "Qwerty12")
    opened.press(Qt.Key.Key_Escape)
    assert panel.password.field.text() == ""
    assert opened.sent == [prompts.Cancelled()]


def test_the_agent_itself_is_shown_until_it_is_closed(opened, samples):
    opened.show(prompts.About(samples.site, "0.4.0", 13579, "ru"))
    assert opened.window.windowTitle() == "О программе Qalamsap"
    assert opened.window.cancel.text() == "Закрыть"
    assert not opened.window.accent.isVisible()
    assert not any("нажмите «Отмена»" in text for text in opened.texts())
    opened.window._agree()  # Ctrl+Return
    assert opened.sent == []
    opened.window.close()
    assert opened.sent == [prompts.Cancelled()]


def test_a_certificate_is_added_with_the_password(opened, samples):
    certificate = samples.other_key(storage="", path="")
    asked = samples.open_key(action="import_certificate", documents=(), certificate=certificate)
    opened.show(asked)
    assert opened.window.accent.text() == "Добавить сертификат"
    opened.show(dataclasses.replace(asked, problem=prompts.Problem("key-unsuitable")))
    assert any(text.startswith("Этот ключ не тот, для которого") for text in opened.texts())
    opened.enter("Qwerty12")
    assert opened.sent == [prompts.KeyOpened(samples.first_file.path, "PKCS12")]
    opened.show(prompts.Finished(0))
    assert "Сертификат добавлен к ключу" in opened.texts()


def test_a_certificate_that_would_be_lost_is_shown_before_the_second_yes(opened, samples):
    certificate = samples.other_key(storage="", path="")
    present = samples.other_key(issuer="ЧУЖОЙ ЦЕНТР", not_after="2027-03-08T12:00:00+00:00")
    asked = samples.open_key(
        action="import_certificate",
        documents=(),
        certificate=certificate,
        replaced=present,
        chosen=samples.first_file.path,
    )
    opened.show(asked)
    assert opened.window.accent.text() == "Заменить сертификат"
    assert any("введите пароль ещё раз" in text for text in opened.texts())
    assert any("ЧУЖОЙ ЦЕНТР" in text and "08.03.2027" in text for text in opened.texts())
    opened.show(dataclasses.replace(asked, problem=prompts.Problem("wrong-password")))
    assert opened.window.accent.text() == "Заменить сертификат"
    assert any("введите пароль ещё раз" in text for text in opened.texts())
    opened.enter("Qwerty12")
    assert opened.sent == [prompts.KeyOpened(samples.first_file.path, "PKCS12")]


def test_a_certificate_that_stays_is_shown_with_the_refusal(opened, samples):
    certificate = samples.other_key(storage="", path="")
    present = samples.other_key(issuer="ЦЕНТР", not_after="2027-03-08T12:00:00+00:00")
    asked = samples.open_key(
        action="import_certificate",
        documents=(),
        certificate=certificate,
        replaced=present,
        problem=prompts.Problem("key-unsuitable"),
    )
    opened.show(asked)
    assert opened.window.accent.text() == "Добавить сертификат"
    assert any(text.startswith("У ключа есть сертификат надёжнее") for text in opened.texts())
    assert any("выдан центром ЦЕНТР" in text for text in opened.texts())
    assert not any("введите пароль ещё раз" in text for text in opened.texts())


def test_logging_in_names_the_site_on_every_step(opened, samples):
    opened.show(samples.open_key(action="log_in", purpose="identify", documents=(samples.act,)))
    assert opened.window.windowTitle() == "Вход на сайт kds.ismet.kz"
    opened.enter("Qwerty12")
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.text() == "Войти"
    opened.window.accent.click()
    opened.show(prompts.Finished(1))
    assert "Вход подтверждён" in opened.texts()


def test_announced_documents_are_counted_on_the_button(opened, samples):
    opened.show(samples.open_key(documents=(), announced=300))
    assert "просит подписать 300 документов" in opened.texts()
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.text() == "Подписать (300)"


def test_the_page_keys_scroll_what_has_nothing_to_focus(opened, samples):
    opened.show(samples.open_key())
    opened.show(prompts.ChooseKey((samples.key,), remember_days=30))
    opened.window.setMinimumSize(100, 100)
    opened.window.resize(480, 320)
    QApplication.processEvents()
    bar = opened.window.middle.verticalScrollBar()
    before = bar.value()
    QTest.keyClick(opened.window.cancel, Qt.Key.Key_PageDown)
    assert bar.value() > before
    QTest.keyClick(opened.window.cancel, Qt.Key.Key_PageUp)
    assert bar.value() == before


# --- previews and batches -----------------------------------------------------------------------------------------


def batch(samples, count=5, **changes):
    return samples.open_key(documents=batches.documents(count), may_leave_out=True, **changes)


def test_the_documents_stay_as_they_are_from_the_password_to_the_yes(opened, samples):
    opened.show(batch(samples))
    documents = opened.window.beside
    opened.window.beside.table.model.toggle(3)
    opened.window.receive(preview.Known(0, batches.act(0)))
    opened.enter("wrong")
    opened.show(batch(samples, problem=prompts.Problem("wrong-password")))
    assert "Пароль не подошёл" in opened.texts()
    assert opened.window.focusWidget() is opened.password
    opened.enter("Qwerty12")
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.beside is documents
    assert documents.batch.known == 1
    assert opened.window.accent.text() == "Подписать (4)"
    opened.wait(approval.READING_S)
    opened.window.accent.click()
    assert opened.sent[-1] == prompts.Approved("first", left_out=(3,))


def test_other_documents_are_laid_out_anew(opened, samples):
    opened.show(batch(samples))
    before = opened.window.beside
    before.table.model.toggle(3)
    opened.show(batch(samples, 4))
    assert opened.window.beside is not before
    assert opened.window.beside.left_out == ()


def test_of_all_documents_one_must_be_left(opened, samples):
    opened.show(batch(samples))
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.beside.table.all.click()
    assert not opened.window.accent.isEnabled()
    opened.window._agree()
    assert opened.sent == []
    opened.window.beside.table.model.toggle(2)
    assert opened.window.accent.isEnabled()
    assert opened.window.accent.text() == "Подписать (1)"
    opened.window.accent.click()
    assert opened.sent == [prompts.Approved("first", left_out=(0, 1, 3, 4))]


def test_after_the_yes_nobody_is_taken_out_any_more(opened, samples):
    opened.show(batch(samples))
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.accent.click()
    opened.window.beside.table.model.toggle(2)
    assert opened.window.beside.left_out == ()


def test_while_the_key_is_opened_documents_can_be_read_and_left_out(opened, samples):
    opened.show(batch(samples))
    opened.enter("Qwerty12")
    opened.window.beside.table.model.toggle(2)
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.text() == "Подписать (4)"


def test_a_strangers_key_is_warned_of_and_agreement_held_back_once_more(opened, samples):
    opened.show(samples.open_key(documents=batches.documents(1)))
    stranger = samples.other_key(bin="123456789013")
    opened.show(prompts.ChooseKey((stranger,)))
    assert opened.window.accent.isEnabled()
    opened.window.receive(preview.Known(0, batches.act(0)))
    QApplication.processEvents()
    assert "Этот ключ не принадлежит ни одной из сторон документа." in opened.texts()
    assert not opened.window.accent.isEnabled()
    opened.window._agree()
    assert opened.sent == []
    opened.wait()
    opened.window.accent.click()
    assert opened.sent == [prompts.Approved("first")]


def test_the_warning_is_in_sight_on_a_small_screen(opened, samples, monkeypatch):
    monkeypatch.setattr(opened.window, "available", lambda: QRect(0, 0, 512, 284))
    opened.show(samples.open_key(documents=batches.documents(1)))
    opened.window.receive(preview.Known(0, batches.act(0)))
    opened.show(prompts.ChooseKey((samples.other_key(bin="123456789013"),)))
    QTest.qWait(150)
    view, warning = opened.window.middle.viewport(), opened.window.panel.warning
    shown = view.rect().intersected(warning.rect().translated(warning.mapTo(view, QPoint())))
    assert shown.height() >= min(warning.height(), view.height()) - 40


def test_the_owners_key_is_not_warned_of(opened, samples):
    opened.show(samples.open_key(documents=batches.documents(1)))
    opened.window.receive(preview.Known(0, batches.act(0)))
    opened.show(prompts.ChooseKey((samples.key,)))
    assert not any("ни одной из сторон" in text for text in opened.texts())
    assert opened.window.accent.isEnabled()


def test_taking_the_strangers_documents_out_takes_the_warning_back(opened, samples):
    opened.show(batch(samples, 2))
    mine = batches.act(0)
    other = dataclasses.replace(batches.act(1), parties=(preview.Party("customer", "060240001202"),))
    for place, overview in enumerate((mine, other)):
        opened.window.receive(preview.Known(place, overview))
    opened.show(prompts.ChooseKey((samples.key,)))
    assert "В 1 документе ни одна из сторон не владелец этого ключа." in opened.texts()
    opened.window.beside.table.model.toggle(1)
    QApplication.processEvents()
    assert not any("ни одна из сторон" in text for text in opened.texts())


def test_progress_is_seen_and_can_be_stopped(opened, samples):
    opened.show(batch(samples))
    opened.window.receive(prompts.Progress(1, 5))
    assert not opened.window.progress.isVisible()
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.accent.click()
    opened.window.receive(prompts.Progress(2, 5))
    assert opened.window.busy.text() == "Подписано 2 из 5"
    assert opened.window.progress.isVisible()
    assert (opened.window.progress.value(), opened.window.progress.maximum()) == (2, 5)
    assert opened.window.progress.accessibleName() == "Подписано 2 из 5"
    assert [entry.is_signed for entry in opened.window.beside.batch.entries] == [
        True,
        True,
        False,
        False,
        False,
    ]
    opened.window.cancel.click()
    assert opened.sent[-1] == prompts.Cancelled()


def test_one_document_needs_no_bar(opened, samples):
    opened.show(samples.open_key(documents=batches.documents(1)))
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.accent.click()
    opened.window.receive(prompts.Progress(0, 1))
    assert not opened.window.progress.isVisible()


def test_what_came_of_each_document_stays_where_some_were_left_out(opened, samples):
    opened.show(batch(samples))
    opened.window.beside.table.model.toggle(3)
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.accent.click()
    opened.show(prompts.Finished(4))
    assert "1 документ не подписан: вы сняли с него отметку." in opened.texts()
    QTest.qWait(approval.SUCCESS_SHOWN_MS + 200)
    assert opened.window.isVisible()


def signing(opened, samples, done):
    """A batch of five, of which so many are signed by now."""
    opened.show(batch(samples))
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.accent.click()
    opened.window.receive(prompts.Progress(done, 5))


def test_after_a_failure_in_the_middle_the_rows_stay_with_what_became_of_each(opened, samples):
    signing(opened, samples, 3)
    problem = prompts.Problem("timestamp-failed", detail="offline")
    opened.show(prompts.Finished(0, problem, failed=(prompts.Failure(3, "timestamp-failed"),)))
    assert opened.texts()[1:4] == [
        "Ни один из 5 документов не подписан",
        "Не удалось получить метку времени",
        "Ничего не подписано: подпись нужна с меткой времени, а сервер её не выдал. Проверьте подключение к интернету и повторите.",
    ]
    (table,) = opened.window.findChildren(BatchTable)
    assert table.isVisible()
    model = table.model()
    assert [model.data(model.index(row, 1)) for row in range(5)] == [
        "Не подписан. Не удалось получить метку времени", *["Не подписан"] * 4,
    ]  # fmt: skip
    assert table.selected_row() == 3
    QTest.qWait(approval.SUCCESS_SHOWN_MS + 200)
    assert opened.window.isVisible()


def test_signatures_without_the_timestamp_that_was_wished_for_are_there_to_read(opened, samples):
    signing(opened, samples, 5)
    opened.show(prompts.Finished(5, lacking=(1,)))
    assert "1 документ подписан без метки времени" in opened.texts()
    assert "Окно закроется само." not in opened.texts()
    QTest.qWait(approval.SUCCESS_SHOWN_MS + 200)
    assert opened.window.isVisible()


def test_results_are_gone_through_by_keyboard_alone(opened, samples):
    signing(opened, samples, 5)
    opened.show(prompts.Finished(5, lacking=(1,)))
    assert opened.window.focusWidget() is opened.window.cancel
    (table,) = opened.window.findChildren(BatchTable)
    for _ in range(10):
        if opened.window.focusWidget() is table:
            break
        opened.press(Qt.Key.Key_Tab)
    assert opened.window.focusWidget() is table
    assert table.accessibleName()
    opened.press(Qt.Key.Key_Down)
    opened.press(Qt.Key.Key_Space)
    assert table.selected_row() == 0
    assert opened.window.isVisible()
    opened.press(Qt.Key.Key_Escape)
    assert not opened.window.isVisible()
    assert prompts.Cancelled() not in opened.sent


def test_who_cancels_in_the_middle_is_told_nothing_of_signatures(opened, samples):
    signing(opened, samples, 3)
    opened.window.cancel.click()
    assert opened.sent[-1] == prompts.Cancelled()
    assert not opened.window.isVisible()


def test_results_that_are_being_read_do_not_close_by_themselves(opened, samples):
    opened.show(batch(samples))
    opened.show(prompts.Finished(5))
    assert "Окно закроется само." in opened.texts()
    opened.press(Qt.Key.Key_Tab)
    QTest.qWait(approval.SUCCESS_SHOWN_MS + 200)
    assert opened.window.isVisible()
    assert "Окно закроется само." not in opened.texts()


def test_at_the_end_nobody_is_asked_about_documents(opened, samples):
    opened.show(batch(samples))
    opened.window._look(preview.Look(3))
    assert opened.recorded.sent[-1] == preview.Look(3)
    before = len(opened.recorded.sent)
    opened.show(prompts.Finished(5))
    opened.window._look(preview.Look(3))
    opened.window.receive(preview.Known(3, batches.act(3)))
    assert len(opened.recorded.sent) == before


def test_a_rehearsal_asks_and_tells_nothing(opened):
    opened.window.rehearse()
    opened.window._look(preview.Look(0))
    assert opened.recorded.sent == [preview.Look(0)]
    assert opened.window.beside is None


def test_return_while_reading_does_not_cancel(opened, samples):
    opened.show(batch(samples))
    for widget in (
        opened.window.beside.table.filter,
        opened.window.beside.list,
        opened.window.beside.preview,
    ):
        widget.setFocus()
        opened.press(Qt.Key.Key_Return)
    assert opened.sent == []


def test_a_dropped_key_file_is_chosen_and_nothing_is_answered_by_that(opened, samples, tmp_path):
    path = tmp_path / "own.p12"
    path.touch()
    opened.show(samples.open_key())
    assert drags.let_go(opened.window, [path], at=opened.password).isAccepted()
    assert opened.sent == []
    assert opened.window.focusWidget() is opened.password
    assert opened.password.text() == ""
    opened.enter("Qwerty12")
    assert opened.sent == [prompts.KeyOpened(str(path), "PKCS12")]


def test_a_dropped_document_joins_nothing_and_is_explained(opened, samples, tmp_path):
    path = tmp_path / "act.pdf"
    path.touch()
    opened.show(samples.open_key())
    drag = drags.Drag(opened.window, drags.files(path)).enter()
    assert not drag.is_allowed
    frozen = opened.window._texts("drop.frozen")
    assert opened.window.drops.veil.sentence.text() == frozen
    drag.leave()
    QApplication.processEvents()
    assert frozen in opened.texts()
    drags.let_go(opened.window, [path])
    assert opened.sent == []
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.text() == "Подписать (3)"


def test_another_key_can_be_dropped_on_the_question_before_the_signature(opened, samples, tmp_path):
    path = tmp_path / "own.p12"
    path.touch()
    opened.show(samples.open_key())
    opened.show(prompts.ChooseKey((samples.key,)))
    assert drags.let_go(opened.window, [path]).isAccepted()
    assert opened.sent == [prompts.BackToFiles()]  # and no approval
    assert not drags.Drag(opened.window, drags.files(path)).enter().is_allowed  # the worker thinks
    opened.show(samples.open_key())
    assert opened.window.panel.chosen.path == str(path)
    assert opened.window.focusWidget() is opened.password


def test_a_window_that_asks_for_nothing_takes_nothing(opened, samples, tmp_path):
    path = tmp_path / "own.p12"
    path.touch()
    opened.show(prompts.AllowFile(samples.site, "/home/a/act.pdf", "ru"))
    drag = drags.Drag(opened.window, drags.files(path)).enter()
    assert not drag.is_allowed
    assert not opened.window.drops.veil.isVisible()


# --- what the administrator wants to be looked at ------------------------------------------------------------------


def notices(opened):
    QApplication.processEvents()  # which puts new ones on the screen
    return " ".join(opened.texts())


def read(place):
    return preview.RowsRead(place, 0, (preview.Row("Сумма", "100"),))


def test_a_yes_waits_until_every_document_was_looked_at(opened, samples):
    opened.show(batch(samples, 3, must_be_seen=True))
    opened.show(prompts.ChooseKey((samples.key,)))
    assert not opened.window.accent.isEnabled()
    sentence = "Осталось посмотреть 3 документа: только после этого их можно подписать."
    assert sentence in notices(opened)
    assert sentence in opened.window.accent.toolTip()
    for place in (0, 1):
        opened.window.receive(read(place))
    opened.window._agree()
    assert opened.sent == []
    assert "Осталось посмотреть 1 документ:" in notices(opened)
    opened.window.receive(read(2))
    opened.wait()
    assert opened.window.accent.isEnabled()
    assert "Осталось" not in notices(opened)
    assert opened.window.accent.toolTip() == ""
    opened.window.accent.click()
    assert opened.sent == [prompts.Approved("first")]


def test_what_was_looked_at_before_the_password_counts(opened, samples):
    opened.show(batch(samples, 2, must_be_seen=True))
    for place in (0, 1):
        opened.window.receive(read(place))
    opened.enter("Qwerty12")
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.isEnabled()


def test_what_can_not_be_shown_can_be_left_out_where_that_is_allowed(opened, samples):
    opened.show(batch(samples, 2, must_be_seen=True))
    opened.show(prompts.ChooseKey((samples.key,)))
    opened.window.receive(preview.Known(0, batches.act(0)))
    opened.window.receive(preview.Known(1, preview.Overview("unknown", why="broken")))
    opened.window.receive(read(0))
    opened.wait()
    assert not opened.window.accent.isEnabled()
    assert "1 документ показать нельзя, поэтому его нельзя и подписать." in notices(opened)
    opened.window.beside.table.model.toggle(1)
    opened.wait()
    assert opened.window.accent.isEnabled()
    assert "показать нельзя" not in notices(opened)


def test_a_single_document_is_waited_for_as_well(opened, samples):
    opened.show(samples.open_key(documents=(samples.act,), must_be_seen=True))
    opened.show(prompts.ChooseKey((samples.key,)))
    assert not opened.window.accent.isEnabled()
    opened.window.receive(read(0))
    opened.wait()
    assert opened.window.accent.isEnabled()


def test_without_such_a_policy_nothing_is_waited_for(opened, samples):
    opened.show(batch(samples, 2))
    opened.show(prompts.ChooseKey((samples.key,)))
    assert opened.window.accent.isEnabled()
    assert opened.window.beside.unseen == ()
