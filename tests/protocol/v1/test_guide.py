"""The guide for developers of pages: its examples are messages, its tables are those of the source."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.formats import login
from protocol.v1 import codec, json_schema, limits, sentences, shapes
from protocol.v1.methods import EVENTS, METHODS
from tests.support import v1_values

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "api" / "v1.md"
TEXT = GUIDE.read_text("utf-8")
REPLIES = v1_values.validator(json_schema.REPLIES)


def frames() -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    for block in re.findall(r"^```json\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        rest = block.strip()
        while rest:
            value, end = decoder.raw_decode(rest)
            yield value
            rest = rest[end:].strip()


FRAMES = list(frames())
ASKED = {each["id"]: each["method"] for each in FRAMES if "method" in each}


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: f"{frame['id']}-{frame.get('method', 'reply')}")
def test_every_example_is_a_message(frame: dict[str, Any]) -> None:
    assert next(iter(frame)) == "module"
    if "method" in frame:
        codec.decode(v1_values.text_of(frame))
        return
    REPLIES.validate(frame)
    if "result" in frame:
        result = METHODS[ASKED[frame["id"]]].result
        v1_values.validator(result.__name__).validate(frame["result"])
        known = {member.wire for member in shapes.members_of(result)}
        assert frame["result"].keys() <= known
    elif "event" in frame:
        v1_values.validator(json_schema.event_name(frame["event"])).validate(frame)
        assert EVENTS[frame["event"]] in METHODS[ASKED[frame["id"]]].events
    else:
        meaning = sentences.meaning(frame["error"]["code"])
        assert (frame["error"]["retryable"], frame["error"]["message"]) == (meaning.is_retryable, meaning.ru)


def test_every_method_has_an_example_and_a_result() -> None:
    assert set(ASKED.values()) == METHODS.keys()
    assert {ASKED[each["id"]] for each in FRAMES if "result" in each} == METHODS.keys()


def test_the_example_of_capabilities_is_true() -> None:
    (result,) = (
        each["result"] for each in FRAMES if ASKED.get(each["id"]) == "capabilities" and "result" in each
    )
    assert result == shapes.write(codec.capabilities(result["version"], result["origin"]))


def test_the_table_of_errors_is_that_of_the_source() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (yes|no) \| (.+) \|$", TEXT, re.MULTILINE)
    assert {code: (word == "yes", sentence) for code, word, sentence in rows} == {
        code: (meaning.is_retryable, meaning.en) for code, meaning in sentences.MEANINGS.items()
    }


def test_the_table_of_events_is_that_of_the_source() -> None:
    section = TEXT.split("## Events", 1)[1].split("## Errors", 1)[0]
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?)\| ", section, re.MULTILINE)
    found = {name: re.findall(r"`(\w+)`", members) for name, members in rows}
    assert found == {
        name: [member.wire for member in shapes.members_of(event)] for name, event in EVENTS.items()
    }


def test_the_statement_of_a_login_is_the_one_that_is_signed() -> None:
    (line,) = re.findall(r'^    (\{"type":.*\})$', TEXT, re.MULTILINE)
    members = json.loads(line)
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert login.Statement(members["origin"], members["nonce"], at).octets == line.encode()
    assert f"`{login.CONTENT_TYPE}`" in TEXT
    assert {each["params"]["nonce"] for each in FRAMES if each.get("method") == "login"} == {members["nonce"]}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (limits.FRAME_BYTES, "a text frame of at most 4 MiB"),
        (limits.INLINE_BYTES, "more than 192 KiB together"),
        (limits.WORDS_BYTES, "512 KiB together"),
        (limits.CHUNK_BYTES, "1 to 262 144 octets"),
    ],
)
def test_numbers_in_the_text_are_the_limits(number: int, words: str) -> None:
    amount, unit = re.search(r"([\d ]+) (MiB|KiB|octets)", words.removeprefix("1 to ")).groups()  # type: ignore[union-attr]  # it is there
    assert int(amount.replace(" ", "")) * {"MiB": 2**20, "KiB": 2**10, "octets": 1}[unit] == number
    assert words in TEXT


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (GUIDE.parent / target).exists(), target
