"""Changes single settings in config.toml, and leaves everything else of it as people wrote it: comments, order, blank lines.

tomlkit is loaded here only, and by the desk only: the daemon and its workers just read (agent.config).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from agent import config, locks, paths
from agent.config import BadConfig
from agent.errors import StorageFailed


def change(file: Path, name: str, value: Any) -> None:
    """Sets `name` to a value as it stands in TOML: a text, a number, a boolean, a list of texts. Raises BadConfig where the value is
    none for that setting or the file is broken, StorageFailed where it can't be written; then nothing was changed."""
    config.check(name, value)
    _edit(file, lambda document: document.__setitem__(name, value))


def reset(file: Path, name: str) -> None:
    """Takes `name` out, so that its default counts. Raises likewise."""
    _edit(file, lambda document: document.pop(name, None))


def _edit(file: Path, edit: Callable[[tomlkit.TOMLDocument], object]) -> None:
    try:
        with locks.held(file):
            document = _read(file)
            edit(document)
            paths.write_private(file, _written(document))
    except OSError as error:
        raise StorageFailed(f"{file} can't be written: {error.strerror}") from error


def _written(document: tomlkit.TOMLDocument) -> bytes:
    """Raises BadConfig where the whole could not be read again."""
    try:
        octets = tomlkit.dumps(document).encode()
    except UnicodeEncodeError as error:
        raise BadConfig("a name that is not UTF-8 can't stand in the settings") from error
    if len(octets) > config.MAX_FILE_BYTES:
        raise BadConfig(f"the settings would be over {config.MAX_FILE_BYTES} octets")
    return octets


def _read(file: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(file.read_bytes().decode())
    except (FileNotFoundError, NotADirectoryError):
        return tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise BadConfig(f"{file} is not TOML: {error}") from error
