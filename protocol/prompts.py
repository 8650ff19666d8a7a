"""The conversation between a worker and its window: what is asked of the person, and what they answer.

The window is started once per approval and lives through it. The worker sends one prompt at a time and reads one answer:

    worker  -> OpenKey(...)                    which key file, and its password
    window  <- KeyOpened(path, storage)        followed by one S frame with the password
    worker  -> OpenKey(..., problem=...)       the same again when the password or file was no good
    worker  -> ChooseKey(keys=...)             the opened keys; the person reads whose they are and approves
    window  <- Approved(key_id, remember)      or BackToFiles(), to choose another file
    worker  -> Finished(...)                   what happened; the window closes by itself

An approval may also begin, or consist of, another question:

    worker  -> Approve(...)                    the keys are open already: Approved, or BackToFiles where there is a way back
    worker  -> ChooseFile(...)                 FileChosen
    worker  -> AllowFile(...)                  Allowed
    worker  -> NewKey(...)                     KeyNamed, followed by one S frame with the password for it
    worker  -> About(...)                      nothing: it is closed, which is Cancelled
    command -> ReadKey(...)                    KeyOpened, of that file or of another, followed by one S frame with the password
    command -> ChangePassword(...)             PasswordsTyped, followed by two S frames: the password that the file has, and the new one

At any moment: worker -> Waiting(count) tells how many approvals wait behind this one, and Progress how many documents are signed;
window <- Activity() says that the person touched the window (at most one a second); window <- Cancelled() ends it. From its
first question about documents on, and while the worker signs, the window may ask to see them (protocol.preview); the worker answers when it can, in any
order, and pushes a Known for each document by itself, the first ones first. End of the window's output without Cancelled
is a crash, never a cancellation; end of its input means that nobody waits for the answer any more.

Everything here is plain data: `to_message` gives the JSON object of a J frame (protocol.pipes), `from_message` reads it and
raises BadMessage. Times are ISO 8601 with offset; digests are lower-case hex.
"""

import dataclasses
import functools
import itertools
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from protocol import preview
from protocol.errors import BadMessage

Language: TypeAlias = Literal["kk", "ru", "en"]
Purpose: TypeAlias = Literal["sign", "identify", "any"]
Action: TypeAlias = Literal["sign", "show_key", "log_in", "import_certificate"]
FileKind: TypeAlias = Literal["any", "folder", "key", "pkcs12", "jks", "certificate", "crl"]
Placement: TypeAlias = Literal["beside", "around", "inside", "bare"]
"""Where a signature will be: in a file of its own, in a file that holds the document too, in the document itself; or bare octets,
which say nothing of what was signed, and can be built into a signature of something else."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `kind` decides how the window introduces them:

    site         an https page: `site` is its host (with the port if not 443), `registrable` the part in bold
    unprotected  an http page; the window marks it
    file         a page opened from disk, or a sandboxed one (Origin: null or file://)
    program      no Origin header: a program on this computer
    command      the command line of this agent
    """

    kind: Literal["site", "unprotected", "file", "program", "command"]
    origin: str = ""  # canonical, "https://kds.example.kz"; empty where there is none
    site: str = ""
    registrable: str = ""
    is_new: bool = False  # no grant yet; a site the person may choose to remember
    warning: Literal["", "mixed-script", "punycode"] = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """What the page says about a document: "Сумма", "11 648,00 ₸". Nobody checked it, and the window says so."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the person sees it in a list. The window never gets its bytes."""

    name: str  # what the page calls it, or empty: the window numbers it
    size: int | None  # octets; None where only a digest was given
    digest_name: str  # display name of the hash, "SHA-256"
    digest: str  # hex of that hash over the frozen bytes; or of the digest that the page gave
    is_digest: bool = False  # only a digest was given: the content can't be shown
    facts: tuple[Fact, ...] = ()
    path: str = ""  # of a file on this computer that the page named and the agent read


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file that the agent found: offered, not opened."""

    path: str
    storage: str  # "PKCS12"
    modified: str  # ISO 8601
    label: str = ""  # what its name says: "GOST 2015", "RSA AUTH"; empty if nothing
    owner: str = ""  # known from an earlier use; empty if not
    valid_until: str = ""  # likewise, and what follows
    organisation: str = ""
    uses: tuple[str, ...] = ()  # "sign", "identify"
    state: Literal["", "good", "ending", "early", "superseded", "expired", "revoked"] = ""
    days_left: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the last answer did not work. `code` is one of agent.errors; the window has a text and an advice for each."""

    code: str
    tries_left: int | None = None
    detail: str = ""  # technical, English, shown on demand


