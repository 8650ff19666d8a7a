import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.renderer import facts
from protocol import preview
from protocol.preview import Party

# As pdfium reads the first page of an act of form Р-1 (the demo portal's).
ACT = """Акт № 5872-202610 от 01.11.2026 · Демонстрационный документ, юридической силы не имеет · Бет / Страница 1 / 12
Приложение 50 к приказу Министра финансов Республики Казахстан
от 20 декабря 2012 года № 562
Форма Р-1
ЖСН/БСН · ИИН/БИН
Тапсырыс беруші / Заказчик: ТОО «Көкжиек Логистик», 050059, г. Алматы, ул. Сәтбаев, 90, тел. +77010016515 150640012341
полное наименование, адрес, данные о средствах связи
Орындаушы / Исполнитель: АО «Телеком Дала», 010000, г. Астана, пр. Тәуелсіздік, 100, тел. +7 (717) 200-00-00 120340000014
Шарт / Договор (контракт): № TD-2019/4471 от 14.03.2019 г., лицевой счет 100245872
ОРЫНДАЛҒАН ЖҰМЫСТАР (КӨРСЕТІЛГЕН ҚЫЗМЕТТЕР) АКТІСІ
АКТ ВЫПОЛНЕННЫХ РАБОТ (ОКАЗАННЫХ УСЛУГ)*
Номер документа Дата составления
5872-202610 01.11.2026
стоимость, тенге
«Бизнес Жол» октябрь 2026 г. — номер 24 3 290,00 78 960,00
Барлығы / Итого х х 91 812,64
оның ішінде ҚҚС / в том числе НДС, 16 % х х 12 663,81
Сведения об использовании запасов, полученных от заказчика: запасы не передавались
"""
CONTRACT = """ДОГОВОР № 15/26
на оказание услуг
г. Алматы                                   «12» мая 2026 года
ТОО «Көкжиек Логистик», БИН 150640012341, именуемое в дальнейшем «Заказчик», в лице директора, с одной стороны, и ИП Сергеева О. И., ИИН 910812400239, именуемая «Исполнитель»
Общая сумма договора составляет 1 200 000 (один миллион двести тысяч) тенге, в том числе НДС 16% 165 517,24 тенге.
"""
BILL = """Счет на оплату № 77 от 3 марта 2026 г.
Поставщик: БИН / ИИН 120340000014,АО "Телеком Дала",Республика Казахстан, Астана
Покупатель: БИН / ИИН 150640012341,ТОО Көкжиек Логистик,г. Алматы
Договор: Договор поставки №5 от 11.01.2026
Итого: 336 000,00
В том числе НДС: 36 000,00
Всего наименований 1, на сумму 336 000,00 KZT
"""
KAZAKH = """ҚЫЗМЕТ КӨРСЕТУ ШАРТЫ № 8
2026 ж. 12 мамыр
«Көкжиек Логистик» ЖШС, БСН 150640012341, бұдан әрі «Тапсырыс беруші»
Шарттың жалпы сомасы 500 000,00 теңге
"""
DALA = Party("supplier", "120340000014", "АО «Телеком Дала»")
KOKZHIEK = Party("customer", "150640012341", "ТОО «Көкжиек Логистик»")


def said(text: str) -> dict[str, str]:
    return {fact.name: fact.value.replace("\N{NO-BREAK SPACE}", " ") for fact in facts.lift(text).facts}


def test_an_act_says_all_that_people_ask() -> None:
    assert said(ACT) == {
        "title": "ОРЫНДАЛҒАН ЖҰМЫСТАР (КӨРСЕТІЛГЕН ҚЫЗМЕТТЕР) АКТІСІ",
        "number": "5872-202610",
        "date": "01.11.2026",
        "contract": "TD-2019/4471, 14.03.2019",
        "total": "91 812,64 ₸",
        "vat": "12 663,81 ₸",
        "period": "октябрь 2026",
    }
    assert facts.lift(ACT).parties == (DALA, KOKZHIEK)


