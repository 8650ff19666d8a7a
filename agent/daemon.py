"""The daemon: puts the parts together, and takes them apart again in good order.

It faces every web page, so it knows no secret and loads no cryptography of ours: network and TLS (the standard library's), the
queue, and the processes it starts. A new TLS identity is made by a child process as well.

    run(config)    serves until it is told to stop; raises an AgentError where it can't begin

It says "listening on wss://127.0.0.1:PORT/" on standard output once pages can connect.
"""

import asyncio
import contextlib
import datetime as dt
import functools
import importlib.metadata
import importlib.util
import logging
import os
import signal
import ssl
import subprocess
import sys
import typing
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from agent import autostart, dispatch, hardening, instance, logs, paths, tray_icon, turns, workers
from agent.approvals import Approval
from agent.config import DEFAULT_TIMESTAMP_URL, Config
from agent.control import Endpoint, EndpointUnavailable
from agent.errors import AgentError, StorageFailed
from agent.grants import Grants
from agent.http_fetch import FetchSettings, HttpFetch
from agent.journal import Journal
from agent.key_library import KeyLibrary, lines_of
from agent.localhost import identity
from agent.localhost.identity import Identity
from agent.origins import Origin
from agent.own_api import OwnConversation, Services
from agent.server.listener import Server, tls_context
from agent.server.status_page import StatusPage
from agent.tray_icon import TrayIcon
from protocol import control
from protocol.desk import frame as desk
from protocol.prompts import Language

if typing.TYPE_CHECKING:
    from agent.server.https_api import HttpsApi

IDENTITY_CHECK_S = 12 * 60 * 60.0
RENEWAL_LIMIT_S = 60.0
REMIND_FIRST_S = 2 * 60.0  # who has just logged in has other things to look at
REMIND_EVERY_S = 15 * 60.0
RECENT_RECEIPTS = 5

# A process of its own, for it loads cryptography.
_ISSUE = (
    "import datetime, pathlib, sys; from agent.localhost import authority; "
    "authority.issue(pathlib.Path(sys.argv[1]), datetime.datetime.now(datetime.UTC))"
)

_log = logging.getLogger(__name__)


class NoIdentity(AgentError):
    """There is no certificate to serve with, and none could be made."""

    code = "no-tls-identity"


@dataclass(frozen=True, slots=True)
class Programs:
    """The command lines of the daemon's children."""

    worker: Sequence[str]
    issue: Sequence[str]
    """Makes a new TLS identity, for an agent that no browser was told to trust yet."""
    renew: Sequence[str]
    """Makes the next one if it is due, and brings it to the browsers that trust this one."""
    tray_icon: Sequence[str] = tray_icon.COMMAND
    desk: Sequence[str] = (sys.executable, "-m", "agent", "open")
    """Opens the page of the desk that is named after it."""


def programs(config: Config) -> Programs:
    """The children for these settings."""
    place = () if config.paths == paths.resolve() else ("--state-dir", str(config.paths.state_dir))
    answers: list[str] = []
    if config.simulation is not None:
        answers = ["--answers", str(config.simulation.answers)]
        for authority in config.simulation.test_authorities:
            answers += ["--test-ca", str(authority)]
    look = () if config.theme == "system" else ("--theme", config.theme)
    folders = [word for folder in config.key_folders for word in ("--key-folder", str(folder))]
    return Programs(
        worker=workers.worker_command(*answers, *folders, *look, *_about_authorities(config), *place),
        issue=(sys.executable, "-c", _ISSUE, str(config.paths.tls_dir)),
        renew=(sys.executable, "-m", "agent", "trust", "renew", *place),
        desk=(sys.executable, "-m", "agent", "open", *place),
    )


def _about_authorities(config: Config) -> list[str]:
    """What a worker must know to ask for timestamps and revocations. Through which proxy, and who may be asked, the daemon knows."""
    words = [word for path in config.authorities for word in ("--authority", str(path))]
    if config.timestamp_url != DEFAULT_TIMESTAMP_URL:
        words += ["--timestamp-url", config.timestamp_url]
    if config.ocsp_url:
        words += ["--ocsp-url", config.ocsp_url]
    return [*words, "--offline"] if config.offline else words


def version() -> str:
    """Of this program."""
    try:
        return importlib.metadata.version(paths.APPLICATION)
    except importlib.metadata.PackageNotFoundError:
        return "source"


