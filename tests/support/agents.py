"""Agents as real processes, for tests of pages and clients."""

import contextlib
import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agent.localhost import identity
from demo import cast


@dataclasses.dataclass
class RunningAgent:
    """A daemon that answers. `log` grows while it runs: what it printed and logged so far."""

    url: str
    port: int
    state_dir: Path
    process: subprocess.Popen[str]
    log: list[str]

    @property
    def authority_path(self) -> Path:
        """The certificate that a browser has to trust."""
        current = identity.current(self.state_dir / "tls")
        assert current is not None
        return current.authority_path


def write_answers(
    path: Path, answers: Sequence[Mapping[str, object]], tokens: Sequence[Mapping[str, object]] = ()
) -> Path:
    """An answers file of `qalamsap simulate`, one table per operation, and one per token that is plugged in."""
    tables = []
    for name, rows in (("answer", answers), ("token", tokens)):
        for row in rows:
            lines = [f"{key} = {_toml(value)}" for key, value in row.items()]
            tables.append("\n".join([f"[[{name}]]", *lines]))
    path.write_text("\n\n".join(tables) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


@contextlib.contextmanager
def simulated(
    folder: Path,
    answers: Sequence[Mapping[str, object]],
    *,
    tokens: Sequence[Mapping[str, object]] = (),
    test_authorities: Sequence[Path] = (),
    flags: Sequence[str] = (),
) -> Iterator[RunningAgent]:
    """`qalamsap simulate` on a free port, with nothing in its environment but HOME and PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    state_dir = folder / "state"
    command = [
        sys.executable, "-m", "agent", "simulate",
        "--answers", str(write_answers(folder / "answers.toml", answers, tokens)),
        "--port", "0", "--state-dir", str(state_dir), *flags,
    ]  # fmt: skip
    for authority in test_authorities:
        command += ["--test-ca", str(authority)]
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    with running(command, state_dir, environment) as agent:
        yield agent


@contextlib.contextmanager
def running(
    command: Sequence[str], state_dir: Path, environment: Mapping[str, str]
) -> Iterator[RunningAgent]:
    """Starts a daemon by `command`, waits until it listens, and stops it afterwards."""
    with cast.running("agent", command, environment) as started:
        url = f"wss://127.0.0.1:{started.port}/"
        yield RunningAgent(url, started.port, state_dir, started.process, started.lines)
