import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tray import theme
from tray.desk.table import PIECE, Cell, Column, Table

COLUMNS = (Column("Имя", 20, stretches=True), Column("Число", 10, is_number=True))


def rows(count, start=0):
    return [(Cell(f"row {start + number}", is_bold=True), Cell(str(number))) for number in range(count)]


@pytest.fixture
def table(put_up):
    return put_up(Table("Список", COLUMNS), 400, 300)


def test_rows_that_are_not_there_are_asked_for_once_when_they_are_looked_at(table, application):
    asked = []
    table.wanted.connect(asked.append)
    table.show_rows(100_000, rows(PIECE))
    application.processEvents()
    assert asked == []
    table.scrollTo(table.rows.index(50_000, 0))
    for _ in range(5):
        application.processEvents()
    assert set(asked) == {49_800, 50_000} or asked == [50_000]
    assert len(asked) == len(set(asked))
    assert table.rows.index(50_000, 0).data() == "…"
    table.rows.add(50_000, rows(PIECE, 50_000))
    assert table.rows.index(50_000, 0).data() == "row 50000"


def test_other_rows_begin_with_the_first_one_selected(table):
    chosen = []
    table.selected.connect(chosen.append)
    table.show_rows(3, rows(3))
    table.select(2)
    table.show_rows(0, [])
    assert chosen[0] == 0
    assert chosen[-2:] == [2, -1]
    assert table.selected_row() == -1


def test_return_opens_a_row_and_reaches_nothing_else(table):
    opened = []
    table.opened.connect(opened.append)
    table.show_rows(3, rows(3))
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert opened == [1]


def test_what_a_cell_means_is_more_than_its_colour(table):
    table.show_rows(1, [(Cell("нет", glyph="danger", tone="danger", spoken="нет: отказано"), Cell("1"))])
    index = table.rows.index(0, 0)
    assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "нет: отказано"
    assert index.data(Qt.ItemDataRole.ForegroundRole).name().upper() == theme.current().danger
    assert table.rows.index(0, 1).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
