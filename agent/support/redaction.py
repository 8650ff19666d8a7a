"""Takes out of a text what is somebody's: names, numbers of people, addresses, folders, what looks like a key.

Two rules stand behind each other. What goes into a bundle is built of known parts (agent.support.log_lines, agent.support.parts), and then each
text passes here, where what could be personal is replaced whatever it is. A site gets the same number everywhere, so that one can
still be told from another.
"""

import getpass
import re
import socket
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from agent import fetch_hosts

What: TypeAlias = Literal["name", "number", "address", "site", "path", "secret", "line"]
"""What was taken out: a name of a person or computer, a number of a person or an organisation, an address of mail or in a network, a site, a
path of somebody's, what looks like a key or a digest, a line that is none of ours."""

_MIN_NAME = 3
_MIN_CAPITALS = 2
_COMMON: Final = frozenset(
    {"root", "user", "admin", "agent", "qalamsap", "localhost", "test", "home", "guest", "linux"}
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "0.0.0.0"})  # noqa: S104  # it is only recognised

_ENDLESS = re.compile(r"\S{400,}")
_USER_INFO = re.compile(r"(?<=//)[^/@\s'\"]+@")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(
    r"\b(?P<scheme>https?|wss?)://(?P<host>\[[0-9a-fA-F:.]+\]|[^/:\s'\"<>\])]+)(?P<port>:\d{1,5})?(?P<rest>[/?#][^\s'\"<>\])]*)?"
)
_HOST = re.compile(
    r"(?<![\w.-])(?:[\w-]+\.)+(?:kz|қаз|ru|рф|by|kg|uz|com|net|org|info|eu|local|lan|corp|internal)(?::\d{1,5})?(?![\w-])",
    re.IGNORECASE,
)
_HOMES = r"(?:~|/home/[^/\s'\"]+|/root|/Users/[^/\s'\"]+|/(?:run/)?media/[^/\s'\"]+|/run/user/\d+|[A-Za-z]:\\(?:Users|Documents and Settings)\\[^\\\s'\"]+)"
_QUOTED_PATH = re.compile(rf"(?P<quote>['\"]){_HOMES}[^'\"\n]*(?P=quote)")
_PATH = re.compile(rf"{_HOMES}(?:[/\\][^\s'\"\])]*)?")
_HEX = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}[:\s]?){15,}[0-9a-fA-F]{2}(?![0-9a-fA-F])")
_TOKEN = re.compile(r"\beyJ[\w-]+(?:\.[\w-]*)+")  # a JWS or JWT
_LONG = re.compile(r"(?=[A-Za-z+/_=-]*\d)[A-Za-z0-9+/_=-]{32,}")
_DAY = r"(?!(?:19|20)\d\d-\d\d-\d\d)"
_NUMBER = re.compile(rf"(?<!\d){_DAY}\d(?:[ _\u00a0\u2010-\u2013-]?{_DAY}\d){{8,}}(?!\d)")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6 = re.compile(
    r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{0,4}(?![\w:])|(?<![\w:])(?:[0-9a-fA-F]{1,4}:)+:[0-9a-fA-F:]*(?![\w:])"
)
_WORD = "[А-ЯЁӘҒҚҢӨҰҮҺІ][А-ЯЁӘҒҚҢӨҰҮҺІ-]+"
_LATIN = "[A-Z][A-Z-]{2,}"
_CAPITALS = re.compile(rf"\b(?:{_WORD}(?:\s+{_WORD})+|{_LATIN}(?:\s+{_LATIN})+)\b")
_UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")


def own_names() -> tuple[str, ...]:
    """What this computer and this person are called."""
    names = [socket.gethostname(), socket.gethostname().split(".")[0]]
    try:
        names.append(getpass.getuser())
    except (OSError, KeyError):  # nobody is logged in under this number
        return tuple(names)
    return (*names, *_full_name(names[-1]))


def _full_name(login: str) -> tuple[str, ...]:
    try:
        import pwd  # noqa: PLC0415  # Windows has none
    except ImportError:
        return ()
    try:
        return tuple(pwd.getpwnam(login).pw_gecos.split(",")[0].split())
    except KeyError:
        return ()


