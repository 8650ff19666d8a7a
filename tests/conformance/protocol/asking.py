"""How a numbered test asks an agent: as a page over a socket, or of a worker whose window the test plays.

ask(agent, frame)                   the reply of a real agent to one frame, as text
common(agent, "signXml", ...)       the same for a call of commonUtils, read; `basics(agent, ...)` likewise
shown(folder, frame)                what a person is shown for a frame, and the reply if they agree
"""

import base64
import contextlib
import dataclasses
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asn1crypto import cms as asn1
from asn1crypto import tsp as _names_of_attributes  # noqa: F401  # it teaches cms the attributes of RFC 5035
from websockets.sync.client import ClientConnection, connect

from protocol import basics as basics_dialect
from protocol import common_utils, handshake, prompts
from tests.conformance.protocol.persons import KEY
from tests.support import authority, fake_window
from tests.support.agents import RunningAgent
from tests.support.fake_window import expect, key_file, send
from tests.support.worker_process import WorkerProcess

ORIGIN = "https://kds.example.kz"
PATIENCE_S = 30
MODULE_NOT_FOUND = '{"success":false,"errorCode":"MODULE_NOT_FOUND"}'
MTEK = b"11\n"  # what the four characters stand for in base64
SIGNATURE = ("PKCS12", "SIGNATURE")


def context_of(agent: RunningAgent) -> ssl.SSLContext:
    """A browser that trusts the agent's authority."""
    return ssl.create_default_context(cafile=agent.authority_path)


@contextlib.contextmanager
def page(
    agent: RunningAgent, *, origin: str | None = ORIGIN, path: str = "/", **more: Any
) -> Iterator[ClientConnection]:
    """A connection that was greeted; `more` are options of websockets' client."""
    url = agent.url.rstrip("/") + path
    options: dict[str, Any] = {
        "origin": origin,
        "ssl": context_of(agent),
        "proxy": None,
        "max_size": None,
        **more,
    }
    with connect(url, **options) as connection:
        assert connection.recv(PATIENCE_S) == handshake.GREETING
        yield connection


def ask(agent: RunningAgent, frame: str | dict[str, Any], *, origin: str | None = ORIGIN) -> str:
    """The one frame that answers another."""
    with page(agent, origin=origin) as connection:
        connection.send(text_of(frame))
        answer = connection.recv(PATIENCE_S)
        connection.send(handshake.HEARTBEAT)
        assert connection.recv(PATIENCE_S) == handshake.HEARTBEAT  # nothing came in between
    assert isinstance(answer, str)
    return answer


def text_of(frame: str | dict[str, Any]) -> str:
    return frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)


def common_frame(method: str, *args: Any, **more: Any) -> dict[str, Any]:
    return {"module": common_utils.MODULE, "method": method, "args": list(args), **more}


def common(agent: RunningAgent, method: str, *args: Any, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ask(agent, common_frame(method, *args, **more)))
    return answer


def basics_frame(
    data: Any = "MTEK", *, signing: Any = None, signer: Any = None, **changes: Any
) -> dict[str, Any]:
    """A call of basics.sign that any key may sign; a change to `...` leaves a member out."""
    args = {
        "format": "cms",
        "data": data,
        "signingParams": signing or {},
        "signerParams": {"extKeyUsageOids": [], "chain": []} if signer is None else signer,
        **changes,
    }
    given = {name: value for name, value in args.items() if value is not ...}
    return {"module": basics_dialect.MODULE, "method": "sign", "args": given}


def basics(agent: RunningAgent, data: Any = "MTEK", **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ask(agent, basics_frame(data, **changes)))
    return answer


def result_of(answer: dict[str, Any]) -> Any:
    """What a page gets where all went well, in either dialect."""
    if "body" in answer:
        assert answer["status"] is True, answer
        return answer["body"]["result"]
    assert answer.get("code") == "200", answer
    return answer["responseObject"]


def der_of(text: str) -> bytes:
    """A signature out of one line of base64, or of PEM."""
    lines = [line for line in text.split("\n") if not line.startswith("-----")]
    return base64.b64decode("".join(lines), validate=True)


def structure(text: str) -> asn1.SignedData:
    """The CMS as asn1crypto reads it, which is none of ours."""
    return asn1.ContentInfo.load(der_of(text), strict=True)["content"]


def signed_attribute(text: str, name: str) -> Any:
    """The value of a signed attribute of the only signer."""
    (signer,) = structure(text)["signer_infos"]
    (found,) = [each for each in signer["signed_attrs"] if each["type"].native == name]
    (value,) = found["values"]
    return value


def unsigned_attributes(text: str) -> list[str]:
    """Their names, of the only signer."""
    (signer,) = structure(text)["signer_infos"]
    return [each["type"].native for each in signer["unsigned_attrs"] or ()]


def journal(agent: RunningAgent) -> list[str]:
    """The events so far."""
    return events(agent.state_dir)


def wait_until_asked(agent: RunningAgent, before: int) -> None:
    """Until the journal of so many lines has one more: somebody is asked."""
    until = time.monotonic() + PATIENCE_S
    while len(journal(agent)) == before:
        assert time.monotonic() < until, "nobody is asked"


def events(state_dir: Path) -> list[str]:
    path = state_dir / "journal.jsonl"
    return (
        [json.loads(line)["event"] for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    )


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a person saw, and what the page got."""

    reply: dict[str, Any]
    seen: list[Any]
    log: str

    @property
    def question(self) -> prompts.OpenKey:
        return next(each for each in self.seen if isinstance(each, prompts.OpenKey))

    @property
    def key(self) -> prompts.Key:
        """The only key in the file."""
        (choice,) = [each for each in self.seen if isinstance(each, prompts.ChooseKey)]
        (key,) = choice.keys
        return key


def shown(
    folder: Path,
    frame: dict[str, Any],
    *,
    key: str = KEY,
    passwords: tuple[str, ...] = (authority.PASSWORD,),
    agrees: bool = True,
    origin: str = ORIGIN,
) -> Shown:
    """The person opens that key, trying these passwords, and agrees, or closes the window before or after the list of keys."""
    folder.mkdir(exist_ok=True)
    steps: list[list[Any]] = []
    for password in passwords:
        steps += [expect("open-key"), send(prompts.Shown()), *key_file(authority.path(key), password)]
    if not passwords:
        steps += [expect("open-key"), send(prompts.Shown()), send(prompts.Cancelled())]
    elif agrees:
        yes = ["send", {"type": "approved", "key_id": "first", "remember": False}]
        steps += [expect("choose-key"), yes, expect("finished")]
    else:
        steps += [expect("choose-key"), send(prompts.Cancelled())]
    log = folder / "window.log"
    command = fake_window.command(log, *steps)
    with WorkerProcess(folder, command, test_authorities=authority.issuing_paths()) as process:
        process.begin(text_of(frame).encode(), origin=origin)
        reply = process.reply()
    assert reply is not None, process.log
    return Shown(reply, fake_window.heard(log), process.log)
