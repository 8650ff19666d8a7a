"""What every answer carries and every request must pass, before any page is asked.

Host and Origin are compared with the portal's own names (DNS rebinding, forged requests), bodies are limited, and answers forbid the
browser what the portal never does: foreign scripts, inline code, framing by others, guessing of types.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo.settings import Settings

# A signed act comes back in base64: its PDF of 100 KiB or so, and as much again for the stamp with its fonts.
BODY_LIMIT = 1024 * 1024
# A PDF is shown by the browser's own viewer, which lives by its own rules; it may stand in the portal's pages only.
PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'"


def policy(settings: Settings) -> str:
    """The Content-Security-Policy of pages: own files only, the agent's socket, and its plain address, which tells an agent that
    is not trusted from one that does not run (sdk/README.md)."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {settings.agent_url} {settings.agent_plain_page}",
            "frame-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def headers(settings: Settings) -> Mapping[str, str]:
    """Headers of every answer that has not set its own."""
    found = {
        "Content-Security-Policy": policy(settings),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # The agent listens on loopback: Chromium asks the person for this very permission (Local Network Access).
        "Permissions-Policy": "loopback-network=(self), local-network-access=(self), camera=(), microphone=(), geolocation=()",
        "Cache-Control": "no-store",
    }
    if settings.is_tls:
        found["Strict-Transport-Security"] = "max-age=86400"
    return found


class Gate:
    """ASGI middleware: the checks above, around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.headers = headers(settings)
        self.origins = frozenset(settings.origins)
        self.hosts = frozenset(origin.split("://", 1)[1] for origin in settings.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    found.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        await self.app(scope, _limited(receive), send_with_headers)

    def _refusal(self, method: str, request: Headers) -> PlainTextResponse | None:
        if request.get("host", "") not in self.hosts:
            return PlainTextResponse("this server does not answer under that name", 421)
        if (
            method not in {"GET", "HEAD"}
            and request.get("origin", next(iter(self.origins))) not in self.origins
        ):
            return PlainTextResponse("a request from another site", 403)
        length = request.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_LIMIT:
            return PlainTextResponse("too large", 413)
        return None


class TooLarge(Exception):
    """A body without a stated length went past the limit."""


def _limited(receive: Receive) -> Receive:
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_LIMIT:
            raise TooLarge
        return message

    return limited
