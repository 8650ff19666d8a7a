"""One connection: TLS is done, or was not wanted; here come the HTTP request, then frames, until somebody closes.

An asyncio protocol around websockets' Sans-I/O core, which knows RFC 6455 and no sockets. Doing the I/O ourselves buys what this
server needs and the ready-made one hides: limits counted from the first octet, frames as octets (a document of 64 MiB is never
turned into text here), an error reply before a connection is failed for size, and no log line that quotes a frame.

Closing is by the book: a close frame always goes out before the socket goes away. After failing a connection we read on
for a moment and throw away what comes, for a reset would destroy the close frame on its way (RFC 1122 section 4.2.2.13).
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from agent import dispatch, logs
from agent.errors import AgentError
from agent.origins import Origin
from agent.own_api import OwnConversation
from agent.own_api import Send as SendFrame
from agent.server import handshake
from agent.server.converse import Answer, Budget, Conversation, Flooded, Octets
from agent.server.limits import Full, GuestList
from agent.server.status_page import StatusPage
from protocol import handshake as greetings
from protocol.v1 import codec as own
from protocol.v1 import limits

MAX_FRAME_BYTES = 352 * 1024 * 1024  # a document of 256 MiB in base64, with room for JSON around it
BUDGET_BYTES = 3 * MAX_FRAME_BYTES
MAX_CHUNK_BYTES = limits.CHUNK_HEADER_BYTES + limits.CHUNK_BYTES
_PREFIX_BYTES = dispatch.DECODE_BYTES + 1  # of a frame that is not taken: enough to tell its dialect
_FRAGMENT_BYTES = 1024 * 1024
_FAREWELL_BYTES = 64 * 1024  # of what a page says that was turned away, before it is no more listened to
_TOO_MUCH = "the agent holds too many large requests"

_log = logging.getLogger(__name__)
# At "debug" the library would log every frame, at "info" each connection; we log what we choose.
_QUIET: Final = logging.getLogger("websockets.silenced")
_QUIET.disabled = True


@dataclass(frozen=True, slots=True)
class Times:
    """How long a connection may take, in seconds."""

    handshake: float = (
        10.0  # from accepting the socket to the end of TLS, and from there to the end of the HTTP request
    )
    message: float = 60.0  # from the first octet of a message to its last
    closing: float = 2.0  # for the other side to close after we did
    quiet: float = 0.2  # without an octet more, until a failed connection is dropped


OpenOwn: TypeAlias = Callable[[Origin, SendFrame, Budget], OwnConversation]
"""Begins to serve kz.qalamsap.v1 on a page's connection."""

Refusal: TypeAlias = Callable[[Origin], AgentError | None]
"""Why a caller may ask for nothing here, by policy; None where it may."""


@dataclass(frozen=True, slots=True)
class House:
    """What all connections of the server share."""

    port: int
    page: StatusPage
    plain_websocket: bool
    answer: Answer
    open_own: OpenOwn | None
    refusal: Refusal
    guests: "GuestList[Connection]"
    budget: Budget
    times: Times
    on_open: Callable[[], None]
    on_gone: Callable[[], None]


