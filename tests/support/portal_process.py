"""The demo portal as a process of its own, as a person starts it, with keys that an agent can be told to accept.

data = portal_process.prepare(folder)                    # keys and authority stand before anything runs
with agents.simulated(..., test_authorities=data.authorities) as agent:
    with portal_process.running(data, agent_url=agent.url) as url:

with portal_process.authorities(data) as servers:        # the authorities' servers, for `agent` and `running`
    servers.switch(tsp="http-500")
    servers.revoke(data.key(HEAD))
"""

import contextlib
import dataclasses
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from agent.keystores import pkcs12
from agent.testca.authority import DEFAULT_PASSWORD
from agent.testca.profiles import ADDRESS
from demo import cast
from demo import prepare as portal_data
from demo.settings import Settings
from tests.support import agents
from tests.support import authority as checked_in
from tests.support.agents import RunningAgent
from tests.support.sites import ServerCertificate

PASSWORD = DEFAULT_PASSWORD

HEAD = "GOST512_kokzhiek_rukovoditel.p12"
ACCOUNTANT_AUTH = "AUTH_RSA256_kokzhiek_buhgalter.p12"
ACCOUNTANT_SIGN = "RSA256_kokzhiek_buhgalter.p12"
EXPIRED = "GOST512_kokzhiek_srok_istek.p12"
STRANGER = "GOST512_chuzhoi_klyuch.p12"


@dataclasses.dataclass(frozen=True)
class PortalData:
    """The portal's folder."""

    folder: Path

    @property
    def authorities(self) -> tuple[Path, ...]:
        """For `simulate --test-ca`: key files hold their owner's certificate alone, so the issuing ones are needed."""
        return tuple(sorted((self.folder / "authority").glob("*-issuing.pem")))

    def key(self, name: str) -> Path:
        found = self.folder / "keys" / name
        assert found.is_file(), f"the portal made no key {name}"
        return found

    def signs_with(self, name: str) -> dict[str, object]:
        """An answer of the scripted person: this key, and yes."""
        return {"key": self.key(name), "password": PASSWORD, "decision": "sign"}

    def cancels(self) -> dict[str, object]:
        return {"decision": "cancel"}


def prepare(folder: Path) -> PortalData:
    """What the portal's first start makes: database, authority, keys."""
    portal_data.data_dir(Settings(data_dir=folder, port=1), at=datetime.now(UTC))
    return PortalData(folder)


def free_port() -> int:
    """A port where nothing listens. Somebody may take it; a public name has to be known before the portal starts."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@dataclasses.dataclass(frozen=True)
class Authorities:
    """The simulator of the authorities' servers, as a process."""

    url: str
    token: str

    def switch(self, **faults: str) -> None:
        """tsp="http-500", ocsp="slow:20", ...; "none" mends a service."""
        self._tell("faults", json.dumps(faults).encode())

    def revoke(self, key: Path, reason: str = "keyCompromise") -> None:
        """Takes back the certificate in a key file, from now on."""
        (stored,) = pkcs12.open(key.read_bytes(), checked_in.secret(PASSWORD))
        self._tell(f"revocations?reason={reason}", stored.certificate.pem().encode())

    def _tell(self, what: str, body: bytes) -> None:
        headers = {"X-Simulator-Token": self.token}
        httpx.post(f"{self.url}/control/{what}", content=body, headers=headers).raise_for_status()


@contextlib.contextmanager
def authorities(data: PortalData) -> Iterator[Authorities]:
    """The servers of the portal's own test authority, where all is well."""
    command = [sys.executable, "-m", "agent", "testca", str(data.folder), "--serve"]
    with cast.running("authorities' simulator", command, os.environ) as served:
        token = next(line.split()[-1] for line in served.lines if line.startswith("control token: "))
        yield Authorities(f"http://127.0.0.1:{served.port}", token)


@contextlib.contextmanager
def agent(
    folder: Path, data: PortalData, servers: Authorities, answers: Sequence[Mapping[str, object]]
) -> Iterator[RunningAgent]:
    """An agent with a scripted person that asks these servers for timestamps."""
    state_dir = folder / "state"
    command = [
        sys.executable, "-m", "agent", "simulate",
        "--answers", str(agents.write_answers(folder / "answers.toml", answers)),
        "--port", "0", "--state-dir", str(state_dir), "--proxy", servers.url,
        "--fetch-host", urlsplit(ADDRESS).netloc, "--timestamp-url", f"{ADDRESS}/tsp/",
    ]  # fmt: skip
    for authority in data.authorities:
        command += ["--test-ca", str(authority)]
    with agents.running(command, state_dir, {"HOME": str(folder), "PATH": os.environ["PATH"]}) as started:
        yield started


@contextlib.contextmanager
def running(
    data: PortalData,
    *,
    agent_url: str,
    authorities_url: str | None = None,
    port: int = 0,
    public_name: str | None = None,
    certificate: ServerCertificate | None = None,
) -> Iterator[int]:
    """`python -m demo`; gives its port once it listens, and ends it after the block."""
    command = [
        sys.executable, "-m", "demo", "--data-dir", str(data.folder), "--port", str(port), "--agent-url", agent_url,
    ]  # fmt: skip
    if authorities_url is not None:
        command += ["--authorities-url", authorities_url]
    if public_name is not None:
        command += ["--public-name", public_name]
    if certificate is not None:
        command += ["--tls-cert", str(certificate.certificate_path), "--tls-key", str(certificate.key_path)]
    with cast.running("portal", command, os.environ) as portal:
        yield portal.port
    # uvicorn puts a traceback here for every request that failed.
    assert "Traceback" not in "".join(portal.lines), "".join(portal.lines)
