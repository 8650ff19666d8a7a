import re
from pathlib import Path

import pytest

from demo import database, sample
from demo.sample import ENTREPRENEUR, ORGANISATION
from tests.support import portals
from tests.support.portals import Browser, Portal

pytestmark = pytest.mark.service


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    return portals.new(tmp_path)


@pytest.fixture
def page(portal: Portal) -> Browser:
    page = Browser(portal.app)
    page.log_in(ORGANISATION)
    return page


def rows(html: str) -> list[str]:
    return re.findall(r'data-number="([\d-]+)"', html)


def test_the_list_begins_with_the_newest_year(page: Browser) -> None:
    html = page.get("/acts").text
    assert len(rows(html)) == 30
    assert rows(html)[0] == "5871-202610"
    for column in ("Лицевой счет", "№ документа", "Дата/время", "Статус", "Действие"):
        assert f'<th scope="col">{column}</th>' in html
    assert "Скачать" in html
    assert "Подписать" in html
    assert html.count('data-status="new"') == 30


def test_filters_of_the_address_narrow_the_list(page: Browser) -> None:
    assert rows(page.get("/acts?year=2025&month=3&account=2").text) == ["5872-202503"]
    assert len(rows(page.get("/acts?year=&month=3&account=").text)) == 9
    html = page.get("/acts?year=2025&month=3").text
    assert '<option value="2025" selected>' in html
    assert '<option value="3" selected>март</option>' in html


@pytest.mark.parametrize(
    "query",
    ["year=x", "month=99", "account=-1", "page=0", "page=999999999999", "year=２０２５", "account=1'"],
)
def test_filters_that_make_no_sense_do_no_harm(page: Browser, query: str) -> None:
    assert page.get(f"/acts?{query}").status_code == 200


def test_a_period_without_acts_says_so(page: Browser) -> None:
    html = page.get("/acts?year=2026&month=12").text
    assert 'data-testid="empty"' in html
    assert "За выбранный период актов нет" in html


def test_the_script_gets_only_the_rows(page: Browser) -> None:
    response = page.get("/acts?year=2025&month=3", headers={"X-Part": "rows"})
    assert "<html" not in response.text
    assert len(rows(response.text)) == 3
    assert response.headers["vary"] == "X-Part"


def test_a_long_list_comes_in_pages(page: Browser) -> None:
    html = page.get("/acts?year=").text
    assert len(rows(html)) == 50
    assert "Страница 1 из 3" in html
    assert "/acts?year=&amp;month=&amp;account=&amp;page=2" in html
    assert len(rows(page.get("/acts?year=&page=3").text)) == 2


def test_another_subscriber_sees_only_their_own(portal: Portal, page: Browser) -> None:
    theirs = page.act()
    trader = Browser(portal.app)
    trader.log_in(ENTREPRENEUR)
    assert len(rows(trader.get("/acts").text)) == 10
    for path in ("document.pdf", "edo", "decision/bundle"):
        assert trader.get(f"/acts/{theirs}/{path}").status_code == 404
    assert trader.call(f"/acts/{theirs}/identification").status_code == 404


def test_downloading_shows_the_stored_pdf_and_marks_the_act_viewed(page: Browser, portal: Portal) -> None:
    act = page.act()
    first, second = page.get(f"/acts/{act}/document.pdf"), page.get(f"/acts/{act}/document.pdf")
    assert first.headers["content-type"] == "application/pdf"
    assert first.headers["content-disposition"] == 'inline; filename="akt-5871-202610.pdf"'
    assert first.content == second.content
    assert first.content.startswith(b"%PDF-")
    assert page.status(act) == "viewed"
    with database.transaction(portal.settings.database) as db:
        assert db.execute("SELECT pdf FROM acts WHERE id = ?", (act,)).fetchone()[0] == first.content


def test_the_frame_of_the_edo_window_counts_as_no_download(page: Browser) -> None:
    act = page.act()
    assert page.get(f"/acts/{act}/document.pdf?inside=edo").status_code == 200
    assert page.status(act) == "new"
    assert 'data-kind="downloaded"' not in page.get("/history").text


def test_the_history_tells_what_was_done(page: Browser) -> None:
    act = page.act()
    page.get(f"/acts/{act}/document.pdf")
    kinds = re.findall(r'data-kind="(\w+)"', page.get("/history").text)
    assert kinds == ["downloaded", "entered"]
    assert "5871-202610" in page.get("/history").text


@pytest.mark.parametrize("tab", ["payments", "numbers", "invoices", "reconciliation"])
def test_tabs_that_the_demo_lacks_say_so(page: Browser, tab: str) -> None:
    html = page.get(f"/{tab}").text
    assert 'data-testid="absent"' in html
    assert "в демонстрации нет" in html


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_is_there_in_every_language(portal: Portal, language: str) -> None:
    page = Browser(portal.app, language=language)
    page.log_in(sample.ENTREPRENEUR)
    act = page.act()
    for path in ("/acts", "/history", "/payments", "/keys", f"/acts/{act}/edo", "/nowhere"):
        html = page.get(path).text
        assert f'<html lang="{language}">' in html, path
