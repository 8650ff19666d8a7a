import re
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest

from agent.signer import Signer
from demo.sample import ENTREPRENEUR, ORGANISATION
from tests.support import portals, simulated_authorities
from tests.support.portals import NOW, Browser, Portal
from tests.support.simulated_authorities import SimulatedAuthorities

pytestmark = pytest.mark.service


@pytest.fixture
def world() -> SimulatedAuthorities:
    return simulated_authorities.new(now=NOW)


@pytest.fixture
def portal(tmp_path: Path, world: SimulatedAuthorities) -> Portal:
    return portals.new(tmp_path, verifier=portals.asking(world))


@pytest.fixture(scope="module")
def head() -> Signer:
    return portals.issued_key()


@pytest.fixture
def page(portal: Portal, head: Signer) -> Browser:
    """At the second step of the newest act."""
    page = Browser(portal.app)
    page.log_in(ORGANISATION)
    act = page.act()
    page.get(f"/acts/{act}/edo")
    page.identify(act, head)
    page.get(f"/acts/{act}/edo")
    return page


@pytest.fixture
def act(page: Browser) -> int:
    return page.act()


def text_of(card: bytes) -> str:
    with pypdfium2.PdfDocument(card) as document:
        return " ".join(page.get_textpage().get_text_range() for page in document)


def attached_to(card: bytes) -> dict[str, bytes]:
    with pypdfium2.PdfDocument(card) as document:
        found = [document.get_attachment(number) for number in range(document.count_attachments())]
        return {each.get_name(): bytes(each.get_data()) for each in found}


def kinds(page: Browser) -> list[str]:
    return re.findall(r'data-kind="(\w+)"', page.get("/history").text)


def test_nothing_is_there_before_the_decision_or_for_others(
    page: Browser, act: int, head: Signer, portal: Portal
) -> None:
    for part in ("document", "signature", "bundle", "card", "other"):
        assert page.get(f"/acts/{act}/decision/{part}").status_code == 404
    assert page.sign(act, head).status_code == 200
    assert page.get(f"/acts/{act}/decision/other").status_code == 404
    stranger = Browser(portal.app)
    stranger.log_in(ENTREPRENEUR)
    for part in ("document", "card"):
        assert stranger.get(f"/acts/{act}/decision/{part}").status_code == 404


def test_a_signature_inside_the_document_is_one_file_to_keep(page: Browser, act: int, head: Signer) -> None:
    assert page.sign(act, head, format="pdf").status_code == 200
    kept = page.get(f"/acts/{act}/decision/document")
    assert kept.headers["content-disposition"] == 'attachment; filename="akt-5871-202610-podpisan.pdf"'
    for part in ("signature", "bundle"):
        assert page.get(f"/acts/{act}/decision/{part}").status_code == 404


def test_the_page_itself_shows_the_signed_document_without_a_trace_in_the_history(
    page: Browser, act: int, head: Signer
) -> None:
    page.sign(act, head, format="pdf")
    before = kinds(page)
    shown = page.get(f"/acts/{act}/decision/document?inside=edo")
    assert shown.headers["content-disposition"].startswith("inline")
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    assert kinds(page) == before
    page.get(f"/acts/{act}/decision/document")
    assert kinds(page) == ["kept", *before]


def test_a_text_is_never_shown_as_a_page(page: Browser, act: int, head: Signer) -> None:
    page.refuse(act, head, "because")
    shown = page.get(f"/acts/{act}/decision/document?inside=edo")
    assert shown.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("name", ["cms", "pdf"])
def test_the_card_tells_of_the_signature_and_holds_the_files(
    page: Browser, act: int, head: Signer, name: str
) -> None:
    page.sign(act, head, format=name, timestamp="yes")
    card = page.get(f"/acts/{act}/decision/card")
    assert card.headers["content-disposition"] == 'attachment; filename="akt-5871-202610-kartochka.pdf"'
    assert kinds(page)[0] == "card"
    text = text_of(card.content)
    assert "Карточка электронного документа" in text
    assert "ӘБДІРАХМАНОВА" in text
    document = page.get(f"/acts/{act}/decision/document").content
    attached = attached_to(card.content)
    if name == "pdf":
        assert attached == {"akt-5871-202610-podpisan.pdf": document}
    else:
        signature = page.get(f"/acts/{act}/decision/signature").content
        assert attached == {"akt-5871-202610.pdf": document, "akt-5871-202610.pdf.cms": signature}


def test_the_card_speaks_the_language_of_the_page(page: Browser, act: int, head: Signer) -> None:
    page.refuse(act, head, "because")
    page.submit("/language", language="kk", next="/acts")
    assert "Электрондық құжат карточкасы" in text_of(page.get(f"/acts/{act}/decision/card").content)


def test_the_card_is_of_the_day_it_was_made(
    page: Browser, act: int, head: Signer, world: SimulatedAuthorities, portal: Portal
) -> None:
    page.sign(act, head)
    assert "Проверка пройдена" in text_of(page.get(f"/acts/{act}/decision/card").content)
    portal.clock.advance(timedelta(minutes=1))
    world.now = portal.clock.now
    world.revoke(head.certificate)
    assert "Проверка пройдена" not in text_of(page.get(f"/acts/{act}/decision/card").content)
