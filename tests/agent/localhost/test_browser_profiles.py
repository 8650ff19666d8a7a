"""Finding the databases of a person's browsers in old and new places."""

from pathlib import Path

import pytest

from agent.localhost import browser_profiles


def found(home: Path, **environment: str) -> list[tuple[str, str]]:
    places = browser_profiles.databases(home, environment)
    return [(each.browser, str(each.folder.relative_to(home))) for each in places]


def database(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "cert9.db").write_bytes(b"")


CHROMIUM = "Chromium, Chrome, Edge"
NEW = (CHROMIUM, ".local/share/pki/nssdb")
OLD = (CHROMIUM, ".pki/nssdb")


def test_a_new_home_gets_chromiums_new_place(tmp_path: Path) -> None:
    assert found(tmp_path) == [NEW]
    assert list(tmp_path.iterdir()) == []


def test_an_old_place_is_used_as_long_as_it_is_there(tmp_path: Path) -> None:
    database(tmp_path / ".pki/nssdb")
    assert found(tmp_path) == [OLD]
    database(tmp_path / ".local/share/pki/nssdb")
    assert found(tmp_path) == [OLD, NEW]


def test_xdg_places_are_followed_when_they_are_absolute(tmp_path: Path) -> None:
    database(tmp_path / "config/mozilla/firefox/x.default")
    environment = {"XDG_DATA_HOME": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert found(tmp_path, **environment) == [
        (CHROMIUM, "data/pki/nssdb"),
        ("Firefox", "config/mozilla/firefox/x.default"),
    ]
    assert found(tmp_path, XDG_DATA_HOME="relative", XDG_CONFIG_HOME="") == [NEW]


@pytest.mark.parametrize(
    ("root", "browser"),
    [
        (".mozilla/firefox", "Firefox"),
        (".config/mozilla/firefox", "Firefox"),
        ("snap/firefox/common/.mozilla/firefox", "Firefox (snap)"),
        (".var/app/org.mozilla.firefox/.mozilla/firefox", "Firefox (flatpak)"),
        (".var/app/org.mozilla.firefox/config/mozilla/firefox", "Firefox (flatpak)"),
    ],
)
def test_firefoxs_profiles_are_found_by_name_and_by_looking(tmp_path: Path, root: str, browser: str) -> None:
    profiles = tmp_path / root
    database(profiles / "by.looking")
    (profiles / "named").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (profiles / "Crash Reports").mkdir()
    (profiles / "profiles.ini").write_text(
        "[General]\nVersion=2\n[Profile0]\nName=100%\nIsRelative=1\nPath=named\n"
        f"[Profile1]\nIsRelative=0\nPath={tmp_path}/elsewhere\n[Profile2]\nPath=gone\n[InstallAB]\nDefault=named\n"
    )
    assert found(tmp_path) == [
        NEW,
        (browser, f"{root}/named"),
        (browser, "elsewhere"),
        (browser, f"{root}/by.looking"),
    ]


def test_confined_chromiums_have_homes_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "snap/chromium/current").mkdir(parents=True)
    database(tmp_path / "snap/brave/current/.pki/nssdb")
    database(tmp_path / ".var/app/org.chromium.Chromium/data/pki/nssdb")
    assert found(tmp_path) == [
        NEW,
        ("chromium (snap)", "snap/chromium/current/.local/share/pki/nssdb"),
        ("brave (snap)", "snap/brave/current/.pki/nssdb"),
        ("org.chromium.Chromium (flatpak)", ".var/app/org.chromium.Chromium/data/pki/nssdb"),
    ]


def test_a_place_that_is_reached_twice_is_one(tmp_path: Path) -> None:
    database(tmp_path / ".mozilla/firefox/x.default")
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/mozilla").symlink_to(tmp_path / ".mozilla")
    assert len(found(tmp_path)) == 2


@pytest.mark.parametrize(
    "octets", [b"\xff\xfe", b"no section = 1", b"[Profile0\nPath=x", b"[Profile0]\nPath=\n"]
)
def test_a_damaged_list_of_profiles_does_not_hide_those_that_lie_there(tmp_path: Path, octets: bytes) -> None:
    database(tmp_path / ".mozilla/firefox/x.default")
    (tmp_path / ".mozilla/firefox/profiles.ini").write_bytes(octets)
    assert ("Firefox", ".mozilla/firefox/x.default") in found(tmp_path)
