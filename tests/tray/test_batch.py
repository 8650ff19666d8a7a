import dataclasses
import datetime as dt
import random
import time
from decimal import Decimal

import pytest

from protocol import preview, prompts
from tray import batch

OWN = preview.Party("supplier", "990440001234", "ТОО «Пример Трейд»")
FIRST = preview.Party("customer", "060240001201", "АО «Казахтелеком»")
SECOND = preview.Party("customer", "060240001202", "ТОО «Алтын Дала»")
STRANGER = preview.Party("supplier", "123456789013", "ТОО «Чужая»")


def document(place, **changes):
    usual = {
        "name": f"{place}.pdf",
        "size": 1000 + place,
        "digest_name": "SHA-256",
        "digest": f"{place:064x}",
    }
    return prompts.Document(**(usual | changes))


def made(count, **changes):
    documents = [document(place, **changes) for place in range(count)]
    return batch.Batch(documents, [each.name for each in documents])


def overview(number="", date="", total="", *, parties=(), **more):
    values = (("number", number), ("date", date), ("total", total))
    facts = tuple(preview.Lifted(name, value) for name, value in values if value)
    return preview.Overview("pages", facts=facts, parties=tuple(parties), **more)


def marks(one):
    one.settle()
    return {entry.place: entry.marks for entry in one.entries if entry.marks}


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("11 648,00 ₸", "11648.00", "₸"),
        ("1\u202f234\u00a0567,8 тенге", "1234567.8", "₸"),
        ("1,234,567.89 KZT", "1234567.89", "₸"),
        ("1.234.567,89 EUR", "1234567.89", "€"),
        ("1234.500", "1234.500", ""),
        ("12'000 USD", "12000", "$"),
        ("Итого: 48 000 000", "48000000", ""),
        ("11648.", "11648", ""),
        ("-5,50 руб.", "-5.50", "₽"),
        ("1,234,567", "1234567", ""),
    ],
)
def test_a_sum_is_read_as_it_is_written(text, amount, currency):
    assert batch.money_of(text) == batch.Money(Decimal(amount), currency)


@pytest.mark.parametrize("text", ["", "по договору", "1,234", "12.345 ₸", "1.2.3", "9" * 31, "1,23,456.7.8"])
def test_what_is_no_sum_or_could_be_two_is_not_guessed(text):
    assert batch.money_of(text) is None


def test_a_sum_is_written_for_people():
    value = batch.Money(Decimal("1234567.8"), "₸")
    assert batch.money(value, "ru") == "1\u202f234\u202f567,80\u00a0₸"
    assert batch.money(value, "en") == "1\u202f234\u202f567.80\u00a0₸"
    assert batch.money(batch.Money(Decimal(-5)), "kk") == "\u22125,00"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("23.11.2026", dt.date(2026, 11, 23)),
        ("3.1.2026 г.", dt.date(2026, 1, 3)),
        ("2026-11-23T10:00:00+05:00", dt.date(2026, 11, 23)),
        ("31.02.2026", None),
        ("ноябрь", None),
    ],
)
def test_a_day_is_read(text, day):
    assert batch.day_of(text) == day


def test_what_comes_to_be_known_of_a_document_is_noted_once():
    one = made(2)
    assert one.know(1, overview("АВР-7", "2026-10-31", "100,00 ₸"))
    entry = one.entries[1]
    assert (entry.name, entry.day, entry.total) == ("АВР-7", "31.10.2026", "100,00 ₸")
    assert not one.know(1, overview("другой"))
    assert not one.know(2, overview())
    assert not one.know(-1, overview())
    assert (entry.number, one.known) == ("АВР-7", 1)


def test_a_fact_cannot_hide_letters():
    one = made(1)
    one.know(0, overview("7\u202e8"))
    assert one.entries[0].number == "7\ufffd8"


def test_the_other_party_is_found_before_the_key_and_by_the_key():
    one = made(3)
    for place, party in enumerate((FIRST, SECOND, FIRST)):
        one.know(place, overview(parties=(party, OWN)))
    one.settle()
    assert [entry.party for entry in one.entries] == [FIRST, SECOND, FIRST]
    one.own = frozenset({FIRST.number})
    one.settle()
    assert [entry.party for entry in one.entries] == [OWN, SECOND, OWN]


def test_of_two_parties_that_are_everywhere_the_customer_is_taken_for_the_other():
    one = made(2)
    for place in range(2):
        one.know(place, overview(parties=(FIRST, OWN)))
    one.settle()
    assert [entry.party for entry in one.entries] == [FIRST, FIRST]


def test_a_sum_far_from_the_others_stands_out():
    one = made(9)
    for place in range(8):
        one.know(place, overview(total=f"{100 + place * 10} 000,00 ₸"))
    one.know(8, overview(total="48 000 000,00 ₸"))
    assert marks(one) == {8: ("sum",)}


