"""Signing windows as a screen reader finds them, in three languages, and as the keyboard goes through them. One program shows them all."""

import queue
import time

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from protocol import pipes, preview, prompts
from tests.support import spoken
from tests.tray import scenes
from tests.tray.conftest import every
from tests.tray.preview import gallery
from tray import guard, texts

pytestmark = [pytest.mark.display, pytest.mark.slow]
LIMIT_S = 20
PASSWORD_FIELDS = {
    "read-key": ["key.password"],
    "change-password": ["change_password.old", "change_password.new", "change_password.again"],
    "new-key": ["new_key.password", "new_key.again"],
}
AGREEMENTS = {
    "read-key": "button.open",
    "change-password": "button.change_password",
    "new-key": "button.create_key",
}


class Window:
    """The program, the screen reader, and a renderer for the one document."""

    def __init__(self, one, read):
        self.one = one
        self.read = read
        self.item = None

    def play(self, name, language):
        """Shows a scene without what a person does in it; gives its prompts."""
        scene = scenes.SIGNING[name]
        self.item = gallery.ITEMS[scene.items[0]] if scene.items else None
        asked = [step for step in scene.steps(language) if not callable(step)]
        for prompt in asked:
            self.one.ask(prompt)
        if self.item is not None:
            self.one.ask(preview.Known(0, self.item.overview))
        return asked

    def until(self, condition):
        """The tree once it is so."""
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            self._answer()
            tree = self.read()
            if condition(tree):
                return tree
        raise AssertionError(f"not found among {sorted(names(tree))}")

    def until_named(self, *wanted):
        return self.until(lambda tree: names(tree) >= set(wanted))

    def _answer(self):
        """Whatever the preview asks for in lines; pages stay white."""
        while True:
            try:
                frame = self.one.frame(within_s=0.05)
            except queue.Empty:
                return
            assert frame is not None, self.one.errors
            kind, payload = frame
            if kind != pipes.JSON or self.item is None:
                continue
            match prompts.from_message(pipes.unpack_json(payload)):
                case preview.Read(number, start, count):
                    self.one.ask(preview.RowsRead(number, start, self.item.rows[start : start + count]))


@pytest.fixture
def window(screen_reader, screen):
    one, read = screen_reader("window")
    return Window(one, read)


def names(tree):
    return {node["name"] for node in every(tree)}


def data_of(item):
    """What kind of document it is: that is in no language of ours."""
    return frozenset({item.overview.format})


@pytest.mark.parametrize("language", scenes.LANGUAGES)
def test_everything_that_can_be_operated_has_a_name_in_the_language_of_the_window(window, language):
    words = texts.load(language)
    for name, fields in PASSWORD_FIELDS.items():
        window.play(name, language)
        tree = window.until_named(*(words(field) for field in fields), words(AGREEMENTS[name]))
        assert spoken.complaints(tree, language) == [], name
        found = [node["name"] for node in every(tree) if node["role"] == "password text"]
        assert found == [words(field) for field in fields]
        focused = [node["name"] for node in every(tree) if node["focused"]]
        assert found[0] in focused, name
        agree = next(node for node in every(tree) if node["name"] == words(AGREEMENTS[name]))
        assert (agree["role"] in {"push button", "button"}, agree["enabled"]) == (True, False)
    for name, wanted in {
        "approve-one": (words("preview.page_list"), words("preview.zoom_in"), words("button.sign")),
        "preview-form": (words("form.act"), words("form.seller")),
        "preview-tree": ("kds:request", words("button.open")),
        "preview-archive": ("акт.xml", words("button.open")),
    }.items():
        window.play(name, language)
        tree = window.until(
            lambda tree, wanted=wanted: all(any(part in name for name in names(tree)) for part in wanted)
        )
        assert spoken.complaints(tree, language, data_of(window.item)) == [], name
    window.one.close_input()
    assert window.one.wait() == 0


def test_the_keyboard_goes_through_the_fields_in_the_order_of_reading(window, screen):
    words = texts.load("kk")
    window.play("change-password", "kk")
    window.until_named(words("change_password.again"))
    screen.wait_for_window("Qalamsap")
    time.sleep(guard.DELAY_S + 0.3)  # until it takes keys
    reached = []
    for _ in range(8):
        reached += [node["name"] for node in every(window.read()) if node["focused"]]
        screen.press("Tab")
    eye = words("button.show_password")
    assert reached == [
        words("change_password.old"), eye, words("change_password.new"), eye, words("change_password.again"), words("change_password.copy"),
        words("button.cancel"), words("change_password.old"),
    ]  # fmt: skip


def test_what_changes_in_the_window_is_announced(window):
    words = texts.load("en")
    window.play("wrong-password", "en")
    window.until_named(words("error.wrong-password"))
    assert words("error.wrong-password") in window.read.heard()
    window.one.ask(prompts.ChooseKey((scenes.STRANGER,)))
    window.one.ask(preview.Known(0, gallery.PDF.overview))
    window.until(
        lambda tree: any(name.startswith(words("parties.strangers", count=1)[:20]) for name in names(tree))
    )
    assert any(
        sentence.startswith(words("parties.strangers", count=1)[:20]) for sentence in window.read.heard()
    )
    window.one.ask(prompts.Finished(0, prompts.Problem("timestamp-failed")))
    window.until_named(words("error.timestamp-failed"))
    assert any(words("error.timestamp-failed") in sentence for sentence in window.read.heard())


def node(role, name, *children, **states):
    usual = {
        "role": role,
        "name": name,
        "description": "",
        "showing": True,
        "enabled": True,
        "focusable": True,
        "focused": False,
        "labels": [],
    }
    return {**usual, **states, "children": list(children)}


def test_what_is_wrong_with_a_tree_is_seen():
    good = node("push button", "Отмена", focusable=True)
    table = node("table", "Документы (3)", node("table cell", "", focusable=False), focusable=False)
    assert spoken.complaints(node("frame", "", good, table), "ru") == []
    for bad, said in (
        (node("push button", " "), "without a name"),
        (node("push button", "Cancel"), "no text in ru"),
        (node("check box", "Бас тарту"), "no text in ru"),
        (node("push button", "Отмена", focusable=False), "can't be reached"),
        (node("combo box", "Контрастное"), "without a name"),
        (node("combo box", "Контрастное", labels=["Look"]), "no text in ru"),
    ):
        (complaint,) = spoken.complaints(node("frame", "", bad), "ru")
        assert said in complaint
    assert spoken.complaints(node("frame", "", node("list", "a.pdf")), "ru", frozenset({"a."})) == []
    assert spoken.complaints(node("frame", "", node("combo box", "Қазақша", labels=["Язык"])), "ru") == []
    assert spoken.complaints(node("frame", "", node("push button", "", showing=False)), "ru") == []
