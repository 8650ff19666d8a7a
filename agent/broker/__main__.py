"""The broker's process: `python -m agent.broker`, started by the system (installer/linux/units/qalamsap-broker.service).

Its sockets are handed to it by systemd, which holds them from boot on and while the broker starts anew: nobody can take the port between
two brokers. Elsewhere, or for a try, it makes them itself:

    python -m agent.broker --port 13579 --socket /run/qalamsap/broker.sock

On Windows it is a service of the system instead (agent.broker.windows), and has its ports from its command line.

It refuses to be root, and to listen anywhere but on loopback. It ends with 0 when it is told to (SIGTERM), 64 for a wrong command line,
69 where a socket can't be had, 77 where it is root.
"""

import contextlib
import os
import signal
import socket
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from agent.broker import wire
from agent.broker.events import Events
from agent.broker.serving import Broker
from agent.peers import owner
from agent.peers.linux import overflow_id
from agent.peers.subordinates import Subordinates

if TYPE_CHECKING:
    import argparse

USAGE: Final = 64  # sysexits.h
UNAVAILABLE: Final = 69
NO_PERMISSION: Final = 77
DEFAULT_SOCKET: Final = Path("/run/qalamsap/broker.sock")
DEFAULT_PORT: Final = 13579
_FIRST_INHERITED: Final = 3  # sd_listen_fds(3)
_BACKLOG: Final = 1024
_HOSTS: Final = frozenset({"127.0.0.1", "::1"})


class Unusable(Exception):
    """The broker can't begin. `status` is what the process ends with."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def main(words: Sequence[str] | None = None) -> int:
    """Serves until it is told to stop; the exit status."""
    given = sys.argv[1:] if words is None else words
    if sys.platform == "win32":
        return _as_service(given)
    with contextlib.ExitStack() as stack:
        try:
            _check_place()
            sockets = inherited(os.environ)
            if given:
                sockets = _made(given)
            elif not sockets:
                sockets = make([DEFAULT_PORT], DEFAULT_SOCKET)
            for each in sockets:
                stack.enter_context(each)
            listeners, door = sorted_out(sockets)
        except Unusable as error:
            sys.stderr.write(f"qalamsap-broker: {error}\n")
            return error.status
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        said = Events(is_journal="JOURNAL_STREAM" in os.environ)
        broker = Broker(
            listeners,
            door,
            owner.of_this_system(),
            said,
            nobody=overflow_id(),
            subordinates=Subordinates(),
        )
        with contextlib.suppress(_Stopped):
            broker.serve()
    return 0


def _as_service(words: Sequence[str]) -> int:
    """Windows: serves until the service is stopped; the exit status. There is no console to complain to: what is wrong is in the status."""
    from agent.broker import windows  # noqa: PLC0415  # of that system alone

    try:
        ports = list(dict.fromkeys(_parser(has_socket=False).parse_args(words).port or [DEFAULT_PORT]))
        return windows.run(ports) if len(ports) <= wire.MOST_PORTS else USAGE
    except Unusable as error:
        return error.status
    except OSError:
        return UNAVAILABLE


def _check_place() -> None:
    """Raises Unusable where the broker can't run, or should not."""
    if sys.platform != "linux":
        raise Unusable(UNAVAILABLE, "the broker is for Linux and Windows")
    if os.geteuid() == 0:
        raise Unusable(
            NO_PERMISSION, "the broker needs no rights: start it as an account of its own, not as root"
        )


class _Stopped(BaseException):
    """Somebody told us to stop."""


def _stop(*_: object) -> NoReturn:
    raise _Stopped


def inherited(environment: "os._Environ[str] | dict[str, str]") -> list[socket.socket]:
    """The sockets that systemd hands to this process. Raises Unusable."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    try:
        count = int(environment.get("LISTEN_FDS", ""))
        found = [socket.socket(fileno=_FIRST_INHERITED + number) for number in range(count)]
    except (ValueError, OSError) as error:
        raise Unusable(UNAVAILABLE, "what systemd handed over are no sockets") from error
    for each in found:
        each.set_inheritable(False)
    return found


def sorted_out(sockets: Sequence[socket.socket]) -> tuple[list[socket.socket], socket.socket]:
    """The listening TCP sockets, and the door. Raises Unusable where one is missing, or something else is among them."""
    listeners = []
    doors = []
    for each in sockets:
        if not each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise Unusable(UNAVAILABLE, "a socket that was handed over does not listen")
        if each.family == socket.AF_UNIX and each.type == socket.SOCK_SEQPACKET:
            doors.append(each)
        elif each.family in (socket.AF_INET, socket.AF_INET6) and each.getsockname()[0] in _HOSTS:
            listeners.append(each)
        else:
            raise Unusable(
                UNAVAILABLE,
                "the broker listens on 127.0.0.1 and ::1 only, and on one Unix socket (SOCK_SEQPACKET)",
            )
    if len(doors) != 1 or not listeners:
        raise Unusable(UNAVAILABLE, "the broker needs one Unix socket (SOCK_SEQPACKET), and a TCP socket")
    if len({each.getsockname()[1] for each in listeners}) > wire.MOST_PORTS:
        raise Unusable(UNAVAILABLE, f"the broker serves {wire.MOST_PORTS} ports at most")
    return listeners, doors[0]


def _made(words: Sequence[str]) -> list[socket.socket]:
    """Raises Unusable."""
    options = _parser(has_socket=True).parse_args(words)
    return make(options.port or [DEFAULT_PORT], options.socket)


def _parser(*, has_socket: bool) -> "argparse.ArgumentParser":
    """Its parse_args raises Unusable."""
    import argparse  # noqa: PLC0415  # systemd gives no words, and then it is not loaded

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise Unusable(USAGE, message)

    parser = Parser(
        prog="qalamsap-broker", description="hand each connection to the agent of whoever opened it"
    )
    parser.add_argument("--port", type=int, action="append", metavar="N", help="port to own (again for more)")
    if has_socket:
        parser.add_argument(
            "--socket", type=Path, default=DEFAULT_SOCKET, metavar="PATH", help="where agents register"
        )
    return parser


def make(ports: Sequence[int], place: Path) -> list[socket.socket]:
    """Sockets of our own: each port on 127.0.0.1 and, where there is one, ::1, and the door. Raises Unusable."""
    found: list[socket.socket] = []
    try:
        for port in ports:
            found.append(socket.create_server(("127.0.0.1", port), backlog=_BACKLOG))
            with contextlib.suppress(OSError):  # a computer without IPv6
                taken = found[-1].getsockname()[1]
                found.append(socket.create_server(("::1", taken), family=socket.AF_INET6, backlog=_BACKLOG))
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        found.append(door)
        _remove_dead(place)
        door.bind(str(place))
        place.chmod(0o666)
        door.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        for each in found:
            each.close()
        raise Unusable(UNAVAILABLE, f"a socket can't be had: {error}") from error
    return found


def _remove_dead(place: Path) -> None:
    """A socket that was left by a broker that ended. OSError where a living one is there."""
    if not place.exists() or not stat.S_ISSOCK(place.stat().st_mode):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as caller:
        try:
            caller.connect(str(place))
        except ConnectionRefusedError:
            place.unlink()


if __name__ == "__main__":
    sys.exit(main())
