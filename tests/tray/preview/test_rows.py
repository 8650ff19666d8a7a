import time

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from protocol import preview
from tests.tray.preview import gallery
from tray import texts
from tray.preview.inquiry import MOST_ROWS, PIECE, Where
from tray.preview.rows import Pieces, RowsView

HERE = Where(0)
LONG = "согласие на обработку сведений " * 20
SETTLED_MS = 120


@pytest.fixture
def view(put_up):
    def show(kind="form", rows=(), count=None, width=500, language="en"):
        made = put_up(RowsView(texts.load(language), Pieces()), width, 300)
        if rows:
            made._pieces.put(HERE, 0, tuple(rows))
        made.show_rows(HERE, kind, len(rows) if count is None else count)
        QTest.qWait(SETTLED_MS)
        return made

    return show


def spoken(view, number):
    return view.rows.data(view.rows.index(number, 0), Qt.ItemDataRole.AccessibleTextRole)


def test_a_row_is_said_with_its_label_in_the_persons_language(application, view):
    one = view("form", gallery.FORM, language="kk")
    assert spoken(one, 2) == "Нөмірі: 17"
    assert spoken(one, 0) == "Орындалған жұмыстар актісі"


def test_what_a_stranger_wrote_cannot_hide_or_reorder_and_tabs_are_spaces(application, view):
    one = view("text", [preview.Row("", "a\u202eb\tc\x00")])
    assert spoken(one, 0) == "a\ufffdb     c\ufffd"


def test_a_long_value_is_broken_into_lines_and_never_cut(application, view):
    rows = [preview.Row("Имя", "Короткое"), preview.Row("Согласие", LONG), preview.Row("Код", "x" * 500)]
    one = view("form", rows)
    short, long, code = (one.rowHeight(row) for row in range(3))
    assert short < long
    assert short < code
    one.resize(250, 300)
    QTest.qWait(SETTLED_MS)
    assert one.rowHeight(1) > long
    assert one.rowHeight(2) > code


@pytest.mark.parametrize("kind", ["form", "tree", "text", "entries"])
def test_each_kind_is_painted(application, view, kind):
    rows = {"form": gallery.FORM, "tree": gallery.TREE, "text": gallery.TEXT, "entries": gallery.ENTRIES}[
        kind
    ]
    picture = view(kind, rows).viewport().grab().toImage()
    assert len({picture.pixel(across, down) for across in range(0, 400, 3) for down in range(0, 200, 3)}) > 5


def test_only_what_is_in_sight_is_wanted_and_its_neighbours(application, view):
    one = view("text", count=5000)
    assert list(one.wanted()) == [0, PIECE]
    one.verticalScrollBar().setValue(one.verticalScrollBar().maximum())
    last = (5000 - 1) // PIECE * PIECE
    assert list(one.wanted()) == [last, last - PIECE]
    one._pieces.put(HERE, last, (preview.Row("", "end"),) * PIECE)
    one.refresh(last)
    assert list(one.wanted()) == [last - PIECE]


def test_rows_that_come_later_leave_what_is_read_in_its_place(application, view):
    one = view("text", count=2000)
    one._pieces.put(HERE, PIECE, tuple(preview.Row("", f"line {number}") for number in range(PIECE)))
    one.refresh(PIECE)
    one.scrollTo(one.rows.index(PIECE + 20, 0), RowsView.ScrollHint.PositionAtTop)
    before = one.rowViewportPosition(PIECE + 20)
    one._pieces.put(HERE, 0, (preview.Row("", LONG),) * PIECE)
    one.refresh(0)
    assert one.rowHeight(0) > 30
    assert abs(one.rowViewportPosition(PIECE + 20) - before) <= 1


def test_rows_that_cannot_be_had_say_so(application, view):
    one = view("text", count=1000)
    one._pieces.fail(HERE, 0, "crashed")
    one.refresh(0)
    assert spoken(one, 0) == "These lines can’t be shown"
    assert 0 not in list(one.wanted())


def test_a_piece_that_is_too_short_has_empty_rows(application, view):
    one = view("text", [preview.Row("", "only")], count=5)
    assert [spoken(one, number) for number in range(3)] == ["only", "", ""]
    assert list(one.wanted()) == []


def test_where_something_is_cut_is_said(application, view):
    one = view("tree", gallery.TREE)
    assert spoken(one, len(gallery.TREE) - 1) == "The rest is not shown"


