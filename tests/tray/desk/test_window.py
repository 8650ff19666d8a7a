import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QWidget

from protocol import pipes
from protocol.desk import files, frame, messages, sites
from tray import startup, texts, theme
from tray.desk.page import DeskPage
from tray.desk.window import PAGES, DeskWindow, Dress, Speech


class SitesPage(DeskPage):
    name = "sites"

    def __init__(self, texts, send):
        super().__init__(texts, send)
        self.heard = []
        self.field = QLineEdit()
        self.column.addWidget(self.field)

    def receive(self, message):
        self.heard.append(message)

    def first_focus(self):
        return self.field


class FilesPage(SitesPage):
    name = "files"

    def __init__(self, texts, send):
        super().__init__(texts, send)
        self.footer = QFrame()
        QLabel("below", self.footer)


class HistoryPage(DeskPage):
    name = "history"

    def receive(self, message):
        raise AssertionError(message)


@pytest.fixture
def sent():
    return []


class Dressed:
    """What is dressed in place of the application, whose every widget of every test would be drawn anew."""

    def __init__(self, application):
        self.sheets = []
        self.styleHints = application.styleHints

    def setStyle(self, _): ...

    def setFont(self, _): ...

    def setPalette(self, _): ...

    def setStyleSheet(self, sheet):
        self.sheets.append(sheet)


@pytest.fixture
def dressed(application):
    made = Dressed(application)
    yield made
    theme.apply(made, "light")


@pytest.fixture
def window(put_up, sent):
    made = DeskWindow(sent.append, {page.name: page for page in (FilesPage, SitesPage, HistoryPage)})
    made.receive(frame.Begin("sites", "ru", "1.2.3"))
    put_up(made)
    QTest.qWaitForWindowActive(made)
    return made


def made(window, name):
    return window._made[name][0]


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(window.focusWidget() or window, key, modifier)


def test_it_begins_with_the_page_that_is_named_and_makes_no_other(window, sent):
    assert (window.page, sent) == ("sites", [frame.Opened("sites")])
    assert list(window._made) == ["sites"]
    assert window.title.text() == "Сайты"
    assert window.windowTitle() == "Сайты"
    assert window.focusWidget() is made(window, "sites").field


