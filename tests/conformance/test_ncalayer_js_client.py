"""The published ncalayer-js-client, unchanged, signs through a simulated agent: in Node, and in Chromium."""

import base64
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from agent.formats.xml import verify as xml_verify
from tests.support import agents, authority, browsers, simulated_authorities, timestamps

CLIENTS = Path(__file__).parent / "clients"
DOCUMENTS = [b"first act \xd2\xb0\xd0\x9a\xd0\x9e", b"second act", bytes(range(256)) * 64]
KEY = {"password": authority.PASSWORD, "decision": "sign"}
# In the order in which clients/sign.mjs asks. Requests that need no person take no answer.
ANSWERS = [
    {"key": authority.path("gost2015-individual"), **KEY},  # single
    {"key": authority.path("gost2015-head"), **KEY},  # attached
    {"key": authority.path("rsa-sign-individual"), **KEY},  # array
    {"key": authority.path("gost2004-individual"), **KEY},  # commonUtils
    {"key": authority.path("gost2015-individual"), **KEY},  # xml
    {"key": authority.path("p256-individual"), **KEY},  # xmlArray
    {"key": authority.path("rsa-sign-individual"), **KEY},  # signXml
    {"key": authority.path("gost2015-head"), **KEY},  # signXmlById
    {"key": authority.path("gost2004-individual"), **KEY},  # signXmls
    {"decision": "cancel"},  # brokenXml: the person is not asked, and an answer is used up all the same
    {"key": authority.path("gost2015-individual"), **KEY},  # stampedByCommonUtils
    {"key": authority.path("gost2015-individual"), **KEY},  # keyInfo
    {"key": authority.path("gost2015-individual"), **KEY},  # timestamp
    {"key": authority.path("gost2015-individual"), "password": authority.PASSWORD, "decision": "cancel"},
]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the published clients installed from the lock file."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs tool: node and npm")
    folder = tmp_path_factory.mktemp("clients")
    for name in ("package.json", "package-lock.json", "sign.mjs", "calls.mjs", "browser.mjs"):
        shutil.copy(CLIENTS / name, folder)
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"needs tool: ncalayer-js-client from the package index ({done.stderr.strip()[-200:]})")
    return folder


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[agents.RunningAgent]:
    """The daemon asks for timestamps over HTTP; who stamps them is one of its test authorities."""
    now = datetime.now(UTC)
    simulator = simulated_authorities.new(now=now).simulator
    with simulated_authorities.served(simulator, now=now) as server:
        flags = ("--proxy", "none", "--timestamp-url", f"{server.url}tsp/")
        with agents.simulated(
            tmp_path / "agent", ANSWERS, test_authorities=authority.issuing_paths(), flags=flags
        ) as running:
            yield running


def verify(signature: str, document: bytes | None) -> None:
    evidence = cms.verify(cms.read(signature.encode()), document)
    assert [signer.signature for signer in evidence] == ["valid"]


def check_timestamp(signature: bytes, document: bytes | None) -> None:
    (evidence,) = cms.verify(cms.read(signature), document)
    (timestamp,) = timestamps.of(evidence)
    assert evidence.signature == timestamp.evidence.signature == "valid"
    assert timestamp.is_over(evidence.stamped)


def check_xml(outcome: dict[str, Any]) -> None:
    whole = [
        *outcome["xml"]["value"],
        *outcome["xmlArray"]["value"],
        outcome["signXml"]["value"],
        *outcome["signXmls"]["value"],
    ]
    assert len(whole) == 6
    for signed in whole:
        assert [(each.signature, each.covers) for each in xml_verify.verify(signed)] == [("valid", "")]
    (evidence,) = xml_verify.verify(outcome["signXmlById"]["value"])
    assert (evidence.signature, evidence.covers) == ("valid", "#one")
    assert "SAXParseException" in outcome["brokenXml"]["error"]


def check(outcome: dict[str, Any]) -> None:
    assert outcome["version"] == "1.4"
    assert outcome["isKmd"] is False
    assert outcome["tokens"] == {"value": []}
    single = outcome["single"]["value"]
    assert single.startswith("-----BEGIN CMS-----\n")
    verify(single, DOCUMENTS[0])
    assert cms.read(outcome["attached"]["value"].encode()).content == DOCUMENTS[0]
    verify(outcome["attached"]["value"], None)
    assert len(outcome["array"]["value"]) == len(DOCUMENTS)
    for signature, document in zip(outcome["array"]["value"], DOCUMENTS, strict=True):
        verify(signature, document)
    assert cms.read(outcome["commonUtils"]["value"].encode()).content == DOCUMENTS[0]
    verify(outcome["commonUtils"]["value"], None)
    check_xml(outcome)
    key_info = outcome["keyInfo"]["value"]
    assert key_info["subjectDn"].startswith("CN=")
    assert key_info["certNotAfter"].isdigit()
    check_timestamp(outcome["timestamp"]["value"].encode(), DOCUMENTS[0])
    check_timestamp(outcome["stampedByCommonUtils"]["value"].encode(), None)
    assert outcome["cancelled"] == {"error": "cancelled by user", "canceledByUser": True}
    assert "error" not in outcome["locale"]


def test_it_signs_in_node(clients: Path, agent: agents.RunningAgent) -> None:
    documents = json.dumps([base64.b64encode(document).decode() for document in DOCUMENTS])
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(clients),
        "NODE_EXTRA_CA_CERTS": str(agent.authority_path),
    }
    done = subprocess.run(
        ["node", "sign.mjs", agent.url, documents],
        cwd=clients,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + "".join(agent.log)
    check(json.loads(done.stdout))


PAGE = """<!doctype html><meta charset="utf-8"><title>client</title>
<script src="node_modules/ncalayer-js-client/ncalayer-client.js"></script>
<script type="module">
  import { drive } from './browser.mjs';
  window.drive = drive;
</script>"""


@pytest.mark.browser
def test_it_signs_in_chromium(clients: Path, agent: agents.RunningAgent, tmp_path: Path) -> None:
    (clients / "page.html").write_text(PAGE, encoding="utf-8")
    home = tmp_path / "home"
    browsers.trust(browsers.chromium_store(home), agent.authority_path, "agent")
    documents = [base64.b64encode(document).decode() for document in DOCUMENTS]
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(clients))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with browsers.chromium(home) as driver:
            driver.set_script_timeout(120)
            driver.get(f"http://localhost:{server.server_address[1]}/page.html")
            outcome = driver.execute_async_script(
                "const [url, documents, done] = arguments; window.drive(url, documents).then(done)",
                agent.url,
                documents,
            )
        server.shutdown()
    check(outcome)
