from datetime import timedelta
from pathlib import Path

import pytest

from demo import keys, limits, sample, sessions
from demo.sample import ENTREPRENEUR, ORGANISATION
from tests.support import portals
from tests.support.portals import Browser, Portal


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    return portals.new(tmp_path)


@pytest.fixture
def page(portal: Portal) -> Browser:
    return Browser(portal.app)


def test_the_login_page_tells_whom_to_enter_as(page: Browser) -> None:
    html = page.get("/login").text
    for person in sample.PEOPLE:
        assert person.phone in html
        assert person.password in html


def test_number_and_password_open_the_cabinet(page: Browser) -> None:
    page.get("/login")
    response = page.submit("/login", phone=ORGANISATION.phone, password=ORGANISATION.password)
    assert (response.status_code, response.headers["location"]) == (303, "/acts")
    assert "Көкжиек" in page.get("/acts").text


@pytest.mark.parametrize("spelling", ["+7 701 001 65 15", "7 (701) 001-65-15", "77010016515"])
def test_a_number_may_be_written_as_people_write_it(page: Browser, spelling: str) -> None:
    page.get("/login")
    assert page.submit("/login", phone=spelling, password=ORGANISATION.password).status_code == 303


def test_a_wrong_number_or_password_is_told_without_saying_which(page: Browser) -> None:
    page.get("/login")
    answers = [
        page.submit("/login", phone=phone, password="wrong").text.replace(phone, "")
        for phone in (ORGANISATION.phone, "77000000000")
    ]
    assert all("Номер или пароль не подошли" in answer for answer in answers)
    assert "11 цифр" in page.submit("/login", phone="87010016515", password="x").text


def test_guessing_is_slowed_down(page: Browser, portal: Portal) -> None:
    page.get("/login")
    for _ in range(limits.ATTEMPTS):
        assert page.submit("/login", phone=ORGANISATION.phone, password="wrong").status_code == 403
    refused = page.submit("/login", phone=ORGANISATION.phone, password=ORGANISATION.password)
    assert refused.status_code == 429
    assert "Подождите 5 минут" in refused.text
    assert page.submit("/login", phone=ENTREPRENEUR.phone, password=ENTREPRENEUR.password).status_code == 303
    page.get("/acts")
    page.submit("/logout")
    portal.clock.advance(limits.WINDOW)
    page.get("/login")
    assert page.submit("/login", phone=ORGANISATION.phone, password=ORGANISATION.password).status_code == 303


def test_forms_without_the_token_are_refused(page: Browser) -> None:
    page.get("/login")
    fields = {"phone": ORGANISATION.phone, "password": ORGANISATION.password}
    for token in ("", "wrong"):
        response = page.submit("/login", **{**fields, "csrf": token})
        assert response.status_code == 403
        assert "Страница устарела" in response.text
    page.log_in(ORGANISATION)
    for path in ("/logout", "/language"):
        assert page.submit(path, csrf="wrong").status_code == 403


def test_entering_changes_the_session(page: Browser) -> None:
    page.get("/login")
    before, token = page.cookies["session"], page.token
    page.submit("/login", phone=ORGANISATION.phone, password=ORGANISATION.password)
    assert page.cookies["session"] != before
    page.get("/acts")
    assert page.token != token


def test_leaving_closes_the_cabinet(page: Browser) -> None:
    page.log_in(ORGANISATION)
    old = page.cookies["session"]
    assert page.submit("/logout").headers["location"] == "/login"
    assert page.get("/acts").status_code == 303
    page.cookies.set("session", old, domain="127.0.0.1")
    assert page.get("/acts").status_code == 303


def test_a_session_ends_by_itself(page: Browser, portal: Portal) -> None:
    page.log_in(ORGANISATION)
    portal.clock.advance(sessions.IDLE + timedelta(seconds=1))
    assert page.get("/acts").headers["location"] == "/login?next=/acts"


def test_a_person_comes_back_to_the_page_they_wanted_and_never_elsewhere(page: Browser) -> None:
    page.get("/login?next=/history")
    fields = {"phone": ORGANISATION.phone, "password": ORGANISATION.password}
    assert page.submit("/login", **fields, next="/history").headers["location"] == "/history"
    page.get("/acts")
    page.submit("/logout")
    page.get("/login?next=//evil.example")
    assert page.submit("/login", **fields, next="//evil.example/").headers["location"] == "/acts"
    assert page.get("/login?next=/\\evil.example").headers["location"] == "/acts"


def test_the_language_is_remembered(page: Browser) -> None:
    page.log_in(ORGANISATION)
    response = page.submit("/language", language="kk", next="/acts?year=2025")
    assert response.headers["location"] == "/acts?year=2025"
    html = page.get("/acts").text
    assert '<html lang="kk">' in html
    assert "Орындалған жұмыстар актісі" in html
    page.submit("/language", language="xx")
    assert '<html lang="kk">' in page.get("/acts").text
    assert page.submit("/language", language="en", next="https://evil.example").headers["location"] == "/acts"


def test_the_keys_page_tells_folder_files_and_password(page: Browser, portal: Portal) -> None:
    html = page.get("/keys").text
    assert str(portal.settings.keys_dir.resolve()) in html
    for key in keys.KEY_FILES:
        assert f'data-file="{key.file}"' in html
        assert key.owner in html
        assert key.password in html
