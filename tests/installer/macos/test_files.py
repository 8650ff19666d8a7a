"""The files of the macOS package: well formed, in agreement with each other and with the program. Nothing here runs macOS."""

import plistlib
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from agent import __main__ as program
from agent import paths, programs
from agent.policy import profile
from tests.support import browsers

MACOS = Path(__file__).resolve().parents[3] / "installer/macos"
APP = "/Applications/Qalamsap.app"
HOME = "/Library/Application Support/qalamsap"
RUNTIME = f"{HOME}/runtime"
SCRIPTS = (
    MACOS / "build.sh",
    MACOS / "uninstall",
    MACOS / "scripts/preinstall",
    MACOS / "scripts/postinstall",
)


def property_list(name: str) -> dict[str, object]:
    found: dict[str, object] = plistlib.loads((MACOS / name).read_bytes())
    return found


@pytest.mark.parametrize("name", ["kz.qalamsap.agent", "kz.qalamsap.trust-renew"])
def test_what_launchd_starts_is_called_as_its_file_and_is_our_program(name: str) -> None:
    found = property_list(f"{name}.plist")
    assert found["Label"] == name
    assert found["AssociatedBundleIdentifiers"] == paths.BUNDLE
    words = found["ProgramArguments"]
    assert isinstance(words, list)
    assert words[:4] == [f"{RUNTIME}/bin/qalamsap-agent", "-I", "-m", "agent"]


def test_the_renewal_is_a_command_line_that_the_program_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = property_list("kz.qalamsap.trust-renew.plist")["ProgramArguments"]
    assert isinstance(words, list)
    assert HOME in words
    assert program.main([str(tmp_path) if word == HOME else word for word in words[4:]]) == 0
    assert "nothing was installed" in capsys.readouterr().out


def test_the_agent_starts_at_the_screen_only_and_again_after_a_crash_only() -> None:
    found = property_list("kz.qalamsap.agent.plist")
    assert found["LimitLoadToSessionType"] == "Aqua"
    assert (found["RunAtLoad"], found["KeepAlive"]) == (True, {"Crashed": True})
    assert (found["Umask"], found["HardResourceLimits"]) == (0o77, {"Core": 0})


def test_the_application_is_ours_and_stays_where_launchd_looks() -> None:
    info = property_list("Info.plist")
    assert info["CFBundleIdentifier"] == paths.BUNDLE
    (component,) = plistlib.loads((MACOS / "components.plist").read_bytes())
    assert f"/{component['RootRelativeBundlePath']}" == APP
    assert component["BundleIsRelocatable"] is False
    distribution = ET.parse(MACOS / "distribution.xml").getroot()
    (system,) = distribution.iter("os-version")
    assert system.get("min") == info["LSMinimumSystemVersion"]
    assert {each.get("id") for each in distribution.iter("pkg-ref")} == {"kz.qalamsap.pkg"}


def test_the_build_makes_what_the_program_looks_for() -> None:
    script = (MACOS / "build.sh").read_text()
    loop = re.search(r"^for kind in (.*); do$", script, re.MULTILINE)
    assert loop is not None
    assert tuple(loop[1].split()) == programs.KINDS
    assert f'>"$runtime/{programs.MARKER}"' in script
    assert "echo pkg >" in script
    assert "--identifier kz.qalamsap.pkg" in script


def test_what_launchd_starts_lies_where_only_root_writes() -> None:
    """Administrators write in /Applications without a password: what root ran there would make each of them root."""
    for name in (
        "kz.qalamsap.agent.plist",
        "kz.qalamsap.trust-renew.plist",
        "scripts/postinstall",
        "uninstall",
    ):
        text = (MACOS / name).read_text()
        assert "/Applications/Qalamsap.app" not in text, name
        assert "$app/" not in text, name
    build = (MACOS / "build.sh").read_text()
    assert f"place={HOME}".replace(" ", "\\ ") in build
    assert "$app/Contents/Resources/" not in build
    assert 'chmod -R go-w "$root"' in build
    assert "--ownership recommended" in build


def test_the_profile_in_the_folder_is_the_one_of_the_policy_beside_it() -> None:
    made = profile.of_policies((MACOS / "policy.toml").read_bytes(), "policy.toml")
    assert (MACOS / f"{paths.BUNDLE}.mobileconfig").read_bytes() == made


def test_shells_find_nothing_wrong_with_the_scripts() -> None:
    linted = subprocess.run(
        [browsers.needs("shellcheck"), "-x", *map(str, SCRIPTS)],
        cwd=MACOS.parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


def test_scripts_can_be_run() -> None:
    assert all(path.stat().st_mode & 0o111 == 0o111 for path in SCRIPTS)


def test_a_compiler_takes_the_launcher() -> None:
    source = MACOS / "launcher.c"
    done = subprocess.run(
        [browsers.needs("cc"), "-Wall", "-Wextra", "-Werror", "-fsyntax-only", str(source)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f'"{RUNTIME}/bin/qalamsap-agent"' in source.read_text()
