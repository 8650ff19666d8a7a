import dataclasses
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from protocol import prompts
from tray import files, texts
from tray.dropped import Dropped


@pytest.fixture
def make(put_up, samples):
    def panel(**changes):
        return put_up(files.FilesPanel(texts.load("ru"), samples.open_key(**changes)), 440, 600)

    return panel


def shown(panel):
    QApplication.processEvents()
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]


def test_the_first_file_is_chosen_or_the_one_that_the_worker_names(make, samples):
    assert make().chosen == samples.first_file
    assert make(chosen=samples.second_file.path).chosen == samples.second_file


def test_a_file_that_was_picked_before_is_chosen_even_if_it_was_not_found(make):
    assert make(chosen="/mnt/usb/own.pfx").chosen == prompts.KeyFile("/mnt/usb/own.pfx", "PKCS12", "")


def test_where_nothing_was_found_the_person_is_told_what_to_look_for(make):
    panel = make(files=())
    assert panel.chosen is None
    assert panel.empty.isVisible()
    assert not panel.list.isVisible()
    assert panel.first_focus() is panel.other


def test_a_key_can_be_opened_once_a_file_and_a_password_are_there(make):
    panel = make(files=())
    changes = []
    panel.changed.connect(lambda: changes.append(panel.is_ready))
    QTest.keyClicks(panel.password.field, "x")
    panel.choose("/mnt/usb/own.p12")
    assert changes[0] is False
    assert changes[-1] is True
    assert panel.chosen.path == "/mnt/usb/own.p12"


def test_a_picked_file_stands_first_and_its_folder_is_remembered(make):
    panel = make()
    panel.choose("/mnt/usb/own.p12")
    assert panel.list.selected_row() == 0
    assert panel.list.model().rowCount() == 3
    panel.browse()
    assert (
        Path(panel._dialog.directory().path()).name in {"usb", "mnt", "/", ""} or panel._folder == "/mnt/usb"
    )
    assert panel._folder == "/mnt/usb"
    panel._dialog.reject()


def test_the_chooser_starts_in_the_workers_folder_and_shows_key_files(make, tmp_path):
    (tmp_path / "a.p12").write_bytes(b"")
    panel = make(folder=str(tmp_path))
    panel.browse()
    dialog = panel._dialog
    assert dialog.isVisible()
    assert Path(dialog.directory().path()) == tmp_path
    assert dialog.nameFilters() == ["Файлы ключей (*.p12 *.pfx)", "Все файлы (*)"]
    assert dialog.labelText(QFileDialog.DialogLabel.LookIn) == "Папка:"
    dialog.fileSelected.emit(str(tmp_path / "a.p12"))
    assert panel.chosen.path == str(tmp_path / "a.p12")
    dialog.reject()


def test_where_a_java_key_store_is_asked_for_the_chooser_shows_all_files_first(make, tmp_path):
    panel = make(folder=str(tmp_path), storages=("JKS",))
    panel.browse()
    assert panel._dialog.nameFilters() == ["Все файлы (*)", "Файлы ключей (*.jks)"]
    panel._dialog.reject()
    both = make(folder=str(tmp_path), storages=("PKCS12", "JKS"))
    both.browse()
    assert both._dialog.nameFilters() == ["Файлы ключей (*.p12 *.pfx *.jks)", "Все файлы (*)"]
    both._dialog.reject()


