import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QIcon
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


WORDY = (Column("Имя", 10, stretches=True), Column("Сколько документов", 4), Column("Что", 8))


def widths(table):
    return [table.columnWidth(number) for number in range(len(WORDY))]


def test_columns_are_as_wide_as_their_texts_where_there_is_room(put_up, application):
    table = put_up(Table("Список", WORDY), 900, 200)
    head = table.fontMetrics().horizontalAdvance("Сколько документов")
    before = widths(table)
    assert before[1] > head
    table.show_rows(1, [(Cell("kds.ismet.kz"), Cell("3"), Cell("Сертификат показан сайту", glyph="good"))])
    after = widths(table)
    assert after[2] > table.fontMetrics().horizontalAdvance("Сертификат показан сайту") + 16
    assert after[1] == before[1]
    table.resize(360, 200)
    application.processEvents()
    narrow = widths(table)
    assert narrow[0] >= 80  # the one that stretches keeps what it needs
    assert narrow[1] > head
    assert narrow[2] < after[2]
    table.resize(900, 200)
    application.processEvents()
    assert widths(table) == after


def test_a_column_that_is_seen_again_gets_its_room(put_up, application):
    table = put_up(Table("Список", WORDY), 300, 200)
    table.setColumnHidden(2, True)
    table.show_rows(1, [(Cell("a"), Cell("3"), Cell("Сертификат показан сайту"))])
    table.resize(900, 200)
    application.processEvents()
    table.setColumnHidden(2, False)
    QTest.qWait(1)
    assert table.columnWidth(2) > table.fontMetrics().horizontalAdvance("Сертификат показан сайту")


def test_a_width_that_the_person_chose_stays(put_up, application):
    table = put_up(Table("Список", WORDY), 900, 200)
    head, before = table.header(), table.columnWidth(1)
    edge = QPoint(head.sectionViewportPosition(1) + table.columnWidth(1) - 1, 10)
    QTest.mousePress(head.viewport(), Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseMove(head.viewport(), edge + QPoint(60, 0))
    QTest.mouseRelease(head.viewport(), Qt.MouseButton.LeftButton, pos=edge + QPoint(60, 0))
    chosen = table.columnWidth(1)
    assert abs(chosen - before - 60) < 12
    table.show_rows(1, [(Cell("a"), Cell("3"), Cell("b"))])
    table.resize(700, 200)
    application.processEvents()
    assert table.columnWidth(1) == chosen


def test_the_drawing_of_a_selected_row_is_as_clear_as_others(table):
    table.show_rows(1, [(Cell("a", glyph="good", tone="good"), Cell("1"))])
    icon = table.rows.index(0, 0).data(Qt.ItemDataRole.DecorationRole)
    usual, chosen = (icon.pixmap(16, mode).toImage() for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected))
    assert usual == chosen
