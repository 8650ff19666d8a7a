"""The two commands of the README, and the few that they are made of. Standard library only; run it through ./dev.

    ./dev demo [--auto] [--port N]            set everything up and run the main job with the demo portal
    ./dev test [--quick] [--strict] [...]     set everything up and pass the tests
    ./dev setup                               only set everything up
    ./dev sbom [--out DIR]                    write the bill of materials and the licences of what is shipped
    ./dev package deb|rpm|appimage [...]      build a package for Linux, into dist
    ./dev clean                               remove all that these commands made in this folder

Everything lands in this folder: the virtual environment in .venv, the demo's state in .demo, what demo and tests draw in
artefacts. Debian packages are the one exception; they are installed in a named step, as root or with sudo.
"""

import argparse
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
IS_WINDOWS = sys.platform == "win32"
PYTHON = VENV / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")
STAMP = VENV / "qalamsap-setup"
LOCK = ROOT / "installer" / "libraries.lock"
LOCKED_STAMP = VENV / "qalamsap-locked"

# Debian keeps what venv needs, and the headers for C extensions, in packages of each Python.
OWN_PYTHON = f"python3.{sys.version_info.minor}"
PYTHON_PACKAGES = (f"{OWN_PYTHON}-venv", f"lib{OWN_PYTHON}-dev")
COMPILER_PACKAGES = ("gcc", "libc6-dev")
# What Qt needs to open a window: its wheel brings all but these.
WINDOW_PACKAGES = (
    "libegl1", "libgl1", "libfontconfig1", "libxkbcommon-x11-0", "libdbus-1-3", "libxcb-cursor0", "libxcb-icccm4",
    "libxcb-image0", "libxcb-keysyms1", "libxcb-render-util0", "libxcb-shape0", "libxcb-xkb1", "fonts-dejavu-core",
)  # fmt: skip
BROWSER_PACKAGES = ("chromium", "chromium-driver")
TRUST_PACKAGES = ("libnss3-tools",)
# A screen that nobody sees, and a hand that types on it.
STAGE_PACKAGES = ("xvfb", "xauth", "openbox", "xdotool", "x11-utils", "scrot")
# Second opinions for the tests, and the checker of the C code.
QUICK_TEST_PACKAGES = (
    "desktop-file-utils", "libgcrypt20", "libnettle8", "libhogweed6", "openssl", "poppler-utils", "valgrind", "xmlsec1",
)  # fmt: skip
TEST_PACKAGES = (
    "ansible-core", "curl", "unzip", "zip", "firefox-esr", "dbus", "at-spi2-core", "gir1.2-atspi-2.0", "python3-apt", "python3-gi", "nodejs", "npm", "util-linux",
)  # fmt: skip
# What packages are made with, and what looks at them in the tests.
PACKAGE_PACKAGES = ("patchelf", "binutils", "rpm", "squashfs-tools")
PACKAGE_TEST_PACKAGES = (
    "gcab", "msitools", "wine", "wine64", "lintian", "shellcheck", "apparmor", "mandoc", "zsh", "fish", "cpio", "systemd", "debootstrap",
)  # fmt: skip
# Where Debian's package is missing but its program is here, from elsewhere, nothing is installed.
PROGRAM_OF = {
    "gcc": "cc", "openssl": "openssl", "nodejs": "node", "npm": "npm", "chromium": "chromium",
    "chromium-driver": "chromedriver", "firefox-esr": "firefox-esr", "libnss3-tools": "certutil",
}  # fmt: skip
# Ubuntu has browsers as snaps only. A snap keeps its settings in a place of its own and can't be given our profile.
NOT_ON_UBUNTU = ("chromium", "chromium-driver", "firefox-esr")
UBUNTU_SENTENCE = (
    "Ubuntu has Chromium and Firefox as snaps only, which ./dev neither installs nor can lead from outside. "
    "`./dev demo` opens Google Chrome or Firefox if one is here; `./dev demo --auto` and the tests with browsers need "
    "the programs chromium, chromedriver and firefox-esr from a .deb"
)

INTERRUPTED = 130


