import base64
import hashlib
import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from agent.formats import cms, login
from agent.formats.pdf import pades
from agent.signer import Signer
from demo import sessions
from demo.sample import ENTREPRENEUR, ORGANISATION
from tests.support import chains, portals, simulated_authorities
from tests.support.chains import Party
from tests.support.portals import NOW, Browser, Portal
from tests.support.simulated_authorities import SimulatedAuthorities

pytestmark = pytest.mark.service


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    return portals.new(tmp_path)


@pytest.fixture
def page(portal: Portal) -> Browser:
    page = Browser(portal.app)
    page.log_in(ORGANISATION)
    return page


@pytest.fixture(scope="module")
def head() -> Party:
    return portals.key(ORGANISATION)


@pytest.fixture
def act(page: Browser) -> int:
    return page.act()


def step(page: Browser, act: int) -> str:
    found = re.search(r'data-step="(\w+)"', page.get(f"/acts/{act}/edo").text)
    assert found
    return found[1]


def problem(response: object) -> str:
    assert response.status_code >= 400  # type: ignore[attr-defined]
    return str(response.json()["problem"])  # type: ignore[attr-defined]


# --- identification -----------------------------------------------------------------------------------------------


def test_an_agent_that_knows_logins_identifies_by_one(page: Browser, act: int, head: Party) -> None:
    given = page.call(f"/acts/{act}/identification").json()
    nonce = given["login"]["nonce"]
    assert given["login"]["key"]["allowExpired"] is True
    elsewhere = login.sign(head, login.Statement("https://evil.test", nonce, NOW), at=NOW)
    here = login.sign(head, login.Statement("http://127.0.0.1:8080", nonce, NOW), at=NOW)
    path = f"/acts/{act}/identification/answer"
    answer = {"nonce": nonce, "login": base64.b64encode(elsewhere).decode()}
    assert problem(page.call(path, **answer)) == "challenge-changed"
    # A challenge is answered once.
    assert problem(page.call(path, nonce=nonce, login=base64.b64encode(here).decode())) == "challenge-unknown"
    nonce = page.call(f"/acts/{act}/identification").json()["nonce"]
    here = login.sign(head, login.Statement("http://127.0.0.1:8080", nonce, NOW), at=NOW)
    assert page.call(path, nonce=nonce, login=base64.b64encode(here).decode()).status_code == 200
    assert step(page, act) == "document"


def test_a_login_is_for_the_name_that_the_page_was_reached_by_and_for_its_own_challenge(
    portal: Portal, page: Browser, act: int, head: Party
) -> None:
    path = f"/acts/{act}/identification"

    def answer(origin: str, **more: str) -> str:
        nonce = page.call(path).json()["nonce"]
        signed = login.sign(head, login.Statement(origin, nonce, NOW), at=NOW)
        return problem(
            page.call(f"{path}/answer", **{"nonce": nonce, "login": base64.b64encode(signed).decode()} | more)
        )

    for origin in (
        "http://localhost:8080",
        "https://127.0.0.1:8080",
        "http://127.0.0.1",
        "http://127.0.0.1:8081",
    ):
        assert answer(origin) == "challenge-changed"
    assert answer("http://127.0.0.1:8080", nonce="A" * 32) == "challenge-unknown"
    assert answer("http://127.0.0.1:8080", login="") == "signature-unreadable"
    # A login where a signed text is expected, and a signed text where a login is.
    given = page.call(path).json()
    signed = login.sign(head, login.Statement("http://127.0.0.1:8080", given["nonce"], NOW), at=NOW)
    told = page.call(f"{path}/answer", nonce=given["nonce"], signature=base64.b64encode(signed).decode())
    assert problem(told) == "signature-unreadable"
    given = page.call(path).json()
    told = page.call(f"{path}/answer", nonce=given["nonce"], login=portals.sign(head, given["call"]))
    assert problem(told) == "challenge-changed"
    assert step(page, act) == "identification"


