"""The story of an update: look, choose, fetch, install; and what is remembered of it."""

import contextlib
import datetime as dt
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from agent import logs
from agent.config import Config
from agent.errors import AgentError, StorageFailed
from agent.instance import AlreadyRunning, Lock
from agent.settings import BadConfig, checked
from agent.updates import installers, interrupted, releases, sources, swap, trusted_root, versions
from agent.updates.client import Repository, describe_root
from agent.updates.errors import Busy, RepositoryRefused, UpdatesOff
from agent.updates.installation import Installation
from agent.updates.record import Outcome, Record, Records
from agent.updates.releases import Channel, Choice, Release, Rules
from agent.updates.sources import Source
from agent.updates.swap import TakenBack
from agent.updates.versions import Version

FREE_BYTES = 64 * 1024 * 1024
"""That stay free on the disk, beside what a package takes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What this run is to do otherwise than the settings say. `place`: another repository, "" for the one of the settings. `is_now`:
    without waiting for days of deferral, or for this computer's turn."""

    place: str = ""
    is_now: bool = False
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """What can be said without asking anybody. `off` says why no update comes, empty where one can."""

    channel: str
    place: str
    package: str
    installed: str
    deferral_days: int
    root_version: int
    root_until: str
    record: Record
    off: str = ""


