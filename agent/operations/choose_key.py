"""From a question to an opened key: the person names a file, types its password, reads whose key it is and approves.

A wrong password or a broken file is asked again in the same window. Every key in a file is shown; those that the request does
not allow are disabled, with the reason. What must hold of a key:

    purpose       what the certificate says the key is for ("sign", "identify")
    usages        every OID stands in the extended key usage
    iin, bin,     are those of the certificate, if given
    serial_number
    authorities   the chain ends at a national authority (None), at one of these (a list), anywhere (an empty list)
    bare digest   the key can't identify its owner, where a raw signature of a digest is asked for (decision 0022)
    validity      the certificate is valid now, unless `allow_expired`: then the person is warned
    standing      its authority is not known to have revoked it (agent.operations.standing), unless `allow_revoked`: likewise

Where a page accepts other authorities than the national ones, the person is warned of a key that none of those issued.
"""

import contextlib
import dataclasses
import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from agent import algorithms, grants, logs
from agent import certificate as certificates
from agent.certificate import Certificate
from agent.errors import (
    AgentError,
    BadInput,
    BrokenKeyStore,
    KeyUnsuitable,
    StorageFailed,
    WindowFailed,
    WrongPassword,
)
from agent.operations import known_keys, standing
from agent.operations.approval import Approval, StoredKey
from agent.recent_keys import UsedKey
from agent.secret import Secret
from agent.trust import anchors, path
from agent.trust.anchors import Anchor
from agent.user.base import Opened
from protocol import prompts, work
from protocol.messages import KeyFilter

_DATES = ("expired", "not-yet-valid")
_log = logging.getLogger(__name__)


class Certified(Protocol):
    """What has a certificate, with those that came beside it: an opened key, or one that its certificate is about to join."""

    @property
    def certificate(self) -> Certificate: ...
    @property
    def certificates(self) -> Sequence[Certificate]: ...


@dataclass(frozen=True, slots=True)
class Judge:
    """A filter with its authorities read, so that nothing in a request can fail once the person is asked."""

    wanted: KeyFilter
    anchors: tuple[Anchor, ...] | None  # None: any chain will do
    intermediates: tuple[Certificate, ...] = ()
    test_anchors: tuple[Anchor, ...] = ()
    real_anchors: tuple[Anchor, ...] = ()
    digest_sizes: frozenset[int] = frozenset()  # of digests that are signed whatever their length
    is_bare_digest: bool = (
        False  # what is signed can't be looked into, and the signature could be built into a login
    )

    @property
    def known_anchors(self) -> tuple[Anchor, ...]:
        """Every authority that may have issued a key, whatever that is worth."""
        return (*self.real_anchors, *self.test_anchors, *(self.anchors or ()))

    @property
    def harmless(self) -> frozenset[str]:
        """Reasons that only warn, by what the request allows."""
        dates = _DATES if self.wanted.allow_expired else ()
        return frozenset((*dates, *(("revoked",) if self.wanted.allow_revoked else ())))

    def is_test(self, key: Certified, at: datetime) -> bool:
        """Whether a test authority issued the key's certificate."""
        return _leads_to(key, self.test_anchors, self.intermediates, at)

    def is_for_real_use(self, key: Certified, at: datetime) -> bool:
        """Whether the national authority issued the key's certificate, or one that counts like it on this computer."""
        return _leads_to(key, self.real_anchors, self.intermediates, at)

    def warnings(self, key: Certified, at: datetime) -> tuple[str, ...]:
        """Text keys of what the person should know of the key's authority, though the page may accept it."""
        if self.is_test(key, at):
            return ("test-authority",)
        return () if self.is_for_real_use(key, at) else ("unknown-authority",)

    def seen(self, key: Certified, at: datetime, *, is_revoked: bool = False) -> known_keys.Seen:
        """What the key library is to know of the key."""
        warnings = self.warnings(key, at)
        return known_keys.Seen(
            key.certificate, "test-authority" in warnings, is_revoked, "unknown-authority" in warnings
        )

    def oddities(self, key: Certified) -> tuple[str, ...]:
        """A warning where a digest is of another length than those that this key signs: it may be the digest of nothing at all."""
        public_key = key.certificate.public_key
        if not self.digest_sizes or not public_key.is_supported:
            return ()
        own = algorithms.signature_for_key(public_key.key_type).digest.digest_size
        return () if self.digest_sizes == {own} else ("other-digest-length",)

    def reasons(self, key: Certified, at: datetime) -> tuple[str, ...]:
        """Text keys of what does not fit; dates come last, so that an allowed one is told from a forbidding one."""
        certificate, wanted = key.certificate, self.wanted
        checks = {
            "unsupported": not certificate.public_key.is_supported,
            "bare-digest": self.is_bare_digest and "identify" in certificate.uses,
            "wrong-use": wanted.purpose != "any" and wanted.purpose not in certificate.uses,
            "missing-eku": not set(wanted.usages) <= set(certificate.extended_key_usage),
            "other-iin": wanted.iin not in ("", certificate.iin),
            "other-bin": wanted.bin not in ("", certificate.bin),
            "other-serial": not _is_serial(wanted.serial_number, certificate.serial_number),
            "untrusted-chain": self.anchors is not None
            and not _leads_to(key, self.anchors, self.intermediates, at),
            "not-yet-valid": at < certificate.not_before,
            "expired": at > certificate.not_after,
        }
        return tuple(reason for reason, applies in checks.items() if applies)


