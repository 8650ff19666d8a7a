"""The page at https://127.0.0.1:13579/: where a person sees that the agent runs and that the browser trusts it. Pure.

It holds no script, no secret and nothing that changes: any site can make a browser load it, none can read or frame it.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

PATHS: Final = frozenset(
    {"/", "/index.html", "/basics/index.html"}
)  # the last one is where older agents have theirs

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1.5rem;color:#1c2733;background:#fff}"
    "h1{font-size:1.6rem;margin:0 0 .25rem}"
    "p{margin:.5rem 0}"
    ".version{color:#5b6875}"
    ".simulation{border:2px solid #b3261e;border-radius:6px;padding:.75rem 1rem}"
    "@media(prefers-color-scheme:dark){body{color:#e6ebf0;background:#14191f}.version{color:#9aa7b4}}"
)
_RUNNING = (
    ("kk", "Қаламсап жұмыс істеп тұр. Бұл браузер оған сенеді, сайттар құжатқа қол қоюды сұрай алады."),
    ("ru", "Каламсап работает. Этот браузер ему доверяет, сайты могут просить подписать документы."),
    ("en", "Qalamsap is running. This browser trusts it, and sites can ask for documents to be signed."),
)
_SIMULATION = (
    ("kk", "Бұл симуляция: адамның орнына сценарий жауап береді, тек сынақ кілттері қолданылады."),
    ("ru", "Это симуляция: вместо человека отвечает сценарий, используются только тестовые ключи."),
    ("en", "This is a simulation: a script answers in place of a person, with test keys only."),
)


@dataclass(frozen=True, slots=True)
class StatusPage:
    """The page for this version; `is_simulation` makes it say so."""

    version: str
    is_simulation: bool = False

    def body(self) -> bytes:
        notice = ""
        if self.is_simulation:
            notice = f'<div class="simulation">{_paragraphs(_SIMULATION)}</div>'
        return (
            '<!doctype html><html lang="kk"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>Qalamsap</title><style>{_STYLE}</style></head><body>"
            f'<h1>Қаламсап</h1><p class="version">Qalamsap {self.version}</p>'
            f"{notice}{_paragraphs(_RUNNING)}</body></html>\n"
        ).encode()


def _paragraphs(texts: tuple[tuple[str, str], ...]) -> str:
    return "".join(f'<p lang="{language}">{text}</p>' for language, text in texts)


def headers() -> list[tuple[str, str]]:
    """The headers that keep the page from being framed, read by other sites, cached, or given anything to run."""
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        (
            "Content-Security-Policy",
            f"default-src 'none'; style-src 'sha256-{style}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        ("X-Frame-Options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
    ]
