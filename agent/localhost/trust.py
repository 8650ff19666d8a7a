"""Makes browsers trust wss://127.0.0.1, keeps it so, and takes it back: what `qalamsap trust` does.

    install    issues the TLS identity if there is none, and puts its authority into every store
    status     looks, changes nothing
    renew      60 days before the end: a new authority beside the old one; 30 days before it the agent turns to the new one, for
               browsers that were open need a restart to learn it; the old one goes when it has ended
    remove     takes out what `install` put in, and nothing else; twice is as good as once

Machine-wide means the policy files of browsers and needs root; otherwise it is the NSS databases of this person: so on Linux, where
browsers don't read the system's store. On macOS and Windows they do, and it is the system's store of authorities, the machine's or the
person's. One store that fails does not keep the others from being done: the report names it.
"""

import dataclasses
import datetime as dt
import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.errors import BadInput, StorageFailed, UnsupportedOperation
from agent.localhost import (
    authority,
    browser_profiles,
    chromium_policies,
    firefox_policies,
    identity,
    macos,
    nss_databases,
    record,
    registry_policies,
    renewal_task,
    system_store,
    windows,
)
from agent.localhost.errors import NeedsRoot
from agent.localhost.identity import Identity
from agent.localhost.record import Record
from agent.localhost.registry_policies import ListedText, Registry
from agent.localhost.renewal_task import RenewalTask
from agent.localhost.report import State, StoreReport
from agent.localhost.system_store import Anchor, AnchorStore
from agent.origins import Origin

ROOT = Path("/")


@dataclasses.dataclass(frozen=True, slots=True)
class SystemPlaces:
    """Where a system other than Linux keeps what browsers trust."""

    anchors: AnchorStore
    policies: Registry | None = None
    """Where origins that need not ask are named; None where only IT's profiles can do that."""
    renewal: RenewalTask | None = None
    """What renews machine-wide trust in time; None where the package brings that (systemd, launchd)."""


