"""What every page works with: the portal's parts, and one visit with its session, language and database transaction."""

import contextlib
import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from demo import database, security, sessions, subscribers, texts
from demo.evidence import Verifier
from demo.keys import KeyFile
from demo.limits import LoginLimiter
from demo.problems import Problem, SignedOut, TextKey
from demo.settings import Settings
from demo.subscribers import Subscriber

SESSION_COOKIE = "session"
LANGUAGE_COOKIE = "language"
HERE = Path(__file__).parent


def environment() -> Environment:
    """Templates that escape everything and fail on a name that was not given."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(money=texts.money, date=texts.date, date_time=texts.date_time)
    return found


@dataclass(frozen=True, slots=True)
class Portal:
    """Everything that lives as long as the server."""

    settings: Settings
    clock: Callable[[], datetime]
    verifier: Verifier
    key_files: tuple[KeyFile, ...]
    limiter: LoginLimiter
    templates: Environment


class Visit:
    """One request: who asks, in which language, with an open transaction."""

    def __init__(self, request: Request, portal: Portal, db: Any, session: sessions.Session) -> None:
        self.request = request
        self.portal = portal
        self.db = db
        self.session = session
        self.at = portal.clock()
        self.language = language_of(request)

    @property
    def subscriber(self) -> Subscriber:
        """Raises: SignedOut."""
        if self.session.subscriber_id is None:
            raise SignedOut
        return subscribers.by_id(self.db, self.session.subscriber_id)

    @property
    def has_subscriber(self) -> bool:
        return self.session.subscriber_id is not None

    @property
    def origin(self) -> str:
        return origin_of(self.portal, self.request)

    def text(self, key: str, **values: object) -> str:
        return texts.text(self.language, key, **values)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        subscriber = self.subscriber if self.has_subscriber else None
        html = render(
            self.portal,
            self.request,
            self.language,
            template,
            subscriber=subscriber,
            csrf=self.session.csrf,
            **values,
        )
        return self.keep(HTMLResponse(html, status))

    def redirect(self, path: str) -> Response:
        return self.keep(RedirectResponse(path, 303))

    def keep(self, response: Response) -> Response:
        """Sends the session's cookie along where the browser does not have it yet."""
        if self.request.cookies.get(SESSION_COOKIE) != self.session.token:
            self.set_cookie(response, SESSION_COOKIE, self.session.token)
        return response

    def set_cookie(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        is_secure = self.origin.startswith("https:")
        response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="lax", secure=is_secure)


@contextlib.contextmanager
def visit(request: Request) -> Generator[Visit]:
    """A visit within a transaction. A visitor without a session gets one, so that forms have a token."""
    portal: Portal = request.app.state.portal
    at = portal.clock()
    with database.transaction(portal.settings.database) as db:
        token = request.cookies.get(SESSION_COOKIE, "")
        session = sessions.find(db, token, at=at) if token else None
        yield Visit(request, portal, db, session or sessions.begin(db, at=at))


def render(portal: Portal, request: Request, language: str, template: str, **values: Any) -> str:
    def text(key: str, **places: object) -> str:
        return texts.text(language, key, **places)

    given = {"subscriber": None, "csrf": "", **values}
    return portal.templates.get_template(template).render(
        t=text,
        language=language,
        languages=texts.LANGUAGES,
        path=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        section=request.url.path.split("/")[1],
        settings=portal.settings,
        **given,
    )


def origin_of(portal: Portal, request: Request) -> str:
    """Under which of the portal's own names it was asked; the gate lets no other through."""
    host = request.headers["host"]
    return next(origin for origin in portal.settings.origins if urlsplit(origin).netloc == host)


def language_of(request: Request) -> texts.Language:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    known = next((language for language in texts.LANGUAGES if language == chosen), None)
    return known or texts.choose(request.headers.get("accept-language", ""))


def local_path(text: str, default: str = "/acts") -> str:
    """The path if it leads to a page of the portal, else the default: nobody is sent elsewhere.

    A browser reads `//host` and `/\\host` as another site, and drops tabs and line ends before it looks.
    """
    is_local = text.startswith("/") and text[1:2] not in {"/", "\\"} and text.isprintable()
    return text if is_local else default


async def form(request: Request) -> Mapping[str, str]:
    """The text fields of a form; a repeated field counts once, files not at all."""
    async with request.form(max_files=0, max_fields=20) as data:
        return {name: value for name, value in data.items() if isinstance(value, str)}


async def json_body(request: Request) -> Mapping[str, str]:
    """The object that a page's script sent, with text values only.

    Raises: Problem.
    """
    try:
        body = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError) as error:
        raise Problem("signature-unreadable", status=400, technical="the body is not JSON") from error
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise Problem("signature-unreadable", status=400, technical="an object with text values expected")
    return body


def demand_csrf_header(found: Visit) -> None:
    """For calls of the portal's scripts. Raises: SignedOut, Problem."""
    if not found.has_subscriber:
        raise SignedOut
    sessions.demand_token(found.session, found.request.headers.get("x-csrf-token", ""))


def problem_json(request: Request, problem: Problem) -> Response:
    """What a script needs to show the problem: the code of a prepared text, and facts with their labels."""
    language = language_of(request)
    facts = [
        [texts.text(language, key), texts.text(language, value) if isinstance(value, TextKey) else value]
        for key, value in problem.facts
    ]
    return JSONResponse(
        {"problem": problem.code, "facts": facts, "technical": problem.technical}, problem.status
    )


def shown_pdf(content: bytes, name: str) -> Response:
    """A PDF for the browser's own viewer, in a window or in a frame of the portal's pages."""
    response = download(content, name, "application/pdf", inline=True)
    response.headers["Content-Security-Policy"] = security.PDF_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def download(content: bytes, name: str, media_type: str, *, inline: bool = False) -> Response:
    """A file under its name, which is plain ASCII here; a browser shows it only where `inline`."""
    if name != quote(name, safe=""):
        raise ValueError(f"'{name}' needs another encoding")
    disposition = "inline" if inline else "attachment"
    return Response(
        content, media_type=media_type, headers={"Content-Disposition": f'{disposition}; filename="{name}"'}
    )
