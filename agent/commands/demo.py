"""`qalamsap demo`: the agent, its windows, a portal with test keys and a browser that trusts the agent.

The demo is a program of its own (demo.scenario); this starts it as a child and waits for it.
"""

import argparse
import subprocess
from importlib import util
from pathlib import Path

from agent import paths, programs
from agent.commands import exit_codes
from agent.errors import AgentError

# What a plain installation lacks, and the extra of the distribution that brings it.
NEEDS = {"starlette": "demo", "uvicorn": "demo", "jinja2": "demo", "reportlab": "demo", "PySide6": "tray"}
NEEDS_TO_PLAY = {"selenium": "test"}


class DemoMissing(AgentError):
    """The demo, or a library that it needs, is not installed. `detail` says how to get it."""

    code = "unsupported"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keep everything below DIR/demo")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR",
        help="where --auto leaves documents and screenshots (default: the folder you are in)",
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port of the agent")
    parser.add_argument("--auto", action="store_true", help="play the whole scenario without a person")


def run(options: argparse.Namespace) -> int:
    """Raises DemoMissing."""
    _require(NEEDS | NEEDS_TO_PLAY if options.auto else NEEDS)
    status = _wait_for(subprocess.Popen(command(options), cwd=paths.CODE_ROOT))
    return exit_codes.DONE if status == 0 else exit_codes.INVALID


def command(options: argparse.Namespace) -> list[str]:
    """The command line of the demo."""
    state = paths.resolve(options.state_dir).state_dir / "demo"
    words = [*programs.module("demo.scenario", "--state", str(state), "--out", str(options.out.absolute()))]
    words += ["--port", str(options.port)] if options.port else []
    return [*words, "--auto"] if options.auto else words


def _require(libraries: dict[str, str]) -> None:
    if util.find_spec("demo") is None:
        raise DemoMissing("the demo is not part of this installation")
    missing = [name for name in libraries if util.find_spec(name) is None]
    if missing:
        extras = ",".join(sorted({libraries[name] for name in missing}))
        raise DemoMissing(
            f"the demo needs {', '.join(missing)}: run pip install '{paths.APPLICATION}[{extras}]'"
        )


def _wait_for(child: subprocess.Popen[bytes]) -> int:
    """Its exit status. Ctrl-C reaches the child as well, which takes everything down: it is waited for all the same."""
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue
        except BaseException:
            child.terminate()
            raise
