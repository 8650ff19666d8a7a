import dataclasses

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton

from protocol import preview
from tests.tray.preview import gallery
from tray import texts
from tray.preview import summary
from tray.preview.summary import Strip, Summary

PLAIN = preview.Overview("pages", "PDF 1.7", pages=(gallery.A4,))


@pytest.fixture
def shown(put_up):
    def show(overview, note="", width=600, most=400, language="en"):
        made = put_up(Summary(texts.load(language)), width, 300)
        made.set_most(most)
        made.show_overview(overview, note)
        return made

    return show


def words_of(widget):
    return [label.text().replace("\u200b", "") for label in widget.findChildren(QLabel) if label.text()]


def test_nothing_to_say_takes_no_room(application, shown):
    one = shown(PLAIN)
    assert one.isHidden()
    assert one.details is None


def test_facts_come_in_their_order_and_parties_with_what_their_number_is(application, shown):
    facts = (
        preview.Lifted("vat", "12"),
        preview.Lifted("number", "A-1"),
        preview.Lifted("title", "An act"),
        preview.Lifted("date", ""),
    )
    parties = (preview.Party("supplier", "123440000021", "TOO"), preview.Party("other", "900101300123"))
    one = shown(dataclasses.replace(PLAIN, facts=facts, parties=parties))
    assert words_of(one) == [
        "An act", "Number", "A-1", "VAT", "12", "Supplier", "TOO, BIN\u00a0123440000021", "Party", "IIN\u00a0900101300123",
    ]  # fmt: skip


def test_signers_are_named_and_it_is_said_that_they_were_not_verified(application, shown):
    claimed = preview.Signer("PETROV PETR", "900101300123", time="2026-03-12T10:15:00+05:00")
    one = shown(dataclasses.replace(PLAIN, signers=(claimed, preview.Signer(""))))
    found = words_of(one)
    assert found[:3] == [
        "Already signed by",
        "Whether signatures and timestamps are genuine was not checked here",
        "PETROV PETR",
    ]
    assert found[3].startswith("IIN\u00a0900101300123, ")
    assert found[3].endswith(", as the signer says")
    assert found[4] == "owner not stated"


def test_many_are_counted(application, shown):
    many = dataclasses.replace(
        PLAIN, parties=(preview.Party("other", "1"),) * 23, signers=(preview.Signer("X"),) * 25
    )
    assert words_of(shown(many)).count("and 3 more") == 1
    assert "and 5 more" in words_of(shown(many))


def test_a_stranger_cannot_hide_letters(application, shown):
    one = shown(dataclasses.replace(PLAIN, facts=(preview.Lifted("number", "1\u202e7\n"),)))
    assert "1\ufffd7\ufffd" in words_of(one)


def test_warnings_of_one_kind_stand_together_the_gravest_first():
    overview = dataclasses.replace(
        PLAIN,
        why="too-large",
        flags=(
            *(preview.Flag("attachment", f"{name}.txt") for name in "abcde"),
            preview.Flag("javascript"),
            preview.Flag("javascript"),
        ),
    )
    found = list(summary.warnings_of(texts.load("en"), overview))
    assert found == [
        "Only part of the document is shown. The document is too large for a preview.",
        "There is a program in the document. It was not run here, but in another viewer it may change what is seen.",
        "Files are attached to the document. They will be signed too. Where: a.txt, b.txt, c.txt, and 2 more.",
    ]


def test_every_flag_has_its_place_in_the_order():
    assert set(summary._GRAVITY) == set(preview.Flag.__dataclass_fields__["code"].type.__args__)


def test_a_document_that_is_not_shown_at_all_is_not_shown_in_part():
    unknown = preview.Overview("unknown", why="broken")
    assert list(summary.warnings_of(texts.load("en"), unknown)) == []


def test_warnings_stay_when_details_are_put_away(application, shown):
    one = shown(dataclasses.replace(PLAIN, flags=(preview.Flag("fields"),), facts=gallery.FACTS))
    tall = one.height()
    one.show_details(are_shown=False)
    assert one.isVisible()
    assert one.height() < tall
    assert any(word.startswith("The document has fields") for word in words_of(one))
    one.show_details(are_shown=True)
    assert one.height() == tall


