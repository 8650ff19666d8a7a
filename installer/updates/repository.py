"""A repository of updates as its maintainers keep it.

    WORK/repository/metadata    published: signed lists          WORK/staged            lists that wait for signatures
    WORK/repository/targets     published: the files             WORK/staged/targets    files that wait with them

Who may sign what (the keys are in the root, and those of channels in the list "targets"):

    root       which keys count. Several people, offline, threshold 2 or more. Replaces every other key
    targets    who signs for which channel, so it takes as many people as the strictest of them. Offline
    stable     releases for everybody. Two people
    beta       releases for who wants to try them. One person is enough: nothing of it reaches who takes stable
    snapshot   which versions of the lists belong together    } on the machine that publishes;
    timestamp  that this is the newest, for some days          } alone they can make nobody install anything

What changes is staged, signed by one person after the other, each at a place of their own, and published when there are enough
signatures. Publishing makes a new snapshot and a new timestamp.
"""

import datetime as dt
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from agent.updates import releases, versions

CHANNELS: Final = ("stable", "beta")
IN_ROOT: Final = ("root", "targets", "snapshot", "timestamp")
ROLES: Final = (*IN_ROOT, *CHANNELS)
STAGED_ROLES: Final = ("root", "targets", *CHANNELS)
TWO_PEOPLES: Final = ("root", "targets", "stable")
"""What one person must not be able to sign alone: it decides, by itself or by who it names, what everybody installs."""
# A copy for a closed network has to be brought up to date within the days of the timestamp.
DAYS: Final[Mapping[str, int]] = {
    "root": 365, "targets": 365, "stable": 180, "beta": 180, "snapshot": 60, "timestamp": 14,
}  # fmt: skip


