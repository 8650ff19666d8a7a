"""A repository of updates for tests, made with the maintainers' own tool, and what reads it."""

import datetime as dt
import functools
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from installer.updates.repository import ROLES, TWO_PEOPLES, Keys, Maintained, NewRelease

NOW = dt.datetime.now(dt.UTC)
PACKAGE = "appimage-x86_64"


def signers(count: int) -> tuple[CryptoSigner, ...]:
    return tuple(CryptoSigner.generate_ed25519() for _ in range(count))


def keys(those: tuple[CryptoSigner, ...], threshold: int) -> Keys:
    return Keys(threshold, tuple(each.public_key for each in those))


def new_people() -> dict[str, tuple[CryptoSigner, ...]]:
    return {role: signers(3 if role == "root" else 2 if role in TWO_PEOPLES else 1) for role in ROLES}


@functools.cache
def _first() -> "tuple[tempfile.TemporaryDirectory[str], Made]":
    """An empty repository of today, to be copied."""
    folder = tempfile.TemporaryDirectory(prefix="qalamsap-updates-")
    return folder, Made(Path(folder.name) / "work", people=new_people())


@dataclass
class Made:
    """A published repository; `now` is the maintainers' clock."""

    work: Path
    now: dt.datetime = NOW
    people: Mapping[str, tuple[CryptoSigner, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kept = Maintained(self.work, lambda: self.now)
        if not self.people and self.now == NOW:
            first = _first()[1]
            self.people = first.people
            shutil.copytree(first.work, self.work)
            return
        self.people = self.people or new_people()
        self.kept.begin(self.keys())
        self.publish()

    def keys(self) -> dict[str, Keys]:
        return {role: keys(those, 2 if role in TWO_PEOPLES else 1) for role, those in self.people.items()}

    @property
    def repository(self) -> Path:
        return self.work / "repository"

    @property
    def metadata(self) -> Path:
        return self.repository / "metadata"

    @property
    def root(self) -> bytes:
        """The first root of trust."""
        return (self.metadata / "1.root.json").read_bytes()

    def sign(self) -> None:
        for role in self.kept.waiting():
            for signer in self.people[role][:2]:
                self.kept.sign(role, signer)

    def publish(self) -> None:
        self.sign()
        self.kept.publish(self.people["snapshot"][0], self.people["timestamp"][0])

    def refresh(self) -> None:
        self.kept.refresh(self.people["timestamp"][0], self.people["snapshot"][0])

    def release(
        self,
        version: str,
        octets: bytes = b"package",
        *,
        channel: str = "stable",
        age: dt.timedelta = dt.timedelta(hours=1),
        package: str = PACKAGE,
        **more: object,
    ) -> Path:
        """Publishes a release of one package; the file that is served."""
        file = self.work / f"qalamsap-{version}.bin"
        file.write_bytes(octets)
        self.kept.add(channel, NewRelease(version, {package: file}, published=self.now - age, **more))  # type: ignore[arg-type]
        self.publish()
        (found,) = (self.repository / "targets" / channel / version).iterdir()
        return found
