import itertools
import time

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from protocol import preview, prompts
from tests.support.qt_waiting import until
from tests.tray import batches
from tray import batch_panel, texts

ROLE = Qt.ItemDataRole.DisplayRole


@pytest.fixture
def panel(put_up):
    def show(count=5, *, may_leave_out=True, language="ru", known=None, width=800):
        made = batch_panel.BatchPanel(
            texts.load(language), batches.made(count), "Документы", may_leave_out=may_leave_out
        )
        for place in range(count if known is None else known):
            made.batch.know(place, batches.act(place))
        made.settle()
        return put_up(made, width, 400)

    return show


def names(panel):
    model = panel.model
    return [model.data(model.index(row, 0), ROLE) for row in range(model.rowCount())]


def test_totals_are_of_what_will_be_signed(application, panel):
    one = panel()
    assert one.totals.text() == "К подписи 5 из 5 · 15\u00a0КБ · сумма 15\u202f000,00\u00a0₸"
    one.model.toggle(4)
    assert one.totals.text() == "К подписи 4 из 5 · 10\u00a0КБ · сумма 10\u202f000,00\u00a0₸"


def test_how_far_the_reading_is_is_told_while_it_lasts(application, panel):
    one = panel(known=2, language="en")
    assert one.reading.text() == "Reading the documents: 2 of 5"
    assert one.reading.isVisible()
    assert "no total found" not in one.totals.text()
    for place in (2, 3):
        one.batch.know(place, batches.act(place))
    one.batch.know(4, preview.Overview("unknown", why="broken"))
    one.settle()
    assert not one.reading.isVisible()
    assert one.totals.text().endswith("no total found in 1 document")


def test_what_is_found_comes_into_the_table_at_once_and_is_judged_a_little_later(application, panel):
    one = panel(known=0)
    told = []
    one.changed.connect(lambda: told.append(True))
    for place in range(5):
        one.batch.know(place, batches.act(place, "9 000 000 ₸" if place == 3 else "1 000 ₸"))
        one.show_known(place)
    assert names(one) == ["А-0", "А-1", "А-2", "А-3", "А-4"]
    assert told == []
    assert not one.only_marked.isVisible()
    assert until(lambda: told == [True])
    assert one.batch.entries[3].marks == ("sum",)
    assert one.only_marked.isVisible()
    assert one.only_marked.text() == "Только с замечаниями (1)"


def test_documents_are_found_while_a_person_types(application, panel):
    one = panel()
    one.filter.setText("а-3")
    assert names(one) == ["А-3"]
    assert one.table.selected_row() == 3
    QTest.keyClicks(one.filter, "xyz")
    assert names(one) == []
    assert one.nothing.isVisible()
    one.filter.clear()
    assert len(names(one)) == 5
    assert not one.nothing.isVisible()


def test_those_with_remarks_can_be_looked_at_alone(application, panel):
    one = panel()
    one.batch.entries[2].overview = batches.act(2, "", preview.Flag("javascript"))
    one.settle()
    one.only_marked.click()
    assert names(one) == ["А-2"]
    one.batch.entries[2].overview = batches.act(2)
    one.settle()
    assert not one.only_marked.isVisible()
    assert len(names(one)) == 5


def test_the_order_is_changed_by_the_box_and_by_the_heads(application, panel):
    one = panel()
    one.order.setCurrentIndex(one.order.findData("sum"))
    assert names(one)[0] == "А-4"
    for descending, first in ((False, "А-0"), (None, "А-0"), (True, "А-4")):
        one.table.sorted_by.emit("sum")
        assert names(one)[0] == first
        assert one.order.currentData() == ("place" if descending is None else "sum")


def test_return_opens_the_box_of_orders_and_a_wheel_that_passes_over_it_changes_nothing(application, panel):
    one = panel()
    QTest.keyClick(one.order, Qt.Key.Key_Return)
    assert one.order.view().isVisible()
    one.order.hidePopup()
    still, away = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    turned = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -240), Qt.MouseButton.NoButton, still, away, False
    )
    application.sendEvent(one.order, turned)
    assert one.order.currentData() == "place"


def test_all_that_are_shown_are_taken_out_and_in_again(application, panel):
    one = panel()
    assert one.all.text() == "Снять все"
    one.filter.setText("а-3")
    one.all.click()
    assert one.batch.left_out == (3,)
    assert one.all.text() == "Отметить все"
    one.all.click()
    assert one.batch.left_out == ()
    one.freeze(is_frozen=True)
    one._toggle_all()
    assert one.batch.left_out == ()
    assert not one.all.isEnabled()
    assert panel(may_leave_out=False).all.isHidden()


