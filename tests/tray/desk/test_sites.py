import pytest

pytest.importorskip("PySide6.QtWidgets", reason="needs tool: PySide6")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from protocol.desk import frame
from protocol.desk import sites as page
from tray import texts
from tray.desk.sites import SitesPage

KNOWN = page.Site("https://kds.ismet.kz", "kds.ismet.kz", "ismet.kz", "remembered", is_protected=True, since="2026-11-01T00:00:00+00:00", until="2027-01-30T00:00:00+00:00", signed=4)  # fmt: skip
BLOCKED = page.Site("http://spam.kz", "spam.kz", "spam.kz", "blocked", is_protected=False, since="2026-11-01T00:00:00+00:00")  # fmt: skip
SEEN = page.Site("https://xn--80ak6aa92e.kz", "xn--80ak6aa92e.kz", "xn--80ak6aa92e.kz", "seen", is_protected=True, warning="mixed-script")  # fmt: skip


@pytest.fixture
def sent():
    return []


@pytest.fixture(params=["kk", "ru", "en"])
def shown(put_up, sent, request):
    made = put_up(SitesPage(texts.load(request.param), sent.append), 900, 600)
    made.receive(page.Sites((KNOWN, BLOCKED, SEEN)))
    return made


def visible_buttons(shown):
    return [name for name in ("forget", "block", "unblock") if getattr(shown, name).isVisible()]


@pytest.mark.parametrize(
    ("number", "buttons", "caution"),
    [(0, ["forget", "block"], None), (1, ["unblock"], "unprotected"), (2, ["block"], "mixed-script")],
)
def test_what_can_be_decided_about_a_site_and_what_to_be_wary_of(shown, number, buttons, caution):
    shown.table.select(number)
    assert visible_buttons(shown) == buttons
    assert [name for name, notice in shown.cautions.items() if notice.isVisible()] == [caution] * bool(
        caution
    )


def test_a_decision_goes_out_and_the_site_stays_selected(shown, sent):
    shown.table.select(2)
    QTest.mouseClick(shown.block, Qt.MouseButton.LeftButton)
    assert sent == [page.Block(SEEN.origin)]
    shown.receive(page.Sites((SEEN, KNOWN, BLOCKED)))
    assert shown.chosen == SEEN
    for number, button, message in ((1, shown.forget, page.Forget), (2, shown.unblock, page.Unblock)):
        shown.table.select(number)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert isinstance(sent[-1], message)


def test_a_site_is_found_by_a_part_of_its_name(shown):
    QTest.keyClicks(shown.text, "SPAM")
    assert shown.table.rows.rowCount() == 1
    assert shown.chosen == BLOCKED
    QTest.keyClicks(shown.text, "?")
    assert shown.nothing.isVisible()
    assert shown.nothing.text() == shown.texts("sites.nothing")
    assert not shown.empty.isVisible()
    assert visible_buttons(shown) == []


def test_without_sites_it_says_how_they_come_and_there_is_nothing_to_look_for(shown):
    shown.receive(page.Sites(()))
    assert shown.empty.isVisible()
    assert shown.empty.title.text() == shown.texts("sites.empty")
    assert not shown.nothing.isVisible()
    assert not shown.text.isVisible()
    shown.receive(page.Sites((KNOWN,)))
    assert not shown.empty.isVisible()
    assert shown.text.isVisible()


def test_trouble_is_told_and_goes_with_the_next_answer(shown):
    shown.receive(frame.Trouble("sites", "storage-failed", "the grants are not what was written there"))
    assert shown.notices.count() == 1
    shown.receive(page.Sites((KNOWN,)))
    assert shown.notices.count() == 0
