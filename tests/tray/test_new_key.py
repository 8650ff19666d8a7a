import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit

from protocol import prompts
from tray import new_key, texts
from tray.dropped import Dropped


@pytest.fixture
def make(put_up, samples, tmp_path):
    def panel(language="ru", **changes):
        return put_up(
            new_key.NewKeyPanel(
                texts.load(language), samples.new_key(str(tmp_path), language=language, **changes)
            ),
            440,
            600,
        )

    return panel


def enter(panel, password, again=None):
    panel.password.field.setText(password)
    panel.again.field.setText(password if again is None else again)


def kept(panel):
    return {name for name, rule in panel.rules.items() if rule.is_kept}


def test_the_request_is_told_in_words(application, samples):
    rows = new_key.facts_of(texts.load("ru"), samples.new_key("/"))
    assert [(name, value) for name, value, _ in rows] == [
        ("Фамилия и имя", "АХМЕТОВА АЙГЕРІМ"),
        ("ИИН", "850101400001"),
        ("1.2.3.4", "х"),
        ("Алгоритм", "ГОСТ 34.10-2015 (512)"),
    ]
    panel = new_key.RequestPanel(texts.load("kk"), samples.new_key("/", language="kk"))
    assert "ЖСН: 850101400001" in {label.accessibleName() for label in panel.findChildren(QLabel)}


def test_the_key_is_made_once_the_password_is_good_and_typed_twice(make, tmp_path):
    panel = make()
    assert kept(panel) == set()
    enter(panel, "Qwerty1", "")
    assert kept(panel) == {"variety"}
    enter(panel, "11111111")
    assert kept(panel) == {"length", "again"}
    enter(panel, "Qwerty12", "Qwerty13")
    assert kept(panel) == {"length", "variety"}
    assert not panel.is_ready
    enter(panel, "Qwerty12")
    assert panel.is_ready
    assert panel.answer() == (prompts.KeyNamed(str(tmp_path / "GOST512_new.p12")), bytearray(b"Qwerty12"))
    assert panel.password.field.text() == panel.again.field.text() == ""
    assert kept(panel) == {"length", "variety", "again"}  # the person sees it while the key is made


def test_a_rule_says_whether_it_is_kept(make):
    panel = make()
    names = lambda: {label.accessibleName() for label in panel.findChildren(QLabel)}  # noqa: E731  # short, and only here
    assert "Не короче 8 знаков: пока не выполнено" in names()
    enter(panel, "Qwerty12")
    assert "Не короче 8 знаков: выполнено" in names()


def test_a_suggested_name_that_is_taken_gets_a_number(make, tmp_path):
    for name in ("GOST512_new.p12", "GOST512_new-2.p12"):
        (tmp_path / name).write_bytes(b"a key")
    panel = make()
    assert panel.name.text() == "GOST512_new-3.p12"
    assert not panel.taken.isVisible()


def test_a_file_that_is_there_cannot_be_chosen(make, tmp_path):
    (tmp_path / "own.p12").write_bytes(b"a key")
    panel = make()
    enter(panel, "Qwerty12")
    panel.choose(str(tmp_path / "own.p12"))
    assert panel.taken.isVisible()
    assert not panel.is_ready
    panel.choose(str(tmp_path / "other.p12"))
    assert panel.is_ready
    assert panel.answer()[0] == prompts.KeyNamed(str(tmp_path / "other.p12"))


def test_a_link_that_leads_nowhere_is_a_taken_name_too(make, tmp_path):
    (tmp_path / "GOST512_new.p12").symlink_to(tmp_path / "nowhere")
    assert make().name.text() == "GOST512_new-2.p12"
    assert new_key.is_there(Path("a\0b")) is False


def test_another_place_is_chosen_with_the_chooser(make, tmp_path):
    panel = make()
    panel.browse()
    dialog = panel._dialog
    assert dialog.isVisible()
    assert dialog.windowTitle() == "Где сохранить ключ"
    assert dialog.findChild(QLineEdit, "fileNameEdit").text() == "GOST512_new.p12"
    dialog.fileSelected.emit(str(tmp_path / "own.p12"))
    assert panel.name.text() == "own.p12"
    assert panel.folder.accessibleName() == f"Файл: {tmp_path / 'own.p12'}"
    dialog.reject()


@pytest.mark.parametrize(
    ("typed", "taken"), [("own", "own.p12"), ("own.pfx", "own.pfx.p12"), ("own.P12", "own.P12")]
)
def test_the_file_gets_the_ending_of_key_files(make, tmp_path, typed, taken):
    panel = make()
    panel.choose(str(tmp_path / typed))
    assert panel.name.text() == taken
    assert panel.answer()[0] == prompts.KeyNamed(str(tmp_path / taken))


def test_return_goes_to_the_second_field_and_then_agrees(make):
    panel = make()
    submitted = []
    panel.submitted.connect(lambda: submitted.append(True))
    panel.first_focus().setFocus()
    QTest.keyClick(panel.password.field, Qt.Key.Key_Return)
    assert panel.focusWidget() is panel.again.field
    assert submitted == []
    QTest.keyClick(panel.again.field, Qt.Key.Key_Return)
    assert submitted == [True]


def test_one_eye_shows_both(make):
    panel = make()
    panel.password.eye.click()
    assert panel.again.field.echoMode() == QLineEdit.EchoMode.Normal
    panel.password.eye.click()
    assert panel.again.field.echoMode() == QLineEdit.EchoMode.Password
    assert not panel.again.eye.isVisible()


def test_letters_that_are_not_latin_are_warned_of(make):
    panel = make()
    QTest.keyClick(panel.again.field, "й")
    assert panel.again.layout_warning.isVisible()


def test_why_the_last_answer_was_no_good_is_told(make):
    panel = make(problem=prompts.Problem("key-not-kept", detail="permission denied"))
    told = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert "Файл ключа не удалось записать" in told


def test_what_was_typed_can_be_forgotten(make):
    panel = make()
    enter(panel, "Qwerty12")
    panel.forget()
    assert panel.password.field.text() == panel.again.field.text() == ""


def test_a_folder_can_be_dropped_and_the_key_goes_there(make, tmp_path):
    panel = make()
    stick, act = tmp_path / "stick", tmp_path / "act.pdf"
    stick.mkdir()
    act.touch()
    name = panel._path.name
    found = Dropped(folders=(str(stick),))
    assert panel.offer(found).is_welcome
    panel.take(found)
    enter(panel, "Qwerty12")
    assert panel.answer()[0] == prompts.KeyNamed(str(stick / name))
    assert list(stick.iterdir()) == []  # nothing is written by a drop
    (stick / name).touch()
    panel.take(found)
    assert panel.taken.isVisible()  # what is there is never replaced


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (Dropped(("/a.p12",)), "wants_folder"),
        (Dropped(folders=("/a", "/b")), "wants_folder"),
        (Dropped(("/a.p12",), ("/a",)), "wants_folder"),
        (Dropped(elsewhere=1), "elsewhere"),
        (Dropped(missing=1), "missing"),
    ],
)
def test_files_are_no_place_for_a_key(make, found, problem):
    offer = make("en").offer(found)
    assert (offer.sentence, offer.is_welcome) == (texts.load("en")(f"drop.{problem}"), False)
