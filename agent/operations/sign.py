"""Signing: from what a page asks for to signatures that may leave this computer. The whole story, in order.

The octets are frozen: they are immutable from the moment the request was read, what the person sees is computed from them, and they
are what is signed. The journal learns of the request before the person is asked, of the decision when it falls, and of the
signatures before anybody gets them; if that can't be written, nobody gets them.
"""

from datetime import datetime

from agent.errors import BadInput, InvalidSignature
from agent.formats import cms
from agent.operations import choose_key, consent
from agent.operations.approval import Approval
from agent.signer import Signer
from protocol.messages import Signed, SignRequest


def sign(request: SignRequest, approval: Approval) -> Signed:
    """One verified signature for each document.

    Raises UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, BadInput, StorageFailed, InvalidSignature.
    """
    judge = choose_key.judge(request.keys, approval)
    contents = [_content(document, request) for document in request.documents]
    documents = consent.describe(contents, request.names, are_digests=request.are_digests)
    with approval.record("sign", documents) as record:
        prompt = consent.ask_for_key(
            approval,
            "sign",
            documents,
            purpose=choose_key.shown_purpose(request.keys),
            detached=request.detached,
            storages=request.storages,
            language=request.language,
        )
        choice = choose_key.choose(approval, judge, prompt)
        with choice.in_use() as key:
            record.decided("approved", key.certificate)
            signer, at = key.signer(), approval.now()
            signatures = []
            for document in request.documents:
                approval.user.still_there()
                signatures.append(_signature(document, request, signer, at))
        approval.user.still_there()
        record.signed(signer.certificate)
    return Signed(tuple(signatures))


def _signature(document: bytes, request: SignRequest, signer: Signer, at: datetime) -> bytes:
    if request.are_digests:
        signature = cms.sign_digest(signer, document, at=at)
    elif _is_joined(document, request):
        signature = cms.cosign(signer, document, at=at)
    else:
        signature = cms.sign(signer, document, at=at, detached=request.detached)
    _check(signature, document, request, signer)
    return signature


def _check(signature: bytes, document: bytes, request: SignRequest, signer: Signer) -> None:
    """Reads back what was made, as a stranger would. Raises InvalidSignature."""
    message = cms.read(signature)
    digests = {signer.algorithm.digest.oid: document} if request.are_digests else {}
    content = None if request.are_digests or message.content is not None else document
    evidence = cms.verify(message, content, digests=digests)
    own = [each for each in evidence if each.certificate == signer.certificate]
    # In a message that was joined, an older signature of the same key may be a bad one; the last word is about ours.
    if not any(each.signature == "valid" for each in own):
        raise InvalidSignature("the signature that was made does not verify")


def _content(document: bytes, request: SignRequest) -> bytes:
    """What the signature will be about: the document, or what a signature that is joined is about."""
    if not _is_joined(document, request):
        return document
    content = cms.read(document).content
    assert content is not None  # _is_joined saw it
    return content


def _is_joined(document: bytes, request: SignRequest) -> bool:
    """Whether the document is a signature with its content inside, to which one more is added.

    A detached one is signed as the octets it is: what it is about was not sent.
    """
    if not request.cosigns or document[:1] != b"\x30" or not cms.is_signed_data(document):
        return False
    try:
        return cms.read(document).content is not None
    except BadInput:
        return False
