from pathlib import Path

import pytest

from demo import app, sample
from demo.pages import cabinet
from tests.support import portals
from tests.support.portals import Browser


@pytest.fixture
def page(tmp_path: Path) -> Browser:
    return Browser(portals.new(tmp_path).app)


def test_nothing_of_the_cabinet_is_shown_to_a_stranger(page: Browser) -> None:
    for path in (
        "/acts",
        "/history",
        "/acts/1/document.pdf",
        "/acts/1/edo",
        "/acts/1/decision/bundle",
        *cabinet.ABSENT_TABS,
    ):
        response = page.get("/" + path.lstrip("/"))
        assert (response.status_code, response.headers["location"]) == (
            303,
            f"/login?next=/{path.lstrip('/')}",
        )
    for path in ("identification", "signature", "refusal", "identification/answer"):
        response = page.call(f"/acts/1/{path}", reason="because")
        assert (response.status_code, response.json()["problem"]) == (401, "signed-out")


def test_pages_get_the_very_client_that_others_get(page: Browser) -> None:
    scripts = sorted((Path(app.__file__).parent.parent / "sdk/src").glob("*.js"))
    assert "index.js" in {script.name for script in scripts}
    for script in scripts:
        response = page.get(f"/static/sdk/{script.name}")
        assert response.content == script.read_bytes()
        assert response.headers["content-type"].startswith("text/javascript")


def test_an_address_that_does_not_exist_gives_a_page_in_the_persons_language(page: Browser) -> None:
    response = page.get("/nowhere", headers={"Accept-Language": "kk"})
    assert response.status_code == 404
    assert "Мұндай бет жоқ" in response.text


def test_a_mistake_of_ours_gives_a_page_and_no_traceback(
    page: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.log_in(sample.ORGANISATION)
    monkeypatch.setattr(cabinet.acts, "years", lambda *_: 1 / 0)
    response = page.get("/acts")
    assert response.status_code == 500
    assert "На портале произошла ошибка" in response.text
    assert "ZeroDivisionError" not in response.text


def test_a_script_gets_its_errors_as_json(page: Browser) -> None:
    page.log_in(sample.ORGANISATION)
    response = page.call("/acts/999/identification")
    assert (response.status_code, response.json()["problem"]) == (404, "not-found")
    assert page.request("PUT", "/acts", headers={"Accept": "application/json"}).status_code == 405


def test_the_start_page_is_the_list(page: Browser) -> None:
    assert page.get("/").headers["location"] == "/acts"