def test_in_a_contract_parties_are_what_they_are_called_from_there_on() -> None:
    assert said(CONTRACT) == {
        "title": "ДОГОВОР",
        "number": "15/26",
        "date": "12.05.2026",
        "total": "1 200 000 ₸",
        "vat": "165 517,24 ₸",
    }
    assert facts.lift(CONTRACT).parties == (Party("supplier", "910812400239", "ИП Сергеева О. И."), KOKZHIEK)


def test_a_bill_names_parties_behind_their_numbers() -> None:
    assert said(BILL) == {
        "title": "Счет на оплату",
        "number": "77",
        "date": "03.03.2026",
        "contract": "5, 11.01.2026",
        "total": "336 000,00 ₸",
        "vat": "36 000,00 ₸",
    }
    assert facts.lift(BILL).parties == (
        Party("supplier", "120340000014", 'АО "Телеком Дала"'),
        Party("customer", "150640012341", "ТОО Көкжиек Логистик"),
    )


def test_kazakh_is_read_like_russian() -> None:
    assert said(KAZAKH) == {
        "title": "ҚЫЗМЕТ КӨРСЕТУ ШАРТЫ",
        "number": "8",
        "date": "12.05.2026",
        "total": "500 000,00 ₸",
    }
    assert facts.lift(KAZAKH).parties == (Party("customer", "150640012341", "«Көкжиек Логистик» ЖШС"),)


TABLE = """АКТ ВЫПОЛНЕННЫХ РАБОТ (ОКАЗАННЫХ УСЛУГ) 000000123 31.10.2026
Договор (контракт) № 45 от 10 января 2026 г.
1 Аренда помещения услуга {item} {item}
Итого 1 {total}
"""


def test_a_contract_that_a_document_goes_back_to_is_no_title_of_it() -> None:
    assert said(TABLE.format(item="250 000,00", total="250 000,00")) == {
        "title": "АКТ ВЫПОЛНЕННЫХ РАБОТ (ОКАЗАННЫХ УСЛУГ)", "date": "31.10.2026", "contract": "45, 10.01.2026", "total": "250 000,00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("item", "total", "shown"),
    [
        # "Итого 1 250 000,00" is one number or two. What stands elsewhere decides, and where that does not, nothing is said.
        ("250 000,00", "250 000,00", "250 000,00"),
        ("1 250 000,00", "250 000,00", "1 250 000,00"),
        ("7,00", "250 000,00", None),
        ("7,00", "250\N{NO-BREAK SPACE}000,00", "250 000,00"),
        ("7,00", "х х 250 000,00", "250 000,00"),
        ("7,00", "250000,00", "250 000,00"),
    ],
)
def test_a_sum_that_can_be_read_in_two_ways(item: str, total: str, shown: str | None) -> None:
    assert said(TABLE.format(item=item, total=total)).get("total") == shown


def test_a_line_of_several_is_not_taken_for_their_sum() -> None:
    lines = "1 Связь услуга 1 250 000,00 250 000,00\n"
    text = "Акт № 5\n{}Итого 1 250 000,00"
    assert "total" not in said(text.format(lines * 5))
    assert "total" not in said(text.format(lines + "2 Аренда услуга 1 1 000 000,00 1 000 000,00\n"))
    assert said(text.format(lines))["total"] == "250 000,00"


def test_of_several_sums_in_a_row_the_largest_is_the_total() -> None:
    row = "Счет-фактура № 5\nВсего по счету: 223 214,29 26 785,71 250 000,00"
    assert said(row)["total"] == "250 000,00"
    assert said("Накладная № 5\nИтого 10 10 336 000,00 36 000,00\nтриста тысяч тенге 00 тиын") == {
        "title": "Накладная",
        "number": "5",
    }


def test_people_are_named_before_their_numbers() -> None:
    text = "Доверенность № 12 от 01.02.2026\nЯ, Әбдірахманова Гүлнұр, ИИН 790305450182, доверяю Сергеевой О. И. (ИИН 910812400239)"
    assert facts.lift(text).parties == (
        Party("other", "790305450182", "Әбдірахманова Гүлнұр"),
        Party("other", "910812400239", "Сергеевой О. И."),
    )


def test_who_sends_and_gets_goods_is_not_who_sells_and_buys_them() -> None:
    text = (
        "Грузополучатель: БИН 150640012341\nПокупатель: БИН 150640012341\nГрузоотправитель: БИН 120340000014"
    )
    assert facts.lift(text).parties == (Party("customer", "150640012341"), Party("other", "120340000014"))


