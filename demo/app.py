"""The portal as an ASGI application: its addresses, and how errors become pages."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ExceptionHandler

from demo import keys, web
from demo.evidence import Verifier
from demo.limits import LoginLimiter
from demo.pages import cabinet, decision, edo, entrance
from demo.problems import Problem, SignedOut
from demo.security import Gate, TooLarge
from demo.settings import Settings

STATIC = Path(__file__).parent / "static"
# The client of the agent. Building the package copies it to where it is installed (setup.py); a source tree has it once.
SDK = next(path for path in (STATIC / "sdk", STATIC.parent.parent / "sdk" / "src") if path.is_dir())


def build(settings: Settings, verifier: Verifier, clock: Callable[[], datetime]) -> Starlette:
    """The application over a data folder that `prepare.data_dir` has filled."""
    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Gate, settings=settings)],
        exception_handlers=_handlers(),
    )
    app.state.portal = web.Portal(
        settings=settings,
        clock=clock,
        verifier=verifier,
        key_files=keys.KEY_FILES,
        limiter=LoginLimiter(),
        templates=web.environment(),
    )
    return app


def _routes() -> list[Route | Mount]:
    act = "/acts/{act_id:int}"
    return [
        Route("/", cabinet.home),
        Route("/login", entrance.login_page, methods=["GET"]),
        Route("/login", entrance.login, methods=["POST"]),
        Route("/logout", entrance.logout, methods=["POST"]),
        Route("/language", entrance.language, methods=["POST"]),
        Route("/keys", entrance.keys),
        Route("/acts", cabinet.act_list),
        Route("/history", cabinet.event_list),
        *(Route(f"/{tab}", cabinet.absent) for tab in cabinet.ABSENT_TABS),
        Route(f"{act}/document.pdf", cabinet.document),
        Route(f"{act}/edo", edo.window),
        Route(f"{act}/identification", edo.begin_identification, methods=["POST"]),
        Route(f"{act}/identification/answer", edo.answer_identification, methods=["POST"]),
        Route(f"{act}/identification/forget", edo.forget_identification, methods=["POST"]),
        Route(f"{act}/signature", edo.begin_signature, methods=["POST"]),
        Route(f"{act}/signature/answer", edo.answer_signature, methods=["POST"]),
        Route(f"{act}/refusal", edo.begin_refusal, methods=["POST"]),
        Route(f"{act}/refusal/answer", edo.answer_refusal, methods=["POST"]),
        Route(f"{act}/decision/card", decision.document_card),
        Route(f"{act}/decision/{{part}}", decision.file),
        Mount("/static/sdk", StaticFiles(directory=SDK)),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _handlers() -> dict[int | type[Exception], ExceptionHandler]:
    def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        if _is_from_script(request):
            return web.problem_json(request, error)
        return _error_page(request, error.status, error.code)

    def signed_out(request: Request, _: Exception) -> Response:
        if _is_from_script(request):
            return JSONResponse({"problem": "signed-out", "facts": [], "technical": ""}, 401)
        return RedirectResponse(
            f"/login?next={request.url.path}" if request.method == "GET" else "/login", 303
        )

    def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _error_page(
            request, error.status_code, "not-found" if error.status_code == 404 else "bad-request"
        )

    def too_large(request: Request, _: Exception) -> Response:
        return _error_page(request, 413, "bad-request")

    def broken(request: Request, _: Exception) -> Response:
        return _error_page(request, 500, "portal-error")

    return {
        Problem: problem,
        SignedOut: signed_out,
        HTTPException: http_error,
        TooLarge: too_large,
        500: broken,
    }


def _is_from_script(request: Request) -> bool:
    return request.headers.get("accept", "") == "application/json" or request.headers.get("x-part") == "rows"


def _error_page(request: Request, status: int, code: str) -> Response:
    """A page that needs no session and no database: they may be what failed."""
    if _is_from_script(request):
        return JSONResponse({"problem": code, "facts": [], "technical": f"HTTP {status}"}, status)
    portal = request.app.state.portal
    return HTMLResponse(
        web.render(portal, request, web.language_of(request), "error.html", code=code), status
    )