def test_identification_makes_a_new_session_cookie(
    portal: Portal, page: Browser, act: int, head: Party
) -> None:
    page.get(f"/acts/{act}/edo")
    planted = page.cookies["session"]
    assert page.identify(act, head).status_code == 200
    assert page.cookies["session"] != planted
    assert step(page, act) == "document"
    who_knew_it = Browser(portal.app)
    who_knew_it.cookies.set("session", planted)
    assert who_knew_it.get(f"/acts/{act}/edo").headers["location"].startswith("/login")


def test_the_window_begins_with_identification_and_points_to_egov(page: Browser, act: int) -> None:
    html = page.get(f"/acts/{act}/edo").text
    assert step(page, act) == "identification"
    assert 'href="https://egov.kz/' in html
    assert "AUTH_RSA256_" in html
    assert "GOST512_" in html
    assert page.status(act) == "new"


def test_the_challenge_names_origin_nonce_and_end(page: Browser, act: int) -> None:
    page.get(f"/acts/{act}/edo")
    given = page.call(f"/acts/{act}/identification").json()
    text = base64.b64decode(given["call"]["args"]["data"]).decode()
    assert "\norigin: http://127.0.0.1:8080\n" in text
    assert f"\nnonce: {given['nonce']}\n" in text
    assert "\nexpires: 2026-11-23T09:40:00Z\n" in text
    assert len(given["nonce"]) >= 32
    assert given["call"]["args"]["signerParams"]["chain"][0].startswith("-----BEGIN CERTIFICATE-----")


def test_the_challenge_names_the_public_origin_where_the_page_is_public(tmp_path: Path) -> None:
    portal = portals.new(tmp_path, public_name="https://portal.test:8443")
    page = Browser(portal.app, origin="https://portal.test:8443")
    page.log_in(ORGANISATION)
    given = page.call(f"/acts/{page.act()}/identification").json()
    text = base64.b64decode(given["call"]["args"]["data"]).decode()
    assert "origin: https://portal.test:8443\n" in text


@pytest.mark.parametrize("kind", ["gost", "auth"])
def test_either_kind_of_key_opens_the_document(page: Browser, act: int, head: Party, kind: str) -> None:
    key = head if kind == "gost" else portals.authentication_key(ORGANISATION)
    page.get(f"/acts/{act}/edo")
    assert page.identify(act, key).json() == {"person": "ӘБДІРАХМАНОВА ГҮЛНҰР ЕРКІНҚЫЗЫ"}
    assert step(page, act) == "document"
    assert page.status(act) == "viewed"
    assert "ӘБДІРАХМАНОВА ГҮЛНҰР ЕРКІНҚЫЗЫ" in page.get(f"/acts/{act}/edo").text


def test_a_sole_trader_identifies_with_their_own_key(portal: Portal) -> None:
    page = Browser(portal.app)
    page.log_in(ENTREPRENEUR)
    act = page.act()
    page.get(f"/acts/{act}/edo")
    assert problem(page.identify(act, portals.key(ORGANISATION))) == "key-of-another"
    assert page.identify(act, portals.key(ENTREPRENEUR)).status_code == 200


def test_keys_that_do_not_fit_are_refused_each_with_its_reason(page: Browser, act: int) -> None:
    page.get(f"/acts/{act}/edo")
    foreign = chains.issue("Басқа", "gost2015", key_of=chains.new_key("gost2015"), ca=True)
    for key, code in (
        (portals.key(None), "key-of-another"),
        (portals.key(ORGANISATION, end=NOW - timedelta(days=1)), "key-expired"),
        (portals.key(ORGANISATION, "p256"), "key-not-for-identification"),
        (portals.key(ORGANISATION, by=foreign), "authority-unknown"),
    ):
        response = page.identify(act, key)
        assert problem(response) == code
        assert all(len(fact) == 2 for fact in response.json()["facts"])
    assert step(page, act) == "identification"
    assert page.get("/history").text.count('data-kind="rejected"') == 4


def test_a_challenge_can_not_be_answered_twice(page: Browser, act: int, head: Party) -> None:
    page.get(f"/acts/{act}/edo")
    given = page.call(f"/acts/{act}/identification").json()
    answer = {"nonce": given["nonce"], "signature": portals.sign(head, given["call"])}
    assert page.call(f"/acts/{act}/identification/answer", **answer).status_code == 200
    assert problem(page.call(f"/acts/{act}/identification/answer", **answer)) == "challenge-unknown"


