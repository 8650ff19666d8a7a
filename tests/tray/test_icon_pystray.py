"""pystray's dummy back-end has the whole interface and no screen: what would be shown and clicked can be looked at."""

import os
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("PIL", reason="needs tool: Pillow")

from protocol import control, pipes
from tray import menu, startup, texts
from tray.notices import Notice

ROOT = Path(menu.__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def icon_pystray():
    os.environ["PYSTRAY_BACKEND"] = "dummy"
    pytest.importorskip("pystray", reason="needs tool: pystray")
    from tray import icon_pystray

    yield icon_pystray
    del os.environ["PYSTRAY_BACKEND"]


@pytest.fixture
def face(icon_pystray, samples, monkeypatch):
    """A face whose icon has all that is shown, drawn nowhere; its `run` returns at once."""
    import pystray

    class Icon(pystray.Icon):
        """All that a back-end has to have, and nothing behind it."""

        def _nothing(self):
            pass

        _show = _hide = _stop = _update_icon = _update_title = _update_menu = _nothing

        def _run(self):
            self._mark_ready()  # else pystray's own thread would wait for ever

    monkeypatch.setattr(pystray, "Icon", Icon)
    commands = queue.SimpleQueue()
    made = icon_pystray.PystrayFace(commands.put)
    made.show(menu.view_of(texts.load("ru"), samples.state()))
    assert made.run() == startup.DONE
    first = commands.get(timeout=20)  # pystray has a thread of its own that tells when the icon is there
    assert first.name == "icon"
    made.commands = []
    made._on_command = made.commands.append
    return made


def labels(items):
    return [item.text for item in items if item.visible]


def test_the_menu_has_the_lines_of_the_view(face):
    assert [text for text in labels(face._icon.menu.items) if text != "- - - -"] == [
        "Готов к работе",
        "Открыть Qalamsap",
        "Ключи",
        "История",
        "Сайты",
        "Проверка компьютера",
        "Настройки",
        "Последние подписи",
        "Открыть страницу состояния",
        "Язык",
        "Приостановить",
        "Выйти",
    ]
    language = next(item for item in face._icon.menu.items if item.text == "Язык")
    assert [(item.text, item.checked, item.radio) for item in language.submenu.items] == [
        ("Қазақша", False, True),
        ("Русский", True, True),
        ("English", False, True),
    ]
    assert not next(iter(face._icon.menu.items)).enabled
    assert face._icon.title == "Qalamsap 0.1.0: готов к работе"
    assert face._icon.icon.size == (64, 64)


def test_a_click_on_the_icon_itself_opens_the_desk(face):
    face._icon.menu(face._icon)
    assert face.commands[-1] == control.Command("open", "files")


def test_a_message_is_passed_on_and_counts_as_seen_where_a_tray_is_sure_to_be_there(face, monkeypatch):
    said, done = [], []
    monkeypatch.setattr(face._icon, "notify", lambda text, title: said.append((title, text)))
    monkeypatch.setattr(face._pystray.Icon, "HAS_NOTIFICATION", True)
    face.done = lambda notice, is_shown: done.append((notice.title, is_shown))
    for platform in ("linux", "win32"):
        monkeypatch.setattr(sys, "platform", platform)
        face._when_ready(face._icon)
        face.notify(Notice("title", "text"))
    assert said == [("title", "text")] * 2
    assert done == [("title", False), ("title", True)]
    assert face.commands[-2:] == [control.Command("icon", "hidden"), control.Command("icon", "shown")]


def test_a_message_that_the_system_refuses_was_not_seen(face, monkeypatch):
    def refuse(_text, _title):
        raise OSError("no")

    done = []
    monkeypatch.setattr(sys, "platform", "win32")
    face._when_ready(face._icon)
    monkeypatch.setattr(face._icon, "notify", refuse)
    face.done = lambda _notice, is_shown: done.append(is_shown)
    face.notify(Notice("title", "text"))
    assert done == [False]


def test_a_click_sends_its_command(face):
    next(item for item in face._icon.menu.items if item.text == "Приостановить")(face._icon)
    assert face.commands[-1] == control.Command("pause")


def test_a_new_state_changes_picture_title_and_menu(face, samples):
    before = face._icon.icon.tobytes()
    face.show(menu.view_of(texts.load("kk"), samples.state(state="paused", language="kk")))
    assert face._icon.icon.tobytes() != before
    assert "Жұмысты жалғастыру" in labels(face._icon.menu.items)
    assert face._icon.title == "Qalamsap 0.1.0: уақытша тоқтатылған"


def test_a_line_that_only_informs_sends_nothing(face):
    next(iter(face._icon.menu.items))(face._icon)
    assert face.commands == []


def test_a_long_tooltip_is_shortened_to_what_windows_takes(icon_pystray):
    assert len(icon_pystray.title_of(menu.View("ready", "x" * 500, ()))) == 127


def test_quitting_before_anything_was_shown_ends_the_program(icon_pystray):
    made = icon_pystray.PystrayFace(lambda _: None)
    threading.Timer(0.05, made.quit).start()
    assert made.run() == startup.DONE


def test_a_back_end_without_a_menu_is_refused(icon_pystray, monkeypatch):
    import pystray

    monkeypatch.setattr(pystray.Icon, "HAS_MENU", False)
    with pytest.raises(startup.CannotStart, match="no menu"):
        icon_pystray.PystrayFace(lambda _: None)


def test_a_missing_pystray_is_told_with_the_command_that_brings_it(icon_pystray, monkeypatch):
    monkeypatch.setitem(sys.modules, "pystray", None)
    with pytest.raises(startup.CannotStart, match=r"pip install qalamsap\[tray\]") as caught:
        icon_pystray.PystrayFace(lambda _: None)
    assert caught.value.code == startup.NO_QT


def test_the_program_runs_without_qt_and_ends_with_its_input(icon_pystray):
    code = (
        "import sys\n"
        "sys.modules['PySide6'] = None\n"
        "from tray.__main__ import main\n"
        "sys.exit(main(['icon', '--backend', 'pystray']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYSTRAY_BACKEND": "dummy"},
        input=pipes.pack_json(control.to_message(control.Refused("no"))),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
