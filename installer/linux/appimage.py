"""Builds the AppImage: one file that runs on any system with the same glibc, for a person who may install nothing.

An AppImage (type 2) is a small program, the runtime, with a SquashFS behind it, which it mounts and starts `AppRun` of. The runtime is a
binary of the AppImage project's, which can't be made here: it is handed in, together with the digest that it must have.

It brings what the packages for a system leave to that system's package manager: small libraries of X that many desktops lack.
"""

import hashlib
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agent import programs
from agent.desk.file_menus import Menus
from installer.linux import bundle, elf, tree

MAGIC = b"AI\x02"
_MAGIC_AT = 8  # in the unused part of an ELF header (AppImage specification, "Type 2 image format")
# Libraries of X and of the keyboard that a desktop may lack. All others of AppImage's own list of excluded ones are every desktop's.
BROUGHT_ALONG = (
    "libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-image.so.0", "libxcb-keysyms.so.1", "libxcb-render-util.so.0",
    "libxcb-util.so.1", "libxcb-xkb.so.1", "libxkbcommon-x11.so.0", "libxkbcommon.so.0",
)  # fmt: skip
_APP_RUN = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/usr/lib/qalamsap/bin/qalamsap-agent" -I -m agent "${@:-open}"
"""


def build(
    out: Path, moment: datetime, runtime: Path, sha256: str, compressor: Sequence[str] = ("zstd",)
) -> Path:
    """The AppImage, in the folder `out`. `sha256` is the runtime's, hexadecimal. Raises bundle.CannotBuild, OSError."""
    head = checked_runtime(runtime, sha256)
    if shutil.which("mksquashfs") is None:
        raise bundle.CannotBuild("needs mksquashfs (Debian package squashfs-tools)")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qalamsap-appimage-") as folder:
        root, packed = Path(folder) / "root", Path(folder) / "packed"
        made = lay_out(root, moment)
        command = [
            "mksquashfs",
            str(root),
            str(packed),
            "-all-root",
            "-noappend",
            "-no-progress",
            "-quiet",
            "-comp",
            *compressor,
        ]
        command += ["-mkfs-time", str(int(moment.timestamp()))]
        done = subprocess.run(
            command, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise bundle.CannotBuild(done.stderr)
        image = out / f"Qalamsap-{made.version}-{platform.machine()}.AppImage"
        with image.open("wb") as whole, packed.open("rb") as behind:
            whole.write(head)
            shutil.copyfileobj(behind, whole)
        image.chmod(0o755)
    return image


def checked_runtime(runtime: Path, sha256: str) -> bytes:
    """Its octets. Raises bundle.CannotBuild where it is another one than was meant, or none."""
    octets = runtime.read_bytes()
    if hashlib.sha256(octets).hexdigest() != sha256.lower():
        raise bundle.CannotBuild(f"{runtime.name} has another digest than the one that was named")
    if octets[:4] != b"\x7fELF" or octets[_MAGIC_AT : _MAGIC_AT + len(MAGIC)] != MAGIC:
        raise bundle.CannotBuild(f"{runtime.name} is no runtime of type 2 AppImages")
    return octets


def lay_out(root: Path, moment: datetime) -> bundle.Bundle:
    """The folder that is packed: the bundle, `AppRun`, the entry and the icon. Raises bundle.CannotBuild, OSError."""
    made = bundle.make(root / bundle.PREFIX.relative_to("/"), "appimage")
    _bring_along(made)
    (made.folder / "bin" / programs.LAUNCHER).unlink()  # it names its interpreter by a path that is not there
    run = root / "AppRun"
    run.write_text(_APP_RUN, encoding="ascii")
    run.chmod(0o755)
    Menus(root / "usr/share", root / "none", ("qalamsap",), "en").put_entry()
    (root / "qalamsap.desktop").symlink_to("usr/share/applications/qalamsap.desktop")
    (root / "qalamsap.png").symlink_to("usr/share/icons/hicolor/256x256/apps/qalamsap.png")
    (root / ".DirIcon").symlink_to("qalamsap.png")
    tree.put_documents(root, made, moment)
    tree.level(root, moment)
    return made


def _bring_along(made: bundle.Bundle) -> None:
    """Beside Qt's own libraries, where its plug-ins look."""
    place = made.packages / "PySide6/Qt/lib"
    plugin = made.packages / "PySide6/Qt/plugins/platforms/libqxcb.so"
    done = subprocess.run(["ldd", plugin], capture_output=True, text=True, check=True)
    here = dict(line.strip().split(" => ", 1) for line in done.stdout.splitlines() if " => " in line)
    missing = [name for name in BROUGHT_ALONG if here.get(name, "not found").startswith("not found")]
    if missing:
        raise bundle.CannotBuild(f"not here: {', '.join(missing)}")
    for name in BROUGHT_ALONG:
        target = place / name
        shutil.copyfile(Path(here[name].rsplit(" (", 1)[0]).resolve(), target)
        target.chmod(0o644)
        if elf.read(target) is None:
            raise bundle.CannotBuild(f"{name} is no library")
        subprocess.run(["patchelf", "--set-rpath", "$ORIGIN", target], check=True)
