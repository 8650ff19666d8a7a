"""Names in the text of docs/admin (settings, paths, events, units, policies, commands), compared with what the code has."""

import dataclasses
import functools
import itertools
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest import mock

import yaml
from platformdirs import windows
from platformdirs.api import PlatformDirsABC
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from agent import event_ids, paths
from agent.settings import SETTINGS
from installer.windows import tables
from tests.support import admin_pages
from tests.support.admin_pages import REPOSITORY, Page

# Where names come from. Files that are no text (and what was built) are left out.
SOURCES = ("agent", "protocol", "tray", "demo", "installer", "sdk/src", "dev.py", "dev", "pyproject.toml")
LEFT_OUT = {"__pycache__", "node_modules"}
MAX_SOURCE_BYTES = 512 * 1024

_PATH = re.compile(r"(~/|/|%[A-Za-z() 0-9]+%\\|HK(LM|CU|EY_[A-Z_]+)\\|[A-Z]:\\|\$[A-Z_]+/)[^\s]*")
_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|[A-Z]{5,}")
_CAMEL = re.compile(r"([A-Z][a-z]+){2,}|[a-z]+([A-Z][a-z]+)+")
_UNIT = re.compile(
    r"qalamsap[\w@-]*\.(service|socket|timer|path|target|plist|desktop|mobileconfig|admx|adml|msi|deb|rpm|pkg)"
)

# Of systems and programs that are not ours.
FOREIGN_PATHS = frozenset(
    {
        "/", "/etc", "/tmp", "/run", "/usr", "/home", "/var/log/journal", "/dev/log", "/run/systemd/journal/socket", "/proc/net/tcp",
        "/proc/net/tcp6", "/qn", "/quiet", "/norestart", "/i", "/x", "/l*v", "/s", "/v", "//a//b", r"%SystemRoot%\PolicyDefinitions",
    }
)  # fmt: skip
FOREIGN_NAMES = frozenset(
    {
        "SYSLOG_IDENTIFIER", "MESSAGE", "PRIORITY", "LD_PRELOAD", "QT_PLUGIN_PATH", "start_tls", "roles_path",
        "LocalNetworkAccessRestrictionsTemporaryOptOut",
    }
)  # fmt: skip


@functools.cache
def corpus() -> str:
    """All that our own sources say, with Windows' paths written once whatever they are quoted in."""
    found = []
    for name in SOURCES:
        place = REPOSITORY / name
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in files:
            if (
                not path.is_file()
                or path.suffix == ".md"  # a page is no witness for what it says itself
                or LEFT_OUT.intersection(path.parts)
                or path.stat().st_size > MAX_SOURCE_BYTES
            ):
                continue
            try:
                found.append(path.read_text(encoding="utf-8"))
            except UnicodeDecodeError:
                continue
    return "\n".join(found).replace("\\\\", "\\")


@functools.cache
def words() -> frozenset[str]:
    """Every identifier-like word of the sources."""
    return frozenset(re.findall(r"\w+", corpus()))


@dataclasses.dataclass(frozen=True)
class Places:
    """Where agent.paths looks on one system, as people write it there."""

    settings: str
    state: str
    machine: str
    defaults: str
    """A file; of no use on Windows, whose registry has them."""


SYSTEMS: Mapping[str, tuple[str, type[PlatformDirsABC]]] = {
    "Linux": ("linux", Unix),
    "Windows": ("win32", Windows),
    "macOS": ("darwin", MacOS),
}


@functools.cache
def places(system: str) -> Places:
    """Where they are on that system, whichever this is."""
    platform, folders = SYSTEMS[system]
    home = "/home/somebody"
    with (
        mock.patch.dict("os.environ", {"HOME": home}, clear=True),
        mock.patch.object(windows, "get_win_folder", lambda name: f"%{name.removeprefix('CSIDL_').replace('_', '')}%"),
        mock.patch.object(paths.platformdirs, "user_state_path", lambda *words, **given: folders(*words, **given).user_state_path),
        mock.patch.object(paths.platformdirs, "user_config_path", lambda *words, **given: folders(*words, **given).user_config_path),
        mock.patch.object(sys, "platform", platform),
        mock.patch.object(sys, "prefix", r"%ProgramFiles%\Qalamsap"),
    ):  # fmt: skip
        own = paths.resolve()
        found = (own.config_dir, own.state_dir, paths.machine_tls_dir().parent, paths.distribution_file())
    texts = [str(path).replace(home, "~") for path in found]
    return Places(*(text.replace("/", "\\") if platform == "win32" else text for text in texts))


@functools.cache
def computed_paths() -> frozenset[str]:
    """The places of one person, as Linux has them, written from ~; and the folders of other systems."""
    home = Path("/home/somebody")
    with mock.patch.dict("os.environ", {"HOME": str(home)}, clear=True):
        own = paths.resolve()
    found = {
        str(own.state_dir),
        str(own.config_dir),
        str(paths.policy_file()),
        str(paths.policy_file().parent),
    }
    for name in dir(type(own)):
        if isinstance(getattr(type(own), name), property):
            found.add(str(getattr(own, name)))
    of_systems = {path for system in SYSTEMS for path in dataclasses.astuple(places(system))}
    of_systems |= {rf"%ProgramFiles%\{tables.NAME}", rf"%LOCALAPPDATA%\Programs\{tables.NAME}"}
    return frozenset(path.replace(str(home), "~") for path in found) | of_systems


