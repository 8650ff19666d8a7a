"""The desk as a screen reader finds it: every page, on a real screen, driven by the keyboard."""

import time

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from protocol import pipes
from protocol.desk import frame, history, messages, settings, sites
from tests.tray.conftest import every
from tests.tray.desk import test_history, test_settings, test_sites
from tray import texts

pytestmark = pytest.mark.display
CONTROLS = {"push button", "button", "check box", "combo box", "text", "entry", "spin button", "list", "table", "tree table", "tree", "link", "radio button"}  # fmt: skip
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


def controls(node):
    """Whatever can be operated. What a combo box unfolds has no name of its own: it is the box's."""
    if node["role"] in CONTROLS and node["showing"]:
        yield node
    if node["role"] != "combo box":
        for child in node["children"]:
            yield from controls(child)


def test_every_page_can_be_read_and_has_no_control_without_a_name(desk, screen):
    one, read, words = desk
    known = {
        "files": [],
        "history": [history.Found(1, 1, 0, (test_history.ROW,))],
        "sites": [sites.Sites((test_sites.SEEN, test_sites.BLOCKED))],
        "settings": [test_settings.message(is_stale=True), settings.Refused("theme", "no")],
    }
    for page, told in known.items():
        go_to(one, screen, page)
        for message in told:
            say(one, message)
        time.sleep(0.3)  # until it is drawn
        found = list(every(read()))
        names = {node["name"] for node in found}
        assert words(f"desk.page.{page}") in names, sorted(names)
        nameless = [node for node in controls(read()) if not node["name"].strip()]
        assert nameless == [], page
        assert any(node["focused"] for node in found), page
    assert words("settings.name.language") in names
    assert words("settings.stale") in names


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