def ended(one, finished, *, left_out=()):
    for place in left_out:
        one.model.toggle(place)
    one.batch.note_results(finished)
    one.show_results()
    return one


def test_the_results_cannot_be_changed_any_more(application, panel):
    one = ended(panel(), prompts.Finished(4), left_out=(1,))
    one.model.toggle(0)
    assert one.batch.left_out == (1,)
    assert one.totals.text() == "Подписано 4 из 5 · 13\u00a0КБ · сумма 13\u202f000,00\u00a0₸"
    assert one.all.isHidden()


def test_what_needs_a_look_stands_first_at_the_end_and_can_be_looked_at_alone(application, panel):
    failed = (prompts.Failure(3, "file-not-written"),)
    one = ended(panel(), prompts.Finished(4, prompts.Problem("file-not-written"), (2,), failed))
    assert names(one) == ["А-3", "А-2", "А-0", "А-1", "А-4"]
    assert one.table.selected_row() == 3
    assert one.order.currentText() == "По итогу"
    assert one.only_marked.text() == "Только с изъяном (2)"
    one.only_marked.click()
    assert names(one) == ["А-3", "А-2"]
    one.only_marked.click()
    one.table.sorted_by.emit("name")
    assert names(one)[0] == "А-0"
    one.table.sorted_by.emit("result")
    assert names(one)[0] == "А-3"


def test_what_was_searched_for_does_not_hide_results(application, panel):
    one = panel()
    one.filter.setText("а-4")
    one.settle()
    ended(one, prompts.Finished(0, prompts.Problem("storage-failed")))
    assert names(one) == ["А-0", "А-1", "А-2", "А-3", "А-4"]
    assert one.filter.text() == ""
    assert one.totals.text() == "Подписано 0 из 5"
    assert one.only_marked.isHidden()  # it is so with all of them


def test_where_all_is_well_the_rows_stay_in_their_order(application, panel):
    one = ended(panel(), prompts.Finished(5))
    assert names(one) == ["А-0", "А-1", "А-2", "А-3", "А-4"]
    assert one.order.currentData() == "place"
    assert one.only_marked.isHidden()


def test_by_result_nobody_puts_in_order_what_has_none(application, panel):
    assert panel().order.findData("result") == -1


def test_documents_that_were_still_being_read_say_nothing_of_it_at_the_end(application, panel):
    one = ended(panel(known=2), prompts.Finished(0, prompts.Problem("timed-out")))
    assert one.reading.isHidden()
    assert not one._settle_timer.isActive()


def test_ten_thousand_results_stand_in_the_table(application, panel):
    one = panel(10_000, known=0)
    ended(
        one,
        prompts.Finished(9_999, prompts.Problem("bad-input"), failed=(prompts.Failure(7_000, "bad-input"),)),
    )
    one.grab()
    assert one.table.selected_row() == 7_000


def test_return_goes_on_and_never_to_the_windows_own_button(application, panel):
    one = panel()
    one.filter.setFocus()
    QTest.keyClick(one.filter, Qt.Key.Key_Return)
    one.activateWindow()
    assert one.window().focusWidget() is one.table
    QTest.keyClick(one.table, Qt.Key.Key_Return)
    assert one.window().focusWidget() is not one.table


def test_what_is_seen_at_a_glance_needs_nothing_to_find_it(application, panel):
    assert panel(4).filter.isHidden()
    assert panel(4).order.isHidden()
    assert panel(5).filter.isVisible()


def test_everything_without_a_text_of_its_own_has_a_name(application, panel):
    one = panel(language="kk")
    for widget in (one.filter, one.order, one.table):
        assert widget.accessibleName()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_nothing_is_cut_in_a_narrow_window(application, panel, language):
    one = panel(language=language, known=3, width=440)
    one.batch.entries[2].marks = ("sum",)
    one._tell()
    QTest.qWait(1)
    for label in (one.totals, one.reading):
        assert label.height() >= label.heightForWidth(label.width())
    shown = [each for each in one.findChildren(QWidget) if each.parent() is one and each.isVisible()]
    for above, below in itertools.pairwise(shown):
        assert not above.geometry().intersects(below.geometry()), (above, below)


def test_ten_thousand_documents_are_no_burden(application, panel):
    one = panel(10_000, known=0)
    begun = time.perf_counter()
    for place in range(10_000):
        one.batch.know(place, batches.act(place))
        one.show_known(place)
    one.settle()
    one.order.setCurrentIndex(one.order.findData("sum"))
    one.table.select(5000)
    one.grab()
    assert time.perf_counter() - begun < 10
    assert one.table.selected_row() == 5000
