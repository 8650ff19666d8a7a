"""The settings: read once, at the start, into a frozen Config. Each value knows where it came from.

A value comes from the default, then config.toml, then the flags, then the policy of whoever runs the computer; the last one wins. An
unknown name in a file is an error that names the nearest known one: a setting that is silently ignored is worse than none.

The policy is a file of the same form that the person can't write (agent.paths); what it sets is locked.

    port = 13579               the port pages call; 0 takes a free one
    language = "ru"            of windows and tray: kk, ru, en
    theme = "system"           of windows: as the system says, or light, dark, contrast
    tray = "auto"              "off": no icon
    notifications = true       false: the icon shows no messages when a window waits or a key ends soon
    log_level = "info"         debug, info, warning, error
    plain_websocket = false    true: pages may also come by ws://, on the same port and by the same rules (decision 0017)
    flat_api = false           true: pages may also use NCALayer's first methods, which send the key's password (decision 0019)
    https_api = false          true: the HTTPS interface for large documents is served too (decision 0020)
    https_api_port = 24680     its port; 0 takes a free one
    spare_minutes = 15         how long a process waits ready after the last page left; 0: none waits
    key_folders = []           folders whose key files the window offers before all others
    unlock_minutes = 0         for how long a key may stay open once its password was typed, if the person wants it; 0: never
    timestamp_url = "http://tsp.pki.gov.kz/"
                               whom to ask for timestamps; the test site's is http://test.pki.gov.kz/tsp/
    ocsp_url = ""              whom to ask whether certificates are revoked; "": whom each certificate names
    proxy = "system"           what stands between us and authorities' servers: "system", "none", or http://host:port
    offline = false            true: no server is asked anything
    fetch_hosts = []           servers that may be asked beside the national ones: "host", "*.host", or "host:port", which
                               may then lie in a private network (agent.fetch_hosts)
    authorities = []           files with certificates of authorities that are trusted like the national ones, or folders of
                               such files, beside the folder authorities/ that lies where this file does

    [sites."https://x.kz"]     how pages of that origin are understood and answered where NCALayer's ways are not known for sure
    basics_cms = "base64"      (docs/readings.md has all of them)
"""

import argparse
import difflib
import locale
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args, get_type_hints

from agent import fetch_hosts, paths
from agent.errors import AgentError, BadInput
from agent.origins import Origin
from agent.paths import Paths
from protocol.prompts import Language
from protocol.readings import Readings

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
Tray: TypeAlias = Literal["auto", "off"]
Theme: TypeAlias = Literal["system", "light", "dark", "contrast"]
Source: TypeAlias = Literal["default", "file", "flag", "tray", "policy"]

DEFAULT_PORT = 13579
DEFAULT_HTTPS_API_PORT = 24680
MAX_FILE_BYTES = 64 * 1024
MAX_SPARE_MINUTES = 24 * 60
MAX_UNLOCK_MINUTES = 60
MAX_ITEMS = 32  # of a setting that is a list
DEFAULT_TIMESTAMP_URL = "http://tsp.pki.gov.kz/"


class BadConfig(AgentError):
    """A setting can't be used. `detail` names it, and what was expected."""

    code = "bad-config"


