import dataclasses
import typing

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from agent.desk import settings as behind
from protocol.desk import frame
from protocol.desk import settings as page
from tray import texts
from tray.desk import settings
from tray.desk.settings import SettingsPage

S = page.Setting
LANGUAGES = ("kk", "ru", "en")
KNOWN = (
    S("language", "choice", "file", text="kk", choices=LANGUAGES),
    S("offline", "switch", "default"),
    S("unlock_minutes", "number", "policy", number=5, most=60),
    S("spare_minutes", "number", "default", number=15, most=1440),
    S("timestamp_url", "text", "default", text="http://tsp.pki.gov.kz/"),
    S("key_folders", "list", "file", items=("/keys",)),
)


def message(**changes):
    values = {
        "settings": KNOWN,
        "autostart": "off",
        "is_running": True,
        "is_stale": False,
        "file": "/c.toml",
        "menus": "off",
    }
    return page.Settings(**{**values, **changes})


@pytest.fixture
def sent():
    return []


@pytest.fixture(params=LANGUAGES)
def shown(put_up, sent, request):
    made = put_up(SettingsPage(texts.load(request.param), sent.append), 860, 700)
    made.receive(message())
    return made


def words_on(widget):
    QApplication.processEvents()
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_it_has_a_row_for_every_setting_that_the_desk_shows():
    named = {name for names in settings.GROUPS.values() for name in names}
    assert named == {*behind.SHOWN, "autostart", "file_menus"}


def test_what_is_changed_goes_out_once_and_what_is_not_does_not(shown, sent):
    rows = shown.rows
    rows["language"].field.setCurrentIndex(1)
    rows["language"].field.activated.emit(1)
    rows["offline"].field.click()
    rows["spare_minutes"].field.setValue(7)
    rows["spare_minutes"].field.editingFinished.emit()
    rows["timestamp_url"].field.editingFinished.emit()
    rows["timestamp_url"].field.setText(" http://tsa/ ")
    rows["timestamp_url"].field.editingFinished.emit()
    rows["key_folders"].add_folder("/keys")
    rows["key_folders"].add_folder("/more")
    rows["autostart"].field.click()
    rows["file_menus"].field.click()
    assert sent == [
        page.Change("language", text="ru"),
        page.Change("offline", is_on=True),
        page.Change("spare_minutes", number=7),
        page.Change("timestamp_url", text="http://tsa/"),
        page.Change("key_folders", items=("/keys", "/more")),
        page.SetAutostart(is_on=True),
        page.SetMenus(is_on=True),
    ]


def test_a_list_is_told_when_the_keyboard_goes_elsewhere(shown, sent):
    field = shown.rows["key_folders"].field
    field.insertPlainText(" /new\n\n")
    assert sent == []
    assert field.tabChangesFocus()
    QApplication.sendEvent(field, QFocusEvent(QEvent.Type.FocusOut))
    assert sent == [page.Change("key_folders", items=("/new", "/keys"))]


def test_what_the_administrator_set_is_locked_and_says_so(shown):
    row = shown.rows["unlock_minutes"]
    assert not row.field.isEnabled()
    assert row.field.value() == 5
    assert row.origin.text() == shown.texts("settings.locked")
    assert not row.reset.isVisible()
    assert shown.rows["spare_minutes"].field.isEnabled()


def test_the_default_is_one_click_away_where_the_file_says_otherwise(shown, sent):
    assert [name for name, row in shown.rows.items() if row.reset.isVisible()] == ["language", "key_folders"]
    shown.rows["language"].reset.click()
    assert sent == [page.Reset("language")]


def test_a_value_that_is_refused_is_told_and_taken_back(shown):
    row = shown.rows["timestamp_url"]
    row.field.setText("nonsense")
    shown.receive(page.Refused("timestamp_url", "expected an http or https URL"))
    assert row.field.text() == "http://tsp.pki.gov.kz/"
    assert shown.texts("settings.refused") in words_on(row)
    changed = tuple(S(each.name, "text", "file", text="http://b/") if each.name == "timestamp_url" else each for each in KNOWN)  # fmt: skip
    shown.receive(message(settings=changed))
    assert shown.texts("settings.refused") not in words_on(row)


@pytest.mark.parametrize(
    ("changes", "text", "button"),
    [({"is_stale": True}, "settings.stale", "settings.restart"), ({"is_running": False}, "settings.stopped", "settings.start")],
)  # fmt: skip
def test_it_says_what_it_takes_for_changes_to_count(shown, sent, changes, text, button):
    assert not shown.banner.isVisible()
    shown.receive(message(**changes))
    assert shown.texts(text) in words_on(shown.banner)
    assert shown.restart.text() == shown.texts(button)
    QTest.mouseClick(shown.restart, Qt.MouseButton.LeftButton)
    assert sent == [page.Restart()]
    assert not shown.restart.isEnabled()
    shown.receive(frame.Trouble("settings", "not-running", "the agent did not come up"))
    assert shown.restart.isEnabled()


