"""A mount namespace of a test's own: /etc and Firefox's folders can be written, and nobody outside sees it.

The namespace is held by a process that waits on its standard input. Programs are started in it through `World.prefix`,
files in it are read and written through `World.path`. It ends with the `with` block; the writes were in memory.
"""

import contextlib
import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.program_lines import next_line

# Places of policies. An overlay needs its lower folder, so only those that exist are covered.
OVERLAID = ("/etc", "/usr/share/firefox-esr", "/usr/lib/firefox-esr", "/usr/lib/firefox")
# The upper layer can't lie on an overlay itself, as a container's root often is: it gets a tmpfs.
HOLD = """
set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
shift_base="$1"; shift
for place in "$@"; do
    upper="$shift_base/upper$place"; work="$shift_base/work$place"
    mkdir -p "$upper" "$work"
    mount -t overlay overlay -o "lowerdir=$place,upperdir=$upper,workdir=$work" "$place"
done
echo ready
exec cat
"""


@dataclasses.dataclass(frozen=True)
class World:
    home: Path
    """A private HOME, outside the namespace too."""
    process_id: int

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to put before a command so that it runs inside."""
        return ("nsenter", f"--mount=/proc/{self.process_id}/ns/mnt", "--")

    def path(self, inside: str) -> Path:
        """The file that programs inside see at `inside`."""
        return Path(f"/proc/{self.process_id}/root") / inside.lstrip("/")

    def run(
        self, *command: str, timeout_s: float = 60, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program inside, with the private HOME, and gives its output; the exit code is the caller's to judge."""
        here = ("env", "-C", str(folder)) if folder else ()
        return subprocess.run(
            [*self.prefix, *here, *command],
            env=private_environment(self.home),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )


def private_environment(home: Path) -> dict[str, str]:
    """The environment with another HOME and nothing that points back to the real one."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "MOZ_", "SSLKEYLOGFILE"))
    }
    return {**kept, "HOME": str(home)}


@contextlib.contextmanager
def own_world(folder: Path) -> Iterator[World]:
    """Opens a namespace whose HOME is `folder`/home; skips the test where the system does not allow one."""
    if not shutil.which("unshare") or not shutil.which("nsenter") or os.geteuid() != 0:
        pytest.skip("needs tool: unshare as root")
    home, layers = folder / "home", folder / "layers"
    home.mkdir(parents=True, exist_ok=True)
    layers.mkdir(exist_ok=True)
    places = [place for place in OVERLAID if Path(place).is_dir() and not Path(place).is_symlink()]
    with subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", HOLD, "sh", str(layers), *places],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stderr is not None
        try:
            if next_line(holder.stdout) != "ready\n":
                holder.kill()
                pytest.skip(f"needs tool: unshare as root ({holder.stderr.read().strip()})")
            yield World(home, holder.pid)
        finally:
            holder.kill()  # the namespace ends with it
