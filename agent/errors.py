"""What the agent could not do.

    AgentError                     code            retryable
     +-- UserCancelled             cancelled       no     the person said no
     +-- NoOneToAsk                no-one-to-ask   no     no window could be shown
     +-- WindowFailed              window-failed   no     the window crashed: never "cancelled"
     +-- TimedOut                  timed-out       no     the person did nothing for too long
     +-- WrongPassword             wrong-password  yes
     +-- BrokenKeyStore            broken-file     yes    not a key file, or damaged
     +-- UnsupportedKey            unsupported-key yes    a key we can't use; `detail` names the algorithm
     |    +-- KeyHasOwnPassword    key-password    yes    its password is not that of its file
     +-- KeyUnsuitable             key-unsuitable  yes    a good key, but not for this request
     +-- KeyNotKept                key-not-kept    yes    the file for a key can't be written there
     |    +-- KeyFileReadOnly      key-read-only   yes    a kind of key file that we open and never write
     +-- WeakPassword              weak-password   yes    no password to keep a new key under
     +-- BadInput                  bad-input       no     the document or the request makes no sense
     |    +-- FileUnusable         file-unusable   no     a file that was named is not there, or can't be read
     +-- UnsupportedOperation      unsupported     no     honest: not built, or not available here
     +-- InvalidSignature          invalid         no     cryptography says no
     +-- NoPath                    no-path         no     no certification path to an anchor
     +-- Unreachable               unreachable     no     an authority's server gave no usable answer
     |    +-- TimestampFailed      timestamp-failed no    no timestamp could be had, so nothing was signed
     +-- StorageFailed             storage-failed  no     our own records can't be written
     +-- CallerForbidden           policy-blocked  no     whoever runs the computer does not let this caller in
     +-- PolicyForbids             policy-forbids  no     whoever runs the computer does not let that be signed
     +-- KeyFolderForbidden        key-folder      yes    likewise, key files that lie there
     +-- PolicyUnusable            bad-policy      no     nobody knows what may be done: the policy is broken

`code` is stable and may go to pages and scripts. `text` and `advice` are keys into the texts of the windows. `detail` is for
logs and developers: English, lower case, no full stop, never a password, a document or personal data.
"""

import contextlib
from collections.abc import Iterator
from typing import ClassVar


class AgentError(Exception):
    """Something the agent could not do. `retryable`: the person can mend it and try again in the same window. `document` is the number,
    from 0, of the one of several that it is about."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    document: int | None = None

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail

    @property
    def text(self) -> str:
        """Key of the sentence that says what happened."""
        return f"error.{self.code}"

    @property
    def advice(self) -> str:
        """Key of the sentence that says what to do next."""
        return f"advice.{self.code}"


class UserCancelled(AgentError):
    code = "cancelled"


class NoOneToAsk(AgentError):
    code = "no-one-to-ask"


class WindowFailed(AgentError):
    code = "window-failed"


class TimedOut(AgentError):
    code = "timed-out"


class WrongPassword(AgentError):
    """`tries_left` is None where the store does not count (files)."""

    code = "wrong-password"
    retryable = True

    def __init__(self, detail: str = "", *, tries_left: int | None = None) -> None:
        super().__init__(detail)
        self.tries_left = tries_left


class BrokenKeyStore(AgentError):
    code = "broken-file"
    retryable = True


class UnsupportedKey(AgentError):
    code = "unsupported-key"
    retryable = True


class KeyHasOwnPassword(UnsupportedKey):
    code = "key-password"


class KeyUnsuitable(AgentError):
    code = "key-unsuitable"
    retryable = True


class KeyNotKept(AgentError):
    code = "key-not-kept"
    retryable = True


class KeyFileReadOnly(KeyNotKept):
    code = "key-read-only"


class WeakPassword(AgentError):
    code = "weak-password"
    retryable = True


class BadInput(AgentError):
    """`place` says of a document that is not XML where that shows, for people: `detail` has it in a SAX parser's words, for pages."""

    code = "bad-input"

    def __init__(self, detail: str = "", *, place: str = "") -> None:
        super().__init__(detail)
        self.place = place


class FileUnusable(BadInput):
    code = "file-unusable"


class UnsupportedOperation(AgentError):
    code = "unsupported"


class InvalidSignature(AgentError):
    code = "invalid"


class NoPath(AgentError):
    code = "no-path"


class Unreachable(AgentError):
    code = "unreachable"


class TimestampFailed(Unreachable):
    code = "timestamp-failed"


class StorageFailed(AgentError):
    code = "storage-failed"


class CallerForbidden(AgentError):
    code = "policy-blocked"


class PolicyForbids(AgentError):
    """`detail` says what, and ends with the name of the setting."""

    code = "policy-forbids"


class KeyFolderForbidden(AgentError):
    code = "key-folder"
    retryable = True


class PolicyUnusable(AgentError):
    code = "bad-policy"


@contextlib.contextmanager
def about(document: int) -> Iterator[None]:
    """Errors that come out of the block are about that document, by its number."""
    try:
        yield
    except AgentError as error:
        error.document = document
        raise
