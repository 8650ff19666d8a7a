import dataclasses
import shutil
import subprocess
from pathlib import Path

import pytest

from demo import act_pdf, acts, database, subscribers, texts
from demo.acts import Act, Details
from demo.subscribers import Subscriber
from tests.support import portals


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Act, Details, Subscriber]:
    portal = portals.new(tmp_path_factory.mktemp("portal"))
    with database.transaction(portal.settings.database) as db:
        subscriber = subscribers.by_id(db, 1)
        act = next(a for a in acts.find(db, 1, acts.Filter(year=2026)).acts if a.account_title == "Водители")
        return act, acts.details(db, act.id), subscriber


def text_of(pdf: bytes, *options: str) -> str:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("needs tool: pdftotext")
    done = subprocess.run(
        [tool, *options, "-layout", "-", "-"], input=pdf, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().replace("\xa0", " ")


def test_the_act_is_form_r_1_with_both_languages(material: tuple[Act, Details, Subscriber]) -> None:
    act, details, subscriber = material
    text = text_of(act_pdf.draw(act, details, subscriber), "-l", "1")
    for words in (
        "Форма Р-1",
        "20 декабря 2012 года № 562",
        "Приложение 50",
        "ОРЫНДАЛҒАН ЖҰМЫСТАР (КӨРСЕТІЛГЕН ҚЫЗМЕТТЕР) АКТІСІ",
        "АКТ ВЫПОЛНЕННЫХ РАБОТ (ОКАЗАННЫХ УСЛУГ)",
        "Тапсырыс беруші / Заказчик",
        "«Көкжиек Логистик»",
        "пр. Тәуелсіздік",
        act.number,
        texts.date(act.drawn_at),
        "октябрь 2026 г.",
        "150640012341",
        "в том числе НДС, 16 %",
        texts.money(act.total).replace(texts.NARROW_SPACE, " "),
        "юридической силы не имеет",
    ):
        assert words in text, words


def test_the_annex_has_the_balance_and_every_number(material: tuple[Act, Details, Subscriber]) -> None:
    act, details, subscriber = material
    text = text_of(act_pdf.draw(act, details, subscriber), "-f", "2")
    assert "1-қосымша / Приложение № 1" in text
    assert "2026 жылғы қазан" in text
    assert "Қайта есептеу / Перерасчет" in text
    for number in details.numbers:
        assert f"+{number.phone}" in text
    for amount in (details.opening, details.closing, act.total, act.vat):
        assert texts.money(amount).replace(texts.NARROW_SPACE, " ") in text


def test_the_same_act_gives_the_same_octets(material: tuple[Act, Details, Subscriber]) -> None:
    act, details, subscriber = material
    drawn = act_pdf.draw(act, details, subscriber)
    assert drawn == act_pdf.draw(act, details, subscriber)
    assert drawn != act_pdf.draw(dataclasses.replace(act, number="other"), details, subscriber)
    assert drawn.startswith(b"%PDF-")


def test_fonts_are_inside_the_document(material: tuple[Act, Details, Subscriber]) -> None:
    tool = shutil.which("pdffonts")
    if tool is None:
        pytest.skip("needs tool: pdffonts")
    pdf = act_pdf.draw(*material)
    listed = subprocess.run(
        [tool, "-"], input=pdf, capture_output=True, check=True, timeout=60
    ).stdout.decode()
    assert [line.split()[-5] for line in listed.splitlines()[2:]] == ["yes"] * 2


def test_names_from_the_database_can_not_break_the_layout(material: tuple[Act, Details, Subscriber]) -> None:
    act, details, subscriber = material
    odd = dataclasses.replace(subscriber, name="ТОО <b>Рога & Копыта</i>")
    assert "ТОО <b>Рога & Копыта</i>" in text_of(act_pdf.draw(act, details, odd), "-l", "1")


def test_many_numbers_run_over_pages_with_their_heading(
    material: tuple[Act, Details, Subscriber], artefacts: Path
) -> None:
    act, details, subscriber = material
    many = tuple(dataclasses.replace(details.numbers[0], phone=str(77_010_000_000 + n)) for n in range(400))
    pdf = act_pdf.draw(act, dataclasses.replace(details, numbers=many), subscriber)
    (artefacts / "portal-act-400-numbers.pdf").write_bytes(pdf)
    pages = text_of(pdf).rstrip("\f").split("\f")
    assert len(pages) > 8
    assert all("Нөмір / Номер" in page for page in pages[2:-1])
    assert f"{len(pages)} / {len(pages)}" in pages[-1]
