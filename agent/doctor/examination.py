"""One examination: all that is looked at, in the order in which people want to know it.

What needs a server goes on beside the rest, so that a computer without a network is not waited for twice. Nothing here raises for what
it finds: a look that fails is a finding itself.
"""

import dataclasses
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from agent import paths
from agent.config import BadConfig, BadPolicy, Config
from agent.doctor import (
    access,
    browsers,
    key_files,
    program,
    proxies,
    running,
    servers,
    trusting,
    updating,
)
from agent.doctor.finding import STATES, Finding
from agent.errors import AgentError
from agent.fetch import Fetch
from agent.key_library import KeyLibrary
from agent.localhost import identity, trust
from agent.localhost.identity import Identity
from agent.localhost.record import Record
from agent.localhost.trust import Places
from agent.paths import Paths
from agent.recent_keys import RecentKeys, UsedKey
from agent.server import handed_over

ORDER: Final = (
    "agent", "port", "certificate", "browsers", "store", "access", "browser", "windows", "keys", "key", "clock", "timestamps",
    "revocation", "proxy", "settings", "storage", "GOST", "program", "updates",
)  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Computer:
    """What is examined, and how the world is looked at: tests put in another one.

    `trouble` is why the settings could not be read, where they could not; where it is the administrator's policy that is broken,
    `broken_policy` is its place.
    """

    settings: Config
    trouble: str = ""
    broken_policy: str = ""
    home: Path = field(default_factory=Path.home)
    root: Path = trust.ROOT
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    now: Callable[[], datetime] = _now
    ask: running.Ask | None = None
    serves: running.Serves = running.served
    holder: Callable[[int], Any] = running.holder_of
    installed: Callable[[Path], tuple[browsers.Browser, ...]] = browsers.installed
    walk: trusting.Walk | None = None
    key_folders: Callable[[], Iterable[Path]] = paths.usual_key_folders
    qt_version: Callable[[], str | None] = program.qt_version
    system_proxies: proxies.System | None = None
    fetch: Fetch | None = None

    @property
    def is_brokered(self) -> bool:
        """Whether the port is a broker's, which hands connections to each person's agent."""
        return bool(self.settings.port) and handed_over.is_there(self.settings.broker)

    @property
    def machines(self) -> Identity | None:
        """The TLS identity of the whole machine, where agents serve with it."""
        if not self.is_brokered and identity.NEEDS_BROKER:
            return None
        return identity.shared(self.settings.machine_tls_dir, self.now())


def computer(places: Paths, load: Callable[[], Config]) -> Computer:
    """This computer. Settings that can't be read are a finding, and the usual ones are taken for the rest."""
    try:
        return Computer(load())
    except BadPolicy as error:
        return Computer(Config(paths=places), trouble=error.detail, broken_policy=error.place)
    except BadConfig as error:
        return Computer(Config(paths=places), trouble=error.detail)


def examine(
    one: Computer,
    on_progress: Callable[[tuple[Finding, ...]], None] = lambda _: None,
    is_over: Callable[[], bool] = lambda: False,
) -> tuple[Finding, ...]:
    """Every finding. `on_progress` gets what is known so far, each time there is more, from this thread; where `is_over`, the rest is
    left out."""
    found: list[Finding] = []
    hurried = servers.fetcher(one.settings)
    fetch = one.fetch or hurried
    pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="doctor")
    try:
        asked = [] if one.settings.offline else _ask_servers(one, fetch, pool)
        for look in _looks(one):
            found += look()
            on_progress(_sorted(found))
            if is_over():
                return _sorted(found)
        if one.settings.offline:
            found += servers.offline()
        while asked:
            done, _ = wait(asked, timeout=0.2)
            if is_over():
                break
            for future in done:
                found += future.result()
                asked.remove(future)
            if done:
                on_progress(_sorted(found))
    finally:
        hurried.stop()
        pool.shutdown(wait=False, cancel_futures=True)
    return _sorted(found)


