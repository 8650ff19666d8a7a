"""A person whose answers stand in a file, for tests of pages: `qalamsap simulate --answers FILE`.

    [[answer]]                  # one for each operation, in order; the last one goes on for all that follow
    key = "keys/head.p12"       # relative to this file
    password = "Qwerty12"
    decision = "sign"           # or "cancel"
    delay_s = 0.5               # how long they think
    grant = true                # whether they let the agent remember the site
    file = "act.pdf"            # what they choose where a file or folder is asked for, relative to this file
    allow = true                # whether a page may have a file signed that it names by itself
    leave_out = [1]             # documents that they take out of a request, from 0, where the page lets them
    storage = "AKKaztokenStore" # of the token whose key they take where key files are offered, too; without it they take the key above
    new_key = "keys/new.p12"    # where they keep a new key, relative to this file; it gets the password above

    [[token]]                   # a hardware token that is plugged in: its key lies in a key file
    storage = "AKKaztokenStore"
    key = "keys/head.p12"
    password = "Qwerty12"

An answer without a key cancels where one is asked for. Where only tokens are offered, the person takes one of them; where key files are, too,
the answer's key, unless it names a token that is offered.

Such a person uses keys of test authorities only, so that nobody's real key signs without anybody being asked. They never try
twice: a password that does not open the key, a key that the request disables or that is no test key end the operation as cancelled, and
the log says why.
"""

import logging
import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent import logs
from agent.errors import BadInput, UserCancelled
from agent.secret import Secret
from agent.user.base import Answer, Content, Named, Opened, PageLeft, Prompt
from protocol import preview, prompts
from protocol.messages import KEY_FILE_STORAGES, TOKEN_STORAGES

MAX_DELAY_S = 600.0
_MAX_FILE_BYTES = 1024 * 1024
_STORAGE = "PKCS12"
_TYPES: dict[str, tuple[type, ...]] = {
    "key": (str,),
    "password": (str,),
    "decision": (str,),
    "delay_s": (int, float),
    "grant": (bool,),
    "file": (str,),
    "allow": (bool,),
    "new_key": (str,),
    "leave_out": (list,),
    "storage": (str,),
}
_TOKEN_MEMBERS = ("storage", "key", "password")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """What the person does in one operation. A decision to sign names a key."""

    decision: Literal["sign", "cancel"]
    key: Path | None = None
    password: str = field(default="", repr=False)
    delay_s: float = 0.0
    grant: bool = False
    file: Path | None = None
    allow: bool = False
    new_key: Path | None = None
    leave_out: tuple[int, ...] = ()
    storage: str = _STORAGE  # of a token: they take that where key files are offered, too


@dataclass(frozen=True, slots=True)
class ScriptedToken:
    """A token that is plugged in, played by a key file."""

    storage: str
    key: Path
    password: str = field(repr=False)


def load(path: Path) -> tuple[ScriptedAnswer, ...]:
    """The answers in a file, at least one. Raises BadInput, which names the table and the member."""
    tables = _tables(path)
    plugged = [item.get("storage") for item in tables.get("token", []) if isinstance(item, dict)]
    return tuple(
        _answer(item, number, path.parent, plugged) for number, item in enumerate(tables["answer"], start=1)
    )


def load_tokens(path: Path) -> tuple[ScriptedToken, ...]:
    """The tokens in a file of answers, one of a kind at most. Raises BadInput likewise."""
    tables = _tables(path).get("token", [])
    tokens = tuple(_token(item, number, path.parent) for number, item in enumerate(tables, start=1))
    if len({token.storage for token in tokens}) != len(tokens):
        raise BadInput("two tokens are of the same storage")
    return tokens


