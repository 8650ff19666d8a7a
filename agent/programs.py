"""How our own programs are started: the only place that knows.

    from source, or pip's environment     the interpreter that runs this, with `-m` and the module
    from a package of ours                an interpreter of the package's own, which sees nothing but the package: `-I` shuts out the
                                          environment, the person's own libraries and the folder that somebody happens to stand in

A package has its interpreter once for each kind of process, under another name (`qalamsap-worker`, ...), and in its folder a file
`qalamsap-package` that holds one word: how it is packaged. So lists of processes say what they are, and the system's own rules
(AppArmor) can tell the one that holds a key from the one that reads strange documents.

Every function gives a command line. Who starts one starts it in `agent.paths.CODE_ROOT`.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast, get_args

Packaging: TypeAlias = Literal["deb", "rpm", "appimage", "msi", "pkg"]
Kind: TypeAlias = Literal["agent", "worker", "renderer", "window", "desk", "icon", "broker"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

MARKER: Final = "qalamsap-package"
LAUNCHER: Final = "qalamsap"
BY_PACKAGE_MANAGER: Final = frozenset({"deb", "rpm"})
_SYSTEM_COMMAND = Path("/usr/bin/qalamsap")
_ENDING = ".exe" if os.name == "nt" else ""
# On Windows the command for consoles is another program than the one that desktops start: that one opens no console.
_STARTED = f"{LAUNCHER}w.exe" if os.name == "nt" else LAUNCHER


def packaged_as(prefix: Path | None = None) -> Packaging | None:
    """Which package of ours this is; None where it is none. `prefix` is another folder than this program's only in tests."""
    try:
        word = (Path(sys.prefix if prefix is None else prefix) / MARKER).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return cast("Packaging", word) if word in get_args(Packaging) else None


def is_kept_by_system() -> bool:
    """Whether the system's package manager installed this, and so is who brings new versions."""
    return packaged_as() in BY_PACKAGE_MANAGER


def agent(*words: str) -> tuple[str, ...]:
    """One of our commands, for programs; what people and desktops start is `command`."""
    return _module("agent", "agent", *words)


def worker(*words: str) -> tuple[str, ...]:
    return _module("worker", "agent", "worker", *words)


def broker(*words: str) -> tuple[str, ...]:
    return _module("broker", "agent.broker", *words)


def renderer(*words: str) -> tuple[str, ...]:
    """It is given no environment but `renderer_environment`."""
    command, *rest = _module("renderer", "agent.renderer", *words)
    return (command, *rest) if rest[0] == "-I" else (command, "-P", *rest)


def renderer_environment(code_root: Path) -> dict[str, str]:
    """Nothing of ours is its business; the folder that this program lies in is where it finds its own modules."""
    return {} if packaged_as() else {"PYTHONPATH": str(code_root)}


def window(*words: str) -> tuple[str, ...]:
    return _module("window", "tray", "window", *words)


def desk() -> tuple[str, ...]:
    return _module("desk", "tray", "desk")


def icon() -> tuple[str, ...]:
    return _module("icon", "tray", "icon")


def browser(url: str) -> tuple[str, ...]:
    """Opens the person's browser. A child, for the standard library's way blocks until some browsers end."""
    return _module("agent", "webbrowser", url)


def module(name: str, *words: str) -> tuple[str, ...]:
    """Another module of ours that is a program."""
    return _module("agent", name, *words)


def script(code: str, *words: str) -> tuple[str, ...]:
    """A few lines of Python that use our modules."""
    return (*_interpreter("agent"), "-c", code, *words)


def command(
    *words: str, executable: str | None = None, environment: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """What a person, a desktop's entry or the system starts, today and after the next log-in.

    Where the system has our command, that is its path; an AppImage is started as the file that it is, for the folder that
    it runs from is gone when it ends.
    """
    values = os.environ if environment is None else environment
    here = Path(sys.executable if executable is None else executable)
    image = values.get("APPIMAGE", "")
    if image and packaged_as() == "appimage":
        return (image, *words)
    beside = here.with_name(_STARTED)
    if beside.is_file():
        shown = _SYSTEM_COMMAND if _leads_to(_SYSTEM_COMMAND, beside) else beside
        return (str(shown), *words)
    return (*_interpreter("agent"), "-m", "agent", *words)


def _leads_to(link: Path, target: Path) -> bool:
    try:
        return link.samefile(target)
    except OSError:
        return False


def _module(kind: Kind, name: str, *words: str) -> tuple[str, ...]:
    return (*_interpreter(kind), "-m", name, *words)


def _interpreter(kind: Kind) -> tuple[str, ...]:
    """Isolated where it is our own; by its name for this kind of process where it has one."""
    if packaged_as() is None:
        return (sys.executable,)
    own = Path(sys.executable).with_name(f"{LAUNCHER}-{kind}{_ENDING}")
    return (str(own) if own.is_file() else sys.executable, "-I")
