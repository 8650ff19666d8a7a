"""Fifty exchanges that a published client's authors recorded, replayed: its requests to our agent, its answers beside ours.

The file comes with the client's package and is read from there. It was recorded at a computer with a token, and a scripted person with
a scripted token does what the recording shows. Signatures and certificates were blanked by the authors. What the recorded program
wrote another way than the present one is replayed once more for a site whose readings say so.
"""

import base64
import contextlib
import dataclasses
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from agent.formats.xml import verify as xml_verify
from protocol import common_utils
from tests.conformance.protocol.asking import page, signed_attribute
from tests.support import agents, authority, fuzzing, npm_clients

COUNT = 50
EXACT = (1, 3, 4, 7, 12, 16, 21, 22, 26, 30, 31, 32, 33)
FOREIGN = 0  # recorded from another program: its answer is what we must not give
WITHOUT_TOKEN, WITH_TOKEN = 1, 2  # the list of plugged tokens
# A line of text where a digest should be, and three octets: the agent signs no digest that no document has, unless a site's readings
# say so.
ODD_DIGESTS = (13, 14, 15, 39)
DIGEST_OF_THE_UNKNOWN = 40  # nobody knows of what document
STAMPED = (17, 18, 19, 20, 38, 39, 40, 41)
TOKEN = "AKKaztokenStore"
RSA_SIGN, RSA_AUTH = "rsa-sign-individual", "rsa-auth-individual"
SITE, OLD_SITE = "https://kds.example.kz", "https://old.example.kz"
READINGS = f"""
[sites."{OLD_SITE}"]
basics_single = "text"
basics_xml = "lines"
digest_length = "any"
"""

PATIENCE_S = 40
FUZZ_COUNT = 3000
_SPACE_IN_SIGNATURE = re.compile(r">\s+<")
_SIGNATURE_VALUE = re.compile(r"(<ds:SignatureValue>)[^<]*")
_CERTIFICATE = re.compile(r"(<ds:X509Certificate>)[^<]*")


@dataclasses.dataclass(frozen=True)
class Exchange:
    """What was recorded: a request, and the answer to it."""

    number: int
    request: str
    recorded: str

    @property
    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.recorded)
        return answer

    @property
    def is_cancelled(self) -> bool:
        return self.answer.get("message") == "action.canceled" or self.answer.get("body") == {}

    @property
    def key(self) -> str:
        """The key that the person uses, in the token or in a file."""
        return RSA_AUTH if "AUTHENTICATION" in self.request else RSA_SIGN


def exchanges(clients: Path) -> list[Exchange]:
    package = f"ncalayer-js-client-{npm_clients.NCALAYER_JS[-1]}"
    recorded = json.loads((clients / "node_modules" / package / "test" / "test-data.json").read_text("utf-8"))
    return [Exchange(number, each["request"], each["response"]) for number, each in enumerate(recorded)]


@dataclasses.dataclass(frozen=True)
class Replay:
    """Every exchange with our reply."""

    exchanges: list[Exchange]
    replies: dict[int, str]

    def __getitem__(self, number: int) -> tuple[Exchange, str]:
        return self.exchanges[number], self.replies[number]


@pytest.fixture(scope="module")
def replays(clients: Path, timestamp_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replay]:
    """The replay for each of the two sites."""
    recorded = exchanges(clients)
    assert len(recorded) == COUNT
    replies: dict[str, dict[int, str]] = {SITE: {}, OLD_SITE: {}}
    for token in ("", RSA_SIGN, RSA_AUTH):
        for decision in ("sign", "cancel"):
            asked = [each for each in recorded if _seat(each) == (token, decision)]
            if not asked:
                continue
            with agent_of(tmp_path_factory.mktemp("replay"), token, decision, timestamp_url) as agent:
                for site, ours in replies.items():
                    ours.update(answers_to(asked, agent, site))
    return {site: Replay(recorded, ours) for site, ours in replies.items()}


