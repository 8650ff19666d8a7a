"""The table of methods: what each takes and gives, and who carries it out. And the names of the events."""

from dataclasses import dataclass
from typing import Any

from protocol.v1 import replies, requests
from protocol.v1.replies import Event

_ASKING: tuple[type[Event], ...] = (
    replies.Queued,
    replies.WindowShown,
    replies.WaitingForPassword,
    replies.WaitingForApproval,
)


@dataclass(frozen=True, slots=True)
class Method:
    """`needs_worker`: the daemon can't answer it alone. `events` are those that its requests may be told of."""

    params: type[Any]
    result: type[Any]
    needs_worker: bool = False
    events: tuple[type[Event], ...] = ()


METHODS: dict[str, Method] = {
    "capabilities": Method(requests.CapabilitiesParams, replies.CapabilitiesResult),
    "sign": Method(
        requests.SignParams, replies.SignResult, needs_worker=True, events=(*_ASKING, replies.SignedSoFar)
    ),
    "login": Method(
        requests.LoginParams, replies.LoginResult, needs_worker=True, events=(*_ASKING, replies.SignedSoFar)
    ),
    "describeKey": Method(
        requests.DescribeKeyParams, replies.DescribeKeyResult, needs_worker=True, events=_ASKING
    ),
    "verify": Method(
        requests.VerifyParams, replies.VerifyResult, needs_worker=True, events=(replies.Queued,)
    ),
    "timestamp": Method(
        requests.TimestampParams, replies.TimestampResult, needs_worker=True, events=(replies.Queued,)
    ),
    "upload": Method(
        requests.UploadParams, replies.UploadResult, events=(replies.UploadOpen, replies.UploadReceived)
    ),
    "read": Method(requests.ReadParams, replies.ReadResult),
    "release": Method(requests.ReleaseParams, replies.ReleaseResult),
    "cancel": Method(requests.CancelParams, replies.CancelResult),
}

EVENTS: dict[str, type[Event]] = {
    "queued": replies.Queued,
    "window-shown": replies.WindowShown,
    "waiting-for-password": replies.WaitingForPassword,
    "waiting-for-approval": replies.WaitingForApproval,
    "signed": replies.SignedSoFar,
    "upload-open": replies.UploadOpen,
    "upload-received": replies.UploadReceived,
}
EVENT_NAMES = {cls: name for name, cls in EVENTS.items()}
