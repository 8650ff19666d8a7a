import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from protocol import preview, prompts
from tests.support.cut_texts import cut_texts
from tests.support.qt_waiting import until
from tests.tray.preview import gallery
from tray import texts
from tray.preview.inquiry import PIECE
from tray.preview.pane import ANSWER_LIMIT_S, PreviewPane

DOCUMENT = prompts.Document("a.pdf", 2048, "SHA-256", "ab" * 32)
OTHER = dataclasses.replace(DOCUMENT, name="b.pdf", digest="cd" * 32)
ONLY_DIGEST = prompts.Document("", None, "GOST", "ef" * 32, is_digest=True)
A4 = preview.Size(595, 842)
PAGES = preview.Overview("pages", "PDF 1.7", size=2048, pages=(A4,) * 3)
TEXT = preview.Overview("text", "UTF-8", size=99, rows=900)
ZIP = preview.Overview("entries", "ZIP", size=512, rows=2)
ENTRIES = (preview.Row("inner/a.pdf", "2048", is_entry=True), preview.Row("b.txt", "9", is_entry=True))
SETTLED_MS = 20


class Talk:
    """A pane, what it asked, and a clock."""

    def __init__(self):
        self.asked = []
        self.now = 0.0
        self.pane = None

    def show(self, document=DOCUMENT, number=0):
        self.pane.show_document(number, document)

    def know(self, overview, number=0, place=()):
        self.pane.receive(preview.Known(number, overview, place))
        QTest.qWait(SETTLED_MS)

    def draw(self, question, colour=b"\x20\x40\x60"):
        height = round(question.width * 842 / 595)
        drawn = preview.Drawn(question.document, question.page, question.width, height)
        self.pane.receive(drawn, colour * question.width * height)

    @property
    def last(self):
        return self.asked[-1]


@pytest.fixture
def talk(put_up):
    def begin(language="en", size=(640, 560)):
        made = Talk()
        made.pane = PreviewPane(texts.load(language), made.asked.append, lambda: made.now)
        put_up(made.pane, *size)
        return made

    return begin


def words_of(widget):
    return [
        label.text().replace("\u200b", "")
        for label in widget.findChildren(QLabel)
        if label.isVisible() and label.text()
    ]


# --- documents that grow ----------------------------------------------------------------------------------------------


def rows_of(start, count):
    return tuple(preview.Row(f"r{number}", "v", 1, "element") for number in range(start, start + count))


def growing(rows, *, is_growing=True, **more):
    return preview.Overview("tree", "XML", size=50_000_000, rows=rows, is_growing=is_growing, **more)


def test_the_first_rows_are_seen_while_the_rest_is_read(application, talk):
    one = talk()
    one.show()
    one.know(growing(50))
    assert one.pane.bar.title.text().endswith("still being read")
    assert one.last == preview.Read(0, 0, 50)
    one.pane.receive(preview.RowsRead(0, 0, rows_of(0, 50)))
    one.know(growing(90_000))
    # What ended where the document was known to end is asked for again, whole.
    assert one.last == preview.Read(0, 0, PIECE)
    one.pane.receive(preview.RowsRead(0, 0, rows_of(0, PIECE)))
    model = one.pane.rows.rows
    assert model.cell(PIECE - 1).label == f"r{PIECE - 1}"
    one.know(growing(100_000, is_growing=False, facts=(preview.Lifted("number", "17"),)))
    assert not one.pane.bar.title.text().endswith("still being read")
    assert model.rowCount() == 100_000
    assert "17" in words_of(one.pane.summary)
    assert model.cell(3).label == "r3"  # nothing that was here is asked again
    assert preview.Read(0, 0, PIECE) not in one.asked[one.asked.index(preview.Read(0, 0, PIECE)) + 1 :]


def test_rows_that_were_asked_before_it_grew_are_asked_again(application, talk):
    one = talk()
    one.show()
    one.know(growing(50))
    one.know(growing(500))  # the question about the 50 still stands
    assert one.asked[-1] == preview.Read(0, 0, 50)
    one.pane.receive(preview.RowsRead(0, 0, rows_of(0, 50)))
    assert one.asked[-1] == preview.Read(0, 0, PIECE)


def test_a_tree_that_is_none_in_the_end_shows_none_of_its_rows(application, talk):
    one = talk()
    one.show()
    one.know(growing(PIECE))
    one.pane.receive(preview.RowsRead(0, 0, rows_of(0, PIECE)))
    one.know(preview.Overview("text", "UTF-8", size=50_000_000, rows=PIECE))
    assert one.last == preview.Read(0, 0, PIECE)
    assert one.pane.rows.rows.cell(0).value == "…"
    one.pane.receive(preview.RowsRead(0, 0, (preview.Row("", "<r>"),) * PIECE))
    assert one.pane.rows.rows.cell(0).value == "<r>"


