"""A page's frame in, the reply out: the one place where errors become replies.

What needs no key, window or foreign parser is answered here and starts no process. All else goes to a worker: short frames
after a look that tells which they are, frames over DECODE_BYTES unread, because reading a document of 64 MiB would hold up the
heartbeats of every page. Where the first dialect is on, what may be a frame of it goes there unread as well: it may hold a password.
"""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agent import logs
from agent.approvals import Approval
from agent.errors import AgentError
from agent.workers import WorkerCrashed, Workers
from protocol import codec, flat, messages, work
from protocol.errors import BadCall
from protocol.prompts import Language
from protocol.readings import USUAL, Readings

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
    """How pages are served. The person may change the first two while the agent runs; `port` is known once it listens.

    `sites` has the readings of those origins that need others than usual, `tokens` the storage names of what is plugged in.
    """

    language: Language
    is_paused: bool = False
    port: int = 0
    sites: Mapping[str, Readings] = field(default_factory=dict)
    is_flat_on: bool = False
    tokens: tuple[str, ...] = ()

    def context(self, origin: str, language: Language | None = None) -> codec.Context:
        """What the frames of this origin are read by."""
        return codec.Context(
            readings=self.sites.get(origin, USUAL),
            is_flat_on=self.is_flat_on,
            language=language or self.language,
            port=self.port,
            tokens=self.tokens,
        )


class Dispatch:
    """Answers frames. Pages that set a language (changeLocale) keep it until the agent stops: they open a socket a call."""

    def __init__(self, workers: Workers, settings: Settings) -> None:
        self._workers = workers
        self._settings = settings
        self._languages: OrderedDict[str, Language] = OrderedDict()

    async def answer(self, frame: bytes, page: Page) -> bytes | bytearray:
        """The reply to `frame` in UTF-8; empty where none is sent. Never raises but when it is cancelled."""
        context = self._settings.context(page.canonical, self._languages.get(page.canonical))
        try:
            reply = await self._answer(frame, page, context)
        except Exception as error:  # noqa: BLE001  # a page gets an answer whatever we did wrong
            logs.note(
                _log, logging.ERROR, "internal error", error=error, octets=len(frame), origin=page.canonical
            )
            reply = _crash_reply(frame, context)
        return reply.encode("utf-8", "replace") if isinstance(reply, str) else reply

    async def _answer(self, frame: bytes, page: Page, context: codec.Context) -> bytes | bytearray | str:
        may_meet_key = len(frame) > DECODE_BYTES  # what is so long is to be signed
        if len(frame) <= DECODE_BYTES and codec.is_unread(frame, context):
            logs.note(_log, logging.INFO, "call left unread", origin=page.canonical, octets=len(frame))
            if (locale := flat.locale_of(frame)) is not None:
                self._set_language(locale, page)
                return ""
        elif len(frame) <= DECODE_BYTES:
            try:
                call = codec.decode(frame, context)
            except BadCall as bad:
                logs.note(_log, logging.INFO, "bad call", origin=page.canonical, octets=len(frame))
                return bad.reply
            logs.note(
                _log, logging.INFO, "call", origin=page.canonical, dialect=call.dialect, method=call.method
            )
            outcome = self._local_outcome(call, page)
            if outcome is not None:
                return codec.encode(call, outcome)
            may_meet_key = isinstance(call.request, messages.SignRequest)
        if self._settings.is_paused:
            return codec.failure_reply(frame, "paused", "the person paused the agent", context)
        return await self._approve(frame, page, context, may_meet_key=may_meet_key)

    def _local_outcome(self, call: messages.Call, page: Page) -> messages.Outcome | None:
        if isinstance(call.request, messages.LocaleRequest):
            self._set_language(call.request, page)
        return codec.answer_without_worker(call, self._settings.tokens)

    def _set_language(self, request: messages.LocaleRequest, page: Page) -> None:
        if request.language is None:
            return
        self._languages[page.canonical] = request.language
        self._languages.move_to_end(page.canonical)
        if len(self._languages) > MAX_LANGUAGES:
            self._languages.popitem(last=False)

    async def _approve(
        self, frame: bytes, page: Page, context: codec.Context, *, may_meet_key: bool
    ) -> bytes | bytearray | str:
        approval = Approval(
            frame,
            page.kind,
            page.canonical,
            context.language,
            readings=context.readings,
            is_flat_on=context.is_flat_on,
            port=context.port,
            may_meet_key=may_meet_key,
        )
        try:
            return await self._workers.approve(approval)
        except WorkerCrashed as error:
            logs.note(_log, logging.ERROR, "worker crashed", error=error, origin=page.canonical)
            return codec.crash_reply(frame, context)
        except AgentError as error:
            logs.note(_log, logging.WARNING, "approval failed", code=error.code, origin=page.canonical)
            return codec.failure_reply(frame, error.code, error.detail, context)


def _crash_reply(frame: bytes, context: codec.Context) -> str:
    try:
        return codec.crash_reply(frame, context)
    except Exception as error:  # noqa: BLE001  # the mistake is in the codec itself
        logs.note(_log, logging.ERROR, "no reply in the dialect of the page", error=error)
        return _LAST_RESORT


def refuse(frame_start: bytes, code: str, detail: str) -> bytes:
    """The reply to a frame that is not taken: too many wait ("busy"), or it is too long. Its first octets are enough.

    What may hold a password is left unread, whether or not the first dialect is on.
    """
    context = codec.Context(is_flat_on=True)
    return codec.failure_reply(frame_start, code, detail, context).encode("utf-8", "replace")
