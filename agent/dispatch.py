"""A page's frame in, the reply out: the one place where errors become replies.

What needs no key, window or foreign parser is answered here and starts no process. All else goes to a worker: short frames
after a look that tells which they are, frames over DECODE_BYTES unread, because reading a document of 64 MiB would hold up the
heartbeats of every page.
"""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from agent import logs
from agent.errors import AgentError
from agent.workers import Approval, WorkerCrashed, Workers
from protocol import codec, messages, work
from protocol.errors import BadCall
from protocol.prompts import Language

DECODE_BYTES = 256 * 1024
MAX_LANGUAGES = 256
_LAST_RESORT = '{"success":false,"errorCode":"INTERNAL_ERROR"}'

_log = logging.getLogger(__name__)


class Page(Protocol):
    """Who sent a frame: what agent.origins made of the Origin header."""

    @property
    def kind(self) -> work.CallerKind: ...

    @property
    def canonical(self) -> str: ...


@dataclass(slots=True)
class Settings:
    """What the person may change while the agent runs."""

    language: Language
    is_paused: bool = False


class Dispatch:
    """Answers frames. Pages that set a language (changeLocale) keep it until the agent stops: they open a socket a call."""

    def __init__(self, workers: Workers, settings: Settings) -> None:
        self._workers = workers
        self._settings = settings
        self._languages: OrderedDict[str, Language] = OrderedDict()

    async def answer(self, frame: bytes, page: Page) -> bytes:
        """The reply to `frame` in UTF-8; empty where none is sent. Never raises but when it is cancelled."""
        try:
            reply = await self._answer(frame, page)
        except Exception as error:  # noqa: BLE001  # a page gets an answer whatever we did wrong
            logs.note(
                _log, logging.ERROR, "internal error", error=error, octets=len(frame), origin=page.canonical
            )
            reply = _crash_reply(frame)
        return reply if isinstance(reply, bytes) else reply.encode("utf-8", "replace")

    async def _answer(self, frame: bytes, page: Page) -> bytes | str:
        if len(frame) <= DECODE_BYTES:
            try:
                call = codec.decode(frame)
            except BadCall as bad:
                logs.note(_log, logging.INFO, "bad call", origin=page.canonical, octets=len(frame))
                return bad.reply
            logs.note(
                _log, logging.INFO, "call", origin=page.canonical, dialect=call.dialect, method=call.method
            )
            outcome = self._local_outcome(call, page)
            if outcome is not None:
                return codec.encode(call, outcome)
        if self._settings.is_paused:
            return codec.failure_reply(frame, "paused", "the person paused the agent")
        return await self._approve(frame, page)

    def _local_outcome(self, call: messages.Call, page: Page) -> messages.Outcome | None:
        if isinstance(call.request, messages.LocaleRequest) and call.request.language is not None:
            self._languages[page.canonical] = call.request.language
            self._languages.move_to_end(page.canonical)
            if len(self._languages) > MAX_LANGUAGES:
                self._languages.popitem(last=False)
        return codec.answer_without_worker(call)

    async def _approve(self, frame: bytes, page: Page) -> bytes | str:
        language = self._languages.get(page.canonical, self._settings.language)
        try:
            return await self._workers.approve(Approval(frame, page.kind, page.canonical, language))
        except WorkerCrashed as error:
            logs.note(_log, logging.ERROR, "worker crashed", error=error, origin=page.canonical)
            return codec.crash_reply(frame)
        except AgentError as error:
            logs.note(_log, logging.WARNING, "approval failed", code=error.code, origin=page.canonical)
            return codec.failure_reply(frame, error.code, error.detail)


def _crash_reply(frame: bytes) -> str:
    try:
        return codec.crash_reply(frame)
    except Exception as error:  # noqa: BLE001  # the mistake is in the codec itself
        logs.note(_log, logging.ERROR, "no reply in the dialect of the page", error=error)
        return _LAST_RESORT


def refuse(frame_start: bytes, code: str, detail: str) -> bytes:
    """The reply to a frame that is not taken: too many wait ("busy"), or it is too long. Its first octets are enough."""
    return codec.failure_reply(frame_start, code, detail).encode("utf-8", "replace")
