import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtWidgets import QLabel

from protocol import prompts
from tray import allow_file, texts

LONG = (
    "/home/aigerim/"
    + "очень длинная папка/" * 20
    + "GOST512_2f6c1e0a9b7d4c3e8f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8.p12"
)


@pytest.fixture
def make(put_up, samples):
    def panel(path="/home/aigerim/act.pdf", language="ru", **more):
        prompt = prompts.AllowFile(samples.site, path, language, **more)
        return put_up(allow_file.AllowFilePanel(texts.load(language), prompt), 592, 300)

    return panel


def shown(panel):
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible() and label.text()]


def test_the_file_and_its_folder_are_shown_and_that_nobody_chose_it(make):
    told = shown(make())
    assert "act.pdf" in told
    assert "/home/aigerim/" in told
    assert any(text.startswith("Этот файл выбрали не вы") for text in told)


def test_what_comes_of_a_yes_is_said(make):
    assert any("содержимое может быть передано" in text for text in shown(make()))


@pytest.mark.parametrize(
    ("language", "hours", "said"),
    [("ru", 24, "будет действовать 24 часа"), ("kk", 24, "24 сағат бойы"), ("en", 1, "for 1 hour:")],
)
def test_how_long_a_yes_lasts_is_said(make, language, hours, said):
    assert any(said in text for text in shown(make(language=language, hours=hours)))


def test_a_yes_for_this_once_has_no_length(make):
    assert not any("действовать" in text for text in shown(make()))


def test_a_long_path_is_cut_in_the_middle_and_whole_where_one_looks_closer(make):
    panel = make(LONG)
    assert panel.name.is_cut
    assert panel.folder.is_cut
    assert panel.folder.toolTip() == LONG
    assert panel.folder.accessibleName() == f"Файл: {LONG}"
    assert not panel.whole.isVisible()
    panel.show_whole.click()
    assert panel.whole.isVisible()
    assert panel.whole.text().replace("\u200b", "") == LONG


def test_a_short_path_has_nothing_more_to_show(make):
    assert not make().show_whole.isVisible()


def test_a_path_cannot_disguise_itself(make):
    assert "act\ufffdfdp.exe" in shown(make("/home/aigerim/act\u202efdp.exe"))


def test_the_answer_is_ready_and_the_keyboard_stays_on_no(make):
    panel = make()
    assert panel.is_ready
    assert panel.first_focus() is None
    assert panel.answer() == (prompts.Allowed(), None)
    assert panel.agreement == "Разрешить"