def test_ctrl_o_opens_the_chooser(make, application):
    panel = make()
    panel.activateWindow()
    QTest.qWaitForWindowActive(panel)
    QTest.keyClick(panel.password.field, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert panel._dialog is not None
    panel._dialog.reject()


@pytest.mark.parametrize(
    ("path", "storages", "storage"),
    [
        ("a.p12", ("PKCS12",), "PKCS12"),
        ("a.PFX", ("JKS", "PKCS12"), "PKCS12"),
        ("a.jks", ("PKCS12", "JKS"), "JKS"),
        ("a.bin", ("JKS",), "JKS"),
        ("a.bin", (), "PKCS12"),
    ],
)
def test_the_ending_of_a_file_names_its_storage(path, storages, storage):
    assert files.storage_of(path, storages) == storage


def test_a_file_whose_owner_is_known_is_called_by_the_owner(samples):
    row = files.row_of(texts.load("ru"), samples.first_file)
    assert (row.title, row.title_note, row.detail) == (
        "АХМЕТОВА АЙГЕРІМ",
        "GOST 2015",
        samples.first_file.path,
    )
    assert row.detail_note.startswith("до 14.05.2027")


def test_a_file_whose_owner_is_not_known_is_called_by_its_name(samples):
    row = files.row_of(texts.load("ru"), samples.second_file)
    assert (row.title, row.detail, row.detail_note) == (
        "AUTH_RSA256_91bc.p12",
        "/media/usb",
        "файл от 02.03.2026",
    )


def test_a_file_with_an_expired_key_says_so(samples):
    old = dataclasses.replace(samples.first_file, valid_until="2020-01-02T12:00:00+00:00")
    row = files.row_of(texts.load("ru"), old)
    assert (row.title_note, row.tone) == ("истёк 02.01.2020", "warning")


@pytest.mark.parametrize(
    ("problem", "sentences"),
    [
        (prompts.Problem("wrong-password"), ["Пароль не подошёл"]),
        (prompts.Problem("wrong-password", 2), ["Пароль не подошёл", "Осталось 2 попытки."]),
        (prompts.Problem("broken-file", detail="mac\nmismatch"), ["Файл не читается как ключ", "Подробнее"]),
        (prompts.Problem("no-such-code"), ["Внутренняя ошибка"]),
    ],
)
def test_a_problem_is_told_with_what_to_do_about_it(make, problem, sentences):
    panel = make(problem=problem)
    told = " ".join([*shown(panel), *(button.text() for button in panel.findChildren(type(panel.other)))])
    for sentence in sentences:
        assert sentence in told
    assert "no-such-code" not in " ".join(shown(panel))


def test_return_in_the_list_goes_on_to_the_password(make):
    panel = make()
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert panel.focusWidget() is panel.password.field


@pytest.mark.parametrize(
    ("changes", "note", "tone", "is_faded"),
    [
        ({"state": "good", "uses": ("sign",)}, "Подписание", "info", False),
        ({"state": "good", "uses": ("sign", "identify")}, "Подписание и вход", "info", False),
        ({"state": "ending", "uses": ("sign",), "days_left": 3}, "ещё 3 дня", "warning", False),
        ({"state": "superseded"}, "есть новее", "warning", True),
        ({"state": "revoked"}, "отозван", "warning", True),
    ],
)
def test_what_is_known_of_a_key_is_said_before_it_is_opened(changes, note, tone, is_faded):
    file = prompts.KeyFile(
        "/keys/a.p12", "PKCS12", "", "ГОСТ", "АХМЕТОВА", "2099-01-01T00:00:00+00:00", organisation="ТОО «Пример»", **changes
    )  # fmt: skip
    row = files.row_of(texts.load("ru"), file)
    assert (row.title, row.detail) == ("АХМЕТОВА", "ТОО «Пример» · /keys/a.p12")
    assert (row.title_note, row.tone, row.is_faded) == (note, tone, is_faded)


@pytest.fixture
def keys(tmp_path):
    for name in ("a.p12", "b.pfx", "act.pdf", "c.cer"):
        (tmp_path / name).touch()
    return tmp_path


def dropped_from(folder, *names, **more):
    return Dropped(tuple(str(folder / name) for name in names), **more)


def test_a_dropped_key_is_as_one_that_was_picked(make, keys):
    panel = make()
    panel.first_focus().setFocus()
    panel.list.setFocus()
    found = dropped_from(keys, "a.p12")
    assert panel.offer(found).is_welcome
    panel.take(found)
    assert panel.chosen == prompts.KeyFile(str(keys / "a.p12"), "PKCS12", "")
    assert panel.focusWidget() is panel.password.field
    assert not panel.is_ready  # nothing happens without the password
    panel.take(found)
    assert panel.list.model().rowCount() == 3  # once


def test_of_several_dropped_keys_the_person_picks_one(make, keys):
    panel = make()
    found = Dropped(folders=(str(keys),))
    assert panel.offer(found).sentence == "Отпустите здесь 2 файла ключей"
    panel.take(found)
    assert [Path(file.path).name for file in panel._files[:2]] == ["a.p12", "b.pfx"]
    assert panel.focusWidget() is panel.list is panel.first_focus()
    assert "Добавлено 2 ключа. Выберите нужный." in shown(panel)


def test_what_came_beside_a_key_is_left_and_that_is_said(make, keys):
    panel = make()
    panel.take(dropped_from(keys, "act.pdf", "a.p12"))
    assert panel.chosen.path == str(keys / "a.p12")
    assert texts.load("ru")("drop.only_key") in shown(panel)


@pytest.mark.parametrize("name", ["act.pdf", "c.cer"])
def test_documents_never_join_those_that_the_request_froze(make, keys, name):
    offer = make().offer(dropped_from(keys, name))
    assert (offer.sentence, offer.is_welcome) == (texts.load("ru")("drop.frozen"), False)


@pytest.mark.parametrize(
    ("action", "name", "problem"),
    [
        ("show_key", "act.pdf", "not_a_key"),
        ("log_in", "c.cer", "not_a_key"),
        ("import_certificate", "c.cer", "certificate"),
        ("import_certificate", "act.pdf", "not_a_key"),
    ],
)
def test_what_is_no_key_is_told_as_such(make, keys, action, name, problem):
    offer = make(action=action, documents=()).offer(dropped_from(keys, name))
    assert (offer.sentence, offer.is_welcome) == (texts.load("ru")(f"drop.{problem}"), False)
    assert ".p12\u00a0/\u00a0.pfx" in offer.advice


def test_only_keys_of_the_storages_that_are_asked_for_are_welcome(make, keys):
    panel = make(storages=("JKS",))
    assert not panel.offer(dropped_from(keys, "a.p12")).is_welcome
    (keys / "a.jks").touch()
    panel.take(dropped_from(keys, "a.jks"))
    assert panel.chosen.storage == "JKS"


def test_other_computers_and_what_is_gone_are_told(make):
    panel, russian = make(), texts.load("ru")
    assert panel.offer(Dropped(elsewhere=1)).sentence == russian("drop.elsewhere")
    assert panel.offer(Dropped(missing=1)).sentence == russian("drop.missing")
