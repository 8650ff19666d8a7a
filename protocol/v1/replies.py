"""What the agent says to a page: results, events and errors. Later versions may say more, so most objects here are open.

The words in the annotations are for developers of pages; they go into the descriptions (docs/api).
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from protocol.messages import SignatureFormat
from protocol.prompts import Language
from protocol.v1.constraints import Base64Text, Length, Range
from protocol.v1.reports import Report
from protocol.v1.requests import Handle, Id, OctetCount

ErrorCode: TypeAlias = Literal[
    "cancelled",
    "cancelled-by-page",
    "no-one-to-ask",
    "window-failed",
    "timed-out",
    "wrong-password",
    "broken-file",
    "unsupported-key",
    "key-password",
    "key-unsuitable",
    "key-not-kept",
    "key-read-only",
    "weak-password",
    "bad-input",
    "file-unusable",
    "unsupported",
    "invalid",
    "no-path",
    "unreachable",
    "timestamp-failed",
    "storage-failed",
    "internal",
    "busy",
    "paused",
    "site-blocked",
    "policy-blocked",
    "policy-forbids",
    "key-folder",
    "bad-policy",
    "bad-request",
    "unknown-method",
    "duplicate-id",
    "too-large",
    "no-such-handle",
    "not-allowed",
]

Der: TypeAlias = Annotated[str, Base64Text(3 * 1024 * 1024)]
_Count: TypeAlias = Annotated[int, Range(0, 2**53 - 1)]  # what JavaScript holds exactly


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the agent takes."""

    IS_OPEN: ClassVar = True

    frame_bytes: Annotated[_Count, "Of a text frame; what is longer has to be uploaded."]
    upload_bytes: Annotated[_Count, "Of one upload, and of all that a socket holds."]
    documents: Annotated[_Count, "In one request."]
    uploads: Annotated[_Count, "Uploads and downloads that a socket holds."]
    chunk_bytes: Annotated[_Count, "In one binary frame, without its header."]
    window_bytes: Annotated[
        _Count, "That a page may send of an upload beyond what it was told to have been received."
    ]
    inline_bytes: Annotated[
        _Count, "Of all signatures in one result; beyond it the largest ones become downloads."
    ]


@dataclass(frozen=True, slots=True)
class CapabilitiesResult:
    """What this agent is and can do."""

    IS_OPEN: ClassVar = True

    agent: Annotated[str, "Which program this is: `qalamsap`."]
    version: Annotated[str, "Of the program."]
    api: Annotated[str, "Of this interface. A new first number may break pages, a new second one only adds."]
    origin: Annotated[
        str, "The origin of the page as the agent sees it; empty where there is none that counts."
    ]
    methods: Annotated[tuple[str, ...], "Those that can be called."]
    formats: Annotated[tuple[str, ...], "Those that `sign` makes."]
    languages: Annotated[tuple[Language, ...], "Of windows and messages."]
    limits: Annotated[Limits, "How much the agent takes."]


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A signature that is a text: a signed XML document, a JWS, a WS-Security message."""

    text: Annotated[str, "The text."]


@dataclass(frozen=True, slots=True)
class Base64Piece:
    """A signature that is octets: a CMS in DER, a signed PDF, a container, the bare octets of a signature."""

    base64: Annotated[Der, "The octets in base64."]


@dataclass(frozen=True, slots=True)
class DownloadPiece:
    """A signature that is fetched with `read`. A text is in UTF-8 there."""

    download: Annotated[Handle, "What `read` and `release` call it."]
    size: Annotated[OctetCount, "In octets."]


@dataclass(frozen=True, slots=True)
class LeftOutPiece:
    """In place of a signature: the person took this document out of the request. Only where `mayLeaveOut` said that they may."""

    left_out: Annotated[bool, "Always true."]


Piece: TypeAlias = TextPiece | Base64Piece | DownloadPiece
PieceIfAny: TypeAlias = TextPiece | Base64Piece | DownloadPiece | LeftOutPiece


@dataclass(frozen=True, slots=True)
class SignResult:
    """The signatures. All of them were verified before they were sent."""

    IS_OPEN: ClassVar = True

    format: Annotated[SignatureFormat, "What they are."]
    signatures: Annotated[tuple[PieceIfAny, ...], "One for each document, in order."]
    lacking_timestamp: Annotated[
        tuple[_Count, ...],
        "Which signatures were to have a timestamp and have none, counted from 0 as `signatures` are. Only where it was `wanted`.",
    ]
    certificate: Annotated[Der, "The signer's certificate in DER, where it was asked for."] = ""


@dataclass(frozen=True, slots=True)
class LoginResult:
    """The signed statement. The server has to check it (see the guide); the page can't."""

    IS_OPEN: ClassVar = True

    login: Annotated[Der, "A CMS signature in DER with the statement inside."]
    certificate: Annotated[Der, "The signer's certificate in DER; it is in the CMS, too."]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a certificate names. A member is empty where the certificate says nothing of it."""

    IS_OPEN: ClassVar = True

    name: Annotated[str, "Surname and name of a person; the name of a system."]
    iin: Annotated[str, "Individual identification number, 12 digits."]
    organisation: Annotated[str, "Name of the organisation."]
    bin: Annotated[str, "Business identification number of the organisation, 12 digits."]


@dataclass(frozen=True, slots=True)
class DescribeKeyResult:
    """What the certificate of the chosen key says."""

    IS_OPEN: ClassVar = True

    certificate: Annotated[Der, "The certificate in DER."]
    owner: Annotated[Owner, "Whose it is."]
    serial_number: Annotated[str, "In lower-case hexadecimal."]
    algorithm: Annotated[str, "Of the key, as it is called for people: `ГОСТ 34.10-2015 (512)`, `RSA-2048`."]
    not_before: Annotated[str, "RFC 3339, UTC."]
    not_after: Annotated[str, "RFC 3339, UTC."]
    uses: Annotated[tuple[str, ...], "What the key is for: `sign`, `identify`."]
    roles: Annotated[
        tuple[str, ...],
        "What the owner is: `individual`, `legal`, `head`, `sign-right`, `finance-right`, `hr`, `employee`, `information-system`, `treasury`.",
    ]


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What was found."""

    IS_OPEN: ClassVar = True

    report: Annotated[Report, "The report, as `qalamsap verify --json` prints it."]


