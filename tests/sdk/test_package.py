"""The package in Node: its own tests, its types, what would be published, and the real agent."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

from agent.formats import cms
from agent.formats.xml import verify as xml_verify
from agent.server import limits
from tests.support import agents, authority, npm_clients

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_S = 120
LARGE = bytes((at * 7919 >> 3) & 255 for at in range(700_000))


def run(*words: str, folder: Path) -> str:
    done = subprocess.run(
        words,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout


def test_its_own_tests_pass(package: Path) -> None:
    tests = sorted(f"test/{path.name}" for path in (package / "test").glob("*.test.mjs"))
    out = run("node", "--test", "--test-reporter=spec", *tests, folder=package)
    assert "fail 0" in out


def test_its_types_hold_under_strict_and_refuse_misuse(package: Path) -> None:
    run("node_modules/.bin/tsc", "-p", "test", folder=package)


def test_what_is_published_can_be_imported_and_holds_nothing_else(package: Path, tmp_path: Path) -> None:
    (packed,) = json.loads(run("npm", "pack", "--json", "--pack-destination", str(tmp_path), folder=package))
    sources = {f"src/{path.name}" for path in (ROOT / "sdk/src").iterdir()}
    assert {each["path"] for each in packed["files"]} == sources | {
        "package.json",
        "README.md",
        "LICENSE",
        "examples/sign.html",
    }
    assert packed["unpackedSize"] < 110_000
    shutil.unpack_archive(tmp_path / packed["filename"], tmp_path / "unpacked")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "unpacked/package").rename(tmp_path / "node_modules/qalamsap")
    (tmp_path / "use.mjs").write_text("import * as sdk from 'qalamsap'; console.log(Object.keys(sdk).join())")
    assert run("node", "use.mjs", folder=tmp_path).split() == ["QalamsapError,connect,permission,resultOf"]


def test_it_depends_on_nothing_and_is_licensed_like_the_rest() -> None:
    described = json.loads((ROOT / "sdk/package.json").read_text(encoding="utf-8"))
    assert "dependencies" not in described
    assert described["license"] == "Apache-2.0"
    assert (ROOT / "sdk/LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    for script in (ROOT / "sdk/src").glob("*.js"):
        assert not any(
            word in script.read_text(encoding="utf-8") for word in ("innerHTML", "eval(", "document.write")
        ), script


def test_it_signs_with_the_real_agent(package: Path, tmp_path: Path) -> None:
    signs = {"key": authority.path("gost2015-head"), "password": authority.PASSWORD, "decision": "sign"}
    answers = [signs, signs, signs, signs, {**signs, "decision": "cancel"}]
    with agents.simulated(tmp_path / "agent", answers, test_authorities=authority.issuing_paths()) as agent:
        outcome = json.loads(npm_clients.in_node(package, agent, "sign.mjs", [agent.url]))
    assert outcome["error"]["code"] == "CANCELLED", outcome
    detached = [base64.b64decode(each, validate=True) for each in outcome["signatures"]]
    for signature, document in zip(detached, ["бірінші".encode(), LARGE], strict=True):
        (evidence,) = cms.verify(cms.read(signature), document)
        assert evidence.signature == "valid"
    assert cms.read(base64.b64decode(outcome["attached"][0])).content == LARGE
    (xml,) = xml_verify.verify(outcome["xml"][0])
    assert xml.signature == "valid"
    assert len(outcome["key"]["owner"]["bin"]) == 12
    assert outcome["key"]["notAfter"].startswith("20")


def test_it_speaks_the_agents_own_interface(package: Path, tmp_path: Path) -> None:
    signs = {"key": authority.path("gost2015-head"), "password": authority.PASSWORD, "decision": "sign"}
    answers = [{**signs, "delay_s": 20.0}, signs]
    with agents.simulated(tmp_path / "agent", answers, test_authorities=authority.issuing_paths()) as agent:
        outcome = json.loads(npm_clients.in_node(package, agent, "own_api.mjs", [agent.url]))
    assert outcome["capabilities"]["agent"] == "qalamsap"
    assert {"sign", "login", "describeKey", "verify"} <= set(outcome["capabilities"]["methods"])
    cancelled = outcome["cancelled"]
    assert (cancelled["code"], outcome["isOpen"]) == ("CANCELLED", True)
    assert outcome["count"] == 60
    assert outcome["events"][-1] == {**outcome["events"][-1], "event": "signed", "done": 60, "total": 60}
    assert len(base64.b64decode(outcome["certificate"])) > 500
    assert outcome["report"]["signers"][0]["signature"] == "valid"
    assert outcome["changed"] == "invalid"
    for name, code, agent_code in (
        ("unreadable", "AGENT", "bad-input"),
        ("login", "AGENT", "not-allowed"),
        ("badRequest", "AGENT", "bad-request"),
    ):
        told = outcome[name]
        assert (told["code"], told["agentCode"]) == (code, agent_code), told
        assert told["help"] == f"https://127.0.0.1:{agent.port}/help#{agent_code}"
        # Of a request that it can't read the agent does not know the language either.
        assert name == "badRequest" or set("әғқңөұүі") & set(told["message"]), told
    assert outcome["locale"] == {"code": "200"}


def test_one_connection_too_many_is_told_that_the_agent_is_busy_and_may_try_again(
    package: Path, tmp_path: Path
) -> None:
    slow = {
        "key": authority.path("gost2015-head"),
        "password": authority.PASSWORD,
        "decision": "sign",
        "delay_s": 60.0,
    }
    with agents.simulated(tmp_path / "agent", [slow], test_authorities=authority.issuing_paths()) as agent:
        arguments = [agent.url, str(limits.PER_OWNER)]
        outcome = json.loads(npm_clients.in_node(package, agent, "full_house.mjs", arguments))
    refused = outcome["refused"]
    assert (refused["code"], refused["retryable"]) == ("BUSY", True), refused
    assert refused["detail"] == "WebSocket closed, code 1013, too many connections"
    assert "close this site's other tabs" in refused["advice"]
    assert outcome.get("refusedByNode", refused) == refused
    assert outcome["later"] == {"kind": "qalamsap"}
    readme = (ROOT / "sdk/README.md").read_text(encoding="utf-8")
    assert f"({limits.PER_OWNER} of a site)" in readme
    assert f"more than {limits.MAXIMUM + limits.RESERVE} connections" in readme


def test_an_agent_that_is_not_trusted_is_told_from_one_that_does_not_run(
    package: Path, tmp_path: Path
) -> None:
    with agents.simulated(tmp_path / "agent", []) as agent:
        untrusted = json.loads(run("node", "sign.mjs", agent.url, folder=package))["error"]
    gone = json.loads(run("node", "sign.mjs", agent.url, folder=package))["error"]
    assert untrusted["code"] == "TLS_UNTRUSTED"
    assert "qalamsap trust install" in untrusted["advice"]
    assert gone["code"] == "NOT_RUNNING"
