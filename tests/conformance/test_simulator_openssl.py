"""The simulator as the process that page developers start, asked by OpenSSL and by the standard library's HTTP client.

Everything that docs/simulator.md tells people to type is typed here, too.
"""

import contextlib
import http.client
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.fetch import Question
from agent.fetch_hosts import national, parse_rule
from agent.http_fetch import FetchSettings, HttpFetch
from agent.trust import crl
from demo import cast
from tests.support import authority, simulated_authorities
from tests.support.portal_process import free_port

RSA_POLICY = "1.2.398.3.3.2.6.2"
DOCUMENT = authority.FOLDER.parents[2] / "docs" / "simulator.md"
START = [sys.executable, "-m", "agent", "testca"]
PATIENCE_S = 30


@pytest.fixture(scope="module", autouse=True)
def _openssl() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs tool: openssl")


class Simulated:
    """A running `qalamsap testca FOLDER --serve`."""

    def __init__(self, folder: Path, running: cast.Running) -> None:
        self.folder = folder
        self.lines = running.lines
        self.url = f"http://127.0.0.1:{running.port}"
        self.token = next(line.split()[-1] for line in running.lines if line.startswith("control token: "))
        self.roots = folder / "authority" / "rsa-root.pem"
        self.issuing = folder / "authority" / "rsa-issuing.pem"

    def openssl(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["openssl", *map(str, words)], cwd=self.folder, capture_output=True, text=True,
            timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    def get(self, url: str, body: bytes | None = None, **headers: str) -> bytes:
        """By way of the proxy, but for its own address. urllib.error.HTTPError for other answers than 200."""
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({} if url.startswith(self.url) else {"http": self.url})
        )
        request = urllib.request.Request(
            url, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        with contextlib.closing(opener.open(request, timeout=PATIENCE_S)) as response:
            octets: bytes = response.read()
            return octets

    def stamp(self) -> subprocess.CompletedProcess[str]:
        """Asks for a timestamp by HTTP, and gives what OpenSSL thinks of it."""
        query, reply = self.folder / "query.tsq", self.folder / "reply.tsr"
        (self.folder / "act").write_bytes(b"an act")
        self.openssl(
            "ts", "-query", "-data", "act", "-sha256", "-cert", "-tspolicy", RSA_POLICY, "-out", query
        )
        form = {"Content_Type": "application/timestamp-query"}
        reply.write_bytes(self.get("http://qalamsap.invalid/tsp/", query.read_bytes(), **form))
        return self.openssl(
            "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", self.roots, "-untrusted", self.issuing
        )  # fmt: skip

    def status(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.openssl(
            "ocsp", "-sha256", "-issuer", self.issuing, "-cert", "me.pem", "-url", f"{self.url}/ocsp/",
            "-CAfile", self.roots, "-verify_other", self.issuing, "-timeout", 5, *words,
        )  # fmt: skip

    def tell(self, path: str, body: bytes) -> None:
        self.get(f"{self.url}/control/{path}", body, X_Simulator_Token=self.token)

    @contextlib.contextmanager
    def fault(self, service: str, word: str) -> Iterator[None]:
        self.tell("faults", f'{{"{service}": "{word}"}}'.encode())
        try:
            yield
        finally:
            self.tell("faults", f'{{"{service}": "none"}}'.encode())


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    folder = tmp_path_factory.mktemp("simulated")
    shutil.copytree(authority.FOLDER / "ca", folder / "authority")
    (folder / "me.pem").write_text(authority.certificate("rsa-sign-individual").pem(), encoding="ascii")
    with cast.running("simulator", [*START, str(folder), "--serve"], os.environ) as running:
        yield Simulated(folder, running)
    assert "Traceback" not in "".join(running.lines), "".join(running.lines)
    assert running.process.returncode == 0


def test_openssl_verifies_a_timestamp(simulated: Simulated) -> None:
    done = simulated.stamp()
    assert (done.returncode, done.stdout.strip()) == (0, "Verification: OK"), done.stderr


@pytest.mark.parametrize(
    ("word", "symptom"),
    [
        ("wrong-nonce", "nonce mismatch"),
        ("wrong-imprint", "message imprint mismatch"),
        ("other-policy", "policy mismatch"),
        ("bad-signature", "signature failure"),
        ("rejection", "status code: rejection"),
        ("garbage", "asn1 encoding routines"),
    ],
)
def test_openssl_sees_each_fault_of_a_timestamp(simulated: Simulated, word: str, symptom: str) -> None:
    with simulated.fault("tsp", word):
        done = simulated.stamp()
    assert done.returncode != 0
    assert symptom in done.stderr


def test_openssl_verifies_the_status_of_a_certificate(simulated: Simulated) -> None:
    for words in ([], ["-no_nonce"], ["-proxy", simulated.url, "-url", "http://qalamsap.invalid/ocsp/"]):
        done = simulated.status(*words)
        assert "me.pem: good" in done.stdout, done.stderr
        assert "Response verify OK" in done.stderr
        assert "WARNING" not in done.stderr


@pytest.mark.parametrize(
    ("word", "symptom"),
    [
        ("wrong-nonce", "Nonce Verify error"),
        ("no-nonce", "no nonce in response"),
        ("other-certificate", "No Status found"),
        ("expired", "too old"),
        ("unknown", "me.pem: unknown"),
        ("bad-signature", "signature failure"),
        ("unauthorized-responder", "missing ocspsigning usage"),
        ("expired-responder", "certificate verify error"),
        ("rejection", "trylater (3)"),
        ("http-500", "500"),
        ("garbage", "rror"),
        ("cut-connection", "rror"),
    ],
)
def test_openssl_sees_each_fault_of_the_status(simulated: Simulated, word: str, symptom: str) -> None:
    with simulated.fault("ocsp", word):
        done = simulated.status("-status_age", "3600")
    assert symptom in done.stdout + done.stderr


def test_a_revocation_shows_in_status_and_lists_and_ends(simulated: Simulated) -> None:
    certificate = authority.certificate("rsa-sign-individual")
    issuer = authority.issuing()[2]
    simulated.tell("revocations?reason=certificateHold", certificate.der)
    revoked = simulated.status()
    assert "me.pem: revoked" in revoked.stdout
    assert "Reason: certificateHold" in revoked.stdout
    for name in ("rsa.crl", "rsa_d.crl"):
        found = crl.read(simulated.get(f"http://qalamsap.invalid/crl/{name}"), issuer)
        assert found.find(certificate.serial_number) is not None
    simulated.tell("revocations?reason=removeFromCRL", certificate.der)
    assert "me.pem: good" in simulated.status().stdout


@pytest.mark.parametrize("family", ["rsa", "ecdsa"])
def test_openssl_verifies_the_lists(simulated: Simulated, family: str) -> None:
    for name, issuer in ((family, "issuing"), (f"{family}_d", "issuing"), (f"{family}-root", "root")):
        path = simulated.folder / f"{name}.crl"
        path.write_bytes(simulated.get(f"http://qalamsap.invalid/crl/{name}.crl"))
        signer = simulated.folder / "authority" / f"{family}-{issuer}.pem"
        done = simulated.openssl("crl", "-inform", "DER", "-in", path, "-CAfile", signer, "-noout")
        assert "verify OK" in done.stderr


def test_faults_of_the_line_show_to_an_http_client(simulated: Simulated) -> None:
    url = "http://qalamsap.invalid/cert/rsa.cer"
    with simulated.fault("cert", "http-500"), pytest.raises(urllib.error.HTTPError, match="500") as caught:
        simulated.get(url)
    caught.value.close()
    with simulated.fault("cert", "cut-connection"), pytest.raises(http.client.IncompleteRead):
        simulated.get(url)
    with simulated.fault("cert", "garbage"):
        assert simulated.get(url).startswith(b"<html>")
    assert simulated.get(url) == authority.issuing()[2].der


def test_a_client_that_runs_out_of_patience_leaves_and_harms_nobody(simulated: Simulated) -> None:
    with simulated.fault("cert", "slow:20"), pytest.raises(TimeoutError):
        urllib.request.urlopen(f"{simulated.url}/cert/rsa.cer", timeout=0.2)
    assert simulated.get("http://qalamsap.invalid/cert/rsa.cer")


def test_the_agents_own_client_reaches_it_as_its_proxy(simulated: Simulated) -> None:
    rules = (*national(), parse_rule("qalamsap.invalid"))
    fetch = HttpFetch(FetchSettings(rules, simulated.url))
    assert fetch(Question("certificate", simulated_authorities.issuing("rsa"))) == authority.issuing()[2].der


# --- the page for developers --------------------------------------------------------------------------------------

BLOCK = re.compile(r"^```sh ?(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAM = '#!/bin/sh\nPYTHONPATH={root} exec {python} -m agent "$@"\n'


def test_everything_that_the_page_tells_to_type_works(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs tool: curl")
    port = free_port()
    text = DOCUMENT.read_text("utf-8").replace("8091", str(port))
    blocks: list[tuple[str, str]] = BLOCK.findall(text)
    assert len(blocks) == text.count("```") / 2
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "qalamsap"
    program.write_text(PROGRAM.format(root=shlex.quote(str(cast.ROOT)), python=shlex.quote(sys.executable)))
    program.chmod(0o755)
    environment = {
        "PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "no_proxy": "",
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        for kind, commands in blocks:
            if not kind:
                _type(commands, tmp_path, environment)
                continue
            if kind == "serve":
                stack.close()  # it is started anew
            own = " --port 0 --tray off --state-dir state" if kind == "agent" else ""
            command = ["sh", "-c", f"cd {shlex.quote(str(tmp_path))} && exec {commands.strip()}{own}"]
            started = stack.enter_context(cast.running(kind, command, environment))
            if kind == "serve":
                environment["TOKEN"] = next(
                    line.split()[-1] for line in started.lines if line.startswith("control token")
                )


def _type(commands: str, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["sh", "-e", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
