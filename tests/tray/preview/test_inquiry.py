import dataclasses

from protocol import preview
from tray.preview import inquiry
from tray.preview.inquiry import Inquiry, Recent, Where

PAGES = preview.Overview("pages", "PDF", size=5, pages=(preview.Size(595, 842),))
ZIP = preview.Overview("entries", "ZIP", size=9, rows=2)


def known(overview=ZIP, place=(), number=0):
    return preview.Known(number, overview, place)


def test_an_overview_answers_a_look_and_comes_twice_without_harm():
    one = Inquiry(0, pending=preview.Look(0))
    assert one.know(known())
    assert (one.overview, one.pending) == (ZIP, None)
    assert not one.know(known())


def test_an_overview_that_is_pushed_is_no_answer_to_a_step():
    one = Inquiry(0, overview=ZIP, pending=preview.Enter(0, 1))
    assert not one.know(known())
    assert one.pending == preview.Enter(0, 1)
    assert one.know(known(PAGES, ("a.pdf",)))
    assert (one.pending, one.where) == (None, Where(0, ("a.pdf",)))


def test_a_failed_look_is_trouble_and_a_failed_step_is_a_note():
    one = Inquiry(0, pending=preview.Look(0))
    assert one.fail("crashed") == preview.Look(0)
    assert (one.trouble, one.note) == ("crashed", "")
    two = Inquiry(0, overview=ZIP, pending=preview.Enter(0, 1))
    two.fail("encrypted")
    assert (two.trouble, two.note, two.overview) == ("", "encrypted", ZIP)


def test_a_failed_page_touches_nothing_else():
    one = Inquiry(0, overview=PAGES, pending=preview.Draw(0, 0, 100))
    assert one.fail("") == preview.Draw(0, 0, 100)
    assert (one.trouble, one.note, one.overview) == ("", "", PAGES)


def test_a_lost_renderer_has_forgotten_the_way_into_an_archive():
    one = Inquiry(0, overview=PAGES, place=("a.pdf",), pending=preview.Draw(0, 0, 100))
    one.fail("crashed")
    assert (one.overview, one.place, one.note) == (None, (), "crashed")
    one.pending = preview.Look(0)
    one.know(known())
    assert one.note == "crashed"  # what was seen is explained


def test_nothing_stands_so_nothing_fails():
    assert Inquiry(0, place=("a",)).fail("crashed") is None


def test_what_is_on_its_way_is_told():
    assert Inquiry(0, step=preview.Leave(0)).is_looking
    assert Inquiry(0, pending=preview.Look(0)).is_looking
    assert not Inquiry(0, pending=preview.Read(0, 0, 9)).is_looking


def test_an_overview_is_kept_in_bounds():
    wild = dataclasses.replace(
        ZIP,
        size=-4,
        rows=10**12,
        pages=(preview.Size(0, -3), preview.Size(10**9, 1), preview.Size(100, 10**6)),
        flags=(preview.Flag("fields"),) * 5000,
    )
    tame = inquiry.sensible(wild)
    assert (tame.size, tame.rows, tame.why, len(tame.flags)) == (
        0,
        inquiry.MOST_ROWS,
        "too-large",
        preview.MAX_LIST,
    )
    assert tame.pages == (preview.Size(1, 1), preview.Size(14_400, 1_800), preview.Size(1_800, 14_400))
    assert inquiry.sensible(PAGES) == PAGES


def test_what_was_not_used_for_longest_goes_first():
    kept = Recent(3)
    for key in "abc":
        kept.put(key, key.upper())
    assert kept.get("a") == "A"
    kept.put("d", "D")
    assert [key in kept for key in "abcd"] == [True, False, True, True]
    assert kept.get("b") is None


def test_the_last_one_stays_however_heavy():
    kept = Recent(10)
    kept.put("a", 1, 4)
    kept.put("b", 2, 400)
    assert (len(kept), kept.weight, kept.get("b")) == (1, 400, 2)
    kept.put("b", 3, 4)
    assert (len(kept), kept.weight) == (1, 4)


def test_a_document_is_forgotten_as_a_whole():
    kept = Recent(10)
    for place in ((), ("a",)):
        kept.put((Where(0, place), 1), "x")
    kept.put((Where(1), 1), "y")
    kept.forget(0)
    assert (len(kept), kept.weight, kept.get((Where(1), 1))) == (1, 1, "y")