def main() -> int:
    arguments = parse()
    os.chdir(ROOT)
    try:
        if arguments.command == "clean":
            return clean(ROOT)
        if arguments.command == "setup":
            set_up(
                [
                    *demo_packages(),
                    *QUICK_TEST_PACKAGES,
                    *TEST_PACKAGES,
                    *PACKAGE_PACKAGES,
                    *PACKAGE_TEST_PACKAGES,
                ]
            )
            return 0
        if arguments.command == "package":
            return package(arguments)
        if arguments.command == "sbom":
            return sbom(arguments)
        if arguments.command == "demo":
            return demo(arguments)
        return test(arguments)
    except KeyboardInterrupt:
        say("stopped")
        return INTERRUPTED


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
        type=absolute,
        default=ROOT / "artefacts" / "demo",
        help="where --auto leaves documents and screenshots",
    )
    test_ = commands.add_parser("test", help="set everything up and pass the tests")
    test_.add_argument(
        "--quick", action="store_true", help="lint, types, and tests without browsers and windows"
    )
    test_.add_argument(
        "--strict", action="store_true", help="a test that lacks a tool fails instead of being skipped"
    )
    test_.add_argument("--vectors", type=absolute, help="folder of published test material")
    test_.add_argument("pytest", nargs="*", metavar="PYTEST_ARGUMENT", help="passed on, after --")
    commands.add_parser("setup", help="only set everything up")
    sbom_ = commands.add_parser(
        "sbom", help="write the bill of materials and the licences of what is shipped"
    )
    sbom_.add_argument(
        "--out", type=absolute, default=ROOT / "dist", metavar="DIR", help="where to (default: dist)"
    )
    package_ = commands.add_parser("package", help="build a package for Linux, into dist")
    package_.add_argument("kind", choices=("deb", "rpm", "appimage"))
    package_.add_argument(
        "builder", nargs="*", metavar="ARGUMENT", help="passed on to installer.linux, after --"
    )
    commands.add_parser("clean", help="remove all that these commands made in this folder")
    return parser.parse_args()


def absolute(path: str) -> Path:
    """Taken from the folder in which ./dev was called, before it goes to its own."""
    return Path(path).resolve()


# --- setting up ---------------------------------------------------------------------------------------------------


def say(text: str) -> None:
    print(f"dev: {text}", flush=True)


def fail(text: str) -> NoReturn:
    sys.exit(f"dev: {text}")


def call(command: Sequence[str], *, quiet: bool = False, environment: Mapping[str, str] | None = None) -> int:
    """The exit code of a program. Ctrl-C reaches it, too; it is given the time to end what it started.

    With `quiet`, what it prints is shown only if it fails.
    """
    with tempfile.TemporaryFile() as kept:
        output = kept if quiet else None
        with subprocess.Popen(
            command, stdout=output, stderr=output and subprocess.STDOUT, env=environment
        ) as process:
            interrupted = False
            while process.returncode is None:
                try:
                    process.wait()
                except KeyboardInterrupt:
                    interrupted = True
        if interrupted:
            raise KeyboardInterrupt
        if process.returncode != 0:
            kept.seek(0)
            sys.stderr.write(kept.read().decode(errors="replace"))
            sys.stderr.flush()
    return process.returncode


def demo_packages() -> list[str]:
    return [*quick_packages(), *BROWSER_PACKAGES, *STAGE_PACKAGES]


def quick_packages() -> list[str]:
    return [*PYTHON_PACKAGES, *COMPILER_PACKAGES, *WINDOW_PACKAGES, *TRUST_PACKAGES]


def set_up(packages: Iterable[str]) -> None:
    """The Debian packages first, then the environment."""
    install_debian_packages(packages)
    make_environment()


