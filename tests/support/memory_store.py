"""Key stores in memory: parties of tests.support.chains behind file names and passwords."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent.certificate import Certificate
from agent.errors import AgentError, BrokenKeyStore, WrongPassword
from agent.secret import Secret
from agent.signer import Signer
from tests.support.chains import Party

MODIFIED = datetime(2026, 11, 1, tzinfo=UTC)


@dataclasses.dataclass
class MemoryKey:
    party: Party
    others: tuple[Certificate, ...] = ()
    is_wiped: bool = False

    @property
    def key_id(self) -> str:
        return self.party.certificate.fingerprint[:40]

    @property
    def certificate(self) -> Certificate:
        return self.party.certificate

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        return (self.certificate, *self.others)

    def signer(self) -> Signer:
        assert not self.is_wiped
        return self.party

    def wipe(self) -> None:
        self.is_wiped = True


@dataclasses.dataclass(frozen=True)
class MemoryFile:
    """What `find` gives."""

    path: Path
    storage: str = "PKCS12"
    modified: datetime = MODIFIED
    label: str = "GOST 2015"


@dataclasses.dataclass
class MemoryStore:
    """Stores by path. `password` opens every one of them; `problem` is raised instead, if there is one."""

    files: dict[str, list[MemoryKey]]
    password: bytes = b"Qwerty12"
    problem: AgentError | None = None
    searched: list[tuple[Path, ...]] = dataclasses.field(default_factory=list)

    def open(self, storage: str, path: Path, password: Secret) -> Sequence[MemoryKey]:
        if self.problem is not None:
            raise self.problem
        if str(path) not in self.files:
            raise BrokenKeyStore("no such file")
        if password.buffer != self.password:
            raise WrongPassword
        return self.files[str(path)]

    def find(self, folders: Sequence[Path], limit: int) -> Sequence[MemoryFile]:
        self.searched.append(tuple(folders))
        return [MemoryFile(Path(path)) for path in self.files][:limit]
