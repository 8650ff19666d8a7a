"""Signing: from what a page asks for to signatures that may leave this computer. The whole story, in order.

The octets are frozen: they are immutable from the moment the request was read, what the person sees is computed from them, and they
are what is signed; what they look into is these very octets, too. Where a caller can do with a part of what it asks for, the person may
leave documents out of their yes: then there is no signature of them, and the receipt does not name them (decision 0026). The
journal learns of the request before the person is asked, of the decision when it falls, and of the signatures before anybody gets
them; if that can't be written, nobody gets them.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from agent.errors import PolicyForbids, UnsupportedOperation, about
from agent.operations import choose_key, consent, named_file, timestamping
from agent.operations.approval import Approval
from agent.operations.making import base as making
from agent.signer import Signer
from protocol import prompts
from protocol.messages import LargeDocument, Signed, SignRequest

_MOST_SILENCES = 3  # of an authority, each of many seconds; the rest goes without, where that is allowed


Choose: TypeAlias = Callable[[Approval, choose_key.Judge, prompts.OpenKey], choose_key.Choice]
"""How a key is found that the person agrees to: from the first question of an approval to the approved key."""


Locate: TypeAlias = Callable[[SignRequest, Approval], Path]
"""How it is decided whether the caller may name the file that it wants signed: where that lies."""


def sign(
    request: SignRequest,
    approval: Approval,
    choose: Choose = choose_key.choose,
    locate: Locate = named_file.allowed,
) -> Signed:
    """One verified signature for each document that the person did not leave out.

    Raises UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, BadInput, TimestampFailed, StorageFailed,
    InvalidSignature, PolicyForbids, and what `locate` raises; with the number of the document, where it is about one.
    """
    approval.rules.check_format(request.format)
    approval.rules.check_count(len(request.documents) + len(request.large) + bool(request.file))
    if request.file:
        request = named_file.read(request, locate(request, approval))
    judge = dataclasses.replace(
        choose_key.judge(request.keys, approval),
        digest_sizes=_digest_sizes(request),
        is_bare_digest=request.format == "raw" and request.are_digests and not request.trusts_bare_digests,
    )
    documents, contents = _examined(request)
    must_be_seen = _check_contents(documents, contents, approval)
    with approval.record("sign", documents) as record:
        consent.lay_open(approval, documents, contents)
        prompt = consent.ask_for_key(
            approval,
            "sign",
            documents,
            purpose=choose_key.shown_purpose(request.keys),
            placement=_placement(request),
            timestamps=request.timestamps,
            storages=request.storages,
            language=request.language,
            may_leave_out=request.may_leave_out,
            must_be_seen=must_be_seen,
        )
        choice = choose(approval, judge, prompt)
        with choice.in_use() as key:
            left_out = sorted(choice.left_out)
            kept = [number for number in range(len(documents)) if number not in choice.left_out]
            if must_be_seen:
                _check_seen(kept, approval)
            record.decided("approved", key.certificate, left_out=[documents[number] for number in left_out])
            signer = key.signer()
            workshop = making.Workshop(
                signer=signer,
                at=approval.now(),
                language=prompt.language,
                timestamps=timestamping.authority(approval),
            )
            request = wanted = _with_digests(request, signer)
            signatures: list[bytes] = []
            lacking: list[int] = []
            approval.user.tell(prompts.Progress(0, len(kept)))
            for done, number in enumerate(kept, start=1):
                approval.user.still_there()
                existing = request.existing[number] if request.existing else b""
                own = dataclasses.replace(workshop, name=documents[number].name, existing=existing)
                with about(number):
                    made = making.make_checked(request.documents[number], wanted, own)
                signatures.append(made.octets)
                if request.timestamps and not made.has_timestamp:
                    lacking.append(number)
                if len(lacking) == _MOST_SILENCES:
                    wanted = dataclasses.replace(request, timestamps=False)
                approval.progress(done, len(kept))
        approval.user.still_there()
        receipt = dataclasses.replace(record, documents=[documents[number] for number in kept])
        receipt.signed(signer.certificate)
    return Signed(
        signatures=tuple(signatures),
        format=request.format,
        certificate_der=signer.certificate.der if request.with_certificate else b"",
        lacking=tuple(lacking),
        left_out=tuple(left_out),
    )


def _check_contents(
    documents: Sequence[prompts.Document], contents: Sequence[bytes | None], approval: Approval
) -> bool:
    """Whether each of the documents has to be looked at before a yes counts. Raises PolicyForbids, with the number of one that may not be
    signed at all."""
    for number, (document, content) in enumerate(zip(documents, contents, strict=True)):
        with about(number):
            is_showable = approval.kind == "command" or (content is not None and not document.is_digest)
            approval.rules.check_content(is_digest=document.is_digest, is_showable=is_showable)
    # Who gives a command named the files.
    return approval.rules.require_preview and approval.kind != "command"


def _check_seen(kept: Sequence[int], approval: Approval) -> None:
    """Raises PolicyForbids where the yes is about a document that was never on the screen: the window does not let it come to that."""
    seen = approval.user.seen()
    for number in kept:
        with about(number):
            if number not in seen:
                raise PolicyForbids("a signature of what was not looked at (require_preview)")


def _placement(request: SignRequest) -> prompts.Placement:
    if request.format in ("pdf", "xml", "wsse"):
        return "inside"
    if request.format == "raw":
        return "bare"
    is_apart = request.detached or request.are_digests or request.large
    return "beside" if is_apart else "around"


def _examined(request: SignRequest) -> tuple[tuple[prompts.Document, ...], list[bytes | None]]:
    """What the signatures will be about: as the person sees it listed, and the octets where they are at hand.

    Raises BadInput where no signature could be made, with the number of that document.
    """
    contents: list[bytes | None] = []
    if request.large:
        contents.extend(document.octets for document in request.large)
        documents = consent.describe_large(request.large, request.names)
    else:
        maker = making.maker_of(request.format)
        examined = []
        for number, document in enumerate(request.documents):
            with about(number):
                examined.append(maker.examine(document, request))
        contents.extend(examined)
        documents = consent.describe(examined, request.names, are_digests=request.are_digests)
    facts = request.facts or ((),) * len(documents)
    described = tuple(
        dataclasses.replace(document, path=request.file, facts=own)
        for document, own in zip(documents, facts, strict=True)
    )
    return described, contents


def _digest_sizes(request: SignRequest) -> frozenset[int]:
    """Octets of the digests that are signed though they may not be the key's."""
    return frozenset(map(len, request.documents)) if request.is_any_digest else frozenset()


def _with_digests(request: SignRequest, signer: Signer) -> SignRequest:
    """The request, with the digests that this key signs in place of large documents."""
    if not request.large:
        return request
    digests = tuple(_digest(document, signer) for document in request.large)
    return dataclasses.replace(request, documents=digests, large=(), detached=True, are_digests=True)


def _digest(document: LargeDocument, signer: Signer) -> bytes:
    wanted = signer.algorithm.digest
    for oid, digest in document.digests:
        if oid == wanted.oid:
            return digest
    raise UnsupportedOperation(f"the document was not hashed by {wanted.name}")
