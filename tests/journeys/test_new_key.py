"""A key's whole way, over the socket: a page asks for it, a test authority answers the request, the page brings the certificate,
and the key signs."""

import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from agent.journal import Journal
from agent.keystores import pkcs12
from protocol import basics, prompts
from tests.support import agents, authority, fake_window
from tests.support.command_line import CommandLine
from tests.support.new_keys import SUBJECT
from tests.support.worker_process import WorkerProcess

PASSWORD = "Qwerty12"
WAIT_S = 60.0


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capsys)


def call(page: ClientConnection, method: str, args: dict[str, Any]) -> dict[str, Any]:
    page.send(json.dumps({"module": basics.MODULE, "method": method, "args": args}))
    answer: dict[str, Any] = json.loads(page.recv(WAIT_S))
    return answer


@pytest.mark.parametrize("algorithm", ["GOST-2015-512", "RSA-2048", "ECDSA-P384"])
def test_a_key_is_made_certified_joined_and_signs(run: CommandLine, algorithm: str) -> None:
    assert (
        run("testca", run.folder / "ca", "--profile", "p256-individual") == 0
    )  # an authority to be answered by
    roots = run.folder / "ca" / "test-ca.pem"
    key = run.folder / "agent" / "new.p12"
    answers = [
        {"new_key": key.name, "password": PASSWORD},
        {"decision": "cancel"},
        {"key": key.name, "password": PASSWORD},  # no certificate yet: it signs nothing
        {"key": key.name, "password": PASSWORD},
        {"key": key.name, "password": PASSWORD},
    ]
    signing = {
        "format": "cms",
        "data": "act",
        "signingParams": {},
        "signerParams": {"extKeyUsageOids": [], "chain": []},
    }
    with agents.simulated(run.folder / "agent", answers, test_authorities=[roots]) as agent:
        trust = ssl.create_default_context(cafile=agent.authority_path)
        with connect(agent.url, ssl=trust, origin="https://ca.example.kz", open_timeout=WAIT_S) as page:  # type: ignore[arg-type]
            page.recv(WAIT_S)
            params = {"subject": dict(SUBJECT), "algorithm": algorithm}
            made = call(page, "generateCsr", {"csrParams": params, "locale": "ru"})["body"]["result"]
            request, certificate = run.folder / "request.pem", run.folder / "certificate.pem"
            request.write_text(made["csr"], encoding="ascii")
            assert run("testca", run.folder / "ca", "--csr", request, "--out", certificate) == 0
            own, issuer = certificate.read_text("ascii").split("-----END CERTIFICATE-----\n")[:2]
            importing = {
                "certificate": f"{own}-----END CERTIFICATE-----\n",
                "chain": [f"{issuer}-----END CERTIFICATE-----\n"],
            }

            pending = key.read_bytes()
            assert call(page, "importCertificate", importing) == {"body": {}, "status": True}
            assert call(page, "sign", signing) == {"body": {}, "status": True}
            assert key.read_bytes() == pending

            assert call(page, "importCertificate", importing) == {
                "body": {"result": {"keyId": made["keyId"]}},
                "status": True,
            }
            signature = run.folder / "act.cms"
            signature.write_text(call(page, "sign", signing)["body"]["result"][0], encoding="ascii")

            stranger = {"certificate": authority.certificate("p256-individual").pem()}
            refused = call(page, "importCertificate", {**importing, "certificate": "no certificate"})
            assert refused["code"] == "INVALID_IMPORTING_CERTIFICATE"
            assert call(page, "importCertificate", stranger) == {"body": {}, "status": True}
        assert agent.log
        assert PASSWORD not in "".join(agent.log)
        state = agent.state_dir
    report = run.report(signature, "--authority", roots)
    (signer,) = report["signers"]
    assert signer["signature"] == "valid"
    assert "ТЕСТОВ ИВАН" in json.dumps(signer, ensure_ascii=False)
    assert Journal(state / "journal.jsonl").verify_chain() > 0


def test_a_window_answers_for_a_new_key_until_the_answer_is_good(tmp_path: Path) -> None:
    """The same in a worker with a window of its own: the password comes in a frame that nothing else knows."""
    (tmp_path / "taken.p12").write_bytes(b"mine")
    named = [fake_window.send(prompts.KeyNamed(str(tmp_path / "new.p12"))), fake_window.password(PASSWORD)]
    steps = [
        fake_window.expect("new-key"),
        fake_window.send(prompts.Shown()),
        fake_window.send(prompts.KeyNamed(str(tmp_path / "taken.p12"))),
        fake_window.password(PASSWORD),
        fake_window.expect("new-key"),
        *named,
        fake_window.expect("finished"),
    ]
    request = {"csrParams": {"subject": dict(SUBJECT), "algorithm": "ECDSA-P256"}}
    frame = json.dumps({"module": basics.MODULE, "method": "generateCsr", "args": request}).encode()
    log = tmp_path / "window.log"
    with WorkerProcess(tmp_path / "state", fake_window.command(log, *steps)) as worker:
        worker.begin(frame)
        reply = worker.reply()
    assert reply is not None
    assert reply["body"]["result"]["csr"].startswith("-----BEGIN CERTIFICATE REQUEST-----")
    first, again, finished = fake_window.heard(log)
    assert isinstance(first, prompts.NewKey)
    assert isinstance(again, prompts.NewKey)
    assert again.problem is not None
    assert again.problem.code == "key-not-kept"
    assert finished == prompts.Finished()
    assert (tmp_path / "taken.p12").read_bytes() == b"mine"
    with authority.secret(PASSWORD) as secret:
        pkcs12.open_pending((tmp_path / "new.p12").read_bytes(), secret).wipe()
    assert PASSWORD not in worker.log + log.read_text("utf-8")
