"""`python -m installer.windows msi|lock|admx`: packages for Windows, built here; what they need of others; templates for group policies.

0 done; 1 can't be built: the message says what is missing.
"""

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.event_ids import EVENTS
from installer.linux import tree
from installer.shipped import licences, parts, sbom
from installer.windows import admx, native, package, payload, wheels
from installer.windows.errors import CannotBuild
from installer.windows.native import SOURCE
from installer.windows.properties import Scope

_SIGNED = (native.CONSOLE_LAUNCHER, native.LAUNCHER, native.STOP, native.EVENTS, native.EXTENSION)


def main(words: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(words)
    started = time.monotonic()
    try:
        made = options.act(options)
    except CannotBuild as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1
    print(f"{options.command}: {made}, in {time.monotonic() - started:.0f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m installer.windows",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    msi = commands.add_parser("msi", help="build the package for a machine and the one for a person")
    msi.add_argument(
        "--interpreter",
        type=Path,
        required=True,
        metavar="ZIP",
        help="the embeddable package (64-bit) of python.org",
    )
    msi.add_argument(
        "--interpreter-sha256",
        metavar="HEX",
        help=f"its SHA-256, as you checked it; or a line in {payload.PINNED.name}",
    )
    msi.add_argument("--scope", choices=("machine", "user", "both"), default="both")
    msi.add_argument(
        "--compiler",
        metavar="PYTHON",
        help="a Python of the same series on this computer (default: found by its name)",
    )
    msi.add_argument(
        "--wheels",
        type=Path,
        default=SOURCE / "build" / "wheels",
        metavar="DIR",
        help="where the libraries' wheels are kept",
    )
    msi.add_argument(
        "--sign",
        metavar="COMMAND",
        help="run for each file of ours that Windows wants signed; {} is the file",
    )
    msi.add_argument("--out", type=Path, default=SOURCE / "dist", metavar="DIR")
    msi.set_defaults(act=_msi)
    commands.add_parser("lock", help=f"write {wheels.LOCK.name} anew").set_defaults(act=_lock)
    templates = commands.add_parser("admx", help="write the templates for group policies")
    templates.add_argument("--out", type=Path, default=SOURCE / "dist" / "PolicyDefinitions", metavar="DIR")
    templates.set_defaults(act=_admx)
    return parser


def _msi(options: argparse.Namespace) -> str:
    given = payload.interpreter(options.interpreter, options.interpreter_sha256)
    if given.series != wheels.SERIES:
        raise CannotBuild(
            f"{wheels.LOCK.name} holds wheels for Python {wheels.SERIES}, the interpreter is {given.series}"
        )
    compiler = options.compiler or payload.compiler_for(given)
    libraries = wheels.fetch(options.wheels)
    made = build(
        options.out, given, libraries, ("machine", "user") if options.scope == "both" else (options.scope,),
        compiler=compiler, sign=signer(options.sign), zig=native.zig(),
    )  # fmt: skip
    return ", ".join(f"{path.name} ({path.stat().st_size / 1_000_000:.0f} MB)" for path in made)


def build(
    out: Path,
    given: payload.Interpreter,
    libraries: Sequence[Path],
    scopes: Sequence[Scope],
    *,
    compiler: str | None,
    sign: Callable[[Path], None],
    zig: native.Zig,
) -> list[Path]:
    """Builds the packages of one payload. Raises CannotBuild, OSError."""
    moment = tree.built_at()
    made = []
    with tempfile.TemporaryDirectory() as name:
        own, folder = Path(name) / "own", Path(name) / "payload"
        native.build(own, zig, payload.numbers(payload.version()), event_texts())
        for file in _SIGNED:
            sign(own / file)

        def put_documents(target: Path) -> None:
            admx.write(target / "policies")
            try:
                found = (*parts.shipped(target / payload.PACKAGES), parts.embedded(target, given.series))
                licences.write(found, target)
                (target / "qalamsap.cdx.json").write_text(sbom.bill(found, moment), "utf-8", newline="\n")
            except (parts.Unclear, sbom.NotValid) as error:
                raise CannotBuild(str(error)) from error

        payload.make(folder, given, libraries, own, compiler=compiler, more=[put_documents])
        for scope in scopes:
            target = out / f"qalamsap-{payload.version()}-{scope}-x64.msi"
            package.build(folder, own, target, scope=scope, version=_version(), moment=moment)
            sign(target)
            made.append(target)
    return made


def event_texts() -> dict[int, str]:
    """What the event log shows for each id: the line that came with the event, then what it means. A "%" of ours is no place for a text."""
    return {event.id: f"%1\r\n\r\n{event.meaning.replace('%', '%%')}" for event in EVENTS.values()}


def signer(command: str | None) -> Callable[[Path], None]:
    """Signs a file in its place with that command; does nothing where there is none. What it returns raises CannotBuild."""

    def sign(path: Path) -> None:
        if command is None:
            return
        words = [word.replace("{}", str(path)) for word in shlex.split(command)]
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode != 0:
            raise CannotBuild(f"{path.name} was not signed: {done.stderr.strip() or done.stdout.strip()}")

    return sign


def _version() -> str:
    return ".".join(map(str, payload.numbers(payload.version())[:3]))


def _lock(_options: argparse.Namespace) -> str:
    return f"{wheels.renew()} libraries for Python {wheels.SERIES} in {wheels.LOCK.name}"


def _admx(options: argparse.Namespace) -> str:
    admx.write(options.out)
    return f"{len(admx.shown())} policies in {len(admx.LANGUAGES)} languages, in {options.out}"


if __name__ == "__main__":
    sys.exit(main())
