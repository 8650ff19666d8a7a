import datetime as dt

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from protocol.desk import frame
from protocol.desk import history as page
from tray import texts
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
    QTest.qWait(400)
    assert [message.search.text for message in sent] == ["kds"]
    shown.period.setCurrentIndex(3)
    shown.outcome.setCurrentIndex(1)
    assert sent[-1].search == page.Search("kds", since="2026-10-28", outcome="signed")
    shown.receive(page.Found(sent[-1].question, 0, 0, ()))
    assert shown.nothing.text() == shown.texts("history.nothing")
    assert not shown.table.isVisible()


def test_an_empty_journal_is_no_failed_search(shown):
    shown.receive(page.Found(1, 0, 0, ()))
    assert shown.nothing.text() == shown.texts("history.empty")


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