@dataclass(frozen=True, slots=True)
class Choice:
    """The key that the person approved. Wipe it after use. `left_out` numbers documents, from 0, that they did not approve."""

    key: StoredKey
    opened: Opened
    remember: bool
    left_out: frozenset[int] = frozenset()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[StoredKey]:
        """The key for the length of a block, and not longer."""
        try:
            yield self.key
        finally:
            self.key.wipe()


def judge(wanted: KeyFilter, approval: Approval) -> Judge:
    """Reads a filter. Raises BadInput if a given authority is none."""
    between = (*approval.authorities, *approval.test_authorities)
    real = (*anchors.production(), *anchors.from_certificates(approval.authorities))
    if wanted.authorities is None:
        return Judge(wanted, real, between, approval.test_anchors, real)
    if not wanted.authorities:
        return Judge(wanted, None, between, approval.test_anchors, real)
    try:
        given = tuple(Certificate.from_pem_or_der(text.encode()) for text in wanted.authorities)
    except UnicodeEncodeError as error:
        raise BadInput("an authority in the chain is no certificate") from error
    return Judge(wanted, anchors.from_certificates(given), (*given, *between), approval.test_anchors, real)


def shown_purpose(wanted: KeyFilter) -> prompts.Purpose:
    """What the request is for, in a word: as it says, or as the usages that it asks for tell."""
    if wanted.purpose == "any" and certificates.CLIENT_AUTH in wanted.usages:
        return "identify"
    if wanted.purpose == "any" and certificates.EMAIL_PROTECTION in wanted.usages:
        return "sign"
    return wanted.purpose


def choose(approval: Approval, judge: Judge, prompt: prompts.OpenKey) -> Choice:
    """The key that the person opened and approved, or approved where it was still open. Raises what User.ask raises, and AgentErrors
    that can't be mended."""
    if (kept := _with_kept(approval, judge, prompt)) is not None:
        return kept
    while True:
        opened = _ask_to_open(approval, prompt)
        prompt = dataclasses.replace(prompt, chosen=opened.path, problem=None)
        try:
            keys = _open(approval, prompt, opened)
        except AgentError as error:
            if not error.retryable:
                raise
            prompt = dataclasses.replace(prompt, problem=_problem(error))
            continue
        choice = _choose(approval, judge, prompt, opened, keys)
        if choice is not None:
            _remember(approval, prompt, choice)
            return choice


