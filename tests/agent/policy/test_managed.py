"""Policies in the managed preferences of macOS."""

import os
import plistlib
from pathlib import Path
from typing import Any

import pytest

from agent.policy import base
from agent.policy.base import BadPolicy
from agent.policy.managed import ManagedPreferences

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX modes of files")


@pytest.fixture
def place(tmp_path: Path) -> ManagedPreferences:
    folder = tmp_path / "Managed Preferences"
    (folder / "aliya").mkdir(parents=True, mode=0o755)
    files = (folder / "aliya" / "kz.qalamsap.plist", folder / "kz.qalamsap.plist")
    return ManagedPreferences(files, owner=os.getuid(), top=tmp_path)


def write(path: Path, entries: Any, form: Any = plistlib.FMT_BINARY) -> None:
    path.write_bytes(plistlib.dumps(entries, fmt=form))
    path.chmod(0o644)


def test_without_a_profile_there_is_no_policy(place: ManagedPreferences) -> None:
    assert list(place.tables()) == []


def test_the_computers_profile_is_stronger_than_the_persons(place: ManagedPreferences) -> None:
    before = place.stamp()
    write(place.files[0], {"port": 1, "offline": True, "sites": {"https://x.kz": {"basics_cms": "base64"}}})
    write(place.files[1], {"port": 2, "allowed_origins": ["https://x.kz"]}, plistlib.FMT_XML)
    found = base.gather(place.tables())
    assert {name: each.value for name, each in found.items() if name != "sites"} == {
        "port": 2,
        "offline": True,
        "allowed_origins": ("https://x.kz",),
    }
    assert found["sites"].value["https://x.kz"].basics_cms == "base64"
    assert found["port"].place == str(place.files[1])
    assert place.stamp() != before


def test_what_a_profile_says_of_itself_is_no_setting(place: ManagedPreferences) -> None:
    write(place.files[1], {"PayloadUUID": "x", "PayloadVersion": 1, "port": 2})
    assert base.gather(place.tables()).keys() == {"port"}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"<plist", b"bplist00", b"bplist00" + b"\xff" * 40, b"<plist><array/></plist>", b"#" * 70_000),
        b"<plist><dict><key>port</key><date>soon</date></dict></plist>",
        b'<?xml version="1.0" encoding="none"?><plist><dict/></plist>',
    ],
)
def test_what_is_no_property_list_is_refused(place: ManagedPreferences, content: bytes) -> None:
    place.files[1].write_bytes(content)
    place.files[1].chmod(0o644)
    with pytest.raises(BadPolicy) as caught:
        list(place.tables())
    assert caught.value.place == str(place.files[1])


def test_what_others_may_write_is_refused(place: ManagedPreferences) -> None:
    write(place.files[1], {"port": 2})
    place.files[1].chmod(0o666)
    with pytest.raises(BadPolicy, match="may be written by others"):
        list(place.tables())


def test_it_knows_its_files(place: ManagedPreferences, tmp_path: Path) -> None:
    write(place.files[1], {"port": 2})
    assert place.holds(place.files[1])
    write(tmp_path / "other.plist", {"port": 2})
    assert not place.holds(tmp_path / "other.plist")
