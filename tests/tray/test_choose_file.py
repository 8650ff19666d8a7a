import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from protocol import prompts
from tray import choose_file, texts


@pytest.fixture
def make(put_up, samples, tmp_path):
    (tmp_path / "act.pdf").write_bytes(b"act")

    def panel(kind="any", language="ru"):
        prompt = prompts.ChooseFile(samples.site, kind, str(tmp_path), language)
        return put_up(choose_file.ChooseFilePanel(texts.load(language), prompt))

    return panel


@pytest.mark.parametrize(
    ("kind", "language", "said"),
    [
        ("any", "ru", "Передан будет только путь к файлу"),
        ("folder", "ru", "Передан будет только путь к папке"),
        ("pkcs12", "ru", "Передан будет только путь к файлу ключа"),
        ("any", "kk", "Тек сіз таңдаған файлдың жолы беріледі"),
        ("any", "en", "Only the path of the file"),
    ],
)
def test_what_the_caller_gets_is_said(make, kind, language, said):
    assert any(label.text().startswith(said) for label in make(kind, language).findChildren(QLabel))


def test_the_answer_is_the_absolute_path(make, tmp_path):
    panel = make()
    changes = []
    panel.changed.connect(lambda: changes.append(panel.is_ready))
    assert not panel.is_ready
    QTest.keyClicks(panel.first_focus(), "act.pdf")
    assert changes[-1]
    assert panel.answer() == (prompts.FileChosen(str(tmp_path / "act.pdf")), None)


def test_a_folder_can_be_taken_as_it_opens(make, tmp_path):
    panel = make("folder")
    assert panel.is_ready
    assert panel.agreement == "Выбрать папку"
    assert panel.answer() == (prompts.FileChosen(str(tmp_path)), None)