@dataclass(frozen=True, slots=True)
class Simulation:
    """A scripted person in place of a real one: the answers they give, and the test authorities whose keys they use.

    `tokens` are the storage names of the tokens that are plugged in, by the file of answers (agent.user.scripted).
    """

    answers: Path
    test_authorities: tuple[Path, ...] = ()
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """What the program was told. `sources` says for each setting where its value came from."""

    paths: Paths
    port: int = DEFAULT_PORT
    language: Language = "ru"
    theme: Theme = "system"
    tray: Tray = "auto"
    notifications: bool = True
    log_level: LogLevel = "info"
    plain_websocket: bool = False
    flat_api: bool = False
    https_api: bool = False
    https_api_port: int = DEFAULT_HTTPS_API_PORT
    spare_minutes: int = 15
    key_folders: tuple[Path, ...] = ()
    unlock_minutes: int = 0
    timestamp_url: str = DEFAULT_TIMESTAMP_URL
    ocsp_url: str = ""
    proxy: str = "system"
    offline: bool = False
    fetch_hosts: tuple[str, ...] = ()
    authorities: tuple[Path, ...] = ()
    sites: Mapping[str, Readings] = field(default_factory=dict)
    simulation: Simulation | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `run` and `simulate` that `load` understands."""
    parser.add_argument(
        "--port", type=int, metavar="N", help=f"port to listen on (default {DEFAULT_PORT}; 0: a free one)"
    )
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="keep everything the agent writes below DIR"
    )
    parser.add_argument("--language", choices=get_args(Language), help="language of windows and tray")
    parser.add_argument("--tray", choices=get_args(Tray), help="whether to show the tray icon")
    parser.add_argument(
        "--key-folder",
        dest="key_folders",
        type=Path,
        metavar="DIR",
        action="append",
        help="offer the key files in DIR before all others (again for more)",
    )
    parser.add_argument(
        "--plain-websocket",
        action="store_const",
        const=True,
        help="let pages in by ws:// too, on the same port",
    )
    parser.add_argument(
        "--flat-api",
        action="store_const",
        const=True,
        help="let pages use NCALayer's first methods, which send the key's password",
    )
    parser.add_argument(
        "--https-api",
        action="store_const",
        const=True,
        help="serve the HTTPS interface for large documents too",
    )
    parser.add_argument(
        "--https-api-port",
        type=int,
        metavar="N",
        help=f"its port (default {DEFAULT_HTTPS_API_PORT}; 0: a free one)",
    )
    parser.add_argument("--log-level", choices=get_args(LogLevel), help="how much to log (default info)")
    add_network_arguments(parser, timestamps=True, revocation=True, trust=True)


def add_network_arguments(
    parser: argparse.ArgumentParser,
    *,
    timestamps: bool = False,
    revocation: bool = False,
    trust: bool = False,
) -> None:
    """The flags of a command that asks authorities' servers.

    How they are reached; and, where the command needs it, whom to ask for timestamps, whom for revocations, and whom to trust.
    """
    if timestamps:
        parser.add_argument(
            "--timestamp-url",
            metavar="URL",
            help=f"whom to ask for timestamps (default {DEFAULT_TIMESTAMP_URL})",
        )
    if revocation:
        parser.add_argument(
            "--ocsp-url",
            metavar="URL",
            help="whom to ask for revocations (default: whom a certificate names)",
        )
    parser.add_argument(
        "--proxy", metavar="URL", help="http://host:port, none, or system (default: as the system says)"
    )
    parser.add_argument("--offline", action="store_const", const=True, help="ask no server anything")
    parser.add_argument(
        "--fetch-host",
        dest="fetch_hosts",
        metavar="HOST",
        action="append",
        help="host, *.host or host:port that may be asked beside the national servers (again for more)",
    )
    if trust:
        parser.add_argument(
            "--authority",
            dest="authorities",
            type=Path,
            metavar="PATH",
            action="append",
            help="certificates of authorities to trust like the national ones: a file or a folder (again for more)",
        )


def add_simulation_arguments(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """The flags of `simulate`, beside those of `run`."""
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        required=required,
        help="what the scripted person answers (TOML)",
    )
    parser.add_argument(
        "--test-ca",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="certificate of a test authority whose keys may be used (again for more)",
    )


def load(flags: argparse.Namespace) -> Config:
    """The settings for these flags. Raises BadConfig."""
    places = paths.resolve(getattr(flags, "state_dir", None))
    values: dict[str, Any] = {"language": _language_of_system()}
    sources: dict[str, Source] = dict.fromkeys(_CHECKS, "default")
    for name, value in _from_file(places.config_file).items():
        values[name], sources[name] = value, "file"
    chosen = _from_tray(places.language)
    if chosen is not None:
        values["language"], sources["language"] = chosen, "tray"
    for name in _CHECKS:
        value = getattr(flags, name, None)
        if value is not None:
            values[name], sources[name] = _checked(name, value, "flag"), "flag"
    for name, value in _from_file(paths.policy_file()).items():
        values[name], sources[name] = value, "policy"
    return Config(paths=places, simulation=_simulation(flags), sources=sources, **values)


def check(name: str, value: Any) -> Any:
    """The value as the program keeps it, of one as it would stand in the file. Raises BadConfig."""
    return _checked(name, value, "the setting")


def _from_file(path: Path) -> dict[str, Any]:
    """The settings in the file; none if there is no file."""
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise BadConfig(f"{path} can't be read: {error.strerror}") from error
    if len(text) > MAX_FILE_BYTES:
        raise BadConfig(f"{path} is over {MAX_FILE_BYTES} octets")
    try:
        table = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} is not TOML: {error}") from error
    return {name: _checked(name, value, str(path)) for name, value in table.items()}


def _checked(name: str, value: Any, where: str) -> Any:
    if name not in _CHECKS:
        nearest = difflib.get_close_matches(name, _CHECKS, n=1, cutoff=0.0)[0]
        raise BadConfig(f"{where}: unknown setting {name!r}, the nearest known one is {nearest!r}")
    expected = _CHECKS[name]
    if isinstance(expected, range):
        if type(value) is not int or value not in expected:
            raise BadConfig(f"{where}: {name} is {value!r}, expected {expected.start} to {expected.stop - 1}")
    elif isinstance(expected, tuple):
        if value not in expected:
            raise BadConfig(f"{where}: {name} is {value!r}, expected one of {', '.join(expected)}")
    else:
        return expected(name, value, where)
    return value


def _boolean(name: str, value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise BadConfig(f"{where}: {name} is {value!r}, expected true or false")
    return value


def _optional_url(name: str, value: Any, where: str) -> str:
    return "" if value == "" else _url(name, value, where)


def _url(name: str, value: Any, where: str) -> str:
    return _parsed(fetch_hosts.split, name, value, where, "an http or https URL")


def _proxy(name: str, value: Any, where: str) -> str:
    if value in ("system", "none"):
        return str(value)
    # What was written is not repeated: it may hold a password.
    return _parsed(
        fetch_hosts.parse_proxy, name, value, where, "system, none or http://host:port", quotes=False
    )


def _hosts(name: str, value: Any, where: str) -> tuple[str, ...]:
    items = _list(name, value, where, "hosts")
    return tuple(
        _parsed(fetch_hosts.parse_rule, name, item, where, "host, *.host or host:port") for item in items
    )


def _parsed(
    parse: Callable[[str], object], name: str, value: Any, where: str, expected: str, *, quotes: bool = True
) -> str:
    try:
        parse(value)
    except (TypeError, ValueError) as error:
        found = f"is {value!r}" if quotes else "can't be used"
        raise BadConfig(f"{where}: {name} {found}, expected {expected}") from error
    return str(value)


def _folders(name: str, value: Any, where: str) -> tuple[Path, ...]:
    """Folders; they need not be there yet, but it must be clear which ones are meant."""
    return _paths(name, value, where, "folders")


def _authorities(name: str, value: Any, where: str) -> tuple[Path, ...]:
    """Files and folders. They are there: an authority that is silently missing makes signatures of its own look bad."""
    found = _paths(name, value, where, "files or folders")
    for path in found:
        if not path.is_dir() and not _may_hold_certificates(path):
            raise BadConfig(f"{where}: {name} has {str(path)!r}, which holds no certificate")
    return found


def _sites(name: str, value: Any, where: str) -> dict[str, Readings]:
    """The readings of sites, by canonical origin."""
    if not isinstance(value, dict):
        raise BadConfig(f'{where}: {name} is {value!r}, expected tables such as [sites."https://x.kz"]')
    found: dict[str, Readings] = {}
    for text, table in value.items():
        site = _site(text, f"{where}: {name}")
        if site in found:
            raise BadConfig(f"{where}: {name} has two tables for {site}")
        found[site] = _readings(table, f"{where}: {name}.{text!r}")
    return found


def _site(text: str, where: str) -> str:
    try:
        origin = Origin.parse(text)
    except BadInput:
        origin = Origin("program")
    if origin.kind not in ("site", "unprotected"):
        raise BadConfig(f"{where} has {text!r}, expected an origin such as 'https://x.kz'")
    return origin.canonical


def _readings(table: Any, where: str) -> Readings:
    if not isinstance(table, dict):
        raise BadConfig(f"{where} is {table!r}, expected a table")
    known = {item.name: get_args(get_type_hints(Readings)[item.name]) for item in fields(Readings)}
    for name, value in table.items():
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise BadConfig(f"{where}: unknown reading {name!r}, the nearest known one is {nearest!r}")
        if value not in known[name]:
            raise BadConfig(f"{where}: {name} is {value!r}, expected one of {', '.join(known[name])}")
    return Readings(**table)


def _paths(name: str, value: Any, where: str, expected: str) -> tuple[Path, ...]:
    try:
        found = tuple(Path(item).expanduser() for item in _list(name, value, where, expected))
    except RuntimeError as error:  # ~somebody
        raise BadConfig(f"{where}: {name} names the home of nobody") from error
    if where == "flag":
        return tuple(path.absolute() for path in found)
    for path in found:
        if not path.is_absolute():
            raise BadConfig(f"{where}: {name} has {str(path)!r}, expected a path from the root or from ~")
    return found


def _list(name: str, value: Any, where: str, expected: str) -> Sequence[Any]:
    if not isinstance(value, list) or not all(isinstance(item, str | Path) and str(item) for item in value):
        raise BadConfig(f"{where}: {name} is {value!r}, expected a list of {expected}")
    if len(value) > MAX_ITEMS:
        raise BadConfig(f"{where}: {name} has {len(value)} {expected}, expected at most {MAX_ITEMS}")
    return value


_CHECKS: dict[str, range | tuple[str, ...] | Callable[[str, Any, str], Any]] = {
    "port": range(65536),
    "language": get_args(Language),
    "theme": get_args(Theme),
    "tray": get_args(Tray),
    "notifications": _boolean,
    "log_level": get_args(LogLevel),
    "plain_websocket": _boolean,
    "flat_api": _boolean,
    "https_api": _boolean,
    "https_api_port": range(65536),
    "spare_minutes": range(MAX_SPARE_MINUTES + 1),
    "key_folders": _folders,
    "unlock_minutes": range(MAX_UNLOCK_MINUTES + 1),
    "timestamp_url": _url,
    "ocsp_url": _optional_url,
    "proxy": _proxy,
    "offline": _boolean,
    "fetch_hosts": _hosts,
    "authorities": _authorities,
    "sites": _sites,
}


def _from_tray(path: Path) -> Language | None:
    """The language that the person chose in the tray's menu, if they ever did."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} can't be read: {error}") from error
    return _checked("language", text, str(path))  # type: ignore[no-any-return]  # one of the three by the check