def _tables(path: Path) -> dict[str, list[Any]]:
    """The tables in a file of answers, by their names."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise BadInput(f"the answers are over {_MAX_FILE_BYTES} octets")
        table = tomllib.loads(content.decode())
    except OSError as error:
        raise BadInput(f"the answers can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the answers are not TOML: {error}") from error
    are_lists = all(isinstance(tables, list) for tables in table.values())
    if table.keys() - {"answer", "token"} or not are_lists or not table.get("answer"):
        raise BadInput(
            "the answers are [[answer]] tables, at least one, and [[token]] tables; and nothing else"
        )
    return table


def answer_of_turn(answers: tuple[ScriptedAnswer, ...], turn: int) -> ScriptedAnswer:
    """The answer for an operation; they count from 1, and the last answer goes on."""
    return answers[min(max(turn, 1), len(answers)) - 1]


class ScriptedUser:
    """Gives one scripted answer, with these tokens at hand. Shows nothing, and needs nothing to show it on."""

    def __init__(self, answer: ScriptedAnswer, tokens: tuple[ScriptedToken, ...] = ()) -> None:
        self._answer = answer
        self._tokens = tokens
        self._seen: frozenset[int] = frozenset()
        self._has_left = threading.Event()
        self._request: prompts.OpenKey | None = None

    def lay_open(self, contents: Sequence[Content], names: Sequence[str]) -> None:  # noqa: ARG002  # of the interface
        """They look at all that there is to see."""
        self._seen = frozenset(
            number for number, content in enumerate(contents) if not isinstance(content, preview.Overview)
        )

    def seen(self) -> frozenset[int]:
        return self._seen

    def ask(self, prompt: Prompt) -> Answer:
        match prompt:
            case prompts.OpenKey():
                return self._open(prompt)
            case prompts.ChooseKey():
                return self._choose(prompt)
            case prompts.Approve():
                self._think()
                self._request = prompt.request
                if self._answer.decision == "sign":
                    return self._choose(prompt)
            case prompts.ChooseFile():
                self._think()
                if self._answer.file is not None:
                    return prompts.FileChosen(str(self._answer.file))
            case prompts.AllowFile():
                self._think()
                if self._answer.allow:
                    return prompts.Allowed()
            case prompts.NewKey():
                self._think()
                if prompt.problem is not None:
                    raise _cancelled(prompt.problem.code)
                if self._answer.new_key is not None and self._answer.decision == "sign":
                    return Named(str(self._answer.new_key), _secret(self._answer.password))
            case _:
                self._think()
        raise UserCancelled

    def tell(self, message: prompts.Progress | prompts.Finished) -> None:
        """They don't read it."""

    def wait_behind(self, count: int) -> None:
        """They don't mind."""

    def leave(self) -> None:
        self._has_left.set()

    def still_there(self) -> None:
        if self._has_left.is_set():
            raise PageLeft

    def close(self) -> None:
        """There is no window."""

    def _open(self, prompt: prompts.OpenKey) -> Opened:
        self._request = prompt
        self._think()
        if prompt.problem is not None:
            raise _cancelled(prompt.problem.code)
        if self._answer.decision == "cancel":
            raise UserCancelled
        token = self._token(prompt.storages)
        if token is not None:
            return _opened(token.key, token.storage, token.password)
        if self._answer.key is None:
            raise UserCancelled
        if prompt.certificate is not None and not prompt.certificate.is_test:
            raise _cancelled("no-test-key")
        # A key file is opened as what it is, so of the kinds that are asked for any will do.
        offered = [each for each in KEY_FILE_STORAGES if each in prompt.storages]
        storage = self._answer.storage if self._answer.storage in offered else next(iter(offered), _STORAGE)
        return _opened(self._answer.key, storage, self._answer.password)

    def _token(self, storages: tuple[str, ...]) -> ScriptedToken | None:
        """The token whose key they take where these storages are offered; None where it is the key file."""
        offered = {each.storage: each for each in self._tokens if each.storage in storages}
        named = offered.get(self._answer.storage)
        if named is None and not any(each in KEY_FILE_STORAGES for each in storages):
            return next(iter(offered.values()), None)
        return named

    def _think(self) -> None:
        if self._has_left.wait(self._answer.delay_s):
            raise PageLeft

    def _choose(self, prompt: prompts.ChooseKey | prompts.Approve) -> prompts.Approved:
        self.still_there()
        suitable = [key for key in prompt.keys if key.suitable]
        if not suitable:
            reasons = sorted({reason for key in prompt.keys for reason in key.reasons})
            raise _cancelled("+".join(["disabled", *reasons]))
        key = next((key for key in suitable if key.is_test), None)
        if key is None:
            raise _cancelled("no-test-key")
        remember = self._answer.grant and prompt.remember_days > 0
        return prompts.Approved(key.key_id, remember, self._left_out())

    def _left_out(self) -> tuple[int, ...]:
        """Raises UserCancelled where nothing would be left."""
        if self._request is None or not self._request.may_leave_out:
            return ()
        count = len(self._request.documents)
        left_out = tuple(number for number in self._answer.leave_out if number < count)
        if len(left_out) == count:
            raise _cancelled("all-left-out")
        return left_out


