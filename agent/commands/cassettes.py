"""`qalamsap record FILE` and `qalamsap replay FILE`: the agent, for those who test pages (agent.cassettes, docs/api/cassettes.md)."""

import argparse
import dataclasses
import functools
from pathlib import Path

from agent import config, daemon
from agent.cassettes import Cassette, RecordingWorkers, ReplayingWorkers
from agent.config import BadConfig, Simulation

MAX_SPEED = 1000.0


def add_recording_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "cassette", type=Path, metavar="FILE", help="where to write what pages ask and get, redacted"
    )
    config.add_arguments(parser)
    config.add_simulation_arguments(parser, required=False)


def record(options: argparse.Namespace) -> int:
    """Serves like `run`, or with --answers like `simulate`. Raises AgentError."""
    path = options.cassette.absolute()
    if path.exists():
        raise BadConfig(f"{path} exists; name another file")
    return daemon.run(
        config.load(options),
        open_workers=functools.partial(RecordingWorkers, path=path),
        reload=lambda: config.load_or_refuse(options),
    )


def add_replaying_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cassette", type=Path, metavar="FILE", help="what `record` wrote")
    parser.add_argument(
        "--speed",
        type=float,
        default=0.0,
        metavar="X",
        help="1: as slow as it was, 2: twice as fast, 0: at once (default)",
    )
    config.add_arguments(parser)


def replay(options: argparse.Namespace) -> int:
    """Serves like `simulate`, with filler in place of signatures. Raises AgentError."""
    if not 0 <= options.speed <= MAX_SPEED:
        raise BadConfig(f"--speed is {options.speed}, expected 0 to {MAX_SPEED:.0f}")
    settings = dataclasses.replace(config.load(options), simulation=Simulation(options.cassette))
    recorded = Cassette.load(options.cassette)
    return daemon.run(
        settings, open_workers=functools.partial(ReplayingWorkers, recorded=recorded, speed=options.speed)
    )