class Updates:
    """Of one installation. All its work lies in one folder of the person's state, and one process at a time does it."""

    def __init__(
        self,
        settings: Config,
        installation: Installation,
        version: str,
        *,
        wish: Wish | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        read_root: Callable[[], bytes] | None = None,
        open_source: Callable[[str, Config], Source] = sources.source_of,
        system: installers.System | None = None,
    ) -> None:
        self._settings = settings
        self._installation = installation
        self._version = version
        self._wish = wish or Wish()
        self._now = now
        self._read_root = read_root or trusted_root.read
        self._open_source = open_source
        self._system = system or installers.System()
        self._folder = settings.paths.updates
        self._records = Records(settings.paths.updates_record)

    def status(self) -> Status:
        """Asks nobody. Raises StorageFailed."""
        version, until, off = 0, "", ""
        try:
            version, until = describe_root(self._folder, self._read_root())
        except AgentError as error:
            off = error.detail
        try:
            self._installation.require()  # who brings new versions here is the first thing to know
            self._require_on()
            installers.require(self._installation, self._system)
        except AgentError as error:
            off = error.detail
        return Status(
            channel=self._settings.update_channel,
            place=self._place(),
            package=self._installation.package,
            installed=self._version,
            deferral_days=self._settings.update_deferral_days,
            root_version=version,
            root_until=until,
            record=self._after_handing_over(self._records.read()),
            off=off,
        )

    def check(self) -> Choice:
        """What is there for this computer. Raises UpdatesOff, RepositoryRefused, Unreachable, Busy, StorageFailed."""
        self._installation.require()
        with self._working() as repository:
            return self._choose(repository)

    def install(self) -> tuple[Choice, installers.Done | None]:
        """Installs what is there for this computer; None where nothing is. Raises what `check` does, and InstallFailed."""
        installers.require(self._installation, self._system)
        with self._working() as repository:
            choice = self._choose(repository)
            if choice.release is None:
                return choice, None
            return choice, self._bring(repository, choice.release)

    def download(self, package: str, folder: Path) -> tuple[Release, Path]:
        """Writes the newest release as that package into a folder, checked, for whoever installs it by other ways.

        Raises what `check` does; UpdatesOff where there is no such package.
        """
        with self._working() as repository:
            found = [each for each in repository.releases(self._channel()) if package in each.files]
            if not found:
                raise UpdatesOff(f"there is no {package} in this channel")
            newest = max(found, key=lambda release: release.version)
            return newest, self._fetch(repository, newest.files[package], folder)

    # --- the steps ------------------------------------------------------------------------------------------------

    def _choose(self, repository: Repository) -> Choice:
        installed = self._installed()
        found = [
            release
            for release in repository.releases(self._channel())
            if self._wish.is_now or release.version.text not in self._records.read().bad
        ]
        rules = Rules(
            self._installation.package,
            dt.timedelta(days=self._settings.update_deferral_days),
            self._records.read().number,
            self._wish.is_now,
        )
        choice = releases.choose(found, installed, rules, self._now())
        told = choice.release or choice.held
        outcome: Outcome = "available" if choice.release else "waits" if choice.held else "up-to-date"
        until = choice.until.isoformat(timespec="seconds") if choice.until else ""
        self._records.note(
            self._now(),
            outcome,
            version=told.version.text if told else "",
            until="" if choice.release else until,
        )
        logs.note(
            _log,
            logging.INFO,
            "looked for updates",
            outcome=outcome,
            version=told.version.text if told else None,
        )
        return choice

    def _bring(self, repository: Repository, release: Release) -> installers.Done:
        path = release.files[self._installation.package]
        file = self._fetch(repository, path, self._folder / "packages")
        if not repository.is_as_signed(path, file):  # it may have lain there from an earlier run
            raise RepositoryRefused("altered", f"{path} was changed on this computer")
        log = self._folder / "installer.log"
        try:
            done = installers.install(
                file, release.version, self._installation, self._settings.paths,
                log=log, wait_s=self._wish.wait_s, system=self._system,
            )  # fmt: skip
        except TakenBack:
            interrupted.note_taken_back(self._settings.paths, release.version.text, self._now)
            raise
        self._records.note(
            self._now(), done, version=release.version.text, log=str(log) if done == "handed-over" else ""
        )
        logs.note(_log, logging.INFO, "an update was installed", outcome=done, version=release.version.text)
        if done == "installed":
            file.unlink(missing_ok=True)
        return done

    def _fetch(self, repository: Repository, path: str, folder: Path) -> Path:
        """The file, there in full. Raises StorageFailed before anything is fetched where the disk is too full."""
        file = folder / path.rpartition("/")[2]
        if folder.is_dir() and repository.is_as_signed(path, file):
            return file
        size = repository.size(path)
        for place in (self._folder, folder):
            _require_room(place, size)
        if folder == self._folder / "packages":
            shutil.rmtree(folder, ignore_errors=True)  # of earlier versions
        repository.download(path, file)
        return file

    # --- what must be so -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _working(self) -> Iterator[Repository]:
        """The repository, with its lists as they are now. What went wrong is remembered."""
        self._require_on()
        root = self._read_root()
        source = self._open_source(self._place(), self._settings)
        _require_own(self._folder)
        try:
            lock = Lock.take(self._folder / "lock")
        except AlreadyRunning as error:
            logs.note(_log, logging.INFO, "an update waits", code=Busy.code)
            raise Busy("another update is under way") from error
        except OSError as error:
            raise StorageFailed(f"{self._folder} can't be written: {error.strerror}") from error
        with lock:
            try:
                self._recover()
                repository = Repository(source, self._folder, root)
                repository.refresh()
                yield repository
            except Busy as error:
                logs.note(_log, logging.INFO, "an update waits", code=error.code)
                raise
            except TakenBack:
                raise
            except AgentError as error:
                code = error.reason if isinstance(error, RepositoryRefused) else error.code
                logs.note(_log, logging.ERROR, "no update could be had", code=code)
                self._records.note(self._now(), "failed", code=code)
                raise

    def _recover(self) -> None:
        """Settles an update that was cut short. Raises Busy, StorageFailed, TakenBack."""
        places = self._settings.paths
        try:
            version = swap.recover(places, wait_s=self._wish.wait_s)
        except TakenBack as error:
            interrupted.note_taken_back(places, error.version, self._now)
            raise
        if version is not None:
            interrupted.note_settled(places, version.text, self._now)

    def _require_on(self) -> None:
        """Raises UpdatesOff."""
        sources_of = self._settings.sources
        if self._settings.update_channel == "off":
            by = " by the policy of this computer" if sources_of.get("update_channel") == "policy" else ""
            raise UpdatesOff(f"updates are switched off{by} (update_channel)")
        if (
            self._wish.place
            and sources_of.get("update_url") == "policy"
            and self._wish.place != self._settings.update_url
        ):
            raise UpdatesOff("the policy of this computer says where updates come from (update_url)")
        if (
            self._wish.is_now
            and self._settings.update_deferral_days
            and sources_of.get("update_deferral_days") == "policy"
        ):
            raise UpdatesOff("the policy of this computer says how long updates wait (update_deferral_days)")
        if not self._place():
            raise UpdatesOff("nobody said where updates come from: a policy does (update_url), or --from")

    def _place(self) -> str:
        return self._wish.place or self._settings.update_url or trusted_root.OFFICIAL_URL

    def _channel(self) -> Channel:
        return cast("Channel", self._settings.update_channel)

    def _installed(self) -> Version:
        try:
            return versions.parse(self._version)
        except ValueError as error:
            raise UpdatesOff("this program does not know its own version") from error

    def _after_handing_over(self, record: Record) -> Record:
        """What an installer made of it: the version that runs tells."""
        if record.outcome != "handed-over" or record.version != self._version:
            return record
        return self._records.note(self._now(), "installed", version=record.version)


def checked_place(text: str) -> str:
    """The address or folder of a repository, from a command line. Raises BadConfig."""
    place = checked("update_url", str(Path(text).absolute()) if "://" not in text else text, "--from")
    if not place:
        raise BadConfig("--from is empty")
    return str(place)


def _require_own(folder: Path) -> None:
    """Raises UpdatesOff where root would work in somebody's home (sudo may keep HOME): they could put another package, or links, there."""
    if os.name == "posix" and os.geteuid() == 0:
        for place in filter(Path.exists, (folder, *folder.absolute().parents)):
            if place.stat().st_uid != 0:
                raise UpdatesOff(
                    f"{place} belongs to somebody else: root works in a home of its own (sudo -H)"
                )


def _require_room(folder: Path, size: int) -> None:
    """Raises StorageFailed."""
    place = folder
    while not place.exists():
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise StorageFailed(f"{folder} can't be written: {error.strerror}") from error
    if free < 2 * size + FREE_BYTES:
        needed = (2 * size + FREE_BYTES) // (1024 * 1024) + 1
        raise StorageFailed(f"the disk is too full: the update needs {needed} MB free in {folder}")