def _opened(key: Path, storage: str, password: str) -> Opened:
    return Opened(str(key), storage, _secret(password))


def _secret(password: str) -> Secret:
    return Secret(bytearray(password.encode()))


def _cancelled(why: str) -> UserCancelled:
    logs.note(_log, logging.WARNING, "the scripted person cancels", code=why)
    return UserCancelled(why)


def _answer(item: Any, number: int, folder: Path, plugged: Sequence[Any]) -> ScriptedAnswer:
    where = f"answer {number}"
    if not isinstance(item, dict):
        raise BadInput(f"{where} is not a table")
    for name, value in item.items():
        if name not in _TYPES:
            raise BadInput(f"{where} has an unknown member {name!r}, known are {', '.join(_TYPES)}")
        if type(value) not in _TYPES[name]:
            raise BadInput(f"{where}: {name} is a {type(value).__name__}")
    decision, delay_s = item.get("decision", "sign"), float(item.get("delay_s", 0))
    if decision not in ("sign", "cancel"):
        raise BadInput(f"{where}: decision is {decision!r}, expected sign or cancel")
    leave_out = item.get("leave_out", [])
    if any(type(number) is not int or number < 0 for number in leave_out):
        raise BadInput(f"{where}: leave_out has what is no number of a document")
    if not 0 <= delay_s <= MAX_DELAY_S:
        raise BadInput(f"{where}: delay_s is {delay_s}, expected 0 to {MAX_DELAY_S:.0f}")
    storage = item.get("storage", _STORAGE)
    is_file = storage in KEY_FILE_STORAGES
    if not is_file and storage not in plugged:
        raise BadInput(f"{where}: no token of the storage {storage!r} is plugged in")
    has_key = not is_file or any(item.get(name) for name in ("key", "file", "allow", "new_key"))
    if decision == "sign" and not has_key:
        raise BadInput(f"{where} signs without a key")
    key, file, new_key = (
        folder / item[name] if item.get(name) else None for name in ("key", "file", "new_key")
    )
    return ScriptedAnswer(
        decision,
        key,
        item.get("password", ""),
        delay_s,
        grant=item.get("grant", False),
        file=file,
        allow=item.get("allow", False),
        new_key=new_key,
        leave_out=tuple(dict.fromkeys(leave_out)),
        storage=storage,
    )


def _token(item: Any, number: int, folder: Path) -> ScriptedToken:
    where = f"token {number}"
    if not isinstance(item, dict) or item.keys() != set(_TOKEN_MEMBERS):
        raise BadInput(f"{where} has other members than {', '.join(_TOKEN_MEMBERS)}")
    if not all(isinstance(value, str) for value in item.values()):
        raise BadInput(f"{where} has a member that is no text")
    if item["storage"] not in TOKEN_STORAGES:
        raise BadInput(
            f"{where}: storage is {item['storage']!r}, expected one of {', '.join(TOKEN_STORAGES)}"
        )
    return ScriptedToken(item["storage"], folder / item["key"], item["password"])
