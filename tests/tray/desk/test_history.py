import dataclasses
import datetime as dt
from typing import get_args

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from protocol.desk import frame
from protocol.desk import history as page
from tests.support.qt_waiting import until
from tray import texts, widgets
from tray.chooser import Chooser
from tray.desk.history import HistoryPage

ROW = page.Row(
    "2026-11-26T09:30:00+00:00", "site", "kds.ismet.kz", "sign", 3, "failed", "timed-out", "ТЕСТОВ ТЕСТ",
    "ab" * 32, ("0a" * 32, "0b" * 32),
)  # fmt: skip


@pytest.fixture
def sent():
    return []


@pytest.fixture(params=["kk", "ru", "en"])
def shown(put_up, sent, request):
    return put_up(
        HistoryPage(texts.load(request.param), sent.append, lambda: dt.date(2026, 11, 27)), 900, 600
    )


def words_on(widget):
    QApplication.processEvents()
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_it_looks_by_itself_and_shows_the_details_of_what_is_selected(shown, sent):
    assert sent == [page.Find(1, page.Search())]
    shown.receive(page.Found(1, 1, 0, (ROW,)))
    assert shown.table.rows.index(0, 1).data() == "kds.ismet.kz"
    said = words_on(shown).replace("\u200b", "")
    assert "ТЕСТОВ ТЕСТ" in said
    assert "0a0a 0a0a" in said
    assert shown.texts.problem("error", "timed-out") in said
    assert shown.texts("history.more_digests", count=1) in said
    assert shown.texts("history.found", count=1) in said


def test_an_answer_to_an_older_question_is_passed_over(shown, sent):
    shown.look()
    shown.receive(page.Found(1, 1, 0, (ROW,)))
    assert shown.table.rows.rowCount() == 0
    shown.receive(page.Found(2, 500, 0, (ROW,) * 200))
    shown.receive(page.Found(2, 500, 200, (ROW,) * 200))
    assert shown.table.rows.index(399, 1).data() == "kds.ismet.kz"


def test_what_is_typed_is_looked_for_after_the_last_letter(shown, sent):
    sent.clear()
    QTest.keyClicks(shown.text, "kds")
    assert sent == []
    assert until(lambda: [message.search.text for message in sent] == ["kds"])
    shown.period.setCurrentIndex(3)
    shown.outcome.setCurrentIndex(1)
    assert sent[-1].search == page.Search("kds", since="2026-10-28", outcome="signed")
    shown.receive(page.Found(sent[-1].question, 0, 0, ()))
    assert shown.nothing.isVisible()
    assert shown.nothing.text() == shown.texts("history.nothing")
    assert shown.text.isVisible()
    assert not shown.table.isVisible()


def test_an_empty_journal_is_no_failed_search(shown):
    shown.receive(page.Found(1, 0, 0, ()))
    assert shown.empty.isVisible()
    assert shown.empty.title.text() == shown.texts("history.empty")
    assert not shown.nothing.isVisible()
    assert not shown.text.isVisible()  # there is nothing to look for
    assert shown.first_focus() is None
    shown.receive(page.Found(1, 1, 0, (ROW,)))
    assert not shown.empty.isVisible()
    assert shown.first_focus() is shown.text


def test_the_check_of_the_records(shown, sent):
    QTest.mouseClick(shown.check, Qt.MouseButton.LeftButton)
    assert sent[-1] == page.Check()
    assert not shown.check.isEnabled()
    shown.receive(page.Checked(3702))
    assert shown.check.isEnabled()
    assert shown.texts("history.intact", count=3702) in words_on(shown)
    shown.receive(page.Checked(4, 5))
    assert shown.texts("history.broken", line=5) in words_on(shown)
    assert shown.texts("history.intact", count=3702) not in words_on(shown)


def test_a_file_is_written_where_the_person_says(shown, sent):
    shown._export("/tmp/list.csv", "csv")
    assert sent[-1] == page.Export("/tmp/list.csv", "csv", page.Search())
    assert not shown.save.isEnabled()
    shown.receive(frame.Trouble("history", "file-not-written", "No space left on device"))
    assert shown.save.isEnabled()
    assert shown.texts.problem("error", "file-not-written") in words_on(shown)
    shown.receive(page.Exported("/tmp/list.csv"))
    assert "/tmp/list.csv" in words_on(shown)


def test_a_strangers_name_can_not_rearrange_the_table(shown):
    shown.receive(page.Found(1, 1, 0, (page.Row(ROW.time, "site", "\u202ekds", "new-thing", 1, "signed"),)))
    assert "\u202e" not in shown.table.rows.index(0, 1).data()
    assert shown.table.rows.index(0, 2).data() == shown.texts("history.action.other")


# --- documents that were left out ---------------------------------------------------------------------------------