@dataclass(frozen=True, slots=True)
class Key:
    """An opened key as the person judges it."""

    key_id: str
    storage: str
    path: str
    owner: str
    iin: str
    organisation: str
    bin: str
    roles: tuple[
        str, ...
    ]  # text keys: "individual", "head", "sign-right", "finance-right", "hr", "employee", ...
    uses: tuple[str, ...]  # "sign", "identify"
    algorithm: str  # display name: "ГОСТ 34.10-2015 (512)", "RSA-2048"
    issuer: str
    serial_number: str  # lower-case hex
    not_before: str
    not_after: str
    suitable: bool = True
    reasons: tuple[
        str, ...
    ] = ()  # text keys why not, or what to warn of: "expired", "not-yet-valid", "wrong-use", ...
    is_test: bool = False  # issued by a test authority


@dataclass(frozen=True, slots=True)
class Failure:
    """A document of which there is no signature. `code` says why, as in Problem; `number` counts from 0."""

    number: int
    code: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The approval is over. `problem` None means that it succeeded.

    `count` signatures are where they belong: with who asked, or in their files. `failed` are documents that there is a problem with,
    `lacking` those whose signature has no timestamp though one was wished for: numbers, from 0, as the documents were listed, rising. All
    the others are signed if `count` is not 0; if it is, none is, for whoever asks gets all or nothing.
    """

    count: int = 0
    problem: Problem | None = None
    lacking: tuple[int, ...] = ()
    failed: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenKey:
    """Asks for a key file and its password."""

    caller: Caller
    action: Action
    purpose: Purpose
    documents: tuple[Document, ...]
    placement: Placement
    language: Language
    storages: tuple[
        str, ...
    ]  # allowed storage names; the window's file chooser shows the matching extensions
    folder: str  # where the file chooser starts
    files: tuple[KeyFile, ...] = ()  # newest first
    chosen: str = ""  # path to preselect; empty: the first of `files`
    timestamps: bool = False  # an authority will be asked for one on each signature
    waiting: int = 0
    problem: Problem | None = None
    announced: int = (
        0  # documents that the page sends only after the yes: nothing of them can be shown before
    )
    certificate: Key | None = None  # for "import_certificate": what will be joined to the key
    may_leave_out: bool = False  # the caller can do with signatures of some of the documents
    must_be_seen: bool = False  # by policy: a yes counts only once each of them was on the screen
    # For "import_certificate": what the key in `chosen` has now, and loses if the password is typed again; with the problem "key-unsuitable" it stays.
    replaced: Key | None = None


@dataclass(frozen=True, slots=True)
class ChooseKey:
    """Asks which of the opened keys to use, and whether to go on. The prompt before it stays in force for all else."""

    keys: tuple[Key, ...]
    remember_days: int = 0  # how long "remember this site" would last; 0: don't offer it
    unlock_minutes: int = (
        0  # for how long the key may stay open after this, if the person wants it; 0: don't offer it
    )


@dataclass(frozen=True, slots=True)
class Approve:
    """Asks whether to go on with one of the keys, which are open already. In place of OpenKey and ChooseKey: `request` says what for."""

    request: OpenKey
    keys: tuple[Key, ...]
    remember_days: int = 0
    can_go_back: bool = False  # to another key file: BackToFiles


@dataclass(frozen=True, slots=True)
class ChooseFile:
    """Asks for a file, or a folder, whose path the caller will get."""

    caller: Caller
    kind: FileKind
    folder: str  # where the chooser starts; empty: wherever it likes
    language: Language
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class AllowFile:
    """Asks whether the caller may have a file signed that it named by itself: the person did not choose it for that caller."""

    caller: Caller
    path: str
    language: Language
    waiting: int = 0
    hours: int = 0  # for so long a yes holds; 0: for this once


@dataclass(frozen=True, slots=True)
class NewKey:
    """Asks where to keep a new key, and for the password that it will have. `problem` says why the last answer was no good."""

    caller: Caller
    subject: tuple[Fact, ...]  # what the request for a certificate will say, as text keys and values
    algorithm: str  # display name
    folder: str
    name: str  # suggested file name
    language: Language
    waiting: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class About:
    """Shows the caller's wish to see the agent itself. Its only answer is Cancelled: the person closed it."""

    caller: Caller
    version: str
    port: int
    language: Language
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class ReadKey:
    """Asks for the password of one key file, to show its owner what is inside. Nothing is signed."""

    caller: Caller
    file: KeyFile
    language: Language
    waiting: int = 0
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Asks for the password of a key file and for another one. `keep_copy` is what is chosen at first: whether a copy of the file as it
    was stays beside it."""

    caller: Caller
    file: KeyFile
    language: Language
    waiting: int = 0
    keep_copy: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many approvals wait behind this one."""

    count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How many documents are signed by now."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class KeyOpened:
    """The person named a key file; exactly one S frame with the password follows."""

    path: str
    storage: str


