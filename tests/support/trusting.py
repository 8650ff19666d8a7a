"""A person's folders for trust tests, `qalamsap trust` as a program of its own, and an authority whose key was stolen."""

import argparse
import dataclasses
import datetime as dt
import io
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from agent.localhost import authority, command, trust
from tests.support import sites

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)

# The words of the command line, with the folders that the real one takes from agent.paths.
PROGRAM = """
import argparse, pathlib, sys
from agent.localhost import command
parser = argparse.ArgumentParser()
command.add_arguments(parser)
state_dir = pathlib.Path(sys.argv[1])
sys.exit(command.run(parser.parse_args(sys.argv[2:]), tls_dir=state_dir / "tls", state_dir=state_dir))
"""


@dataclasses.dataclass(frozen=True)
class Person:
    """HOME and state folder of somebody, and a file system root of their own (not /) for machine-wide places."""

    home: Path
    root: Path
    state_dir: Path

    @property
    def places(self) -> trust.Places:
        return trust.Places(
            tls_dir=self.state_dir / "tls",
            state_dir=self.state_dir,
            home=self.home,
            root=self.root,
            environment={},
        )

    def command(self, *words: str) -> tuple[int, Any]:
        """The exit code and the report of `qalamsap trust <words> --json`, run in this process."""
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        out = io.StringIO()
        code = command.run(
            parser.parse_args([*words, "--json"]),
            tls_dir=self.state_dir / "tls",
            state_dir=self.state_dir,
            root=self.root,
            home=self.home,
            out=out,
        )
        return code, json.loads(out.getvalue())


def rogue(folder: Path) -> sites.SiteAuthority:
    """An authority made exactly as ours, but whose key was not destroyed: what a thief of the key could try."""
    key = ec.generate_private_key(ec.SECP256R1())
    begin = NOW - dt.timedelta(days=1)
    certificate = authority._authority("0badcafe", key, begin, begin + authority.LIFE)
    folder.mkdir(parents=True)
    found = sites.SiteAuthority(folder, key, certificate)
    found.certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return found


def program(state_dir: Path, *words: str) -> list[str]:
    """The command line of `qalamsap trust` as a process; run it in REPOSITORY."""
    return [sys.executable, "-c", PROGRAM, str(state_dir), *words]


def tree(folder: Path) -> dict[str, object]:
    """Every file below with octets and mode, every folder, every link: equal trees are equal dictionaries."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = "folder"
        elif path.is_file():
            found[name] = (path.stat().st_mode, path.read_bytes())
    return found