def install_debian_packages(packages: Iterable[str]) -> None:
    if not sys.platform.startswith("linux"):
        say(f"step 1 of 2: on {sys.platform} no system packages are installed; all this is untested there")
        return
    if not shutil.which("dpkg-query") or not shutil.which("apt-get"):
        say(
            "step 1 of 2: this is not Debian or Ubuntu; if something is missing below, install the equivalents of: "
            + " ".join(packages)
        )
        return
    missing = [name for name in packages if not is_here(name)]
    if is_ubuntu() and not set(missing).isdisjoint(NOT_ON_UBUNTU):
        missing = [name for name in missing if name not in NOT_ON_UBUNTU]
        say(UBUNTU_SENTENCE)
    if not missing:
        say("step 1 of 2: Debian packages: nothing is missing")
        return
    say(f"step 1 of 2: installing {len(missing)} Debian packages (some minutes): {' '.join(missing)}")
    apt_get = as_root(missing)
    if call([*apt_get, "update", "-qq"], quiet=True) != 0:
        say("apt-get update failed, its words stand above; trying with the package lists that are here")
    install = [*apt_get, "install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]
    if call([*install, *missing], quiet=True) != 0:
        say("some packages could not be had together; trying them one by one")
        refused = [name for name in missing if call([*install, name], quiet=True) != 0]
        if refused:
            say(f"could not install: {' '.join(refused)}. What needs them says so below")


def as_root(missing: Sequence[str]) -> list[str]:
    """apt-get that asks nothing, run as root. Ends the program where that is impossible."""
    command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    if os.geteuid() == 0:
        return command
    if not shutil.which("sudo"):
        fail(f"not root, and there is no sudo. As root, run: apt-get install {' '.join(missing)}")
    if call(["sudo", "-v"]) != 0:
        fail(f"sudo refused. Ask an administrator to run: apt-get install {' '.join(missing)}")
    return ["sudo", *command]


def is_ubuntu() -> bool:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return False
    return "ubuntu" in (release["ID"], *release.get("ID_LIKE", "").split())


def is_here(package: str) -> bool:
    """Whether a Debian package is installed, or what it is for is here without it."""
    if package == f"{OWN_PYTHON}-venv":
        return importlib.util.find_spec("ensurepip") is not None
    if package == f"lib{OWN_PYTHON}-dev":
        return python_header().is_file()
    if package in PROGRAM_OF and has_program(PROGRAM_OF[package]):
        return True
    # Since 2024 some libraries carry the width of their time_t in the name.
    return is_installed(package) or (package.startswith("lib") and is_installed(f"{package}t64"))


def has_program(name: str) -> bool:
    """Whether a program is here, and not as a snap."""
    path = shutil.which(name)
    return path is not None and not path.startswith("/snap/") and Path(path).resolve().name != "snap"


def is_installed(package: str) -> bool:
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True, check=False
    )
    return done.stdout.startswith("install ok installed")


def python_header() -> Path:
    return Path(sysconfig.get_path("include"), "Python.h")


def make_environment() -> None:
    """A plain virtual environment with the project in it, made again when what it is made from has changed."""
    wanted = fingerprint(ROOT, can_compile=can_compile())
    stamp = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    if stamp == wanted and is_own_environment() and (has_extension() or not can_compile()):
        say("step 2 of 2: the environment in .venv is up to date")
        return
    say("step 2 of 2: making the environment in .venv and installing the project into it")
    started = time.monotonic()
    if not is_own_environment():
        step(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            f"could not make a virtual environment (on Debian and Ubuntu: apt-get install {OWN_PYTHON}-venv)",
        )
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    step([*pip, "--upgrade", "pip"], "pip could not be updated: is the package index reachable?")
    step(
        [*pip, "--editable", ".[tray,demo,test]"],
        "the project's libraries could not be installed; pip's own words stand above",
    )
    STAMP.write_text(wanted, encoding="utf-8")
    say(f"done in {time.monotonic() - started:.0f} s")
    if not has_extension():
        say(
            "the C extension is not built (it needs a C compiler and Python.h): GOST runs in Python, with the same "
            "results, but slowly"
        )


def lock_libraries() -> None:
    """The libraries that packages bring, each from a file whose digest is in the lock, in place of what setting up took."""
    wanted = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()} {STAMP.stat().st_mtime_ns}"
    if LOCKED_STAMP.exists() and LOCKED_STAMP.read_text(encoding="utf-8") == wanted:
        return
    say(f"installing the libraries that {LOCK.relative_to(ROOT)} names, by their digests")
    # Those that are here already came without a look at their digests.
    words = [
        "--force-reinstall",
        "--require-hashes",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--requirement",
        str(LOCK),
    ]
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    step([*pip, *words], "the locked libraries could not be installed; pip's own words stand above")
    LOCKED_STAMP.write_text(wanted, encoding="utf-8")


