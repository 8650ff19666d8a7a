"""What daemon and worker say to each other about one approval.

daemon -> worker   Begin, then the page's frame in D frames (protocol.pipes) of `frame_bytes` octets in all, then each attachment
                   likewise
                   LetGo: a key that is open is to be closed
                   Waiting (protocol.prompts) whenever the queue behind this approval changes
                   Fetched for each Fetch, in any order, then the answer in D frames of `body_bytes` octets in all
                   end of input: the page left, the daemon stops, or time is up; the worker ends its window and exits
worker -> daemon   Shown, Activity (protocol.prompts), passed on from the window
                   Stage, Progress: what the page may be told of how far it is
                   Fetch, then the question's body in a D frame if it has any: a worker has no network
                   Reply, then the reply's octets in D frames, then each attachment likewise; the worker exits with 0 after it
                   end of output without a whole Reply: the worker crashed, and the daemon answers for it

A worker whose Reply says that it holds a key says Idle, and then gets another Begin, or the end of input (decision 0027).

A series is an approval whose documents come after the yes (protocol.messages.SeriesRequest). Between Begin and Reply:

worker -> daemon   Ready: the person agreed
daemon -> worker   NextDocument, then its octets in D frames
worker -> daemon   NextSignature, then its octets in D frames; Reply in its place where there is none
"""

import dataclasses
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from protocol import prompts
from protocol.errors import BadMessage
from protocol.messages import MAX_DOCUMENTS, SignatureFormat
from protocol.readings import USUAL, Readings

CallerKind: TypeAlias = Literal["site", "unprotected", "file", "program", "command"]
FetchKind: TypeAlias = Literal["timestamp", "ocsp", "crl", "certificate"]

MAX_FETCHES = MAX_DOCUMENTS + 64  # in one approval: a timestamp for each signature, and some more
MAX_FETCHED_BYTES = 128 * 1024 * 1024  # of all answers in one approval
MAX_URL_CHARS = 2000
MAX_QUESTION_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attachment:
    """Octets that go with a frame or a reply, under a name that the frame or reply calls them by."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Announced:
    """A series of `count` documents will come (protocol.messages.SeriesRequest), each as it is or as base64; the frame is empty then."""

    count: int
    is_detached: bool
    is_base64: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What the policy lets signatures be (agent.rules). All members have to be there: what is missing must never pass for "no rule"."""

    formats: tuple[SignatureFormat, ...]
    require_preview: bool
    forbid_hash_only: bool
    max_documents: int
    key_folders: tuple[str, ...] | None
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """Starts an approval. `origin` is canonical (agent.origins), empty where the caller sent none that counts.

    The `rules` come here and not on a command line, where 500 origins have no room on Windows, and which others can read.

    `readings` are those of the site; `is_flat_on`: frames of the first dialect are carried out; `port` is where the agent listens.
    A key may stay open for `unlock_minutes` after it, if the person wants that.
    """

    kind: CallerKind
    origin: str
    language: prompts.Language
    frame_bytes: int
    waiting: int = 0
    turn: int = 0  # number of this operation since the daemon started; picks the answer of a scripted person
    attachments: tuple[Attachment, ...] = ()
    announced: Announced | None = None
    readings: Readings = USUAL
    is_flat_on: bool = False
    port: int = 0
    unlock_minutes: int = 0
    rules: Rules = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the page follows in D frames, `reply_bytes` octets of UTF-8 in all.

    A worker that `holds_s` is more than 0 of does not exit: it keeps a key of `holds_owner` open for so many seconds from now, and says
    Idle once its window is gone.
    """

    reply_bytes: int
    outcome: Literal["done", "cancelled", "failed"]  # for the tray icon; the page reads the reply itself
    attachments: tuple[Attachment, ...] = ()
    holds_s: int = 0
    holds_owner: str = ""


@dataclass(frozen=True, slots=True)
class LetGo:
    """No key may be open any more, and none may stay open after this approval."""


@dataclass(frozen=True, slots=True)
class Idle:
    """The worker waits for the next Begin."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the worker waits for now."""

    name: Literal["password", "approval"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the documents are done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The person agreed to a series; its documents may come."""


@dataclass(frozen=True, slots=True)
class NextDocument:
    """The next document of a series follows, so many octets."""

    size: int


@dataclass(frozen=True, slots=True)
class NextSignature:
    """The signature of the last document follows, so many octets."""

    size: int


@dataclass(frozen=True, slots=True)
class Fetch:
    """Asks an authority's server: by POST where there is a body, else by GET. `number` is the worker's, each time another."""

    number: int
    kind: FetchKind
    url: str
    body_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of the Fetch with this number: an answer of `body_bytes` octets, or a `failure` in words (agent.fetch) and none."""

    number: int
    body_bytes: int = 0
    failure: str = ""


ToWorker: TypeAlias = Begin | Fetched | NextDocument | LetGo | prompts.Waiting
FromWorker: TypeAlias = (
    Reply | Idle | Fetch | Stage | Progress | Ready | NextSignature | prompts.Shown | prompts.Activity
)

_TYPES: dict[str, type[Any]] = {
    "begin": Begin,
    "reply": Reply,
    "idle": Idle,
    "let-go": LetGo,
    "fetch": Fetch,
    "fetched": Fetched,
    "stage": Stage,
    "progress": Progress,
    "ready": Ready,
    "next-document": NextDocument,
    "next-signature": NextSignature,
}
_NAMES = {cls: name for name, cls in _TYPES.items()}


def to_message(value: ToWorker | FromWorker) -> dict[str, Any]:
    """The JSON object of `value` for a J frame."""
    name = _NAMES.get(type(value))
    if name is None:
        return prompts.to_message(typing.cast("prompts.ToWindow | prompts.FromWindow", value))
    return {"type": name, **dataclasses.asdict(value)}


def from_message(message: dict[str, Any]) -> ToWorker | FromWorker:
    """The value of a J frame's object. Raises BadMessage."""
    cls = _TYPES.get(message["type"])
    if cls is not None:
        return typing.cast("ToWorker | FromWorker", prompts.build(cls, _without_type(message)))
    value = prompts.from_message(message)
    if not isinstance(value, prompts.Waiting | prompts.Shown | prompts.Activity):
        raise BadMessage(f"{message['type']!r} does not belong between daemon and worker")
    return value


def _without_type(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != "type"}
