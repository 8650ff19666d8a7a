import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from protocol import prompts
from tray import choose_file, texts
from tray.dropped import Dropped


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


def test_a_file_can_be_dropped_and_is_chosen_and_not_sent(make, tmp_path):
    other = tmp_path / "другая"
    other.mkdir()
    (other / "key.dat").write_bytes(b"key")
    panel = make("pkcs12")
    submitted = []
    panel.submitted.connect(lambda: submitted.append(True))
    found = Dropped((str(other / "key.dat"),))
    offer = panel.offer(found)
    assert offer.is_welcome
    assert panel.agreement in offer.advice
    panel.take(found)
    assert panel.is_ready
    assert submitted == []
    assert panel.answer() == (prompts.FileChosen(str(other / "key.dat")), None)


def test_a_folder_can_be_dropped_where_one_is_asked_for(make, tmp_path):
    other = tmp_path / "другая"
    other.mkdir()
    panel = make("folder")
    panel.take(Dropped(folders=(str(other),)))
    assert panel.answer() == (prompts.FileChosen(str(other)), None)


@pytest.mark.parametrize(
    ("kind", "found", "problem"),
    [
        ("any", Dropped(("/a", "/b")), "one_file"),
        ("any", Dropped(folders=("/a",)), "one_file"),
        ("folder", Dropped(("/a",)), "one_folder"),
        ("folder", Dropped(folders=("/a", "/b")), "one_folder"),
        ("any", Dropped(elsewhere=1), "elsewhere"),
        ("any", Dropped(missing=2), "missing"),
    ],
)
def test_nothing_else_can_be_dropped(make, kind, found, problem):
    offer = make(kind).offer(found)
    assert (offer.sentence, offer.is_welcome) == (texts.load("ru")(f"drop.{problem}"), False)


def test_no_part_of_the_chooser_takes_a_drop_for_itself(make):
    assert not [part for part in make().chooser.findChildren(QWidget) if part.acceptDrops()]