def test_what_was_left_out_is_counted_and_named(shown):
    row = page.Row(
        ROW.time, "site", "kds.kz", "sign", 3, "signed", digests=("0a" * 32,) * 3, left_out=60,
        left_out_digests=("0b" * 32,) * page.MAX_DIGESTS,
    )  # fmt: skip
    shown.receive(page.Found(1, 2, 0, (row, dataclasses.replace(row, outcome="failed"))))
    texts = shown.texts
    assert shown.table.rows.index(0, 3).data() == texts("history.part", count=3, total=63)
    assert shown.table.rows.index(1, 3).data() == "3"  # nothing was signed
    said = words_on(shown).replace("\u200b", "")
    assert texts("history.left_out", count=60) in said
    assert texts("history.digest_left_out", number=50) in said
    assert "0b0b 0b0b" in said
    assert texts("history.more_digests", count=10) in said


# --- looking for a document ---------------------------------------------------------------------------------------


@pytest.fixture
def chosen(shown, sent, tmp_path):
    """A document that was chosen, and is read."""
    shown.receive(page.Found(1, 1, 0, (ROW,)))
    path = tmp_path / "\u202eact.pdf"
    shown.add_paths([str(path)])
    return path


def test_a_document_is_looked_for_and_what_was_shown_goes_at_once(shown, sent, chosen):
    assert shown.takes_files
    assert sent[-1] == page.Find(2, page.Search(file=str(chosen)))
    assert shown.table.rows.rowCount() == 0
    assert shown.file_name.isVisible()
    assert "\u202e" not in shown.file_name.text()
    assert shown.file_name.text().endswith("act.pdf")
    shown.receive(page.Reading(1, 9, 10))  # of an older question
    shown.receive(page.Reading(2, 5, 10))
    assert shown.state.text() == shown.texts("history.file.reading", percent=50)
    shown.receive(page.Found(2, 1, 0, (dataclasses.replace(ROW, about="asked"),), "asked", 1))
    said = words_on(shown)
    assert shown.texts("history.file.asked") in said
    assert shown.texts("history.about.asked") in said
    assert shown.state.text() == shown.texts("history.found", count=1)


@pytest.mark.parametrize("about", [each for each in get_args(page.About) if each])
def test_what_is_known_of_it_is_said_in_a_sentence(shown, chosen, about):
    shown.receive(page.Found(2, 0, 0, (), about, 3))
    said = words_on(shown)
    counts = {"count": 3} if about in {"signed", "inside"} else {}
    assert shown.texts(f"history.file.{about}", **counts) in said
    assert (shown.texts("history.file.advice") in said) is (about == "unknown")
    assert (shown.texts("history.file.inside_advice") in said) is (about == "inside")
    assert shown.nothing.isVisible() is (about != "unknown")


def test_reading_is_given_up_by_keyboard(shown, sent, chosen):
    shown.receive(page.Found(2, 0, 0, (), "unknown"))
    shown.forget_file.setFocus()
    QTest.keyClick(shown.forget_file, Qt.Key.Key_Space)
    assert sent[-1] == page.Find(3, page.Search())
    assert not shown.file_name.isVisible()
    assert not shown.forget_file.isVisible()
    assert shown.window().focusWidget() is shown.choose_file
    assert shown.texts("history.file.unknown") not in words_on(shown)
    shown.receive(page.Found(2, 1, 0, (ROW,), "signed", 1))  # it was on its way
    assert shown.table.rows.rowCount() == 0


def test_a_document_that_can_not_be_read_is_looked_for_no_more(shown, sent, chosen):
    shown.receive(frame.Trouble("history", "file-unusable", "the file can't be read"))
    assert sent[-1] == page.Find(3, page.Search())
    assert shown.file == ""
    said = words_on(shown)
    assert shown.texts("history.file.unreadable") in said
    assert shown.texts("history.file.unreadable_advice") in said
    shown.receive(page.Found(3, 1, 0, (ROW,)))
    assert shown.texts("history.file.unreadable") in words_on(shown)


def test_one_document_at_a_time(shown, sent):
    before = list(sent)
    shown.add_paths(["/a", "/b"])
    assert sent == before
    assert shown.texts("history.file.one_only") in words_on(shown)
    shown.tell(widgets.Notice("info", "something else"))
    assert "something else" in words_on(shown)
    assert shown.texts("history.file.one_only") not in words_on(shown)


def test_the_document_is_chosen_in_a_chooser_and_goes_into_the_saved_list(shown, sent, tmp_path):
    (tmp_path / "act.txt").touch()
    shown.choose_file.click()
    (chooser,) = shown.findChildren(Chooser)
    chooser.fileSelected.emit(str(tmp_path / "act.txt"))
    chooser.close()
    assert sent[-1].search.file == str(tmp_path / "act.txt")
    shown._export("/tmp/list.csv", "csv")
    assert sent[-1] == page.Export("/tmp/list.csv", "csv", page.Search(file=str(tmp_path / "act.txt")))


@pytest.mark.parametrize(
    ("width", "hidden"), [(900, set()), (700, {2}), (480, {2, 3})], ids=["wide", "narrow", "small"]
)
def test_where_there_is_no_room_columns_go_that_the_details_have(shown, width, hidden):
    shown.resize(width, 600)
    shown.receive(page.Found(1, 1, 0, (ROW,)))
    said = words_on(shown)
    assert {number for number in range(5) if shown.table.isColumnHidden(number)} == hidden
    assert shown.texts("history.action.sign") in said
    assert shown.texts("history.column.count") in said