@dataclass
class Redaction:
    """Remembers which site got which number, and counts what was taken out."""

    home: Path
    names: Iterable[str] = ()
    keep_sites: bool = False
    taken_out: Counter[What] = field(default_factory=Counter)
    _sites: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = {name for name in self.names if len(name) >= _MIN_NAME and name.lower() not in _COMMON}
        alternatives = "|".join(re.escape(name) for name in sorted(wanted, key=len, reverse=True))
        # An underscore is part of a word for `\w`, and yet joins two: aigul_keys.
        self._names = (
            re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])", re.IGNORECASE) if wanted else None
        )

    def text(self, text: str) -> str:
        """The text without what is somebody's."""
        text = self._put(
            _ENDLESS, "secret", "<long text>", text
        )  # and the patterns below need not be fast on it
        text = self._put(_USER_INFO, "secret", "…@", text)
        text = self._put(_MAIL, "address", "<e-mail>", text)
        text = _URL.sub(self._url, text)
        home = str(self.home)
        if len(home) > 1:
            text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
        text = self._put(_QUOTED_PATH, "path", "'~/…'", text)
        text = self._put(_PATH, "path", "~/…", text)
        text = self._put(_TOKEN, "secret", "<token>", text)
        text = self._put(_UUID, "secret", "<id>", text)
        text = self._put(_HEX, "secret", "<digits of a digest or key>", text)
        text = self._put(_LONG, "secret", "<long text>", text)
        text = self._put(_NUMBER, "number", "<number>", text)
        text = _IPV4.sub(self._address, text)
        text = self._put(_IPV6, "address", "<address>", text)
        text = _HOST.sub(self._host, text)
        if self._names is not None:
            text = self._put(self._names, "name", "<name>", text)
        return self._put(_CAPITALS, "name", "<name>", text)

    def site(self, origin: str) -> str:
        """An origin, as "site-1" where it is to stay unknown; "" stays."""
        found = _URL.fullmatch(origin)
        if not origin or found is None:
            return self.text(origin)
        return self._url(found)

    def path(self, path: Path | str) -> str:
        """A path: as it is where it is the system's, else only that it is one."""
        shown = str(path)
        if shown.startswith(("/etc/", "/usr/", "/opt/", "/run/qalamsap")):
            return self.text(shown)
        self.taken_out["path"] += 1
        return "~/…" if shown.startswith((str(self.home), "~")) else "<path>"

    def _put(self, pattern: re.Pattern[str], what: What, instead: str, text: str) -> str:
        text, count = pattern.subn(instead, text)
        if count:
            self.taken_out[what] += count
        return text

    def _url(self, found: re.Match[str]) -> str:
        scheme, host, port = found["scheme"], found["host"].lower(), found["port"] or ""
        if found["rest"] and found["rest"] != "/":
            self.taken_out["path"] += 1
            rest = "/…"
        else:
            rest = found["rest"] or ""
        if host in _LOOPBACK or self.keep_sites or is_national(host):
            return f"{scheme}://{host}{port}{rest}"
        return f"{scheme}://{self._number(host)}{port}{rest}"

    def _host(self, found: re.Match[str]) -> str:
        """A host that is named without a scheme."""
        host, colon, port = found[0].lower().partition(":")
        if self.keep_sites or is_national(host):
            return found[0]
        return f"{self._number(host)}{colon}{port}"

    def _number(self, host: str) -> str:
        self.taken_out["site"] += 1
        return self._sites.setdefault(host, f"site-{len(self._sites) + 1}")

    def _address(self, found: re.Match[str]) -> str:
        octets = found[0].split(".")
        if found[0] in _LOOPBACK or any(int(octet) > 255 for octet in octets):  # a version, not an address
            return found[0]
        self.taken_out["address"] += 1
        return "<address>"


def is_national(host: str) -> bool:
    """Whether it is a server of the national authorities: everybody's, so it says nothing of anybody."""
    return any(
        host == name or (name.startswith("*.") and host.endswith(name[1:]))
        for name, _ in fetch_hosts.NATIONAL
    )