def test_an_attached_file_is_entered_and_left(application, talk):
    one = talk()
    one.show()
    one.know(dataclasses.replace(PAGES, attachments=("счёт.xml", "b.txt")))
    one.pane.summary.entered.emit(1)
    while isinstance(one.last, preview.Draw):
        one.draw(one.last)
    assert preview.Enter(0, 1) in one.asked
    one.know(TEXT, place=("b.txt",))
    assert one.pane.bar.title.text().startswith("b.txt")
    one.pane.receive(preview.RowsRead(0, 0, rows_of(0, PIECE)))
    one.pane.bar.back.click()
    one.pane.receive(preview.RowsRead(0, one.last.start, rows_of(one.last.start, PIECE)))
    assert one.last == preview.Leave(0)


# --- one question at a time -------------------------------------------------------------------------------------------


def test_a_document_that_is_not_known_is_looked_at(application, talk):
    one = talk()
    one.show()
    one.show()
    assert one.asked == [preview.Look(0)]


def test_what_is_known_already_is_shown_without_a_question(application, talk):
    one = talk()
    one.know(preview.Overview("unknown"))
    one.show()
    assert one.asked == []
    assert one.pane.blank.title == "The content can’t be shown"


def test_pages_are_drawn_one_after_another_the_one_in_sight_first(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    first = one.last
    assert (first.document, first.page) == (0, 0)
    QTest.qWait(SETTLED_MS)
    assert one.last is first  # it stands, so nothing else is asked
    one.draw(first)
    assert (one.last.page, one.last.width) == (1, first.width)
    assert one.pane.drawings.picture(one.pane.pages.where, 0) is not None
    one.draw(one.last)
    assert all(question != first for question in one.asked[2:])


def test_where_the_person_stops_is_drawn_not_all_that_was_passed(application, talk):
    one = talk()
    one.show()
    one.know(dataclasses.replace(PAGES, pages=(A4,) * 200))
    standing = one.last
    for page in range(3, 150):
        one.pane.pages.go_to(page)
    assert one.last is standing
    one.draw(standing)
    assert one.last.page == 149


def test_an_answer_nobody_waits_for_changes_nothing(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    asked = one.last
    one.draw(preview.Draw(0, 2, 50))
    one.pane.receive(preview.RowsRead(0, 0, ()))
    one.pane.receive(preview.Unshown(7, "crashed"))
    assert one.last is asked
    assert one.pane.drawings.picture(one.pane.pages.where, 2) is None


def test_a_drawing_that_lies_about_itself_is_a_failure_of_that_page(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    question = one.last
    one.pane.receive(preview.Drawn(0, question.page, 100, 100), b"\x00" * 7)
    assert one.pane.drawings.why_not(one.pane.pages.where, 0) == "broken"
    assert one.last.page == 1


def test_a_question_without_an_answer_does_not_stand_for_ever(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    one.now = ANSWER_LIMIT_S + 1
    one.pane.pages.go_to(2)
    assert one.pane.drawings.why_not(one.pane.pages.where, 0) == "timed-out"
    assert one.last.page == 2


def test_an_answer_on_the_spot_is_no_trouble(application, put_up):
    asked = []

    def answer(question):
        asked.append(question)
        if isinstance(question, preview.Look):
            pane.receive(preview.Known(0, TEXT))
        elif isinstance(question, preview.Read):
            pane.receive(preview.RowsRead(0, question.start, (preview.Row("", "line"),) * question.count))

    pane = PreviewPane(texts.load("en"), answer)
    put_up(pane, 500, 400)
    pane.show_document(0, DOCUMENT)
    QTest.qWait(SETTLED_MS)
    assert asked == [preview.Look(0), preview.Read(0, 0, PIECE), preview.Read(0, PIECE, PIECE)]


# --- several documents ------------------------------------------------------------------------------------------------


def test_an_answer_for_a_document_that_was_left_is_kept(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    question = one.last
    one.show(OTHER, 1)
    assert one.last == preview.Look(1)
    one.draw(question)
    assert one.last == preview.Look(1)
    count = len(one.asked)
    one.show()
    QTest.qWait(SETTLED_MS)
    assert one.asked[count:][0].page == 1  # the first is there


def test_a_person_who_comes_back_is_where_they_were(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    one.pane.pages.go_to(2)
    top = one.pane.pages.verticalScrollBar().value()
    one.know(TEXT, 1)
    one.show(OTHER, 1)
    assert one.pane.body.currentWidget() is one.pane.rows
    one.show()
    assert one.pane.pages.verticalScrollBar().value() == top > 0


# --- what is said -----------------------------------------------------------------------------------------------------


def test_only_a_digest_asks_nothing_and_says_so(application, talk):
    one = talk()
    one.show(ONLY_DIGEST)
    assert one.asked == []
    assert one.pane.blank.title == "The content can’t be shown"
    assert "GOST checksum" in words_of(one.pane.blank)


def test_a_signature_without_its_document_says_whose_it_is(application, talk):
    one = talk()
    one.show()
    one.know(preview.Overview("digest", "CMS", digest="99" * 20, wrappers=("cms",), signers=gallery.SIGNERS))
    found = words_of(one.pane)
    assert any("ИВАНОВ ИВАН" in word for word in found)
    assert "Checksum" in found
    assert any(word.startswith("9999 9999") for word in found)


@pytest.mark.parametrize("why", ["broken", "encrypted", "too-large", "timed-out", "crashed", "unavailable"])
def test_what_cannot_be_shown_says_why_with_advice_size_and_digest(application, talk, why):
    one = talk()
    one.show()
    one.know(preview.Overview("unknown", why=why))
    english = texts.load("en")
    found = words_of(one.pane.blank)
    assert {
        english(f"preview.why.{why}"),
        english(f"preview.advice.{why}"),
        "2.0\u00a0KB",
        "SHA-256 checksum",
    } <= set(found)
    assert (one.pane.blank.again is not None) == (why in {"timed-out", "crashed"})


def test_another_try_looks_again(application, talk):
    one = talk()
    one.show()
    one.know(preview.Overview("unknown", why="crashed"))
    one.pane.blank.again.click()
    assert one.asked == [preview.Look(0), preview.Look(0)]
    one.know(TEXT)
    assert one.pane.body.currentWidget() is one.pane.rows


def test_a_look_that_fails_is_told_and_not_asked_again_by_itself(application, talk):
    one = talk()
    one.show()
    one.pane.receive(preview.Unshown(0, "crashed"))
    assert one.asked == [preview.Look(0)]
    assert "Reading the document failed." in words_of(one.pane.blank)
    one.pane.blank.again.click()
    assert len(one.asked) == 2


@pytest.mark.parametrize(("overview", "title"), [(dataclasses.replace(TEXT, rows=0), "The document is empty"), (dataclasses.replace(PAGES, pages=()), "The document is empty"), (dataclasses.replace(ZIP, rows=0), "There is nothing in the archive")])  # fmt: skip
def test_nothing_in_it_is_said(application, talk, overview, title):
    one = talk()
    one.show()
    one.know(overview)
    assert one.pane.blank.title == title


def test_the_title_says_what_it_is_and_what_it_was_taken_out_of(application, talk):
    one = talk()
    one.show()
    one.know(dataclasses.replace(TEXT, form="act", format="XML", wrappers=("base64", "cms", "envelope")))
    title = "Act of work performed, XML, from an enclosure, from a signature file, from Base64 text · 99\u00a0bytes"
    assert one.pane.bar.title.text().replace("99 bytes", "99\u00a0bytes") == title


def test_facts_can_be_put_away_and_stay_away(application, talk):
    one = talk()
    one.show()
    one.know(dataclasses.replace(PAGES, facts=gallery.FACTS))
    assert one.pane.summary.isVisible()
    QTest.keyClick(one.pane.bar.details, Qt.Key.Key_Space)
    assert not one.pane.summary.isVisible()
    one.know(dataclasses.replace(TEXT, facts=gallery.FACTS), 1)
    one.show(OTHER, 1)
    assert not one.pane.summary.isVisible()
    QTest.keyClick(one.pane.bar.details, Qt.Key.Key_Space)
    assert one.pane.summary.isVisible()


# --- into archives and back -------------------------------------------------------------------------------------------


@pytest.fixture
def archive(talk):
    one = talk()
    one.show()
    one.know(ZIP)
    assert one.last == preview.Read(0, 0, 2)
    one.pane.receive(preview.RowsRead(0, 0, ENTRIES))
    one.pane.rows.setFocus()
    QTest.keyClick(one.pane.rows, Qt.Key.Key_Return)
    assert one.last == preview.Enter(0, 0)
    return one


def test_an_entry_is_entered_and_left_by_keyboard(application, archive):
    one = archive
    one.know(PAGES, place=("inner/a.pdf",))
    assert one.pane.bar.title.text().startswith("inner/a.pdf · PDF 1.7")
    assert one.pane.bar.back.isVisible()
    assert isinstance(one.last, preview.Draw)
    assert one.pane.pages.hasFocus()
    one.draw(one.last)
    one.draw(one.last)
    QTest.keyClick(one.pane.pages, Qt.Key.Key_Backspace)
    assert preview.Leave(0) not in one.asked  # a page is being drawn
    one.draw(one.last)
    assert one.last == preview.Leave(0)
    one.know(ZIP)
    assert one.pane.body.currentWidget() is one.pane.rows
    assert not one.pane.bar.back.isVisible()
    assert one.last == preview.Leave(0)  # the rows are there still


def test_an_entry_that_is_entered_twice_is_asked_for_once(application, archive):
    QTest.keyClick(archive.pane.rows, Qt.Key.Key_Return)
    assert archive.asked.count(preview.Enter(0, 0)) == 1


def test_an_entry_that_cannot_be_opened_says_so_and_the_list_stays(application, archive):
    archive.pane.receive(preview.Unshown(0, "encrypted"))
    assert any(
        "What you chose can’t be opened. The document is locked" in word
        for word in words_of(archive.pane.summary)
    )
    assert archive.pane.body.currentWidget() is archive.pane.rows
    QTest.keyClick(archive.pane.rows, Qt.Key.Key_Down)
    QTest.keyClick(archive.pane.rows, Qt.Key.Key_Return)
    assert archive.last == preview.Enter(0, 1)


def test_a_renderer_that_is_lost_inside_an_archive_never_shows_another_document_for_it(application, archive):
    one = archive
    one.know(PAGES, place=("inner/a.pdf",))
    one.pane.receive(preview.Unshown(0, "crashed"))
    assert one.last == preview.Look(0)
    one.know(ZIP)
    assert one.pane.body.currentWidget() is one.pane.rows
    assert any("Reading the document failed" in word for word in words_of(one.pane.summary))


def test_an_entry_that_takes_its_time_is_told(application, archive):
    assert until(lambda: archive.pane.bar.title.text() == "Reading the document…")
    archive.know(PAGES, place=("inner/a.pdf",))
    assert archive.pane.bar.title.text().startswith("inner/a.pdf")


# --- keys and looks ---------------------------------------------------------------------------------------------------


def test_the_scale_goes_by_keyboard(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    one.pane.activateWindow()
    one.pane.pages.setFocus()
    fit = one.pane.pages.scale
    QTest.keyClick(one.pane, Qt.Key.Key_Equal, Qt.KeyboardModifier.ControlModifier)
    assert one.pane.pages.scale > fit
    QTest.keyClick(one.pane, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert one.pane.pages.scale == fit
    QTest.keyClick(one.pane, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert one.pane.pages.scale < fit
    assert one.pane.bar.fit.text() == f"{round(100 * one.pane.pages.scale)}\u00a0%"


def test_the_list_of_pages_is_there_where_there_is_room_or_it_is_wanted(application, talk):
    one = talk()
    one.show()
    one.know(PAGES)
    assert one.pane.list.isVisible()
    for size in ((640, 300), (500, 500)):
        one.pane.resize(*size)
        application.processEvents()
        assert not one.pane.list.isVisible()
    one.pane.bar.list.click()
    assert one.pane.list.isVisible()
    one.pane.list.setCurrentIndex(one.pane.list.model().index(2, 0))
    assert one.pane.pages.page == 2
    assert one.pane.bar.page.text() == "3"
    one.know(dataclasses.replace(PAGES, pages=(A4,)), 1)
    one.show(OTHER, 1)
    assert not one.pane.list.isVisible()


def test_the_keyboard_goes_through_all_of_it_and_out_again(application, talk):
    one = talk()
    one.show()
    one.know(dataclasses.replace(PAGES, flags=gallery.FLAGS, facts=gallery.FACTS))
    bar = one.pane.bar
    expected = [
        bar.details,
        bar.list,
        bar.page,
        bar.smaller,
        bar.fit,
        bar.larger,
        one.pane.summary,
        one.pane.list,
        one.pane.pages,
    ]
    bar.details.setFocus()
    found = [bar.details]
    while len(found) < len(expected):
        QTest.keyClick(one.pane.window().focusWidget(), Qt.Key.Key_Tab)
        found.append(one.pane.window().focusWidget())
    assert found == expected
    QTest.keyClick(one.pane.pages, Qt.Key.Key_Tab)
    assert one.pane.window().focusWidget() is not one.pane.pages


@pytest.mark.parametrize("size", [(760, 400), (420, 224), (320, 300)])
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_no_text_is_cut(application, talk, language, size):
    one = talk(language, size)
    for number, item in enumerate(gallery.ITEMS.values()):
        one.pane.receive(preview.Known(number, item.overview))
        one.show(item.document, number)
        assert cut_texts(one.pane) == []
