"""A file that a page names: whether it may, and what lies there.

A page that may try any path learns which files there are, and with an attached signature it gets them. So nothing is looked up on the disk
before it is sure that the page may name the path: our own chooser gave it to that site (agent.chosen_files), or, where commonUtils has a
file signed, the person says yes to it in a window, whether there is such a file or not. Only what the page knows already it is told without
a window: that a file which was chosen for it is gone.

What is read is what was agreed to. A path is resolved once, when it is chosen or allowed; from then on no link is followed, in any
part of it. The file is opened once, and what the person is shown is computed from what was read.
"""

import contextlib
import logging
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Literal

from agent import chosen_files, logs
from agent.errors import BadInput, FileUnusable, StorageFailed
from agent.keystores import key_forms
from agent.operations import consent
from agent.operations.approval import Approval
from agent.operations.large import hashed
from protocol import prompts
from protocol.messages import FILE_NOT_FOUND, SignRequest

MOST_HELD_BYTES = 256 * 1024 * 1024  # what is more is hashed as it is read, and can't go into its signature
MOST_HASHED_BYTES = 16 * 1024 * 1024 * 1024  # minutes, in which nobody else's request is served
_NOT_REGULAR = "the path names no regular file"
_NOT_FILES = ("/dev", "/proc", "/sys")  # what lies there looks like files, and is the system's own state

_log = logging.getLogger(__name__)


class FileNotChosen(BadInput):
    """A page of the first dialect names a document that our chooser did not give to it; no other interface hears of this."""

    code = "file-not-chosen"


class KeyFileNotChosen(BadInput):
    """Likewise, a key file."""

    code = "key-file-not-chosen"


def chosen(named: str, grounds: Literal["chosen-key", "chosen-file"], approval: Approval) -> Path:
    """Where the path leads that the caller names, if our chooser gave it to that caller. Nothing is known of what lies there.

    No window opens. What was not chosen stands in the journal, and nothing is looked up for it: whether it is there makes no difference.

    Raises FileNotChosen, or KeyFileNotChosen where it is to be a key file; StorageFailed.
    """
    known = _known(named, approval, grounds)
    if known is not None:
        return known
    with approval.record("allow_file", ()):
        kind = KeyFileNotChosen if grounds == "chosen-key" else FileNotChosen
        raise kind("our chooser did not give this path to the caller")


def allowed(request: SignRequest, approval: Approval) -> Path:
    """Where the path leads that the caller names to have that file signed, once it is sure that the caller may: the person is asked about
    what they did not choose. Nothing is known of what lies there.

    Raises: FileUnusable for what is no path; StorageFailed, and what User.ask raises.
    """
    if not chosen_files.is_path(request.file):
        raise FileUnusable(FILE_NOT_FOUND)
    known = _known(request.file, approval, "chosen-file", "allowed")
    if known is not None:
        return known
    shown = os.path.normpath(request.file)
    with approval.record("allow_file", ()) as record:
        prompt = prompts.AllowFile(
            caller=consent.caller(approval),
            path=shown,
            language=request.language or approval.language,
            waiting=approval.waiting,
            hours=chosen_files.HOURS if _record_for(approval) is not None else 0,
        )
        answer = approval.user.ask(prompt)
        assert isinstance(answer, prompts.Allowed)
        record.decided("approved")
    return remember(approval, shown, "allowed")


def _known(named: str, approval: Approval, *grounds: chosen_files.Grounds) -> Path | None:
    """Where the path leads, if it was given to the caller on one of these grounds. Raises StorageFailed."""
    if approval.chosen_files is None or not chosen_files.is_path(named):
        return None
    return approval.chosen_files.find(approval.origin, named, approval.now(), *grounds)


def remember(approval: Approval, path: str, grounds: chosen_files.Grounds) -> Path:
    """Where this path leads, which the person has just given to the caller; a site may name it on these grounds from now on.

    Raises FileUnusable where a link leads to a name that can't be told.
    """
    resolved = Path(os.path.realpath(path))
    if not chosen_files.is_path(str(resolved)):
        raise FileUnusable("the path leads to a file whose name can't be told")
    record = _record_for(approval)
    if record is not None:
        try:
            record.remember(approval.origin, path, resolved, approval.now(), grounds)
        except StorageFailed as error:
            # Then the person is asked next time, or has to choose once more.
            logs.note(_log, logging.WARNING, "the choice could not be remembered", code=error.code)
    return resolved


def _record_for(approval: Approval) -> chosen_files.ChosenFiles | None:
    """Where it is noted what the caller may name; None for callers that are asked each time."""
    return approval.chosen_files if approval.origin.kind == "site" else None


def read(request: SignRequest, path: Path) -> SignRequest:
    """The request with its document, out of the file at a path that `allowed` or `chosen` gave; `file` says where it lies.

    Raises FileUnusable.
    """
    found = replace(request, file=str(path), names=(path.name,))
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if not request.detached and size > MOST_HELD_BYTES:
            raise FileUnusable(f"a file over {MOST_HELD_BYTES} octets can only be signed detached")
        if size > MOST_HASHED_BYTES:
            raise FileUnusable(f"the file is over {MOST_HASHED_BYTES} octets")
        if size > MOST_HELD_BYTES:
            found = replace(found, large=(hashed(file, size),))
        else:
            found = replace(found, documents=(file.read(size),))
            if not request.detached and key_forms.is_key_store(found.documents[0]):
                raise FileUnusable("a key file is not put into a signature: the page would get it")
        if file.tell() != size or file.read(1):
            raise FileUnusable("the file changed while it was read")
    return found


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file at a path that `allowed` or `chosen` gave, open for reading. Raises FileUnusable, also for what goes wrong while it is read."""
    try:
        with os.fdopen(_open(path), "rb") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileUnusable(FILE_NOT_FOUND) from error
    except OSError as error:
        raise FileUnusable(f"the file can't be read: {error.strerror}") from error


def _open(path: Path) -> int:
    """A descriptor of a regular file, with no link followed. Raises OSError, FileUnusable."""
    if any(path.is_relative_to(place) for place in _NOT_FILES):
        raise FileUnusable(_NOT_REGULAR)
    folder = _open_folder(path.parent)
    try:
        place = {"dir_fd": folder} if folder is not None else {}
        name = str(path) if folder is None else path.name
        # Looked at first, for opening a device may do something to it.
        before = os.stat(name, follow_symlinks=False, **place)  # noqa: PTH116  # a Path knows no dir_fd
        if not stat.S_ISREG(before.st_mode):
            raise FileUnusable(_NOT_REGULAR)
        flags = (
            os.O_RDONLY | _flag("O_NOFOLLOW") | _flag("O_NONBLOCK") | _flag("O_CLOEXEC") | _flag("O_BINARY")
        )
        descriptor = os.open(name, flags, **place)
    finally:
        if folder is not None:
            os.close(folder)
    if not os.path.samestat(before, os.fstat(descriptor)):
        os.close(descriptor)
        raise FileUnusable("the file changed while it was read")
    return descriptor


def _open_folder(path: Path) -> int | None:
    """A descriptor of the folder, reached without following a link; None where the system has no way to do that. OSError."""
    if sys.platform != "linux":
        if Path(os.path.realpath(path)) != path:  # untested: the next best
            raise FileNotFoundError
        return None
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(path.anchor, flags)
    for part in path.parts[1:]:
        try:
            below = os.open(part, flags, dir_fd=folder)
        finally:
            os.close(folder)
        folder = below
    return folder


def _flag(name: str) -> int:
    """A flag of `os.open`, where the system has it."""
    value: int = getattr(os, name, 0)
    return value
