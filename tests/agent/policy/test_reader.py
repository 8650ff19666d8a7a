"""Which places are read on which system, and in which order."""

import sys
from pathlib import Path

import pytest

from agent import paths
from agent.policy import reader, registry
from agent.policy.base import BadPolicy
from agent.policy.files import OwnedFiles
from agent.policy.managed import ManagedPreferences
from agent.policy.registry import RegistryKey
from tests.support import policies


def test_on_linux_root_owned_files_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert reader.places_of_policies() == (
        OwnedFiles(Path("/etc/qalamsap/policy.toml"), Path("/etc/qalamsap/policy.d"), owner=0, top=Path("/")),
    )
    assert reader.places_of_defaults() == (OwnedFiles(Path("/usr/share/qalamsap/defaults.toml"), owner=0),)


def test_on_macos_the_profiles_are_stronger_than_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(paths, "account", lambda: "aliya")
    files, profiles = reader.places_of_policies()
    assert isinstance(files, OwnedFiles)
    folder = Path("/Library/Managed Preferences")
    assert profiles == ManagedPreferences((folder / "aliya/kz.qalamsap.plist", folder / "kz.qalamsap.plist"))
    (defaults,) = reader.places_of_defaults()
    assert defaults == OwnedFiles(Path("/Library/Application Support/qalamsap/defaults.toml"))


def test_on_windows_the_computers_key_is_stronger_than_the_persons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert reader.places_of_policies() == (
        RegistryKey("HKEY_CURRENT_USER", r"Software\Policies\Qalamsap"),
        RegistryKey("HKEY_LOCAL_MACHINE", r"Software\Policies\Qalamsap"),
    )
    assert reader.places_of_defaults() == (RegistryKey("HKEY_LOCAL_MACHINE", registry.DEFAULTS),)


def test_a_trial_is_weaker_than_the_computers_own_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    trial = tmp_path / "trial.toml"
    trial.write_text("port = 1\noffline = true\n")
    assert {name: each.value for name, each in reader.read([trial]).items()} == {"port": 1, "offline": True}
    policies.write(policy, "port = 2\n")
    assert reader.read([trial])["port"].value == 2
    assert reader.read([trial])["offline"].place == str(trial)
    assert reader.read()["port"].place == str(policy)


def test_defaults_are_read_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    policies.write(policy.with_name("defaults.toml"), "port = 5\n")
    assert reader.read() == {}
    assert reader.read_distribution()["port"].value == 5


def test_the_stamp_is_of_all_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = policies.placed(tmp_path, monkeypatch)
    before = reader.stamp()
    policies.write(policy.parent / "policy.d" / "1.toml", "port = 2\n")
    assert reader.stamp() != before
    policies.write(policy, "port =")
    with pytest.raises(BadPolicy):
        reader.read()
