"""What the person who starts the portal chose, and the places and names that follow from it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

DEFAULT_AGENT_URL = "wss://127.0.0.1:13579/"
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")  # as urlsplit names them


@dataclass(frozen=True, slots=True)
class Settings:
    """`public_name` is the origin under which people reach the portal, where that is not its own address.

    `authorities_url` is the simulator of the authorities' servers, which the portal asks as its proxy; None: nobody is asked.
    """

    data_dir: Path
    port: int
    host: str = "127.0.0.1"
    agent_url: str = DEFAULT_AGENT_URL
    public_name: str | None = None
    is_tls: bool = False
    authorities_url: str | None = None

    def __post_init__(self) -> None:
        """Refuses an agent or a simulator that is not on this machine, and a public name that is not an origin."""
        agent = urlsplit(self.agent_url)
        if agent.scheme not in {"ws", "wss"} or agent.hostname not in _LOOPBACK:
            raise ValueError(
                f"the agent's address is '{self.agent_url}', ws:// or wss:// on this machine expected"
            )
        if self.authorities_url is not None and not _is_simulator(self.authorities_url):
            raise ValueError(
                f"the authorities' simulator is '{self.authorities_url}', http://127.0.0.1:port expected"
            )
        if self.public_name is not None:
            public = urlsplit(self.public_name)
            if public.scheme not in {"http", "https"} or not public.netloc or public.path.strip("/"):
                raise ValueError(f"the public name is '{self.public_name}', https://name[:port] expected")

    @property
    def database(self) -> Path:
        return self.data_dir / "portal.sqlite3"

    @property
    def keys_dir(self) -> Path:
        """Key files for people who try the portal."""
        return self.data_dir / "keys"

    @property
    def authority_dir(self) -> Path:
        """The test authority that issued those keys."""
        return self.data_dir / "authority"

    @property
    def scheme(self) -> str:
        return "https" if self.is_tls else "http"

    @property
    def url(self) -> str:
        """Where the portal listens."""
        return f"{self.scheme}://{self._host_in_url}:{self.port}/"

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin under which a browser may reach the portal; any other is somebody else's page."""
        names = dict.fromkeys((self._host_in_url, *LOOPBACK_NAMES))
        own = tuple(f"{self.scheme}://{name}{self._port_suffix}" for name in names)
        return (self.public_name.rstrip("/"), *own) if self.public_name else own

    @property
    def agent_page(self) -> str:
        """The agent's own page, which a person can open to see whether the browser trusts it."""
        agent = urlsplit(self.agent_url)
        return f"{'https' if agent.scheme == 'wss' else 'http'}://{agent.netloc}/"

    @property
    def agent_plain_page(self) -> str:
        """Where the agent answers whom it can't show a page, because TLS is lacking."""
        return f"http://{urlsplit(self.agent_url).netloc}/"

    @property
    def _host_in_url(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def _port_suffix(self) -> str:
        is_default = self.port == (443 if self.is_tls else 80)
        return "" if is_default else f":{self.port}"


def _is_simulator(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and bool(port) and not parts.path.strip("/")
