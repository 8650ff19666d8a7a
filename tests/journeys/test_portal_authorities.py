"""Signing at the portal while authorities answer, and while they don't: real browser, real agent, real portal, simulated servers."""

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from agent.formats.pdf import pades
from tests.support import portal_process, portal_stage
from tests.support.portal_process import ACCOUNTANT_AUTH, ACCOUNTANT_SIGN, HEAD, Authorities, PortalData
from tests.support.portal_stage import Stage
from tests.support.visits import Visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, artefacts: Path) -> Iterator[Stage]:
    with portal_stage.opened(tmp_path_factory.mktemp("stage"), artefacts) as stage:
        yield stage


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PortalData:
    return portal_process.prepare(tmp_path_factory.mktemp("portal"))


@pytest.fixture
def servers(data: PortalData) -> Iterator[Authorities]:
    with portal_process.authorities(data) as servers:
        yield servers


@pytest.fixture
def visit(
    stage: Stage, data: PortalData, servers: Authorities, request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """At the first step of an act. The agent's person signs with the keys that the test names, one after the other."""
    answers = [data.signs_with(key) for key in request.param]
    with (
        portal_process.agent(stage.agent_folder, data, servers, answers) as agent,
        stage.visit(data, agent.url, servers.url) as visit,
    ):
        yield visit


def fact(visit: Visit, name: str) -> str:
    return str(visit.tab.evaluate(f"document.querySelector('[data-testid={name}]').dataset.{name}"))


def last_page(pdf: bytes) -> bytes:
    """What is seen of it, with stamps."""
    with pypdfium2.PdfDocument(pdf) as document:
        document.init_forms()
        return bytes(document[len(document) - 1].render().to_pil().tobytes())


def act_of(visit: Visit) -> str:
    return str(visit.tab.evaluate("document.getElementById('edo').dataset.act"))


@pytest.mark.parametrize("visit", [(HEAD, ACCOUNTANT_SIGN)], indirect=True)
def test_an_act_is_signed_inside_its_pdf_with_a_stamp_and_a_timestamp(stage: Stage, visit: Visit) -> None:
    visit.press("#identify")
    visit.step("document")
    original = visit.fetch(f"/acts/{act_of(visit)}/document.pdf")
    visit.press('[data-testid="format-pdf"]')
    stage.keep(visit, "choice")
    visit.press("#sign-act")
    visit.step("done")
    stage.keep(visit, "signed-inside")
    assert fact(visit, "timestamp")
    assert fact(visit, "revocation") == "good"
    signed = visit.fetch(f"/acts/{act_of(visit)}/decision/document")
    assert signed.startswith(original)
    (evidence,) = pades.verify(signed)
    assert (evidence.signature, len(evidence.timestamps)) == ("valid", 1)
    assert last_page(signed) != last_page(original)
    card = visit.fetch(f"/acts/{act_of(visit)}/decision/card")
    with pypdfium2.PdfDocument(card) as document:
        assert bytes(document.get_attachment(0).get_data()) == signed


@pytest.mark.parametrize("visit", [(HEAD, HEAD, HEAD)], indirect=True)
def test_a_key_that_is_revoked_meanwhile_neither_signs_nor_identifies(
    stage: Stage, visit: Visit, data: PortalData, servers: Authorities
) -> None:
    visit.press("#identify")
    visit.step("document")
    servers.revoke(data.key(HEAD))
    visit.press("#sign-act")
    problem = visit.problem()
    stage.keep(visit, "revoked-signs")
    assert problem.code == "key-revoked"
    for words in ("Ключ отозван", "ӘБДІРАХМАНОВА", "чужие руки", "Получите новый ключ"):
        assert words in problem.text
    visit.press("#forget")
    visit.step("identification")
    visit.speak("kk")
    visit.press("#identify")
    problem = visit.problem()
    stage.keep(visit, "revoked-identifies-kk")
    assert problem.code == "key-revoked"
    assert "Кілт қайтарып алынған" in problem.text


@pytest.mark.parametrize("visit", [(ACCOUNTANT_AUTH, ACCOUNTANT_SIGN, ACCOUNTANT_SIGN)], indirect=True)
def test_an_act_can_be_signed_while_no_authority_answers_and_the_page_says_what_that_means(
    stage: Stage, visit: Visit, servers: Authorities
) -> None:
    servers.switch(tsp="http-500", ocsp="http-500", crl="cut-connection")
    visit.press("#identify")
    visit.step("document")
    visit.press('[data-testid="format-pdf"]')
    visit.press("#sign-act")
    problem = visit.problem()
    stage.keep(visit, "no-timestamp")
    assert problem.code == "timestamp-failed"
    assert "подпишите без метки" in problem.text
    assert "timestamp-failed" in problem.technical
    visit.press('[data-testid="without-timestamp"]')
    visit.step("done")
    stage.keep(visit, "signed-without-authorities")
    assert fact(visit, "timestamp") == ""
    assert fact(visit, "revocation") == "unreachable"
