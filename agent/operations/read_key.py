"""Showing the person whose the key in a file is: they type its password, and the key library learns what was found.

Nothing is signed, and nothing leaves this computer but a question to the authority, whether it took a certificate back. So the journal
has nothing to note.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError, BrokenKeyStore, KeyUnsuitable, WrongPassword
from agent.key_library import KnownKey
from agent.keystores import catalog
from agent.operations import choose_key, consent, known_keys, standing
from agent.operations.approval import Approval, StoredKey
from agent.operations.known_keys import Seen
from agent.user.base import Opened
from protocol import prompts
from protocol.messages import KeyFilter


@dataclass(frozen=True, slots=True)
class Read:
    """The file that the person opened: the one that they were asked about, or another that they named in its place. Its keys; none where
    the key still waits for a certificate."""

    path: Path
    keys: tuple[KnownKey, ...]


_ANY = KeyFilter(purpose="any", authorities=(), allow_expired=True, allow_revoked=True)


def read(path: Path, approval: Approval) -> Read:
    """The keys in the file, or in another that the person names instead.

    Raises: UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, UnsupportedKey, BrokenKeyStore for what is no key file.
    """
    prompt = prompts.ReadKey(
        consent.caller(approval), described(path, approval), approval.language, waiting=approval.waiting
    )
    while True:
        opened = approval.user.ask(prompt)
        assert isinstance(opened, Opened)
        with opened.password:
            if opened.path != prompt.file.path:
                path = Path(opened.path)
                prompt = dataclasses.replace(prompt, file=described(path, approval))
            try:
                keys = approval.key_stores.open(catalog.PKCS12, path, opened.password)
                found = look_into(approval, keys)
            except KeyUnsuitable:
                found = ()
            except WrongPassword as error:
                prompt = dataclasses.replace(prompt, problem=problem_of(error))
                continue
        approval.user.still_there()
        known_keys.learn(approval, str(path), catalog.PKCS12, found)
        return Read(path, tuple(known_keys.known_key(each) for each in found))


def look_into(approval: Approval, keys: Sequence[StoredKey]) -> tuple[Seen, ...]:
    """What there is to know of the certificates of opened keys, which are wiped."""
    for key in keys:
        key.wipe()
    judge, at = choose_key.judge(_ANY, approval), approval.now()
    between = (*(each for key in keys for each in key.certificates), *judge.intermediates)
    revoked = standing.revoked([key.certificate for key in keys], judge.known_anchors, between, approval)
    return tuple(judge.seen(key, at, is_revoked=key.certificate in revoked) for key in keys)


def described(path: Path, approval: Approval) -> prompts.KeyFile:
    """A key file as the person sees it, with its owner where that is known. Raises BrokenKeyStore where it is not there."""
    found = catalog.at(path)
    if found is None:
        raise BrokenKeyStore("there is no key file of that name")
    file = known_keys.known(approval).at(path)
    key = max(file.keys, key=lambda each: each.not_after) if file is not None and file.keys else None
    return prompts.KeyFile(
        path=str(path),
        storage=found.storage,
        modified=found.modified.isoformat(timespec="seconds"),
        label=found.label,
        owner=key.owner if key else "",
        valid_until=key.not_after.isoformat() if key else "",
    )


def problem_of(error: AgentError) -> prompts.Problem:
    """Why the person is asked once more."""
    tries_left = error.tries_left if isinstance(error, WrongPassword) else None
    return prompts.Problem(error.code, tries_left, error.detail)