@dataclass(frozen=True, slots=True)
class FileChosen:
    """The person chose a file or folder in answer to ChooseFile."""

    path: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """The person said yes to AllowFile."""


@dataclass(frozen=True, slots=True)
class KeyNamed:
    """The person named the file for a new key; exactly one S frame with its password follows."""

    path: str


@dataclass(frozen=True, slots=True)
class PasswordsTyped:
    """The answer to ChangePassword; exactly two S frames follow: the password that the file has, and the new one. `path` is another key
    file, if the person named one in place of that of the prompt."""

    keep_copy: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Approved:
    """The person said yes. `left_out` numbers documents, from 0, that they took out of it: only where they may."""

    key_id: str
    remember: bool = False
    left_out: tuple[int, ...] = ()
    keep_open: bool = False  # the key, for as long as ChooseKey said


@dataclass(frozen=True, slots=True)
class BackToFiles:
    """The person wants another key file."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The person said no."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The window is on the screen."""


@dataclass(frozen=True, slots=True)
class Activity:
    """The person touched the window."""


ToWindow: TypeAlias = (
    OpenKey
    | ChooseKey
    | Approve
    | ChooseFile
    | AllowFile
    | NewKey
    | About
    | ReadKey
    | ChangePassword
    | Waiting
    | Progress
    | Finished
    | preview.Answer
)
FromWindow: TypeAlias = (
    KeyOpened
    | Approved
    | BackToFiles
    | FileChosen
    | Allowed
    | KeyNamed
    | PasswordsTyped
    | Cancelled
    | Shown
    | Activity
    | preview.Question
)

_TYPES: dict[str, type[Any]] = {
    "open-key": OpenKey,
    "choose-key": ChooseKey,
    "approve": Approve,
    "choose-file": ChooseFile,
    "allow-file": AllowFile,
    "new-key": NewKey,
    "about": About,
    "read-key": ReadKey,
    "change-password": ChangePassword,
    "waiting": Waiting,
    "progress": Progress,
    "finished": Finished,
    "key-opened": KeyOpened,
    "approved": Approved,
    "back-to-files": BackToFiles,
    "file-chosen": FileChosen,
    "allowed": Allowed,
    "key-named": KeyNamed,
    "passwords-typed": PasswordsTyped,
    "cancelled": Cancelled,
    "shown": Shown,
    "activity": Activity,
    "look": preview.Look,
    "draw": preview.Draw,
    "read": preview.Read,
    "enter": preview.Enter,
    "leave": preview.Leave,
    "known": preview.Known,
    "drawn": preview.Drawn,
    "rows-read": preview.RowsRead,
    "unshown": preview.Unshown,
    "open": preview.Open,
}
_NAMES = {cls: name for name, cls in _TYPES.items()}

