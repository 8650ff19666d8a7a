"""Key stores where key files play tokens: for an agent with a scripted person, and never for a real one."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.keystores import catalog
from agent.keystores.base import StoredKey
from agent.secret import Secret


@dataclass(frozen=True, slots=True)
class KeyStores:
    """What agent.keystores.catalog opens, and the tokens of these storages, if a script plugs any in."""

    tokens: tuple[str, ...]

    def open(self, storage: str, path: Path, password: Secret) -> tuple[StoredKey, ...]:
        """As catalog.open; a token's password is that of the key file that plays it."""
        return catalog.open(catalog.PKCS12 if storage in self.tokens else storage, path, password)

    def find(self, folders: Iterable[Path], limit: int = 50) -> tuple[catalog.FoundKey, ...]:
        """As catalog.find."""
        return catalog.find(folders, limit)
