"""The key files that the person used, newest first: where the file chooser starts, and whose a file is before it is opened.

Only the person's own choices are kept, readable by them alone. A broken or missing record is no record: it only saves a click.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from agent import locks, paths
from agent.errors import StorageFailed

MAX_FILES = 20
_MAX_FILE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A key file, and what its certificate said. `valid_until` is ISO 8601."""

    path: str
    owner: str
    valid_until: str


@dataclass(frozen=True, slots=True)
class RecentKeys:
    """The record in the file at `path`."""

    path: Path

    def read(self) -> tuple[UsedKey, ...]:
        """The newest first; nothing where there is no record that can be read."""
        try:
            with self.path.open("rb") as stream:
                items = json.loads(stream.read(_MAX_FILE_BYTES))["keys"]
            return tuple(
                UsedKey(str(item["path"]), str(item["owner"]), str(item["valid_until"])) for item in items
            )
        except (OSError, ValueError, KeyError, TypeError):
            return ()

    def add(self, used: UsedKey) -> None:
        """Puts a key file first. Raises StorageFailed; the caller may go on without."""
        try:
            with locks.held(self.path):
                others = [key for key in self.read() if key.path != used.path]
                record = [asdict(key) for key in [used, *others][:MAX_FILES]]
                paths.write_private(self.path, json.dumps({"keys": record}, ensure_ascii=False).encode())
        except OSError as error:
            raise StorageFailed(f"the used keys can't be noted: {error.strerror}") from error