def _seat(exchange: Exchange) -> tuple[str, str]:
    """The token at hand, and what the person does."""
    decision = "cancel" if exchange.is_cancelled else "sign"
    return ("" if exchange.number in (FOREIGN, WITHOUT_TOKEN) else exchange.key), decision


@contextlib.contextmanager
def agent_of(folder: Path, token: str, decision: str, timestamp_url: str) -> Iterator[agents.RunningAgent]:
    """An agent at whose computer a token with that key is plugged in, and a person who always does the same."""
    secret = {"key": authority.path(token or RSA_SIGN), "password": authority.PASSWORD}
    tokens = [{"storage": TOKEN, **secret}] if token else []
    trusted = [f"--authority={path}" for path in (*authority.root_paths(), *authority.issuing_paths())]
    config = folder / "state" / "config.toml"
    config.parent.mkdir()
    config.write_text(READINGS, encoding="utf-8")
    with agents.simulated(
        folder,
        [{"decision": decision, **secret}],
        tokens=tokens,
        test_authorities=authority.issuing_paths(),
        flags=("--proxy", "none", "--timestamp-url", timestamp_url, *trusted),
    ) as running:
        yield running


def answers_to(asked: list[Exchange], agent: agents.RunningAgent, site: str) -> dict[int, str]:
    """Our replies to the requests as they were recorded, letter by letter."""
    found: dict[int, str] = {}
    with page(agent, origin=site) as connection:
        for exchange in asked:
            connection.send(exchange.request)
            reply = connection.recv(PATIENCE_S)
            assert isinstance(reply, str)
            found[exchange.number] = reply
    return found


each_site = pytest.mark.parametrize("site", [SITE, OLD_SITE])


@each_site
@pytest.mark.parametrize("number", EXACT)
def test_it_is_answered_word_for_word(replays: dict[str, Replay], site: str, number: int) -> None:
    exchange, reply = replays[site][number]
    assert reply == exchange.recorded


def test_the_answer_of_another_program_is_not_given(replays: dict[str, Replay]) -> None:
    exchange, reply = replays[SITE][FOREIGN]
    assert exchange.answer["code"] == "200"
    assert json.loads(reply).get("code") != "200"
    assert reply == '{"success":false,"errorCode":"MODULE_NOT_FOUND"}'


def test_the_token_is_listed(replays: dict[str, Replay]) -> None:
    exchange, reply = replays[SITE][WITH_TOKEN]
    assert reply == exchange.recorded


SHAPED = [number for number in range(COUNT) if number not in (FOREIGN, WITH_TOKEN, *EXACT)]


@pytest.mark.parametrize("number", [number for number in SHAPED if number not in ODD_DIGESTS])
def test_it_is_answered_in_the_same_shape(replays: dict[str, Replay], number: int) -> None:
    exchange, reply = replays[SITE][number]
    check(exchange, reply, is_old=False)


@pytest.mark.parametrize("number", SHAPED)
def test_it_is_answered_as_it_was_then_where_the_site_needs_that(
    replays: dict[str, Replay], number: int
) -> None:
    exchange, reply = replays[OLD_SITE][number]
    check(exchange, reply, is_old=True)


def check(exchange: Exchange, reply: str, *, is_old: bool) -> None:
    if exchange.is_cancelled:
        assert reply == exchange.recorded
        return
    answer = json.loads(reply)
    assert list(answer) == list(exchange.answer)  # the same members in the same order
    ours, recorded = value_of(answer), value_of(exchange.answer)
    if exchange.number == 5:
        assert recorded == {"certNotBefore": "1"}  # all that the authors left of it
        assert all(isinstance(value, str) for value in ours.values())
        assert ours["certNotBefore"].isdigit()
        return
    if isinstance(recorded, str) and is_basics(exchange) and not is_old:
        recorded = [recorded]  # since October 2024 a list of one
    assert type(ours) is type(recorded)
    if isinstance(recorded, str):
        ours, recorded = [ours], [recorded]
    assert len(ours) == len(recorded)
    for signature, blanked in zip(ours, recorded, strict=True):
        check_signature(exchange, signature, blanked, is_old=is_old)


