"""A throw-away copy of this machine: everything can be written, installed and served there, and nobody outside sees it.

It has its own files (an overlay in memory on top of the real ones), network (so port 13579 is free), processes, and a person. It ends,
with all that runs in it, with the `with` block. What lies below the overlay may also be another root than this machine's
(tests.support.clean_root).
"""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.program_lines import next_line

REPOSITORY = Path(__file__).resolve().parents[2]
PERSON = "aigul"
# A container's root is often an overlay itself, on which no upper layer can lie: it gets a tmpfs. What is mounted elsewhere and holds our
# code is not part of the lower layer, so it is brought along.
HOLD = """
set -e
lower="$1"; layers="$2"; whole="$layers/whole"; shift 2
mount -t tmpfs -o mode=0755 tmpfs "$layers"
mkdir "$layers/upper" "$layers/work" "$whole"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$layers/upper,workdir=$layers/work" "$whole"
mount --rbind /dev "$whole/dev"
mount --rbind /sys "$whole/sys"
mount -t proc proc "$whole/proc"
mount -t tmpfs -o mode=0755 tmpfs "$whole/run"
for place in "$@"; do mkdir -p "$whole$place"; mount --rbind "$place" "$whole$place"; done
echo ready
exec cat
"""
# `ip link set lo up`, without the package that has it.
LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
"""
PATIENCE_S = 120


@dataclasses.dataclass(frozen=True)
class Machine:
    folder: Path
    """Where, seen from outside, the copy's files lie for the processes inside it."""
    holder: int

    def _prefix(self, *, is_online: bool) -> tuple[str, ...]:
        """What to put before a command so that it runs inside, as root."""
        spaces = f"/proc/{self.holder}/ns"
        entered = [f"--mount={spaces}/mnt", f"--pid={spaces}/pid_for_children"]
        if not is_online:
            entered.append(f"--net={spaces}/net")
        return ("nsenter", *entered, "--", "chroot", str(self.folder))

    def path(self, inside: str) -> Path:
        """The file that programs inside see at `inside`; no link on the way to it is followed."""
        return Path(f"/proc/{self.holder}/root{self.folder}") / inside.lstrip("/")

    def command(
        self,
        *words: str,
        person: str = "",
        folder: str = "",
        environment: Mapping[str, str] | None = None,
        is_online: bool = False,
    ) -> list[str]:
        """A command line for outside that runs `words` inside: as root, or as that person, in their home folder if no other is named.

        With `is_online` it has the real machine's network.
        """
        home = f"/home/{person}" if person else "/root"
        variables = {
            "HOME": home,
            "USER": person or "root",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(environment or {}),
        }
        who = ("setpriv", f"--reuid={person}", f"--regid={person}", "--init-groups") if person else ()
        told = (f"{name}={value}" for name, value in variables.items())
        return [*self._prefix(is_online=is_online), *who, "env", "-i", "-C", folder or home, *told, *words]

    def run(
        self,
        *words: str,
        person: str = "",
        folder: str = "",
        environment: Mapping[str, str] | None = None,
        is_online: bool = False,
        timeout_s: float = PATIENCE_S,
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program inside and gives its output; the exit code is the caller's to judge."""
        return subprocess.run(
            self.command(*words, person=person, folder=folder, environment=environment, is_online=is_online),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def written(self) -> set[str]:
        """Every file, link and hole that the machine has and the one below it has not."""
        upper = self.path("/").parent / "upper"
        return {
            f"/{path.relative_to(upper)}"
            for path in upper.rglob("*")
            if path.is_symlink() or not path.is_dir()
        }

    def add_person(self, name: str) -> None:
        """One more person with a home folder of their own."""
        made = self.run("useradd", "--create-home", "--shell", "/bin/sh", name)
        assert made.returncode == 0, made.stderr

    def add_command(self) -> None:
        """Puts `qalamsap` of this source tree among the programs, for everybody on the copy."""
        self.path("/usr/local/bin/qalamsap").write_text(
            f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -P -m agent "$@"\n', encoding="utf-8"
        )
        self.path("/usr/local/bin/qalamsap").chmod(0o755)
        for place in (REPOSITORY, Path(sys.prefix), Path(sys.base_prefix).resolve()):
            for above in (place, *place.parents):
                opened = self.path(str(above))
                if not opened.stat().st_mode & 0o001:
                    opened.chmod(opened.stat().st_mode | 0o011)


@contextlib.contextmanager
def copied_machine(folder: Path) -> Iterator[Machine]:
    """Opens a copy whose layers are mounted on `folder`, with one person; skips the test where the system does not allow one."""
    with machine_over(Path("/"), folder, _mounted_apart()) as machine:
        machine.add_person(PERSON)
        yield machine


@contextlib.contextmanager
def machine_over(lower: Path, folder: Path, brought: Sequence[str] = ()) -> Iterator[Machine]:
    """Opens a machine with the files of the root `lower` and of the places `brought` of this one; nothing is written to `lower`.

    Skips the test where the system does not allow one.
    """
    if not shutil.which("unshare") or not shutil.which("nsenter") or os.geteuid() != 0:
        pytest.skip("needs tool: unshare as root")
    folder.mkdir(parents=True, exist_ok=True)
    spaces = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private")
    with subprocess.Popen(
        ["unshare", *spaces, "sh", "-c", HOLD, "sh", str(lower), str(folder), *brought],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stderr is not None
        try:
            if next_line(holder.stdout, PATIENCE_S) != "ready\n":
                holder.kill()
                pytest.skip(f"needs tool: unshare as root ({holder.stderr.read().strip()})")
            network = ["nsenter", f"--net=/proc/{holder.pid}/ns/net", sys.executable, "-I", "-c", LOOPBACK_UP]
            subprocess.run(network, check=True, timeout=PATIENCE_S)
            yield Machine(folder / "whole", holder.pid)
        finally:
            holder.stdin.close()  # `cat` ends; it is the first process of its space, so all others are ended, too
            with contextlib.suppress(subprocess.TimeoutExpired):
                holder.wait(PATIENCE_S)
            holder.kill()


def _mounted_apart() -> list[str]:
    """Where our code and its Python lie on a file system that is not the root's."""
    found = []
    for place in (REPOSITORY, Path(sys.prefix), Path(sys.base_prefix).resolve()):
        mounts = [above for above in (place, *place.parents) if above != Path("/") and above.is_mount()]
        if mounts:
            found.append(str(mounts[-1]))
    return list(dict.fromkeys(found))


def wait_for(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Until the condition holds; the test fails if it does not in time."""
    ends = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < ends, f"waited {patience_s:.0f} s for {what}"
        time.sleep(0.05)
