"""Builds the .deb: the tree, packed by Debian's own dpkg-deb, with the scripts that run before and after."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from installer.linux import bundle, tree

SCRIPTS = tree.FILES / "deb"
MAINTAINER = "Qalamsap <packages@qalamsap.invalid>"
ARCHITECTURES: Mapping[str, str] = MappingProxyType({"x86_64": "amd64", "aarch64": "arm64"})

# Which package brings a library that the bundle needs from the system. Some got another name in 2024, with the width of their time_t.
PACKAGE_OF: Mapping[str, str] = MappingProxyType(
    {
        "libEGL.so.1": "libegl1",
        "libGL.so.1": "libgl1",
        "libX11-xcb.so.1": "libx11-xcb1",
        "libX11.so.6": "libx11-6",
        "libdbus-1.so.3": "libdbus-1-3",
        "libfontconfig.so.1": "libfontconfig1",
        "libfreetype.so.6": "libfreetype6",
        "libgcc_s.so.1": "libgcc-s1",
        "libglib-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
        "libgthread-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
        "libstdc++.so.6": "libstdc++6",
        "libwayland-client.so.0": "libwayland-client0",
        "libwayland-cursor.so.0": "libwayland-cursor0",
        "libwayland-egl.so.1": "libwayland-egl1",
        "libxcb-cursor.so.0": "libxcb-cursor0",
        "libxcb-glx.so.0": "libxcb-glx0",
        "libxcb-icccm.so.4": "libxcb-icccm4",
        "libxcb-image.so.0": "libxcb-image0",
        "libxcb-keysyms.so.1": "libxcb-keysyms1",
        "libxcb-randr.so.0": "libxcb-randr0",
        "libxcb-render-util.so.0": "libxcb-render-util0",
        "libxcb-render.so.0": "libxcb-render0",
        "libxcb-shape.so.0": "libxcb-shape0",
        "libxcb-shm.so.0": "libxcb-shm0",
        "libxcb-sync.so.1": "libxcb-sync1",
        "libxcb-util.so.1": "libxcb-util1",
        "libxcb-xfixes.so.0": "libxcb-xfixes0",
        "libxcb-xkb.so.1": "libxcb-xkb1",
        "libxcb.so.1": "libxcb1",
        "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
        "libxkbcommon.so.0": "libxkbcommon0",
        "libzstd.so.1": "libzstd1",
    }
)
# Kazakh letters in windows; what the scripts use beside what every Debian has; how links are opened.
_ALSO_NEEDED = ("fonts-dejavu-core | fonts-noto-core", "init-system-helpers (>= 1.52)")
_RECOMMENDED = ("libnss3-tools", "xdg-utils")

_DESCRIPTION = """\
signing agent: web pages ask it to sign documents with your own key
 Web pages reach it over wss://127.0.0.1:13579/. It shows in a window of its
 own who asks and what is to be signed, and signs with the key of the person:
 CMS, CAdES, XML, PDF, ASiC, with the algorithms of Kazakhstan and of others.
 Keys and passwords never leave the computer.
 .
 Pages that were written for NCALayer work with it unchanged.
"""


def build(out: Path, moment: datetime, compression: Sequence[str] = ("-Zxz", "-z6")) -> Path:
    """The package, in the folder `out`. Raises bundle.CannotBuild, OSError."""
    if shutil.which("dpkg-deb") is None:
        raise bundle.CannotBuild("needs dpkg-deb")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qalamsap-deb-") as folder:
        root = Path(folder) / "root"
        made = tree.make(root, "deb", moment)
        _put_control(root, made, moment)
        package = out / f"qalamsap_{made.version}_{architecture()}.deb"
        command = ["dpkg-deb", "--root-owner-group", *compression, "--build", str(root), str(package)]
        # dpkg-deb sets no file to a later time than this, and its own parts to this.
        environment = {"SOURCE_DATE_EPOCH": str(int(moment.timestamp())), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise bundle.CannotBuild(done.stderr)
    return package


def architecture() -> str:
    """Debian's name of this computer's processor."""
    import platform  # noqa: PLC0415  # would be taken for our own module of packages otherwise

    machine = platform.machine()
    if machine not in ARCHITECTURES:
        raise bundle.CannotBuild(f"packages are made for {', '.join(ARCHITECTURES)}, not for {machine}")
    return ARCHITECTURES[machine]


def dependencies(missing: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The packages that a bundle needs. Raises CannotBuild for a library that no known package brings."""
    unknown = {name: users for name, users in missing.items() if name not in PACKAGE_OF}
    if unknown:
        raise bundle.CannotBuild(f"no package is known for {unknown}: add it to PACKAGE_OF, or to the bundle")
    glibc = f"libc6 (>= {bundle.GLIBC[0]}.{bundle.GLIBC[1]})"
    return tuple(dict.fromkeys((glibc, *sorted({PACKAGE_OF[name] for name in missing}), *_ALSO_NEEDED)))


def _put_control(root: Path, made: bundle.Bundle, moment: datetime) -> None:
    size = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir()) // 1024
    # The interpreter's names are one file.
    size -= (made.folder / "bin/python3").stat().st_size // 1024 * 7
    control = root / "DEBIAN"
    control.mkdir(mode=0o755)
    fields = {
        "Package": "qalamsap",
        "Version": made.version,
        "Architecture": architecture(),
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size),
        "Depends": ", ".join(dependencies(made.missing_libraries())),
        "Recommends": ", ".join(_RECOMMENDED),
        "Section": "utils",
        "Priority": "optional",
        "Homepage": "https://qalamsap.invalid/",
        "Description": _DESCRIPTION.rstrip(),
    }
    (control / "control").write_text("".join(f"{name}: {text}\n" for name, text in fields.items()), "utf-8")
    conffiles = sorted(f"/{path.relative_to(root)}" for path in (root / "etc").rglob("*") if path.is_file())
    (control / "conffiles").write_text("".join(f"{path}\n" for path in conffiles), "utf-8")
    for name in ("postinst", "prerm", "postrm"):
        script = control / name
        script.write_text(filled((SCRIPTS / name).read_text("utf-8")), "utf-8")
        script.chmod(0o755)
    _put_changelog(root, made.version, moment)
    for source, target in (
        (SCRIPTS / "lintian-overrides", root / "usr/share/lintian/overrides/qalamsap"),
        (tree.FILES / "setup", made.folder / "libexec/setup"),
    ):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(0o644)
    tree.level(root, moment)


def _put_changelog(root: Path, version: str, moment: datetime) -> None:
    """Debian's own kind, which only points to ours."""
    entry = (
        f"qalamsap ({version}) unstable; urgency=medium\n\n"
        "  * What is new is told in NEWS.gz.\n\n"
        f" -- {MAINTAINER}  {moment:%a, %d %b %Y %H:%M:%S +0000}\n"
    )
    (root / tree.DOCUMENTS / "changelog.gz").write_bytes(tree.zipped(entry))


def filled(script: str) -> str:
    """A script with the names of units in it: those that are switched on, and those that they start."""
    switched = [name for name in tree.units() if name.endswith((".socket", ".timer"))]
    started = [name for name in tree.units() if name.endswith(".service")]
    return script.replace("@UNITS@", " ".join(switched)).replace("@STARTED@", " ".join(started))
