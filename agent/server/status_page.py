"""The pages at https://127.0.0.1:13579/: where a person sees that the agent runs and that the browser trusts it, and what errors
mean. Pure.

They hold no script, no secret and nothing that changes: any site can make a browser load them, none can read or frame them, and any
program on this computer can read them.
"""

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

from agent.server.status_texts import EXTENSION_LANGUAGES, EXTENSIONS, WORDS, Section, Words
from protocol.prompts import Language
from protocol.v1.sentences import MEANINGS

PATHS: Final = frozenset(
    {"/", "/index.html", "/basics/index.html"}
)  # the last one is where older agents have theirs
HELP_PATH: Final = "/help"
_OTHERWISE: Final[Language] = "ru"

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:6vh auto 4rem;padding:0 1.5rem;color:#1c2733;background:#fff}"
    "nav{display:flex;gap:1rem;font-size:.9rem}nav [aria-current]{color:inherit;text-decoration:none;font-weight:600}"
    "h1{font-size:1.75rem;margin:1.5rem 0 0}h2{font-size:1.15rem;margin:2rem 0 .25rem}h3{font-size:1rem;margin:1.25rem 0 0}"
    "p,ol{margin:.5rem 0}ol{padding-left:1.5rem}li{margin:.25rem 0}"
    "a{color:#0b5cad}code{font:.9em ui-monospace,monospace;background:#eef1f4;border-radius:4px;padding:.1em .3em;overflow-wrap:anywhere}"
    ".version{color:#5b6875;margin:0}"
    ".state{border-left:4px solid #1f7a4d;padding:.25rem 0 .25rem 1rem;font-size:1.1rem}"
    ".simulation{border:2px solid #b3261e;border-radius:6px;padding:.75rem 1rem}"
    "table{border-collapse:collapse;margin:.75rem 0;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .75rem .4rem 0;"
    "border-bottom:1px solid #d5dbe1}th{font-weight:600}"
    ":target{background:#fff4cf;outline:.5rem solid #fff4cf}"
    "@media(prefers-color-scheme:dark){body{color:#e6ebf0;background:#14191f}.version{color:#9aa7b4}a{color:#7db8f5}"
    "code{background:#232b33}th,td{border-color:#39434d}:target{background:#3f3510;outline-color:#3f3510}}"
)
_TYPED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class StatusPage:
    """The pages for this version; `is_simulation` makes them say so."""

    version: str
    is_simulation: bool = False

    def find(self, target: str, accept_language: str | None = None) -> bytes | None:
        """The page that a request wants, in the language of its query or of the browser; None where there is none."""
        path, _, query = target.partition("?")
        if path not in PATHS and path != HELP_PATH:
            return None
        language = _asked_for(query) or _preferred(accept_language or "")
        return self.body(language) if path in PATHS else self.help(language)

    def body(self, language: Language = _OTHERWISE) -> bytes:
        """The main page."""
        words = WORDS[language]
        notice = ""
        if self.is_simulation:
            notice = f'<p class="simulation">{_text(words.simulation)}</p>'
        content = (
            f"<h1>{_text(words.title)}</h1>"
            f'<p class="version">Qalamsap, {_text(words.version.format(self.version))}</p>'
            f'{notice}<p class="state">{_text(words.running)}</p>'
            f"{''.join(map(_section, words.sections))}"
            f"{_section(words.extensions)}{_extensions(words, language)}"
            f'<p><a href="{HELP_PATH}?lang={language}">{_text(words.help)}</a></p>'
        )
        return _document(words.title, language, "/", content)

    def help(self, language: Language = _OTHERWISE) -> bytes:
        """What each error code means; a code is the name of its place on the page."""
        words = WORDS[language]
        meanings = "".join(
            f'<section id="{code}"><h3><code>{code}</code></h3><p>{_text(meaning.sentence(language))}</p></section>'
            for code, meaning in MEANINGS.items()
        )
        content = (
            f"<h1>{_text(words.help_title)}</h1><p>{_text(words.help_text)}</p>{meanings}"
            f'<p><a href="/?lang={language}">{_text(words.back)}</a></p>'
        )
        return _document(words.help_title, language, HELP_PATH, content)


def headers() -> list[tuple[str, str]]:
    """The headers that keep the pages from being framed, read by other sites, cached, or given anything to run."""
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
        ("Vary", "Accept-Language"),
    ]


def _asked_for(query: str) -> Language | None:
    try:
        wanted = parse_qs(query, max_num_fields=16).get("lang", [""])[0]
    except ValueError:
        return None
    return next((language for language in WORDS if language == wanted), None)


def _preferred(accept_language: str) -> Language:
    """The first language of ours in an Accept-Language header (RFC 9110 section 12.5.4); browsers send the best one first."""
    for each in accept_language.split(",")[:16]:
        wanted = each.partition(";")[0].strip().lower().partition("-")[0]
        for language in WORDS:
            if language == wanted:
                return language
    return _OTHERWISE


def _document(title: str, language: Language, path: str, content: str) -> bytes:
    links = "".join(
        f'<a href="{path}?lang={each}" lang="{each}" hreflang="{each}"'
        f"{' aria-current=true' if each == language else ''}>{_text(words.name)}</a>"
        for each, words in WORDS.items()
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head>"
        f"<body><nav>{links}</nav><main>{content}</main></body></html>\n"
    ).encode()


def _section(section: Section) -> str:
    paragraphs = "".join(f"<p>{_text(each)}</p>" for each in section.paragraphs)
    steps = "".join(f"<li>{_text(each)}</li>" for each in section.steps)
    return f"<h2>{_text(section.heading)}</h2>{paragraphs}{f'<ol>{steps}</ol>' if steps else ''}"


def _extensions(words: Words, language: Language) -> str:
    column = EXTENSION_LANGUAGES.index(language)
    rows = "".join(
        f"<tr><td><code>{_text(module)}</code></td><td>{_text(users[column])}</td></tr>"
        for module, users in EXTENSIONS
    )
    head = f"<tr><th>{_text(words.module)}</th><th>{_text(words.used_by)}</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _text(text: str) -> str:
    return _TYPED.sub(r"<code>\1</code>", html.escape(text))
