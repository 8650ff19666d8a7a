"""What to do with an HTTP request: open a conversation, show the status page, or refuse. Pure.

The Host header must name this computer and our port, or a page could reach us under a name of its own (DNS rebinding). The
Origin header says which page asks, and is believed because browsers don't let pages set it; two of them are an attack on somebody's
parser. Programs send none. The path is ignored for conversations: clients in the field use several.

The rules are the same with TLS and without. Only the status page is shown with TLS alone: that it is seen is the proof that this
browser trusts us.
"""

import email.utils
import http
from collections.abc import Iterable
from typing import Literal, TypeAlias

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from agent.origins import Origin
from agent.server import callers, status_page
from agent.server.callers import Refusal
from agent.server.status_page import StatusPage

# "plain-off": without TLS, although the settings don't let pages in like that.
Way: TypeAlias = Literal["tls", "plain", "plain-off"]

_DEFAULT_PORTS: dict[Way, int] = {"tls": 443, "plain": 80, "plain-off": 80}
_USE_TLS = """\
Мұнда тек https пен wss: https://127.0.0.1:{port}/
Здесь только https и wss: https://127.0.0.1:{port}/
Only https and wss here: https://127.0.0.1:{port}/
"""


def judge(request: Request, port: int, page: StatusPage, *, way: Way = "tls") -> Origin | Response:
    """The origin of a request that asks for a conversation and may have it, else the response. `way`: how it came in."""
    refusal = callers.host_refusal(request.headers.get_all("Host"), port, _DEFAULT_PORTS[way])
    if refusal is not None:
        return respond(refusal.status, refusal.text)
    if way == "plain-off":
        return respond(400, _USE_TLS.format(port=port))
    found = request.headers.get_all("Origin")
    if len(found) > 1 or request.headers.get_all("Upgrade"):
        origin = callers.origin_of(found)
        return respond(origin.status, origin.text) if isinstance(origin, Refusal) else origin
    return _without_conversation(request, port, page, way)


def respond(status: int, text: str, extra: Iterable[tuple[str, str]] = ()) -> Response:
    """A short plain answer, after which the connection closes."""
    return _response(status, text.encode(), [("Content-Type", "text/plain; charset=utf-8"), *extra])


def _without_conversation(request: Request, port: int, page: StatusPage, way: Way) -> Response:
    """The answer to a request that does not ask for a conversation."""
    if request.method not in {"GET", "HEAD"}:
        return respond(405, "Only GET and HEAD.\n", [("Allow", "GET, HEAD")])
    accepted = request.headers.get_all("Accept-Language")
    body = page.find(request.path, accepted[0] if accepted else None)
    if body is None:
        return respond(404, "Nothing here.\n")
    if way != "tls":
        if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
            # A page that asks whether we run: sent on, it could not tell that from a certificate that its browser does not trust.
            return respond(400, _USE_TLS.format(port=port))
        return respond(307, _USE_TLS.format(port=port), [("Location", f"https://127.0.0.1:{port}/")])
    response = _response(200, body, status_page.headers())
    return (
        response if request.method == "GET" else Response(200, response.reason_phrase, response.headers, b"")
    )


def _response(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    always = [
        ("Date", email.utils.formatdate(usegmt=True)),
        ("Connection", "close"),
        ("Cache-Control", "no-store"),
        ("Content-Length", str(len(body))),
    ]
    return Response(status, http.HTTPStatus(status).phrase, Headers([*always, *headers]), body)
