import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QVBoxLayout, QWidget

from protocol.desk import files as page
from protocol.desk import frame
from tests.support.cut_texts import cut_texts
from tray import texts, widgets
from tray.desk.file_details import Details
from tray.desk.files import FilesPage


@pytest.fixture
def sent():
    return []


@pytest.fixture(params=["kk", "ru", "en"])
def shown(put_up, sent, request):
    made = FilesPage(texts.load(request.param), sent.append)
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.addWidget(made)
    column.addWidget(made.footer)
    put_up(holder, 860, 680)
    QTest.qWaitForWindowActive(holder)
    return made


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def urls(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) for path in paths] + [QUrl("https://a.kz/x")])
    return data


def words_of(shown):
    QTest.qWait(1)  # what was taken away is gone then
    return " ".join(label.text() for label in shown.details.findChildren(QLabel))


def cell(shown, row, column):
    return shown.table.rows.index(row, column).data()


def test_without_files_there_is_room_to_drop_some_and_a_button(shown, sent, monkeypatch):
    assert shown.empty.isVisible()
    assert not shown.full.isVisible()
    assert not shown.footer.isVisible()
    assert shown.first_focus() is shown.empty.choose
    asked = []
    monkeypatch.setattr(QFileDialog, "open", lambda self: asked.append(self))  # noqa: PLW0108  # a method needs a function
    click(shown.empty.choose)
    assert asked[0].fileMode() == QFileDialog.FileMode.ExistingFiles
    asked[0].filesSelected.emit(["/a.pdf", "/b.pdf"])
    assert sent == [page.Add(("/a.pdf", "/b.pdf"))]


def test_files_come_by_path_and_from_the_clipboard(shown, sent, application, tmp_path):
    shown.add_paths(["/a.pdf", "/папка"])
    assert sent == [page.Add(("/a.pdf", "/папка"))]
    copied = tmp_path / "c.pdf"
    copied.touch()
    QGuiApplication.clipboard().setMimeData(urls(str(copied), "/gone.pdf"))
    shown._paste()
    assert sent[1:] == [page.Add((str(copied),))]
    left = shown.texts("drop.left", count=2)  # one that is gone, and one in the web
    assert shown.notices.itemAt(0).widget().sentence.text() == left
    QGuiApplication.clipboard().setText("words")
    shown._paste()
    assert len(sent) == 2


def test_a_key_file_is_never_offered_to_be_signed(shown, sent, listed):
    key = page.File("/k.p12", 3000, "key-file", (), ())
    shown.receive(page.Listed((key,)))
    assert cell(shown, 0, 1) == shown.texts("files.kind.key-file")
    assert cell(shown, 0, 3) == shown.texts("files.result.key-file")
    warning = shown.notices.itemAt(0).widget()
    assert warning.sentence.text() == shown.texts("files.key_files", count=1)
    assert not shown.start.isEnabled()
    shown.table.select(0)
    assert shown.texts("files.key_file") in words_of(shown)
    shown.receive(page.Listed((key, listed.pdf)))
    assert shown.work.chosen == (listed.pdf,)  # the button counts and starts nothing else
    assert shown.start.text() == shown.texts("files.do.sign")
    assert shown.start.isEnabled()


def test_what_was_said_of_a_drop_stays_above_what_is_said_of_its_files(shown, sent, listed):
    shown.add_paths([listed.pdf.path, "/k.p12"])
    notice = widgets.Notice("info", "сюда")
    shown.tell(notice)
    key = page.File("/k.p12", 3000, "key-file", (), ())
    shown.receive(page.Listed((listed.pdf, key), refused=1))
    said = [shown.notices.itemAt(number).widget() for number in range(shown.notices.count())]
    assert said[0] is notice
    assert shown.texts("files.refused", count=1) in said[1].sentence.text()
    shown.receive(page.Listed((listed.pdf, key)))  # nothing new
    assert shown.notices.count() == 2
    shown.add_paths(["/b.pdf"])
    assert shown.notices.count() == 0


def test_nothing_is_added_while_the_files_are_worked_on(shown, sent, listed):
    shown.receive(page.Listed((listed.pdf,)))
    assert shown.takes_files
    click(shown.start)
    sent.clear()
    shown.add_paths(["/b.pdf"])
    assert not shown.takes_files
    assert sent == []


