import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QFontMetrics, QImage
from PySide6.QtTest import QTest

from protocol import preview, prompts
from tests.tray import batches
from tray import batch, batch_table, texts, theme

SHOWN = batch_table.SHOWN


def known(count=3, *, may_leave_out=True, language="ru"):
    one = batches.made(count)
    for place in range(count):
        one.know(place, batches.act(place))
    one.settle()
    return batch_table.BatchModel(texts.load(language), one, may_leave_out=may_leave_out)


def row(model, number, role=Qt.ItemDataRole.DisplayRole):
    return [model.data(model.index(number, column), role) for column in range(len(SHOWN))]


def columns(table):
    return [column for at, column in enumerate(SHOWN) if not table.isColumnHidden(at)]


def test_a_row_tells_what_is_known(application):
    model = known()
    assert [model.headerData(at, Qt.Orientation.Horizontal) for at in range(len(SHOWN))] == [
        "Документ", "Дата", "Контрагент", "Сумма", "Размер", "Контр. сумма",
    ]  # fmt: skip
    assert row(model, 1) == [
        "А-1", "31.10.2026", "АО «Казахтелеком»", "2\u202f000,00\u00a0₸", "2,0\u00a0КБ", "0000 0000 …",
    ]  # fmt: skip
    spoken = row(model, 1, Qt.ItemDataRole.ToolTipRole)
    assert spoken[0] == "А-1, act-1.pdf"
    assert spoken[2] == "АО «Казахтелеком» (060240001201)"
    assert spoken[5].endswith("0002")


def test_what_is_not_known_is_a_dash_and_never_a_guess(application, samples):
    one = batch.Batch([samples.only_digest, samples.act], ["waybill.xml", "act"])
    one.know(1, preview.Overview("pages", facts=(preview.Lifted("total", "по договору"),)))
    model = batch_table.BatchModel(texts.load("en"), one, may_leave_out=False)
    assert row(model, 0)[:5] == ["waybill.xml", "–", "–", "–", "–"]
    assert row(model, 0, Qt.ItemDataRole.AccessibleTextRole)[4] == "content not given"
    assert row(model, 1)[3] == "по договору"


def test_a_row_says_why_it_stands_out_and_what_came_of_it(application):
    model = known()
    entry = model.batch.entries[0]
    entry.marks = ("sum", "flags")
    entry.is_in = False
    spoken = model.data(model.index(0, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith(
        "А-0, act-0.pdf. не будет подписан. Сумма намного отличается от остальных. В документе"
    )
    model.batch.entries[1].is_signed = True
    assert model.data(model.index(1, 0), Qt.ItemDataRole.AccessibleTextRole).endswith("подписан")


def test_a_box_is_there_only_where_a_document_may_be_left_out(application):
    role = Qt.ItemDataRole.CheckStateRole
    without = known(may_leave_out=False)
    assert without.data(without.index(0, 0), role) is None
    assert not without.setData(without.index(0, 0), 0, role)
    without.toggle(0)
    assert without.batch.left_out == ()
    model = known()
    told = []
    model.toggled.connect(told.append)
    assert model.data(model.index(1, 0), role) == Qt.CheckState.Checked
    assert model.data(model.index(1, 1), role) is None
    assert model.setData(model.index(1, 0), Qt.CheckState.Unchecked, role)
    assert model.setData(model.index(1, 0), Qt.CheckState.Unchecked, role)
    assert model.data(model.index(1, 0), role) == Qt.CheckState.Unchecked
    assert (model.batch.left_out, told) == ((1,), [1])
    model.is_frozen = True
    model.toggle(1)
    assert not model.setData(model.index(1, 0), Qt.CheckState.Checked, role)
    assert model.batch.left_out == (1,)


FINISHED = prompts.Finished(
    2, prompts.Problem("file-not-written"), (2,), (prompts.Failure(1, "file-not-written"),)
)
AT_THE_END = {
    "ru": ["Подписан", "Не подписан. Файл не записан", "Подписан без метки времени", "Не подписан: отметка снята"],
    "kk": ["Қол қойылды", "Қол қойылмады. Файл жазылмады", "Уақыт белгісіз қол қойылды", "Қол қойылмады: белгісі алынған"],
    "en": ["Signed", "Not signed. The file was not written", "Signed without a timestamp", "Not signed: you took it out"],
}  # fmt: skip


def over(language="ru", finished=FINISHED):
    model = known(4, language=language)
    model.toggle(3)
    model.batch.note_results(finished)
    model.finish()
    return model


@pytest.mark.parametrize("language", AT_THE_END)
def test_at_the_end_a_row_says_in_words_what_became_of_its_document(application, language):
    model = over(language)
    assert model.columns[:2] == ("name", "result")
    assert model.columnCount() == len(SHOWN) + 1
    role = Qt.ItemDataRole.AccessibleTextRole
    for number, told in enumerate(AT_THE_END[language]):
        assert model.data(model.index(number, 1)) == model.data(model.index(number, 1), role) == told
        assert told in model.data(model.index(number, 0), role)
    model.toggle(0)
    assert model.batch.left_out == (3,)


def test_before_the_end_nothing_is_said_of_a_result(application):
    model = known()
    assert "result" not in model.columns
    assert model.result_of(model.batch.entries[0]) == ""


def test_a_reason_that_is_new_to_the_window_is_no_raw_code(application):
    failed = (prompts.Failure(1, "moon-phase"),)
    model = over("ru", prompts.Finished(2, prompts.Problem("moon-phase"), failed=failed))
    assert model.data(model.index(1, 1)) == "Не подписан. Внутренняя ошибка"


@pytest.fixture
def table(put_up):
    def show(model, width=800):
        return put_up(batch_table.BatchTable("Документы (3)", model), width, 300)

    return show


def test_the_keyboard_goes_through_the_rows_and_takes_documents_out(application, table):
    shown = table(known())
    told, gone_on = [], []
    shown.select(0)
    shown.chosen.connect(told.append)
    shown.on_return = lambda: gone_on.append(True)
    QTest.keyClick(shown, Qt.Key.Key_Down)
    assert (shown.selected_row(), told) == (1, [1])
    QTest.keyClick(shown, Qt.Key.Key_Space)
    assert shown.model().batch.left_out == (1,)
    QTest.keyClick(shown, Qt.Key.Key_Space)
    assert shown.model().batch.left_out == ()
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert gone_on == [True]


def test_a_click_on_the_box_takes_the_document_out_and_one_beside_it_only_selects(application, table):
    shown = table(known())
    at = shown.visualRect(shown.model().index(2, 0))
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=at.topLeft() + QPoint(80, 12))
    assert (shown.selected_row(), shown.model().batch.left_out) == (2, ())
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=at.topLeft() + QPoint(14, 12))
    assert shown.model().batch.left_out == (2,)


