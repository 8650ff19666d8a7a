import time

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tray.rows import ROW_HEIGHT, Row, RowList, RowModel


def numbered(number):
    return Row(f"Document {number}", "1 KB", title_note="note", is_enabled=number != 1)


def test_a_row_says_everything_to_a_screen_reader_and_in_its_tooltip(application):
    model = RowModel(3, numbered)
    index = model.index(0, 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Document 0, note, 1 KB"
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "Document 0, note, 1 KB"
    assert index.data() == "Document 0"
    assert model.data(model.index(-1, 0)) is None
    assert index.data(Qt.ItemDataRole.DecorationRole) is None


def test_ten_thousand_rows_are_made_only_when_they_are_looked_at(application):
    made = []

    def row(number):
        made.append(number)
        return numbered(number)

    rows = RowList("Documents", most=200)
    begun = time.perf_counter()
    rows.show_rows(RowModel(10_000, row))
    rows.resize(400, 300)
    rows.show()
    rows.grab()
    assert max(made) < 20
    assert time.perf_counter() - begun < 2
    rows.select(9_999)
    rows.grab()
    assert rows.selected_row() == 9_999
    rows.close()


def test_a_list_is_as_high_as_its_rows_up_to_a_limit(application):
    rows = RowList("Keys", most=4)
    rows.show_rows(RowModel(1, numbered))
    assert rows.maximumHeight() < 2 * ROW_HEIGHT
    rows.show_rows(RowModel(50, numbered))
    assert 4 * ROW_HEIGHT <= rows.maximumHeight() < 5 * ROW_HEIGHT
    rows.close()


def test_a_row_that_does_not_fit_cannot_be_selected(application):
    model = RowModel(2, numbered)
    assert model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsSelectable
    assert model.flags(model.index(1, 0)) == Qt.ItemFlag.NoItemFlags


def test_return_in_a_list_goes_on_and_never_reaches_the_window(application):
    rows = RowList("Keys", most=4)
    rows.show_rows(RowModel(2, numbered))
    went_on = []
    rows.on_return = lambda: went_on.append(True)
    QTest.keyClick(rows, Qt.Key.Key_Return)
    QTest.keyClick(rows, Qt.Key.Key_Down)
    assert went_on == [True]
    rows.close()


def test_an_empty_list_has_no_selection(application):
    rows = RowList("Keys", most=4)
    assert rows.selected_row() is None
    rows.close()
