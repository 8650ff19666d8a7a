"""What systemd does for a socket unit, where no systemd runs: makes its sockets, and becomes its service under another account.

python -m tests.support.socket_activation SOCKET_UNIT SERVICE_UNIT ACCOUNT
"""

import os
import pwd
import shlex
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

_FIRST = 3  # sd_listen_fds(3)


def values(unit: Path, name: str) -> Iterator[str]:
    """What the unit says under this name, as often as it says it."""
    for line in unit.read_text("utf-8").splitlines():
        key, _, value = line.partition("=")
        if key == name:
            yield value


def sockets(unit: Path) -> Iterator[socket.socket]:
    """Those that the unit asks for, listening."""
    for address in values(unit, "ListenStream"):
        host, _, port = address.rpartition(":")
        family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        yield socket.create_server((host.strip("[]"), int(port)), family=family)
    for place in values(unit, "ListenSequentialPacket"):
        (folder_mode,) = values(unit, "DirectoryMode")
        (mode,) = values(unit, "SocketMode")
        Path(place).parent.mkdir(mode=int(folder_mode, 8), exist_ok=True)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        door.bind(place)
        Path(place).chmod(int(mode, 8))
        door.listen()
        yield door


def main(socket_unit: Path, service_unit: Path, account: str) -> None:
    made = list(sockets(socket_unit))
    # Out of the way first: a number may be taken by another of them.
    copies = [os.dup2(each.fileno(), 100 + number) for number, each in enumerate(made)]
    for number, copy in enumerate(copies):
        os.dup2(copy, _FIRST + number, inheritable=True)
    person = pwd.getpwnam(account)
    os.setgroups([])
    os.setresgid(person.pw_gid, person.pw_gid, person.pw_gid)
    os.setresuid(person.pw_uid, person.pw_uid, person.pw_uid)
    (command,) = values(service_unit, "ExecStart")
    words = shlex.split(command)
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(made)), "PATH": "/usr/bin:/bin"}
    print("listening", flush=True)
    os.execve(words[0], words, environment)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
