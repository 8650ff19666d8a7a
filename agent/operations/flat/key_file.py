"""A key file that a page names, and the password that the page sends for it.

Two things stand before the key. The page may name the file only if our own chooser gave it the path, when it asked for a key file
(agent.operations.named_file); of any other path it hears the same, whatever lies there. And it may be wrong about the password a few times only (agent.password_guesses); after that
it hears "wrong" without a try. How fast that comes tells it that there was none, and nothing of the password.
"""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from agent.errors import AgentError, FileUnusable, UnsupportedOperation, WrongPassword
from agent.operations import named_file
from agent.operations.approval import Approval, StoredKey
from agent.password_guesses import PasswordGuesses
from agent.secret import Secret
from protocol.flat_messages import KeyPlace, Thing
from protocol.messages import FILE_NOT_FOUND


class NotThere(AgentError):
    """The page asks for what is not there; it is told so in so many words."""

    code = "not-there"

    def __init__(self, what: Thing) -> None:
        super().__init__(f"no {what} of that name")
        self.what: Thing = what


def admitted(place: KeyPlace, approval: Approval) -> Path:
    """Where the key file lies, once it is sure that the caller may name it and may try a password at it.

    Raises KeyFileNotChosen; NotThere for what was chosen and is gone; WrongPassword where that was tried too often; StorageFailed.
    """
    path = named_file.chosen(place.path, "chosen-key", approval)
    if not _is_file(path):
        raise NotThere("key-file")
    if not _guesses(approval).may_try(_caller(approval), path, approval.now()):
        raise WrongPassword("too many wrong passwords")
    return path


def opened(place: KeyPlace, path: Path, approval: Approval) -> tuple[StoredKey, ...]:
    """The keys at a place, at least one, each the caller's to wipe. The password ends here.

    Raises NotThere, WrongPassword, BrokenKeyStore, UnsupportedKey, StorageFailed.
    """
    guesses, caller = _guesses(approval), _caller(approval)
    with Secret(place.password) as password:
        if not guesses.count(caller, path, approval.now()):
            raise WrongPassword("too many wrong passwords")
        keys = approval.key_stores.open(place.storage, path, password)
    alias = place.alias.strip().lower()  # a published client takes the end of the line in getKeys along
    _wipe([key for key in keys if alias not in ("", key.key_id)])
    wanted = tuple(key for key in keys if alias in ("", key.key_id))
    try:
        guesses.forget(caller, path, approval.now())
        if not wanted:
            raise NotThere("key")
    except AgentError:
        _wipe(wanted)
        raise
    return wanted


@contextlib.contextmanager
def in_sight(place: KeyPlace, approval: Approval) -> Iterator[tuple[StoredKey, ...]]:
    """The keys at a place, for saying something of their certificates. The journal learns of it; the keys are wiped when the block ends.

    The person is not asked once more: the path came to the page by their hand, and so did the password.

    Raises what `admitted` and `opened` raise, and PageLeft.
    """
    path = admitted(place, approval)
    with approval.record("show_key", ()) as record:
        keys = opened(place, path, approval)
        try:
            yield keys
            approval.user.still_there()
            for key in keys:
                record.shown(key.certificate)
        finally:
            _wipe(keys)


def _guesses(approval: Approval) -> PasswordGuesses:
    """Raises UnsupportedOperation: what can't be counted is not tried."""
    if approval.guesses is None:
        raise UnsupportedOperation("there is no record of wrong passwords")
    return approval.guesses


def _caller(approval: Approval) -> str:
    return f"{approval.kind} {approval.origin.canonical}"


def _is_file(path: Path) -> bool:
    """Whether a regular file lies there, and no link on the way to it: somebody may have put one there since the path was given."""
    try:
        with named_file.opened(path):
            return True
    except FileUnusable as error:
        # What may not be looked into: opening says so.
        return isinstance(error.__cause__, OSError) and error.detail != FILE_NOT_FOUND


def _wipe(keys: Iterable[StoredKey]) -> None:
    for key in keys:
        key.wipe()