def run(
    config: Config,
    children: Programs | None = None,
    open_workers: Callable[..., workers.Workers] = workers.Workers,
) -> int:
    """Serves until a signal or a command ends it; then 0. `open_workers` makes what carries out approvals.

    Raises AlreadyRunning, PortBusy, NoIdentity, StorageFailed.
    """
    os.umask(0o077)
    if config.flat_api:
        hardening.protect()  # frames of that dialect hold passwords, on their way to a worker
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(instance.Lock.take(config.paths.lock))
            stack.callback(logs.close)
            logs.set_up(config.log_level, config.paths.log)
        except OSError as error:
            raise StorageFailed(
                f"{config.paths.state_dir} can't be used: {error.strerror or error}"
            ) from error
        made = _Daemon(config, children or programs(config), open_workers)
        asyncio.run(made.serve())
    if made.wants_restart:
        _start_anew()
    return 0


def _start_anew() -> None:
    """This process becomes the agent once more, by the same command line; its settings are read again."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # no shell is wanted


class _Daemon:
    """The parts, and what they have to tell each other."""

    def __init__(
        self, config: Config, children: Programs, open_workers: Callable[..., workers.Workers]
    ) -> None:
        self._config = config
        self._children = children
        self._version = version()
        self._settings = dispatch.Settings(
            config.language,
            sites=config.sites,
            is_flat_on=config.flat_api,
            tokens=config.simulation.tokens if config.simulation else (),
        )
        is_simulation = config.simulation is not None
        fetch_settings = FetchSettings.of(config)
        self._grants = Grants(config.paths.grants)
        self._workers = open_workers(
            children.worker,
            spare_idle_s=config.spare_minutes * 60.0,
            rest_s=0.0 if is_simulation else turns.REST_S,  # a script is not pestered
            on_change=self._on_workers,
            open_fetch=lambda: HttpFetch(fetch_settings),
            is_blocked=functools.partial(_is_blocked, self._grants),
            unlock_minutes=self._unlock_minutes,
        )
        self._server = Server(
            dispatch.Dispatch(self._workers, self._settings).answer,
            StatusPage(self._version, is_simulation),
            open_own=functools.partial(
                OwnConversation,
                Services(self._workers, self._settings, self._version, config.paths.spool),
            ),
            plain_websocket=config.plain_websocket,
            on_open=self._on_page,
            on_gone=self._changed,
        )
        self._endpoint = Endpoint(config.paths.control_socket, self._obey)
        self._icon = TrayIcon(self._obey_icon, children.tray_icon, self._when_icon_ended)
        self._is_session_watched = False
        self._has_icon = self._wants_icon()
        self._is_icon_shown = False
        self._library = KeyLibrary(config.paths.key_library)
        self._ending: tuple[control.EndingKey, ...] = ()
        self._unnoted: set[str] = (
            set()
        )  # keys of which the person was reminded, and nobody could write that down
        self._stop = asyncio.Event()
        self.wants_restart = False
        self._autostart = autostart.of_person(autostart.run_command())
        self._autostart_state = self._read_autostart()
        self._started = dt.datetime.now(dt.UTC)
        self._trouble = ""
        self._https_trouble = ""
        self._https_api: HttpsApi | None = None
        self._recent: tuple[control.Receipt, ...] = ()
        self._gost: typing.Literal["native", "python"] = (
            "native" if importlib.util.find_spec("agent.gost._native") else "python"
        )
        self._is_told = False
        self._errands: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        current = await self._identity()
        self._use(current)
        self._server.listen(self._config.port)
        self._settings.port = self._server.port
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._workers.close)
            stack.push_async_callback(self._server.close)
            stack.push_async_callback(self._end_errands)
            await self._open_endpoint(stack)
            if self._config.https_api:
                self._open_https_api(stack)
            if self._has_icon:
                stack.push_async_callback(self._icon.stop)
                self._icon.start()
            with _signals(self._stop):
                self._errand(self._watch_identity(current))
                self._errand(self._remind_of_keys())
                self._on_workers()
                self._workers.warm()
                self._announce(current)
                await self._stop.wait()
            logs.note(_log, logging.INFO, "stopping")

    def _announce(self, current: Identity) -> None:
        if self._config.simulation is not None:
            paths.write_private(self._config.paths.simulated_authority, current.authority_path.read_bytes())
            print("simulation: a script answers in place of a person, and its signatures prove nothing")  # noqa: T201  # for whoever started it
        print(f"listening on wss://127.0.0.1:{self._server.port}/", flush=True)  # noqa: T201  # for whoever waits for it
        logs.note(_log, logging.INFO, "listening", port=self._server.port, version=self._version)

    def _wants_icon(self) -> bool:
        return self._config.simulation is None and self._config.tray == "auto" and tray_icon.can_show()

    async def _open_endpoint(self, stack: contextlib.AsyncExitStack) -> None:
        try:
            await self._endpoint.open()
        except EndpointUnavailable as error:
            # Pages are served without it; the command line will say that it can't reach the agent.
            logs.note(_log, logging.WARNING, "no control endpoint", error=error)
        else:
            stack.push_async_callback(self._endpoint.close)

    def _open_https_api(self, stack: contextlib.AsyncExitStack) -> None:
        from agent.server.https_api import HttpsApi  # noqa: PLC0415  # loads uvicorn, which few people want

        api = HttpsApi(self._workers, self._settings, functools.partial(_is_granted, self._grants))
        api.use(self._tls)
        try:
            api.listen(self._config.https_api_port)
        except instance.PortBusy as error:
            # Pages go on to speak WebSocket, as where it is off.
            self._https_trouble = "https-api-port"
            logs.note(
                _log, logging.ERROR, "no HTTPS interface", error=error, port=self._config.https_api_port
            )
            return
        self._https_api = api
        stack.push_async_callback(api.close)

    # --- the TLS identity ----------------------------------------------------------------------------------------

    async def _identity(self) -> Identity:
        """The identity to serve with, made or renewed if need be. Raises NoIdentity, StorageFailed."""
        current = self._current_identity()
        if current is not None and not _is_due(current):
            return current
        is_well = True
        if current is not None:
            is_well = await self._have_done(self._children.renew)
            current = self._current_identity()
        # Where browsers trust this identity but could not be told of the next one, the old one is better than a new one.
        if current is None or (is_well and _is_due(current)):
            is_well = await self._have_done(self._children.issue)
            current = self._current_identity()
        self._trouble = "" if is_well else "identity-renewal"
        if current is None:
            raise NoIdentity("no TLS identity could be made: the log says why")
        return current

    def _use(self, current: Identity) -> None:
        """Serves with this identity from the next handshake on. Raises NoIdentity."""
        self._tls = _context(current)
        self._server.use(self._tls)
        if self._https_api is not None:
            self._https_api.use(self._tls)

    def _current_identity(self) -> Identity | None:
        return identity.current(self._config.paths.tls_dir)

    async def _have_done(self, command: Sequence[str]) -> bool:
        """Has a child make a TLS identity; whether it did."""
        logs.note(_log, logging.INFO, "TLS identity: making or renewing")
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=paths.CODE_ROOT,
                env=workers.environment(),
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            logs.note(_log, logging.ERROR, "the process that makes it can't be started", error=error)
            return False
        try:
            async with asyncio.timeout(RENEWAL_LIMIT_S):
                status = await child.wait()
        except TimeoutError:
            status = -1
        finally:
            if child.returncode is None:
                child.kill()
        if status != 0:
            logs.note(_log, logging.ERROR, "no TLS identity was made", status=status)
        return status == 0

    async def _watch_identity(self, current: Identity) -> None:
        """Has the identity renewed in time, and serves with the new one from then on."""
        while True:
            await asyncio.sleep(IDENTITY_CHECK_S)
            try:
                renewed = await self._identity()
                if renewed != current:
                    self._use(renewed)
                    current = renewed
            except AgentError as error:
                self._trouble = "identity-renewal"
                logs.note(_log, logging.ERROR, "the TLS identity can't be read", code=error.code)
            self._changed()

    # --- keys that end soon --------------------------------------------------------------------------------------

    async def _remind_of_keys(self) -> None:
        """Has the icon say which keys end soon, each a few times in its life (agent.key_library).

        Only an icon that is seen is asked to. What it does not say stays due: then, or where there is no icon, the desk shows it.
        """
        await asyncio.sleep(REMIND_FIRST_S)
        while True:
            due: tuple[control.EndingKey, ...] = ()
            if self._config.notifications and self._is_icon_shown and await self._note_told(self._unnoted):
                due = await asyncio.to_thread(ending_keys, self._library, dt.datetime.now(dt.UTC))
            self._ending = due if self._is_icon_shown else ()  # it may have gone meanwhile
            self._changed()
            await asyncio.sleep(REMIND_EVERY_S)

    async def _note_reminded(self, fingerprints: Sequence[str]) -> None:
        """The icon told the person of these keys, of those that it was asked to tell of."""
        seen = [line for line in self._ending if set(line.keys) <= set(fingerprints)]
        self._ending = tuple(line for line in self._ending if line not in seen)
        self._changed()
        await self._note_told({key for line in seen for key in line.keys})

    async def _note_told(self, keys: Collection[str]) -> bool:
        """Whether it could be written down. Until it can the person is told of no more keys: it would be the same ones, again and again."""
        told = frozenset(keys)
        if not told:
            return True
        try:
            await asyncio.to_thread(self._library.note_told, told, dt.datetime.now(dt.UTC))
        except StorageFailed as error:
            logs.note(_log, logging.WARNING, "reminders of keys can't be noted", error=error)
            self._unnoted |= told
            return False
        self._unnoted -= told
        return True

    # --- state and commands --------------------------------------------------------------------------------------

    def _state(self) -> control.State:
        held = self._workers.held
        return control.State(
            state=self._state_name(),
            language=self._settings.language,
            version=self._version,
            port=self._server.port,
            waiting=self._workers.waiting,
            connections=self._server.connections,
            trouble=self._trouble or self._https_trouble,
            is_simulation=self._config.simulation is not None,
            gost=self._gost,
            status_url=f"https://127.0.0.1:{self._server.port}/",
            started=self._started.isoformat(),
            autostart=self._autostart_state,
            notifications=self._config.notifications,
            unlocked_until=held.until.isoformat() if held else "",
            unlocked_owner=held.owner if held else "",
            ending=self._ending,
            icon=self._icon_state(),
            is_session_watched=self._is_session_watched,
            recent=self._recent,
        )

    def _state_name(self) -> typing.Literal["ready", "asking", "signing", "paused", "trouble"]:
        if self._settings.is_paused:
            return "paused"
        if self._workers.is_asking:
            return "signing" if self._workers.is_signing else "asking"
        return "trouble" if self._trouble or self._https_trouble else "ready"

    def _icon_state(self) -> typing.Literal["shown", "hidden", "off"]:
        if not self._has_icon:
            return "off"
        return "shown" if self._is_icon_shown else "hidden"

    def _obey(self, command: control.Command) -> control.State | control.Refused:
        logs.note(_log, logging.INFO, "command", method=command.name)
        match command.name:
            case "pause" | "resume":
                self._settings.is_paused = command.name == "pause"
                if self._settings.is_paused:
                    self._workers.refuse_waiting()
            case "lock":
                self._workers.lock()
            case "watch-session" | "icon" | "reminded":
                return control.Refused(f"only the icon can say {command.name!r}")
            case "quit" | "restart":
                self.wants_restart = command.name == "restart"
                self._stop.set()
            case "open":
                if command.value not in typing.get_args(desk.Page):
                    return control.Refused(f"no page {command.value!r} of the desk")
                if not tray_icon.can_show():
                    return control.Refused("there is nothing to show the desk on")
                self._errand(_let_open(*self._children.desk, command.value))
            case "set-language":
                if command.value not in typing.get_args(Language):
                    return control.Refused(f"no language {command.value!r}: kk, ru or en")
                self._set_language(typing.cast("Language", command.value))
            case "set-autostart":
                return self._set_autostart(command.value)
            case "open-status":
                if self._config.simulation is not None:
                    return control.Refused("a simulation opens no browser")
                # In a child, for the standard library's way blocks until some browsers end.
                url = f"https://127.0.0.1:{self._server.port}/"
                self._errand(_let_open(sys.executable, "-m", "webbrowser", url))
            case "query":
                pass
        self._changed()
        return self._state()

    def _obey_icon(self, command: control.Command) -> control.State | control.Refused:
        """What comes through the pipe of the icon that was started here: nobody else can say it."""
        match command.name:
            case "watch-session":
                self._is_session_watched = True
            case "icon":
                self._is_icon_shown = command.value == "shown"
                if not self._is_icon_shown:
                    self._ending = ()  # it can't say that now
                self._changed()
            case "reminded":
                self._errand(self._note_reminded(command.value.split()))
            case _:
                return self._obey(command)
        return self._state()

    def _when_icon_ended(self) -> None:
        """Nobody watches the session any more, and nothing is seen."""
        self._is_session_watched = False
        self._is_icon_shown = False
        self._ending = ()
        self._workers.lock()
        self._changed()

    def _unlock_minutes(self) -> int:
        """For how long keys may stay open: not at all where nobody would tell that the screen was locked."""
        return self._config.unlock_minutes if self._is_session_watched else 0

    def _read_autostart(self) -> autostart.State:
        if self._config.simulation is not None:
            return "unsupported"
        try:
            return self._autostart.state()
        except StorageFailed as error:
            logs.note(_log, logging.WARNING, "start at login can't be read", error=error)
            return "unsupported"

    def _set_autostart(self, value: str) -> control.State | control.Refused:
        if value not in ("on", "off") or self._config.simulation is not None:
            return control.Refused("on or off, and not for a simulation")
        try:
            self._autostart.turn(on=value == "on")
        except AgentError as error:
            return control.Refused(error.detail)
        self._autostart_state = self._read_autostart()
        self._changed()
        return self._state()

    def _set_language(self, language: Language) -> None:
        self._settings.language = language
        try:
            paths.write_private(self._config.paths.language, f"{language}\n".encode())
        except OSError as error:
            logs.note(_log, logging.WARNING, "the language is not remembered", error=error)

    def _on_page(self) -> None:
        self._workers.warm()
        self._changed()

    def _on_workers(self) -> None:
        if not self._workers.is_asking:
            self._recent = Journal(self._config.paths.journal).recent(RECENT_RECEIPTS)
        self._changed()

    def _changed(self) -> None:
        """Tells the icon, once for all that changes in one turn of the loop."""
        if not self._is_told:
            self._is_told = True
            asyncio.get_running_loop().call_soon(self._tell_icon)

    def _tell_icon(self) -> None:
        self._is_told = False
        self._icon.show(self._state())

    # --- errands -------------------------------------------------------------------------------------------------

    def _errand(self, work: typing.Coroutine[typing.Any, typing.Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _end_errands(self) -> None:
        for task in self._errands:
            task.cancel()
        if self._errands:
            await asyncio.wait(self._errands)


def ending_keys(library: KeyLibrary, now: dt.datetime) -> tuple[control.EndingKey, ...]:
    """The keys of which the person is to be reminded next: as many as one message says."""
    return lines_of(library.due_reminders(now))[: control.MOST_ENDING]


def _is_granted(grants: Grants, origin: Origin) -> bool:
    try:
        return grants.is_remembered(origin, dt.datetime.now(dt.UTC))
    except StorageFailed as error:
        logs.note(_log, logging.WARNING, "the grants can't be read", error=error)
        return False


def _is_blocked(grants: Grants, approval: Approval) -> bool:
    """Whether the person blocked who asks. Raises StorageFailed where the record can't be read: then nobody is asked either."""
    return bool(approval.origin) and grants.is_blocked(Origin.parse(approval.origin))