MAX_LISTED = 10_000  # documents, in one prompt

T = TypeVar("T")


def to_message(value: ToWindow | FromWindow | preview.Open) -> dict[str, Any]:
    """The JSON object of `value`, with its "type"."""
    return {"type": _NAMES[type(value)], **dataclasses.asdict(value)}


def from_message(message: dict[str, Any]) -> ToWindow | FromWindow | preview.Open:
    """The value of a JSON object made by to_message. Raises BadMessage."""
    cls = _TYPES.get(message.get("type", ""))
    if cls is None:
        raise BadMessage(f"unknown message type {message.get('type')!r}")
    body = {key: value for key, value in message.items() if key != "type"}
    value = build(cls, body)
    if isinstance(value, Finished):
        _check(value)
    return typing.cast("ToWindow | FromWindow | preview.Open", value)


def _check(finished: Finished) -> None:
    """Raises BadMessage where it contradicts itself."""
    failed = tuple(each.number for each in finished.failed)
    for name, numbers in (("lacking", finished.lacking), ("failed", failed)):
        if any(not 0 <= number < MAX_LISTED for number in numbers):
            raise BadMessage(f"Finished.{name} has a number that no document can have")
        if any(second <= first for first, second in itertools.pairwise(numbers)):
            raise BadMessage(f"Finished.{name} is not in order")
    if not 0 <= finished.count <= MAX_LISTED:
        raise BadMessage("Finished.count is no number of documents")
    if len(finished.lacking) > finished.count or not set(failed).isdisjoint(finished.lacking):
        raise BadMessage("Finished.lacking has documents that are not signed")
    if failed and finished.problem is None:
        raise BadMessage("Finished.failed comes without a problem")


def build(cls: type[T], body: Any, where: str = "") -> T:
    """A dataclass value from the JSON object `body`; every field checked against its annotation. Raises BadMessage."""
    where = where or cls.__name__
    if not isinstance(body, dict):
        raise BadMessage(f"{where} is not an object")
    hints = _hints(typing.cast("Any", cls))
    known = {item.name: item for item in dataclasses.fields(cls)}  # type: ignore[arg-type]  # T is one of our dataclasses
    unknown = body.keys() - known.keys()
    if unknown:
        raise BadMessage(f"{where} has an unknown member {min(unknown)!r}")
    values = {}
    for name, item in known.items():
        if name in body:
            values[name] = _value(hints[name], body[name], f"{where}.{name}")
        elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
            raise BadMessage(f"{where}.{name} is missing")
    return cls(**values)


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls)  # slow, and a prompt may list 10,000 documents


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in typing.get_args(hint):
            return None
        (hint,) = (arg for arg in typing.get_args(hint) if arg is not type(None))
        return _value(hint, value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise BadMessage(f"{where} is not a list")
        return tuple(_value(typing.get_args(hint)[0], item, f"{where}[]") for item in value)
    if origin is Literal:
        if value not in typing.get_args(hint):
            raise BadMessage(f"{where} is {value!r}, expected one of {typing.get_args(hint)}")
        return value
    if dataclasses.is_dataclass(hint):
        return build(typing.cast("type[Any]", hint), value, where)
    if type(value) is not hint:  # bool is an int, and must not pass for one
        raise BadMessage(f"{where} is a {type(value).__name__}, expected {hint.__name__}")
    return value
