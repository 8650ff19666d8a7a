"""Makes browsers trust wss://127.0.0.1, keeps it so, and takes it back: what `qalamsap trust` does.

    install    issues the TLS identity if there is none, and puts its authority into every store
    status     looks, changes nothing
    renew      60 days before the end: a new authority beside the old one; 30 days before it the agent turns to the new one, for
               browsers that were open need a restart to learn it; the old one goes when it has ended
    remove     takes out what `install` put in, and nothing else; twice is as good as once

Machine-wide means the policy files of browsers and needs root; otherwise it is the NSS databases of this person. One store that
fails does not keep the others from being done: the report names it.
"""

import dataclasses
import datetime as dt
import os
import platform
import shutil
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
    windows,
)
from agent.localhost.errors import NeedsRoot
from agent.localhost.identity import Identity
from agent.localhost.record import Record
from agent.localhost.report import State, StoreReport
from agent.origins import Origin

ROOT = Path("/")


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Where the commands work. `root` is another folder than / only in tests."""

    tls_dir: Path
    state_dir: Path
    home: Path
    root: Path = ROOT
    environment: Mapping[str, str] = dataclasses.field(default_factory=lambda: dict(os.environ))


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
        return all(store.state is self.wanted for store in self.stores)

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
    places: Places, *, machine_wide: bool, origins: Sequence[str] | None, at: dt.datetime
) -> TrustReport:
    """Makes the stores trust the agent. `origins` are the only ones that may reach loopback unasked; None keeps what was set.

    Raises: BadInput (an origin that is none), NeedsRoot, MissingTool, StorageFailed, UnsupportedOperation.
    """
    checked = None if origins is None else checked_origins(origins)
    if checked and not machine_wide:
        raise UnsupportedOperation(
            "only machine-wide policies can let origins reach loopback: use --machine as root"
        )
    _require_linux("install", places)
    _require_root(places, machine_wide=machine_wide)
    with record.locked(places.state_dir):
        ours = Record(places.state_dir)
        _issue_if_due(places, ours, at, force=False)
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
    _require_linux("status", places)
    ours = Record(places.state_dir)
    wide, personal = _scope(ours, machine_wide)
    living = identity.living(places.tls_dir, at)
    stores: list[StoreReport] = []
    if wide:
        texts = chromium_policies.wanted(
            [identity.authority_der(each) for each in living], ours.contents.origins
        )
        stores += chromium_policies.status(places.root, texts)
        stores += firefox_policies.status(places.root, _firefox_texts(living, ours.contents.origins))
    if personal:
        stores += nss_databases.status(_databases(places), _authorities(living))
    shown = identity.current(places.tls_dir)
    notes = () if living else ("no TLS identity was issued yet: nothing can be trusted",)
    return TrustReport("status", State.TRUSTED, shown, ours.contents.origins, tuple(stores), notes)


def renew(places: Places, *, at: dt.datetime, force: bool = False) -> TrustReport:
    """Issues the next identity when it is due (or now, with `force`), brings every store to it, and drops what has ended.

    Stores are brought up to date even when nothing is due: a browser profile may be new. Raises as `install` does.
    """
    _require_linux("install", places)
    with record.locked(places.state_dir):
        ours = Record(places.state_dir)
        wide, personal = ours.contents.is_machine_wide, ours.contents.is_personal
        if not wide and not personal:
            note = "nothing was installed that could be renewed"
            return TrustReport("renew", State.TRUSTED, identity.current(places.tls_dir), (), (), (note,))
        _require_root(places, machine_wide=wide)
        issued = _issue_if_due(places, ours, at, force=force)
        stores = _install(places, ours, at, machine_wide=wide, personal=personal)
        if force and issued is not None:
            identity.make_current(issued)
        _switch_if_due(places, at)
        if all(store.state is State.TRUSTED for store in stores):
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
    _require_linux("remove", places)
    with record.locked(places.state_dir):
        ours = Record(places.state_dir)
        wide = ours.contents.is_machine_wide
        _require_root(places, machine_wide=wide)
        stores: list[StoreReport] = []
        if wide:
            stores += chromium_policies.remove(places.root, ours)
            stores += firefox_policies.remove(places.root, ours)
            stores = _still_there(places, stores, at)
        stores += nss_databases.remove(ours)
        if all(store.state is State.ABSENT for store in stores):
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
    if machine_wide:
        texts = chromium_policies.wanted(
            [identity.authority_der(each) for each in living], ours.contents.origins
        )
        stores += chromium_policies.install(places.root, texts, ours)
        stores += firefox_policies.install(places.root, _firefox_texts(living, ours.contents.origins), ours)
    if personal:
        stores += nss_databases.install(_databases(places), _authorities(living), ours)
    return stores


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
    notes = ("restart browsers that are open now",) if any(store.changed for store in stores) else ()
    shown = identity.current(places.tls_dir)
    return TrustReport(command, State.TRUSTED, shown, ours.contents.origins, tuple(stores), notes)


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
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _require_root(places: Places, *, machine_wide: bool) -> None:
    if machine_wide and places.root == ROOT and not is_root():
        raise NeedsRoot("policies for the whole machine can be changed by root only; --user needs no root")


def _require_linux(verb: str, places: Places) -> None:
    """Elsewhere the modules of those systems say what can be done."""
    system = platform.system()
    other = {"Windows": windows, "Darwin": macos}.get(system)
    if other is not None:
        present = identity.current(places.tls_dir)
        path = present.authority_path if present else places.tls_dir / identity.AUTHORITY
        {"install": other.install, "status": other.status, "remove": other.remove}[verb](path)
    if system != "Linux":
        raise UnsupportedOperation(f"trust in browsers on {system or 'this system'} is not built")
