import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton

from protocol.desk import frame
from protocol.desk import keys as page
from tests.support.qt_waiting import until
from tests.tray.stored_keys import GROUPS, OWNER, UNKNOWN, entry, group, stored
from tray import texts, widgets
from tray.desk import keys
from tray.desk.keys import KeysPage


@pytest.fixture
def sent():
    return []


@pytest.fixture(params=["kk", "ru", "en"])
def shown(put_up, sent, request):
    made = put_up(KeysPage(texts.load(request.param), sent.append), 860, 660)
    QTest.qWaitForWindowActive(made)
    return made


@pytest.fixture
def choosers(monkeypatch):
    found = []
    monkeypatch.setattr(QFileDialog, "open", lambda self: found.append(self))  # noqa: PLW0108  # a method needs a function
    return found


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def said(widget):
    QApplication.processEvents()
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def notice(shown):
    return shown.notices.itemAt(0).widget()


def test_without_keys_there_is_room_to_drop_some(shown, sent):
    shown.receive(page.Keys(()))
    assert shown.empty.isVisible()
    assert not shown.full.isVisible()
    assert shown.first_focus() is shown.add_file
    assert "dashed" in shown.empty.styleSheet()
    shown.tell(widgets.Notice("info", "before"))
    assert shown.takes_files
    shown.add_paths(["/a.p12", "/папка"])
    assert sent == [page.AddPlaces(("/a.p12", "/папка"))]
    assert shown.notices.count() == 0
    shown.tell(widgets.Notice("info", "сюда"))
    assert notice(shown).sentence.text() == "сюда"


def test_files_and_folders_are_added_by_choosers(shown, sent, choosers):
    click(shown.add_file)
    click(shown.add_folder)
    files, folders = choosers
    assert files.fileMode() == QFileDialog.FileMode.ExistingFiles
    assert folders.fileMode() == QFileDialog.FileMode.Directory
    files.filesSelected.emit(["/a.p12", "/b.p12"])
    folders.fileSelected.emit("/media/usb")
    assert sent == [page.AddPlaces(("/a.p12", "/b.p12")), page.AddPlaces(("/media/usb",))]
    for chooser in choosers:
        chooser.deleteLater()


def test_what_was_added_is_chosen_when_the_list_comes(shown):
    shown.receive(page.Keys(GROUPS))
    assert shown.list.entry == GROUPS[0].entries[0]
    shown.add_paths([UNKNOWN.keys[0].path])
    shown.receive(page.Keys(GROUPS))
    assert shown.list.entry == UNKNOWN
    assert shown.details.key == UNKNOWN.keys[0]


def test_keys_are_listed_counted_and_told_about(shown):
    shown.receive(page.Keys(GROUPS))
    assert shown.full.isVisible()
    assert shown.state.text() == shown.texts("keys.count", count=5)
    assert shown.first_focus() is shown.list
    assert OWNER in said(shown.details)
    assert shown.reminders.count() == 0
    QTest.keyClick(shown.list, Qt.Key.Key_Return)
    assert shown.details.buttons["change_password"].hasFocus()


@pytest.mark.parametrize(
    ("days", "tone"), [(30, ""), (14, "warning"), (4, "warning"), (3, "danger"), (0, "danger")]
)
def test_a_key_that_ends_soon_is_reminded_of(shown, days, tone):
    shown.receive(page.Keys((group(OWNER, entry(stored(1, state="ending", days=days))),)))
    reminder = shown.reminders.itemAt(0).widget()
    assert reminder.objectName() == tone
    expected = (
        shown.texts("keys.remind", count=days, owner=OWNER)
        if days
        else shown.texts("keys.reminder.today", owner=OWNER)
    )
    assert reminder.sentence.text() == expected


def test_of_many_that_end_the_soonest_are_told(shown):
    ending = [entry(stored(number, state="ending", days=30 - number)) for number in range(9)]
    shown.receive(page.Keys((group(OWNER, *ending),)))
    assert shown.reminders.count() == 3
    assert shown.reminders.itemAt(0).widget().sentence.text() == shown.texts(
        "keys.remind", count=22, owner=OWNER
    )


def test_what_could_not_be_looked_at_is_told(shown):
    shown.receive(page.Keys(GROUPS, unreadable=("/root/x",), is_complete=False))
    found = [shown.reminders.itemAt(number).widget() for number in range(shown.reminders.count())]
    assert [one.sentence.text() for one in found] == [
        shown.texts("keys.unreadable", path="/root/x"),
        shown.texts("keys.incomplete"),
    ]


def test_a_window_for_the_password_is_asked_for_and_waited_for(shown, sent):
    shown.receive(page.Keys(GROUPS))
    click(shown.details.buttons["change_password"])
    shown.list.choose(UNKNOWN.keys[0].path)
    click(shown.details.buttons["open"])
    assert sent == [
        page.ChangePassword(GROUPS[0].entries[0].keys[0].path),
        page.ReadKey(UNKNOWN.keys[0].path),
    ]
    shown.details.buttons["open"].setFocus()
    shown.receive(page.Asking(UNKNOWN.keys[0].path))
    assert shown.list.hasFocus()
    assert shown.state.text() == shown.texts("keys.asking")
    assert not shown.details.buttons["open"].isEnabled()
    shown.receive(page.Asking())
    assert shown.state.text() == shown.texts("keys.count", count=5)
    assert shown.details.buttons["open"].isEnabled()