def _with_kept(approval: Approval, judge: Judge, prompt: prompts.OpenKey) -> Choice | None:
    """The key that is still open from an earlier approval, if it fits and the person agrees to it; None where they want another."""
    kept = approval.holder.kept() if approval.holder is not None else None
    if kept is None or kept.storage not in prompt.storages:
        return None
    if not judge.harmless.issuperset(judge.reasons(kept.key, approval.now())):
        return None
    opened = Opened(kept.path, kept.storage, Secret(bytearray()))
    question = functools.partial(prompts.Approve, prompt, can_go_back=True)
    choice = _asked(approval, judge, prompt, opened, [kept.key], question=question)
    if choice is None or approval.holder is None or approval.holder.kept() is not kept:
        return None  # another one is wanted, or it was closed while the person thought
    _remember(approval, prompt, choice)
    return choice


def _ask_to_open(approval: Approval, prompt: prompts.OpenKey) -> Opened:
    approval.notice(work.Stage("password"))
    answer = approval.user.ask(prompt)
    assert isinstance(answer, Opened)
    return answer


def _open(approval: Approval, prompt: prompts.OpenKey, opened: Opened) -> Sequence[StoredKey]:
    """The keys in the file; the password ends here."""
    with opened.password:
        if opened.storage not in prompt.storages:
            raise BrokenKeyStore(f"a key store of the kind {opened.storage} is not asked for")
        keys = approval.key_stores.open(opened.storage, Path(opened.path), opened.password)
    if not keys:
        raise BrokenKeyStore("the file holds no key")
    return keys


def _choose(
    approval: Approval, judge: Judge, prompt: prompts.OpenKey, opened: Opened, keys: Sequence[StoredKey]
) -> Choice | None:
    """The approved key; None where the person wants another file. The other keys are wiped."""
    minutes = approval.holder.minutes if approval.holder is not None else 0
    question = functools.partial(prompts.ChooseKey, unlock_minutes=minutes)
    return _asked(approval, judge, prompt, opened, keys, question=question)


def approve(
    approval: Approval, judge: Judge, prompt: prompts.OpenKey, opened: Opened, keys: Sequence[StoredKey]
) -> Choice:
    """The key that the person approved of those that were opened without asking them. The other keys are wiped.

    Raises what User.ask raises, and KeyUnsuitable.
    """
    question = functools.partial(prompts.Approve, prompt)
    choice = _asked(approval, judge, prompt, opened, keys, question=question)
    if choice is None:
        raise WindowFailed("the window went back where there is no way back")
    _remember(approval, prompt, choice)
    return choice


def _asked(
    approval: Approval,
    judge: Judge,
    prompt: prompts.OpenKey,
    opened: Opened,
    keys: Sequence[StoredKey],
    *,
    question: Callable[[tuple[prompts.Key, ...], int], prompts.ChooseKey | prompts.Approve],
) -> Choice | None:
    """As `_choose`; `question` is made of the keys as the person sees them, and the days of remembering."""
    at = approval.now()
    revoked = standing.revoked(
        [key.certificate for key in keys],
        judge.known_anchors,
        (*(certificate for key in keys for certificate in key.certificates), *judge.intermediates),
        approval,
    )
    known_keys.learn(
        approval,
        opened.path,
        opened.storage,
        [judge.seen(key, at, is_revoked=key.certificate in revoked) for key in keys],
    )
    shown = tuple(_shown(key, opened, judge, at, is_revoked=key.certificate in revoked) for key in keys)
    chosen: StoredKey | None = None
    try:
        approval.notice(work.Stage("approval"))
        answer = approval.user.ask(question(shown, grants.DAYS if prompt.caller.is_new else 0))
        if isinstance(answer, prompts.BackToFiles):
            return None
        assert isinstance(answer, prompts.Approved)
        left_out = _left_out(answer, prompt)
        chosen = _suitable(answer.key_id, keys, shown)
        if answer.keep_open and approval.holder is not None:
            approval.holder.keep(chosen, opened.path, opened.storage)
        return Choice(chosen, opened, answer.remember and prompt.caller.is_new, left_out)
    finally:
        for key in keys:
            if key is not chosen:
                key.wipe()