def test_a_failed_answer_uses_the_challenge_up(page: Browser, act: int, head: Party) -> None:
    page.get(f"/acts/{act}/edo")
    given = page.call(f"/acts/{act}/identification").json()
    path = f"/acts/{act}/identification/answer"
    assert problem(page.call(path, nonce=given["nonce"], signature="garbage")) == "signature-unreadable"
    good = portals.sign(head, given["call"])
    assert problem(page.call(path, nonce=given["nonce"], signature=good)) == "challenge-unknown"


def test_a_challenge_of_another_session_is_worth_nothing(
    portal: Portal, page: Browser, act: int, head: Party
) -> None:
    page.get(f"/acts/{act}/edo")
    given = page.call(f"/acts/{act}/identification").json()
    answer = {"nonce": given["nonce"], "signature": portals.sign(head, given["call"])}
    other = Browser(portal.app)
    other.log_in(ORGANISATION)
    other.get(f"/acts/{act}/edo")
    assert problem(other.call(f"/acts/{act}/identification/answer", **answer)) == "challenge-unknown"


def test_a_late_answer_is_refused(portal: Portal, page: Browser, act: int, head: Party) -> None:
    page.get(f"/acts/{act}/edo")
    given = page.call(f"/acts/{act}/identification").json()
    portal.clock.advance(sessions.CHALLENGE_FOR + timedelta(seconds=1))
    answer = {"nonce": given["nonce"], "signature": portals.sign(head, given["call"])}
    assert problem(page.call(f"/acts/{act}/identification/answer", **answer)) == "challenge-expired"


def test_the_text_of_another_challenge_does_not_identify(page: Browser, act: int, head: Party) -> None:
    page.get(f"/acts/{act}/edo")
    old = page.call(f"/acts/{act}/identification").json()
    new = page.call(f"/acts/{act}/identification").json()
    answer = {"nonce": new["nonce"], "signature": portals.sign(head, old["call"])}
    assert problem(page.call(f"/acts/{act}/identification/answer", **answer)) == "challenge-changed"


def test_another_key_can_be_chosen(page: Browser, act: int, head: Party) -> None:
    page.get(f"/acts/{act}/edo")
    page.identify(act, head)
    assert page.call(f"/acts/{act}/identification/forget").status_code == 200
    assert step(page, act) == "identification"


# --- signing ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(page: Browser, act: int, head: Party) -> Browser:
    page.get(f"/acts/{act}/edo")
    page.identify(act, head)
    page.get(f"/acts/{act}/edo")
    return page


def test_a_signed_act_is_kept_with_its_signature(ready: Browser, act: int, head: Party) -> None:
    given = ready.call(f"/acts/{act}/signature").json()
    pdf = base64.b64decode(given["call"]["args"]["data"])
    assert given["call"]["args"]["signingParams"]["encapsulate"] is False
    assert given["call"]["args"]["signerParams"]["bin"] == ORGANISATION.bin
    response = ready.call(f"/acts/{act}/signature/answer", signature=portals.sign(head, given["call"]))
    assert response.json() == {"status": "signed"}
    assert (step(ready, act), ready.status(act)) == ("done", "signed")

    html = ready.get(f"/acts/{act}/edo").text
    assert 'data-result="signed"' in html
    assert len(re.findall(r'id="(?:sign-act|refuse)" disabled', html)) == 2
    assert 'data-revocation="not-checked"' in html
    assert "Портал не подключен к удостоверяющему центру" in html
    assert "подтверждает только портал" in html

    document, signature = (ready.get(f"/acts/{act}/decision/{part}") for part in ("document", "signature"))
    assert document.content == pdf == ready.get(f"/acts/{act}/document.pdf").content
    assert "attachment" in document.headers["content-disposition"]
    (evidence,) = cms.verify(cms.read(signature.content), pdf)
    assert evidence.signature == "valid"
    with zipfile.ZipFile(io.BytesIO(ready.get(f"/acts/{act}/decision/bundle").content)) as archive:
        assert archive.namelist() == ["akt-5871-202610.pdf", "akt-5871-202610.pdf.cms"]
    kinds = re.findall(r'data-kind="(\w+)"', ready.get("/history").text)
    assert kinds[:5] == ["kept", "downloaded", "kept", "kept", "signed"]
    assert kinds[-3:] == ["viewed", "identified", "entered"]


