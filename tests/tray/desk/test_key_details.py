import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from protocol.desk import keys as page
from tests.tray.stored_keys import GROUPS, PAIR, UNKNOWN, entry, stored
from tray import texts
from tray.desk.key_details import KeyDetails


@pytest.fixture(params=["kk", "ru", "en"])
def details(put_up, request):
    return put_up(KeyDetails(texts.load(request.param)), 420, 700)


def said(details):
    return [label.text().replace("\u200b", "") for label in details.findChildren(QLabel) if label.isVisible()]


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def show(details, shown, application):
    details.show_entry(shown)
    application.processEvents()


def test_a_known_key_is_told_in_words(details, application):
    show(details, GROUPS[0].entries[0], application)
    found = said(details)
    for text in ("АХМЕТОВА АЙГЕРІМ", "850101400001", "kds.ismet.kz, salyk.kz", "/media/copy.p12"):
        assert text in found
    assert details._texts("fact.valid") in found
    assert list(details.buttons) == ["change_password", "export", "show_file"]


def test_copies_that_are_too_many_to_be_told_are_counted(details, application):
    (key, *_) = GROUPS[0].entries[0].keys
    show(details, entry(dataclasses.replace(key, more_copies=490)), application)
    assert details._texts("keys.more_copies", count=490) in said(details)


def test_of_a_file_that_was_never_opened_the_first_thing_is_to_open_it(details, application):
    show(details, UNKNOWN, application)
    assert list(details.buttons) == ["open", "change_password", "show_file"]
    assert details.buttons["open"].objectName() == "accent"
    assert details._texts("keys.explained.unknown") in said(details)
    wanted = []
    details.wants_name.connect(wanted.append)
    click(details.buttons["open"])
    assert wanted == [UNKNOWN.keys[0]]


def test_a_key_that_waits_needs_no_opening(details, application):
    show(details, entry(dataclasses.replace(UNKNOWN.keys[0], state="waiting")), application)
    assert "open" not in details.buttons
    assert details._texts("keys.explained.waiting") in said(details)


def test_of_a_pair_one_is_shown_and_the_other_is_a_click_away(details, application):
    show(details, PAIR, application)
    assert details.key == PAIR.keys[0]
    click(details.buttons["pair_identify"])
    assert details.key == PAIR.keys[1]
    wanted = []
    details.wants_password.connect(wanted.append)
    click(details.buttons["change_password"])
    assert wanted == [PAIR.keys[1]]
    show(details, PAIR, application)  # the list came anew
    assert details.key == PAIR.keys[1]
    show(details, GROUPS[0].entries[0], application)
    assert details.key == GROUPS[0].entries[0].keys[0]


@pytest.mark.parametrize("state", ["early", "superseded", "expired", "revoked"])
def test_what_is_wrong_with_a_key_is_explained(details, application, state):
    show(details, entry(stored(1, state=state)), application)
    assert details._texts(f"keys.explained.{state}") in said(details)


def test_a_key_whose_file_is_gone_can_only_be_exported_and_forgotten(details, application):
    missing = stored(1, is_there=False)
    show(details, entry(missing), application)
    assert list(details.buttons) == ["export", "forget"]
    assert details._texts("keys.missing") in said(details)
    for name, signal in (("export", details.wants_export), ("forget", details.wants_to_forget)):
        wanted = []
        signal.connect(wanted.append)
        click(details.buttons[name])
        assert wanted == [missing]


def test_while_a_window_asks_for_a_password_no_other_is_opened(details, application):
    details.show_asking(is_asking=True)
    show(details, UNKNOWN, application)
    assert [name for name, button in details.buttons.items() if button.isEnabled()] == ["show_file"]
    details.show_asking(is_asking=False)
    assert all(button.isEnabled() for button in details.buttons.values())


def test_the_folder_is_shown_by_what_the_system_has_for_it(details, application, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    show(details, entry(dataclasses.replace(stored(1), path=str(tmp_path / "a.p12"))), application)
    click(details.buttons["show_file"])
    assert opened == [f"{tmp_path}/"]


def test_without_a_key_nothing_is_shown(details, application):
    show(details, UNKNOWN, application)
    show(details, None, application)
    assert not details.isVisible()
    assert details.key is None


def test_a_test_key_is_marked_and_nothing_hides_in_a_name(details, application):
    key = stored(1)
    facts = dataclasses.replace(key.key, is_test=True, owner="А\u202eБ")
    show(details, page.Entry((dataclasses.replace(key, key=facts),)), application)
    assert details._texts("key.test") in said(details)
    assert not any("\u202e" in text for text in said(details))


def test_a_key_of_an_unknown_authority_says_so(details, application):
    key = stored(1)
    facts = dataclasses.replace(key.key, reasons=("unknown-authority",))
    show(details, page.Entry((dataclasses.replace(key, key=facts),)), application)
    assert details._texts("reason.unknown-authority") in said(details)