def _left_out(answer: prompts.Approved, prompt: prompts.OpenKey) -> frozenset[int]:
    """The documents that the yes is not about. Raises WindowFailed where it can't mean what it says: then nothing is signed."""
    left_out, count = frozenset(answer.left_out), len(prompt.documents)
    if left_out and not prompt.may_leave_out:
        raise WindowFailed("the window left documents out that go together")
    if len(left_out) != len(answer.left_out) or not left_out <= frozenset(range(count)):
        raise WindowFailed("the window left out a document that is not there, or one twice")
    if count and len(left_out) == count:
        raise WindowFailed("the window approved nothing at all")
    return left_out


def _suitable(key_id: str, keys: Sequence[StoredKey], shown: tuple[prompts.Key, ...]) -> StoredKey:
    for key, facts in zip(keys, shown, strict=True):
        if facts.key_id == key_id and facts.suitable:
            return key
    raise KeyUnsuitable("the approved key is none of those that may be used")


def _shown(key: StoredKey, opened: Opened, judge: Judge, at: datetime, *, is_revoked: bool) -> prompts.Key:
    reasons = (*judge.reasons(key, at), *(("revoked",) if is_revoked else ()))
    facts = describe(key.key_id, key, judge, at, reasons)
    return dataclasses.replace(facts, storage=opened.storage, path=opened.path)


def describe(
    key_id: str, certified: Certified, judge: Judge, at: datetime, reasons: tuple[str, ...]
) -> prompts.Key:
    """What the certificate says, as the person sees it, with `reasons` against it. It lies nowhere yet."""
    warnings = judge.warnings(certified, at)
    if "untrusted-chain" in reasons and warnings == ("unknown-authority",):
        warnings = ()  # the same, said twice
    known = known_keys.known_key(known_keys.Seen(certified.certificate))
    return dataclasses.replace(
        known_keys.facts_of(known),
        key_id=key_id,
        suitable=judge.harmless.issuperset(reasons),
        reasons=(*reasons, *warnings, *judge.oddities(certified)),
        is_test="test-authority" in warnings,
    )


def _leads_to(
    key: Certified, ends: tuple[Anchor, ...], intermediates: Sequence[Certificate], at: datetime
) -> bool:
    """Whether the chain ends at one of the anchors. Dates of the key's own certificate are judged for themselves."""
    certificate = key.certificate
    moment = min(max(at, certificate.not_before), certificate.not_after)
    try:
        path.build(certificate, ends, at=moment, intermediates=(*key.certificates, *intermediates))
    except path.PathFailure:
        return False
    return True


def _is_serial(wanted: str, serial_number: int) -> bool:
    """Serial numbers are compared as numbers: pages write them with leading zeros, colons and in either case."""
    if not wanted:
        return True
    digits = wanted.replace(":", "").replace(" ", "").lower().removeprefix("0x").lstrip("0")
    return digits == f"{serial_number:x}"


def _problem(error: AgentError) -> prompts.Problem:
    tries_left = error.tries_left if isinstance(error, WrongPassword) else None
    return prompts.Problem(error.code, tries_left, error.detail)


def _remember(approval: Approval, prompt: prompts.OpenKey, choice: Choice) -> None:
    """What makes the next time easier. Failing to note it does not stop the operation."""
    certificate = choice.key.certificate
    used = UsedKey(choice.opened.path, certificate.common_name, certificate.not_after.isoformat())
    try:
        if approval.kind != "command":
            approval.recent_keys.add(used)
            known_keys.note_use(approval, prompt.purpose, choice.opened.path, certificate)
        if choice.remember:
            approval.grants.remember(approval.origin, approval.now())
    except StorageFailed as error:
        logs.note(_log, logging.WARNING, "the choice could not be remembered", code=error.code)
