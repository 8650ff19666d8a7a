"""Coming in, going out, choosing a language, and the keys to try the portal with."""

import re
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from demo import history, limits, sample, sessions, subscribers, texts, web

PHONE = re.compile(r"7\d{10}")
A_YEAR_S = 365 * 24 * 3600


def login_page(request: Request) -> Response:
    with web.visit(request) as visit:
        target = web.local_path(request.query_params.get("next", ""))
        if visit.has_subscriber:
            return visit.redirect(target)
        return _login_form(visit, target)


async def login(request: Request) -> Response:
    given = await web.form(request)
    return await run_in_threadpool(_login, request, given)


def _login(request: Request, given: Mapping[str, str]) -> Response:
    phone = re.sub(r"[\s()+-]", "", given.get("phone", ""))
    target = web.local_path(given.get("next", ""))
    limiter = request.app.state.portal.limiter
    with web.visit(request) as visit:
        if not sessions.is_token(visit.session, given.get("csrf", "")):
            # A login page that lay open for an hour is no attack; its visitor gets a fresh one.
            return _login_form(visit, target, phone=phone[:20], error="login.error.stale", status=403)
        if not PHONE.fullmatch(phone):
            return _login_form(
                visit, target, phone=given.get("phone", "")[:40], error="login.error.phone", status=422
            )
        if limiter.wait_until(phone, visit.at):
            minutes = int(limits.WINDOW.total_seconds() // 60)
            return _login_form(
                visit, target, phone=phone, error="login.error.wait", minutes=minutes, status=429
            )
        subscriber = subscribers.by_phone_and_password(visit.db, phone, given.get("password", "")[:200])
        if subscriber is None:
            limiter.failed(phone, visit.at)
            return _login_form(visit, target, phone=phone, error="login.error.wrong", status=403)
        limiter.succeeded(phone)
        # A new token: whoever knew the old one stays outside.
        sessions.end(visit.db, visit.session)
        visit.session = sessions.begin(visit.db, at=visit.at, subscriber_id=subscriber.id)
        history.record(visit.db, subscriber.id, "entered", at=visit.at)
        return visit.redirect(target)


def _login_form(
    visit: web.Visit, target: str, *, phone: str = "", error: str = "", minutes: int = 0, status: int = 200
) -> Response:
    people = [(person, visit.text(f"login.demo.{person.kind}")) for person in sample.PEOPLE]
    return visit.page(
        "login.html", status=status, target=target, phone=phone, error=error, minutes=minutes, people=people
    )


async def logout(request: Request) -> Response:
    given = await web.form(request)

    def leave() -> Response:
        with web.visit(request) as visit:
            sessions.demand_token(visit.session, given.get("csrf", ""))
            sessions.end(visit.db, visit.session)
            visit.session = sessions.begin(visit.db, at=visit.at)
            return visit.redirect("/login")

    return await run_in_threadpool(leave)


async def language(request: Request) -> Response:
    given = await web.form(request)

    def choose() -> Response:
        with web.visit(request) as visit:
            sessions.demand_token(visit.session, given.get("csrf", ""))
            response = visit.redirect(web.local_path(given.get("next", "")))
            if given.get("language") in texts.LANGUAGES:
                visit.set_cookie(response, web.LANGUAGE_COOKIE, given["language"], A_YEAR_S)
            return response

    return await run_in_threadpool(choose)


def keys(request: Request) -> Response:
    """Where the keys lie and which one does what; open to everybody, as it is only of use on this machine."""
    with web.visit(request) as visit:
        return visit.page(
            "keys.html",
            folder=str(visit.portal.settings.keys_dir.resolve()),
            key_files=visit.portal.key_files,
        )