def _ask_servers(one: Computer, fetch: Fetch, pool: ThreadPoolExecutor) -> list[Future[tuple[Finding, ...]]]:
    settings = one.settings
    return [
        pool.submit(lambda: servers.timestamps(fetch, settings.timestamp_url, one.now)),
        pool.submit(lambda: (servers.revocation(fetch, settings.ocsp_url),)),
    ]


def _looks(one: Computer) -> list[Callable[[], Iterable[Finding]]]:
    return [
        lambda: _program(one),
        lambda: _running(one),
        lambda: _keys(one),
        lambda: _browsers(one),
    ]


def _program(one: Computer) -> Iterable[Finding]:
    yield program.version()
    yield program.gost()
    yield program.windows(one.environment, one.qt_version())
    yield program.storage(one.settings.paths.state_dir)
    if (update := updating.found(one.settings.paths.updates_record)) is not None:
        yield update
    if one.broken_policy:
        yield Finding("settings", "bad-policy", "trouble", one.trouble, subject=one.broken_policy)
    elif one.trouble:
        yield Finding("settings", "broken", "trouble", one.trouble)
    else:
        yield Finding("settings", "good", "ok", "the settings can be read")
    settings = one.settings
    if one.system_proxies is None:
        yield proxies.proxy(settings.proxy, is_offline=settings.offline)
    else:
        yield proxies.proxy(settings.proxy, is_offline=settings.offline, system=one.system_proxies)
    yield from proxies.loopback(one.home, one.environment)


def _running(one: Computer) -> Iterable[Finding]:
    settings = one.settings
    finding, state = running.agent(one.ask or running.asker(settings))
    number = settings.port or (state.port if state else 0)
    if number:
        held = running.port(number, state, one.holder(number), is_brokered=one.is_brokered)
        yield held
        if finding.code == "stopped" and held.state == "trouble":
            # To start it would not help: what must be done first is said of the port.
            finding = dataclasses.replace(finding, code="no-port", repair="")
    yield _renewable(one, finding)
    if one.machines is not None:
        yield running.machines_certificate(one.machines, state, one.serves)
        return
    certificate = running.certificate(settings.paths.tls_dir, state, one.serves, one.now())
    yield _renewable(one, certificate)


def _renewable(one: Computer, finding: Finding) -> Finding:
    """The finding; where trust was never set up there is nothing to renew, and setting it up issues what is due."""
    if finding.repair != "renew-trust":
        return finding
    try:
        contents = Record(one.settings.paths.state_dir).contents
    except AgentError:  # what `trust renew` will complain of
        return finding
    if contents.is_personal or contents.is_machine_wide:
        return finding
    return dataclasses.replace(finding, repair="install-trust")


def _keys(one: Computer) -> Iterable[Finding]:
    settings = one.settings
    library = KeyLibrary(settings.paths.key_library).read()
    folders = dict.fromkeys((*settings.key_folders, *map(Path, library.places), *one.key_folders()))
    known = [
        UsedKey(file.path, key.owner, key.not_after.isoformat())
        for file in library.files
        for key in sorted(file.keys, key=lambda key: key.not_after)
    ]
    used = (*RecentKeys(settings.paths.key_folders).read(), *known)
    return key_files.keys(folders, used, one.now())


def _browsers(one: Computer) -> Iterable[Finding]:
    settings = one.settings
    installed = one.installed(one.home)
    places = Places(
        tls_dir=settings.machine_tls_dir if one.machines else settings.paths.tls_dir,
        state_dir=settings.machine_tls_dir.parent if one.machines else settings.paths.state_dir,
        home=one.home,
        root=one.root,
        environment=one.environment,
    )
    walk = one.walk or trusting.walker(places, one.now())
    yield from trusting.stores(walk, installed, one.home)
    config_home = Path(one.environment.get("XDG_CONFIG_HOME") or one.home / ".config")
    yield from access.browsers(installed, config_home, one.root)


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """In the order of ORDER; of one kind, the worst first."""
    return tuple(sorted(found, key=lambda each: (ORDER.index(each.what), STATES.index(each.state))))