def test_a_list_says_what_its_files_are_and_the_button_what_it_does(shown, sent, listed):
    shown.receive(page.Listed((listed.pdf, listed.word)))
    assert shown.full.isVisible()
    assert shown.footer.isVisible()
    assert [cell(shown, row, 0) for row in range(2)] == ["АВР-000482.pdf", "Приложение № 14.docx"]
    assert cell(shown, 0, 1) == shown.texts("files.kind.pdf")
    assert shown.start.text() == f"{shown.texts('files.do.sign')} (2)"
    click(shown.start)
    assert sent == [page.Start("sign", "cms", with_timestamp=True)]
    assert not shown.start.isVisible()  # until the desk says how it ended
    assert shown.stop.isVisible()


def test_a_wish_from_outside_is_chosen(shown, listed):
    shown.receive(page.Listed((listed.cms,), "card"))
    assert shown.work.wish == "card"
    assert shown.start.text() == shown.texts("files.do.card")


def test_files_that_were_refused_are_counted(shown, listed):
    shown.receive(page.Listed((), refused=2))
    assert shown.notices.itemAt(0).widget().sentence.text() == shown.texts("files.refused", count=2)
    shown.receive(page.Listed((listed.pdf,), over=3))
    over = shown.texts("files.over", count=3, most=page.MAX_FILES)
    assert shown.notices.itemAt(0).widget().sentence.text() == over


def test_files_are_taken_off_by_button_and_by_key(shown, sent, listed):
    shown.receive(page.Listed((listed.pdf, listed.word, listed.cms)))
    shown.table.select(1)
    click(shown.remove)
    shown.table.setFocus()
    shown.table.selectAll()
    QTest.keyClick(shown.table, Qt.Key.Key_Delete)
    click(shown.clear)
    everything = page.Remove((listed.pdf.path, listed.word.path, listed.cms.path))
    assert sent == [page.Remove((listed.word.path,)), everything, everything]
    shown.receive(page.Listed(()))
    assert shown.empty.isVisible()


def test_while_it_works_nothing_else_can_be_done_and_it_can_be_stopped(shown, sent, listed):
    shown.receive(page.Listed((listed.pdf, listed.word)))
    shown.receive(page.Working("sign", 0, 2, is_asking=True))
    assert shown.state.text() == shown.texts("files.asking")
    assert not shown.work.isEnabled()
    assert not shown.start.isVisible()
    assert not shown.takes_files
    shown.receive(page.Working("sign", 1, 2, is_asking=True))
    assert shown.state.text() == shown.texts("files.working", done=1, total=2)
    assert (shown.progress.value(), shown.progress.maximum()) == (1, 2)
    click(shown.stop)
    assert sent == [page.Stop()]
    assert not shown.stop.isEnabled()
    shown.receive(page.Ended("sign", code="cancelled"))
    assert shown.work.isEnabled()
    assert shown.start.isVisible()
    assert shown.start.isEnabled()
    assert shown.notices.count() == 1


def test_what_came_of_a_file_stands_in_its_row_and_below(shown, sent, listed):
    shown.receive(page.Listed((listed.cms, listed.signed_pdf)))
    shown.receive(page.Changed(listed.other(listed.cms, result="verified", verdict="valid")))
    assert cell(shown, 0, 3) == shown.texts("files.verdict.valid")
    assert sent == [page.Ask(listed.cms.path)]
    shown.receive(page.Told(listed.cms.path, page.Report("valid", "Да", "Всё верно.", (), ())))
    assert shown.details.isVisible()
    shown.table.select(1)
    assert not shown.details.isVisible()
    shown.receive(page.Changed(listed.other(listed.signed_pdf, result="failed", code="bad-input")))
    assert cell(shown, 1, 3) == shown.texts("files.result.failed")
    assert shown.details.isVisible()
    shown.receive(page.Changed(listed.word))  # it left the list meanwhile
    assert shown.table.rows.rowCount() == 2


@pytest.mark.parametrize(
    "result", ["signed", "cosigned", "timestamped", "drawn", "left-out", "failed", "stopped"]
)
def test_every_result_has_its_word(shown, listed, result):
    shown.receive(page.Listed((listed.other(listed.cms, result=result),)))
    assert cell(shown, 0, 3) == shown.texts(f"files.result.{result}")


def test_a_detached_signature_gets_its_document_by_way_of_the_chooser(shown, sent, listed, monkeypatch):
    shown.receive(page.Listed((listed.detached,)))
    assert cell(shown, 0, 3) == shown.texts("files.result.wants_document")
    asked = []
    monkeypatch.setattr(QFileDialog, "open", lambda self: asked.append(self))  # noqa: PLW0108  # a method needs a function
    shown.findChild(Details).pair.emit(listed.detached.path)
    asked[0].fileSelected.emit("/home/a/x")
    assert sent == [page.Pair(listed.detached.path, "/home/a/x")]


