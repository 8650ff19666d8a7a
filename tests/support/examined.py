"""A computer in memory for examinations: all is in order, unless a test says otherwise."""

from pathlib import Path
from typing import Any

from agent import daemon
from agent.config import Config
from agent.doctor.browsers import KINDS, Browser
from agent.doctor.examination import Computer
from agent.fetch import Question
from agent.localhost import authority
from agent.localhost.report import State as Trust
from agent.localhost.report import StoreReport
from agent.paths import Paths
from protocol.control import State
from tests.support import authority as keys
from tests.support import responders, timestamps

AT = timestamps.AT
STORE = StoreReport("nss", "Firefox", "/home/x/.mozilla/firefox/abcd1234.default", Trust.TRUSTED)
FIREFOX = Browser(next(kind for kind in KINDS if kind.name == "Firefox"), "153.7.0", 153)


def fetch(question: Question) -> bytes:
    """Authorities that answer."""
    if question.kind == "timestamp":
        return timestamps.answer(question.body, "gost2015")
    register = responders.World().register
    return responders.responder("gost2015", register).respond(question.body, at=AT)


def computer(folder: Path, *, settings: dict[str, Any] | None = None, **changes: Any) -> Computer:
    """Below `folder`, with a key file, a certificate and an agent that runs."""
    places = Paths(folder / "state", folder / "state")
    issued = authority.issue(places.tls_dir, AT)
    keys_folder = folder / "keys"
    keys_folder.mkdir()
    (keys_folder / "a.p12").write_bytes(keys.path("gost2015-individual").read_bytes())
    (keys_folder / "a.p12").chmod(0o600)
    usual: dict[str, Any] = {
        "settings": Config(paths=places, **(settings or {})),
        "home": folder,
        "root": folder / "root",
        "environment": {"DISPLAY": ":0"},
        "now": lambda: AT,
        "ask": lambda: State("ready", "ru", daemon.version(), 13579),
        "serves": lambda _: _sha256(issued.certificate_path),
        "holder": lambda _: None,
        "installed": lambda _: (FIREFOX,),
        "walk": lambda is_wide: () if is_wide else (STORE,),
        "key_folders": lambda: (keys_folder,),
        "qt_version": lambda: "6.9.0",
        "system_proxies": dict,
        "fetch": fetch,
    }
    return Computer(**(usual | changes))


def _sha256(path: Path) -> str:
    import hashlib
    import ssl

    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(path.read_text(encoding="ascii"))).hexdigest()
