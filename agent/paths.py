"""Where things live: the only file that knows. Private to the person from the first octet on.

    state folder    what the agent writes: TLS identity, journal, grants, log, lock, control endpoint
    config folder   what people write: config.toml, and in authorities/ the certificates of authorities that they trust

Both follow the habits of the system (platformdirs). `resolve(state_dir=...)` puts everything below one folder instead, for
simulation and tests.
"""

import contextlib
import errno
import getpass
import itertools
import os
import stat
import sys
import tempfile
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import platformdirs

APPLICATION = "qalamsap"
BUNDLE = "kz.qalamsap"
"""Our name on macOS."""

# A system that was installed in another language than it speaks now keeps its old names.
_FOLDER_NAMES = (
    "Downloads",
    "Desktop",
    "Documents",
    "Загрузки",
    "Рабочий стол",
    "Документы",
    "Жүктемелер",
    "Жұмыс үстелі",
    "Құжаттар",
)

_STICKS = ("/media", "/run/media")
_MOST_STICKS = 4

CODE_ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds our packages. Our child processes start there, so that `python -m` loads our code and no file of the
folder in which the person happened to start the agent."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders, and every file that more than one part of the program must find."""

    state_dir: Path
    config_dir: Path
    moved_journal: Path | None = field(default=None, compare=False)
    """Where the journal lies instead, if a policy says so."""

    @property
    def config_file(self) -> Path:
        return self.config_dir / "config.toml"

    @property
    def tls_dir(self) -> Path:
        return self.state_dir / "tls"

    @property
    def control_socket(self) -> Path:
        """On Windows a file that stands for one (agent.own_sockets)."""
        return self.state_dir / "control.sock"

    @property
    def lock(self) -> Path:
        return self.state_dir / "agent.lock"

    @property
    def desk_socket(self) -> Path:
        return self.state_dir / "desk.sock"

    @property
    def desk_lock(self) -> Path:
        return self.state_dir / "desk.lock"

    @property
    def journal(self) -> Path:
        return self.moved_journal or self.state_dir / "journal.jsonl"

    @property
    def grants(self) -> Path:
        return self.state_dir / "grants.json"

    @property
    def chosen_files(self) -> Path:
        """Which files the person chose for which sites."""
        return self.state_dir / "chosen-files.json"

    @property
    def key_folders(self) -> Path:
        """What the file chooser remembers between windows."""
        return self.state_dir / "folders.json"

    @property
    def key_library(self) -> Path:
        """Whose the key files are that were opened here, and where the person wants key files looked for."""
        return self.state_dir / "key-library.json"

    @property
    def authorities(self) -> Path:
        """The folder of certificates of authorities that are trusted beside the national ones."""
        return self.config_dir / "authorities"

    def authority_folders(self) -> tuple[Path, ...]:
        """That folder, if it is there."""
        return (self.authorities,) if self.authorities.is_dir() else ()

    @property
    def authority_certificates(self) -> Path:
        """The folder of the national authorities' certificates, as they were downloaded."""
        return self.state_dir / "authority-certificates"

    @property
    def authority_cache(self) -> Path:
        """The folder of answers of authorities' servers that are still good."""
        return self.state_dir / "authority-cache"

    @property
    def password_guesses(self) -> Path:
        """How many times callers tried passwords at key files."""
        return self.state_dir / "password-guesses.json"

    @property
    def spool(self) -> Path:
        """The folder where uploads of pages lie, in files without a name."""
        return self.state_dir / "spool"

    @property
    def shown(self) -> Path:
        """The folder in which commands say that they have a window open (agent.instance)."""
        return self.state_dir / "shown"

    @property
    def updates(self) -> Path:
        """The folder of what updates remember and fetch."""
        return self.state_dir / "updates"

    @property
    def updates_record(self) -> Path:
        """What came of the last look for a new version."""
        return self.updates / "state.json"

    @property
    def log(self) -> Path:
        return self.state_dir / "agent.log"

    @property
    def language(self) -> Path:
        """The language chosen in the tray icon's menu."""
        return self.state_dir / "language"

    @property
    def simulated_authority(self) -> Path:
        """Certificate of the local TLS authority, where a simulation leaves it for its tests to trust."""
        return self.state_dir / "ca.pem"


def settings_home() -> Path:
    """The folder in which all programs of the person keep their settings."""
    home = platformdirs.user_config_path()
    # A relative one is to be ignored (XDG Base Directory Specification, "Basics").
    return home if home.is_absolute() else Path.home() / ".config"


def policy_file() -> Path:
    """Where whoever runs the computer sets what people can't change. The same for everybody, wherever their own settings lie: no
    variable of the environment leads elsewhere. Windows has the registry instead."""
    return Path("/etc") / APPLICATION / "policy.toml"


def policy_folder() -> Path:
    """The folder of more such files, each of them stronger than those before it by name."""
    return policy_file().with_name("policy.d")


def distribution_file() -> Path:
    """What a package sets in place of our defaults. People may set it otherwise."""
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / APPLICATION / "defaults.toml"
    return Path("/usr/share") / APPLICATION / "defaults.toml"


