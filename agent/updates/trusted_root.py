"""The root of trust of updates: the file that says which keys count. It comes with the program, never over the network.

Who runs the computer may put their own in its place, for a repository that they sign themselves: beside the policy, in a file that
nobody else can write. A build that was given no root (installer/updates/README.md) takes no updates at all, and says so.
"""

import os
import stat
from pathlib import Path
from typing import Final

from agent import paths
from agent.updates.errors import UpdatesOff

OFFICIAL_URL: Final = ""
"""Where our releases are published, for who sets no `update_url`. Empty: there is no such server yet."""

SHIPPED: Final = Path(__file__).with_name("root.json")
MOST_BYTES: Final = 256 * 1024


def own_file() -> Path:
    """Where whoever runs the computer puts a root of their own."""
    return paths.policy_file().with_name("update-root.json")


def read(own: Path | None = None, shipped: Path = SHIPPED) -> bytes:
    """The first root of trust. Raises UpdatesOff where there is none, or where others could have written it."""
    place = own_file() if own is None else own
    try:
        if os.name == "posix" and (found := _kept(place)) is not None:
            return found
        return shipped.read_bytes()
    except FileNotFoundError as error:
        raise UpdatesOff(
            f"this build came without a root of trust, and there is none in {place}: there is nobody whose updates it could believe"
        ) from error
    except OSError as error:
        raise UpdatesOff(f"the root of trust can't be read: {error.strerror}") from error


def _kept(place: Path) -> bytes | None:
    """The file, if it is there and its owner's alone. Raises UpdatesOff, OSError."""
    try:
        stream = paths.open_file(place)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with stream:
        facts = os.fstat(stream.fileno())
        if facts.st_uid != 0 or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise UpdatesOff(f"{place} must belong to root, and nobody else may write it")
        octets = stream.read(MOST_BYTES + 1)
    if len(octets) > MOST_BYTES:
        raise UpdatesOff(f"{place} is no root of trust")
    return octets
