"""What settings there are: one row each, with its kind, its default and what it may be. Whatever names the settings reads it here: the
reader of files and policies, the desk's page, the templates for fleets of computers, the documents (a test compares them).

A row is called the same everywhere: in TOML, as a value in the registry, as a key of managed preferences.
"""

import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args, get_type_hints

from agent import fetch_hosts
from agent.errors import AgentError, BadInput
from agent.origin_rules import OriginRule
from agent.origins import Origin
from protocol.messages import MAX_DOCUMENTS, SignatureFormat
from protocol.prompts import Language
from protocol.readings import Readings

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
Tray: TypeAlias = Literal["auto", "off"]
Theme: TypeAlias = Literal["system", "light", "dark", "contrast"]
UpdateChannel: TypeAlias = Literal["off", "stable", "beta"]
Kind: TypeAlias = Literal["boolean", "number", "choice", "text", "list", "table"]

DEFAULT_PORT = 13579
DEFAULT_HTTPS_API_PORT = 24680
DEFAULT_TIMESTAMP_URL = "http://tsp.pki.gov.kz/"
MAX_FILE_BYTES = 64 * 1024
MAX_SPARE_MINUTES = 24 * 60
MAX_UNLOCK_MINUTES = 60
MAX_DEFERRAL_DAYS = 90
MAX_ITEMS = 32  # of a setting that is a list
MAX_ORIGINS = 500
MAX_TEXT = 2048
USER_PLACEHOLDER = "{user}"

_Check: TypeAlias = Callable[["Setting", Any, str], Any]