@pytest.mark.parametrize(
    ("line", "period"),
    [
        ("Услуги связи за октябрь 2026 г.", "октябрь 2026"),
        ("за период с 01.10.2026 по 31.10.2026", "01.10.2026 – 31.10.2026"),
        ("за 3 квартал 2026 года", "3 квартал 2026"),
        ("2026 жылғы қазан айы үшін", "2026 жылғы қазан"),
    ],
)
def test_periods(line: str, period: str) -> None:
    assert said(line) == {"period": period}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("от 1.2.2026", "01.02.2026"),
        ("2026-05-12T10:00:00", "12.05.2026"),
        ("«5» марта 2026 г.", "05.03.2026"),
        ("2026 жылғы 5 мамырдағы", "05.05.2026"),
        ("2026 ж. «7» қазан", "07.10.2026"),
        ("31.13.2026", ""),
        ("1.2.26", ""),
    ],
)
def test_dates(text: str, shown: str) -> None:
    assert facts.day(text) == shown


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("952000.5", "KZT", "952 000,50 ₸"),
        ("1160", "", "1 160,00"),
        ("-3,1", "USD", "-3,10 $"),
        ("5", "UZS", "5,00 UZS"),
        ("сто", "KZT", "сто"),
        ("1" * 50, "KZT", "1" * 50),
    ],
)
def test_sums_of_forms(value: str, currency: str, shown: str) -> None:
    assert facts.money(value, currency).replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    "number", ["120340000014", "150640012341", "790305450182", "910812400239", "880415350123"]
)
def test_a_number_counts_by_its_check_digit(number: str) -> None:
    assert facts.is_number(number)
    wrong = number[:11] + str((int(number[11]) + 1) % 10)
    assert not facts.is_number(wrong)
    assert facts.lift(f"БИН {wrong}").parties == ()


@pytest.mark.parametrize(
    "text", ["", "12034000001", "12034000001a", "000000000000", "１２０３４０００００１４"]
)
def test_what_is_no_number(text: str) -> None:
    assert not facts.is_number(text)


def test_a_number_that_nothing_speaks_of_must_make_sense_too() -> None:
    odd = next(f"99{i:09}{check}" for i in range(900_000_000, 900_000_100) for check in range(10)
               if facts.is_number(f"99{i:09}{check}"))  # fmt: skip
    assert facts.lift(f"платеж {odd}").parties == ()
    assert facts.lift(f"ИИН {odd}").parties == (Party("other", odd),)


@pytest.mark.parametrize(
    "beside", ["№120340000014", "+120340000014", "120340000014/1", "x120340000014", "1203400000141"]
)
def test_a_part_of_something_else_is_nobody(beside: str) -> None:
    assert facts.lift(f"Заказчик {beside}").parties == ()


def test_no_document_says_nothing() -> None:
    assert facts.lift("") == facts.Found()
    assert facts.lift("Привет!\nКак дела?") == facts.Found()


@pytest.mark.parametrize(
    "piece",
    [
        "№ 1 договор ТОО «a ",
        "«",
        "1 234 ",
        "итого 1 ",
        "с 01.01.2026 ",
        "акт ",
        "(а ",
        "150640012341 заказчик ТОО ",
        "а-",
        "\n",
    ],
)
def test_a_hostile_text_takes_no_longer(piece: str) -> None:
    began = time.process_time()
    facts.lift(piece * (2 * facts.MAX_LOOKED_AT // len(piece)))
    assert time.process_time() - began < 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*ACT.split(), *BILL.split(), "\n", "«", "»", "№", "120340000014", "9" * 40]),
        max_size=60,
    )
)
def test_whatever_a_text_is_facts_are_bounded(words: list[str]) -> None:
    found = facts.lift(" ".join(words))
    assert all(0 < len(fact.value) <= preview.MAX_FACT for fact in found.facts)
    assert len({fact.name for fact in found.facts}) == len(found.facts)
    assert all(
        facts.is_number(party.number) and len(party.name) <= preview.MAX_FACT for party in found.parties
    )
    assert len(found.parties) <= preview.MAX_LIST
