"""The two commands of the README, and the few that they are made of. Standard library only; run it through ./dev.

    ./dev demo [--auto] [--port N]            set everything up and run the main job with the demo portal
    ./dev test [--quick] [--strict] [...]     set everything up and pass the tests
    ./dev setup                               only set everything up
    ./dev clean                               remove all that these commands made in this folder

Everything lands in this folder: the virtual environment in .venv, the demo's state in .demo, what tests draw in artefacts.
Debian packages are the one exception; they are installed in a named step, as root or with sudo.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
IS_WINDOWS = sys.platform == "win32"
PYTHON = VENV / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")
STAMP = VENV / "qalamsap-setup"

VENV_PACKAGES = ("python3-venv",)
# What Qt needs to open a window: its wheel brings all but these.
WINDOW_PACKAGES = (
    "libegl1", "libgl1", "libfontconfig1", "libxkbcommon-x11-0", "libdbus-1-3", "libxcb-cursor0", "libxcb-icccm4",
    "libxcb-image0", "libxcb-keysyms1", "libxcb-render-util0", "libxcb-shape0", "libxcb-xkb1", "fonts-dejavu-core",
)  # fmt: skip
BROWSER_PACKAGES = ("chromium", "chromium-driver", "libnss3-tools")
# A screen that nobody sees, and a hand that types on it.
STAGE_PACKAGES = ("xvfb", "xauth", "openbox", "xdotool", "x11-utils", "scrot")
COMPILER_PACKAGES = ("gcc", "libc6-dev")
TEST_PACKAGES = (
    "firefox-esr", "dbus", "dbus-x11", "at-spi2-core", "gir1.2-atspi-2.0", "python3-gi", "poppler-utils", "valgrind",
    "libgcrypt20", "libnettle8", "libhogweed6", "openssl", "nodejs", "util-linux",
)  # fmt: skip

QUICK_TESTS = ("tests/protocol", "tests/agent", "tests/test_architecture.py")


def main() -> int:
    arguments = parse()
    os.chdir(ROOT)
    if arguments.command == "clean":
        return clean()
    if arguments.command == "setup":
        set_up(everything=True)
        return 0
    if arguments.command == "demo":
        return demo(arguments)
    return test(arguments)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo_ = commands.add_parser("demo", help="set everything up and run the main job with the demo portal")
    demo_.add_argument(
        "--auto", action="store_true", help="play the whole scenario without a person, and stop"
    )
    demo_.add_argument(
        "--port", type=int, default=0, help="port of the agent (default: 13579, or a free one with --auto)"
    )
    demo_.add_argument(
        "--out",
        type=Path,
        default=ROOT / "artefacts" / "demo",
        help="where --auto leaves documents and screenshots",
    )
    test_ = commands.add_parser("test", help="set everything up and pass the tests")
    test_.add_argument("--quick", action="store_true", help="lint, types and unit tests only")
    test_.add_argument(
        "--strict", action="store_true", help="a test that lacks a tool fails instead of being skipped"
    )
    test_.add_argument("--vectors", type=Path, help="folder of published test material")
    test_.add_argument("pytest", nargs="*", metavar="PYTEST_ARGUMENT", help="passed on, after --")
    commands.add_parser("setup", help="only set everything up")
    commands.add_parser("clean", help="remove all that these commands made in this folder")
    return parser.parse_args()


# --- setting up ---------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(f"dev: {text}", flush=True)


def fail(text: str) -> "NoReturn":  # noqa: F821 - typing is not worth importing here
    sys.exit(f"dev: {text}")


def set_up(*, everything: bool) -> None:
    """Debian packages first (`everything`: those of the tests too), then the environment."""
    packages = [*VENV_PACKAGES, *COMPILER_PACKAGES, *WINDOW_PACKAGES, *BROWSER_PACKAGES, *STAGE_PACKAGES]
    install_debian_packages(packages + list(TEST_PACKAGES) if everything else packages)
    make_environment()


def install_debian_packages(packages: "list[str]") -> None:
    if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        say(
            "this is not Debian or Ubuntu; if something is missing below, install the equivalents of: "
            + " ".join(packages)
        )
        return
    missing = [name for name in packages if not is_installed(name) and not is_provided(name)]
    if not missing:
        say("step 1 of 2: Debian packages: nothing is missing")
        return
    say(f"step 1 of 2: installing {len(missing)} Debian packages: {' '.join(missing)}")
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    if prefix and not shutil.which("sudo"):
        fail(
            "not root, and there is no sudo. Ask an administrator to run: apt-get install "
            + " ".join(missing)
        )
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
    subprocess.run([*prefix, "apt-get", "update", "-qq"], env=environment, check=False)
    if (
        subprocess.run(
            [*install, *missing], env=environment, stdout=subprocess.DEVNULL, check=False
        ).returncode
        != 0
    ):
        say("some packages could not be had together; trying them one by one")
        refused = [
            name
            for name in missing
            if subprocess.run(
                [*install, name], env=environment, stdout=subprocess.DEVNULL, check=False
            ).returncode
            != 0
        ]
        say("could not install: " + " ".join(refused) + ". What needs them says so below.")


def is_installed(name: str) -> bool:
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", name], capture_output=True, text=True, check=False
    )
    return done.stdout.startswith("install ok installed")


def is_provided(name: str) -> bool:
    """Whether a program of that name is here without Debian's package (node or gcc from elsewhere)."""
    program = {"nodejs": "node", "gcc": "cc", "openssl": "openssl"}.get(name)
    if name == "python3-venv":
        return (
            subprocess.run(
                [sys.executable, "-c", "import ensurepip"], capture_output=True, check=False
            ).returncode
            == 0
        )
    return program is not None and shutil.which(program) is not None