def _language_of_system() -> Language:
    name = (locale.getlocale()[0] or "").lower()
    if name.startswith(("kk", "kazakh")):
        return "kk"
    return "en" if name.startswith("en") else "ru"


def _simulation(flags: argparse.Namespace) -> Simulation | None:
    answers: Path | None = getattr(flags, "answers", None)
    if answers is None:
        return None
    given = [answers, *getattr(flags, "test_ca", [])]
    for path in given:
        if not path.is_file():
            raise BadConfig(f"{path} is not a file")
    for path in given[1:]:
        if not _may_hold_certificates(path):
            raise BadConfig(f"{path} holds no certificate")
    first, *rest = (path.expanduser().absolute() for path in given)
    return Simulation(first, tuple(rest), _tokens(first))


def _tokens(answers: Path) -> tuple[str, ...]:
    """The storages of the tokens in a file of answers. A look at their names: who reads the file as a whole says what is wrong with it."""
    try:
        tables = tomllib.loads(answers.read_text("utf-8")).get("token", [])
        return tuple(str(table["storage"]) for table in tables)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _may_hold_certificates(path: Path) -> bool:
    """A first look, for a clear word at the start: reading certificates takes libraries that the daemon does not load."""
    try:
        with path.open("rb") as stream:
            start = stream.read(MAX_FILE_BYTES)
    except OSError:
        return False
    return start[:1] == b"\x30" or b"-----BEGIN CERTIFICATE-----" in start
