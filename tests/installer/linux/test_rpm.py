"""The .rpm: what it says of itself, the same tree as the .deb, and a life on a copy of this machine."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer.linux import deb, rpm, tree
from tests.support import packing
from tests.support.copied_machine import PERSON, copied_machine

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="packages of Linux")]
LIMIT_S = 300
# The database of rpm, which no Debian has before, and what is not the package's doing.
LEFT_BY_OTHERS = re.compile(r"/(var/lib/rpm|var/log|var/cache|root|home|tmp|run)(/|$)")


def needs(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"needs tool: {tool}")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("rpmbuild", "rpm", "patchelf", "strip")
    return rpm.build(tmp_path_factory.mktemp("rpm"), tree.built_at(), rpm.PAYLOADS["gzip"])


def asked(package: Path, *question: str) -> str:
    return subprocess.run(
        ["rpm", "-qp", *question, package], capture_output=True, text=True, check=True
    ).stdout


def test_what_it_needs_is_named_by_library_and_glibc_by_version(package: Path) -> None:
    needed = set(asked(package, "--requires").split("\n"))
    assert {"libX11.so.6()(64bit)", "libc.so.6(GLIBC_2.36)(64bit)", "/bin/sh"} <= needed
    assert not any(line.startswith(("libpython", "libQt6", "/usr/lib/qalamsap")) for line in needed)


def test_settings_are_kept_and_no_shared_folder_is_owned(package: Path) -> None:
    assert set(asked(package, "-c").split()) == {
        "/etc/apparmor.d/qalamsap",
        "/etc/apparmor.d/qalamsap-desktop",
        "/etc/xdg/autostart/qalamsap.desktop",
    }
    files = set(asked(package, "-l").split())
    assert files.isdisjoint(
        {"/usr", "/usr/bin", "/etc", "/usr/share", "/usr/lib/systemd/user", "/usr/share/man/man1"}
    )
    assert {"/usr/bin/qalamsap", "/usr/lib/qalamsap", "/etc/qalamsap/policy.d"} <= files
    assert {f"/{tree.SYSTEM_UNITS}/{name}" for name in tree.units()} <= files


@pytest.mark.parametrize("name", ["post", "preun", "postun"])
def test_the_scripts_are_whole_and_shellcheck_has_nothing_to_say(
    package: Path, name: str, tmp_path: Path
) -> None:
    needs("shellcheck")
    script = deb.filled((rpm.SCRIPTS / name).read_text())
    assert script.strip() in asked(package, "--scripts")
    (tmp_path / name).write_text(f"#!/bin/sh\n{script}")
    done = subprocess.run(
        ["shellcheck", "--exclude=SC2043,SC1091", tmp_path / name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""


def test_packed_again_by_somebody_else_it_has_the_same_octets(package: Path, tmp_path: Path) -> None:
    needs("rpm2cpio", "cpio")
    (tmp_path / "unpacked").mkdir()
    (tmp_path / "again").mkdir()
    unpack = [
        "sh",
        "-ec",
        'rpm2cpio "$1" | cpio --extract --make-directories --preserve-modification-time --quiet',
    ]
    subprocess.run([*unpack, "sh", package], cwd=tmp_path / "unpacked", check=True, timeout=LIMIT_S)
    again = packing.packed_again(
        tmp_path / "unpacked",
        lambda out, moment: rpm.build(out, moment, rpm.PAYLOADS["gzip"]),
        tmp_path / "again",
    )
    assert (again.name, packing.sha256(again)) == (package.name, packing.sha256(package))


@pytest.mark.root
def test_it_is_installed_used_and_removed_without_a_trace(package: Path, tmp_path: Path) -> None:
    with copied_machine(tmp_path) as machine:

        def run(*words: str, person: str = "") -> str:
            done = machine.run(*words, person=person, timeout_s=LIMIT_S)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        before = machine.written()
        shutil.copy(package, machine.path("/tmp/qalamsap.rpm"))
        # Debian's rpm wants to be told that it is meant; the libraries are there, but not in its books.
        run("rpm", "--force-debian", "--nodeps", "-i", "/tmp/qalamsap.rpm")
        assert "GOST: native" in run("qalamsap", "version", person=PERSON)
        assert run("qalamsap", "autostart", person=PERSON) == "on\n"
        run("qalamsap", "trust", "status", "--state-dir", "/var/lib/qalamsap")
        run("rpm", "--force-debian", "-e", "qalamsap")
        assert {path for path in machine.written() - before if not LEFT_BY_OTHERS.match(path)} == set()