def test_details_alone_vanish_when_they_are_put_away(application, shown):
    one = shown(dataclasses.replace(PLAIN, facts=gallery.FACTS))
    one.show_details(are_shown=False)
    assert one.isHidden()


def test_what_is_too_high_scrolls_by_keyboard_too(application, shown):
    rich = dataclasses.replace(PLAIN, flags=gallery.FLAGS, facts=gallery.FACTS, parties=gallery.PARTIES)
    one = shown(rich, most=90)
    assert one.height() == 90
    assert one.focusPolicy() == Qt.FocusPolicy.StrongFocus
    one.set_most(2000)
    assert one.height() > 90
    assert one.focusPolicy() == Qt.FocusPolicy.NoFocus


def test_facts_take_as_many_lines_as_they_need(application, put_up):
    cells = [
        ("Number", "A-1"),
        ("Date", "12.03.2026"),
        ("Contract", "a very long name of a contract that fills the line"),
    ]
    wide, narrow = Strip(cells).heightForWidth(1000), Strip(cells).heightForWidth(150)
    assert wide < narrow
    strip = put_up(Strip(cells), 150, narrow)
    assert all(cell.geometry().right() < 150 and cell.geometry().bottom() <= narrow for cell in strip.cells)
    assert not any(
        a.geometry().intersects(b.geometry()) for a in strip.cells for b in strip.cells if a is not b
    )


def test_moments_are_in_the_persons_time_and_said_to_be_what_the_timestamp_says(application, shown, zone):
    zone("ALMT-5")
    stamp = preview.Overview(
        "form",
        form="timestamp",
        facts=(preview.Lifted("moment", "2026-03-12T05:15:00+00:00"),),
        signers=(preview.Signer("TSA", time="2026-03-12T05:15:00+00:00"),),
    )
    assert words_of(shown(stamp)) == [
        "Time in the timestamp",
        "12.03.2026 10:15:00 (UTC+5)",
        "So the timestamp itself says. Whether it is genuine was not checked here.",
        "Issued by",
        "TSA",
    ]
    signed = preview.Signer("PETROV", time="2026-03-12T05:15:00Z", has_timestamp=True)
    unread = preview.Signer("PETROV", has_timestamp=True)
    found = words_of(shown(dataclasses.replace(PLAIN, signers=(signed, unread))))
    assert found[-3:] == [
        "timestamp: 12.03.2026 10:15:00 (UTC+5)",
        "PETROV",
        "has a timestamp that can’t be read",
    ]


def test_an_attached_file_is_entered_by_mouse_and_keyboard(application, shown):
    names = ("счёт.xml", "a\u202eb & c", "", "x" * 500)
    one = shown(dataclasses.replace(PLAIN, attachments=names), width=300)
    wanted = []
    one.entered.connect(wanted.append)
    buttons = one.findChildren(QPushButton)
    assert [button.accessibleName() for button in buttons[:3]] == [
        "счёт.xml", "a\ufffdb & c", "Attachment 3, without a name",
    ]  # fmt: skip
    assert buttons[1].text() == "a\ufffdb && c"
    assert "…" in buttons[3].text()  # and the whole name is said
    assert buttons[3].accessibleName() == buttons[3].toolTip() == "x" * 500
    buttons[0].click()
    QTest.keyClick(buttons[3], Qt.Key.Key_Space)
    assert wanted == [0, 3]


def test_what_says_nothing_new_changes_nothing(application, shown):
    """A document that grows comes often; what the person has selected or scrolled to stays."""
    one = shown(dataclasses.replace(PLAIN, signers=gallery.SIGNERS, is_growing=True))
    inner = one.widget()
    one.show_overview(dataclasses.replace(PLAIN, signers=gallery.SIGNERS, rows=17))
    assert one.widget() is inner
    one.show_overview(PLAIN)
    assert one.widget() is not inner
