"""The list of profiles, in a registry that is played."""

from pathlib import Path

import pytest

from agent.updates import windows_profiles
from tests.support.fake_registry import FakeRegistry, text


def registry(**profiles: dict[str, object]) -> FakeRegistry:
    return FakeRegistry(HKEY_LOCAL_MACHINE={windows_profiles.KEY: {"Default": text("x"), **profiles}})


def test_everybody_who_has_a_profile_is_found() -> None:
    found = registry(
        **{
            "S-1-5-18": {"ProfileImagePath": (r"%systemroot%\system32\config\systemprofile", FakeRegistry.REG_EXPAND_SZ)},
            "S-1-5-21-1-1001": {"ProfileImagePath": (r"%SystemDrive%\Users\aliya", FakeRegistry.REG_EXPAND_SZ)},
            "S-1-5-21-1-1002": {"ProfileImagePath": text(r"D:\Profiles\bolat"), "Flags": (0, FakeRegistry.REG_DWORD)},
            "S-1-5-21-1-1002.bak": {"ProfileImagePath": text(r"D:\Profiles\bolat")},
            "S-1-5-21-1-1003": {},
        }
    )  # fmt: skip
    assert windows_profiles.folders(found) == (
        Path(r"C:\Windows\system32\config\systemprofile"),
        Path(r"C:\Users\aliya"),
        Path(r"D:\Profiles\bolat"),
    )
    assert found.accesses == {FakeRegistry.KEY_READ | FakeRegistry.KEY_WOW64_64KEY}


def test_a_list_that_can_not_be_read_is_an_error() -> None:
    closed = registry()
    closed.is_forbidden = True
    with pytest.raises(PermissionError):
        windows_profiles.folders(closed)
    with pytest.raises(FileNotFoundError):
        windows_profiles.folders(FakeRegistry())


def test_nobody_is_passed_over_whose_entry_can_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Access is denied")

    found = registry(**{"S-1-5-21-1-1001": {"ProfileImagePath": text(r"C:\Users\aliya")}})
    monkeypatch.setattr(found, "QueryValueEx", refuse)
    with pytest.raises(PermissionError):
        windows_profiles.folders(found)


def test_a_folder_that_is_no_text_is_an_error() -> None:
    found = registry(**{"S-1-5-21-1-1001": {"ProfileImagePath": (7, FakeRegistry.REG_DWORD)}})
    with pytest.raises(OSError, match="the folder of S-1-5-21-1-1001 is no text"):
        windows_profiles.folders(found)