class BadConfig(AgentError):
    """A setting can't be used. `detail` names it, and what was expected."""

    code = "bad-config"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `check(setting, value, where)` gives the value as the program keeps it, of one as it stands in TOML; BadConfig names
    `where`. `choices` are of a choice, and of the items of a list where only some texts may stand in it; `minimum` and `maximum` of a
    number; `maximum` of a list is how many items it has at most. `is_policy_only`: it is not for people to set, only for who runs the
    computer."""

    name: str
    kind: Kind
    default: Any
    check: _Check
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0
    is_policy_only: bool = False


def checked(name: str, value: Any, where: str) -> Any:
    """The value of that setting as the program keeps it. Raises BadConfig, which names `where`."""
    setting = SETTINGS.get(name)
    if setting is None:
        nearest = difflib.get_close_matches(name, SETTINGS, n=1, cutoff=0.0)[0]
        raise BadConfig(f"{where}: unknown setting {name!r}, the nearest known one is {nearest!r}")
    return setting.check(setting, value, where)


# --- the checks ----------------------------------------------------------------------------------------------------


def _number(setting: Setting, value: Any, where: str) -> int:
    if type(value) is not int or not setting.minimum <= value <= setting.maximum:
        raise BadConfig(
            f"{where}: {setting.name} is {value!r}, expected {setting.minimum} to {setting.maximum}"
        )
    return value


def _choice(setting: Setting, value: Any, where: str) -> str:
    if value not in setting.choices:
        raise BadConfig(f"{where}: {setting.name} is {value!r}, expected one of {', '.join(setting.choices)}")
    return str(value)


def _boolean(setting: Setting, value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise BadConfig(f"{where}: {setting.name} is {value!r}, expected true or false")
    return value


def _optional_url(setting: Setting, value: Any, where: str) -> str:
    return "" if value == "" else _url(setting, value, where)


def _url(setting: Setting, value: Any, where: str) -> str:
    return _parsed(fetch_hosts.split, setting, value, where, "an http or https URL")


def _update_url(setting: Setting, value: Any, where: str) -> str:
    """A repository on a server, or in a folder for computers without one."""
    if value == "":
        return ""
    expected = "an https URL or the path of a folder"
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise BadConfig(f"{where}: {setting.name} is {value!r}, expected {expected}")
    if value.startswith("https://"):
        return _parsed(fetch_hosts.split, setting, value, where, expected)
    if not Path(value).is_absolute():
        raise BadConfig(f"{where}: {setting.name} is {value!r}, expected {expected}")
    return value


def _proxy(setting: Setting, value: Any, where: str) -> str:
    if value in ("system", "none"):
        return str(value)
    # What was written is not repeated: it may hold a password.
    expected = "system, none or http://host:port"
    return _parsed(fetch_hosts.parse_proxy, setting, value, where, expected, quotes=False)


def _hosts(setting: Setting, value: Any, where: str) -> tuple[str, ...]:
    items = _list(setting, value, where, "hosts")
    expected = "host, *.host or host:port"
    return tuple(_parsed(fetch_hosts.parse_rule, setting, item, where, expected) for item in items)


def _parsed(
    parse: Callable[[str], object],
    setting: Setting,
    value: Any,
    where: str,
    expected: str,
    *,
    quotes: bool = True,
) -> str:
    found = f"is {value!r}" if quotes else "can't be used"
    if not isinstance(value, str):
        raise BadConfig(f"{where}: {setting.name} {found}, expected {expected}")
    try:
        parse(value)
    except ValueError as error:
        raise BadConfig(f"{where}: {setting.name} {found}, expected {expected}") from error
    return value


def _folders(setting: Setting, value: Any, where: str) -> tuple[Path, ...]:
    """Folders; they need not be there yet, but it must be clear which ones are meant."""
    return _paths(setting, value, where, "folders")


def _authorities(setting: Setting, value: Any, where: str) -> tuple[Path, ...]:
    """Files and folders. They are there: an authority that is silently missing makes signatures of its own look bad."""
    found = _paths(setting, value, where, "files or folders")
    for path in found:
        # Not Path's own question, which raises where the person may not look into a folder above.
        if not os.path.isdir(path) and not may_hold_certificates(path):  # noqa: PTH112
            raise BadConfig(f"{where}: {setting.name} has {str(path)!r}, which holds no certificate")
    return found


def _paths(setting: Setting, value: Any, where: str, expected: str) -> tuple[Path, ...]:
    try:
        found = tuple(Path(item).expanduser() for item in _list(setting, value, where, expected))
    except RuntimeError as error:  # ~somebody
        raise BadConfig(f"{where}: {setting.name} names the home of nobody") from error
    except ValueError as error:  # a zero octet after ~
        raise BadConfig(f"{where}: {setting.name} has what is no path, expected {expected}") from error
    if where == "flag":
        return tuple(path.absolute() for path in found)
    for path in found:
        if not path.is_absolute():
            raise BadConfig(
                f"{where}: {setting.name} has {str(path)!r}, expected a path from the root or from ~"
            )
    return found


def _place(setting: Setting, value: Any, where: str) -> str:
    """A path as it was written: for whom it is, is known later. "~" is their home, {user} the name of their account."""
    expected = f"a path from the root or from ~, with {USER_PLACEHOLDER} as a folder in it where it is not in their home"
    if value == "":
        return ""
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\0" in value:
        raise BadConfig(f"{where}: {setting.name} is {value!r}, expected {expected}")
    is_from_home = value.startswith(("~/", "~\\"))
    if not is_from_home and not Path(value).is_absolute():
        raise BadConfig(f"{where}: {setting.name} is {value!r}, expected {expected}")
    # In a folder of their own: the file's folder is made private to them.
    if not is_from_home and USER_PLACEHOLDER not in str(Path(value).parent):
        raise BadConfig(f"{where}: {setting.name} is {value!r}, the same for everybody, expected {expected}")
    return value


def _origins(setting: Setting, value: Any, where: str) -> tuple[str, ...]:
    """Texts of agent.origin_rules, as they are written there."""
    found = []
    for item in _list(setting, value, where, "origins"):
        try:
            found.append(OriginRule.parse(str(item)).text)
        except BadInput as error:
            raise BadConfig(
                f"{where}: {setting.name} has {item!r}, expected an origin such as 'https://x.kz' or 'https://*.x.kz'"
            ) from error
    return tuple(found)


def _chosen(setting: Setting, value: Any, where: str) -> tuple[str, ...]:
    for item in _list(setting, value, where, "names"):
        if item not in setting.choices:
            raise BadConfig(
                f"{where}: {setting.name} has {item!r}, expected some of {', '.join(setting.choices)}"
            )
    return tuple(dict.fromkeys(map(str, value)))


def _list(setting: Setting, value: Any, where: str, expected: str) -> Sequence[Any]:
    if not isinstance(value, list) or not all(isinstance(item, str | Path) and str(item) for item in value):
        raise BadConfig(f"{where}: {setting.name} is {value!r}, expected a list of {expected}")
    if len(value) > setting.maximum:
        raise BadConfig(
            f"{where}: {setting.name} has {len(value)} {expected}, expected at most {setting.maximum}"
        )
    return value


def _sites(setting: Setting, value: Any, where: str) -> dict[str, Readings]:
    """The readings of sites, by canonical origin."""
    name = setting.name
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


def may_hold_certificates(path: Path) -> bool:
    """A first look, for a clear word at the start: reading certificates takes libraries that the daemon does not load."""
    try:
        with path.open("rb") as stream:
            start = stream.read(MAX_FILE_BYTES)
    except (OSError, ValueError):  # ValueError: no path at all
        return False
    return start[:1] == b"\x30" or b"-----BEGIN CERTIFICATE-----" in start


# --- the table -----------------------------------------------------------------------------------------------------


def _switch(name: str, *, default: bool = False, policy: bool = False) -> Setting:
    return Setting(name, "boolean", default, _boolean, is_policy_only=policy)


def _of(name: str, choices: tuple[str, ...], default: str) -> Setting:
    return Setting(name, "choice", default, _choice, choices=choices)


def _count(name: str, maximum: int, default: int, *, policy: bool = False) -> Setting:
    return Setting(name, "number", default, _number, maximum=maximum, is_policy_only=policy)


def _text(name: str, check: _Check, default: str = "", *, policy: bool = False) -> Setting:
    return Setting(name, "text", default, check, is_policy_only=policy)


def _items(
    name: str,
    check: _Check,
    maximum: int = MAX_ITEMS,
    *,
    choices: tuple[str, ...] = (),
    policy: bool = False,
) -> Setting:
    return Setting(name, "list", (), check, choices=choices, maximum=maximum, is_policy_only=policy)


# In the order in which they are told of. What they mean is told in docs/admin/policies.md and in the windows' texts.
SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        setting.name: setting
        for setting in (
            _count("port", 65535, DEFAULT_PORT),
            _of("language", get_args(Language), "ru"),  # the default is the system's, where we speak it
            _of("theme", get_args(Theme), "system"),
            _of("tray", get_args(Tray), "auto"),
            _switch("notifications", default=True),
            _of("log_level", get_args(LogLevel), "info"),
            _switch("plain_websocket"),
            _switch("flat_api"),
            _switch("https_api"),
            _count("https_api_port", 65535, DEFAULT_HTTPS_API_PORT),
            _count("spare_minutes", MAX_SPARE_MINUTES, 15),
            _items("key_folders", _folders),
            _count("unlock_minutes", MAX_UNLOCK_MINUTES, 0),
            _text("timestamp_url", _url, DEFAULT_TIMESTAMP_URL),
            _text("ocsp_url", _optional_url),
            _text("proxy", _proxy, "system"),
            _switch("offline"),
            _items("fetch_hosts", _hosts),
            _items("authorities", _authorities),
            Setting("sites", "table", MappingProxyType({}), _sites),
            _items("allowed_origins", _origins, MAX_ORIGINS, policy=True),
            _items("blocked_origins", _origins, MAX_ORIGINS, policy=True),
            _switch("lock_origins", policy=True),
            _switch("only_key_folders", policy=True),
            _items("formats", _chosen, choices=get_args(SignatureFormat), policy=True),
            _switch("require_preview", policy=True),
            _switch("forbid_hash_only", policy=True),
            _count("max_documents", MAX_DOCUMENTS, 0, policy=True),
            _text("journal_path", _place, policy=True),
            _of("update_channel", get_args(UpdateChannel), "stable"),
            _count("update_deferral_days", MAX_DEFERRAL_DAYS, 0),
            _text("update_url", _update_url, policy=True),
        )
    }
)