def test_rows_in_another_order_keep_the_selected_document(application, table):
    shown = table(known())
    shown.select(0)
    shown.arrange([2, 1, 0])
    assert (shown.selected_row(), shown.currentIndex().row()) == (0, 2)
    shown.arrange([2, 1])
    assert shown.selected_row() == 2
    shown.arrange([])
    assert shown.selected_row() is None
    shown.arrange([0])
    assert shown.selected_row() == 0


def test_a_column_without_a_value_or_without_room_is_not_shown(application, table):
    nothing = batch_table.BatchModel(texts.load("ru"), batches.made(2), may_leave_out=True)
    empty = table(nothing)
    assert columns(empty) == ["name", "size", "digest"]
    nothing.batch.know(1, batches.act(1))
    nothing.batch.settle()
    empty.refresh()
    assert columns(empty) == list(SHOWN)
    assert columns(table(known(), 540)) == ["name", "date", "party", "sum"]
    narrow = table(known(), 380)
    assert columns(narrow) == ["name", "sum"]
    for shown in (empty, narrow):
        assert shown.horizontalHeader().length() == shown.viewport().width()


@pytest.mark.parametrize("language", AT_THE_END)
def test_the_result_is_shown_whole_where_there_is_room_and_is_the_last_column_to_go(
    application, table, language
):
    shown = table(over(language), 1000)
    metrics = QFontMetrics(theme.font(theme.SMALL))
    widest = max(metrics.horizontalAdvance(told) for told in AT_THE_END[language])
    assert shown.columnWidth(1) > widest + batch_table._GLYPH
    narrow = table(over(language), 380)
    visible = [column for at, column in enumerate(narrow.model().columns) if not narrow.isColumnHidden(at)]
    assert visible == ["name", "result"]
    assert narrow.horizontalHeader().length() == narrow.viewport().width()


def test_each_result_has_a_drawing_of_its_own(application, table):
    """Colour is not what tells them apart: without it they still differ."""
    model = over()
    shown = table(model, 900)
    shown.setCurrentIndex(QModelIndex())
    shown.clearSelection()
    drawn = set()
    for number in range(4):
        area = shown.visualRect(model.index(number, 1))
        picture = shown.viewport().grab(area.adjusted(0, 0, 32 - area.width(), 0)).toImage()
        grey = picture.convertToFormat(QImage.Format.Format_Mono)
        drawn.add(bytes(grey.constBits()))
    assert len(drawn) == 4


def test_rows_are_painted_in_every_state(application, table):
    model = known(4)
    model.batch.entries[1].is_in = False
    model.batch.entries[2].marks = ("sum",)
    model.batch.entries[3].document = dataclasses.replace(model.batch.entries[3].document, is_digest=True)
    shown = table(model)
    shown.select(3)
    before = shown.grab().toImage()
    model.batch.note_signed(1)
    model.refresh(0)
    assert shown.grab().toImage() != before


def test_the_head_of_a_column_asks_for_its_order(application, table):
    shown = table(known())
    told = []
    shown.sorted_by.connect(told.append)
    head = shown.horizontalHeader()
    x = head.sectionViewportPosition(SHOWN.index("sum")) + 20
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 10))
    assert told == ["sum"]
    shown.show_order("sum", is_descending=True)
    assert head.isSortIndicatorShown()
    assert head.sortIndicatorSection() == SHOWN.index("sum")
    shown.show_order("place", is_descending=False)
    assert not head.isSortIndicatorShown()