def _system_places() -> SystemPlaces | None:
    """What this system has beside or instead of browsers' own stores; None on Linux."""
    match platform.system():
        case "Darwin":
            return SystemPlaces(macos.Keychains())
        case "Windows":
            return SystemPlaces(windows.RootStore(), windows.PolicyKeys(), RenewalTask())
        case _:
            return None


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Where the commands work. `root` is another folder than / only in tests."""

    tls_dir: Path
    state_dir: Path
    home: Path
    root: Path = ROOT
    environment: Mapping[str, str] = dataclasses.field(default_factory=lambda: dict(os.environ))
    system: SystemPlaces | None = dataclasses.field(default_factory=_system_places)
    """None on Linux."""


@dataclasses.dataclass(frozen=True, slots=True)
class TrustReport:
    command: str
    wanted: State
    """How every store should stand after this command."""
    identity: Identity | None
    origins: tuple[str, ...]
    stores: tuple[StoreReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_as_wanted(self) -> bool:
        """Browsers trust it without the task that renews it, too: where only that could not be made, `install` and `renew` have
        done what they were asked to, and say it in a note; a package is not taken back for it. `status` counts it."""
        is_looked_at = self.command in {"status", "remove"}
        counted = self.stores if is_looked_at else _of_browsers(self.stores)
        return all(store.state is self.wanted for store in counted)

    def to_json(self) -> dict[str, Any]:
        shown = None
        if self.identity is not None:
            shown = {
                "authority": self.identity.authority_name,
                "authority_sha256": self.identity.authority_sha256,
                "certificate": str(self.identity.certificate_path),
                "not_after": self.identity.not_after.isoformat(),
            }
        return {
            "command": self.command,
            "as_wanted": self.is_as_wanted,
            "identity": shown,
            "origins": list(self.origins),
            "stores": [store.to_json() for store in self.stores],
            "notes": list(self.notes),
        }


def install(
    places: Places,
    *,
    machine_wide: bool,
    origins: Sequence[str] | None,
    at: dt.datetime,
    shared: bool = False,
) -> TrustReport:
    """Makes the stores trust the agent. `origins` are the only ones that may reach loopback unasked; None keeps what was set. With
    `shared` every person's agent may show the machine's certificate, which they do only where a broker owns the port.

    Raises: BadInput (an origin that is none), NeedsRoot, MissingTool, StorageFailed, UnsupportedOperation.
    """
    checked = None if origins is None else checked_origins(origins)
    if checked and not machine_wide:
        raise UnsupportedOperation(
            "only machine-wide policies can let origins reach loopback: use --machine as root"
        )
    if checked and places.system is not None and places.system.policies is None:
        raise UnsupportedOperation(
            "here only a configuration profile can let origins reach loopback: qalamsap admin export --format mobileconfig"
        )
    if shared and not machine_wide:
        raise UnsupportedOperation(
            "only the certificate of the whole machine can be shared: use --machine as root"
        )
    _require_built(places)
    _require_root(places, machine_wide=machine_wide)
    with record.locked(places.state_dir):
        ours = Record(places.state_dir)
        # Elsewhere than on Linux agents show it without a broker; it has no other use there.
        is_shared = shared or _is_shared(places) or (machine_wide and places.system is not None)
        _issue_if_due(places, ours, at, force=False)
        if is_shared:
            _share(places, at)
        if checked is not None:
            ours.put_origins(checked)
        stores = _install(places, ours, at, machine_wide=machine_wide, personal=not machine_wide)
        _switch_if_due(places, at)
        ours.tidy()
        return _installed("install", places, ours, stores)


def status(places: Places, *, machine_wide: bool | None, at: dt.datetime) -> TrustReport:
    """How the stores stand. None looks where `install` was done, or else where it would be done by default.

    Raises: MissingTool, StorageFailed, UnsupportedOperation.
    """
    _require_built(places)
    ours = Record(places.state_dir)
    wide, personal = _scope(ours, machine_wide)
    living = identity.living(places.tls_dir, at)
    stores: list[StoreReport] = []
    if places.system is not None:
        stores += _system_status(places.system, ours, living, wide=wide, personal=personal)
    elif wide:
        texts = chromium_policies.wanted(
            [identity.authority_der(each) for each in living], ours.contents.origins
        )
        stores += chromium_policies.status(places.root, texts)
        stores += firefox_policies.status(places.root, _firefox_texts(living, ours.contents.origins))
    if places.system is None and personal:
        stores += nss_databases.status(_databases(places), _authorities(living))
    shown = identity.current(places.tls_dir)
    notes = () if living else ("no TLS identity was issued yet: nothing can be trusted",)
    return TrustReport("status", State.TRUSTED, shown, ours.contents.origins, tuple(stores), notes)


def renew(places: Places, *, at: dt.datetime, force: bool = False) -> TrustReport:
    """Issues the next identity when it is due (or now, with `force`), brings every store to it, and drops what has ended.

    Stores are brought up to date even when nothing is due: a browser profile may be new. Raises as `install` does.
    """
    _require_built(places)
    with record.locked(places.state_dir):
        ours = Record(places.state_dir)
        wide, personal = ours.contents.is_machine_wide, ours.contents.is_personal
        if not wide and not personal:
            note = "nothing was installed that could be renewed"
            return TrustReport("renew", State.TRUSTED, identity.current(places.tls_dir), (), (), (note,))
        _require_root(places, machine_wide=wide)
        is_shared = _is_shared(places)
        issued = _issue_if_due(places, ours, at, force=force)
        if is_shared:
            _share(places, at)
        stores = _install(places, ours, at, machine_wide=wide, personal=personal)
        if force and issued is not None:
            identity.make_current(issued)
        _switch_if_due(places, at)
        if all(store.state is State.TRUSTED for store in _of_browsers(stores)):
            _drop_ended(places, ours, at)
        ours.tidy()
        report = _installed("renew", places, ours, stores)
        due = report.identity.not_after - identity.RENEW_BEFORE if report.identity else at
        note = f"not due before {due:%Y-%m-%d}"
        if issued is not None:
            note = f"a new authority was issued: {issued.authority_name}"
        return dataclasses.replace(report, notes=(note, *report.notes))


def remove(places: Places, *, at: dt.datetime) -> TrustReport:
    """Takes out of every store what the record says is ours, then looks whether the authorities are gone.

    Raises: NeedsRoot, MissingTool, StorageFailed, UnsupportedOperation.
    """
    _require_built(places)
    with record.locked(places.state_dir):
        ours = Record(places.state_dir)
        wide = ours.contents.is_machine_wide
        _require_root(places, machine_wide=wide)
        stores: list[StoreReport] = []
        if places.system is not None:
            stores += system_store.remove(places.system.anchors, ours)
            if places.system.policies is not None:
                stores += registry_policies.remove(places.system.policies, ours)
            if places.system.renewal is not None and wide:
                stores.append(places.system.renewal.remove())
        elif wide:
            stores += chromium_policies.remove(places.root, ours)
            stores += firefox_policies.remove(places.root, ours)
            stores = _still_there(places, stores, at)
        if places.system is None:
            stores += nss_databases.remove(ours)
        if all(store.state is State.ABSENT for store in _of_browsers(stores)):
            for folder in ours.contents.identities:
                _drop_identity(places, Path(folder), ours)
            ours.put_origins(())
        ours.tidy()
        notes = () if stores else ("nothing of ours is in any store",)
        return TrustReport("remove", State.ABSENT, None, ours.contents.origins, tuple(stores), notes)


def checked_origins(texts: Sequence[str]) -> tuple[str, ...]:
    """The origins in canonical form, each once.

    Raises: BadInput for what is no https origin of one named site. Patterns are refused: `*` would open every port of this
    computer to every page. So are loopback names: Firefox takes them as targets, which opens the agent to every site.
    """
    return tuple(dict.fromkeys(_checked_origin(text) for text in texts))


def _checked_origin(text: str) -> str:
    if "*" in text:
        raise BadInput(f"'{text}' is a pattern; name each origin, such as https://portal.example.kz")
    try:
        origin = Origin.parse(text)
    except BadInput as error:
        raise BadInput(f"'{text}' is no origin, such as https://portal.example.kz") from error
    if not origin.canonical.startswith("https://"):
        raise BadInput(f"'{text}' is not https: browsers let no unprotected page reach loopback")
    host = origin.host.strip("[]")
    if host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1":
        raise BadInput(f"'{text}' is this computer itself; name the origin of the site")
    return origin.canonical


# --- stores -----------------------------------------------------------------------------------------------------


def _install(
    places: Places, ours: Record, at: dt.datetime, *, machine_wide: bool, personal: bool
) -> list[StoreReport]:
    living = identity.living(places.tls_dir, at)
    stores: list[StoreReport] = []
    if places.system is not None:
        return _system_install(places, places.system, ours, living, wide=machine_wide, personal=personal)
    if machine_wide:
        texts = chromium_policies.wanted(
            [identity.authority_der(each) for each in living], ours.contents.origins
        )
        stores += chromium_policies.install(places.root, texts, ours)
        stores += firefox_policies.install(places.root, _firefox_texts(living, ours.contents.origins), ours)
    if personal:
        stores += nss_databases.install(_databases(places), _authorities(living), ours)
    return stores


def _system_install(
    places: Places,
    system: SystemPlaces,
    ours: Record,
    living: Sequence[Identity],
    *,
    wide: bool,
    personal: bool,
) -> list[StoreReport]:
    scopes = [is_wide for is_wide, is_asked in ((True, wide), (False, personal)) if is_asked]
    stores: list[StoreReport] = []
    for machine_wide in scopes:
        stores += system_store.install(system.anchors, _anchors(living), ours, machine_wide=machine_wide)
    if system.policies is not None and wide:
        stores += registry_policies.install(system.policies, _registry_texts(ours.contents.origins), ours)
    if system.renewal is not None and wide:
        stores.append(system.renewal.install(places.state_dir))
    return stores


def _system_status(
    system: SystemPlaces, ours: Record, living: Sequence[Identity], *, wide: bool, personal: bool
) -> list[StoreReport]:
    scopes = [is_wide for is_wide, is_asked in ((True, wide), (False, personal)) if is_asked]
    stores: list[StoreReport] = []
    for machine_wide in scopes:
        stores += system_store.status(system.anchors, _anchors(living), machine_wide=machine_wide)
    if system.policies is not None and wide:
        stores += registry_policies.status(system.policies, _registry_texts(ours.contents.origins))
    if system.renewal is not None and wide:
        stores.append(system.renewal.status())
    return stores


def _registry_texts(origins: Sequence[str]) -> tuple[ListedText, ...]:
    """For every browser whose policies stand in the registry: it costs nothing where the browser is not there."""
    if not origins:
        return ()
    of_chromium = [(text.keys, text.value) for text in chromium_policies.wanted((), origins)]
    # The registry has no "policies" above: that word is policies.json's own.
    of_firefox = [(text.keys[1:], text.value) for text in firefox_policies.wanted((), origins).additions]
    texts: list[ListedText] = []
    for browser in registry_policies.ROOTS:
        texts += registry_policies.listed(browser, of_firefox if browser == "firefox" else of_chromium)
    return tuple(texts)


def _anchors(living: Sequence[Identity]) -> list[Anchor]:
    return [Anchor(each.authority_name, each.authority_sha256, each.authority_path) for each in living]


def _firefox_texts(living: Sequence[Identity], origins: Sequence[str]) -> firefox_policies.Texts:
    pairs = [(each.identity_id, identity.authority_der(each)) for each in living]
    return firefox_policies.wanted(pairs, origins)


def _authorities(living: Sequence[Identity]) -> list[nss_databases.Authority]:
    return [
        nss_databases.Authority(each.authority_name, each.authority_sha256, each.authority_path)
        for each in living
    ]


def _databases(places: Places) -> tuple[browser_profiles.Database, ...]:
    return browser_profiles.databases(places.home, places.environment)


def _still_there(places: Places, stores: list[StoreReport], at: dt.datetime) -> list[StoreReport]:
    """The reports of a removal, corrected where a policy still names an authority of ours: somebody else put it there."""
    living = identity.living(places.tls_dir, at)
    texts = chromium_policies.wanted([identity.authority_der(each) for each in living], ())
    after = chromium_policies.status(places.root, texts)
    after += firefox_policies.status(places.root, _firefox_texts(living, ()))
    found = {each.path: each for each in after if each.state in (State.TRUSTED, State.PARTLY)}
    detail = "still trusted, but not by our doing: somebody else added it, so it stays"
    return [
        dataclasses.replace(found[store.path], detail=detail, changed=store.changed)
        if store.path in found
        else store
        for store in stores
    ]


def _installed(command: str, places: Places, ours: Record, stores: list[StoreReport]) -> TrustReport:
    notes = ["restart browsers that are open now"] if any(store.changed for store in stores) else []
    if any(store.store == renewal_task.STORE and store.state is not State.TRUSTED for store in stores):
        notes.append(
            "nothing renews the certificate in time: run `qalamsap trust renew` now and then, or install again"
        )
    shown = identity.current(places.tls_dir)
    return TrustReport(command, State.TRUSTED, shown, ours.contents.origins, tuple(stores), tuple(notes))


def _of_browsers(stores: Sequence[StoreReport]) -> list[StoreReport]:
    """Those that browsers read: without the task that renews."""
    return [store for store in stores if store.store != renewal_task.STORE]


# --- identities -------------------------------------------------------------------------------------------------


def _issue_if_due(places: Places, ours: Record, at: dt.datetime, *, force: bool) -> Identity | None:
    """Makes the first identity or, when it is time, the next one, which waits beside the present one."""
    present = identity.current(places.tls_dir)
    if present is not None and not force:
        is_next_there = identity.successor(present, at) is not None
        if is_next_there or not identity.needs_renewal(present, at):
            return None
    issued = authority.issue(places.tls_dir, at, becomes_current=present is None)
    ours.put_identity(issued.folder)
    return issued


def _is_shared(places: Places) -> bool:
    present = identity.current(places.tls_dir)
    return present is not None and (present.folder / identity.SHARED).is_file()


def _share(places: Places, at: dt.datetime) -> None:
    for each in identity.living(places.tls_dir, at):
        identity.share(each)
    if sys.platform == "win32":
        windows.let_everybody_read(places.state_dir)


def _switch_if_due(places: Places, at: dt.datetime) -> None:
    present = identity.current(places.tls_dir)
    if present is None or not identity.is_time_to_switch(present, at):
        return
    successor = identity.successor(present, at)
    if successor is not None:
        identity.make_current(successor)


def _drop_ended(places: Places, ours: Record, at: dt.datetime) -> None:
    """Deletes identities whose authority has ended, keys and all; the current one stays whatever its age."""
    present = identity.current(places.tls_dir)
    living = {each.folder for each in identity.living(places.tls_dir, at)}
    for folder in identity.folders(places.tls_dir):
        if folder not in living and (present is None or folder != present.folder):
            _drop_identity(places, folder, ours)


def _drop_identity(places: Places, folder: Path, ours: Record) -> None:
    try:
        present = identity.current(places.tls_dir)
        if present is not None and present.folder == folder:
            (places.tls_dir / identity.CURRENT).unlink()
        if folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageFailed(f"'{folder}': {error}") from error
    ours.drop_identity(folder)


# --- conditions -------------------------------------------------------------------------------------------------


def _scope(ours: Record, machine_wide: bool | None) -> tuple[bool, bool]:
    """Machine-wide, personal: as asked, else as installed, else as `install` would choose."""
    if machine_wide is not None:
        return machine_wide, not machine_wide
    wide, personal = ours.contents.is_machine_wide, ours.contents.is_personal
    if wide or personal:
        return wide, personal
    return is_root(), not is_root()


def is_root() -> bool:
    """Root, or on Windows an administrator."""
    return windows.is_administrator() or (hasattr(os, "geteuid") and os.geteuid() == 0)


def _require_root(places: Places, *, machine_wide: bool) -> None:
    if machine_wide and places.root == ROOT and not is_root():
        raise NeedsRoot("policies for the whole machine can be changed by root only; --user needs no root")


def _require_built(places: Places) -> None:
    system = platform.system()
    if places.system is None and system != "Linux":
        raise UnsupportedOperation(f"trust in browsers on {system or 'this system'} is not built")
