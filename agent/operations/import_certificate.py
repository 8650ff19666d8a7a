"""Joining a certificate to the key that was made for it (agent.operations.new_key).

The person sees whose certificate it is and who issued it, names the file with the key, and its password is their yes. The public keys must
be the same. The file is replaced in one step by one that holds the key, the certificate and those of its authorities that the page gave.
"""

import dataclasses
import logging
from dataclasses import dataclass
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
from agent.keystores.pkcs12_writer import Entry
from agent.operations import choose_key, consent
from agent.operations.approval import Approval, Record
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


def join(request: ImportCertificateRequest, approval: Approval) -> CertificateJoined:
    """The key's file holds the certificate when this returns.

    Raises: UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, BadInput, StorageFailed.
    """
    issued = _read(request)
    certificate = issued.certificate
    judge, at = choose_key.judge(_ANY, approval), approval.now()
    facts = choose_key.describe(base.key_id_of(certificate), issued, judge, at, judge.reasons(issued, at))
    with approval.record("import_certificate", ()) as record:
        prompt = consent.ask_for_key(
            approval,
            "import_certificate",
            (),
            purpose="any",
            storages=(catalog.PKCS12,),
            language=request.language,
        )
        prompt = dataclasses.replace(prompt, certificate=facts)
        while True:
            opened = _ask(approval, prompt)
            prompt = dataclasses.replace(prompt, chosen=opened.path, problem=None)
            try:
                with opened.password:
                    _join(opened, issued, approval, record)
                break
            except AgentError as error:
                if not error.retryable:
                    raise
                tries_left = error.tries_left if isinstance(error, WrongPassword) else None
                problem = prompts.Problem(error.code, tries_left, error.detail)
                prompt = dataclasses.replace(prompt, problem=problem)
    _remember(approval, opened, certificate)
    return CertificateJoined(facts.key_id)


def _read(request: ImportCertificateRequest) -> _Issued:
    """Raises BadInput."""
    certificate = Certificate.from_pem_or_der(request.certificate)
    if not certificate.public_key.is_supported:
        raise BadInput("the certificate is of a key that is not supported")
    given = [Certificate.from_pem_or_der(each) for each in request.authorities]
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


def _join(opened: Opened, issued: _Issued, approval: Approval, record: Record) -> None:
    """Raises AgentErrors that can be mended, PageLeft, UserCancelled, StorageFailed."""
    if opened.storage != catalog.PKCS12:
        raise BrokenKeyStore(f"a key store of the kind {opened.storage} is not asked for")
    path = Path(opened.path)
    before = catalog.load(path)
    key = pkcs12.open_pending(before, opened.password)
    try:
        if not key.belongs_to(issued.certificate):
            raise KeyUnsuitable("the certificate is of another key")
        entry = Entry(key.pkcs8_der, issued.certificate)
        octets = pkcs12_writer.write([entry], opened.password, chain=issued.certificates[1:])
    finally:
        key.wipe()
    for each in pkcs12.open(octets, opened.password):  # read by code that took no part in writing it
        each.wipe()
    approval.user.still_there()
    record.decided("approved", issued.certificate)
    key_file.replace(path, before, octets)


def _remember(approval: Approval, opened: Opened, certificate: Certificate) -> None:
    """The key is offered first the next time. Failing to note it does not matter."""
    if approval.kind == "command":
        return
    used = UsedKey(opened.path, certificate.common_name, certificate.not_after.isoformat())
    try:
        approval.recent_keys.add(used)
    except StorageFailed as error:
        logs.note(_log, logging.WARNING, "the key could not be remembered", code=error.code)