def managed_preferences(user: str) -> tuple[Path, Path]:
    """Where macOS leaves what a configuration profile sets: for this person, and for the whole computer."""
    folder, name = Path("/Library/Managed Preferences"), f"{BUNDLE}.plist"
    return folder / user / name, folder / name


def of_person(text: str) -> Path:
    """The path that is written with "~" for the person's home and {user} for the name of their account."""
    return Path(text.replace("{user}", account())).expanduser()


def account() -> str:
    """The name of the account under which we run, whatever the environment says."""
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415  # Windows has none

        with contextlib.suppress(KeyError):
            return pwd.getpwuid(os.getuid()).pw_name
        return str(os.getuid())
    return getpass.getuser()  # untested


def machine_tls_dir() -> Path:
    """Where the TLS identity of the whole machine lies, if `qalamsap trust install --machine` was told to put it there."""
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / APPLICATION / "tls"
    if sys.platform == "win32":
        return Path(sys.prefix) / "machine" / "tls"  # of the package for machines: below Program Files
    return Path("/var/lib") / APPLICATION / "tls"


def broker_socket() -> Path:
    """Where agents register with the broker of a terminal server, if there is one. In a folder that only root can make."""
    return Path("/run") / APPLICATION / "broker.sock"


def state_in_profile(profile: Path) -> Path:
    """Where the state folder of another person lies on Windows, in the usual place of their profile."""
    return profile / "AppData" / "Local" / APPLICATION


def usual_key_folders() -> tuple[Path, ...]:
    """Where people keep key files: sticks that are plugged in, what their system calls downloads, desktop and documents, then their home."""
    home = Path.home()
    localised = (
        platformdirs.user_downloads_path(),
        platformdirs.user_desktop_path(),
        platformdirs.user_documents_path(),
    )
    named = tuple(home / name for name in _FOLDER_NAMES)
    return tuple(dict.fromkeys((*_sticks(), *localised, *named, home)))


def _sticks() -> tuple[Path, ...]:
    """What Linux shows of the person's removable disks, a folder for each."""
    found: list[Path] = []
    for place in _STICKS:
        with contextlib.suppress(OSError, KeyError):  # KeyError: nobody is logged in under this number
            found += sorted((Path(place) / getpass.getuser()).iterdir())
    return tuple(found[:_MOST_STICKS])


def homes() -> tuple[Path, Path]:
    """Where all programs of this person keep what they bring to the desktop, and their settings: XDG's data and config folders."""
    return platformdirs.user_data_path(), platformdirs.user_config_path()


def resolve(state_dir: Path | None = None) -> Paths:
    """The places for this person; all below `state_dir` if one is given. Creates nothing."""
    if state_dir is not None:
        folder = state_dir.expanduser().absolute()
        return Paths(state_dir=folder, config_dir=folder)
    return Paths(
        state_dir=platformdirs.user_state_path(APPLICATION, appauthor=False),
        config_dir=platformdirs.user_config_path(APPLICATION, appauthor=False),
    )


def make_private(folder: Path) -> None:
    """Makes the folder and what is missing above it; the folder itself ends up readable by its owner only. OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def write_private(path: Path, content: bytes) -> None:
    """Replaces the file in one step, in a folder that is made private, too. OSError."""
    make_private(path.parent)
    replace_private(path, content)


def replace_private(path: Path, content: bytes | bytearray) -> None:
    """Replaces the file in one step; nobody else can read it at any moment. OSError."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")  # 0600
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def put_aside(path: Path) -> None:
    """Moves a record that makes no sense out of the way of a new one; an earlier one there is lost. OSError."""
    path.replace(path.with_name(f"{path.name}.broken"))


def free(path: Path, taken: Container[Path] = ()) -> Path:
    """The path; or, where something is there or it is `taken`, the next of its name that is free: "act.pdf (2).cms"."""
    numbers = itertools.count(2)
    found = path
    while found in taken or os.path.lexists(found):
        found = path.with_name(f"{path.stem} ({next(numbers)}){path.suffix}")
    return found


def open_file(path: Path) -> BinaryIO:
    """The file, open for reading. Raises OSError, also for what is no file: a pipe would keep us waiting for ever."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no file")
    return os.fdopen(descriptor, "rb")


def write_whole(path: Path, content: bytes, *, only_new: bool = False) -> None:
    """Replaces the file in one step, for the person's own results: the folder must be there, access is as by `open`. OSError.

    With `only_new` FileExistsError where something stands there already.
    """
    with replacing(path, only_new=only_new) as stream:
        stream.write(content)


def _rename_to_new(source: Path, path: Path) -> None:
    """Not by a hard link, which file systems of sticks do not have: an empty file holds the name for a moment. Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        source.replace(path)
    except OSError:
        path.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replacing(path: Path, *, only_new: bool = False) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` in one step when the block ends well, and leaves nothing where it does not.

    A link that stands there is replaced itself. With `only_new` nothing may stand there, not even a link that leads nowhere.
    Raises OSError; FileExistsError at the block's end.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if os.name == "posix":
            mask = os.umask(0o077)  # it can only be read by setting it
            os.umask(mask)
            Path(temporary).chmod(0o666 & ~mask)
        if only_new:
            _rename_to_new(Path(temporary), path)
        else:
            Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