@dataclass(frozen=True, slots=True)
class TimestampResult:
    """The same CMS with timestamps."""

    IS_OPEN: ClassVar = True

    signature: Annotated[Piece, "In DER."]


@dataclass(frozen=True, slots=True)
class UploadResult:
    """The agent has all of it."""

    IS_OPEN: ClassVar = True

    upload: Annotated[
        Handle, "What `sign`, `verify`, `timestamp` and `release` call it. Good for this socket only."
    ]
    size: Annotated[OctetCount, "In octets."]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The binary frame with the piece was sent just before this."""

    IS_OPEN: ClassVar = True

    octets: Annotated[_Count, "How many were in it."]


@dataclass(frozen=True, slots=True)
class ReleaseResult:
    """They are gone."""

    IS_OPEN: ClassVar = True


@dataclass(frozen=True, slots=True)
class CancelResult:
    """What came of it. The other request ends with an error of its own, `cancelled-by-page`."""

    IS_OPEN: ClassVar = True

    cancelled: Annotated[bool, "False where no such request was running any more."]


@dataclass(frozen=True, slots=True)
class Queued:
    """Other requests come first. Sent again when that changes."""

    IS_OPEN: ClassVar = True

    waiting: Annotated[_Count, "How many requests are ahead of this one."]


@dataclass(frozen=True, slots=True)
class WindowShown:
    """The window with the request is on the screen."""

    IS_OPEN: ClassVar = True


@dataclass(frozen=True, slots=True)
class WaitingForPassword:
    """The person is asked for a key and its password."""

    IS_OPEN: ClassVar = True


@dataclass(frozen=True, slots=True)
class WaitingForApproval:
    """The key is open; the person is asked whether to go on with it."""

    IS_OPEN: ClassVar = True


@dataclass(frozen=True, slots=True)
class SignedSoFar:
    """The person agreed, and signatures are being made."""

    IS_OPEN: ClassVar = True

    done: Annotated[_Count, "How many are made."]
    total: Annotated[_Count, "How many there will be."]


@dataclass(frozen=True, slots=True)
class UploadOpen:
    """The octets may come."""

    IS_OPEN: ClassVar = True

    transfer: Annotated[
        Annotated[int, Range(1, 2**32 - 1)],
        "What the header of each binary frame of this upload begins with.",
    ]
    chunk_bytes: Annotated[_Count, "How many octets a binary frame may carry."]
    window_bytes: Annotated[
        _Count, "How many octets may be under way: sent, but not yet told to have been received."
    ]


@dataclass(frozen=True, slots=True)
class UploadReceived:
    """More octets may come."""

    IS_OPEN: ClassVar = True

    octets: Annotated[_Count, "How many arrived so far, in all."]


Event: TypeAlias = (
    Queued | WindowShown | WaitingForPassword | WaitingForApproval | SignedSoFar | UploadOpen | UploadReceived
)
Result: TypeAlias = (
    CapabilitiesResult
    | SignResult
    | LoginResult
    | DescribeKeyResult
    | VerifyResult
    | TimestampResult
    | UploadResult
    | ReadResult
    | ReleaseResult
    | CancelResult
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result."""

    IS_OPEN: ClassVar = True

    code: Annotated[ErrorCode, "What happened, in a word for programs. Later versions may know more of them."]
    retryable: Annotated[
        bool,
        "Whether the very same request may go well a little later. Even then the person should decide to repeat it.",
    ]
    message: Annotated[str, Length(1, 500), "What happened, in a sentence for the person, in their language."]
    help: Annotated[str, "Address of a page about it, on the agent."]
    detail: Annotated[
        str, "What exactly was wrong, in English for developers. Not stable: don't compare it."
    ] = ""


@dataclass(frozen=True, slots=True)
class ResultReply:
    """The end of a request that went well."""

    IS_OPEN: ClassVar = True

    module: Annotated[Literal["kz.qalamsap.v1"], "The interface."]
    id: Annotated[Id, "Of the request."]
    result: Annotated[Any, "What came of it."]


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """The end of a request that did not."""

    IS_OPEN: ClassVar = True

    module: Annotated[Literal["kz.qalamsap.v1"], "The interface."]
    id: Annotated[Id | None, "Of the request; null where it had none that can be used."]
    error: Annotated[Failure, "Why there is no result."]


@dataclass(frozen=True, slots=True)
class EventReply:
    """News of a request that runs. Events of later versions may be ignored."""

    IS_OPEN: ClassVar = True

    module: Annotated[Literal["kz.qalamsap.v1"], "The interface."]
    id: Annotated[Id, "Of the request."]
    event: Annotated[str, "What happened. What else the object has depends on it."]
