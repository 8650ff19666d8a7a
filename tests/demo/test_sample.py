from datetime import date
from pathlib import Path

import pytest

from demo import acts, database, sample, subscribers


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "portal.sqlite3"
    database.create(path)
    with database.transaction(path) as db:
        sample.fill(db, date(2026, 3, 15))
    return path


def check_digit(first_eleven: str) -> int:
    """The twelfth digit of IIN and BIN."""
    digits = [int(digit) for digit in first_eleven]
    first = sum(digit * weight for digit, weight in zip(digits, range(1, 12), strict=True)) % 11
    second = (
        sum(digit * weight for digit, weight in zip(digits, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), strict=True))
        % 11
    )
    return first if first < 10 else second


def test_acts_reach_from_two_years_ago_to_last_month(path: Path) -> None:
    with database.transaction(path) as db:
        for person in (1, 2):
            assert acts.years(db, person) == (2026, 2025, 2024)
        found = acts.find(db, 1, acts.Filter(year=2026)).acts
        assert {act.period for act in found} == {"2026-01", "2026-02"}
        assert {act.vat_percent for act in found} == {16}
        assert {act.vat_percent for act in acts.find(db, 1, acts.Filter(year=2025)).acts} == {12}
        assert all(act.status == "new" for act in found)


def test_lines_numbers_and_balance_agree(path: Path) -> None:
    with database.transaction(path) as db:
        last: dict[int, int] = {}
        for act in reversed(acts.find(db, 1, acts.Filter()).acts):
            details = acts.details(db, act.id)
            assert (
                act.total
                == sum(line.amount for line in details.lines)
                == sum(n.total for n in details.numbers)
            )
            assert details.closing == details.opening + act.total - details.paid + details.correction
            assert details.paid == sum(payment.amount for payment in details.payments)
            assert last.setdefault(act.account_id, details.opening) == details.opening
            last[act.account_id] = details.closing
            assert len({number.phone for number in details.numbers}) == len(details.numbers)


def test_the_people_of_the_login_page_can_enter(path: Path) -> None:
    with database.transaction(path) as db:
        for person in sample.PEOPLE:
            subscriber = subscribers.by_phone_and_password(db, person.phone, person.password)
            assert subscriber is not None
            assert subscriber.name == person.name
            assert len(subscribers.accounts_of(db, subscriber.id)) == len(person.accounts)


def test_national_numbers_have_their_check_digit() -> None:
    for person in sample.PEOPLE:
        number = person.bin or person.iin or ""
        assert int(number[11]) == check_digit(number[:11])


def test_two_portals_started_on_one_day_show_the_same(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "portal.sqlite3"
    database.create(other)
    with database.transaction(other) as db:
        sample.fill(db, date(2026, 3, 15))
        theirs = acts.find(db, 1, acts.Filter()).acts
    with database.transaction(path) as db:
        assert acts.find(db, 1, acts.Filter()).acts == theirs