def is_own_environment() -> bool:
    """Whether .venv works and belongs to the Python that runs this."""
    if not PYTHON.exists():
        return False
    version = subprocess.run(
        [PYTHON, "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=False
    )
    return version.stdout.strip() == sys.version.strip()


def can_compile() -> bool:
    return not IS_WINDOWS and shutil.which("cc") is not None and python_header().is_file()


def has_extension() -> bool:
    return any((ROOT / "agent" / "gost").glob("_native.*.so"))


def fingerprint(root: Path, *, can_compile: bool) -> str:
    """Changes when the environment has to be made again."""
    digest = hashlib.sha256(f"{sys.version} {root} {can_compile}".encode())
    gost = root / "agent" / "gost"
    for path in [root / "pyproject.toml", root / "setup.py", *sorted(gost.rglob("*.[ch]"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def step(command: Sequence[str], complaint: str) -> None:
    # Warnings of a build are for who changes pyproject.toml; errors are shown all the same.
    if call(command, environment={**os.environ, "PYTHONWARNINGS": "ignore"}) != 0:
        fail(complaint)


# --- the commands ---------------------------------------------------------------------------------------------------


def demo(arguments: argparse.Namespace) -> int:
    set_up(demo_packages())
    auto = arguments.auto or not has_display()
    if auto and not arguments.auto:
        say("there is no display here: playing the whole scenario by itself (as with --auto)")
    command = [str(PYTHON), "-m", "demo.scenario", *scenario_arguments(arguments, auto=auto)]
    if not IS_WINDOWS:
        # In our place: whoever stops ./dev stops the scenario itself, which ends all that it started.
        os.execv(PYTHON, command)  # noqa: S606  # no shell: the arguments are a list
    return call(command)


def scenario_arguments(arguments: argparse.Namespace, *, auto: bool) -> list[str]:
    """Each play starts afresh; what a person did in the portal is kept beside it."""
    state = ROOT / ".demo" / ("auto" if auto else "person")
    chosen = ["--state", str(state), "--out", str(arguments.out), "--port", str(arguments.port)]
    return [*chosen, "--auto"] if auto else chosen


def has_display() -> bool:
    if IS_WINDOWS or sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def test(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    set_up(
        [*(quick_packages() if arguments.quick else demo_packages()), *QUICK_TEST_PACKAGES]
        + ([] if arguments.quick else [*TEST_PACKAGES, *PACKAGE_PACKAGES, *PACKAGE_TEST_PACKAGES])
    )
    checks = [
        ("lint", ["-m", "ruff", "check", "."]),
        ("format", ["-m", "ruff", "format", "--check", "."]),
        ("types", ["-m", "mypy"]),
        *((name, ["-m", "pytest", *words]) for name, words in runs_of_pytest(arguments)),
    ]
    failed = []
    for name, command in checks:
        say(f"{name}: python {' '.join(command)}")
        if call([str(PYTHON), *command]) != 0:
            failed.append(name)
    minutes = (time.monotonic() - started) / 60
    say(f"{'failed: ' + ', '.join(failed) if failed else 'all passed'}, in {minutes:.1f} minutes")
    return 1 if failed else 0


def runs_of_pytest(arguments: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """The names of the runs that the tests are split into, and what pytest is given for each."""
    common = ["--durations=20", "--durations-min=0.5", "-ra" if arguments.strict else "-rfE"]
    if arguments.strict:
        common.append("--strict-tools")
    if arguments.vectors:
        # In one word: before its plug-ins are read, pytest takes a second word for a folder of tests.
        common.append(f"--vectors={arguments.vectors}")
    # Units share nothing, so all processors work at them; windows and browsers would get into each other's way.
    units = [*common, "--numprocesses=auto", "--dist=loadfile", "-m", "unit"]
    if arguments.quick:
        return [("tests", [*units, *arguments.pytest])]
    if arguments.pytest:
        return [("tests", [*common, *arguments.pytest])]
    return [("units", units), ("tests", [*common, "-m", "not unit"])]


def sbom(arguments: argparse.Namespace) -> int:
    """Of this environment, in which the libraries are of the versions that a package made now would have."""
    make_environment()
    ours = [str(PYTHON), "-m", "installer.shipped"]
    files = ["--out", str(arguments.out / "qalamsap.cdx.json"), "--python", str(PYTHON)]
    return call([*ours, "sbom", *files]) or call([*ours, "licences", "--out", str(arguments.out)])


def package(arguments: argparse.Namespace) -> int:
    """What is packaged is what is in this folder, with the libraries that are locked, not those of the day."""
    set_up([*quick_packages(), *PACKAGE_PACKAGES])
    lock_libraries()
    return call([str(PYTHON), "-m", "installer.linux", arguments.kind, *arguments.builder])


MADE_HERE = (
    ".venv", ".demo", "artefacts", "build", "dist", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
    "*.egg-info", "agent/gost/_native*.so", "agent/gost/_native*.pyd", "__pycache__",
    "agent/**/__pycache__", "protocol/**/__pycache__", "tray/**/__pycache__", "demo/**/__pycache__",
    "tests/**/__pycache__", "benchmarks/**/__pycache__", "installer/**/__pycache__",
)  # fmt: skip


def clean(root: Path) -> int:
    for path in sorted(path for pattern in MADE_HERE for path in root.glob(pattern)):
        if path.name != "__pycache__":
            say(f"removing {path.relative_to(root)}")
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError as error:
            fail(f"could not remove it: {error}. Is something of it running, or made by another user?")
    say("clean. Debian packages stay; remove them with apt-get if nothing else needs them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
