"""Joining a certificate to the key that was made for it (agent.operations.new_key), or in place of one that the key has.

The person sees whose certificate it is and who issued it, names the file with the key, and its password is their yes. The public keys must
be the same. The file is replaced in one step by one that holds the key, the certificate and those of its authorities that the page gave or
the file had.

Where the key has a certificate, the person is shown that one and types the password once more: anybody can make a certificate for a public
key, and such a one must neither keep the real one out nor take its place unseen. It never takes the place of one that counts for more: of
those that are valid now, what a national authority issued, or who is trusted like it, counts before what a test authority did, and
that before all others.
"""

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import logs
from agent.certificate import Certificate
from agent.errors import (
    AgentError,
    BadInput,
    BrokenKeyStore,
    InvalidSignature,
    KeyUnsuitable,
    StorageFailed,
    UnsupportedKey,
    WrongPassword,
)
from agent.keystores import base, catalog, key_file, pkcs12, pkcs12_writer
from agent.keystores.pkcs12 import SingleKey
from agent.keystores.pkcs12_writer import Entry
from agent.operations import choose_key, consent, known_keys
from agent.operations.approval import Approval, Record
from agent.operations.choose_key import Judge
from agent.recent_keys import UsedKey
from agent.user.base import Opened
from protocol import prompts, work
from protocol.messages import CertificateJoined, ImportCertificateRequest, KeyFilter

