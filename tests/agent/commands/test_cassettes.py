"""`qalamsap record` and `qalamsap replay` as programs, with a page that signs, over both interfaces."""

import asyncio
import base64
import contextlib
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from agent.commands import exit_codes
from agent.config import BadConfig
from tests.support import agents, authority

pytestmark = pytest.mark.service

DOCUMENT = "Акт № 17, Сейткалиева, 11 648,00 ₸"
OLD = {
    "module": "kz.gov.pki.knca.basics",
    "method": "sign",
    "args": {
        "format": "cms",
        "data": base64.b64encode(DOCUMENT.encode()).decode(),
        "signingParams": {"decode": True, "encapsulate": False},
        "signerParams": {"extKeyUsageOids": [], "chain": []},
        "locale": "ru",
    },
}
NEW = {
    "module": "kz.qalamsap.v1",
    "id": "first",
    "method": "sign",
    "params": {
        "documents": [{"title": DOCUMENT, "content": {"text": DOCUMENT}}],
        "format": "cms",
        "key": {"authorities": []},
    },
}


@contextlib.contextmanager
def served(folder: Path, *words: str) -> Iterator[agents.RunningAgent]:
    state_dir = folder / "state"
    command = [sys.executable, "-m", "agent", *words, "--port", "0", "--state-dir", str(state_dir)]
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    with agents.running(command, state_dir, environment) as agent:
        yield agent


def exchanged(agent: agents.RunningAgent, calls: Sequence[Any]) -> list[Any]:
    """The last reply to each call."""

    async def talk() -> list[Any]:
        context = ssl.create_default_context(cafile=str(agent.authority_path))
        replies = []
        async with connect(agent.url, ssl=context, origin="https://kds.example.kz") as page:  # type: ignore[arg-type]
            await page.recv()
            for call in calls:
                await page.send(json.dumps(call))
                while "event" in (reply := json.loads(await page.recv())):
                    continue
                replies.append(reply)
        return replies

    return asyncio.run(asyncio.wait_for(talk(), 60))


def test_a_pages_traffic_is_recorded_without_its_contents_and_replayed(tmp_path: Path) -> None:
    cassette = tmp_path / "cassette.json"
    key = authority.path("gost2015-individual")
    answers = agents.write_answers(tmp_path / "a.toml", [{"key": key, "password": authority.PASSWORD}])
    roots = [
        word
        for path in (*authority.root_paths(), *authority.issuing_paths())
        for word in ("--test-ca", str(path))
    ]
    with served(tmp_path / "one", "record", str(cassette), "--answers", str(answers), *roots) as agent:
        old, new = exchanged(agent, [OLD, NEW])
    assert old["status"] is True
    text = cassette.read_text("utf-8")
    for private in (
        DOCUMENT,
        "11 648",
        str(key),
        "Qwerty12",
        old["body"]["result"][0][40:80],
        "СЫНАҚОВА",
        "first",
    ):
        assert private not in text
    with served(tmp_path / "two", "replay", str(cassette)) as agent:
        again_old, again_new = exchanged(agent, [OLD, {**NEW, "id": "second"}])
        (refused,) = exchanged(agent, [{**OLD, "args": {**OLD["args"], "format": "xml"}}])  # type: ignore[dict-item]
    assert again_old.keys() == old.keys()
    assert len(again_old["body"]["result"][0]) == len(old["body"]["result"][0])
    assert again_old["body"]["result"][0] != old["body"]["result"][0]
    assert again_new["id"] == "second"
    assert again_new["result"].keys() == new["result"].keys()
    assert refused["status"] is False


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    cassette = tmp_path / "cassette.json"
    cassette.write_text("mine", "utf-8")
    command = [sys.executable, "-m", "agent", "record", str(cassette), "--state-dir", str(tmp_path / "state")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == exit_codes.of(BadConfig())
    assert "exists" in done.stderr
    assert cassette.read_text("utf-8") == "mine"


def test_nothing_is_replayed_of_what_is_no_cassette(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "agent",
        "replay",
        str(tmp_path / "none"),
        "--state-dir",
        str(tmp_path / "state"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "cassette" in done.stderr