def test_sums_that_are_all_different_do_not_stand_out():
    one = made(200)
    chance = random.Random(1)
    for place in range(200):
        one.know(place, overview(total=f"{chance.randrange(40_000, 900_000)},00 ₸"))
    assert marks(one) == {}


def test_of_a_few_sums_none_is_far_and_currencies_are_not_compared():
    few = made(3)
    for place, total in enumerate(("1 ₸", "10 ₸", "1000000 ₸")):
        few.know(place, overview(total=total))
    assert marks(few) == {}
    mixed = made(6)
    for place in range(5):
        mixed.know(place, overview(total="500000 ₸"))
    mixed.know(5, overview(total="1000 USD"))
    assert marks(mixed) == {}


def test_another_counterparty_than_nearly_everywhere_stands_out():
    one = made(10)
    for place in range(10):
        one.know(place, overview(parties=(OWN, SECOND if place == 3 else FIRST)))
    assert marks(one) == {3: ("party",)}
    varied = made(10)
    for place in range(10):
        varied.know(place, overview(parties=(OWN, SECOND if place % 2 else FIRST)))
    assert marks(varied) == {}


def test_the_same_number_twice_stands_out_unless_year_or_party_differ():
    one = made(5)
    one.know(0, overview("А-1", "01.02.2026", parties=(OWN, FIRST)))
    one.know(1, overview("а-1", "03.02.2026", parties=(OWN, FIRST)))
    one.know(2, overview("А-1", "01.02.2025", parties=(OWN, FIRST)))
    one.know(3, overview("А-1", "01.02.2026", parties=(OWN, SECOND)))
    one.know(4, overview("", "01.02.2026", parties=(OWN, SECOND)))
    assert marks(one) == {0: ("twin-number",), 1: ("twin-number",)}


def test_the_very_same_document_twice_stands_out():
    documents = [document(0), document(1), document(2, digest=f"{0:064x}")]
    assert marks(batch.Batch(documents, "abc")) == {0: ("twin",), 2: ("twin",)}


def test_a_document_that_does_not_name_the_keys_owner_stands_out():
    one = made(3)
    one.know(0, overview(parties=(OWN, FIRST)))
    one.know(1, overview(parties=(STRANGER, FIRST)))
    one.know(2, overview())
    assert marks(one) == {}
    one.own = frozenset({OWN.number})
    assert marks(one) == {1: ("not-mine",)}


def test_of_a_document_that_grows_nothing_counts_before_all_of_it_is_known():
    one = made(1)
    assert not one.is_being_read
    assert not one.know(0, overview("АВР-7", is_growing=True))
    assert one.is_being_read
    assert (one.known, one.entries[0].overview, one.entries[0].number) == (0, None, "")
    assert one.know(0, overview("АВР-7"))
    assert not one.is_being_read
    assert one.entries[0].number == "АВР-7"


def test_what_to_be_wary_of_and_what_cannot_be_seen_stands_out():
    one = made(5)
    one.know(0, overview(flags=(preview.Flag("javascript"),)))
    one.know(1, preview.Overview("unknown", why="broken"))
    one.know(2, dataclasses.replace(overview(), why="crashed"))
    for place in (3, 4):
        one.know(place, overview())
    assert marks(one) == {0: ("flags",), 1: ("unseen",), 2: ("unseen",)}
    opaque = made(3)
    for place in range(3):
        opaque.know(place, preview.Overview("unknown"))
    assert marks(opaque) == {}


def filled():
    one = made(4)
    one.know(0, overview("Акт 10", "05.10.2026", "300 ₸", parties=(OWN, SECOND)))
    one.know(1, overview("Акт 9", "07.09.2026", "1 000 ₸", parties=(OWN, FIRST)))
    one.know(2, overview("Акт 11", "06.10.2026", "20 ₸", parties=(OWN, FIRST)))
    one.know(3, overview())
    one.settle()
    return one


@pytest.mark.parametrize(
    ("column", "rising", "falling"),
    [
        ("place", [0, 1, 2, 3], [3, 2, 1, 0]),
        ("date", [1, 0, 2, 3], [2, 0, 1, 3]),
        ("party", [1, 2, 0, 3], [0, 2, 1, 3]),
        ("sum", [2, 0, 1, 3], [1, 0, 2, 3]),
        ("size", [0, 1, 2, 3], [3, 2, 1, 0]),
        ("name", [3, 1, 0, 2], [2, 0, 1, 3]),
        ("digest", [0, 1, 2, 3], [3, 2, 1, 0]),
        ("marks", [0, 1, 2, 3], [0, 1, 2, 3]),
    ],
)
def test_documents_are_put_in_order_and_what_is_unknown_comes_last(column, rising, falling):
    one = filled()
    assert one.order(column) == rising
    assert one.order(column, is_descending=True) == falling


