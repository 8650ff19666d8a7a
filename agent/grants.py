"""The sites that the person chose to remember, each until a day. A remembered site is no longer introduced as new; it is asked
for every signature all the same.

Only sites are remembered (agent.origins): whoever comes unprotected, from a file or as a program can't be told from others.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agent import locks, paths
from agent.errors import StorageFailed
from agent.origins import Origin

DAYS = 90
MAX_SITES = 1000
_MAX_FILE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Grants:
    """The grants in the file at `path`; without a file there are none."""

    path: Path

    def is_remembered(self, origin: Origin, at: datetime) -> bool:
        """Whether the site has a grant that has not ended. Raises StorageFailed if the file is broken."""
        until = self._read().get(origin.canonical)
        return origin.kind == "site" and until is not None and at < until

    def remember(self, origin: Origin, at: datetime, days: int = DAYS) -> None:
        """Grants the site `days` days from now, and forgets grants that have ended. StorageFailed; ValueError for no site."""
        if origin.kind != "site":
            raise ValueError(f"a caller of the kind {origin.kind!r} is never remembered")
        try:
            with locks.held(self.path):
                grants = {site: until for site, until in self._read().items() if until > at}
                grants[origin.canonical] = at + timedelta(days=days)
                self._write(grants)
        except OSError as error:
            raise StorageFailed(f"the grants can't be written: {error.strerror}") from error

    def _read(self) -> dict[str, datetime]:
        try:
            with self.path.open("rb") as stream:
                content = stream.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StorageFailed(f"the grants can't be read: {error.strerror}") from error
        try:
            return {str(site): _moment(until) for site, until in json.loads(content)["sites"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageFailed("the grants are not what was written there") from error

    def _write(self, grants: dict[str, datetime]) -> None:
        latest = sorted(grants.items(), key=lambda grant: grant[1], reverse=True)[:MAX_SITES]
        sites = {site: until.isoformat() for site, until in latest}
        paths.write_private(self.path, json.dumps({"sites": sites}, indent=1).encode())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment
