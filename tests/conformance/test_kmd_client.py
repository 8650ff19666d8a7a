"""ncalayer-js-client, unchanged, signs large documents through the HTTPS interface: in Node and in Chromium."""

import base64
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from tests.support import agents, authority, browsers, https_pages, npm_clients

VERSION = npm_clients.NCALAYER_JS[-1]
PACKAGE = f"ncalayer-js-client-{VERSION}"
PERSON = "gost2015-individual"
TEXTS = ("бір".encode(), bytes(range(256)))
SIZES = (40_000_000, 40_000_000, 40_000_001)
OCTETS = bytes([7]) * 70_000
PAGE = """<!doctype html><meta charset="utf-8"><title>client</title>
<script src="node_modules/PACKAGE/ncalayer-client.js"></script>
<script type="module">
  import { drive } from './kmd.mjs';
  window.drive = (given) => drive(window.NCALayerClient, given);
</script>"""
# The test authority counts like the national one: over WebSocket the client's constants name no other.
TRUSTED = [f"--authority={path}" for path in (*authority.root_paths(), *authority.issuing_paths())]
FLAGS = ("--proxy", "none", "--https-api", "--https-api-port", "0", *TRUSTED)

YES = {"key": authority.path(PERSON), "password": authority.PASSWORD, "decision": "sign"}
GRANTS = {**YES, "grant": True}
NO = {"decision": "cancel"}


def given(agent: agents.RunningAgent, steps: Sequence[str]) -> dict[str, Any]:
    return {
        "url": agent.url,
        "api": f"https://127.0.0.1:{https_pages.port_of(agent)}/",
        "texts": [base64.b64encode(text).decode() for text in TEXTS],
        "sizes": SIZES,
        "steps": steps,
    }


def test_it_signs_large_documents_in_node(clients: Path, tmp_path: Path) -> None:
    steps = ["array", "attached", "defaults", "octets", "large", "cancelled"]
    answers = [YES] * 5 + [NO]
    with simulated(tmp_path, answers) as agent:
        arguments = [PACKAGE, json.dumps(given(agent, steps))]
        outcome = json.loads(npm_clients.in_node(clients, agent, "kmd_in_node.mjs", arguments))
    assert outcome["seenBefore"]  # a program may read whatever it likes
    check(outcome, steps)


@pytest.mark.browser
@pytest.mark.parametrize("others_cookies", [True, False], ids=["usual", "without cookies of third parties"])
def test_it_signs_large_documents_in_chromium_once_the_site_is_granted(
    pages: str, tmp_path: Path, others_cookies: bool
) -> None:
    steps = ["overWebSocket", "array", "attached", "defaults", "octets", "large", "blobs", "cancelled"]
    answers = [GRANTS] + [YES] * 6 + [NO]
    preferences = (
        {}
        if others_cookies
        else {"profile.cookie_controls_mode": 1, "profile.block_third_party_cookies": True}
    )
    with simulated(tmp_path, answers) as agent:
        browsers.trust(browsers.chromium_store(tmp_path / "home"), agent.authority_path, "agent")
        with browsers.chromium(tmp_path / "home", preferences=preferences) as driver:
            driver.get(f"{pages}/kmd.html")
            driver.set_script_timeout(npm_clients.RUN_S)
            script = "const [given, done] = arguments; window.drive(given).then(done)"
            outcome = driver.execute_async_script(script, given(agent, steps))
    assert not outcome["seenBefore"]  # and so the first document went over WebSocket
    assert len([frame for frame in outcome["sent"] if '"sign"' in frame]) == 1
    verify(outcome["overWebSocket"]["value"], TEXTS[0])
    check(outcome, steps)
    for number, signature in enumerate(outcome["blobs"]["value"]):
        verify(signature, bytes([number]) * SIZES[number])


@pytest.mark.browser
def test_it_signs_large_documents_in_firefox_once_the_site_is_granted(pages: str, tmp_path: Path) -> None:
    steps = ["overWebSocket", "array", "octets", "large", "blobs", "cancelled"]
    home = tmp_path / "home"
    with simulated(tmp_path, [GRANTS] + [YES] * 4 + [NO]) as agent:
        browsers.trust(home / "firefox-profile", agent.authority_path, "agent")
        with browsers.firefox(home) as page:
            page.open(f"{pages}/kmd.html")
            outcome = json.loads(
                page.evaluate(f"window.drive({json.dumps(given(agent, steps))}).then(JSON.stringify)")
            )
    assert not outcome["seenBefore"]
    check(outcome, steps)


@pytest.mark.browser
def test_in_chromium_a_site_that_is_not_granted_stays_with_websocket(pages: str, tmp_path: Path) -> None:
    with simulated(tmp_path, [YES]) as agent:
        browsers.trust(browsers.chromium_store(tmp_path / "home"), agent.authority_path, "agent")
        with browsers.chromium(tmp_path / "home") as driver:
            driver.get(f"{pages}/kmd.html")
            driver.set_script_timeout(npm_clients.RUN_S)
            script = "const [given, done] = arguments; window.drive(given).then(done)"
            outcome = driver.execute_async_script(script, given(agent, ["overWebSocket", "array"]))
    assert (outcome["seenBefore"], outcome["seenAfter"]) == (False, False)
    assert outcome["multisign"] == {"value": False}
    for signature, document in zip(outcome["array"]["value"], TEXTS, strict=True):
        verify(signature, document)


@pytest.fixture(scope="module")
def pages(clients: Path) -> Iterator[str]:
    """A web site on this computer."""
    (clients / "kmd.html").write_text(PAGE.replace("PACKAGE", PACKAGE), encoding="utf-8")
    with npm_clients.served(clients) as port:
        yield f"http://localhost:{port}"


def simulated(folder: Path, answers: Sequence[dict[str, object]]) -> Any:
    return agents.simulated(
        folder / "agent", answers, test_authorities=authority.issuing_paths(), flags=FLAGS
    )


def check(outcome: dict[str, Any], steps: Sequence[str]) -> None:
    failed = {step: outcome[step]["error"] for step in steps if "error" in outcome[step]}
    assert failed.keys() == {"cancelled"}, failed
    assert outcome["cancelled"]["canceledByUser"]
    assert outcome["seenAfter"]
    assert outcome["multisign"] == {"value": True}
    for signature, document in zip(outcome["array"]["value"], TEXTS, strict=True):
        verify(signature, document)
    for step in {"attached", "defaults"}.intersection(steps):
        verify(outcome[step]["value"], None, inside=TEXTS[0])
    octets = outcome["octets"]["value"]
    verify(octets[0] if isinstance(octets, list) else octets, OCTETS)
    assert len(outcome["large"]["value"]) == len(SIZES)
    for number, signature in enumerate(outcome["large"]["value"]):
        verify(signature, bytes([number]) * SIZES[number])


def verify(signature: str, document: bytes | None, *, inside: bytes | None = None) -> None:
    message = cms.read(signature.encode())
    assert message.content == inside
    assert [each.signature for each in cms.verify(message, document)] == ["valid"]
