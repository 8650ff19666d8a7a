"""Workers: the processes that hold keys and passwords. This file starts, feeds and ends them, and sees no secret.

One approval at a time for the whole agent: the rest wait their turn (agent.turns), and the worker that runs is told how many
(Waiting), so that its window can say so. A spare worker stands ready, with its window already started, because a fresh pair
takes half a second to show; it is started when a page connects and dropped when nothing happened for a while.

A worker ends in one of four ways. It replies and exits, at once or when the person has read in its window what went wrong; the
next approval waits at most the grace period for that, then the worker has to go. Its caller is cancelled (the page left, the daemon stops) or time is up:
then its input is closed, which tells it to end its window, and what is left after a grace period is killed. Or its output ends
without a whole reply: WorkerCrashed, never "cancelled".
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
import os
import subprocess
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence

from agent import errands, logs, paths, programs, turns
from agent.approvals import Approval, Holds, Notice, Reader, octets_of, read_idle
from agent.errands import Errands, WorkerInput
from agent.errors import AgentError, TimedOut
from agent.grants import SiteBlocked
from protocol import pipes, prompts, work
from protocol.errors import ProtocolError

TIME_LIMIT_S = 31 * 60.0  # a backstop: the worker's own limits are 5 minutes without input and 30 in all
GRACE_S = 3.0
LINGER_S = 130.0  # a backstop: the window shows for 2 minutes what went wrong
SPARE_RETRY_S = 10.0  # before a spare is started in place of one that died

_log = logging.getLogger(__name__)

# What a child needs to find the person's files, display and language. Nothing that loads code into it.
_PASSED = frozenset(
    {"HOME", "USER", "LOGNAME", "PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR",
     "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "DESKTOP_SESSION", "XMODIFIERS",
     "AT_SPI_BUS_ADDRESS", "QT_ACCESSIBILITY", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON", "QT_IM_MODULE", "QT_QPA_PLATFORM",
     "APPIMAGE", "APPDIR", "QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS", "QT_FONT_DPI", "QT_QPA_PLATFORMTHEME",
     "SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
     "USERNAME", "TEMP", "TMP", "PATHEXT"}
)  # fmt: skip
_PASSED_PREFIXES = ("LC_", "XDG_")


class WorkerCrashed(AgentError):
    """The worker could not be started, or ended before it had replied."""

    code = "internal"


class Paused(AgentError):
    """The person paused the agent."""

    code = "paused"


def environment(everything: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that a child of the daemon gets, out of our own."""
    source = os.environ if everything is None else everything
    return {
        name: value for name, value in source.items() if name in _PASSED or name.startswith(_PASSED_PREFIXES)
    }


class _ClosedBefore(Exception):  # an event, not a mistake
    """A worker that held a key ended before it had shown anything of the next approval."""


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """A key that is open: until when at the latest, and whose it is."""

    until: dt.datetime
    owner: str


@dataclasses.dataclass(eq=False, slots=True)
class _Holder:
    """The worker that holds it. Until it is idle its last window stands; while it is busy an approval reads what it says."""

    process: Process
    held: Held
    watching: asyncio.Task[None]
    is_idle: bool = False
    is_busy: bool = False


