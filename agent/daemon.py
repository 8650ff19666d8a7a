"""The daemon: puts the parts together, and takes them apart again in good order.

It faces every web page, so it knows no secret and loads no cryptography of ours: network and TLS (the standard library's), the
queue, and the processes it starts. A new TLS identity is made by a child process as well.

    run(config)    serves until it is told to stop; raises an AgentError where it can't begin

It says "listening on wss://127.0.0.1:PORT/" on standard output once pages can connect.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import importlib.metadata
import importlib.util
import logging
import os
import secrets
import signal
import ssl
import subprocess
import sys
import typing
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from agent import anew, autostart, dispatch, hardening, instance, logs, paths, tray_icon, turns, workers
from agent import programs as own
from agent.approvals import Approval
from agent.config import DEFAULT_TIMESTAMP_URL, Config
from agent.control import Endpoint, EndpointUnavailable
from agent.errors import AgentError, StorageFailed
from agent.gate import Gatekeeper
from agent.grants import Grants
from agent.http_fetch import FetchSettings, HttpFetch
from agent.journal import Journal
from agent.key_library import KeyLibrary, lines_of
from agent.localhost import identity
from agent.localhost.identity import Identity
from agent.origins import Origin
from agent.own_api import OwnConversation, Services
from agent.rules import Rules
from agent.server import handed_over
from agent.server.listener import Server, tls_context
from agent.server.status_page import StatusPage
from agent.system_log import handler as system_log
from agent.tray_icon import TrayIcon
from protocol import control, work
from protocol.desk import frame as desk
from protocol.prompts import Language

if typing.TYPE_CHECKING:
    from agent.server.https_api import HttpsApi

IDENTITY_CHECK_S = 12 * 60 * 60.0
RENEWAL_LIMIT_S = 60.0
REMIND_FIRST_S = 2 * 60.0  # who has just logged in has other things to look at
REMIND_EVERY_S = 15 * 60.0
UPDATE_FIRST_S = 10 * 60.0
UPDATE_EVERY_S = 24 * 60 * 60.0
UPDATE_SPREAD_S = 2 * 60 * 60  # not all computers of an office at once, when they were switched on together
UPDATE_LOOK_S = 30.0
RECENT_RECEIPTS = 5
POLICY_CHECK_S = 60.0
# What a changed policy sets counts at once, here and in the workers to come; all else takes a new start.
_COUNT_AT_ONCE = (
    *("allowed_origins", "blocked_origins", "lock_origins", "only_key_folders", "formats", "require_preview"),
    *(
        "forbid_hash_only",
        "max_documents",
        "unlock_minutes",
        "sources",
        "places",
        "policy_trouble",
        "policy_place",
        "is_trouble_of_person",
    ),
)
BROKER_FIRST_S = 5.0
_REFUSALS = {
    "taken": "the broker of this computer has another agent of yours registered",
    "version": "the broker of this computer is of another version",
    "rights": "the broker of this computer has no right to hand this agent connections",
}

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
    desk: Sequence[str] = own.agent("open")
    """Opens the page of the desk that is named after it."""
    update: Sequence[str] = ()
    """Looks for a new version of this program, and installs it when nobody is in the middle of anything; empty: nobody looks."""


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
        worker=workers.worker_command(
            *answers, *folders, *look, *_about_authorities(config), *_about_journal(config), *place
        ),
        issue=own.script(_ISSUE, str(config.paths.tls_dir)),
        renew=own.agent("trust", "renew", *place),
        desk=own.agent("open", *place),
        update=own.agent("update", "install", "--background", *place) if _updates_itself(config) else (),
    )


def _updates_itself(config: Config) -> bool:
    """Whether new versions of this installation are ours to bring."""
    is_ours = own.packaged_as() is not None and not own.is_kept_by_system()
    return is_ours and config.simulation is None and config.update_channel != "off"


def _about_authorities(config: Config) -> list[str]:
    """What a worker must know to ask for timestamps and revocations. Through which proxy, and who may be asked, the daemon knows."""
    words = [word for path in config.authorities for word in ("--authority", str(path))]
    if config.timestamp_url != DEFAULT_TIMESTAMP_URL:
        words += ["--timestamp-url", config.timestamp_url]
    if config.ocsp_url:
        words += ["--ocsp-url", config.ocsp_url]
    return [*words, "--offline"] if config.offline else words


def _about_journal(config: Config) -> list[str]:
    moved = config.paths.moved_journal
    return ["--journal", str(moved)] if moved is not None else []


def version() -> str:
    """Of this program."""
    try:
        return importlib.metadata.version(paths.APPLICATION)
    except importlib.metadata.PackageNotFoundError:
        return "source"


def is_usual(config: Config) -> bool:
    """Whether this is the person's agent, of which the system's log is told: no simulation, and not one with a folder of its own."""
    return config.simulation is None and config.paths.state_dir == paths.resolve().state_dir


def run(
    config: Config,
    children: Programs | None = None,
    open_workers: Callable[..., workers.Workers] = workers.Workers,
    reload: Callable[[], Config] | None = None,
    on_serving: Callable[[], None] = lambda: None,
) -> int:
    """Serves until a signal or a command ends it; then 0. `open_workers` makes what carries out approvals, `reload` reads the settings
    anew when the policy was changed, `on_serving` is called once it answers.

    Raises AlreadyRunning, PortBusy, NoIdentity, StorageFailed, NotStartedAnew.
    """
    os.umask(0o077)
    if config.flat_api:
        hardening.protect()  # frames of that dialect hold passwords, on their way to a worker
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(instance.Lock.take(config.paths.lock))
            stack.callback(logs.close)
            system_log.begin(config.log_level, config.paths.log, is_usual=is_usual(config))
        except OSError as error:
            raise StorageFailed(
                f"{config.paths.state_dir} can't be used: {error.strerror or error}"
            ) from error
        made = _Daemon(config, children, open_workers, reload)
        asyncio.run(made.serve(on_serving))
    if made.wants_restart:
        anew.start()
    return 0


class _Daemon:
    """The parts, and what they have to tell each other."""

    def __init__(
        self,
        config: Config,
        children: Programs | None,
        open_workers: Callable[..., workers.Workers],
        reload: Callable[[], Config] | None,
    ) -> None:
        self._config = config
        self._given_children = children
        self._children = children = children or programs(config)
        self._gatekeeper = Gatekeeper(config, reload, self._on_policy)
        self._unlock_limit = config.unlock_minutes
        self._is_stale = False
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
            rules=Rules.of(config).sent(),
            spare_idle_s=config.spare_minutes * 60.0,
            rest_s=0.0 if is_simulation else turns.REST_S,  # a script is not pestered
            on_change=self._on_workers,
            open_fetch=lambda: HttpFetch(fetch_settings),
            is_blocked=functools.partial(_is_blocked, self._grants, self._gatekeeper),
            unlock_minutes=self._unlock_minutes,
        )
        self._server = Server(
            dispatch.Dispatch(self._workers, self._settings).answer,
            StatusPage(self._version, is_simulation),
            open_own=functools.partial(
                OwnConversation,
                Services(
                    self._workers, self._settings, self._version, config.paths.spool, refusal=self._refusal
                ),
            ),
            plain_websocket=config.plain_websocket,
            refusal=self._gatekeeper.refusal,
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
        self._autostart = autostart.of_person(own.command("run"))
        self._autostart_state = self._read_autostart()
        self._started = dt.datetime.now(dt.UTC)
        self._trouble = ""
        self._https_trouble = ""
        self._broker: handed_over.Registration | None = None
        self._is_announced = False
        self._is_brokered = False
        self._https_api: HttpsApi | None = None
        self._recent: tuple[control.Receipt, ...] = ()
        self._gost: typing.Literal["native", "python"] = (
            "native" if importlib.util.find_spec("agent.gost._native") else "python"
        )
        self._is_told = False
        self._errands: set[asyncio.Task[None]] = set()

    async def serve(self, on_serving: Callable[[], None]) -> None:
        self._is_brokered = bool(self._config.port) and handed_over.is_there(self._config.broker)
        current = await self._identity()
        self._use(current)
        await self._take_port()
        if (
            self._is_brokered and self._broker is None
        ):  # the broker owns other ports: what it vouches for is not ours
            self._is_brokered = False
            current = await self._identity()
            self._use(current)
        self._settings.port = self._server.port
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._workers.close)
            stack.push_async_callback(self._server.close)
            stack.push_async_callback(self._close_https_api)
            if self._broker is not None:
                stack.push_async_callback(self._broker.close)
            stack.push_async_callback(self._end_errands)
            await self._open_endpoint(stack)
            self._open_https_api()
            if self._has_icon:
                stack.push_async_callback(self._icon.stop)
                self._icon.start()
            with _signals(self._stop):
                self._errand(self._watch_identity(current))
                self._errand(self._remind_of_keys())
                self._errand(self._watch_policy())
                if self._children.update:
                    self._errand(self._look_for_updates())
                self._on_workers()
                self._workers.warm()
                self._announce(current)
                on_serving()
                await self._stop.wait()
            logs.note(_log, logging.INFO, "stopping")

    def _announce(self, current: Identity) -> None:
        if self._config.simulation is not None:
            paths.write_private(self._config.paths.simulated_authority, current.authority_path.read_bytes())
            print("simulation: a script answers in place of a person, and its signatures prove nothing")  # noqa: T201  # for whoever started it
        self._say_that_pages_can_come()
        logs.note(_log, logging.INFO, "listening", port=self._server.port, version=self._version)

    def _say_that_pages_can_come(self) -> None:
        """Once, when they can."""
        if not self._is_announced and not self._broker_trouble:
            self._is_announced = True
            print(f"listening on wss://127.0.0.1:{self._server.port}/", flush=True)  # noqa: T201  # for whoever waits for it

    # --- the port ------------------------------------------------------------------------------------------------

    async def _take_port(self) -> None:
        """Listens, or has the broker of this computer hand over what it accepts for our person. Raises PortBusy."""
        port, door = self._config.port, self._config.broker
        if self._is_brokered:
            self._server.attend(port)
            broker = handed_over.Registration(door, port, self._serving, self._on_broker)
            state = await broker.begin(BROKER_FIRST_S)
            if state in ("registered", "waiting"):
                # Never the port itself, though it may be free for a moment: the broker will have it.
                self._broker = broker
                return
            await broker.close()
            if state == "refused":
                raise instance.PortBusy(
                    _REFUSALS.get(broker.why or "", "the broker of this computer refuses this agent")
                )
        self._server.listen(port)

    def _serving(self, port: int) -> handed_over.Serve | None:
        """What serves connections to a port of the broker's."""
        if port == self._server.port:
            return self._server.serve
        return self._https_api.serve if self._https_api and port == self._https_api.port else None

    @property
    def _broker_trouble(self) -> str:
        return "broker" if self._broker is not None and self._broker.state != "registered" else ""

    def _on_broker(self) -> None:
        """The registration came or went. While the daemon starts nobody need be told."""
        if self._broker is not None:
            self._open_https_api()
            self._say_that_pages_can_come()
            self._changed()

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

    def _open_https_api(self) -> None:
        """Where the settings want it. While the broker is away nobody knows whose port it is: then it waits for the broker, too."""
        if not self._config.https_api or self._https_api is not None or self._broker_trouble:
            return
        from agent.server.https_api import HttpsApi  # noqa: PLC0415  # loads uvicorn, which few people want

        api = HttpsApi(
            self._workers,
            self._settings,
            functools.partial(_is_granted, self._grants, self._gatekeeper),
            refusal=self._gatekeeper.refusal,
        )
        api.use(self._tls)
        try:
            if self._broker is not None and self._config.https_api_port in self._broker.ports:
                api.attend(self._config.https_api_port)
            else:
                api.listen(self._config.https_api_port)
        except instance.PortBusy as error:
            # Pages go on to speak WebSocket, as where it is off.
            self._https_trouble = "https-api-port"
            logs.note(
                _log, logging.ERROR, "no HTTPS interface", error=error, port=self._config.https_api_port
            )
            return
        self._https_api = api
        self._https_trouble = ""

    async def _close_https_api(self) -> None:
        if self._https_api is not None:
            await self._https_api.close()

    # --- the TLS identity ----------------------------------------------------------------------------------------

    async def _identity(self) -> Identity:
        """The identity to serve with, made or renewed if need be. Raises NoIdentity, StorageFailed."""
        current = self._current_identity()
        is_machines = current is not None and current.folder.parent == self._config.machine_tls_dir
        if current is not None and (
            is_machines or not _is_due(current)
        ):  # who runs the computer renews what is its
            self._trouble = ""
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
        """The machine's where it is shared and a broker, if one is needed, sees to it that nobody else shows it on our port; else the
        person's own."""
        if self._is_brokered or not identity.NEEDS_BROKER:
            machines = identity.shared(self._config.machine_tls_dir, dt.datetime.now(dt.UTC))
            if machines is not None:
                return machines
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

    # --- the policy --------------------------------------------------------------------------------------------------

    def _refusal(self, page: dispatch.Page) -> AgentError | None:
        """Of a page by what its origin was understood as."""
        return self._gatekeeper.refusal(_origin_of(page.kind, page.canonical))

    async def _watch_policy(self) -> None:
        """Looks for changes even while no page comes. What counts after a new start only gets one when nobody would miss the agent."""
        self._tell_of_policy(self._config)
        while True:
            await asyncio.sleep(POLICY_CHECK_S)
            self._gatekeeper.look()
            if self._is_stale and not self._workers.is_asking and not self._server.connections:
                logs.note(_log, logging.INFO, "starting anew for the policy")
                self.wants_restart = True
                self._stop.set()

    def _on_policy(self, config: Config) -> None:
        """The policy was changed: from now on this counts."""
        logs.note(_log, logging.INFO, "the policy was changed")
        self._tell_of_policy(config)
        self._unlock_limit = config.unlock_minutes
        self._workers.lock()
        children = self._given_children or programs(config)
        self._workers.use(children.worker, Rules.of(config).sent())
        self._is_stale = _rest(config) != _rest(self._config)
        self._changed()

    def _tell_of_policy(self, config: Config) -> None:
        if config.is_trouble_of_person:
            logs.note(_log, logging.ERROR, "the settings can't be read any more", path=config.policy_place)
        elif config.policy_trouble:
            logs.note(_log, logging.ERROR, "the policy can't be used", path=config.policy_place)

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

    # --- new versions of this program ------------------------------------------------------------------------------

    async def _look_for_updates(self) -> None:
        """Has a process of its own look for one each day. It may have this one end, and start the next version: it lives on."""
        await asyncio.sleep(UPDATE_FIRST_S + secrets.randbelow(UPDATE_SPREAD_S))
        while True:
            try:
                # Not asyncio's: that would end it with this loop.
                child = await asyncio.to_thread(_start_alone, self._children.update)
                try:
                    while child.poll() is None:  # noqa: ASYNC110  # nothing tells of it: it is not asyncio's
                        await asyncio.sleep(UPDATE_LOOK_S)
                finally:
                    child.returncode = (
                        child.returncode or 0
                    )  # where it outlives us Popen takes that for an oversight
            except OSError as error:
                logs.note(_log, logging.WARNING, "updates can't be looked for", error=error)
            await asyncio.sleep(UPDATE_EVERY_S)

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
            trouble=self._troubles(),
            trouble_place=self._gatekeeper.gate.place,
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
            is_language_locked=self._is_language_locked,
            recent=self._recent,
        )

    def _state_name(self) -> typing.Literal["ready", "asking", "signing", "paused", "trouble"]:
        if self._settings.is_paused:
            return "paused"
        if self._workers.is_asking:
            return "signing" if self._workers.is_signing else "asking"
        return "trouble" if self._troubles() else "ready"

    def _troubles(self) -> str:
        """The worst of them, as a text key."""
        gate = self._gatekeeper.gate
        if gate.trouble:
            return "bad-settings" if gate.is_trouble_of_person else "bad-policy"
        return self._any_trouble

    @property
    def _any_trouble(self) -> str:
        return self._broker_trouble or self._trouble or self._https_trouble

    def _icon_state(self) -> typing.Literal["shown", "hidden", "off"]:
        if not self._has_icon:
            return "off"
        return "shown" if self._is_icon_shown else "hidden"

    def _obey(self, command: control.Command) -> control.State | control.Refused:
        # Monitoring asks every minute.
        level = logging.DEBUG if command.name == "query" else logging.INFO
        logs.note(_log, level, "command", method=command.name)
        refused = self._unmet(command)
        if refused is not None:
            return refused
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
                if self._is_language_locked and command.value != self._config.language:
                    return control.Refused("the language is set by policy")
                self._set_language(typing.cast("Language", command.value))
            case "set-autostart":
                return self._set_autostart(command.value)
            case "open-status":
                if self._config.simulation is not None:
                    return control.Refused("a simulation opens no browser")
                url = f"https://127.0.0.1:{self._server.port}/"
                self._errand(_let_open(*own.browser(url)))
            case "query":
                pass
        self._changed()
        return self._state()

    def _unmet(self, command: control.Command) -> control.Refused | None:
        """Why the condition that a command carries is not met."""
        if command.name not in ("quit", "restart", "query"):
            return None
        if command.value not in ("", "if-idle"):  # whoever set a condition that we don't know wants it kept
            return control.Refused(f"no condition {command.value!r}: if-idle or none")
        if command.value == "if-idle" and not self._workers.is_idle:
            return control.Refused("an approval runs, a window is open or a key is: not now")
        return None

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
        return self._unlock_limit if self._is_session_watched else 0

    @property
    def _is_language_locked(self) -> bool:
        return self._config.sources.get("language") == "policy"

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