def value_of(answer: dict[str, Any]) -> Any:
    return answer["body"]["result"] if "body" in answer else answer["responseObject"]


def is_basics(exchange: Exchange) -> bool:
    return common_utils.MODULE not in exchange.request


def check_signature(exchange: Exchange, signature: str, blanked: str, *, is_old: bool) -> None:
    if blanked.startswith("<?xml"):
        check_xml(exchange, signature, blanked, is_old=is_old)
        return
    if is_basics(exchange):
        begin, end = "-----BEGIN CMS-----\n", "-----END CMS-----\n"
        assert blanked == begin + end
        assert signature.startswith(begin)
        assert signature.endswith(end)
        assert all(len(line) <= 64 for line in signature.splitlines())
    else:
        assert re.fullmatch("[A-Za-z0-9+/]+={0,2}", signature)
    message = cms.read(signature.encode())
    if exchange.number in (*ODD_DIGESTS, DIGEST_OF_THE_UNKNOWN):
        assert signed_attribute(signature, "message_digest").native == base64.b64decode(
            given_digest(exchange)
        )
        document, finding = None, "unchecked"
    else:
        document, finding = (None if message.content is not None else b"11\n"), "valid"  # MTEK
    (evidence,) = cms.verify(message, document)
    assert evidence.signature == finding
    assert evidence.has_timestamp is (exchange.number in STAMPED)


def given_digest(exchange: Exchange) -> str:
    args = json.loads(exchange.request)["args"]
    return str(args["data"] if isinstance(args, dict) else args[2])


def check_xml(exchange: Exchange, signature: str, blanked: str, *, is_old: bool) -> None:
    """With the blanks of the recording put into ours, both are equal letter by letter, but for line ends and white space.

    Line ends are those of the system, and basics writes no white space any more since its layout changed.
    """
    (evidence,) = xml_verify.verify(signature)
    assert (evidence.signature, evidence.covers) == ("valid", "")
    ours, recorded = blank(signature), blank(blanked)
    if is_basics(exchange) and not is_old:
        recorded = _SPACE_IN_SIGNATURE.sub("><", recorded)
    assert ours == recorded


def blank(text: str) -> str:
    lines = text.replace("\r\n", "\n")
    return _CERTIFICATE.sub(r"\1", _SIGNATURE_VALUE.sub(r"\1", lines))


@pytest.mark.parametrize("number", ODD_DIGESTS)
def test_what_is_no_digest_is_refused_in_the_words_of_its_dialect(
    replays: dict[str, Replay], number: int
) -> None:
    exchange, reply = replays[SITE][number]
    answer = json.loads(reply)
    if is_basics(exchange):
        assert (answer["status"], answer["code"]) == (False, "INVALID_SIGNING_PARAMS")
    else:
        assert answer["code"] == "500"
        assert answer["message"].startswith("bad-input: ")


def test_without_a_token_that_is_what_the_page_hears(clients: Path, tmp_path: Path) -> None:
    """Nobody is asked, and nothing hangs."""
    asked = [each for each in exchanges(clients) if TOKEN in each.request and each.number not in EXACT]
    with agents.simulated(tmp_path, [{"decision": "cancel"}]) as agent, page(agent) as connection:
        for exchange in asked:
            connection.send(exchange.request)
            answer = json.loads(connection.recv(PATIENCE_S))
            if is_basics(exchange):
                assert answer["status"] is False
                assert "storage.empty" in answer["details"]
            else:
                assert answer == {"code": "500", "message": "storage.empty"}
        assert not (agent.state_dir / "journal.jsonl").exists()


def test_a_damaged_recording_gets_the_answer_that_is_due(clients: Path) -> None:
    """As in tests/protocol/test_fuzz.py, with what real pages sent for a start."""
    seeds = [each.request for each in exchanges(clients)]
    for name, frame, context in fuzzing.frames(FUZZ_COUNT, seeds):
        try:
            reply = fuzzing.answered(frame, context, random.Random(frame))
            fuzzing.check_reply(frame, reply, context)
        except Exception as error:
            raise AssertionError(name) from error