def is_known_path(path: str) -> bool:
    """Whether our code has it: as a whole, by its places, or as a name of ours in a folder that it has."""
    path = re.sub(r"^HK(LM|CU|EY_[A-Z_]+)\\", "", path.rstrip("/\\.,;:") or path)
    if path in FOREIGN_PATHS or path in computed_paths():
        return True
    fixed = re.split(r"[*<{…?]|NAME|USER", path)[0]
    if fixed != path:  # a pattern: what stands before its first free place
        return fixed in ("/", "~/") or is_known_path(re.sub(r"[^/\\]*$", "", fixed))
    written = (
        f"/?{re.escape(path[1:])}" if path.startswith("/") else re.escape(path)
    )  # some places are told from a root
    if re.search(rf"(?<![\w.-]){written}(?![\w-])", corpus(), re.IGNORECASE if "\\" in path else 0):
        return True
    folder, _, leaf = path.rpartition("\\" if "\\" in path else "/")
    has_leaf = re.search(rf"(?<![\w.-]){re.escape(leaf)}(?![\w.-])", corpus()) is not None
    return len(leaf) > 2 and has_leaf and "qalamsap" in folder.lower() and is_known_path(folder)


def complaints(page: Page) -> list[str]:
    """What the page names and the code does not have."""
    found = list(itertools.chain(*(_inline_complaints(text) for text in dict.fromkeys(page.inline()))))
    return [f"{page.name}: {each}" for each in (*found, *_event_complaints(page), *_block_complaints(page))]


def _inline_complaints(text: str) -> Iterator[str]:
    if match := re.match(r"(sudo )?qalamsap(?:\.exe)? (?P<words>.+)", text):
        try:
            said = shlex.split(match["words"])
        except ValueError:
            said = match["words"].split()
        cut = next((number for number, word in enumerate(said) if word in {"|", ">", "&&", ";"}), len(said))
        if complaint := admin_pages.outline_complaint(said[:cut]):
            yield f"`{text}`: {complaint}"
    elif _PATH.fullmatch(text):
        if not is_known_path(text):
            yield f"no path of ours: `{text}`"
    elif _UNIT.fullmatch(text):
        if text not in corpus() and not is_file_of_ours(text):
            yield f"no unit or file of ours: `{text}`"
    else:
        name = re.split(r"[ =:(\[]", text)[0]
        is_name = any(form.fullmatch(name) for form in (_SNAKE, _CAPITALS, _CAMEL))
        if (
            is_name
            and name not in words() | FOREIGN_NAMES
            and name not in {each.upper() for each in SETTINGS}
        ):
            yield f"nothing in the code is called `{name}`"


def is_file_of_ours(name: str) -> bool:
    return any((REPOSITORY / "installer").rglob(name))


_NAMED_EVENTS = re.compile(
    r"(?:\b[Ee]vents? |\bid=|\bQALAMSAP_EVENT_ID=|^\| *)((?:1\d{3}(?:, | and | to | or )?)+)(?!\d)",
    re.MULTILINE,
)


def _event_complaints(page: Page) -> Iterator[str]:
    """Events that the text names by their number are there, and rows of tables that begin with one tell the event of that id."""
    by_id = {event.id: name for name, event in event_ids.EVENTS.items()}
    for number, rest in re.findall(r"^\| *(1\d{3}) *\|([^|\n]+)", page.prose(), re.MULTILINE):
        if int(number) != event_ids.UNLISTED and rest.strip(" `") != by_id.get(int(number)):
            yield f"event {number} is {by_id.get(int(number))!r}, not {rest.strip()!r}"
    for numbers in _NAMED_EVENTS.findall(page.text):
        for number in map(int, re.findall(r"1\d{3}", numbers)):
            if number not in by_id and number != event_ids.UNLISTED:
                yield f"there is no event {number}"


def _block_complaints(page: Page) -> Iterator[str]:
    """Places and files of ours that commands name, and variables of the role for Ansible."""
    for block in page.blocks():
        if "wrong" in block.flags:
            continue
        for path in re.findall(r"(?<![\w.:/-])/(?:etc|usr|var|run|opt)/[\w./-]*qalamsap[\w./-]*", block.text):
            if not is_known_path(path) and path not in _made(page):
                yield f"{block.where}: no path of ours: {path}"
        for unit in {found[0] for found in _UNIT.finditer(block.text)}:
            if unit not in corpus() and not is_file_of_ours(unit):
                yield f"{block.where}: no unit or file of ours: {unit}"
        if block.language == "yaml":
            named = set(re.findall(r"\bqalamsap_[a-z]\w*(?=\s*:)", block.text))
            for variable in sorted(named - role_variables()):
                yield f"{block.where}: the role for Ansible has no variable {variable}"


@functools.cache
def role_variables() -> frozenset[str]:
    defaults = REPOSITORY / "installer/ansible/roles/qalamsap/defaults/main.yml"
    return frozenset(yaml.safe_load(defaults.read_text(encoding="utf-8")))


def _made(page: Page) -> set[str]:
    """Files that the page itself has written."""
    return {block.values["file"] for block in page.blocks() if "file" in block.values}


def settings_told(page: Page) -> list[str]:
    """The settings that rows of the page's tables begin with, in their order."""
    return [name for name in re.findall(r"^\| *`(\w+)`", page.prose(), re.MULTILINE) if name in SETTINGS]