def test_marked_documents_come_first_where_that_is_asked():
    one = filled()
    one.entries[2].marks = ("sum",)
    one.entries[3].marks = ("sum", "flags")
    assert one.order("marks") == [3, 2, 0, 1]
    assert one.order("place", only_marked=True) == [2, 3]


@pytest.mark.parametrize(
    ("needle", "found"),
    [
        ("казахтелеком", [1, 2]),
        (" АКТ 1", [0, 2]),
        ("060240001202", [0]),
        ("1000", [1]),
        ("3.pdf", [3]),
        ("нет", []),
    ],
)
def test_documents_are_found_by_what_is_known_of_them(needle, found):
    assert filled().order("place", needle=needle) == found


def test_totals_are_of_what_will_be_signed_for_each_currency():
    one = filled()
    one.entries[1].is_in = False
    assert one.left_out == (1,)
    assert one.totals() == batch.Totals(3, 1000 + 1002 + 1003, (batch.Money(Decimal(320), "₸"),), 1)
    two = made(2)
    two.know(0, overview(total="1 USD"))
    two.know(1, overview(total="2 ₸"))
    assert {each.currency for each in two.totals().sums} == {"₸", "$"}


def test_a_digest_alone_has_no_size_to_add():
    one = batch.Batch([document(0, size=32, is_digest=True), document(1, size=None)], "ab")
    assert one.totals().size == 0


def test_signed_documents_are_those_that_are_not_left_out_in_their_order():
    one = made(4)
    one.entries[1].is_in = False
    one.note_signed(2)
    assert [entry.is_signed for entry in one.entries] == [True, False, True, False]


def results(count, finished, *, left_out=()):
    one = made(count)
    for place in left_out:
        one.entries[place].is_in = False
    one.note_signed(count)  # how far the bar was
    one.note_results(finished)
    return one


STOPPED = prompts.Problem("timestamp-failed")


@pytest.mark.parametrize(
    ("finished", "found"),
    [
        (prompts.Finished(4), ["signed", "left-out", "signed", "signed", "signed"]),
        (prompts.Finished(4, lacking=(0, 3)), ["lacking", "left-out", "signed", "lacking", "signed"]),
        (
            prompts.Finished(0, STOPPED, failed=(prompts.Failure(2, "timestamp-failed"),)),
            ["unsigned", "left-out", "failed", "unsigned", "unsigned"],
        ),
        (
            prompts.Finished(3, STOPPED, (4,), (prompts.Failure(2, "bad-input"),)),
            ["signed", "left-out", "failed", "signed", "lacking"],
        ),
        (prompts.Finished(0, STOPPED), ["unsigned", "left-out", "unsigned", "unsigned", "unsigned"]),
        (prompts.Finished(2), ["signed", "left-out", "signed", "unsigned", "unsigned"]),
        (prompts.Finished(4, lacking=(77,)), ["signed", "left-out", "signed", "signed", "signed"]),
    ],
    ids=["all", "some lack", "one stopped all", "one failed", "nothing about any", "too few", "one that is not there"],
)  # fmt: skip
def test_what_became_of_each_document(finished, found):
    one = results(5, finished, left_out=(1,))
    assert [entry.result for entry in one.entries] == found
    assert [entry.is_signed for entry in one.entries] == [each in {"signed", "lacking"} for each in found]
    assert [entry.needs_a_look for entry in one.entries] == [each != "signed" for each in found]
    assert {entry.why for entry in one.entries} <= {"", *(each.code for each in finished.failed)}


def test_totals_at_the_end_are_of_what_is_signed():
    one = results(5, prompts.Finished(3, STOPPED, failed=(prompts.Failure(2, "bad-input"),)), left_out=(1,))
    assert (one.totals().count, one.totals().size) == (3, 1000 + 1003 + 1004)
    assert results(5, prompts.Finished(0, STOPPED)).totals().count == 0


def test_what_needs_a_look_comes_first_at_the_end():
    one = results(5, prompts.Finished(3, STOPPED, (4,), (prompts.Failure(2, "bad-input"),)), left_out=(1,))
    assert one.order("result") == [2, 4, 1, 0, 3]
    assert one.order("result", only_marked=True) == [2, 4, 1]
    assert one.order("result", is_descending=True) == [3, 0, 1, 4, 2]
    assert made(2).order("result") == [0, 1]


def test_ten_thousand_documents_are_judged_and_sorted_quickly():
    one = made(10_000)
    for place in range(10_000):
        one.know(place, overview(f"А-{place}", "31.10.2026", f"{1000 + place},00 ₸", parties=(OWN, FIRST)))
    begun = time.perf_counter()
    one.settle()
    assert len(one.order("sum", needle="телеком")) == 10_000
    assert time.perf_counter() - begun < 5
