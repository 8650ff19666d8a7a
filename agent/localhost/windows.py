"""Trust on Windows: not built yet; says what a person or IT can do by hand meanwhile. Untested, as nothing here runs Windows."""

from pathlib import Path
from typing import NoReturn

from agent.errors import UnsupportedOperation

BY_HAND = (
    'trust on Windows is not built yet; by hand: certutil -user -addstore Root "{authority}" (Windows asks once), '
    "or as administrator without -user for the whole machine; Chrome, Edge and Firefox read that store"
)


def install(authority: Path) -> NoReturn:
    raise UnsupportedOperation(BY_HAND.format(authority=authority))


def status(authority: Path) -> NoReturn:
    raise UnsupportedOperation(BY_HAND.format(authority=authority))


def remove(authority: Path) -> NoReturn:
    raise UnsupportedOperation(
        "trust on Windows is not built yet; by hand: certutil -user -delstore Root with the authority's name"
        f" in '{authority}'"
    )
