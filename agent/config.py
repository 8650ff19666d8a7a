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
import dataclasses
import locale
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from agent import paths
from agent.paths import Paths, broker_socket, machine_tls_dir
from agent.policy import reader
from agent.policy.base import BadPolicy, Value, parse
from agent.settings import (
    DEFAULT_HTTPS_API_PORT,
    DEFAULT_PORT,
    DEFAULT_TIMESTAMP_URL,
    MAX_FILE_BYTES,
    MAX_SPARE_MINUTES,
    MAX_UNLOCK_MINUTES,
    SETTINGS,
    BadConfig,
    LogLevel,
    Setting,
    Theme,
    Tray,
    UpdateChannel,
    checked,
    may_hold_certificates,
)
from protocol.messages import SignatureFormat
from protocol.prompts import Language
from protocol.readings import Readings

__all__ = (
    "DEFAULT_HTTPS_API_PORT",
    "DEFAULT_PORT",
    "DEFAULT_TIMESTAMP_URL",
    "MAX_FILE_BYTES",
    "MAX_SPARE_MINUTES",
    "MAX_UNLOCK_MINUTES",
    "SETTINGS",
    "BadConfig",
    "BadPolicy",
    "Config",
    "LogLevel",
    "Setting",
    "Simulation",
    "Source",
    "Theme",
    "Tray",
    "add_arguments",
    "add_network_arguments",
    "add_simulation_arguments",
    "check",
    "load",
    "load_or_refuse",
)

Source: TypeAlias = Literal["default", "distribution", "file", "flag", "tray", "policy"]


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
    """What the program was told. `sources` says for each setting where its value came from, `places` which file or key of the registry that
    is, where it is one. With a `policy_trouble` the policy can't be used, because of what stands in `policy_place`: then nothing may be done
    but to say so. It is the person's (`is_trouble_of_person`) where that is a file of their own, without which nobody can say what counts."""

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
    allowed_origins: tuple[str, ...] = ()
    blocked_origins: tuple[str, ...] = ()
    lock_origins: bool = False
    only_key_folders: bool = False
    formats: tuple[SignatureFormat, ...] = ()
    require_preview: bool = False
    forbid_hash_only: bool = False
    max_documents: int = 0
    journal_path: str = ""
    update_channel: UpdateChannel = "stable"
    update_deferral_days: int = 0
    update_url: str = ""
    broker: Path = field(default_factory=broker_socket)
    """Where the broker of a terminal server takes registrations, if there is one. No setting: who could change it could be sent elsewhere."""
    machine_tls_dir: Path = field(default_factory=machine_tls_dir)
    simulation: Simulation | None = None
    sources: Mapping[str, Source] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    policy_trouble: str = ""
    policy_place: str = ""
    is_trouble_of_person: bool = False


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
    parser.add_argument(
        "--broker",
        type=Path,
        metavar="PATH",
        help="where the broker of this computer is, in place of its usual place",
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
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="try out a policy (TOML), beside the computer's own"
    )


def load(flags: argparse.Namespace) -> Config:
    """The settings for these flags. Raises BadConfig; BadPolicy, which is one, where it is the policy that can't be used."""
    return _load(flags, reader.read(_trial(flags)), reader.read_distribution())


def load_or_refuse(flags: argparse.Namespace) -> Config:
    """The same for the agent itself, which starts with a broken policy, too, to tell pages and people of it: see `policy_trouble`.
    Raises BadConfig where it is not the policy that is broken."""
    try:
        return load(flags)
    except BadPolicy as error:
        return dataclasses.replace(
            _load(flags, {}, {}), policy_trouble=error.detail, policy_place=error.place
        )


def _load(
    flags: argparse.Namespace,
    locked: Mapping[str, Value],
    distribution: Mapping[str, Value],
) -> Config:
    places = paths.resolve(getattr(flags, "state_dir", None))
    values: dict[str, Any] = {"language": _language_of_system()}
    sources: dict[str, Source] = dict.fromkeys(SETTINGS, "default")
    found_in: dict[str, str] = {}

    def take(name: str, value: Any, source: Source, place: str = "") -> None:
        values[name], sources[name], found_in[name] = value, source, place

    for name, found in distribution.items():
        take(name, found.value, "distribution", found.place)
    for name, value in _from_file(places.config_file).items():
        take(name, value, "file", str(places.config_file))
    chosen = _from_tray(places.language)
    if chosen is not None:
        take("language", chosen, "tray", str(places.language))
    for name, setting in SETTINGS.items():
        value = None if setting.is_policy_only else getattr(flags, name, None)
        if value is not None:
            take(name, checked(name, value, "flag"), "flag")
    for name, found in locked.items():
        take(name, found.value, "policy", found.place)
    if values.get("journal_path"):
        places = dataclasses.replace(places, moved_journal=paths.of_person(values["journal_path"]))
    return Config(
        paths=places,
        simulation=_simulation(flags),
        broker=getattr(flags, "broker", None) or broker_socket(),
        sources=sources,
        places={name: place for name, place in found_in.items() if place},
        **values,
    )


def _trial(flags: argparse.Namespace) -> Iterable[Path]:
    """A policy that is tried out: only a simulation takes one, and what the computer's own policy says is stronger."""
    given: Path | None = getattr(flags, "policy", None)
    return () if given is None else (given,)


def check(name: str, value: Any) -> Any:
    """The value as the program keeps it, of one as it would stand in the person's file. Raises BadConfig."""
    return _of_person(name, value, "the setting")


def _from_file(path: Path) -> dict[str, Any]:
    """The settings in the person's file; none if there is no file."""
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise BadConfig(f"{path} can't be read: {error.strerror}") from error
    table = parse(text, str(path))
    return {name: _of_person(name, value, str(path)) for name, value in table.items()}


def _of_person(name: str, value: Any, where: str) -> Any:
    found = checked(name, value, where)
    if SETTINGS[name].is_policy_only:
        raise BadConfig(f"{where}: {name} is for whoever runs the computer to set, by policy")
    return found


def _from_tray(path: Path) -> Language | None:
    """The language that the person chose in the tray's menu, if they ever did."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} can't be read: {error}") from error
    return checked("language", text, str(path))  # type: ignore[no-any-return]  # one of the three by the check


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
        if not may_hold_certificates(path):
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