def _rest(config: Config) -> Config:
    """The settings without those that count at once."""
    usual = Config(config.paths)
    return dataclasses.replace(config, **{name: getattr(usual, name) for name in _COUNT_AT_ONCE})


def _origin_of(kind: work.CallerKind, canonical: str) -> Origin:
    """A caller by what an approval says of it."""
    return Origin.parse(canonical) if canonical else Origin("file" if kind == "file" else "program")


def _is_granted(grants: Grants, gatekeeper: Gatekeeper, origin: Origin) -> bool:
    if gatekeeper.gate.knows(origin):
        return True
    try:
        return grants.is_remembered(origin, dt.datetime.now(dt.UTC))
    except StorageFailed as error:
        logs.note(_log, logging.WARNING, "the grants can't be read", error=error)
        return False


def _is_blocked(grants: Grants, gatekeeper: Gatekeeper, approval: Approval) -> bool:
    """Whether the person blocked who asks. Raises CallerForbidden or PolicyUnusable where the policy does not let them in; StorageFailed
    where the record can't be read: then nobody is asked either."""
    refusal = gatekeeper.refusal(_origin_of(approval.kind, approval.origin))
    if refusal is not None:
        raise refusal
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


def _start_alone(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """A child that goes on when the daemon ends. OSError."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=paths.CODE_ROOT,
        env=workers.environment(),
        start_new_session=os.name == "posix",
        # An AppImage stays mounted while somebody has the pipe that its runtime left open. We make nothing ourselves that is passed on.
        close_fds=os.name != "posix",
    )


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