def make_environment() -> None:
    """A plain virtual environment with the project in it, made again when what it is made from has changed."""
    wanted = fingerprint()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        say("step 2 of 2: the environment in .venv is up to date")
        return
    say("step 2 of 2: making the environment in .venv and installing the project into it")
    started = time.monotonic()
    if not PYTHON.exists():
        run(
            [sys.executable, "-m", "venv", str(VENV)],
            "could not make a virtual environment (on Debian: apt-get install python3-venv)",
        )
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--upgrade", "pip"], "pip could not be updated: is the package index reachable?")
    run(
        [*pip, "--editable", ".[tray,demo,test]"],
        "the project's libraries could not be installed; pip's own words stand above",
    )
    STAMP.write_text(fingerprint())
    say(f"done in {time.monotonic() - started:.0f} s")


def fingerprint() -> str:
    """Changes when the environment has to be made again."""
    digest = hashlib.sha256(sys.version.encode())
    for path in [
        ROOT / "pyproject.toml",
        ROOT / "setup.py",
        *sorted((ROOT / "agent" / "gost").rglob("*.[ch]")),
    ]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run(command: "list[str]", complaint: str) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        fail(complaint)


# --- the commands ---------------------------------------------------------------------------------------------------


def demo(arguments: argparse.Namespace) -> int:
    set_up(everything=False)
    has_display = (
        IS_WINDOWS
        or sys.platform == "darwin"
        or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )
    auto = arguments.auto or not has_display
    if auto and not arguments.auto:
        say("there is no display here: playing the whole scenario by itself (as with --auto)")
    command = [
        str(PYTHON),
        "-m",
        "demo.scenario",
        "--state",
        str(ROOT / ".demo"),
        "--out",
        str(arguments.out),
    ]
    command += ["--port", str(arguments.port)] + (["--auto"] if auto else [])
    return subprocess.run(command, check=False).returncode


def test(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    set_up(everything=not arguments.quick)
    checks = [
        ("lint", ["-m", "ruff", "check", "."]),
        ("format", ["-m", "ruff", "format", "--check", "--quiet", "."]),
        ("types", ["-m", "mypy"]),
        ("tests", ["-m", "pytest", *pytest_arguments(arguments)]),
    ]
    failed = []
    for name, command in checks:
        say(f"{name}: python {' '.join(command)}")
        if subprocess.run([str(PYTHON), *command], check=False).returncode != 0:
            failed.append(name)
    minutes = (time.monotonic() - started) / 60
    say(f"{'failed: ' + ', '.join(failed) if failed else 'all passed'}, in {minutes:.1f} minutes")
    return 1 if failed else 0


def pytest_arguments(arguments: argparse.Namespace) -> "list[str]":
    chosen = ["--durations=20", "--durations-min=0.5", "-ra" if arguments.strict else "-rfE"]
    if arguments.strict:
        chosen.append("--strict-tools")
    if arguments.vectors:
        chosen += ["--vectors", str(arguments.vectors)]
    if arguments.quick:
        chosen += ["-m", "not browser and not display and not slow and not root", *QUICK_TESTS]
    return chosen + arguments.pytest


def clean() -> int:
    for name in (
        ".venv",
        ".demo",
        "artefacts",
        "build",
        "node_modules",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    ):
        if (ROOT / name).exists():
            say(f"removing {name}")
            shutil.rmtree(ROOT / name)
    for path in [*ROOT.glob("*.egg-info"), *(ROOT / "agent" / "gost").glob("_native*.so")]:
        say(f"removing {path.name}")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    say("clean. Debian packages stay; remove them with apt-get if nothing else needs them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