def test_downloading_a_signed_act_leaves_its_status(ready: Browser, act: int, head: Party) -> None:
    ready.sign(act, head)
    ready.get(f"/acts/{act}/document.pdf")
    ready.get(f"/acts/{act}/edo")
    assert ready.status(act) == "signed"


def test_signatures_that_do_not_hold_change_nothing(ready: Browser, act: int, head: Party) -> None:
    given = ready.call(f"/acts/{act}/signature").json()["call"]
    other = {**given, "args": {**given["args"], "data": base64.b64encode(b"another act").decode()}}
    tampered = cms.read(portals.sign(head, given).encode()).der
    tampered = tampered[:-1] + bytes([tampered[-1] ^ 1])
    for signature, code in (
        (portals.sign(portals.key(None), given), "key-of-another"),
        (portals.sign(portals.key(ORGANISATION, end=NOW - timedelta(days=1)), given), "key-expired"),
        (portals.sign(portals.authentication_key(ORGANISATION), given), "key-not-for-signing"),
        (portals.sign(head, other), "other-document"),
        (cms.to_pem(tampered), "signature-broken"),
        ("", "signature-unreadable"),
    ):
        assert problem(ready.call(f"/acts/{act}/signature/answer", signature=signature)) == code
    assert ready.status(act) == "viewed"
    assert ready.get(f"/acts/{act}/decision/signature").status_code == 404


def test_nothing_is_signed_without_identification(
    page: Browser, act: int, head: Party, portal: Portal
) -> None:
    page.get(f"/acts/{act}/edo")
    for path, body in (
        ("signature", {}),
        ("signature/answer", {"signature": "x"}),
        ("refusal", {"reason": "because"}),
    ):
        assert problem(page.call(f"/acts/{act}/{path}", **body)) == "not-identified"
    page.identify(act, head)
    portal.clock.advance(sessions.IDENTIFIED_FOR + timedelta(seconds=1))
    assert problem(page.call(f"/acts/{act}/signature")) == "not-identified"


def test_a_decision_is_final(ready: Browser, act: int, head: Party) -> None:
    given = ready.call(f"/acts/{act}/signature").json()
    assert ready.sign(act, head).status_code == 200
    again = ready.call(f"/acts/{act}/signature/answer", signature=portals.sign(head, given["call"]))
    assert problem(again) == "act-closed"
    assert problem(ready.call(f"/acts/{act}/refusal", reason="changed my mind")) == "act-closed"


def test_calls_without_the_token_are_refused(ready: Browser, act: int) -> None:
    ready.token = "wrong"
    for path in (
        "identification",
        "identification/forget",
        "signature",
        "signature/answer",
        "refusal/answer",
    ):
        assert problem(ready.call(f"/acts/{act}/{path}", nonce="x")) == "forged-request"


def test_a_body_that_is_no_object_of_texts_is_refused(ready: Browser, act: int) -> None:
    headers = {"Accept": "application/json", "X-CSRF-Token": ready.token}
    for body in (b"[]", b"{", b'{"signature": 1}', b"\xff", b"[" * 100_000):
        response = ready.request("POST", f"/acts/{act}/signature/answer", content=body, headers=headers)
        assert (response.status_code, response.json()["problem"]) == (400, "signature-unreadable")


# --- refusing -----------------------------------------------------------------------------------------------------


