"""Another password for a key file: the person types the one that it has, and the new one twice.

In order: the new file is made in memory and read again with the new password; the journal learns of it; a copy of the old file is put
beside it if the person wants one; and only then the new file takes the place of the old one, in one step. Whatever fails on the way,
the old file is there and opens with the old password.
"""

import contextlib
import dataclasses
from dataclasses import dataclass
from pathlib import Path

from agent import paths
from agent.errors import AgentError, KeyNotKept, KeyUnsuitable, UnsupportedKey
from agent.keystores import catalog, key_file, new_password, pkcs12
from agent.operations import consent, known_keys, new_key, read_key
from agent.operations.approval import Approval, Record
from agent.operations.known_keys import Seen
from agent.user.base import Retyped
from protocol import prompts

COPY_ENDING = ".old"
"""Of a copy that opens with the old password. No key file is known by it, so it is offered nowhere."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The file that has another password now: the one that the person was asked about, or another that they named in its place; and the
    copy of it as it was, if they wanted one."""

    path: Path
    copy: Path | None


def change(path: Path, approval: Approval, *, keep_copy: bool = False) -> Changed:
    """The file has another password when this returns.

    Raises: UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, StorageFailed, BrokenKeyStore for what is no key file,
    KeyFileReadOnly.
    """
    catalog.load_to_change(path)  # before anybody types three passwords for nothing
    prompt = prompts.ChangePassword(
        consent.caller(approval),
        read_key.described(path, approval),
        approval.language,
        waiting=approval.waiting,
        keep_copy=keep_copy,
    )
    with approval.record("change_password", ()) as record:
        while True:
            answer = approval.user.ask(prompt)
            assert isinstance(answer, Retyped)
            with answer.old, answer.new:
                if answer.path not in {"", prompt.file.path}:
                    path = Path(answer.path)
                    prompt = dataclasses.replace(prompt, file=read_key.described(path, approval))
                try:
                    return Changed(path, _change(path, answer, approval, record))
                except AgentError as error:
                    if not error.retryable:
                        raise
                    prompt = dataclasses.replace(
                        prompt, problem=read_key.problem_of(error), keep_copy=answer.keep_copy
                    )


def _change(path: Path, answer: Retyped, approval: Approval, record: Record) -> Path | None:
    """Raises AgentErrors that can be mended, PageLeft, UserCancelled, StorageFailed."""
    new_key.check_password(answer.new)
    before = catalog.load_to_change(path)
    octets = new_password.change(before, answer.old, answer.new)
    found = _inside(octets, answer, approval)
    approval.user.still_there()
    record.decided("approved", found[0].certificate if found else None)
    copy = _keep(path, before) if answer.keep_copy else None
    try:
        key_file.replace(path, before, octets)
    except AgentError:
        if copy is not None:
            with contextlib.suppress(OSError):
                copy.unlink()
        raise
    known_keys.learn(approval, str(path), catalog.PKCS12, found)
    return copy


def _inside(octets: bytes, answer: Retyped, approval: Approval) -> tuple[Seen, ...]:
    """What the new file holds; nothing where its key waits for a certificate, or can't be used here."""
    try:
        return read_key.look_into(approval, pkcs12.open(octets, answer.new))
    except (KeyUnsuitable, UnsupportedKey):
        return ()


def _keep(path: Path, octets: bytes) -> Path:
    """Raises KeyNotKept."""
    copy = paths.free(path.with_name(f"{path.name}{COPY_ENDING}"))
    try:
        key_file.write_new(copy, octets)
    except KeyNotKept as error:
        raise KeyNotKept(f"the copy: {error.detail}") from error
    return copy