def test_an_entry_shows_its_size_and_is_entered_by_keyboard_or_mouse(application, view):
    one = view("entries", gallery.ENTRIES)
    assert spoken(one, 1) == "META-INF/manifest.xml: 1.2\u00a0KB"
    entered = []
    one.entered.connect(entered.append)
    one.setFocus()
    QTest.keyClick(one, Qt.Key.Key_Return)  # a folder is nothing to enter
    assert entered == []
    QTest.keyClick(one, Qt.Key.Key_Down)
    QTest.keyClick(one, Qt.Key.Key_Return)
    assert entered == [1]
    spot = one.visualRect(one.rows.index(3, 0)).center()
    QTest.mouseClick(one.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    QTest.mouseDClick(one.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert entered == [1, 3]


def test_values_can_be_copied(application, view):
    one = view("form", gallery.FORM)
    one.selectRow(2)
    one._copy()
    assert QGuiApplication.clipboard().text() == "17"
    one.selectionModel().select(one.rows.index(3, 0), one.selectionModel().SelectionFlag.Select)
    one._copy()
    assert QGuiApplication.clipboard().text() == "Number: 17\nDate: 12.03.2026"


def test_where_a_person_was_is_kept(application, view):
    one = view("text", count=3000)
    one.setCurrentIndex(one.rows.index(1500, 0))
    kept = one.view
    assert kept[0] > 0
    one.show_rows(HERE, "text", 10)
    one.show_rows(HERE, "text", 3000, kept)
    assert one.view == kept


def test_millions_of_rows_open_at_once(application, view):
    one = view("tree", [preview.Row("a", "b")] * PIECE, count=10)
    begun = time.monotonic()
    one.show_rows(HERE, "tree", MOST_ROWS)
    application.processEvents()
    one.verticalScrollBar().setValue(one.verticalScrollBar().maximum())
    application.processEvents()
    assert time.monotonic() - begun < 2
    assert max(one.wanted()) == MOST_ROWS - PIECE


# --- documents that grow ----------------------------------------------------------------------------------------------


def piece(start, count):
    return tuple(preview.Row(str(number), "v", 1, "element") for number in range(start, start + count))


def test_more_rows_come_behind_those_that_are_seen(application, view):
    one = view("tree", piece(0, 50))
    one.show_rows(HERE, "tree", 50, is_growing=True)
    one.selectionModel().setCurrentIndex(one.rows.index(7, 0), one.selectionModel().SelectionFlag.Select)
    resets = []
    one.rows.modelReset.connect(lambda: resets.append(1))
    one.show_rows(HERE, "tree", 50, is_growing=True)
    assert (one.rows.rowCount(), spoken(one, 50)) == (51, "More of the document is being read…")
    one.verticalScrollBar().setValue(40)
    one.show_rows(HERE, "tree", 1000, is_growing=True)
    assert (one.rows.rowCount(), spoken(one, 1000)) == (1001, "More of the document is being read…")
    assert one.verticalScrollBar().value() == 40
    assert one.currentIndex().row() == 7
    one.show_rows(HERE, "tree", 1100)
    assert (one.rows.rowCount(), one.rows.known) == (1100, 1100)
    assert resets == []


def test_a_piece_that_ended_early_is_asked_for_again(application, view):
    one = view("tree", piece(0, 50))
    one.show_rows(HERE, "tree", 50, is_growing=True)
    assert list(one.wanted()) == []
    one.show_rows(HERE, "tree", 450, is_growing=True)
    assert next(one.wanted()) == 0
    one._pieces.put(HERE, 0, piece(0, PIECE))
    one.show_rows(HERE, "tree", 450 + PIECE, is_growing=True)
    assert 0 not in list(one.wanted())


def test_of_which_nothing_is_known_yet_there_is_a_word(application, view):
    one = view("text")
    one.show_rows(HERE, "text", 0, is_growing=True)
    assert (one.rows.rowCount(), spoken(one, 0)) == (1, "More of the document is being read…")
    assert list(one.wanted()) == []
    one.show_rows(HERE, "text", 0)
    assert one.rows.rowCount() == 0


# --- what cells say ---------------------------------------------------------------------------------------------------


def test_what_no_signature_covers_is_said(application, view):
    one = view("entries", gallery.CONTAINER, language="ru")
    assert spoken(one, 2) == "акт.xml: 12\u00a0КБ, в подписи"
    assert spoken(one, 3).endswith("47\u00a0КБ, не подписан")
    assert spoken(one, 0) == "mimetype: 31 байт"


def test_a_moment_in_a_form_is_in_the_persons_time(application, view, zone):
    zone("ALMT-5")
    one = view("form", gallery.STAMP, language="ru")
    assert spoken(one, 1) == "Время по метке: 12.03.2026 10:15:00 (UTC+5)"
