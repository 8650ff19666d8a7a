"""Published clients of the NCALayer API, installed unchanged from their lock file (tests/conformance/clients)."""

import contextlib
import http.server
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.support import sites
from tests.support.agents import RunningAgent

SOURCES = Path(__file__).resolve().parent.parent / "conformance" / "clients"
NCALAYER_JS = (
    "1.3.4",
    "1.5.0",
    "1.5.3",
    "1.5.6",
)  # each stands in node_modules as ncalayer-js-client-VERSION
INSTALL_S = 180
RUN_S = 180


def install(folder: Path, sources: Path = SOURCES) -> Path:
    """Copies our programs and installs beside them what their lock file names; skips where npm or its index is missing."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs tool: node and npm")
    shutil.copytree(sources, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    done = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"needs tool: published clients from the package index ({done.stderr.strip()[-200:]})")
    return folder


def in_node(clients: Path, agent: RunningAgent, program: str, arguments: Sequence[str]) -> str:
    """What a program prints that runs in Node and trusts the agent as Node can be told to."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(clients),
        "NODE_EXTRA_CA_CERTS": str(agent.authority_path),
    }
    done = subprocess.run(
        ["node", program, *arguments],
        cwd=clients,
        env=environment,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr + "".join(agent.log)
    return done.stdout


@contextlib.contextmanager
def served(folder: Path) -> Iterator[int]:
    """A web server on this computer with the files of a folder; gives its port."""
    with sites.served(partial(_QuietHandler, directory=str(folder))) as port:
        yield port


class _QuietHandler(sites.Quiet, http.server.SimpleHTTPRequestHandler):
    """Files of a folder."""