def test_a_refusal_is_a_signed_text_with_number_digest_and_reason(
    ready: Browser, act: int, head: Party
) -> None:
    reason = "Сумма за роуминг\r\nне сходится <b>&"
    assert ready.refuse(act, head, reason).json() == {"status": "refused"}
    assert (step(ready, act), ready.status(act)) == ("done", "refused")
    document = ready.get(f"/acts/{act}/decision/document")
    text = document.content.decode()
    pdf = ready.get(f"/acts/{act}/document.pdf").content
    assert "№ 5871-202610" in text
    assert hashlib.sha256(pdf).hexdigest() in text
    assert "Причина: Сумма за роуминг не сходится <b>&\n" in text
    signature = ready.get(f"/acts/{act}/decision/signature").content
    assert cms.verify(cms.read(signature), document.content)[0].signature == "valid"
    html = ready.get(f"/acts/{act}/edo").text
    assert 'data-result="refused"' in html
    assert "Сумма за роуминг не сходится &lt;b&gt;&amp;" in html
    assert document.headers["content-disposition"] == 'attachment; filename="akt-5871-202610-otkaz.txt"'


@pytest.mark.parametrize("reason", ["", "  ", "а", "\x00\x01\u200b"])
def test_a_refusal_needs_a_reason(ready: Browser, act: int, reason: str) -> None:
    assert problem(ready.call(f"/acts/{act}/refusal", reason=reason)) == "reason-missing"


def test_a_reason_can_not_add_lines_of_its_own(ready: Browser, act: int) -> None:
    given = ready.call(
        f"/acts/{act}/refusal", reason="нет\nСумма акта: 0 тенге\u2028Код: 1" + "x" * 5000
    ).json()
    text = base64.b64decode(given["call"]["args"]["data"]).decode()
    assert len(re.findall(r"^Сумма акта", text, re.MULTILINE)) == 1
    assert max(len(line) for line in text.splitlines()) < 1100


def test_a_signed_refusal_of_another_reason_is_not_taken(ready: Browser, act: int, head: Party) -> None:
    old = ready.call(f"/acts/{act}/refusal", reason="first reason").json()
    new = ready.call(f"/acts/{act}/refusal", reason="second reason").json()
    answer = {"nonce": new["nonce"], "signature": portals.sign(head, old["call"])}
    assert problem(ready.call(f"/acts/{act}/refusal/answer", **answer)) == "other-document"
    answer = {"nonce": old["nonce"], "signature": portals.sign(head, old["call"])}
    assert problem(ready.call(f"/acts/{act}/refusal/answer", **answer)) == "challenge-unknown"


# --- inside the PDF, timestamps, revocation -----------------------------------------------------------------------


@pytest.fixture
def world() -> SimulatedAuthorities:
    return simulated_authorities.new(now=NOW)


@pytest.fixture(scope="module")
def issued() -> Signer:
    return portals.issued_key()


@pytest.fixture
def asking(tmp_path: Path, world: SimulatedAuthorities, issued: Signer) -> Browser:
    """At the second step, in a portal that asks authorities."""
    portal = portals.new(
        tmp_path / "asking", verifier=portals.asking(world), authorities_url="http://127.0.0.1:9"
    )
    page = Browser(portal.app)
    page.log_in(ORGANISATION)
    act = page.act()
    page.get(f"/acts/{act}/edo")
    page.identify(act, issued)
    page.get(f"/acts/{act}/edo")
    return page


def test_the_choice_begins_with_a_file_of_its_own(ready: Browser, act: int) -> None:
    html = ready.get(f"/acts/{act}/edo").text
    assert re.search(r'value="cms"[^>]* checked', html)
    assert not re.search(r'value="pdf"[^>]* checked', html)


def test_a_timestamp_is_offered_by_itself_where_there_are_authorities(
    ready: Browser, asking: Browser, act: int
) -> None:
    def is_ticked(page: Browser) -> bool:
        return bool(re.search(r'id="timestamp"[^>]* checked', page.get(f"/acts/{act}/edo").text))

    assert is_ticked(asking)
    assert not is_ticked(ready)