class Workers:
    """The queue of approvals, and the worker that serves the first of it.

    Each approval begins with the `rules`. `on_change` is called, with no arguments, when the queue or the worker changes. `open_fetch` gives what an approval fetches with.
    Who is blocked gets SiteBlocked, and nobody is asked. A worker may keep a key open for `unlock_minutes` after its approval, if the person
    wants that; then it carries out the next ones, too.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        rules: work.Rules,
        spare_idle_s: float = 15 * 60.0,
        time_limit_s: float = TIME_LIMIT_S,
        grace_s: float = GRACE_S,
        rest_s: float = turns.REST_S,
        on_change: Callable[[], None] = lambda: None,
        open_fetch: Callable[[], errands.StoppableFetch] = errands.NoFetch,
        is_blocked: Callable[[Approval], bool] = lambda _: False,
        unlock_minutes: Callable[[], int] = lambda: 0,
    ) -> None:
        self._command = tuple(command)
        self._rules = rules
        self._spare_idle_s = spare_idle_s
        self._time_limit_s = time_limit_s
        self._grace_s = grace_s
        self._on_change = on_change
        self._open_fetch = open_fetch
        self._is_blocked = is_blocked
        self._unlock_minutes = unlock_minutes
        self._holder: _Holder | None = None
        self._running: WorkerInput | None = None
        self._locks = 0
        self._queue = turns.Turns(rest_s)
        self._turns = 0
        self._room_wanted = asyncio.Event()
        self._waiting_changed = asyncio.Event()
        self._is_asking = False
        self._is_signing = False
        self._is_closed = False
        self._spare: asyncio.Task[Process] | None = None
        self._spare_started = float("-inf")
        self._spare_timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many approvals wait behind the one that runs."""
        return len(self._queue)

    @property
    def is_asking(self) -> bool:
        """Whether an approval runs."""
        return self._is_asking

    @property
    def is_idle(self) -> bool:
        """Whether no approval runs or waits, no key is open, and no window of ours stands that still says something."""
        return not (self._is_asking or self.waiting or self._holder is not None or self._ending)

    @property
    def is_signing(self) -> bool:
        """Whether the person has said yes, and signatures are being made."""
        return self._is_signing

    @property
    def held(self) -> "Held | None":
        """The key that is open between approvals."""
        return self._holder.held if self._holder is not None else None

    def lock(self) -> None:
        """Closes the key that is open, at once or as soon as the approval that uses it is over."""
        self._locks += 1
        if self._running is not None:
            # Whoever carries out an approval now, perhaps with an open key, perhaps about to open one.
            self._keep(asyncio.get_running_loop().create_task(_tell_to_let_go(self._running)))
        if (holder := self._holder) is None:
            return
        self._holder = None
        holder.watching.cancel()
        if not holder.is_idle:
            _close_input(holder.process)  # who waits for it to be idle sees to the rest
        elif not holder.is_busy:
            self._end(holder.process, may_linger=False)
        self._changed()

    async def approve(self, approval: Approval) -> bytearray:
        """The worker's reply, ready for the page. Waits its turn first; cancel it when the page leaves.

        Raises WorkerCrashed, TimedOut, Paused, SiteBlocked.
        """
        self._refuse_blocked(approval)
        if self.waiting or self._is_asking:
            approval.notice(prompts.Waiting(self.waiting + self._is_asking))
        await self._wait_for_turn(approval.caller)
        try:
            self._refuse_blocked(approval)  # the person may have blocked it from behind the window before
            self._is_asking = True
            self._changed()
            return await self._run(approval)
        finally:
            self._is_asking = self._is_signing = False
            self._queue.release()
            self._changed()
            self.warm()

    def refuse_waiting(self) -> None:
        """Those that wait are told that the agent is paused. The approval that runs goes on: the person is looking at it."""
        self._queue.refuse_waiting(lambda: Paused("the person paused the agent"))

    def use(self, command: Sequence[str], rules: work.Rules) -> None:
        """Workers are started by this command line, and approvals begin with these rules, from now on. The one that runs goes on, and
        keeps no key."""
        if rules != self._rules:
            self._rules = rules
            self.lock()
        if tuple(command) != self._command:
            self._command = tuple(command)
            self._drop_spare()
            self.lock()

    def warm(self) -> None:
        """Sees to it that a spare worker stands ready, and stays so for a while from now."""
        if self._is_closed or self._spare_idle_s <= 0 or self._holder is not None:
            return
        if self._spare is not None and self._spare.done() and not _is_alive(self._spare):
            if time.monotonic() < self._spare_started + SPARE_RETRY_S:
                return  # pages that come and go must not cost a dying process each
            self._spare = None  # it died, or never came to life: the next one may fare better
        if self._spare is None:
            self._spare_started = time.monotonic()
            self._spare = asyncio.get_running_loop().create_task(self._start())
        if self._spare_timer is not None:
            self._spare_timer.cancel()
        self._spare_timer = asyncio.get_running_loop().call_later(self._spare_idle_s, self._drop_spare)

    async def close(self) -> None:
        """Ends the spare and waits until every worker is gone. Approvals are cancelled by their owners before."""
        self._is_closed = True
        self._room_wanted.set()
        if self._spare_timer is not None:
            self._spare_timer.cancel()
        self._drop_spare()
        self.lock()
        while self._ending:
            await asyncio.wait(self._ending)

    def _refuse_blocked(self, approval: Approval) -> None:
        """Raises SiteBlocked, and what the record of sites raises."""
        if self._is_blocked(approval):
            raise SiteBlocked("the person blocked this site")

    async def _wait_for_turn(self, caller: str) -> None:
        try:
            await self._queue.wait(caller, self._changed)
        finally:
            self._changed()

    def _changed(self) -> None:
        self._waiting_changed.set()
        self._on_change()

    async def _run(self, approval: Approval) -> bytearray:
        await self._make_room()
        self._turns += 1
        if approval.may_meet_key and (holder := self._take_holder()) is not None:
            try:
                return await self._carry_out(holder.process, approval, holder)
            except _ClosedBefore:
                # Its key was closed just now, before anybody was asked.
                logs.note(_log, logging.INFO, "the key was closed meanwhile", process=holder.process.pid)
        return await self._carry_out(await self._take(), approval)

    async def _carry_out(
        self, process: Process, approval: Approval, holder: "_Holder | None" = None
    ) -> bytearray:
        """Raises _ClosedBefore where a holder ended before it had shown anything."""
        holds = Holds()
        locks = self._locks
        has_replied = was_shown = False

        def hear(notice: Notice) -> None:
            nonlocal was_shown
            if isinstance(notice, prompts.Shown | work.Stage):
                limit.reschedule(latest)
                was_shown = True
            if isinstance(notice, work.Progress) and not self._is_signing:
                self._is_signing = True
                self._changed()
            approval.notice(notice)

        try:
            latest = asyncio.get_running_loop().time() + self._time_limit_s
            async with asyncio.timeout(min(approval.quiet_limit_s, self._time_limit_s)) as limit:
                reply, outcome, reader = await self._converse(
                    process, dataclasses.replace(approval, notice=hear)
                )
        except TimeoutError as error:
            raise TimedOut("the approval took longer than it may") from error
        except (OSError, ProtocolError, asyncio.IncompleteReadError) as error:
            if holder is not None and not was_shown:
                raise _ClosedBefore from error
            raise WorkerCrashed("the worker ended before it had replied") from error
        except asyncio.CancelledError:
            self._queue.turned_away(approval.caller)  # a page that opens windows and leaves pesters, too
            raise
        else:
            has_replied = True
            holds = reader.holds
            if outcome == "cancelled":
                self._queue.turned_away(approval.caller)
            elif outcome == "done" and reader.was_shown:  # else nobody was asked, and nobody said yes
                self._queue.welcomed(approval.caller)
            return reply
        finally:
            is_locked = self._locks != locks
            if holder is not None and self._holder is holder:
                self._holder = None
            if holds.seconds and not is_locked and not self._is_closed:
                self._let_stay(process, holds)
            else:
                self._end(process, may_linger=has_replied and not holds.seconds)

    # --- a key that stays open ------------------------------------------------------------------------------------

    def _let_stay(self, process: Process, holds: Holds) -> None:
        """Keeps the worker for the approvals to come, once its window is gone."""
        loop = asyncio.get_running_loop()
        until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=holds.seconds)
        if self._holder is not None:
            self.lock()  # another one's key
        self._drop_spare()
        watching = loop.create_task(self._watch(process))
        self._holder = holder = _Holder(process, Held(until, holds.owner), watching)
        self._keep(loop.create_task(self._wait_until_idle(holder)))
        self._changed()

    async def _wait_until_idle(self, holder: "_Holder") -> None:
        """Until its window is gone. One that still shows what it said is ended where its place is wanted: its key goes with it."""
        assert holder.process.stdout is not None
        idle = asyncio.get_running_loop().create_task(read_idle(holder.process.stdout))
        try:
            await self._let_linger(idle)
            holder.is_idle = idle.done() and idle.result()
        finally:
            idle.cancel()
        if not holder.is_idle or self._holder is not holder:
            if self._holder is holder:
                self._holder = None
            holder.watching.cancel()
            await self._wait_for_end(holder.process, may_linger=False)

    async def _watch(self, process: Process) -> None:
        """A key that is closed takes its worker with it."""
        await process.wait()
        if self._holder is not None and self._holder.process is process:
            self._holder = None
            _close_input(process)
            _log_end(process)
            self._changed()
            self.warm()

    def _take_holder(self) -> "_Holder | None":
        """The worker that holds a key, for the next approval."""
        holder = self._holder
        if holder is None or holder.process.returncode is not None:
            self._holder = None
            return None
        holder.is_busy = True
        holder.watching.cancel()
        return holder

    async def _make_room(self) -> None:
        """Until the window of the approval before this one is gone: two windows never stand side by side."""
        self._room_wanted.set()
        try:
            while self._ending:
                await asyncio.wait(self._ending)
        finally:
            if not self._is_closed:
                self._room_wanted.clear()

    async def _take(self) -> Process:
        """The spare, or a fresh worker."""
        starting, self._spare = self._spare, None
        if starting is None or (starting.done() and not _is_alive(starting)):
            starting = asyncio.get_running_loop().create_task(self._start())
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._end_started(starting)
            raise
        except OSError as error:
            raise WorkerCrashed("the worker can't be started") from error

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            limit=pipes.CHUNK_BYTES,
            cwd=paths.CODE_ROOT,
            env=environment(),
            # Away from the terminal: its Ctrl-C is for the daemon, which then ends its workers in good order.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    async def _converse(self, process: Process, approval: Approval) -> tuple[bytearray, str, Reader]:
        """The reply, how the approval ended, and who read it."""
        assert process.stdin is not None
        assert process.stdout is not None
        sink = self._running = WorkerInput(process.stdin)
        feeding = asyncio.get_running_loop().create_task(self._feed(sink, approval))
        running = Errands(self._open_fetch(), sink)
        try:
            reader = Reader(process.stdout, running, sink, approval)
            reply, outcome = await reader.read_reply()
        except asyncio.IncompleteReadError:
            if feeding.done() and isinstance(error := feeding.exception(), AgentError):
                raise error from None
            raise
        else:
            return reply, outcome, reader
        finally:
            self._running = None
            feeding.cancel()
            await running.close()
            await asyncio.wait([feeding])
            if not feeding.cancelled() and feeding.exception() is not None:
                # It took no more of the frame: it replied without, or it died, which its output tells.
                logs.note(_log, logging.DEBUG, "worker closed its input", process=process.pid)

    async def _feed(self, sink: WorkerInput, approval: Approval) -> None:
        """Begin and the frame, as fast as the worker takes them; then the length of the queue whenever it changes."""
        self._waiting_changed.clear()
        told = self.waiting
        begin = work.Begin(
            kind=approval.kind,
            origin=approval.origin,
            language=approval.language,
            frame_bytes=len(approval.frame),
            waiting=told,
            turn=self._turns,
            attachments=tuple(work.Attachment(held.name, held.filled) for held in approval.attachments),
            announced=approval.announced,
            readings=approval.readings,
            is_flat_on=approval.is_flat_on,
            port=approval.port,
            unlock_minutes=self._unlock_minutes(),
            rules=self._rules,
        )
        try:
            await sink.send_pieces(begin, octets_of(approval))
        except Exception:  # what the page uploaded can't be read, say: the rest of it will never come
            sink.close()
            raise
        while True:
            await self._waiting_changed.wait()
            self._waiting_changed.clear()
            if self.waiting != told:
                told = self.waiting
                await sink.send(prompts.Waiting(told))

    def _drop_spare(self) -> None:
        starting, self._spare = self._spare, None
        if starting is not None:
            self._end_started(starting)

    def _end_started(self, starting: asyncio.Task[Process]) -> None:
        async def end() -> None:
            with contextlib.suppress(OSError):
                await self._wait_for_end(await starting, may_linger=False)

        self._keep(asyncio.get_running_loop().create_task(end()))

    def _end(self, process: Process, *, may_linger: bool) -> None:
        self._keep(asyncio.get_running_loop().create_task(self._wait_for_end(process, may_linger=may_linger)))
        if not may_linger:
            _close_input(process)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _wait_for_end(self, process: Process, *, may_linger: bool) -> None:
        """Until the process is gone. One that replied may show its window until its place is wanted."""
        ending = asyncio.get_running_loop().create_task(_read_to_end(process))
        try:
            if may_linger:
                await self._let_linger(ending)
            _close_input(process)
            await asyncio.wait([ending], timeout=self._grace_s)
            if not ending.done():
                logs.note(_log, logging.WARNING, "worker does not end, killing it", process=process.pid)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await asyncio.wait([ending], timeout=self._grace_s)
        finally:
            ending.cancel()
        _log_end(process)

    async def _let_linger(self, ending: "asyncio.Task[None] | asyncio.Task[bool]") -> None:
        """At least the grace period, even where the next approval waits: a window that blinks can't be read."""
        await asyncio.wait([ending], timeout=self._grace_s)
        if ending.done():
            return
        wanted = asyncio.get_running_loop().create_task(_is_set(self._room_wanted))
        await asyncio.wait([ending, wanted], timeout=LINGER_S, return_when=asyncio.FIRST_COMPLETED)
        wanted.cancel()


async def _tell_to_let_go(sink: WorkerInput) -> None:
    with contextlib.suppress(OSError):
        await sink.send(work.LetGo())


async def _is_set(event: asyncio.Event) -> None:
    await event.wait()


async def _read_to_end(process: Process) -> None:
    # Its output is read and thrown away: a full pipe would keep it from ending, and `wait` waits for it.
    assert process.stdout is not None
    while await process.stdout.read(pipes.CHUNK_BYTES):
        continue
    await process.wait()


def worker_command(*arguments: str) -> tuple[str, ...]:
    """The command line of a worker of this program."""
    return programs.worker(*arguments)


def _is_alive(starting: asyncio.Task[Process]) -> bool:
    """Whether the process that was to be started is there; asked only when the start is over."""
    return not starting.cancelled() and starting.exception() is None and starting.result().returncode is None


def _close_input(process: Process) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()


def _log_end(process: Process) -> None:
    level = logging.DEBUG if process.returncode == 0 else logging.WARNING
    logs.note(_log, level, "worker ended", process=process.pid, status=process.returncode)