class Connection(asyncio.Protocol):
    """A guest of the house from the moment its socket was accepted."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._transport: asyncio.Transport | None = None
        self._is_plain = False
        self._wire = _Wire(self._too_big_reply)
        self._conversation: Conversation | None = None
        self._origin: Origin | None = None
        self._refused = ""  # the code of the error that the policy had for it when it was asked last
        self._own: OwnConversation | None = None  # from the first frame for it
        # Of the message that is coming in, if in fragments. One buffer: a list of tiny ones would outgrow the budget.
        self._fragments = bytearray()
        self._is_text = False
        self._held = 0  # octets of it that were taken from the budget
        self._timer: asyncio.TimerHandle | None = None
        self._is_turned_away = False
        self._deadline = 0.0  # when reading on after its end ends, of the loop's clock; 0: not decided yet
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._sending = asyncio.Lock()
        self._is_in_fragments = False  # a text is going out, and the rest of it has to come next
        self._held_back: list[bytes] = []
        self._is_gone = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        if self._conversation is None or self._held or not self._conversation.is_idle:
            return False
        return self._own is None or self._own.is_idle

    @property
    def is_open(self) -> bool:
        return self._conversation is not None

    @property
    def has_begun(self) -> bool:
        """Whether TLS is done, or not wanted."""
        return self._transport is not None

    def abort(self) -> None:
        """Drops the socket, if there is still one."""
        if self._transport is not None:
            self._transport.abort()

    def close(self, code: CloseCode, reason: str = "") -> None:
        """Begins to close in good order. What is under way for the page is cancelled at once."""
        if self._transport is None:
            return
        self._end_conversation()
        if self._wire.state is State.OPEN:
            self._wire.send_close(code, reason)
            self._flush()
            self._limit(self._house.times.closing)
        elif self._wire.state is State.CONNECTING:
            self._transport.abort()

    async def wait_gone(self) -> None:
        """Until the socket is closed and nothing runs for the page any more."""
        if self._transport is not None:
            await self._is_gone.wait()
        if self._conversation is not None:
            await self._conversation.wait_ended()
        if self._own is not None:
            await self._own.wait_ended()

    # --- what asyncio calls --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._is_plain = transport.get_extra_info("ssl_object") is None
        self._limit(self._house.times.handshake)

    def data_received(self, data: bytes) -> None:
        if self._wire.eof_sent:
            self._wait_quiet()
        if self._holds and not self._take(len(data)):
            self._fail(CloseCode.TRY_AGAIN_LATER, "busy", _TOO_MUCH)
            return
        self._wire.receive_data(data)
        events = self._wire.events_received()
        for event in events:
            if isinstance(event, Request):
                self._on_request(event)
            elif isinstance(event, Frame):
                self._on_frame(event)
        if events:
            self._hold_parts()
        self._flush()
        if self._wire.state is State.OPEN:
            self._watch_message()

    def eof_received(self) -> bool:
        self._wire.receive_eof()
        self._flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # why it was lost makes no difference
        self._stop_timer()
        self._end_conversation()
        self._drop_message()
        self._house.guests.leave(self)
        self._can_write.set()
        self._is_gone.set()
        if self.is_open:
            self._house.on_gone()

    def pause_writing(self) -> None:
        # A page that does not read what it is sent is not read from either: echoes would pile up.
        self._can_write.clear()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._can_write.set()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # --- the handshake -------------------------------------------------------------------------------------------

    def _on_request(self, request: Request) -> None:
        verdict = handshake.judge(request, self._house.port, self._house.page, way=self._way)
        if isinstance(verdict, Origin):
            response = self._wire.accept(request)
            if response.status_code == 101:
                self._admit(verdict, response)
                return
            verdict = handshake.respond(response.status_code, "Not a WebSocket handshake.\n")
        logs.note(
            _log, logging.DEBUG, "answered a request without a conversation", status=verdict.status_code
        )
        self._wire.send_response(verdict)
        self._limit(self._house.times.closing)

    @property
    def _way(self) -> handshake.Way:
        if not self._is_plain:
            return "tls"
        return "plain" if self._house.plain_websocket else "plain-off"

    def _admit(self, origin: Origin, response: Response) -> None:
        owner = f"{origin.kind} {origin.canonical}"
        try:
            leaver = self._house.guests.admit(self, owner)
        except Full:
            logs.note(_log, logging.WARNING, "no room for a connection", origin=origin.canonical)
            self._turn_away(response)
            return
        if leaver is not None:
            logs.note(_log, logging.INFO, "closing the oldest idle connection", origin=origin.canonical)
            leaver.close(CloseCode.GOING_AWAY, "too many connections")
        self._stop_timer()
        self._origin = origin
        # A browser does not tell its page why a handshake failed, so it succeeds, and every request gets the reason.
        is_refused = self._refusal(origin) is not None
        self._wire.send_response(response)
        self._wire.send_text(greetings.GREETING.encode())
        self._conversation = Conversation(origin, self._answer, self._send, self._house.budget)
        self._conversation.start()
        if is_refused:
            return
        logs.note(_log, logging.DEBUG, "connection open", origin=origin.canonical, kind=origin.kind)
        self._house.on_open()

    def _turn_away(self, response: Response) -> None:
        """Lets the page in and closes at once: why a handshake failed its browser would not tell it. It is counted until it is gone, which
        it is in its time, whatever it does, and no more is kept of what it sends than its own close frame may need."""
        self._is_turned_away = True
        self._wire.send_response(response)
        if self._wire.close_rcvd is None:  # a program may say that it closes in one breath with its request
            self._wire.send_close(CloseCode.TRY_AGAIN_LATER, "too many connections")
        self._deadline = asyncio.get_running_loop().time() + self._house.times.closing
        self._limit(self._house.times.closing)

    async def _answer(self, frame: bytes, origin: Origin) -> Octets:
        """The reply, by the policy as it is now: pages may stay longer than it. Where it does not let the caller in, no more is read than
        what tells the dialect."""
        refusal = self._refusal(origin)
        if refusal is None:
            return await self._house.answer(frame, origin)
        return dispatch.refuse(frame[:_PREFIX_BYTES], refusal.code, refusal.detail)

    def _refusal(self, origin: Origin) -> AgentError | None:
        refusal = self._house.refusal(origin)
        code = "" if refusal is None else refusal.code
        if code and code != self._refused:
            logs.note(
                _log,
                logging.WARNING,
                "a caller is refused by policy",
                origin=origin.canonical,
                kind=origin.kind,
                code=code,
            )
        self._refused = code
        return refusal

    # --- frames --------------------------------------------------------------------------------------------------

    def _on_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self._end_conversation()
            self._drop_message()
        elif frame.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT} and self._wire.state is State.OPEN:
            if frame.opcode is not Opcode.CONT:
                self._is_text = frame.opcode is Opcode.TEXT
            data, frame.data = (
                frame.data,
                b"",
            )  # the core remembers its last frame; a long one shall not stay for that
            if not self._is_text and not self._wants_binary(len(data)):
                data = b""  # nobody's: read and forgotten
            if frame.fin:
                self._on_message(bytes(self._fragments + data) if self._fragments else bytes(data))
            else:
                self._fragments += data

    def _wants_binary(self, octets: int) -> bool:
        """Whether so many more octets of a binary message mean something."""
        return (
            self._own is not None
            and self._own.wants_binary
            and len(self._fragments) + octets <= MAX_CHUNK_BYTES
        )

    def _on_message(self, message: bytes) -> None:
        self._drop_message()
        self._stop_timer()
        if self._conversation is None:
            return
        if not self._is_text:
            if self._own is not None:
                self._own.hear_binary(message)
            return
        if not self._house.budget.take(len(message)):
            self._fail(CloseCode.TRY_AGAIN_LATER, "busy", _TOO_MUCH, message)
            return
        if self._house.open_own is not None and own.is_own(message):
            self._hear_own(message, self._house.open_own)
            return
        try:
            at_once = self._conversation.hear(message)
        except Flooded:
            logs.note(_log, logging.WARNING, "a page floods its connection, closing it")
            self._fail(CloseCode.POLICY_VIOLATION)
            return
        if at_once is not None:
            self._send_at_once(at_once)

    def _hear_own(self, message: bytes, open_own: OpenOwn) -> None:
        if self._own is None:
            assert self._origin is not None
            self._own = open_own(self._origin, self._send_frame, self._house.budget)
        self._own.hear(message)

    @property
    def _holds(self) -> bool:
        """Whether what comes is kept for a message: also of a page that was told to go, and does not."""
        return self._wire.state in {State.OPEN, State.CLOSING} and not self._wire.eof_sent

    def _take(self, octets: int) -> bool:
        if self._is_turned_away and self._held + octets > _FAREWELL_BYTES:
            return False
        if not self._house.budget.take(octets):
            return False
        self._held += octets
        return True

    def _hold_parts(self) -> None:
        """Holds what was understood to belong to a message, in place of all that was read."""
        octets = len(self._fragments)
        self._house.budget.give_back(max(0, self._held - octets))
        self._held = min(self._held, octets)

    def _drop_message(self) -> None:
        self._fragments = bytearray()
        self._hold_parts()

    def _watch_message(self) -> None:
        """A message must be whole within its time; one that trickles in holds memory."""
        if not self._held:
            self._stop_timer()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(
                self._house.times.message, self._on_slow_message
            )

    def _on_slow_message(self) -> None:
        logs.note(
            _log, logging.WARNING, "a message takes too long, closing its connection", octets=self._held
        )
        self._fail(CloseCode.POLICY_VIOLATION)

    def _too_big_reply(self) -> bytes:
        start = bytes(self._fragments[:_PREFIX_BYTES])
        limit_mib = MAX_FRAME_BYTES // 1024 // 1024
        return dispatch.refuse(start, "bad-input", f"the request is over {limit_mib} MiB")

    # --- sending and ending --------------------------------------------------------------------------------------

    async def _send(self, reply: Octets) -> None:
        await self._send_frame(reply, is_binary=False)

    async def _send_frame(self, octets: Octets, is_binary: bool) -> None:
        """A message, as fast as the page takes it. One goes out after the other: pieces of two can't be told apart."""
        async with self._sending:
            if is_binary:
                if self._wire.state is State.OPEN:
                    self._wire.send_binary(octets)
            else:
                await self._send_text(memoryview(octets))
            await self._go_on()

    async def _send_text(self, text: memoryview) -> None:
        """A long text in fragments (RFC 6455 section 5.4), or the loop and the memory would be full of it."""
        starts = range(0, max(len(text), 1), _FRAGMENT_BYTES)
        for start in starts:
            if self._wire.state is not State.OPEN:
                return
            fragment = text[start : start + _FRAGMENT_BYTES]
            self._is_in_fragments = start != starts[-1]
            if start:
                self._wire.send_continuation(fragment, fin=not self._is_in_fragments)
            else:
                self._wire.send_text(fragment, fin=not self._is_in_fragments)
            if self._is_in_fragments:
                await self._go_on()
        for each in self._held_back:
            self._wire.send_text(each)
        self._held_back.clear()

    async def _go_on(self) -> None:
        if self._transport is not None:
            self._flush()
        await self._can_write.wait()

    def _send_at_once(self, text: bytes) -> None:
        """A short text, though others wait; but not into the middle of one."""
        if self._is_in_fragments:
            self._held_back.append(text)
        else:
            self._wire.send_text(text)

    def _fail(self, code: CloseCode, reply_code: str = "", detail: str = "", message: bytes = b"") -> None:
        if reply_code and self._wire.state is State.OPEN and not self._is_in_fragments:
            start = bytes((message or self._fragments)[:_PREFIX_BYTES])
            self._wire.send_text(dispatch.refuse(start, reply_code, detail))
        self._end_conversation()
        self._drop_message()
        self._wire.fail(code)
        self._flush()

    def _end_conversation(self) -> None:
        if self._conversation is not None:
            self._conversation.end()
        if self._own is not None:
            self._own.end()

    def _flush(self) -> None:
        """Writes what the core has to say, and follows it when it says that the connection is over."""
        assert self._transport is not None
        for data in self._wire.data_to_send():
            if data and not self._transport.is_closing():
                self._transport.write(data)
            elif not data and self._is_over:
                self._transport.close()
            elif not data:
                self._end_conversation()
                self._deadline = (
                    self._deadline or asyncio.get_running_loop().time() + self._house.times.closing
                )
                self._wait_quiet()

    @property
    def _is_over(self) -> bool:
        """Whether nothing more can come: the answer to a mere request is out, or both sides have said that they close."""
        return self._wire.state is State.CONNECTING or self._wire.close_rcvd is not None

    def _wait_quiet(self) -> None:
        """Reads on for a moment before the socket is closed, see above."""
        left = self._deadline - asyncio.get_running_loop().time()
        self._limit(max(0.0, min(left, self._house.times.quiet)))

    def _limit(self, seconds: float) -> None:
        """The connection ends after so many seconds at the latest."""
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._on_time_up)

    def _on_time_up(self) -> None:
        assert self._transport is not None
        if self._is_turned_away or (self._wire.state is State.CONNECTING and not self._wire.eof_sent):
            self._transport.abort()
        else:
            self._transport.close()
            self._timer = asyncio.get_running_loop().call_later(
                self._house.times.closing, self._transport.abort
            )

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Wire(ServerProtocol):
    """The Sans-I/O core, which says something before it fails a connection for size."""

    def __init__(self, too_big_reply: Callable[[], bytes]) -> None:
        super().__init__(max_size=MAX_FRAME_BYTES, logger=_QUIET)
        self._too_big_reply = too_big_reply

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        if code == CloseCode.MESSAGE_TOO_BIG and self.state is State.OPEN:
            logs.note(_log, logging.WARNING, "a message is too long, closing its connection")
            if not self.expect_continuation_frame:  # nothing fits into the middle of a reply
                self.send_text(self._too_big_reply())
            reason = "the message is too long"
        super().fail(code, reason)
