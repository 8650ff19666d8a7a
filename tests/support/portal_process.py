"""The demo portal as a process of its own, as a person starts it, with keys that an agent can be told to accept.

data = portal_process.prepare(folder)                    # keys and authority stand before anything runs
with agents.simulated(..., test_authorities=data.authorities) as agent:
    with portal_process.running(data, agent_url=agent.url) as url:
"""

import contextlib
import dataclasses
import os
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent.testca.authority import DEFAULT_PASSWORD
from demo import cast
from demo import prepare as portal_data
from demo.settings import Settings
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


@contextlib.contextmanager
def running(
    data: PortalData,
    *,
    agent_url: str,
    port: int = 0,
    public_name: str | None = None,
    certificate: ServerCertificate | None = None,
) -> Iterator[int]:
    """`python -m demo`; gives its port once it listens, and ends it after the block."""
    command = [
        sys.executable, "-m", "demo", "--data-dir", str(data.folder), "--port", str(port), "--agent-url", agent_url,
    ]  # fmt: skip
    if public_name is not None:
        command += ["--public-name", public_name]
    if certificate is not None:
        command += ["--tls-cert", str(certificate.certificate_path), "--tls-key", str(certificate.key_path)]
    with cast.running("portal", command, os.environ) as portal:
        yield portal.port
    # uvicorn puts a traceback here for every request that failed.
    assert "Traceback" not in "".join(portal.lines), "".join(portal.lines)