def test_an_act_is_signed_inside_its_pdf_with_a_timestamp(asking: Browser, act: int, issued: Signer) -> None:
    pdf = asking.get(f"/acts/{act}/document.pdf").content
    assert asking.sign(act, issued, format="pdf", timestamp="yes").json() == {"status": "signed"}
    html = asking.get(f"/acts/{act}/edo").text
    assert 'data-format="pdf"' in html
    assert f'src="/acts/{act}/decision/document?inside=edo' in html
    assert 'data-timestamp="2026-11-23T09:30:00+00:00"' in html
    assert "Доказано: 23.11.2026 14:30" in html
    assert "TIME-STAMPING AUTHORITY (GOST 2015)" in html
    assert 'data-revocation="good"' in html
    assert "Так ответил удостоверяющий центр, 23.11.2026 14:30" in html
    signed = asking.get(f"/acts/{act}/decision/document")
    assert signed.content.startswith(pdf)
    (evidence,) = pades.verify(signed.content)
    assert (evidence.signature, len(evidence.timestamps)) == ("valid", 1)
    assert asking.status(act) == "signed"


def test_a_refusal_may_have_a_timestamp_and_is_never_a_pdf(asking: Browser, act: int, issued: Signer) -> None:
    refused = asking.call(f"/acts/{act}/refusal", reason="because", format="pdf")
    assert (refused.status_code, problem(refused)) == (400, "bad-request")
    assert asking.refuse(act, issued, "because", timestamp="yes").json() == {"status": "refused"}
    html = asking.get(f"/acts/{act}/edo").text
    assert 'data-timestamp="2026-11-23T09:30:00+00:00"' in html


def test_a_format_that_is_not_offered_is_refused(ready: Browser, act: int) -> None:
    for path in ("signature", "signature/answer"):
        response = ready.call(f"/acts/{act}/{path}", format="xml")
        assert (response.status_code, problem(response)) == (400, "bad-request")


def test_pdfs_that_are_not_the_portals_own_with_a_signature_change_nothing(
    asking: Browser, act: int, issued: Signer
) -> None:
    call = asking.call(f"/acts/{act}/signature", format="pdf").json()["call"]
    other = {**call, "args": {**call["args"], "data": base64.b64encode(portals.act_pdf(1)).decode()}}
    signed = base64.b64decode(portals.sign(issued, call))
    for signature, code in (
        (portals.sign(issued, other), "other-document"),
        (base64.b64encode(signed + b"%%").decode(), "pdf-changed"),
        (call["args"]["data"], "signature-unreadable"),
        ("-----BEGIN CMS-----", "signature-unreadable"),
    ):
        answer = asking.call(f"/acts/{act}/signature/answer", signature=signature, format="pdf")
        assert problem(answer) == code
    assert asking.status(act) == "viewed"


@pytest.mark.parametrize("name", ["cms", "pdf"])
def test_a_timestamp_that_the_agent_forgot_is_missed(
    asking: Browser, act: int, issued: Signer, name: str
) -> None:
    wish = {"format": name, "timestamp": "yes"}
    call = asking.call(f"/acts/{act}/signature", **wish).json()["call"]
    signature = portals.sign(issued, call, with_timestamps=False)
    answer = asking.call(f"/acts/{act}/signature/answer", signature=signature, **wish)
    assert problem(answer) == "timestamp-missing"
    assert asking.sign(act, issued, format=name).status_code == 200


def test_a_key_that_is_revoked_after_the_identification_does_not_sign(
    asking: Browser, act: int, issued: Signer, world: SimulatedAuthorities
) -> None:
    world.revoke(issued.certificate, at=NOW - timedelta(minutes=1), reason="certificateHold")
    answer = asking.sign(act, issued, timestamp="yes")
    assert problem(answer) == "key-revoked"
    facts = dict(answer.json()["facts"])
    assert facts["Отозван"] == "23.11.2026 14:29"
    assert facts["Причина"] == "действие приостановлено"
    assert asking.status(act) == "viewed"


def test_authorities_that_do_not_answer_are_told_of_beside_the_signature(
    asking: Browser, act: int, issued: Signer, world: SimulatedAuthorities
) -> None:
    world.switch("ocsp", "http-500")
    world.switch("crl", "http-500")
    assert asking.sign(act, issued).status_code == 200
    html = asking.get(f"/acts/{act}/edo").text
    assert 'data-revocation="unreachable"' in html
    assert "Удостоверяющий центр не ответил" in html
