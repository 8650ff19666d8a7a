"""The agent that runs, or does not: what it says, who holds its port, and whether it serves the certificate that browsers trust."""

import hashlib
import os
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from agent import control, daemon, instance
from agent.config import Config
from agent.control import NotRunning
from agent.doctor.finding import Finding, Repair
from agent.errors import AgentError
from agent.instance import Holder
from agent.localhost import identity
from agent.localhost.identity import Identity
from protocol.control import Command, Refused, State
from protocol.errors import ProtocolError

Ask: TypeAlias = Callable[[], State | Refused]
"""The agent's answer to a query. AgentError, ProtocolError."""

Serves: TypeAlias = Callable[[int], str]
"""SHA-256 of the certificate that is served at a port of this computer, in hex; empty where no TLS is. OSError."""

CONNECT_S = 3.0
_REPAIRS: dict[str, Repair] = {
    "identity-renewal": "renew-trust",
    "bad-policy": "",
    "bad-settings": "",
    "broker": "",
}
_KNOWN = frozenset({"identity-renewal", "https-api-port", "bad-policy", "bad-settings", "broker"})
_MAX_COMMAND_LINE = 64 * 1024


def asker(settings: Config) -> Ask:
    return lambda: control.ask(settings.paths.control_socket, Command("query"))


def agent(ask: Ask) -> tuple[Finding, State | None]:
    """What the agent says of itself; its state where it runs."""
    try:
        answer = ask()
    except NotRunning as error:
        text = f"{error.detail or error.code}; start it with qalamsap run"
        return Finding("agent", "stopped", "trouble", text, repair="start-agent"), None
    except (AgentError, ProtocolError) as error:
        text = f"what answers is not this version of the agent ({type(error).__name__})"
        return Finding("agent", "stranger", "trouble", text), None
    if isinstance(answer, Refused):
        return Finding("agent", "refuses", "trouble", answer.reason), None
    return _of_state(answer), answer


def _of_state(state: State) -> Finding:
    text = f"{state.state}, port {state.port}"
    values: dict[str, str | int] = {"port": state.port}
    if state.trouble:
        code = state.trouble if state.trouble in _KNOWN else "trouble"
        repair = _REPAIRS.get(state.trouble, "restart-agent")
        return Finding("agent", code, "trouble", f"{text}, {state.trouble}", values, repair=repair)
    if state.state == "paused":
        return Finding("agent", "paused", "trouble", text, values, repair="resume-agent")
    if state.version != daemon.version():
        told = {**values, "version": state.version, "installed": daemon.version()}
        more = f"{text}, version {state.version}, but {daemon.version()} is installed"
        return Finding("agent", "older", "hint", more, told, repair="restart-agent")
    if state.is_simulation:
        return Finding("agent", "simulation", "hint", text, values)
    return Finding("agent", "ready", "ok", text, values)


def port(
    number: int,
    state: State | None,
    holder: Holder | None,
    proc: Path = Path("/proc"),
    *,
    is_brokered: bool = False,
) -> Finding:
    """Who holds the port that pages call; `holder` is None where nobody does, or where that can't be known. `is_brokered` where this
    computer has a broker: then the port is held for everybody."""
    if is_brokered and (holder is None or not holder.process_id):
        text = f"port {number} belongs to the broker of this computer"
        return Finding("port", "broker", "ok", text, {"port": number})
    if state is not None and state.port == number:
        return Finding("port", "ours", "ok", f"port {number} is held by the agent", {"port": number})
    if holder is None:
        if state is not None:
            text = f"the agent serves on port {state.port}, pages call {number}"
            return Finding("port", "another", "hint", text, {"port": state.port, "usual": number})
        return Finding("port", "free", "ok", f"nobody holds port {number}", {"port": number})
    text = f"port {number} is held by {holder}"
    values: dict[str, str | int] = {"port": number}
    if not holder.process_id:
        return Finding("port", "another-user", "trouble", text, values)
    if is_ncalayer(holder, proc):
        return Finding("port", "ncalayer", "trouble", f"{text}: NCALayer", values)
    return Finding("port", "held", "trouble", text, {**values, "program": holder.name or "?"})


def holder_of(number: int) -> Holder | None:
    """The program that listens there. One that ended just now is none."""
    return instance.who_holds(number) if number else None


def is_ncalayer(holder: Holder, proc: Path = Path("/proc")) -> bool:
    """Whether the command line of the process has the other program's name in it: its process is called java, as many are."""
    if "ncalayer" in holder.name.lower():
        return True
    try:
        with (proc / str(holder.process_id) / "cmdline").open("rb") as stream:
            return b"ncalayer" in stream.read(_MAX_COMMAND_LINE).lower()
    except OSError:
        return False


def certificate(tls_dir: Path, state: State | None, serves: Serves, at: datetime) -> Finding:
    """Whether there is a certificate of our own, for how long, and whether it is what the agent serves."""
    try:
        present = identity.current(tls_dir)
        is_due = present is not None and identity.needs_renewal(present, at)
    except AgentError as error:
        lies_open = _open_key(tls_dir)
        if lies_open is not None:
            text, path = error.detail, str(lies_open)
            return Finding("certificate", "open-key", "trouble", text, repair="make-private", path=path)
        return Finding("certificate", "unreadable", "trouble", error.detail)
    except OSError as error:
        text = f"{tls_dir} can't be read: {error.strerror}"
        return Finding("certificate", "unreadable", "trouble", text)
    if present is None:
        text = "no TLS identity was issued yet"
        return Finding("certificate", "missing", "trouble", text, repair="install-trust")
    values = {"until": present.not_after}
    if at >= present.not_after:
        text = f"{present.authority_name} ended on {present.not_after:%Y-%m-%d}"
        return Finding("certificate", "ended", "trouble", text, values, repair="renew-trust")
    if state is not None and not _is_served(present, state.port, serves):
        text = f"the agent serves another certificate than that of {present.authority_name}"
        return Finding("certificate", "another", "trouble", text, repair="restart-agent")
    text = f"{present.authority_name}, until {present.not_after:%Y-%m-%d}"
    if is_due:
        return Finding("certificate", "ending", "hint", text, values, repair="renew-trust")
    return Finding("certificate", "good", "ok", text, values)


def machines_certificate(present: Identity, state: State | None, serves: Serves) -> Finding:
    """The same of the machine's certificate, which the agent serves where a broker owns the port; who runs the computer renews it."""
    if state is not None and not _is_served(present, state.port, serves):
        text = f"the agent serves another certificate than that of {present.authority_name}"
        return Finding("certificate", "another", "trouble", text, repair="restart-agent")
    text = f"{present.authority_name} of the whole computer, until {present.not_after:%Y-%m-%d}"
    return Finding("certificate", "good", "ok", text, {"until": present.not_after})


def _open_key(tls_dir: Path) -> Path | None:
    """A private key of TLS that others may read, which is why it is not used."""
    if os.name != "posix":
        return None
    keys = (folder / identity.KEY for folder in identity.folders(tls_dir))
    return next((key for key in keys if key.is_file() and key.stat().st_mode & 0o077), None)


def _is_served(present: Identity, number: int, serves: Serves) -> bool:
    try:
        leaf = ssl.PEM_cert_to_DER_cert(present.certificate_path.read_text(encoding="ascii"))
        return serves(number) == hashlib.sha256(leaf).hexdigest()
    except (OSError, ValueError):
        return False


def served(number: int) -> str:
    """See Serves."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # who it is, is what we want to know
    with (
        socket.create_connection(("127.0.0.1", number), CONNECT_S) as connection,
        context.wrap_socket(connection) as secured,
    ):
        return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
