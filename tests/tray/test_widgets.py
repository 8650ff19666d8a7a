import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from tray import texts, widgets


def painted(widget, width, height=40):
    widget.resize(width, height)
    return widget.grab().toImage()


def ink_at_right_end(image):
    """Whether anything is drawn in the last quarter of the picture."""
    background = image.pixelColor(0, 0)
    return any(
        image.pixelColor(x, y) != background
        for x in range(image.width() * 3 // 4, image.width())
        for y in range(image.height())
    )


def test_what_a_stranger_supplied_is_never_read_as_markup(application):
    text = "<b>bold</b><img src='file:///etc/passwd'>"
    for made in (widgets.label(text), widgets.value(text), widgets.badge(text), widgets.ElidedLabel(text)):
        assert made.textFormat() == Qt.TextFormat.PlainText
    assert widgets.SiteLabel(text, "").textFormat() == Qt.TextFormat.PlainText


def test_a_very_long_word_gets_places_to_break_and_keeps_its_letters(application):
    word = "x" * 100
    broken = widgets.breakable(f"a {word} b")
    assert broken.replace("\u200b", "") == f"a {word} b"
    assert max(len(part) for part in broken.replace("\u200b", " ").split()) <= 24
    assert widgets.value(word * 50).minimumSizeHint().width() < 400


@pytest.mark.parametrize(
    ("site", "registrable", "parts"),
    [
        ("kds.ismet.kz", "ismet.kz", ("kds.", "ismet.kz", "")),
        ("kds.ismet.kz:8443", "ismet.kz", ("kds.", "ismet.kz", ":8443")),
        ("ismet.kz.kds.ismet.kz", "ismet.kz", ("ismet.kz.kds.", "ismet.kz", "")),
        ("localhost", "", ("", "localhost", "")),
        ("ismet.kz", "ismet.kz", ("", "ismet.kz", "")),
        ("other.kz", "ismet.kz", ("", "other.kz", "")),
    ],
)
def test_the_part_of_a_host_that_tells_its_owner_is_found_at_its_right_end(
    application, site, registrable, parts
):
    assert widgets.SiteLabel(site, registrable).parts == parts


def test_a_host_too_long_to_show_keeps_its_owner_and_loses_its_left_end(application):
    site = widgets.SiteLabel("egov.kz." + "a" * 200 + ".evil.example", "evil.example")
    assert site.text().endswith("evil.example")
    assert site.toolTip() == site.text()
    assert ink_at_right_end(painted(site, 300))
    assert site.minimumSizeHint().width() < 120


def test_a_long_line_is_elided_and_whole_in_its_tooltip(application):
    path = "/home/" + "very-long-folder/" * 20 + "key.p12"
    line = widgets.ElidedLabel(path)
    assert line.toolTip() == line.text() == path
    assert line.minimumSizeHint().width() < 100
    painted(line, 200)


def test_technical_detail_is_one_click_away_and_can_be_copied(application):
    notice = widgets.Notice("danger", "What happened", "What to do")
    notice.add_detail("mac does not match", texts.load("en"))
    notice.show()
    technical = next(found for found in notice.findChildren(QLabel) if found.text() == "mac does not match")
    more, copy = notice.findChildren(QPushButton)
    assert not technical.isVisible()
    more.click()
    assert technical.isVisible()
    copy.click()
    assert application.clipboard().text() == "mac does not match"
    notice.close()


def test_a_notice_says_its_sentence_to_a_screen_reader(application):
    assert widgets.Notice("warning", "Caps Lock is on").accessibleName() == "Caps Lock is on"


def test_a_check_box_takes_clicks_on_its_words_and_the_space_bar(application):
    box = widgets.CheckBox("Remember this site")
    box.resize(box.sizeHint())
    box.show()
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(box.width() - 4, box.height() // 2))
    assert box.isChecked()
    checked = box.grab().toImage()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert not box.isChecked()
    assert box.grab().toImage() != checked
    box.close()


def test_columns_stand_one_above_the_other_in_a_narrow_window(application):
    columns = widgets.Columns([QLabel("what"), QLabel("which")], narrow_below=500)
    columns.resize(800, 300)
    columns.show()
    assert columns.layout().direction() == QHBoxLayout.Direction.LeftToRight
    columns.resize(400, 300)
    application.processEvents()
    assert columns.layout().direction() == QHBoxLayout.Direction.TopToBottom
    columns.close()


def test_a_headline_is_one_line_where_there_is_room_and_never_cut(put_up, application):
    holder = QWidget()
    column, row = QVBoxLayout(holder), QHBoxLayout()
    column.addLayout(row)
    column.addStretch()
    row.addStretch()
    headline = widgets.Headline("Подписано 298 документов из 300")
    row.addWidget(headline)
    row.addStretch()
    put_up(holder, 900, 120)
    line = headline.fontMetrics().height()
    assert line <= headline.height() < 2 * line
    assert headline.width() < 600
    holder.resize(200, 200)
    application.processEvents()
    assert headline.geometry().right() < 200
    assert headline.height() >= headline.heightForWidth(headline.width()) > line


def test_what_a_box_means_stands_below_its_words(put_up, application):
    holder = QWidget()
    column = QVBoxLayout(holder)
    box, note = widgets.CheckBox("Запомнить"), widgets.note_below("Подписать без вас сайт не сможет.")
    column.addWidget(box)
    column.addWidget(note)
    put_up(holder, 300, 120)
    assert note.contentsRect().left() == 28  # the box, and the gap before its words
