"""Every page of the desk in three languages, in the sizes that are left at 200 % and on a small screen: all of it can be read."""

import dataclasses
import datetime as dt

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QScrollArea

from protocol.desk import doctor, frame, history, keys, settings, sites
from tests.support.cut_texts import cut_texts
from tests.tray import scenes, stored_keys
from tests.tray.desk import test_doctor, test_history, test_settings, test_sites
from tray import texts, widgets
from tray.desk.doctor import DoctorPage
from tray.desk.history import HistoryPage
from tray.desk.keys import KeysPage
from tray.desk.settings import SettingsPage
from tray.desk.sites import SitesPage

SIZES = ((1024 - 200, 600 - 40), (960 - 200, 540 - 40))  # what navigation and title bar leave of it


def make_history(words):
    made = HistoryPage(words, lambda _: None, lambda: dt.date(2026, 11, 27))
    made.receive(history.Found(0, 1234, 0, (test_history.ROW,)))
    made.receive(history.Checked(3, 4))
    return made


def make_history_of_a_document(words):
    made = make_history(words)
    made.add_paths(
        ["/home/a/Акты/Акт выполненных работ № 482 от 27.11.2026, подписанный обеими сторонами.pdf"]
    )
    row = dataclasses.replace(
        test_history.ROW, outcome="signed", left_out=2, left_out_digests=("0b" * 32,), about="inside"
    )
    made.receive(history.Found(2, 1, 0, (row,), "inside", 21))
    return made


def make_sites(words):
    made = SitesPage(words, lambda _: None)
    made.receive(sites.Sites((test_sites.SEEN, test_sites.BLOCKED, test_sites.KNOWN)))
    return made


def make_settings(words):
    made = SettingsPage(words, lambda _: None)
    made.receive(test_settings.message(is_stale=True))
    made.receive(settings.Refused("theme", "theme is 'pink'"))
    return made


def make_settings_with_hints(words):
    made = SettingsPage(words, lambda _: None)
    made.receive(test_settings.message(menus="stale", no_unlock="icon-off", is_icon_unseen=True))
    made.receive(settings.NotWritten("file_menus", "foreign", "x"))
    made.receive(settings.NotWritten("autostart", "read-only", "x"))
    return made


def make_doctor(words):
    made = DoctorPage(words, lambda _: None)
    made.receive(test_doctor.examined())
    made.more.setChecked(True)
    made.cards[1].repair.click()
    made.receive(doctor.Mended("install-trust", "x", is_done=False, detail="d"))
    return made


def make_doctor_with_a_bundle(words):
    made = DoctorPage(words, lambda _: None)
    made.receive(test_doctor.examined())
    made.receive(scenes.gathered(words.language))
    return scrolled(made)


def scrolled(made):
    """As the window shows it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(made)
    return area


def make_keys(words):
    made = KeysPage(words, lambda _: None)
    ending = stored_keys.group(
        stored_keys.OWNER,
        stored_keys.entry(stored_keys.stored(9, state="ending", days=2, is_there=False)),
    )
    made.receive(
        keys.Keys((ending, *stored_keys.GROUPS), ("/media/usb/keys",), ("/root/x",), is_complete=False)
    )
    made.receive(frame.Trouble("keys", "file-not-written", "no space left"))
    return scrolled(made)


def make_pair_of_keys(words):
    made = KeysPage(words, lambda _: None)
    made.receive(keys.Keys((stored_keys.GROUPS[1],)))
    return scrolled(made)


def make_empty_keys(words):
    made = KeysPage(words, lambda _: None)
    made.receive(keys.Keys(()))
    return scrolled(made)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize(
    "make",
    [
        make_history,
        make_sites,
        make_settings,
        make_settings_with_hints,
        make_doctor,
        make_doctor_with_a_bundle,
        make_keys,
        make_pair_of_keys,
        make_empty_keys,
    ],
)
def test_no_text_is_cut(put_up, make, language, size):
    assert cut_texts(put_up(make(texts.load(language)), *size)) == []


def test_what_is_cut_is_seen(put_up):
    made = put_up(widgets.label("Очень длинный текст", wraps=False), 30, 20)
    holder = put_up(widgets.QWidget(), 30, 20)
    made.setParent(holder)
    made.setGeometry(0, 0, 30, 20)
    made.show()
    assert len(cut_texts(holder)) == 1
    made.setGeometry(0, 10, 300, 20)
    assert "outside" in cut_texts(holder)[0]
