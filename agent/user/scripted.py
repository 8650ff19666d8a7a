"""A person whose answers stand in a file, for tests of pages: `qalamsap simulate --answers FILE`.

    [[answer]]                  # one for each operation, in order; the last one goes on for all that follow
    key = "keys/head.p12"       # relative to this file
    password = "Qwerty12"
    decision = "sign"           # or "cancel"
    delay_s = 0.5               # how long they think
    grant = true                # whether they let the agent remember the site

Such a person uses keys of test authorities only, so that nobody's real key signs without anybody being asked. They never try
twice: a password that does not open the key, a key that the request disables or that is no test key end the operation as cancelled, and
the log says why.
"""

import logging
import threading
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agent import logs
from agent.errors import BadInput, UserCancelled
from agent.secret import Secret
from agent.user.base import Answer, Opened, PageLeft, Prompt
from protocol import prompts

MAX_DELAY_S = 600.0
_MAX_FILE_BYTES = 1024 * 1024
_STORAGE = "PKCS12"
_TYPES: dict[str, tuple[type, ...]] = {
    "key": (str,),
    "password": (str,),
    "decision": (str,),
    "delay_s": (int, float),
    "grant": (bool,),
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """What the person does in one operation. A decision to sign names a key."""

    decision: Literal["sign", "cancel"]
    key: Path | None = None
    password: str = field(default="", repr=False)
    delay_s: float = 0.0
    grant: bool = False


def load(path: Path) -> tuple[ScriptedAnswer, ...]:
    """The answers in a file, at least one. Raises BadInput, which names the table and the member."""
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
    answers = table.get("answer")
    if table.keys() - {"answer"} or not isinstance(answers, list) or not answers:
        raise BadInput("the answers are [[answer]] tables, at least one and nothing else")
    return tuple(_answer(item, number, path.parent) for number, item in enumerate(answers, start=1))


def answer_of_turn(answers: tuple[ScriptedAnswer, ...], turn: int) -> ScriptedAnswer:
    """The answer for an operation; they count from 1, and the last answer goes on."""
    return answers[min(max(turn, 1), len(answers)) - 1]


class ScriptedUser:
    """Gives one scripted answer. Shows nothing, and needs nothing to show it on."""

    def __init__(self, answer: ScriptedAnswer) -> None:
        self._answer = answer
        self._has_left = threading.Event()

    def ask(self, prompt: Prompt) -> Answer:
        if isinstance(prompt, prompts.OpenKey):
            return self._open(prompt)
        return self._choose(prompt)

    def tell(self, message: prompts.Finished) -> None:
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
        if self._has_left.wait(self._answer.delay_s):
            raise PageLeft
        if prompt.problem is not None:
            raise _cancelled(prompt.problem.code)
        if self._answer.decision == "cancel" or self._answer.key is None:
            raise UserCancelled
        return Opened(str(self._answer.key), _STORAGE, Secret(bytearray(self._answer.password.encode())))

    def _choose(self, prompt: prompts.ChooseKey) -> prompts.Approved:
        self.still_there()
        suitable = [key for key in prompt.keys if key.suitable]
        if not suitable:
            reasons = sorted({reason for key in prompt.keys for reason in key.reasons})
            raise _cancelled("+".join(["disabled", *reasons]))
        key = next((key for key in suitable if key.is_test), None)
        if key is None:
            raise _cancelled("no-test-key")
        return prompts.Approved(key.key_id, remember=self._answer.grant and prompt.remember_days > 0)


def _cancelled(why: str) -> UserCancelled:
    logs.note(_log, logging.WARNING, "the scripted person cancels", code=why)
    return UserCancelled(why)


def _answer(item: Any, number: int, folder: Path) -> ScriptedAnswer:
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
    if not 0 <= delay_s <= MAX_DELAY_S:
        raise BadInput(f"{where}: delay_s is {delay_s}, expected 0 to {MAX_DELAY_S:.0f}")
    if decision == "sign" and not item.get("key"):
        raise BadInput(f"{where} signs without a key")
    key = folder / item["key"] if item.get("key") else None
    return ScriptedAnswer(decision, key, item.get("password", ""), delay_s, item.get("grant", False))