def test_a_report_about_one_document_is_not_shown_beside_another(shown, sent, listed):
    file = listed.other(listed.detached, document="/home/a/x", result="verified", verdict="valid")
    shown.receive(page.Listed((file,)))
    shown.table.select(0)
    shown.receive(page.Told(file.path, page.Report("valid", "Да, всё верно", "", (), ())))
    assert "Да, всё верно" in words_of(shown)
    shown.receive(page.Listed((listed.other(file, document="/home/a/y", result="", verdict=""),)))
    assert "Да, всё верно" not in words_of(shown)


def test_a_document_is_not_chosen_while_files_are_worked_on(shown, listed, monkeypatch):
    monkeypatch.setattr(QFileDialog, "open", lambda _: pytest.fail("it was opened"))
    shown.receive(page.Listed((listed.detached,)))
    shown.receive(page.Working("timestamp", 0, 1))
    shown.findChild(Details).pair.emit(listed.detached.path)


def test_trouble_about_something_else_leaves_stop(shown, listed):
    shown.receive(page.Listed((listed.cms,)))
    shown.receive(page.Working("verify", 0, 1))
    shown.receive(frame.Trouble("files", "bad-input", "x"))
    assert shown.stop.isVisible()
    shown.receive(page.Ended("verify"))
    assert not shown.stop.isVisible()


def test_return_opens_what_was_made_or_the_file(shown, listed, monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    path = tmp_path / "a.pdf"
    path.touch()
    shown.receive(page.Listed((listed.other(listed.pdf, path=str(path)),)))
    shown.table.setFocus()
    QTest.keyClick(shown.table, Qt.Key.Key_Return)
    assert opened == [str(path)]


def test_trouble_is_told_and_the_button_works_again(shown, listed):
    shown.receive(page.Listed((listed.pdf,)))
    click(shown.start)
    shown.receive(frame.Trouble("files", "bad-input", "none of the files allows that"))
    assert shown.start.isVisible()
    assert shown.start.isEnabled()
    assert shown.notices.itemAt(0).widget().sentence.text() == shown.texts("files.failed.bad-input")


def test_a_thousand_files_are_listed_at_once(shown, listed):
    many = tuple(listed.other(listed.pdf, path=f"/акт-{number}.pdf") for number in range(page.MAX_FILES))
    shown.receive(page.Listed(many))
    assert shown.table.rows.rowCount() == page.MAX_FILES
    shown.receive(page.Changed(listed.other(many[-1], result="signed")))
    assert cell(shown, page.MAX_FILES - 1, 3) == shown.texts("files.result.signed")


@pytest.mark.parametrize("width", [1024 - 200, 960 - 200])
def test_no_text_is_cut_at_200_per_cent_or_on_a_small_screen(shown, listed, width, application):
    """The page scrolls where it is higher than the screen."""
    failed = listed.other(
        listed.detached, result="failed", code="journal-broken", detail="line 7", lacks_timestamp=True
    )
    shown.receive(page.Listed((failed, listed.cms)))
    shown.receive(page.Ended("verify", skipped=1))
    for wish in ("sign", "cosign", "card"):
        shown.work.show_files((failed, listed.cms, listed.signed_pdf), wish)
        shown.window().resize(width, 1500)
        application.processEvents()
        assert cut_texts(shown) == []
    shown.receive(page.Listed(()))
    application.processEvents()
    assert cut_texts(shown) == []


def test_an_ending_speaks_of_what_was_done_now_and_shows_it(shown, sent, listed):
    before = listed.other(listed.word, result="failed", code="bad-input")
    shown.receive(page.Listed((before, listed.cms), "verify"))
    shown.start.setFocus()
    click(shown.start)
    shown.receive(page.Working("verify", 0, 1))
    assert shown.window().focusWidget() is shown.stop
    shown.receive(page.Changed(listed.other(listed.cms, result="verified", verdict="valid")))
    shown.receive(page.Ended("verify"))
    notice = shown.notices.itemAt(0).widget()
    assert (notice.objectName(), notice.sentence.text()) == (
        "good",
        shown.texts("files.done.verify", count=1),
    )
    assert shown._selection() == [listed.cms.path]
    assert shown.window().focusWidget() is shown.table