def _is_due(current: Identity) -> bool:
    return identity.needs_renewal(current, dt.datetime.now(dt.UTC))


def _context(current: Identity) -> ssl.SSLContext:
    try:
        return tls_context(current.certificate_path, current.key_path)
    except OSError as error:  # ssl.SSLError is one
        raise NoIdentity("the TLS identity can't be used: certificate and key don't fit") from error


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> typing.Iterator[None]:
    """SIGTERM and SIGINT set `stop` instead of ending the process on the spot."""
    loop = asyncio.get_running_loop()
    caught = (signal.SIGTERM, signal.SIGINT)
    if sys.platform == "win32":  # untested
        before = [signal.signal(each, lambda *_: loop.call_soon_threadsafe(stop.set)) for each in caught]
        yield
        for each, handler in zip(caught, before, strict=True):
            signal.signal(each, handler)
        return
    for each in caught:
        loop.add_signal_handler(each, stop.set)
    yield
    for each in caught:
        loop.remove_signal_handler(each)


async def _let_open(*command: str) -> None:
    """Starts what the person opens: it is theirs, and goes on when the daemon ends."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=workers.environment(),
            cwd=paths.CODE_ROOT,
            start_new_session=os.name == "posix",
        )
    except OSError as error:
        logs.note(_log, logging.WARNING, "nothing could be opened", error=error)
        return
    await child.wait()
