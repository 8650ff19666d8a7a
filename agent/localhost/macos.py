"""Trust on macOS: not built yet; says what a person or IT can do by hand meanwhile. Untested, as nothing here runs macOS."""

from pathlib import Path
from typing import NoReturn

from agent.errors import UnsupportedOperation

BY_HAND = (
    "trust on macOS is not built yet; by hand: security add-trusted-cert -r trustRoot -p ssl "
    '-k ~/Library/Keychains/login.keychain-db "{authority}" (macOS asks for the password); Safari and Chrome read it'
)


def install(authority: Path) -> NoReturn:
    raise UnsupportedOperation(BY_HAND.format(authority=authority))


def status(authority: Path) -> NoReturn:
    raise UnsupportedOperation(BY_HAND.format(authority=authority))


def remove(authority: Path) -> NoReturn:
    raise UnsupportedOperation(
        f'trust on macOS is not built yet; by hand: security remove-trusted-cert "{authority}"'
    )
