"""Places, and writing into them in private."""

import os
import stat
import sys
from pathlib import Path

import pytest

from agent import paths


def test_everything_lies_below_the_state_folder_that_is_given(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    names = (
        "config_file",
        "tls_dir",
        "control_socket",
        "lock",
        "journal",
        "grants",
        "log",
        "language",
        "simulated_authority",
        "authorities",
        "authority_certificates",
        "authority_cache",
    )
    assert all(getattr(places, name).is_relative_to(tmp_path) for name in names)
    assert len({getattr(places, name) for name in names}) == len(names)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_own_authorities_counts_once_it_is_there(tmp_path: Path) -> None:
    places = paths.resolve(tmp_path)
    assert places.authority_folders() == ()
    places.authorities.mkdir()
    assert places.authority_folders() == (places.authorities,)


def test_the_usual_places_follow_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    places = paths.resolve()
    assert places.state_dir.name == places.config_dir.name == "qalamsap"
    assert places.state_dir != places.config_dir


def test_a_relative_folder_becomes_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.resolve(Path("here")).state_dir == tmp_path / "here"


def test_a_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    paths.make_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_is_replaced_in_one_step_and_private(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "file"
    paths.write_private(target, b"first")
    paths.write_private(target, b"second")
    assert target.read_bytes() == b"second"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(target.parent.iterdir()) == [target]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    (target / "occupied").touch()
    with pytest.raises(IsADirectoryError):
        paths.write_private(target, b"a file can't replace a folder")
    assert list(tmp_path.iterdir()) == [target]


def test_our_packages_lie_in_the_code_folder() -> None:
    assert (paths.CODE_ROOT / "agent" / "paths.py").is_file()
    assert (paths.CODE_ROOT / "protocol").is_dir()


def test_the_usual_folders_of_keys_are_named_once_and_end_with_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(tmp_path / "Жүктемелер"))
    folders = paths.usual_key_folders()
    assert folders[-1] == tmp_path
    assert len(set(folders)) == len(folders)
    assert {tmp_path / "Жүктемелер", tmp_path / "Documents", tmp_path / "Загрузки"} <= set(folders)


def test_a_name_that_is_taken_is_followed_by_the_next_free_one(tmp_path: Path) -> None:
    path = tmp_path / "act.pdf.cms"
    assert paths.free(path) == path
    path.symlink_to("nowhere")
    assert paths.free(path) == tmp_path / "act.pdf (2).cms"
    assert paths.free(path, [tmp_path / "act.pdf (2).cms"]) == tmp_path / "act.pdf (3).cms"
    assert paths.free(tmp_path / "act", [tmp_path / "act"]) == tmp_path / "act (2)"


def test_sticks_that_are_plugged_in_come_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / "media" / "aigul" / name).mkdir(parents=True)
    monkeypatch.setattr(paths, "_STICKS", (str(tmp_path / "media"), str(tmp_path / "nowhere")))
    monkeypatch.setattr(paths.getpass, "getuser", lambda: "aigul")
    found = paths.usual_key_folders()
    assert found[:2] == (tmp_path / "media/aigul/a", tmp_path / "media/aigul/b")


def test_a_new_file_replaces_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "act.cms"
    paths.write_whole(path, b"first", only_new=True)
    with pytest.raises(FileExistsError):
        paths.write_whole(path, b"second", only_new=True)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        paths.write_whole(tmp_path / "link", b"third", only_new=True)
    assert path.read_bytes() == b"first"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["act.cms", "link"]


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 255)
    paths.write_whole(path, b"act")
    assert path.read_bytes() == b"act"


def test_what_is_opened_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "act").write_bytes(b"act")
    with paths.open_file(tmp_path / "act") as stream:
        assert stream.read() == b"act"
    places = [tmp_path, tmp_path / "missing"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")  # whoever opened it to read would wait for a writer
        places.append(tmp_path / "pipe")
    for place in places:
        with pytest.raises(OSError, match=r"no file|No such file"):
            paths.open_file(place)


def test_a_path_of_a_policy_is_each_persons_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/aliya")
    monkeypatch.setattr(paths, "account", lambda: "aliya")
    assert paths.of_person("~/journal.jsonl") == Path("/home/aliya/journal.jsonl")
    assert paths.of_person("/srv/{user}/journal.jsonl") == Path("/srv/aliya/journal.jsonl")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX accounts")
def test_the_account_is_the_systems_word_and_not_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    name = paths.account()
    for variable in ("USER", "LOGNAME", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    assert paths.account() == name
    monkeypatch.setattr(os, "getuid", lambda: 2_000_000_001)
    assert paths.account() == "2000000001"


def test_policies_and_defaults_lie_where_only_an_administrator_writes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert paths.policy_file() == Path("/etc/qalamsap/policy.toml")
    assert paths.policy_folder() == Path("/etc/qalamsap/policy.d")
    assert paths.managed_preferences("a")[1] == Path("/Library/Managed Preferences/kz.qalamsap.plist")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert paths.distribution_file().is_relative_to("/Library")


def test_the_state_of_somebody_on_windows_lies_in_their_profile() -> None:
    assert paths.state_in_profile(Path("Users/aliya")) == Path("Users/aliya/AppData/Local/qalamsap")
