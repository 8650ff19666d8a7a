"""The desk as a screen reader finds it: every page, on a real screen, driven by the keyboard."""

import time

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from protocol import pipes
from protocol.desk import doctor, files, frame, history, keys, messages, settings
from tests.support import spoken
from tests.tray import scenes
from tests.tray.conftest import every
from tests.tray.desk import test_history
from tray import texts

pytestmark = pytest.mark.display
LIMIT_S = 20


def say(one, message):
    one.say(messages.to_message(message))


def hear(one, wanted):
    """The next message of that kind."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        kind, payload = one.frame()
        assert kind == pipes.JSON
        message = messages.from_message(pipes.unpack_json(payload))
        if isinstance(message, wanted):
            return message
    raise TimeoutError(f"no {wanted.__name__}")


@pytest.fixture(params=["kk", "ru", "en"])
def desk(screen_reader, screen, request):
    one, read = screen_reader("desk")
    say(one, frame.Begin("files", request.param, "1.2.3"))
    assert hear(one, frame.Opened).page == "files"
    screen.wait_for_window("Qalamsap")
    return one, read, texts.load(request.param)


def go_to(one, screen, page):
    say(one, frame.Show(page))
    while hear(one, frame.Opened).page != page:
        continue


# Pages and what is on them then. They are filled by messages alone: what a person does there is for other tests.
FILLED = {
    "files": "files.do.sign", "files-working": "files.stop", "keys": "keys.export", "keys-empty": "keys.empty",
    "keys-pair": "keys.change_password", "history": "history.check", "sites": "sites.block", "doctor-bad": "doctor.repair.install-trust",
    "settings-stale": "settings.stale",
}  # fmt: skip


def told(name, language):
    """What the desk says to the page."""
    if name == "history":
        return [history.Found(1, 1, 0, (test_history.ROW,))]
    return [message for message in scenes.DESK[name].told(language) if not callable(message)]


@pytest.mark.slow
def test_every_page_can_be_read_and_has_no_control_without_a_name_in_its_language(screen_reader, screen):
    """One program goes through all of them, and through the languages."""
    one, read = screen_reader("desk")
    say(one, frame.Begin("files", "ru", "1.2.3"))
    screen.wait_for_window("Qalamsap")
    for language in scenes.LANGUAGES:
        say(one, frame.Spoken(language))
        words = texts.load(language)
        for name, text in FILLED.items():
            page = scenes.DESK[name].page
            go_to(one, screen, page)
            for message in told(name, language):
                say(one, message)
            wanted = words(text, count=1)[:12]
            tree = until(
                read,
                lambda found, wanted=wanted: any(
                    one["name"].startswith(wanted) and one["showing"] for one in found
                ),
            )
            assert spoken.complaints(tree, language) == [], (name, language)
            assert any(node["focused"] for node in every(tree)), (name, language)
            assert words(f"desk.page.{page}") in {node["name"] for node in every(tree)}


def test_what_comes_onto_a_page_is_announced(screen_reader, screen):
    one, read = screen_reader("desk")
    words = texts.load("kk")
    say(one, frame.Begin("keys", "kk", "1.2.3"))
    screen.wait_for_window("Qalamsap")
    read.heard()
    say(one, keys.Done("changed", "/a.p12"))
    until_heard(read, words("keys.changed"))
    go_to(one, screen, "doctor")
    examined = scenes.examined("kk", scenes.TROUBLES)
    say(one, examined)
    until_heard(read, examined.verdict)
    say(one, doctor.Mended("install-trust", "x", is_done=False))
    until_heard(read, words("doctor.not_done"))
    go_to(one, screen, "files")
    say(one, files.Listed(scenes.FILES[:1]))
    say(one, files.Ended("sign", code="journal-broken"))
    until_heard(read, words("files.nothing_done"))
    go_to(one, screen, "sites")
    say(one, frame.Trouble("sites", "storage-failed"))
    until_heard(read, words("error.storage-failed"))
    go_to(one, screen, "settings")
    say(one, scenes.settings_of("kk"))
    say(one, settings.Refused("theme", "no"))
    until_heard(read, words("settings.refused"))


def until(read, condition):
    """The tree once its nodes are so."""
    limit = time.monotonic() + LIMIT_S
    while time.monotonic() < limit:
        tree = read()
        if condition(every(tree)):
            return tree
        time.sleep(0.05)
    raise AssertionError(sorted(node["name"] for node in every(tree) if node["showing"]))


def until_heard(read, sentence):
    limit, heard = time.monotonic() + LIMIT_S, []
    while time.monotonic() < limit:
        heard += read.heard()
        if sentence in heard:
            return
    raise AssertionError(f"{sentence!r} is not among {heard}")


def test_the_keyboard_goes_from_page_to_page(desk, screen):
    one, _, _ = desk
    for key, page in (
        ("ctrl+3", "history"),
        ("ctrl+4", "sites"),
        ("ctrl+6", "settings"),
        ("ctrl+1", "files"),
    ):
        screen.press(key)
        assert hear(one, frame.Opened).page == page
    one.close_input()
    assert one.wait() == 0
