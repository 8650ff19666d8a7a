import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from demo import app, sample, security
from demo.settings import Settings
from tests.support import portals
from tests.support.portals import Browser

DEMO = Path(security.__file__).parent


@pytest.fixture
def page(tmp_path: Path) -> Browser:
    return Browser(portals.new(tmp_path).app)


def test_every_answer_carries_the_headers(page: Browser) -> None:
    page.log_in(sample.ORGANISATION)
    for path in (
        "/login",
        "/acts",
        "/static/edo.js",
        "/static/sdk/index.js",
        "/nowhere",
        "/acts/1/document.pdf",
        "/acts/1/edo",
    ):
        headers = page.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "loopback-network=(self)" in headers["permissions-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


def test_the_policy_allows_own_files_and_the_agent_only(page: Browser) -> None:
    policy = dict(
        part.split(" ", 1) for part in page.get("/login").headers["content-security-policy"].split("; ")
    )
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' wss://127.0.0.1:13579/ http://127.0.0.1:13579/"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)


def test_pages_contain_nothing_that_the_policy_forbids() -> None:
    for template in (DEMO / "templates").glob("*.html"):
        source = template.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)", source), template
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|\|\s*safe|autoescape", source), template
        assert not re.search(r"(?:src|href)=\"https?://(?!egov\.kz)", source), template
    for script in (*(DEMO / "static").glob("*.js"), *app.SDK.glob("*.js")):
        source = script.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|eval\(|document\.write", source), script


def test_only_the_pdf_may_stand_in_a_frame_and_only_in_ours(page: Browser) -> None:
    page.log_in(sample.ORGANISATION)
    pdf, html = page.get("/acts/1/document.pdf").headers, page.get("/acts/1/edo").headers
    assert (pdf["x-frame-options"], html["x-frame-options"]) == ("SAMEORIGIN", "DENY")
    assert "frame-ancestors 'self'" in pdf["content-security-policy"]


def test_another_name_is_not_answered(page: Browser) -> None:
    assert page.get("/login", headers={"Host": "evil.example"}).status_code == 421
    assert page.get("/login", headers={"Host": "127.0.0.1:9999"}).status_code == 421
    assert page.get("/login", headers={"Host": "localhost:8080"}).status_code == 200


def test_a_form_of_another_site_is_refused(page: Browser) -> None:
    page.get("/login")
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        response = page.request("POST", "/login", data={"csrf": page.token}, headers={"Origin": origin})
        assert response.status_code == 403, origin
    assert page.request(
        "POST", "/login", data={"csrf": page.token}, headers={"Origin": "http://127.0.0.1:8080"}
    )


def test_a_body_past_the_limit_is_refused_stated_or_not(page: Browser) -> None:
    page.get("/login")
    large = b"x" * (security.BODY_LIMIT + 1)
    assert page.request("POST", "/login", content=large).status_code == 413

    async def unstated() -> AsyncIterator[bytes]:
        for _ in range(20):
            await asyncio.sleep(0)
            yield b"x" * (security.BODY_LIMIT // 10)

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert page.request("POST", "/login", content=unstated(), headers=headers).status_code == 413
    assert page.request("POST", "/login", headers={"Content-Length": "x"}).status_code == 413


def test_https_is_remembered_and_cookies_become_secure(tmp_path: Path) -> None:
    settings = Settings(tmp_path, 8443, is_tls=True)
    assert "Strict-Transport-Security" in security.headers(settings)
    portal = portals.new(tmp_path, public_name="https://portal.test:8443")
    public = Browser(portal.app, origin="https://portal.test:8443").get("/login")
    assert "; secure" in public.headers["set-cookie"].lower()
    assert "; secure" not in Browser(portal.app).get("/login").headers["set-cookie"].lower()


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(page: Browser) -> None:
    cookie = page.get("/login").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert isinstance(page.cookies, httpx.Cookies)
