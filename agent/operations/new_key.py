"""A new key and the request for its certificate. In order: the request is read, the person names a file and a password, the key is made
and kept in that file, the journal learns of it, and the page gets the request. The key itself goes nowhere else.

The file holds the key alone until its certificate comes (agent.operations.import_certificate).
"""

import contextlib
import dataclasses
from pathlib import Path

from agent import algorithms
from agent.algorithms import KeyType
from agent.certificate import Name, PublicKey
from agent.errors import AgentError, KeyNotKept, StorageFailed, UnsupportedOperation, WeakPassword
from agent.formats import csr
from agent.keystores import base, catalog, key_file, new_keys, pkcs12, pkcs12_writer
from agent.operations import consent
from agent.operations.approval import Approval
from agent.secret import Secret
from agent.user.base import Named
from protocol import prompts, work
from protocol.messages import KeyRequested, NewKeyRequest

MIN_CHARACTERS, MIN_DIFFERENT = 8, 4
"""Characters of a password; the window knows a stricter rule."""

# What a request may ask for. The national authority issues GOST 2015 (512) to people today, and RSA before.
KEY_TYPES: dict[str, KeyType] = {
    "gost-2015-512": algorithms.GOST_2015_512_KEY,
    "rsa-2048": algorithms.RSA_KEY,
    "ecdsa-p256": algorithms.P256_KEY,
    "ecdsa-p384": algorithms.P384_KEY,
}


def make(request: NewKeyRequest, approval: Approval) -> KeyRequested:
    """A request for a certificate of a key that lies in its file now.

    Raises: UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, BadInput, UnsupportedOperation, StorageFailed, InvalidSignature.
    """
    key_type = KEY_TYPES.get(request.algorithm)
    if key_type is None:
        raise UnsupportedOperation(f"keys are made by {', '.join(KEY_TYPES)}")
    name = csr.subject(request.subject)
    prompt = _prompt(request, approval, name, key_type)
    with approval.record("new_key", ()) as record:
        while True:
            named = _ask(approval, prompt)
            with named.password:
                path = Path(prompt.folder) / named.path
                prompt = dataclasses.replace(prompt, folder=str(path.parent), name=path.name)
                try:
                    path = _with_ending(path)
                    approval.rules.check_key_file(path)  # it could not be opened there
                    check_password(named.password)
                    made, octets = _made(name, key_type, request, named.password)
                    approval.user.still_there()
                    key_file.write_new(path, octets)
                    break
                except AgentError as error:
                    if not error.retryable:
                        raise
                    problem = prompts.Problem(error.code, detail=error.detail)
                    prompt = dataclasses.replace(prompt, problem=problem)
        try:
            record.write("decided", decision="approved", key=made.key_id)
        except StorageFailed:
            with contextlib.suppress(OSError):
                path.unlink()  # nobody gets the request, so nobody misses the key
            raise
    return made


def _prompt(request: NewKeyRequest, approval: Approval, name: Name, key_type: KeyType) -> prompts.NewKey:
    used = approval.recent_keys.read()
    last = Path(used[0].path).parent if used else None
    likely = [each for each in (last, *approval.first_folders) if each and approval.rules.may_open(each)]
    folder = next((each for each in likely if each.is_dir()), Path.home())
    bits = f"-{new_keys.RSA_BITS}" if key_type == algorithms.RSA_KEY else ""
    return prompts.NewKey(
        caller=consent.caller(approval),
        subject=tuple(prompts.Fact(csr.keyword(oid), value) for oid, value in name.attributes),
        algorithm=f"{key_type.name}{bits}",
        folder=str(folder),
        name=catalog.file_name(key_type, request.purpose, f"{approval.now():%Y-%m-%d}"),
        language=request.language or approval.language,
        waiting=approval.waiting,
    )


def _ask(approval: Approval, prompt: prompts.NewKey) -> Named:
    approval.notice(work.Stage("password"))
    answer = approval.user.ask(prompt)
    assert isinstance(answer, Named)
    return answer


def _with_ending(path: Path) -> Path:
    """The path with an ending by which key files are found."""
    try:
        is_named = catalog.is_new_key_file_name(path.name)
        return path if is_named else path.with_name(f"{path.name}{catalog.ENDING}")
    except ValueError as error:
        raise KeyNotKept("that is no name for a file") from error


def check_password(password: Secret) -> None:
    """Raises WeakPassword for one that is no password for a key."""
    try:
        text = str(password.buffer, "utf-8")
    except UnicodeDecodeError as error:
        raise WeakPassword("the password is not text") from error
    if len(text) < MIN_CHARACTERS or len(set(text)) < MIN_DIFFERENT:
        raise WeakPassword(
            f"fewer than {MIN_CHARACTERS} characters, or fewer than {MIN_DIFFERENT} different ones"
        )


def _made(
    name: Name, key_type: KeyType, request: NewKeyRequest, password: Secret
) -> tuple[KeyRequested, bytes]:
    """The outcome, and the octets of the key's file."""
    key = new_keys.generate(key_type)
    try:
        public_key = PublicKey.from_spki(key.spki_der)
        request_der = csr.make(name, public_key, request.purpose, key.private_key.sign)
        identifier = base.identifier_of(public_key.bits)
        octets = pkcs12_writer.write_pending(key.pkcs8_der, identifier, password)
        pkcs12.open_pending(octets, password).wipe()  # read by code that took no part in writing it
    finally:
        key.wipe()
    return KeyRequested(request_der, identifier.hex()), octets
