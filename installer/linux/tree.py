"""The whole of a package, as it will lie on a computer: the bundle, and around it what desktops, shells, systemd and browsers look for.

The same for every kind of package; what differs is how it is packed, and what runs before and after.
"""

import gzip
import importlib.metadata
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from agent import programs
from agent.desk.file_menus import Menus
from installer.linux import bundle, command_line

FILES = Path(__file__).with_name("files")
UNITS = Path(__file__).with_name("units")
SYSTEM_UNITS = Path("usr/lib/systemd/system")
DOCUMENTS = Path("usr/share/doc/qalamsap")


def make(root: Path, packaging: programs.Packaging, moment: datetime) -> bundle.Bundle:
    """Lays the package out below `root`, which must be missing or empty; every file is of that moment.

    Raises bundle.CannotBuild, OSError.
    """
    made = bundle.make(root / bundle.PREFIX.relative_to("/"), packaging)
    _put(FILES / "start-at-login", made.folder / "libexec" / "start-at-login", mode=0o755)
    link = root / "usr/bin/qalamsap"
    link.parent.mkdir(parents=True)
    link.symlink_to(os.path.relpath(bundle.PREFIX / "bin" / programs.LAUNCHER, "/usr/bin"))
    _put(FILES / "autostart.desktop", root / "etc/xdg/autostart/qalamsap.desktop")
    _put(FILES / "qalamsap.service", root / "usr/lib/systemd/user/qalamsap.service")
    _put(FILES / "defaults.toml", root / "usr/share/qalamsap/defaults.toml")
    _put(FILES / "apparmor", root / "etc/apparmor.d/qalamsap")
    _put(FILES / "apparmor-desktop", root / "etc/apparmor.d/qalamsap-desktop")
    _put_units(root)
    (root / "etc/qalamsap/policy.d").mkdir(parents=True)
    Menus(root / "usr/share", root / "none", ("/usr/bin/qalamsap",), "en").put_entry()
    _put_words(root, made.version, moment)
    put_documents(root, made, moment)
    level(root, moment)
    return made


def units() -> list[str]:
    """The names of the system's units that packages bring: the broker's, the renewal's."""
    return [
        path.name for path in sorted(UNITS.glob("*.*")) if path.suffix in {".service", ".socket", ".timer"}
    ]


def built_at(source: Path = bundle.SOURCE) -> datetime:
    """When what is packaged was made: SOURCE_DATE_EPOCH, else the last commit, else now."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        asked = ["git", "-C", str(source), "log", "-1", "--format=%ct"]
        done = (
            subprocess.run(asked, capture_output=True, text=True, check=False)
            if shutil.which("git")
            else None
        )
        text = done.stdout.strip() if done and done.returncode == 0 else ""
    return datetime.fromtimestamp(int(text), UTC) if text else datetime.now(UTC)


def _put_units(root: Path) -> None:
    for name in units():
        _put(UNITS / name, root / SYSTEM_UNITS / name)


def _put_words(root: Path, version: str, moment: datetime) -> None:
    share = root / "usr/share"
    _write(
        share / "man/man1/qalamsap.1.gz",
        zipped(command_line.manual(version, f"{moment:%Y-%m-%d}")),
    )
    _write(share / "bash-completion/completions/qalamsap", command_line.bash().encode())
    _write(share / "zsh/vendor-completions/_qalamsap", command_line.zsh().encode())
    _write(share / "fish/vendor_completions.d/qalamsap.fish", command_line.fish().encode())


def put_documents(root: Path, made: bundle.Bundle, moment: datetime) -> None:
    """Copyright, what changed, and of all that is shipped a list and the licences."""
    folder = root / DOCUMENTS
    _put(FILES / "copyright", folder / "copyright")
    _write(folder / "NEWS.gz", zipped((bundle.SOURCE / "CHANGELOG.md").read_text("utf-8")))
    of_bundle = ["--site", str(made.packages), "--python", str(made.folder / "bin" / "qalamsap-agent")]
    ours = [sys.executable, "-m", "installer.shipped"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(int(moment.timestamp()))}
    for words in (
        ["licences", "--out", str(folder), *of_bundle],
        ["sbom", "--out", str(folder / "qalamsap.cdx.json"), *of_bundle],
    ):
        done = subprocess.run(
            [*ours, *words], cwd=bundle.SOURCE, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise bundle.CannotBuild(done.stdout + done.stderr)


def zipped(text: str) -> bytes:
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _put(source: Path, target: Path, mode: int = 0o644) -> None:
    _write(target, source.read_bytes(), mode)


def _write(target: Path, octets: bytes, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(octets)
    target.chmod(mode)


def level(root: Path, moment: datetime) -> None:
    """Modes without what this computer's umask did, and one time for all."""
    for path in [root, *root.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (moment.timestamp(), moment.timestamp()), follow_symlinks=False)


def version() -> str:
    """Of what is packaged."""
    return importlib.metadata.version("qalamsap")
