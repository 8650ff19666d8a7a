"""Logging in: a signed statement that the owner of a key is at the calling site now (agent.formats.login).

Only sites may ask: what has no origin that the browser vouches for could say it is somebody else.
"""

import base64

from agent.errors import InvalidSignature, UnsupportedOperation
from agent.formats import cms, login
from agent.operations import choose_key, consent
from agent.operations.approval import Approval
from protocol.messages import LoginRequest, Signed


def log_in(request: LoginRequest, approval: Approval) -> Signed:
    """The statement in its signature (CMS in DER), with the signer's certificate beside it.

    Raises UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, UnsupportedOperation, StorageFailed, InvalidSignature.
    """
    if approval.kind != "site" or not approval.origin.canonical:
        raise UnsupportedOperation("only a site that is reached by https can have people log in")
    judge = choose_key.judge(request.keys, approval)
    statement = login.Statement(
        approval.origin.canonical,
        base64.urlsafe_b64encode(request.nonce).decode().rstrip("="),
        approval.now(),
    )
    documents = consent.describe([statement.octets])
    with approval.record("log_in", documents) as record:
        consent.lay_open(approval, documents, [statement.octets])
        prompt = consent.ask_for_key(
            approval,
            "log_in",
            documents,
            purpose="identify",
            placement="around",
            storages=request.storages,
            language=request.language,
        )
        choice = choose_key.choose(approval, judge, prompt)
        with choice.in_use() as key:
            record.decided("approved", key.certificate)
            signer = key.signer()
            made = login.sign(signer, statement, at=approval.now())
            message = cms.read(made)
            (evidence,) = cms.verify(message)
            if evidence.signature != "valid" or login.read(message) != _in_seconds(statement):
                raise InvalidSignature("the statement that was signed does not verify")
            approval.progress(1, 1)
        approval.user.still_there()
        record.signed(signer.certificate)
    return Signed((made,), certificate_der=signer.certificate.der)


def _in_seconds(statement: login.Statement) -> login.Statement:
    """As it can be read back: the line has no fractions of seconds."""
    return login.Statement(statement.origin, statement.nonce, statement.at.replace(microsecond=0))
