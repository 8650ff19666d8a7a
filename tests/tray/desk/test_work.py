import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from protocol.desk import files as page
from tray import texts
from tray.desk import work
from tray.desk.work import WISHES, WorkPanel


@pytest.fixture(params=["kk", "ru", "en"])
def panel(put_up, request):
    return put_up(WorkPanel(texts.load(request.param)), 760, 300)


def possible(panel):
    return [wish for wish, button in panel.wishes.items() if button.isEnabled()]


def formats(panel):
    return [panel.format.itemData(number) for number in range(panel.format.count())]


def click(widget):
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_documents_are_signed_in_the_format_that_is_best_for_all(panel, listed):
    panel.show_files([listed.pdf])
    assert possible(panel) == ["sign"]
    assert panel.start() == page.Start("sign", "pdf", with_timestamp=True)
    assert formats(panel)[0] == "pdf"
    panel.show_files([listed.pdf, listed.word])
    assert panel.start() == page.Start("sign", "cms", with_timestamp=True)
    assert formats(panel) == ["cms", "asic", "jws", "raw"]


def test_two_that_differ_are_signed_in_what_fits_everything(panel, listed):
    panel.show_files([listed.pdf, listed.xml])
    assert panel.start().format == "cms"
    assert "pdf" not in formats(panel)


def test_a_format_that_was_chosen_stays_while_it_fits(panel, listed):
    panel.show_files([listed.pdf])
    panel.format.setCurrentIndex(panel.format.findData("asic"))
    panel.show_files([listed.pdf, listed.word])
    assert panel.start().format == "asic"


@pytest.mark.parametrize(
    ("name", "boxes"),
    [
        ("pdf", "timestamp stamp"),
        ("cms", "timestamp detached"),
        ("asic", "timestamp"),
        ("jws", "detached"),
        ("raw", ""),
    ],
)
def test_each_format_has_its_own_options(panel, listed, name, boxes):
    panel.show_files([listed.pdf])
    panel.format.setCurrentIndex(panel.format.findData(name))
    shown = [box for box in ("timestamp", "detached", "stamp") if getattr(panel, box).isVisible()]
    assert shown == [box for box in ("timestamp", "detached", "stamp") if box in boxes.split()]
    for box in ("detached", "stamp"):
        getattr(panel, box).setChecked(True)
    start = panel.start()
    assert (start.with_timestamp, start.is_detached, start.with_stamp) == tuple(
        box in boxes.split() for box in ("timestamp", "detached", "stamp")
    )
    assert panel.format_note.text() == panel._texts(f"files.format_note.{name}")


def test_what_is_signed_is_looked_at_first_and_every_wish_says_what_it_does(panel, listed):
    panel.show_files([listed.cms])
    assert panel.wish == "verify"
    assert possible(panel) == list(WISHES)
    for wish in WISHES:
        click(panel.wishes[wish])
        assert panel.wish == wish
        assert panel.about.text() == panel._texts(f"files.about.{wish}")
    assert panel.start() == page.Start("card")
    assert not panel.options.isVisible()


def test_a_signature_is_added_in_the_way_of_its_file(panel, listed):
    panel.show_files([listed.cms, listed.signed_pdf, listed.word], "cosign")
    assert panel.chosen == (listed.cms, listed.signed_pdf)
    assert panel.stamp.isVisible()
    assert not panel.format.isVisible()
    panel.stamp.setChecked(True)
    assert panel.start() == page.Start("cosign", with_timestamp=True, with_stamp=True)
    panel.show_files([listed.cms])
    assert not panel.stamp.isVisible()
    assert panel.start() == page.Start("cosign", with_timestamp=True)


def test_a_wish_that_no_file_allows_any_more_gives_way(panel, listed):
    panel.show_files([listed.cms], "timestamp")
    assert panel.wish == "timestamp"
    panel.show_files([listed.word])
    assert panel.wish == "sign"
    assert panel.wishes["timestamp"].toolTip() == panel._texts("files.impossible.timestamp")
    panel.show_files([listed.word], "verify")  # what was asked for can't be had
    assert panel.wish == "sign"


def test_results_go_beside_their_files_or_into_a_folder(panel, listed):
    panel.show_files([listed.word])
    assert not panel.usual_place.isVisible()
    panel.set_folder("/home/a/Готово")
    assert panel.start().folder == "/home/a/Готово"
    assert "/home/a/Готово" in panel.place.text()
    click(panel.usual_place)
    assert panel.start().folder == ""
    panel.show_files([listed.cms], "timestamp")
    assert panel.place.text() == panel._texts("files.place.inside")
    click(panel.wishes["verify"])
    assert not panel.place_row.isVisible()


def test_without_files_nothing_is_wanted(panel):
    panel.show_files([])
    assert panel.start().wish == ""
    assert work.usual([]) == ""


def test_wishes_are_chosen_with_the_keyboard(panel, listed):
    panel.show_files([listed.cms])
    panel.wishes["verify"].setFocus()
    QTest.keyClick(panel.wishes["verify"], Qt.Key.Key_Left)
    assert panel.wish == "timestamp"
