"""A believable telecom operator's data for somebody who opens the portal for the first time.

Everything is invented and follows from the day of the first start alone, so two portals started on one day show the same.
Acts reach from January two years ago to the month before, each with lines, a breakdown by number, and a balance that runs on.
"""

import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from demo import database, passwords

# Tax rate by first year: Kazakhstan's VAT is 16 % from 2026 on, 12 % before.
VAT_SINCE_2026 = 16
VAT_BEFORE = 12
OPENING = 48_215_00


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber of the demo, with the password its login page gives away."""

    phone: str
    password: str
    kind: str
    name: str
    address: str
    iin: str | None
    bin: str | None
    accounts: tuple["Contract", ...]


@dataclass(frozen=True, slots=True)
class Plan:
    name: str
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Contract:
    number: str
    title: str
    contract_number: str
    contract_date: str
    first_phone: int
    plans: tuple[Plan, ...]


ORGANISATION = Person(
    phone="77010016515",
    password="Dala-2026",  # noqa: S106  shown on the login page
    kind="organisation",
    name="ТОО «Көкжиек Логистик»",
    address="050059, г. Алматы, ул. Сәтбаев, 90, офис 12",
    iin=None,
    bin="150640012341",
    accounts=(
        Contract("100245871", "Главный офис", "TD-2019/4471", "14.03.2019", 77010016500,
                 (Plan("Бизнес Кең", 7_990_00, 6), Plan("Бизнес Орта", 4_490_00, 9))),
        Contract("100245872", "Водители", "TD-2019/4471", "14.03.2019", 77010023100,
                 (Plan("Бизнес Жол", 3_290_00, 24),)),
        Contract("100311406", "Кассы и терминалы", "TD-2021/0918", "02.08.2021", 77010045200,
                 (Plan("Құрылғы", 990_00, 14),)),
    ),
)  # fmt: skip
ENTREPRENEUR = Person(
    phone="77770020415",
    password="Qarlygash-7",  # noqa: S106  shown on the login page
    kind="entrepreneur",
    name="ИП «Қарлығаш» Сейітқали Ә. Б.",
    address="100008, г. Қарағанды, пр. Бұқар жырау, 47",
    iin="880415350123",
    bin=None,
    accounts=(
        Contract("200118034", "Салон «Қарлығаш»", "TD-2022/1140", "19.05.2022", 77770020415,
                 (Plan("Бизнес Орта", 4_490_00, 2), Plan("Құрылғы", 990_00, 1))),
    ),
)  # fmt: skip
PEOPLE = (ORGANISATION, ENTREPRENEUR)


def fill(db: sqlite3.Connection, today: date) -> None:
    """Writes all subscribers, accounts and acts into an empty database."""
    for person in PEOPLE:
        subscriber_id = db.execute(
            "INSERT INTO subscribers (phone, password, kind, name, address, iin, bin) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                person.phone,
                passwords.digest(person.password),
                person.kind,
                person.name,
                person.address,
                person.iin,
                person.bin,
            ),
        ).lastrowid
        for contract in person.accounts:
            _add_account(db, subscriber_id, contract, today)


def _add_account(db: sqlite3.Connection, subscriber_id: int | None, contract: Contract, today: date) -> None:
    account_id = db.execute(
        "INSERT INTO accounts (subscriber_id, number, title, contract_number, contract_date) VALUES (?, ?, ?, ?, ?)",
        (subscriber_id, contract.number, contract.title, contract.contract_number, contract.contract_date),
    ).lastrowid
    balance = OPENING
    for year, month in _months(today):
        # The seed is the account and month, so later months do not change earlier ones.
        chance = random.Random(f"{contract.number}-{year}-{month}")  # noqa: S311  sample data
        balance = _add_act(db, account_id, contract, year=year, month=month, opening=balance, chance=chance)


def _add_act(
    db: sqlite3.Connection,
    account_id: int | None,
    contract: Contract,
    *,
    year: int,
    month: int,
    opening: int,
    chance: random.Random,
) -> int:
    """Adds the act of one month and gives the balance that it ends with."""
    numbers = list(_number_charges(contract, chance))
    lines = list(_lines(contract, numbers))
    total = sum(quantity * price for _, _, quantity, price in lines)
    first_of_next = (date(year, month, 28) + timedelta(days=4)).replace(day=1)
    paid = max(opening, 0)
    correction = -chance.choice((0, 0, 0, 450_00, 1_200_00))
    closing = opening + total - paid + correction
    drawn_at = datetime(first_of_next.year, first_of_next.month, 1, 4, chance.randrange(60), tzinfo=UTC)
    vat = VAT_SINCE_2026 if year >= 2026 else VAT_BEFORE
    number = f"{contract.number[-4:]}-{year}{month:02}"
    act_id = db.execute(
        "INSERT INTO acts (account_id, number, period, drawn_at, vat_percent, total, opening, paid, correction, closing)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account_id,
            number,
            f"{year}-{month:02}",
            database.moment(drawn_at),
            vat,
            total,
            opening,
            paid,
            correction,
            closing,
        ),
    ).lastrowid
    db.executemany(
        "INSERT INTO act_lines VALUES (?, ?, ?, ?, ?, ?)",
        [(act_id, position, *line) for position, line in enumerate(lines, 1)],
    )
    db.executemany(
        "INSERT INTO act_numbers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [(act_id, *number) for number in numbers]
    )
    if paid:
        paid_on = f"{chance.randrange(8, 22):02}.{month:02}.{year}"
        document = f"платежное поручение № {chance.randrange(100, 999)}"
        db.execute("INSERT INTO payments VALUES (?, ?, ?, ?)", (act_id, paid_on, document, paid))
    return closing


def _number_charges(
    contract: Contract, chance: random.Random
) -> Iterator[tuple[str, str, int, int, int, int, int]]:
    """Phone, plan, subscription, calls, messages, internet, roaming; devices only use data."""
    phone = contract.first_phone
    for plan in contract.plans:
        for _ in range(plan.quantity):
            is_device = plan.price < 1_000_00
            calls = 0 if is_device else chance.randrange(0, 950) * 12
            messages = 0 if is_device else chance.randrange(0, 12) * 18_00
            internet = chance.choice((0, 0, 0, chance.randrange(1, 40) * 55_00))
            roaming = 0 if is_device or chance.random() < 0.9 else chance.randrange(900, 9_000) * 100
            yield str(phone), plan.name, plan.price, calls, messages, internet, roaming
            phone += chance.randrange(1, 9) if not is_device else 1


def _lines(
    contract: Contract, numbers: list[tuple[str, str, int, int, int, int, int]]
) -> Iterator[tuple[str, str, int, int]]:
    """Title, unit, quantity, price: what the act states, from what the numbers used."""
    for plan in contract.plans:
        yield (
            f"Услуги сотовой связи, абонентская плата, тариф «{plan.name}»",
            "номер",
            plan.quantity,
            plan.price,
        )
    titles = (
        (3, "Исходящие вызовы сверх пакета (местные, междугородные, международные)"),
        (4, "Сообщения SMS"),
        (5, "Мобильный интернет сверх пакета"),
        (6, "Услуги связи в международном роуминге"),
    )
    for column, title in titles:
        amount = sum(int(number[column]) for number in numbers)
        if amount:
            yield title, "услуга", 1, amount


def _months(today: date) -> Iterator[tuple[int, int]]:
    """Every full month since January two years ago."""
    year, month = today.year - 2, 1
    while (year, month) < (today.year, today.month):
        yield year, month
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
