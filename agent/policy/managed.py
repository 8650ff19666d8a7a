"""Policies in the managed preferences of macOS: what a configuration profile sets for our bundle's name (mobileconfig)."""

import plistlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers.expat import ExpatError

from agent.policy.base import BadPolicy, Table
from agent.policy.files import OwnedFiles
from agent.settings import MAX_FILE_BYTES

# What plistlib raises for what it can't read: it looks for no date in a date, and for no encoding before it uses it.
_UNREADABLE = (
    *(plistlib.InvalidFileException, ExpatError, ValueError, OverflowError),
    *(LookupError, AttributeError, RecursionError),
)
_OF_PROFILE = "Payload"  # what a profile says of itself may stand beside the settings


@dataclass(frozen=True, slots=True)
class ManagedPreferences:
    """The property lists, the weakest first. Root must own them, as it does where the system wrote them."""

    files: Sequence[Path]
    owner: int = 0
    top: Path = Path("/")

    def tables(self) -> Iterator[Table]:
        """See agent.policy.base.Place."""
        for path in self.files:
            text = OwnedFiles(path, owner=self.owner, top=self.top).read(path)
            if text is not None:
                yield Table(str(path), _parsed(text, path))

    def stamp(self) -> object:
        """See agent.policy.base.Place."""
        return tuple(OwnedFiles(path).stamp() for path in self.files)

    def holds(self, path: Path) -> bool:
        """See agent.policy.base.Place."""
        return any(OwnedFiles(each).holds(path) for each in self.files)


def _parsed(text: bytes, path: Path) -> dict[str, object]:
    if len(text) > MAX_FILE_BYTES:
        raise BadPolicy(str(path), [f"{path} is over {MAX_FILE_BYTES} octets"])
    try:
        found = plistlib.loads(text)
    except _UNREADABLE as error:
        raise BadPolicy(str(path), [f"{path} is no property list"]) from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise BadPolicy(str(path), [f"{path} is no table of settings"])
    return {name: value for name, value in found.items() if not name.startswith(_OF_PROFILE)}