_ANY = KeyFilter(purpose="any", authorities=(), allow_expired=True, allow_revoked=True)
_MAX_CHAIN = 6

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Issued:
    """A certificate, and those of the authorities above it, each having issued the one before."""

    certificates: tuple[Certificate, ...]

    @property
    def certificate(self) -> Certificate:
        return self.certificates[0]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The certificate to be joined, those that came with it, and what certificates are judged by."""

    certificate: Certificate
    given: tuple[Certificate, ...]
    judge: Judge
    at: datetime

    def issued(self, others: Sequence[Certificate] = ()) -> _Issued:
        """The certificate with those of its authorities that came with it, or are among these others."""
        return _issued(self.certificate, (*self.given, *others))

    def facts(self, issued: _Issued) -> prompts.Key:
        """A certificate as the person sees it."""
        reasons = self.judge.reasons(issued, self.at)
        return choose_key.describe(base.key_id_of(issued.certificate), issued, self.judge, self.at, reasons)

    def worth(self, issued: _Issued) -> int:
        """How much a certificate counts for now."""
        if not issued.certificate.not_before <= self.at <= issued.certificate.not_after:
            return 0
        if self.judge.is_for_real_use(issued, self.at):
            return 2
        return 1 if self.judge.is_test(issued, self.at) else 0


class _HasCertificate(KeyUnsuitable):
    """The key has a certificate already: one that stays, or one that the person has not agreed to lose."""

    def __init__(self, detail: str, present: _Issued, *, stays: bool) -> None:
        super().__init__(detail)
        self.present = present
        self.stays = stays


def join(
    request: ImportCertificateRequest, approval: Approval, *, may_replace: bool = False
) -> CertificateJoined:
    """The key's file holds the certificate when this returns. `may_replace`: the person agreed already that the key loses the one it has.

    Raises: UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, BadInput, StorageFailed.
    """
    certificate, given = _read(request)
    wanted = _Wanted(certificate, given, choose_key.judge(_ANY, approval), approval.now())
    facts = wanted.facts(wanted.issued())
    with approval.record("import_certificate", ()) as record:
        prompt = consent.ask_for_key(
            approval,
            "import_certificate",
            (),
            purpose="any",
            storages=(catalog.PKCS12,),
            language=request.language,
        )
        # The newest file, not the key that was used last: that one has its certificate.
        prompt = dataclasses.replace(prompt, certificate=facts, chosen="")
        losing: Certificate | None = None  # the one in the chosen file that the person was asked about
        while True:
            opened = _ask(approval, prompt)
            if opened.path != prompt.chosen:
                losing = None
            replaced = prompt.replaced if losing is not None else None
            prompt = dataclasses.replace(prompt, chosen=opened.path, problem=None, replaced=replaced)
            try:
                with opened.password:
                    _join(opened, wanted, approval, record, _MayLose(losing, to_all=may_replace))
                break
            except _HasCertificate as found:
                losing = None if found.stays else found.present.certificate
                prompt = dataclasses.replace(
                    prompt,
                    replaced=wanted.facts(found.present),
                    problem=prompts.Problem(found.code, None, found.detail) if found.stays else None,
                )
            except AgentError as error:
                if not error.retryable:
                    raise
                tries_left = error.tries_left if isinstance(error, WrongPassword) else None
                problem = prompts.Problem(error.code, tries_left, error.detail)
                prompt = dataclasses.replace(prompt, problem=problem)
                if isinstance(error, KeyUnsuitable):  # another file lies there now
                    losing, prompt = None, dataclasses.replace(prompt, replaced=None)
    _remember(approval, opened, certificate)
    return CertificateJoined(facts.key_id)


def _read(request: ImportCertificateRequest) -> tuple[Certificate, tuple[Certificate, ...]]:
    """The certificate, and those that came with it. Raises BadInput."""
    certificate = Certificate.from_pem_or_der(request.certificate)
    if not certificate.public_key.is_supported:
        raise BadInput("the certificate is of a key that is not supported")
    return certificate, tuple(Certificate.from_pem_or_der(each) for each in request.authorities)


def _issued(certificate: Certificate, given: Sequence[Certificate]) -> _Issued:
    above = [certificate]
    while len(above) <= _MAX_CHAIN:
        issuer = next((each for each in given if each not in above and _has_issued(each, above[-1])), None)
        if issuer is None:
            break
        above.append(issuer)
    return _Issued(tuple(above))


def _has_issued(authority: Certificate, certificate: Certificate) -> bool:
    try:
        certificate.verify_issued_by(authority)
    except (InvalidSignature, UnsupportedKey):
        return False
    return authority.is_ca


def _ask(approval: Approval, prompt: prompts.OpenKey) -> Opened:
    approval.notice(work.Stage("password"))
    answer = approval.user.ask(prompt)
    assert isinstance(answer, Opened)
    return answer


@dataclass(frozen=True, slots=True)
class _MayLose:
    """Which certificate the key may lose for the new one."""

    losing: Certificate | None
    to_all: bool

    def includes(self, certificate: Certificate) -> bool:
        return self.to_all or certificate == self.losing


def _join(opened: Opened, wanted: _Wanted, approval: Approval, record: Record, may_lose: _MayLose) -> None:
    """Raises AgentErrors that can be mended, PageLeft, UserCancelled, StorageFailed."""
    if opened.storage != catalog.PKCS12:
        raise BrokenKeyStore(f"a key store of the kind {opened.storage} is not asked for")
    path = Path(opened.path)
    approval.rules.check_key_file(path)
    before = catalog.load_to_change(path)
    key = pkcs12.open_single(before, opened.password)
    try:
        issued, lost = _agreed(key, wanted, may_lose)
        entry = Entry(key.pkcs8_der, issued.certificate)
        octets = pkcs12_writer.write([entry], opened.password, chain=issued.certificates[1:])
    finally:
        key.wipe()
    for each in pkcs12.open(octets, opened.password):  # read by code that took no part in writing it
        each.wipe()
    approval.user.still_there()
    record.decided("approved", issued.certificate, replaced=lost)
    key_file.replace(path, before, octets)
    known_keys.learn(approval, opened.path, opened.storage, [wanted.judge.seen(issued, wanted.at)])


def _agreed(key: SingleKey, wanted: _Wanted, may_lose: _MayLose) -> tuple[_Issued, Certificate | None]:
    """What will be written, and the certificate that the key loses by that. Raises KeyUnsuitable."""
    if not key.belongs_to(wanted.certificate):
        raise KeyUnsuitable("the certificate is of another key")
    if not key.certificates:
        return wanted.issued(), None
    if not key.is_modern:
        raise KeyUnsuitable(
            "the key has a certificate, in a file that only programs of its kind may be able to read"
        )
    present, *others = key.certificates
    issued = wanted.issued(others)
    if present == wanted.certificate:
        return issued, None
    before = _issued(present, others)
    if wanted.worth(issued) < wanted.worth(before):
        raise _HasCertificate(
            "the key has a certificate that counts for more, and keeps it", before, stays=True
        )
    if not may_lose.includes(present):
        raise _HasCertificate("the key has a certificate, which this one would replace", before, stays=False)
    return issued, present


def _remember(approval: Approval, opened: Opened, certificate: Certificate) -> None:
    """The key is offered first the next time. Failing to note it does not matter."""
    if approval.kind == "command":
        return
    used = UsedKey(opened.path, certificate.common_name, certificate.not_after.isoformat())
    try:
        approval.recent_keys.add(used)
    except StorageFailed as error:
        logs.note(_log, logging.WARNING, "the key could not be remembered", code=error.code)
