"""A computer on which nobody has installed anything: a minimal Debian 12, made by debootstrap once for all tests of a run.

Where it comes from is what this machine's apt says of its own sources, so no archive is named here. Tests get an overlay on top
(tests.support.copied_machine), so what they do to it is gone after them.
"""

import atexit
import contextlib
import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.copied_machine import Machine, machine_over

CODENAME = "bookworm"
LIMIT_S = 600
_MAIN = "main"
# How apt gets through to an archive; a program that finds a proxy is of this machine only.
_ACQUIRE = re.compile(r"Acquire::https?::(?!.*Auto-?Detect)", re.IGNORECASE)
_AUTHORITIES = re.compile(r'^(Acquire::https::(?:.*::)?CAInfo) "(.+)";$', re.IGNORECASE | re.MULTILINE)
_SYSTEMS_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# dpkg waits for the disk after every file. In memory there is none to wait for.
_MAKE = """
set -e
mount -t tmpfs -o mode=0755 tmpfs "$1"
debootstrap --variant=minbase "$3" "$1/root" "$4"
rm -f "$1"/root/var/cache/apt/archives/*.deb
cp -a "$1/root" "$2"
"""
_PROXY = re.compile(r"(https?|no|all)_proxy", re.IGNORECASE)


@contextlib.contextmanager
def clean_machine(folder: Path) -> Iterator[Machine]:
    """Opens one whose layers are mounted on `folder`, with lists of packages but nobody except root; skips the test where it can't be had."""
    with machine_over(made(), folder) as machine:
        yield machine


def environment() -> Mapping[str, str]:
    """For apt-get on such a machine."""
    proxies = {name: value for name, value in os.environ.items() if _PROXY.fullmatch(name)}
    return {"DEBIAN_FRONTEND": "noninteractive", **proxies}


@functools.cache
def made() -> Path:
    """The root itself, which nobody should write to. Skips the test where a tool or an archive is missing."""
    if shutil.which("debootstrap") is None or shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("needs tool: debootstrap as root")
    sources = archives()
    mirror = next((address for address, suite, _ in sources if suite == CODENAME), None)
    if mirror is None:
        pytest.skip(f"needs tool: an archive of Debian {CODENAME} among apt's sources, and its lists")
    folder = Path(tempfile.mkdtemp(prefix="qalamsap-root-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    root, memory = folder / "root", folder / "memory"
    memory.mkdir()
    # In a space of its own, where what it mounts and starts ends with it.
    spaces = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--")
    done = subprocess.run(
        [*spaces, "sh", "-c", _MAKE, "sh", memory, root, CODENAME, mirror],
        env={**os.environ, **_proxies_of_apt()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"needs tool: an archive of Debian ({(done.stdout + done.stderr).strip()[-300:]})")
    _put_sources(root, sources)
    # What debootstrap left there is not all that apt wants to know, but is taken for it.
    lists = root / "var/lib/apt/lists"
    shutil.rmtree(lists)
    with machine_over(root, folder / "layers") as machine:
        update = machine.run(
            "apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any",
            environment=environment(), is_online=True, timeout_s=LIMIT_S,
        )  # fmt: skip
        if update.returncode:
            pytest.skip(f"needs tool: an archive of Debian ({update.stderr.strip()[-300:]})")
        shutil.copytree(machine.path("/var/lib/apt/lists"), lists)
    return root


def archives() -> list[tuple[str, str, str]]:
    """Debian's own archives for Debian 12 that apt knows here: address, suite, component."""
    if shutil.which("apt-get") is None:
        pytest.skip("needs tool: apt-get")
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    asked = ["apt-get", "indextargets", "--format", form, "Created-By: Packages", "Origin: Debian"]
    lines = subprocess.run(asked, capture_output=True, text=True, timeout=LIMIT_S, check=True).stdout
    found = [(words[0], words[1], words[2]) for words in map(str.split, lines.splitlines())]
    return [
        each
        for each in dict.fromkeys(found)
        if each[0].startswith("http") and each[1].partition("-")[0] == CODENAME and each[2] == _MAIN
    ]


def _put_sources(root: Path, sources: list[tuple[str, str, str]]) -> None:
    """Tells the root's apt what this machine's knows: the archives, and how to get there."""
    lines = "".join(f"deb {' '.join(source)}\n" for source in sources)
    (root / "etc/apt/sources.list").write_text(lines, encoding="utf-8")
    told = _told_of_apt()
    named = _AUTHORITIES.search(told)
    authorities = Path(named[2]) if named else _SYSTEMS_AUTHORITIES
    if authorities.is_file() and any(address.startswith("https:") for address, _, _ in sources):
        # Not where programs look for them: a package that needs some has to say so.
        shutil.copyfile(authorities, root / "etc/apt/authorities.pem")
        told = _AUTHORITIES.sub("", told) + 'Acquire::https::CAInfo "/etc/apt/authorities.pem";\n'
    told += 'Acquire::Languages "none";\nAcquire::Retries "3";\n'
    (root / "etc/apt/apt.conf.d/90machine").write_text(told, encoding="utf-8")
    for name in ("hosts", "resolv.conf"):
        if Path("/etc", name).is_file():
            shutil.copyfile(Path("/etc", name), root / "etc" / name)


def _told_of_apt() -> str:
    asked = ["apt-config", "dump", "--format", '%f "%v";%n']
    told = subprocess.run(asked, capture_output=True, text=True, timeout=LIMIT_S, check=True).stdout
    return "".join(f"{line}\n" for line in told.splitlines() if _ACQUIRE.match(line))


def _proxies_of_apt() -> dict[str, str]:
    """For debootstrap, which doesn't read apt's configuration."""
    found = re.findall(r'^Acquire::(https?)::Proxy "(.+)";$', _told_of_apt(), re.MULTILINE | re.IGNORECASE)
    return {f"{scheme.lower()}_proxy": "" if proxy == "DIRECT" else proxy for scheme, proxy in found}