def test_pages_are_chosen_by_number_and_by_arrow(window, sent):
    press(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "files"
    assert window.focusWidget() is made(window, "files").field
    press(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "history"
    assert window.focusWidget() is window.navigation  # a page with nothing to type into
    QTest.keyClick(window.navigation, Qt.Key.Key_Up)
    assert window.page == "sites"
    assert window.navigation.hasFocus()
    QTest.keyClick(window.navigation, Qt.Key.Key_Return)
    assert window.focusWidget() is made(window, "sites").field
    assert [message.page for message in sent] == ["sites", "files", "history", "sites"]


def test_messages_reach_the_page_that_is_there(window):
    window.receive(sites.Sites(()))
    window.receive(frame.Trouble("sites", "internal"))
    window.receive(files.Listed(()))  # its page asks for it when it is made
    window.receive(frame.Trouble("history", "internal"))
    assert made(window, "sites").heard == [sites.Sites(()), frame.Trouble("sites", "internal")]
    window.receive(frame.Show("files"))
    assert made(window, "files").heard == []


def test_a_page_that_this_window_does_not_have_changes_nothing(window, sent):
    window.receive(frame.Show("doctor"))
    assert (window.page, len(sent)) == ("sites", 1)


def test_another_language_makes_the_pages_anew(window, sent):
    spoken = []
    window.respoken.connect(spoken.append)
    window.go_to("files")
    old = made(window, "files")
    window.receive(frame.Spoken("kk"))
    assert spoken == ["kk"]
    assert list(window._made) == ["files"]
    assert made(window, "files") is not old
    assert made(window, "files").texts.language == "kk"
    assert window.title.text() == "Файлдар"
    assert [window.navigation.item(row).text() for row in range(3)] == ["Файлдар", "Сайттар", "Тарих"]
    assert sent[-1] == frame.Opened("files")
    assert window.focusWidget() is made(window, "files").field


def test_other_colours_are_put_on_before_the_pages_are_made_anew(window, dressed):
    dress = Dress(dressed, window)
    window.redressed.connect(dress.change)
    window.receive(frame.Dressed("dark"))
    assert theme.current() is theme.DARK
    assert theme.DARK.base in dressed.sheets[-1]
    assert theme.DARK.base in window._side.styleSheet()


def test_colours_of_the_system_are_followed_only_where_they_are_wanted(window, dressed, monkeypatch):
    dress = Dress(dressed, window)
    rebuilt = []
    monkeypatch.setattr(window, "rebuild", lambda: rebuilt.append(theme.current().name))
    monkeypatch.setattr(theme, "_system_theme", lambda _: theme.DARK)
    dress.change("light")
    dress._system_changed()
    assert rebuilt == []
    theme.apply(dressed, "light")
    dress._wanted = "system"
    dress._system_changed()
    assert rebuilt == ["dark"]
    dress._system_changed()
    assert rebuilt == ["dark"]


def test_qts_own_words_follow_the_language(application):
    speech = Speech(application)
    for language in ("ru", "kk", "en"):
        speech.change(language)  # Qt has none in Kazakh: it speaks English then, and our texts say the rest


def test_what_stays_in_sight_stands_below_the_page(window):
    window.go_to("files")
    page = made(window, "files")
    assert page.footer.isVisible()
    assert not page.isAncestorOf(page.footer)


@pytest.mark.parametrize(("width", "is_narrow"), [(1080, False), (700, True)])
def test_a_narrow_window_shows_icons_alone_and_says_the_words(window, application, width, is_narrow):
    window.resize(width, 480)
    application.processEvents()
    assert (window._side.width() < 80) is is_narrow
    item = window.navigation.item(0)
    assert item.data(Qt.ItemDataRole.AccessibleTextRole) == "Файлы"
    assert item.toolTip() == "Файлы (Ctrl+1)"
    assert not window.grab().isNull()


def test_closing_it_is_told(window):
    closed = []
    window.closed.connect(lambda: closed.append(True))
    window.close()
    assert closed == [True]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_of_the_program_can_be_shown_and_said(put_up, sent, language):
    window = DeskWindow(sent.append)
    for name in PAGES:
        window.receive(frame.Begin(name, language, "1"))
        assert window.title.text() == texts.load(language)(f"desk.page.{name}")
    put_up(window, 1000, 560)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_everything_that_takes_the_keyboard_has_a_name(put_up, sent, listed, language, application):
    window = DeskWindow(sent.append)
    window.receive(frame.Begin("files", language, "1"))
    put_up(window, 1000, 560)
    window.receive(files.Listed((listed.pdf, listed.cms)))
    application.processEvents()
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            name = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
            assert name, widget


# --- the program --------------------------------------------------------------------------------------------------


def desk(program, **environment):
    return program(["desk"], {"PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", **environment})


def say(started, message):
    started.say(messages.to_message(message))


def next_message(started):
    kind, payload = started.frame()
    assert kind == pipes.JSON
    return messages.from_message(pipes.unpack_json(payload))


@pytest.mark.process
def test_the_program_shows_pages_until_its_input_ends(program):
    started = desk(program)
    say(started, frame.Begin("sites", "kk", "1.2.3", "dark"))
    assert next_message(started) == frame.Opened("sites")
    say(started, frame.Show("files"))
    assert next_message(started) == frame.Opened("files")
    started.close_input()
    assert started.frame() is None
    assert started.wait() == startup.DONE


@pytest.mark.process
def test_nonsense_ends_it_as_a_crash(program):
    started = desk(program)
    say(started, frame.Begin("sites", "kk", "1.2.3"))
    assert next_message(started) == frame.Opened("sites")
    started.say({"type": "frame.Nothing"})
    assert started.wait() == startup.CRASH