def test_a_setting_is_found_by_its_words_or_its_name_in_the_file(shown):
    QTest.keyClicks(shown.text, "timestamp_url")
    assert [name for name, row in shown.rows.items() if row.isVisible()] == ["timestamp_url"]
    shown.text.setText(shown.texts("settings.name.offline")[:9].upper())
    assert shown.rows["offline"].isVisible()
    shown.text.setText("????")
    assert shown.nothing.isVisible()
    assert not any(row.isVisible() for row in shown.rows.values())


def test_a_wheel_that_passes_over_changes_nothing(shown, application):
    field = shown.rows["language"].field
    before = field.currentIndex()
    middle = QPointF(field.rect().center())
    event = QWheelEvent(
        middle, field.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    application.sendEvent(field, event)
    assert field.currentIndex() == before


def test_where_start_at_login_is_not_possible_it_says_so(shown):
    shown.receive(message(autostart="unsupported"))
    assert not shown.rows["autostart"].field.isEnabled()
    assert shown.rows["autostart"].origin.text() == shown.texts("settings.unsupported")


def test_every_field_has_a_name_for_a_screen_reader(shown):
    shown.receive(message())
    for name, row in shown.rows.items():
        if row.field is not None:
            assert row.field.accessibleName() == shown.texts(f"settings.name.{name}")


@pytest.mark.parametrize(
    ("state", "is_on", "can_switch", "says"),
    [
        ("on", True, True, ""),
        ("off", False, True, ""),
        ("stale", False, True, "settings.menus_stale"),
        ("none", False, False, "settings.no_file_manager"),
        ("unsupported", False, False, "settings.unsupported"),
    ],
)
def test_the_menus_of_files_are_shown_as_they_are_on_the_disk(shown, state, is_on, can_switch, says):
    row = shown.rows["file_menus"]
    shown.receive(message(menus="stale"))
    shown.receive(message(menus=state))
    assert (row.field.isChecked(), row.field.isEnabled()) == (is_on, can_switch)
    others = {"settings.menus_stale", "settings.no_file_manager", "settings.unsupported"} - {says}
    assert not says or shown.texts(says) in words_on(row)
    assert not any(shown.texts(key) in words_on(row) for key in others)
    assert not row.reset.isVisible()


@pytest.mark.parametrize("why", typing.get_args(page.Why))
@pytest.mark.parametrize("name", ["file_menus", "autostart", "offline"])
def test_what_could_not_be_written_is_told_beside_it_and_taken_back(shown, sent, name, why):
    row = shown.rows[name]
    row.field.click()
    shown.receive(page.NotWritten(name, why, "/home/x can't be written: Errno 28"))
    shown.receive(message())  # nothing has changed
    assert not row.field.isChecked()
    said = words_on(row)
    assert shown.texts("settings.not_written") in said
    assert shown.texts(f"settings.why.{why}") in said
    assert "Errno" not in said  # one click away
    shown.receive(message(settings=tuple(dataclasses.replace(each, source="file", is_on=True) for each in KNOWN), autostart="on", menus="on"))  # fmt: skip
    assert shown.texts("settings.not_written") not in words_on(row)


@pytest.mark.parametrize("reason", [each for each in typing.get_args(page.NoUnlock) if each])
def test_where_no_key_can_stay_open_the_setting_says_why(shown, reason):
    row = shown.rows["unlock_minutes"]
    shown.receive(message(no_unlock=reason))
    assert shown.texts(f"settings.no_unlock.{reason}") in words_on(row)
    shown.receive(message())
    assert shown.texts(f"settings.no_unlock.{reason}") not in words_on(row)


def test_where_the_icon_has_no_place_it_says_how_this_window_opens(shown):
    shown.receive(message(is_icon_unseen=True))
    assert shown.texts("settings.icon_unseen") in words_on(shown.rows["tray"])


RULES = (
    S("allowed_origins", "list", "policy", items=("https://edo.example.kz", "https://*.example.kz")),
    S("lock_origins", "switch", "policy", is_on=True),
    S("max_documents", "number", "policy", number=50, most=10000),
    S("journal_path", "text", "distribution", text="~/journal.jsonl"),
)


def test_rules_are_shown_where_the_administrator_set_them_and_nobody_can_change_them(shown, sent):
    title = shown.texts("settings.group.rules")
    assert title not in words_on(shown)
    assert not any(shown.rows[name].isVisible() for name in settings.RULES)
    shown.receive(message(rules=RULES))
    assert title in words_on(shown)
    assert {name for name in settings.RULES if shown.rows[name].isVisible()} == {rule.name for rule in RULES}
    for rule in RULES:
        row = shown.rows[rule.name]
        assert not row.field.isEnabled()
        assert row.origin.text() == shown.texts("settings.locked")
        assert not row.reset.isVisible()
    shown.text.setText(shown.rows["lock_origins"].title.text())
    assert [name for name in settings.RULES if shown.rows[name].isVisible()] == ["lock_origins"]
    shown.text.clear()
    shown.receive(message())
    assert title not in words_on(shown)
    assert sent == []


def test_the_rules_are_those_that_only_a_policy_may_set():
    assert set(settings.RULES) == set(behind.RULES)
