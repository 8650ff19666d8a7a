"""One approval: who asks, the person who is asked, and what there is to ask about. Every operation gets one and acts through it."""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from agent import logs
from agent.certificate import Certificate
from agent.chosen_files import ChosenFiles
from agent.errors import AgentError, StorageFailed, UserCancelled
from agent.fetch import Cache, Fetch
from agent.grants import Grants
from agent.holder import Holder
from agent.journal import Event, Journal, digests_of
from agent.key_library import KeyLibrary
from agent.origins import Origin
from agent.password_guesses import PasswordGuesses
from agent.recent_keys import RecentKeys
from agent.rules import Rules
from agent.secret import Secret
from agent.signer import Signer
from agent.trust.anchors import Anchor
from agent.user.base import PageLeft, User
from protocol import prompts, work
from protocol.messages import OPENABLE_STORAGES
from protocol.prompts import Action, Document, Language

# Adding a timestamp and checking a file ask the person nothing, and are recorded all the same.
Recorded = (
    Action
    | Literal[
        "timestamp", "choose_file", "allow_file", "check_file", "show_agent", "new_key", "change_password"
    ]
)

_log = logging.getLogger(__name__)

_MAX_ASKED = 16  # digests that are noted of a request; a receipt holds them all


class StoredKey(Protocol):
    """An opened key with its certificate, and what else of certificates lay beside it."""

    @property
    def key_id(self) -> str: ...
    @property
    def certificate(self) -> Certificate: ...
    @property
    def certificates(self) -> Sequence[Certificate]: ...
    def signer(self) -> Signer: ...
    def wipe(self) -> None: ...


class FoundKey(Protocol):
    """A key file that lies in one of the usual places, not opened."""

    @property
    def path(self) -> Path: ...
    @property
    def storage(self) -> str: ...
    @property
    def modified(self) -> datetime: ...
    @property
    def label(self) -> str: ...


class KeyStores(Protocol):
    """Where keys come from: agent.keystores.catalog, or a test's own."""

    def open(self, storage: str, path: Path, password: Secret, /) -> Sequence[StoredKey]:
        """The keys in a store. Raises WrongPassword, BrokenKeyStore, UnsupportedKey."""
        ...

    def find(self, folders: Sequence[Path], limit: int, /) -> Sequence[FoundKey]:
        """Key files in these folders, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Approval:
    """What an operation works with. `now` is the clock; `test_anchors` are authorities whose keys prove nothing about anybody.

    `test_authorities` are certificates that the operator gave for them: key files often lack those between key and root.
    `authorities` are those that it trusts beside the national ones: their keys count like those of production.
    Key files in `first_folders` are offered before those in `key_folders`. `fetch` asks authorities' servers, None where nothing may
    be asked; with an empty `ocsp_url` the server that a certificate names is asked. `notice` hears how far it is. `storages` are those
    that `key_stores` can open now: files, and tokens that are plugged in.
    Without `chosen_files` no file counts as chosen, and without `guesses` no page tries a password. A
    `holder` keeps a key open where the person allows that. A `key_library` learns whose the key files are that are opened. `rules` are the policy's.
    """

    kind: work.CallerKind
    origin: Origin
    language: Language
    user: User
    key_stores: KeyStores
    journal: Journal
    grants: Grants
    recent_keys: RecentKeys
    now: Callable[[], datetime]
    test_anchors: tuple[Anchor, ...] = ()
    test_authorities: tuple[Certificate, ...] = ()
    key_folders: tuple[Path, ...] = ()
    first_folders: tuple[Path, ...] = ()
    waiting: int = 0
    authorities: tuple[Certificate, ...] = ()
    fetch: Fetch | None = None
    cache: Cache | None = None
    timestamp_url: str = ""
    ocsp_url: str = ""
    notice: Callable[[work.Stage | work.Progress], None] = lambda _: None
    chosen_files: ChosenFiles | None = None
    guesses: PasswordGuesses | None = None
    holder: Holder | None = None
    key_library: KeyLibrary | None = None
    rules: Rules = field(default_factory=Rules)
    storages: tuple[str, ...] = OPENABLE_STORAGES

    def record(self, action: Recorded, documents: Sequence[Document]) -> "Record":
        """Notes that this is asked, and gives the record of how it goes on. Raises StorageFailed."""
        record = Record(self, action, documents)
        record.write("asked")
        return record

    def progress(self, done: int, total: int) -> None:
        """Tells the page and the person how many of the documents are signed."""
        self.notice(work.Progress(done, total))
        self.user.tell(prompts.Progress(done, total))


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal learns of one operation. As a context it also notes how the operation ends if it does not succeed.

    `announced` counts documents that are still to come.
    """

    approval: Approval
    action: Recorded
    documents: Sequence[Document]
    operation_id: str = field(default_factory=lambda: secrets.token_hex(8))
    announced: int = 0

    def decided(
        self,
        decision: Literal["approved", "cancelled"],
        certificate: Certificate | None = None,
        *,
        replaced: Certificate | None = None,
        left_out: Sequence[Document] = (),
    ) -> None:
        """The person has said yes or no. Of a certificate that takes the place of another: `replaced`; `left_out` are documents that
        the yes is not about. Raises StorageFailed."""
        more: dict[str, Any] = {"replaced": replaced.fingerprint} if replaced is not None else {}
        if left_out:
            more["left_out"] = [document.digest for document in left_out]
        self.write("decided", decision=decision, **_owner_of(certificate), **more)

    def signed(self, certificate: Certificate) -> None:
        """The receipt: on the disk when this returns. Raises StorageFailed; then no signature may leave."""
        self.write("signed", **_owner_of(certificate))
        count = len(self.documents) + self.announced
        kind, origin = self.approval.kind, self.approval.origin.canonical
        logs.note(_log, logging.INFO, "signatures were made", kind=kind, origin=origin, count=count)

    def shown(self, certificate: Certificate) -> None:
        """The caller is about to be told what a certificate says. Raises StorageFailed."""
        self.write("shown", **_owner_of(certificate))

    def write(self, event: Event, **facts: Any) -> None:
        """One line. Raises StorageFailed."""
        origin = self.approval.origin
        caller = {
            "kind": self.approval.kind,
            "origin": origin.canonical,
            "site": origin.site,
            "action": self.action,
        }
        digests = [document.digest for document in self.documents]
        # A page can have any number of requests noted that the person never agrees to: those are kept short.
        documents = digests_of(
            digests if event == "signed" else digests[:_MAX_ASKED], count=len(digests) + self.announced
        )
        self.approval.journal.write(
            event, self.operation_id, self.approval.now(), {**caller, **documents, **facts}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, StorageFailed):
            return  # what can't be written can't be noted either
        try:
            self._ended_by(error)
        except StorageFailed as failed:
            failed.__context__ = error
            if not isinstance(error, PageLeft):
                raise

    def _ended_by(self, error: BaseException) -> None:
        match error:
            case UserCancelled():
                self.decided("cancelled")
                kind, origin = self.approval.kind, self.approval.origin.canonical
                logs.note(_log, logging.INFO, "the person said no", kind=kind, origin=origin)
            case PageLeft():
                self.write("left")
            case AgentError():
                self.write("failed", code=error.code)
            case _:
                self.write("failed", code="internal")


def _owner_of(certificate: Certificate | None) -> dict[str, str]:
    if certificate is None:
        return {}
    return {"certificate": certificate.fingerprint, "owner": certificate.common_name}