class BadRepository(Exception):
    """It can't be done; the text says why, for a terminal."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose signatures count for a role, and how many it takes."""

    threshold: int
    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= len({key.keyid for key in self.keys}):
            raise BadRepository(f"{self.threshold} of {len(self.keys)} keys can't be")


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A release as it is announced; `files` by the name of the package."""

    version: str
    files: Mapping[str, Path]
    notes: str = ""
    is_security: bool = False
    is_urgent: bool = False
    stages: tuple[tuple[int, int], ...] = ()
    published: dt.datetime | None = None


class Maintained:
    """Raises BadRepository, OSError in all that it does."""

    def __init__(self, work: Path, now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)) -> None:
        self.metadata = work / "repository" / "metadata"
        self.targets = work / "repository" / "targets"
        self.staged = work / "staged"
        self._now = now

    # --- what is staged --------------------------------------------------------------------------------------------

    def begin(self, keys: Mapping[str, Keys]) -> None:
        """Stages the first root and empty channels, for the ceremony."""
        if missing := set(ROLES) - set(keys):
            raise BadRepository(f"no keys for {', '.join(sorted(missing))}")
        _require_two_people(keys)
        if self.metadata.exists() or self.staged.exists():
            raise BadRepository("there is a repository already")
        for folder in (self.metadata, self.targets, self.staged / "targets"):
            folder.mkdir(parents=True)
        root = Root(expires=self._ends("root"))
        for role in IN_ROOT:
            _put_keys(root, role, keys[role])
        self._stage("root", root)
        targets = Targets(expires=self._ends("targets"))
        targets.delegations = Delegations({}, {channel: _channel_role(channel) for channel in CHANNELS})
        for channel in CHANNELS:
            _put_keys(targets, channel, keys[channel])
        self._stage("targets", targets)
        for channel in CHANNELS:
            self._stage(channel, Targets(expires=self._ends(channel)))
            self._put_list(channel, [])

    def change_keys(self, keys: Mapping[str, Keys]) -> None:
        """Stages what it takes for these roles to have these keys and no others."""
        _require_two_people(keys)
        for role, those in keys.items():
            where = "root" if role in IN_ROOT else "targets"
            changed = self._changing(where).signed
            assert isinstance(changed, Root | Targets)
            _put_keys(changed, role, those)
            self._stage(where, changed)

    def renew(self, role: str) -> None:
        """Stages a list as it is, good for longer."""
        self._stage(role, self._changing(role).signed)

    def add(self, channel: str, release: NewRelease) -> None:
        """Stages a release."""
        if release.is_urgent and not release.is_security:
            raise BadRepository("only what closes a hole can be urgent")
        listed = self._list(channel)
        if any(item["version"] == release.version for item in listed) or self._was_published(
            channel, release.version
        ):
            raise BadRepository(f"{release.version} is there already: what was published under it stays")
        signed = self._changing(channel).signed
        assert isinstance(signed, Targets)
        files = {}
        for package, file in release.files.items():
            path = f"{channel}/{release.version}/{file.name}"
            if not releases.is_path(path):
                raise BadRepository(f"{file.name} has letters that no path in a repository may have")
            files[package] = path
            self._put_target(signed, path, file)
        self._stage(channel, signed)
        moment = (release.published or self._now()).astimezone(dt.UTC)
        item = {
            "version": release.version,
            "published": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "files": files,
            "security": release.is_security,
            "urgent": release.is_urgent,
            "notes": release.notes,
            "stages": [list(stage) for stage in release.stages],
        }
        self._put_list(channel, [*listed, item])

    def withdraw(self, channel: str, version: str) -> None:
        """Stages that a release is offered no more. Who has it keeps it, until a newer one comes."""
        listed = self._list(channel)
        left = [item for item in listed if item["version"] != version]
        if len(left) == len(listed):
            raise BadRepository(f"{channel} has no {version}")
        signed = self._changing(channel).signed
        assert isinstance(signed, Targets)
        for path in next(item for item in listed if item["version"] == version)["files"].values():
            signed.targets.pop(path, None)
        self._stage(channel, signed)
        self._put_list(channel, left)

    def sign(self, role: str, signer: Signer) -> int:
        """Adds a signature to what is staged; how many are missing still. BadRepository for a key that has no say there."""
        staged = self._read_staged(role)
        if staged is None:
            raise BadRepository(f"nothing of {role} waits for signatures")
        if signer.public_key.keyid not in self._who_may_sign(role):
            raise BadRepository(f"this key has no say in {role}")
        staged.sign(signer, append=True)
        staged.to_file(str(self.staged / f"{role}.json"))
        return self.missing(role)

    def missing(self, role: str) -> int:
        """How many signatures a staged list lacks; for a root the old keys have their say, too."""
        staged = self._read_staged(role)
        if staged is None:
            raise BadRepository(f"nothing of {role} waits for signatures")
        octets, signatures = staged.signed_bytes, staged.signatures
        if role != "root":
            return max(0, self._parent(role).get_verification_result(role, octets, signatures).missing)
        new = staged.signed
        assert isinstance(new, Root)
        old = self._published("root")
        before = old.signed if old is not None else new
        assert isinstance(before, Root)
        both = (
            before.get_verification_result("root", octets, signatures),
            new.get_verification_result("root", octets, signatures),
        )
        return max(0, *(each.missing for each in both))

    def waiting(self) -> dict[str, int]:
        """Which lists are staged, and how many signatures each of them lacks."""
        return {role: self.missing(role) for role in STAGED_ROLES if (self.staged / f"{role}.json").exists()}

    def describe(self, role: str) -> str:
        """What a signature under a staged list would be for."""
        staged = self._read_staged(role)
        if staged is None:
            raise BadRepository(f"nothing of {role} waits for signatures")
        signed = staged.signed
        lines = [f"{role} version {signed.version}, good until {signed.expires.date().isoformat()}"]
        if isinstance(signed, Root):
            lines += [_of_keys(name, found) for name, found in signed.roles.items()]
        elif isinstance(signed, Targets) and signed.delegations and signed.delegations.roles:
            lines += [_of_keys(name, found) for name, found in signed.delegations.roles.items()]
        elif isinstance(signed, Targets):
            before = self._published(role)
            old = before.signed.targets if before is not None and isinstance(before.signed, Targets) else {}
            for path in sorted({*old, *signed.targets}):
                mark = (
                    "-"
                    if path not in signed.targets
                    else "+"
                    if path not in old
                    else "*"
                    if old[path] != signed.targets[path]
                    else " "
                )
                found = signed.targets.get(path) or old[path]
                lines.append(f"  {mark} {path}  {found.length} octets, sha256 {found.hashes['sha256']}")
        return "\n".join(lines)

    # --- what is published -----------------------------------------------------------------------------------------

    def publish(self, snapshot: Signer, timestamp: Signer) -> None:
        """Publishes what is staged. BadRepository, and nothing is changed, where signatures are missing."""
        waiting = self.waiting()
        if lacking := [f"{role} ({count})" for role, count in waiting.items() if count]:
            raise BadRepository(f"signatures are missing: {', '.join(lacking)}")
        self._move_targets()
        for role in waiting:  # the root first
            staged = self._read_staged(role)
            assert staged is not None
            shutil.copyfile(
                self.staged / f"{role}.json", self.metadata / f"{staged.signed.version}.{role}.json"
            )
            (self.staged / f"{role}.json").unlink()
        self.refresh(timestamp, snapshot)

    def refresh(self, timestamp: Signer, snapshot: Signer | None = None) -> None:
        """Says anew that this is the newest; with the snapshot's key also which lists belong together."""
        if snapshot is not None:
            meta = {}
            for role in ("targets", *CHANNELS):
                found = self._newest_file(role)
                if found is None:
                    raise BadRepository(f"{role} was never published")
                meta[f"{role}.json"] = MetaFile.from_data(_version_of(found), found.read_bytes(), ["sha256"])
            old = self._published("snapshot")
            self._sign_online(
                "snapshot",
                Snapshot(old.signed.version + 1 if old else 1, expires=self._ends("snapshot"), meta=meta),
                snapshot,
            )
        file = self._newest_file("snapshot")
        if file is None:
            raise BadRepository("no snapshot was ever published")
        before = self._published("timestamp")
        told = MetaFile.from_data(_version_of(file), file.read_bytes(), ["sha256"])
        self._sign_online(
            "timestamp",
            Timestamp(
                before.signed.version + 1 if before else 1,
                expires=self._ends("timestamp"),
                snapshot_meta=told,
            ),
            timestamp,
        )

    def check(self) -> list[str]:
        """Reads all as computers will; when each list ends. BadRepository for what they would not take."""
        root = self._published("root")
        if root is None:
            raise BadRepository("nothing was ever published")
        lines = []
        try:
            for role in ("root", "timestamp", "snapshot", "targets", *CHANNELS):
                found = self._published(role)
                if found is None:
                    raise BadRepository(f"{role} is missing")
                self._parent(role).verify_delegate(role, found.signed_bytes, found.signatures)
                if found.signed.is_expired(self._now()):
                    raise BadRepository(f"{role} has ended")
                lines.append(
                    f"{role:9} version {found.signed.version}, until {found.signed.expires.date().isoformat()}"
                )
                if role in CHANNELS:
                    assert isinstance(found.signed, Targets)
                    for target in found.signed.targets.values():
                        with (self.targets / target.get_prefixed_paths()[0]).open("rb") as stream:
                            target.verify_length_and_hashes(stream)
                    listed = releases.read(self._list_octets(role), role)  # type: ignore[arg-type]  # one of the channels
                    lines += [f"          {each.version}: {', '.join(sorted(each.files))}" for each in listed]
                    for each in listed:
                        if lost := set(each.files.values()) - set(found.signed.targets):
                            raise BadRepository(f"{each.version} names {min(lost)}, which is not signed")
        except RepositoryError as error:
            raise BadRepository(f"{role}: {error}") from error
        except FileNotFoundError as error:
            raise BadRepository(f"{role}: {error.filename} is missing") from error
        return lines

    # --- small steps -----------------------------------------------------------------------------------------------

    def _ends(self, role: str) -> dt.datetime:
        return (self._now() + dt.timedelta(days=DAYS[role])).replace(microsecond=0)

    def _stage(self, role: str, signed: Any) -> None:
        """The list as the next version after the one that is published, without signatures."""
        before = self._published(role)
        signed.version = before.signed.version + 1 if before is not None else 1
        signed.expires = self._ends(role)
        self.staged.mkdir(parents=True, exist_ok=True)
        Metadata(signed).to_file(str(self.staged / f"{role}.json"))

    def _changing(self, role: str) -> Metadata[Any]:
        found = self._read_staged(role) or self._published(role)
        if found is None:
            raise BadRepository("there is no repository here: begin one")
        return found

    def _read_staged(self, role: str) -> Metadata[Any] | None:
        file = self.staged / f"{role}.json"
        return _read(file) if file.exists() else None

    def _published(self, role: str) -> Metadata[Any] | None:
        file = self._newest_file(role)
        return None if file is None else _read(file)

    def _newest_file(self, role: str) -> Path | None:
        if role == "timestamp":
            file = self.metadata / "timestamp.json"
            return file if file.exists() else None
        found = [file for file in self.metadata.glob(f"*.{role}.json") if file.name.split(".")[0].isdecimal()]
        return max(found, key=_version_of, default=None)

    def _parent(self, role: str) -> Root | Targets:
        """The list that names the keys for a role, as it is published or about to be."""
        found = self._changing("root" if role in IN_ROOT else "targets").signed
        assert isinstance(found, Root | Targets)
        return found

    def _who_may_sign(self, role: str) -> set[str]:
        allowed = set(self._parent(role).get_delegated_role(role).keyids)
        if role == "root" and (before := self._published("root")) is not None:
            assert isinstance(before.signed, Root)
            allowed |= set(before.signed.roles["root"].keyids)
        return allowed

    def _sign_online(self, role: str, signed: Any, signer: Signer) -> None:
        if signer.public_key.keyid not in self._who_may_sign(role):
            raise BadRepository(f"this key has no say in {role}")
        made = Metadata(signed)
        made.sign(signer)
        name = "timestamp.json" if role == "timestamp" else f"{signed.version}.{role}.json"
        part = self.metadata / f"{name}.part"
        made.to_file(str(part))
        part.replace(self.metadata / name)

    def _was_published(self, channel: str, version: str) -> bool:
        """Whether files ever were, also of a release that was withdrawn."""
        mark = f'"{channel}/{version}/'
        return any(mark in file.read_text("utf-8") for file in self.metadata.glob(f"*.{channel}.json"))

    def _put_target(self, signed: Targets, path: str, file: Path) -> None:
        target = TargetFile.from_file(path, str(file), ["sha256"])
        signed.targets[path] = target
        place = self.staged / "targets" / target.get_prefixed_paths()[0]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)

    def _put_list(self, channel: str, items: Sequence[Mapping[str, Any]]) -> None:
        signed = self._changing(channel).signed
        assert isinstance(signed, Targets)
        ordered = sorted(items, key=lambda item: versions.parse(item["version"]), reverse=True)
        octets = json.dumps({"format": releases.FORMAT, "releases": ordered}, indent=1).encode()
        releases.read(octets, channel)  # type: ignore[arg-type]  # one of the channels
        file = self.staged / "releases.json"
        file.write_bytes(octets)
        self._put_target(signed, f"{channel}/releases.json", file)
        file.unlink()
        self._stage(channel, signed)

    def _list(self, channel: str) -> list[dict[str, Any]]:
        found = json.loads(self._list_octets(channel))["releases"]
        assert isinstance(found, list)
        return found

    def _list_octets(self, channel: str) -> bytes:
        signed = self._changing(channel).signed
        assert isinstance(signed, Targets)
        name = signed.targets[f"{channel}/releases.json"].get_prefixed_paths()[0]
        waiting = self.staged / "targets" / name
        return (waiting if waiting.exists() else self.targets / name).read_bytes()

    def _move_targets(self) -> None:
        """What is staged and signed for; what was staged and changed again meanwhile goes."""
        wanted = {
            name
            for channel in CHANNELS
            for target in self._changing(channel).signed.targets.values()
            for name in target.get_prefixed_paths()
        }
        waiting = self.staged / "targets"
        for file in [each for each in waiting.rglob("*") if each.is_file()]:
            name = file.relative_to(waiting).as_posix()
            if name in wanted:
                place = self.targets / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(file, place)
            else:
                file.unlink()


def _read(file: Path) -> Metadata[Any]:
    try:
        return Metadata.from_file(str(file))
    except RepositoryError as error:
        raise BadRepository(f"{file} is damaged") from error


def _version_of(file: Path) -> int:
    return int(file.name.split(".")[0])


def _channel_role(channel: str) -> DelegatedRole:
    return DelegatedRole(channel, [], 1, terminating=True, paths=[f"{channel}/*", f"{channel}/*/*"])


def _require_two_people(keys: Mapping[str, Keys]) -> None:
    for role in TWO_PEOPLES:
        if role in keys and keys[role].threshold < 2:
            raise BadRepository(f"{role} must take the signatures of two people at least")


def _put_keys(where: Root | Targets, role: str, keys: Keys) -> None:
    """These keys and no others."""
    found: Role = where.get_delegated_role(role)
    for keyid in list(found.keyids):
        where.revoke_key(keyid, role)
    for key in keys.keys:
        where.add_key(key, role)
    found.threshold = keys.threshold


def _of_keys(name: str, role: Role) -> str:
    return f"  {name:9} {role.threshold} of {', '.join(keyid[:12] for keyid in role.keyids)}"
