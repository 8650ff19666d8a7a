"""The person at a terminal, who named key and documents on the command line: only the password is left to ask.

A terminal does not ask twice: what a window would show beside its password field ends the command here, as the error that it is.
"""

import getpass
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import BinaryIO

from agent import errors
from agent.secret import Secret
from agent.user.base import Answer, Content, Named, Opened, Prompt, Retyped
from protocol import pipes, prompts

_RETRYABLE: dict[str, type[errors.AgentError]] = {
    cls.code: cls
    for cls in (
        errors.WrongPassword,
        errors.BrokenKeyStore,
        errors.UnsupportedKey,
        errors.KeyHasOwnPassword,
        errors.KeyUnsuitable,
        errors.KeyNotKept,
        errors.KeyFileReadOnly,
        errors.WeakPassword,
        errors.KeyFolderForbidden,
    )
}

_WARNINGS = {
    "expired": "has expired",
    "revoked": "was revoked by its authority: whoever verifies the signature will see that",
    "not-yet-valid": "is not valid yet",
    "test-authority": "comes from a test authority: it proves nothing about anybody",
    "unknown-authority": "comes from an authority that this agent does not know",
}


class TerminalUser:
    """Answers with the key file at `path`; `key_id` picks one of several keys in it. `warn` gets a line in English.

    `read_new_password` is for where the file gets another password."""

    def __init__(
        self,
        path: str,
        storage: str,
        read_password: Callable[[], Secret],
        *,
        key_id: str = "",
        read_new_password: Callable[[], Secret] | None = None,
        warn: Callable[[str], None] = lambda line: print(line, file=sys.stderr),  # noqa: T201  # a terminal
    ) -> None:
        self._path = path
        self._storage = storage
        self._read_password = read_password
        self._key_id = key_id
        self._read_new_password = read_new_password
        self._warn = warn

    def lay_open(self, contents: Sequence[Content], names: Sequence[str]) -> None:
        """They named the files themselves."""

    def seen(self) -> frozenset[int]:
        """A terminal shows nothing of them."""
        return frozenset()

    def ask(self, prompt: Prompt) -> Answer:
        if isinstance(prompt, prompts.OpenKey | prompts.NewKey | prompts.ReadKey | prompts.ChangePassword):
            if prompt.problem is not None:
                raise _RETRYABLE.get(prompt.problem.code, errors.BrokenKeyStore)(prompt.problem.detail)
            if isinstance(prompt, prompts.ReadKey):
                return Opened(self._path, self._storage, self._read_password())
            if isinstance(prompt, prompts.ChangePassword) and self._read_new_password is not None:
                return self._retype(self._read_new_password, prompt)
            if isinstance(prompt, prompts.NewKey):
                return Named(self._path, self._read_password())
            if isinstance(prompt, prompts.ChangePassword):
                raise errors.NoOneToAsk("nobody was told how to ask for a new password")
            if prompt.replaced is not None:
                raise errors.KeyUnsuitable(
                    "the key has a certificate already; with --replace this one takes its place"
                )
            if prompt.certificate is not None:
                self._tell_of(prompt.certificate)
            return Opened(self._path, self._storage, self._read_password())
        if isinstance(prompt, prompts.ChooseKey):
            return self._approve(prompt)
        raise errors.NoOneToAsk(f"a terminal has no answer to {type(prompt).__name__}")

    def tell(self, message: prompts.Progress | prompts.Finished) -> None:
        """The exit code tells it."""

    def wait_behind(self, count: int) -> None:
        """Nobody waits behind a command."""

    def leave(self) -> None:
        """A command that is interrupted ends by itself."""

    def still_there(self) -> None:
        """They wait for the command to end."""

    def close(self) -> None:
        """There is no window."""

    def _retype(self, read_new: Callable[[], Secret], prompt: prompts.ChangePassword) -> Retyped:
        old = self._read_password()
        try:
            return Retyped(old, read_new(), prompt.keep_copy)
        except BaseException:  # Ctrl+C too
            old.wipe()
            raise

    def _tell_of(self, certificate: prompts.Key) -> None:
        """What will be joined to the key, before its password is asked."""
        self._warn(
            f"note: the certificate is of {certificate.owner}, {certificate.algorithm}, issued by {certificate.issuer}"
        )
        for reason in certificate.reasons:
            self._warn(f"warning: it {_WARNINGS.get(reason, f'has: {reason}')}")

    def _approve(self, prompt: prompts.ChooseKey) -> prompts.Approved:
        keys = [key for key in prompt.keys if self._key_id in ("", key.key_id)]
        if not keys:
            raise errors.KeyUnsuitable("there is no such key in the file")
        key = next((key for key in keys if key.suitable and not key.reasons), keys[0])
        if not key.suitable:
            raise errors.KeyUnsuitable(f"the key can't be used: {', '.join(key.reasons)}")
        if len([other for other in keys if other.suitable]) > 1:
            self._warn(
                f"note: the file holds several keys, signing with {key.owner}, {key.algorithm} ({key.key_id})"
            )
        if "sign" not in key.uses:
            self._warn(f"warning: the certificate of {key.owner} is not meant for signing")
        for reason in key.reasons:
            self._warn(f"warning: the certificate of {key.owner} {_WARNINGS.get(reason, f'has: {reason}')}")
        return prompts.Approved(key.key_id)


def type_password(question: str) -> Secret:
    """What the person types, unseen. Raises UserCancelled where they interrupt, NoOneToAsk where it would be seen."""
    try:
        with warnings.catch_warnings():
            # Else it would read on, and what is typed would show.
            warnings.simplefilter("error", getpass.GetPassWarning)
            typed = getpass.getpass(question)
    except getpass.GetPassWarning as error:
        raise errors.NoOneToAsk("no terminal to type the password at; give it by --password-stdin") from error
    except (EOFError, KeyboardInterrupt) as error:
        raise errors.UserCancelled from error
    # Octets that are not UTF-8 come as surrogates (PEP 383), and go back to what was typed.
    return Secret(bytearray(typed.encode("utf-8", "surrogateescape")))


def read_password(stream: BinaryIO) -> Secret:
    """The first line of a stream, without its end. Raises BadInput where it is too long."""
    line = bytearray(stream.readline(pipes.MAX_SECRET_BYTES + 2))
    while line.endswith((b"\n", b"\r")):
        del line[-1]
    if len(line) > pipes.MAX_SECRET_BYTES:
        raise errors.BadInput(f"a password over {pipes.MAX_SECRET_BYTES} octets")
    return Secret(line)
