"""Signing documents that come one by one after the person has agreed: a page that sends large ones can't send them all at once.

Nothing of the documents can be shown before, and the window says so; how many may come was announced and agreed to. Each is frozen
when it is whole, and its receipt is on the disk before its signature leaves.

Such a page can't say which key it wants, so every key that the person opens may sign, and the window warns of those that no
national authority issued.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator

from agent.errors import about
from agent.operations import choose_key, consent, timestamping
from agent.operations.approval import Approval, Record
from agent.operations.making import base as making
from protocol.messages import Done, KeyFilter, SeriesRequest, SignRequest

_ANY_KEY = KeyFilter()


def sign(
    request: SeriesRequest, approval: Approval, documents: Iterator[bytes], give: Callable[[bytes], None]
) -> Done:
    """Takes the documents as they come, and gives a verified signature for each before it takes the next one.

    Raises UserCancelled, PageLeft, TimedOut, NoOneToAsk, WindowFailed, BadInput, StorageFailed, InvalidSignature, PolicyForbids: once documents are
    taken, with the number of the one that got no signature.
    """
    approval.rules.check_format("cms")
    approval.rules.check_count(request.count)
    approval.rules.check_content(is_digest=False, is_showable=False)
    judge = choose_key.judge(_ANY_KEY, approval)
    record = Record(approval, "sign", (), announced=request.count)
    record.write("asked")
    with record:
        prompt = consent.ask_for_key(
            approval,
            "sign",
            (),
            purpose=_ANY_KEY.purpose,
            placement="beside" if request.detached else "around",
            storages=(),
            language=request.language,
        )
        choice = choose_key.choose(approval, judge, dataclasses.replace(prompt, announced=request.count))
        with choice.in_use() as key:
            record.decided("approved", key.certificate)
            workshop = making.Workshop(
                signer=key.signer(),
                at=approval.now(),
                language=prompt.language,
                timestamps=timestamping.authority(approval),
            )
            wanted = SignRequest(documents=(), detached=request.detached)
            for number in itertools.count():
                with about(number):
                    document = next(documents, None)
                    if document is None:
                        break
                    approval.user.still_there()
                    own = dataclasses.replace(workshop, at=approval.now())
                    made = making.make_checked(document, wanted, own)
                    receipt = dataclasses.replace(
                        record, documents=consent.describe((document,)), announced=0
                    )
                    approval.user.still_there()
                    receipt.signed(workshop.signer.certificate)
                    give(made.octets)
                approval.progress(number + 1, request.count)
    return Done()