def test_what_came_of_it_is_told(shown, monkeypatch, tmp_path):
    shown.receive(page.Done("read", "/a.p12"))
    assert notice(shown).sentence.text() == shown.texts("keys.read")
    shown.receive(page.Done("changed", "/a.p12", "/a.p12.old"))
    assert notice(shown).sentence.text() == shown.texts("keys.changed")
    assert shown.texts("keys.changed_copy", path="/a.p12.old") in said(shown)
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    shown.receive(page.Done("exported", str(tmp_path / "a.cer")))
    assert shown.notices.count() == 1
    assert notice(shown).sentence.text() == shown.texts("keys.exported", name="a.cer")
    click(notice(shown).findChild(QPushButton))
    assert opened == [f"{tmp_path}/"]


@pytest.mark.parametrize("code", ["bad-input", "no-one-to-ask", "file-not-written", "moon-phase"])
def test_trouble_is_told_without_a_word_of_sites(shown, code):
    shown.receive(frame.Trouble("keys", code, "technical"))
    advice = f"keys.advice.{code}" if f"keys.advice.{code}" in shown.texts.entries else "keys.advice.other"
    assert shown.texts(advice) in said(notice(shown))
    assert isinstance(notice(shown), widgets.Notice)


def test_a_certificate_is_saved_in_the_form_of_its_name(shown, sent, choosers):
    shown.receive(page.Keys(GROUPS))
    key = GROUPS[0].entries[0].keys[0]
    click(shown.details.buttons["export"])
    (chooser,) = choosers
    assert chooser.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    chooser.filterSelected.emit(shown.texts("keys.save_pem"))
    assert chooser.defaultSuffix() == "pem"
    chooser.filterSelected.emit(shown.texts("keys.save_der"))
    assert chooser.defaultSuffix() == "cer"
    chooser.fileSelected.emit("/tmp/a.pem")
    assert sent == [page.Export(key.fingerprint, "/tmp/a.pem", "pem")]
    chooser.deleteLater()


@pytest.mark.parametrize(
    ("name", "form"), [("a.pem", "pem"), ("a.CRT", "pem"), ("a.cer", "der"), ("a.der", "der"), ("a", "der")]
)
def test_the_form_follows_the_name(name, form):
    assert keys.form_of(f"/tmp/{name}") == form


def test_folders_that_were_added_can_be_taken_off(shown, sent):
    shown.receive(page.Keys(GROUPS))
    assert not shown.places.isVisible()
    shown.receive(page.Keys(GROUPS, ("/media/usb", "/b")))
    assert shown.places.more.text() == shown.texts("keys.searched", count=2)
    assert not shown.places.card.isVisible()
    click(shown.places.more)
    assert shown.places.card.isVisible()
    first = [
        button
        for button in shown.places.card.findChildren(QPushButton)
        if button.accessibleName().endswith("/media/usb")
    ][-1]
    click(first)
    assert sent == [page.RemovePlace("/media/usb")]


def test_a_key_that_is_gone_is_forgotten(shown, sent):
    gone = stored(1, is_there=False)
    shown.receive(page.Keys((group(OWNER, entry(gone)),)))
    click(shown.details.buttons["forget"])
    assert sent == [page.Forget(gone.fingerprint)]


def test_looking_for_keys_is_said_after_a_moment_and_can_be_asked_for(shown, sent):
    assert shown.state.text() == ""
    assert until(lambda: shown.state.text() == shown.texts("keys.looking"))
    shown.receive(page.Keys(GROUPS))
    assert shown.state.text() == shown.texts("keys.count", count=5)
    QTest.keyClick(shown.list, Qt.Key.Key_F5)
    assert sent == [frame.Opened("keys")]


def test_thousands_of_keys_can_be_shown(shown):
    many = tuple(
        group(f"ВЛАДЕЛЕЦ {number}", *(entry(stored(10 * number + one)) for one in range(5)))
        for number in range(1000)
    )
    shown.receive(page.Keys(many))
    assert shown.list.model().rowCount() == 6000
    shown.list.choose(many[-1].entries[-1].keys[0].path)
    assert shown.details.key == many[-1].entries[-1].keys[0]


def test_what_was_too_much_to_be_told_is_counted(shown):
    keys = page.Keys(GROUPS, unreadable=tuple(f"/{n}" for n in range(20)), more=7, more_unreadable=100)
    shown.receive(keys)
    found = said(shown)
    assert shown.texts("keys.more", count=7) in found
    told = sum(shown.texts("keys.unreadable", path=f"/{n}") in found for n in range(20))
    assert 0 < told < 20
    assert shown.texts("keys.more_unreadable", count=120 - told) in found
