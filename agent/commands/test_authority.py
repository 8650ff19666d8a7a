"""`qalamsap testca FOLDER`: a test authority of one's own and a key file of every kind, for tests of pages; and its servers."""

import argparse
import contextlib
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from agent.certificate import Certificate
from agent.commands import exit_codes
from agent.errors import BadInput, BrokenKeyStore, StorageFailed, WrongPassword
from agent.formats import csr
from agent.instance import PortBusy
from agent.keystores import pkcs12
from agent.secret import Secret
from agent.testca import key_set, profiles, simulator_faults
from agent.testca.authority import DEFAULT_PASSWORD, TestAuthority
from agent.testca.simulator import Simulator
from agent.testca.simulator_faults import SERVICES, Fault, Service
from agent.testca.simulator_http import SimulatorServer

_KEY_FILES = (".p12", ".pfx")
_POLL_S = 0.1  # how soon the end of the program is noticed
_FAULT_WORDS = dict.fromkeys(word for kinds in simulator_faults.KINDS.values() for word in kinds)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        type=Path,
        metavar="FOLDER",
        help="where everything is put; an authority there is used again",
    )
    parser.add_argument(
        "--profile",
        action="append",
        choices=sorted(profiles.PROFILES),
        help="issue only this kind (again for more)",
    )
    parser.add_argument(
        "--days", type=int, default=365, help="how long the keys are valid (default 365; negative: expired)"
    )
    _add_request_arguments(parser.add_argument_group("a certificate for a key that was made elsewhere"))
    _add_server_arguments(parser.add_argument_group("the authority's servers (docs/simulator.md)"))


def _add_request_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--csr",
        type=Path,
        metavar="FILE",
        help="issue a certificate for this request (PKCS#10, PEM or DER), by the nearest profile or the one of --profile, and no keys",
    )
    group.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="where the certificate is put, with that of its authority behind it (default: beside the request)",
    )


def _add_server_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--serve",
        action="store_true",
        help="answer timestamp, OCSP, CRL and certificate requests on 127.0.0.1 until Ctrl-C; new keys are made only where there is no "
        "authority yet, or by --profile",
    )
    group.add_argument("--port", type=int, metavar="N", help="port to listen on (default: a free one)")
    group.add_argument(
        "--fault",
        action="append",
        metavar="SERVICE=FAULT",
        help=f"let a service ({', '.join(SERVICES)}) go wrong: {', '.join(_FAULT_WORDS)} (again for more)",
    )
    group.add_argument(
        "--revoke",
        action="append",
        type=Path,
        metavar="FILE",
        help="a certificate of this authority, or a key file with the usual test password, that is revoked (again for more)",
    )


def run(options: argparse.Namespace) -> int:
    """Raises BadInput, StorageFailed, PortBusy."""
    switches = _checked(options)
    home = options.folder / key_set.AUTHORITY_FOLDER
    if options.csr is not None:
        return _issue_for(home, options)
    if not options.serve or options.profile or not home.exists():
        _issue(options)
    return _serve(home, options, switches) if options.serve else exit_codes.DONE


def _checked(options: argparse.Namespace) -> list[tuple[Service, Fault]]:
    """The faults that are asked for. Raises BadInput where the words make no sense together."""
    if options.days == 0:
        raise BadInput("--days can't be 0")
    if options.port is not None and options.port not in range(65536):
        raise BadInput("--port is 0 to 65535")
    if not options.serve and (options.port is not None or options.fault or options.revoke):
        raise BadInput("--port, --fault and --revoke go with --serve")
    if options.csr is not None and (options.serve or len(options.profile or ()) > 1):
        raise BadInput("--csr goes with one --profile at most, and not with --serve")
    if options.csr is None and options.out is not None:
        raise BadInput("--out goes with --csr")
    return [simulator_faults.parse_switch(text) for text in options.fault or ()]


def _issue_for(home: Path, options: argparse.Namespace) -> int:
    """Answers one request."""
    request = csr.Request.from_der(csr.unwrap(_read(options.csr)))
    now, ends = _validity(options)
    authority = TestAuthority.load(home) if home.exists() else TestAuthority.create(home, now)
    certificates = authority.issue_for(
        request,
        not_before=now if options.days > 0 else ends - timedelta(days=365),
        not_after=ends,
        profile_name=options.profile[0] if options.profile else "",
    )
    target = options.out or options.csr.with_suffix(".cer.pem")
    try:
        target.write_text("".join(each.pem() for each in certificates), encoding="ascii")
    except OSError as error:
        raise StorageFailed(f"{target} can't be written: {error.strerror}") from error
    print(target)
    return exit_codes.DONE


def _validity(options: argparse.Namespace) -> tuple[datetime, datetime]:
    """Now, and when the keys end."""
    now = datetime.now(UTC).replace(microsecond=0)
    return now, now + timedelta(days=options.days)


def _issue(options: argparse.Namespace) -> None:
    now, ends = _validity(options)
    made = key_set.issue_set(
        options.folder,
        at=now,
        not_before=now if options.days > 0 else ends - timedelta(days=365),
        not_after=ends,
        profile_names=tuple(options.profile) if options.profile else None,
    )
    print(f"authority to trust in tests: {made.roots_file}")
    print(f"keys, password {DEFAULT_PASSWORD}: {made.folder}, listed in {key_set.MANIFEST_FILE}")


def _serve(home: Path, options: argparse.Namespace, switches: Sequence[tuple[Service, Fault]]) -> int:
    """Until Ctrl-C or SIGTERM. The last line that is printed before the first request says where it listens."""
    now = datetime.now(UTC)
    simulator = Simulator(TestAuthority.load(home), at=now)
    for service, fault in switches:
        simulator.switch(service, fault)
    for path in options.revoke or ():
        simulator.revoke(_certificate_in(path), at=now)
    try:
        server = SimulatorServer(simulator, lambda: datetime.now(UTC), port=options.port or 0, log=_say)
    except OSError as error:
        raise PortBusy(f"port {options.port} can't be opened: {error.strerror}") from error
    signal.signal(signal.SIGTERM, _stop)
    with server, contextlib.suppress(KeyboardInterrupt):
        _say(f"control token: {server.token}")
        _say(f"listening on {server.url}")
        server.serve_forever(poll_interval=_POLL_S)
    return exit_codes.DONE


def _certificate_in(path: Path) -> Certificate:
    """The certificate in a file of its own or in a key file. Raises BadInput."""
    content = _read(path)
    if path.suffix.lower() not in _KEY_FILES:
        return Certificate.from_pem_or_der(content)
    try:
        keys = pkcs12.open(content, Secret(bytearray(DEFAULT_PASSWORD.encode())))
    except (WrongPassword, BrokenKeyStore) as error:
        raise BadInput(f"{path} is no key file with the password {DEFAULT_PASSWORD}") from error
    return keys[0].certificate


def _read(path: Path) -> bytes:
    """Raises BadInput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from error


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(line, flush=True)
