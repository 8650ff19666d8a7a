"""Builds the .rpm: the same tree, packed by rpmbuild. What it needs of the system is named by library, which all that use rpm understand."""

import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from installer.linux import bundle, deb, tree

SCRIPTS = tree.FILES / "rpm"
_SPEC = """\
Name: qalamsap
Version: {version}
Release: 1
Summary: Signing agent: web pages ask it to sign documents with your own key
License: Apache-2.0
BuildArch: {machine}
AutoReqProv: no
{requires}
Recommends: font(dejavusans)
Recommends: xdg-utils

%description
Web pages reach it over wss://127.0.0.1:13579/. It shows in a window of its own who asks and what is to be signed, and signs
with the key of the person: CMS, CAdES, XML, PDF, ASiC, with the algorithms of Kazakhstan and of others. Keys and passwords
never leave the computer. Pages that were written for NCALayer work with it unchanged.

%post
{post}
%preun
{preun}
%postun
{postun}
%files
%defattr(-, root, root, -)
{files}
"""
# Nothing is to be stripped, compiled or checked once more: the tree is as it shall be.
_DEFINITIONS = {
    "__os_install_post": "%{nil}",
    "__brp_mangle_shebangs": "%{nil}",
    "_build_id_links": "none",
    "debug_package": "%{nil}",
    "_buildhost": "localhost",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
}
PAYLOADS: Mapping[str, str] = {"xz": "w6.xzdio", "zstd": "w3.zstdio", "gzip": "w1.gzdio"}


def build(out: Path, moment: datetime, payload: str = PAYLOADS["xz"]) -> Path:
    """The package, in the folder `out`. Raises bundle.CannotBuild, OSError."""
    if shutil.which("rpmbuild") is None:
        raise bundle.CannotBuild("needs rpmbuild (Debian package rpm)")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qalamsap-rpm-") as folder:
        top = Path(folder)
        made = tree.make(top / "root", "rpm", moment)
        # Where systems with rpm look for the words of zsh.
        words = top / "root/usr/share/zsh"
        (words / "vendor-completions").rename(words / "site-functions")
        setup = made.folder / "libexec/setup"
        shutil.copyfile(tree.FILES / "setup", setup)
        setup.chmod(0o644)
        tree.level(top / "root", moment)
        (top / "qalamsap.spec").write_text(_spec(top / "root", made), encoding="utf-8")
        command = ["rpmbuild", "-bb", "--quiet", "--buildroot", str(top / "root"), "--noclean"]
        for name, value in {**_DEFINITIONS, "_topdir": str(top / "top"), "_binary_payload": payload}.items():
            command += ["--define", f"{name} {value}"]
        # rpmbuild would empty the build root before it packs; there is no %install to fill it again.
        command += ["--define", "__spec_install_pre %{___build_pre}", str(top / "qalamsap.spec")]
        environment = {
            "SOURCE_DATE_EPOCH": str(int(moment.timestamp())),
            "PATH": "/usr/bin:/bin",
            "HOME": folder,
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise bundle.CannotBuild(done.stderr)
        (package,) = (top / "top/RPMS").rglob("*.rpm")
        return Path(shutil.move(package, out / package.name))


def requirements(missing: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What a bundle needs, as capabilities: libraries by their names, and the C library by its version."""
    glibc = f"libc.so.6(GLIBC_{bundle.GLIBC[0]}.{bundle.GLIBC[1]})(64bit)"
    return (glibc, *sorted(f"{name}()(64bit)" for name in missing), "findutils", "util-linux", "/bin/sh")


def _spec(root: Path, made: bundle.Bundle) -> str:
    scripts = {
        name: deb.filled((SCRIPTS / name).read_text("utf-8")).replace("%", "%%")
        for name in ("post", "preun", "postun")
    }
    needs = requirements(made.missing_libraries())
    return _SPEC.format(
        version=made.version,
        machine=platform.machine(),
        requires="\n".join(f"Requires: {need}" for need in needs),
        files="\n".join(_listed(root)),
        **scripts,
    )


def _listed(root: Path) -> list[str]:
    """What the package owns: our own folders whole, single files in those that everybody shares. Settings are kept on upgrades."""
    lines = [f"{bundle.PREFIX}", "%dir /etc/qalamsap", "%dir /etc/qalamsap/policy.d", "/usr/share/qalamsap"]
    lines += [f"%doc /{tree.DOCUMENTS}"]
    whole = (root / bundle.PREFIX.relative_to("/"), root / "usr/share/qalamsap", root / tree.DOCUMENTS)
    for path in sorted(root.rglob("*")):
        if any(path.is_relative_to(folder) for folder in whole) or (path.is_dir() and not path.is_symlink()):
            continue
        place = f"/{path.relative_to(root)}"
        lines.append(f"%config(noreplace) {place}" if place.startswith("/etc/") else place)
    return lines
