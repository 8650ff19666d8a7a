"""Policies in files: who may have written them."""

import os
from pathlib import Path

import pytest

from agent.policy.base import BadPolicy
from agent.policy.files import MAX_FILES, OwnedFiles, TrialFile
from tests.support import policies

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX modes of files")


@pytest.fixture
def place(tmp_path: Path) -> OwnedFiles:
    etc = tmp_path / "etc"
    etc.mkdir(mode=0o755)
    etc.chmod(0o755)
    return OwnedFiles(etc / "policy.toml", etc / "policy.d", owner=os.getuid(), top=tmp_path)


def values(place: OwnedFiles) -> list[tuple[str, object]]:
    return [(Path(table.place).name, dict(table.entries)) for table in place.tables()]


def complaint(place: OwnedFiles) -> BadPolicy:
    with pytest.raises(BadPolicy) as caught:
        list(place.tables())
    return caught.value


def test_where_nothing_stands_there_is_no_policy(place: OwnedFiles) -> None:
    assert values(place) == []


def test_the_folder_comes_after_the_file_by_name(place: OwnedFiles) -> None:
    assert place.folder is not None
    policies.write(place.file, "port = 1\n")
    policies.write(place.folder / "20-b.toml", "port = 3\n")
    policies.write(place.folder / "10-a.toml", "port = 2\n")
    for ignored in (".hidden.toml", "30-c.toml.dpkg-old", "README"):
        policies.write(place.folder / ignored, "nonsense")
    assert values(place) == [
        ("policy.toml", {"port": 1}),
        ("10-a.toml", {"port": 2}),
        ("20-b.toml", {"port": 3}),
    ]


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_refused(place: OwnedFiles, mode: int) -> None:
    policies.write(place.file, "port = 1\n")
    place.file.chmod(mode)
    error = complaint(place)
    assert error.place == str(place.file)
    assert f"(mode {mode:04o})" in error.detail


@pytest.mark.parametrize("mode", [0o775, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_refused(place: OwnedFiles, mode: int) -> None:
    policies.write(place.file, "port = 1\n")
    place.file.parent.chmod(mode)
    assert complaint(place).place == str(place.file.parent)


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, place: OwnedFiles) -> None:
    policies.write(place.file, "port = 1\n")
    other = OwnedFiles(place.file, owner=os.getuid() + 1, top=tmp_path)
    assert f"belongs to the account {os.getuid()}, expected the account" in complaint(other).detail


def test_what_a_link_leads_to_is_looked_at_as_well(tmp_path: Path, place: OwnedFiles) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    policies.write(open_folder / "real.toml", "port = 1\n")
    place.file.symlink_to(open_folder / "real.toml")
    assert values(place) == [("policy.toml", {"port": 1})]
    open_folder.chmod(0o777)
    assert complaint(place).place == str(open_folder)


def test_a_link_that_leads_nowhere_is_no_missing_policy(place: OwnedFiles) -> None:
    place.file.symlink_to(place.file.parent / "nothing.toml")
    assert "leads nowhere" in complaint(place).detail


@pytest.mark.parametrize("what", ["etc", "policy.d"])
def test_a_folder_that_is_a_link_to_nowhere_is_no_missing_policy(tmp_path: Path, what: str) -> None:
    etc = tmp_path / "etc"
    dead = etc if what == "etc" else etc / "policy.d"
    dead.parent.mkdir(mode=0o755, exist_ok=True)
    dead.symlink_to(tmp_path / "not-mounted")
    place = OwnedFiles(etc / "policy.toml", etc / "policy.d", owner=os.getuid(), top=tmp_path)
    assert complaint(place).detail == f"{dead} is a link that leads nowhere"


def test_a_link_on_the_way_that_others_could_turn_elsewhere_is_refused(
    tmp_path: Path, place: OwnedFiles
) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    policies.write(tmp_path / "real" / "policy.toml", "port = 1\n")
    (home := tmp_path / "home").mkdir(mode=0o755)
    (home / "link").symlink_to("../real/policy.toml")
    place.file.symlink_to(home / "link")
    assert values(place) == [("policy.toml", {"port": 1})]
    home.chmod(0o777)
    assert complaint(place).place == str(home)


def test_what_is_no_file_is_refused_and_not_waited_for(place: OwnedFiles) -> None:
    os.mkfifo(place.file, 0o644)
    assert "is no file" in complaint(place).detail
    place.file.unlink()
    place.file.mkdir()
    assert "is no file" in complaint(place).detail


def test_a_policy_that_can_not_be_read_is_no_missing_policy(place: OwnedFiles) -> None:
    if os.getuid() == 0:
        pytest.skip("needs permission: root reads everything")
    policies.write(place.file, "port = 1\n")
    place.file.chmod(0)
    assert "can't be read: Permission denied" in complaint(place).detail
    place.file.chmod(0o644)
    assert place.folder is not None
    place.folder.mkdir(mode=0)
    assert complaint(place).place == str(place.folder)
    place.folder.chmod(0o755)


def test_a_folder_of_too_many_files_is_refused(place: OwnedFiles) -> None:
    assert place.folder is not None
    for number in range(MAX_FILES + 1):
        policies.write(place.folder / f"{number:03}.toml", "")
    assert f"holds {MAX_FILES + 1} files" in complaint(place).detail


def test_what_is_no_toml_is_refused(place: OwnedFiles) -> None:
    policies.write(place.file, "port =")
    assert complaint(place).place == str(place.file)
    assert "is not TOML" in complaint(place).detail


def test_each_change_gives_another_stamp(place: OwnedFiles) -> None:
    assert place.folder is not None
    stamps = [place.stamp()]
    policies.write(place.file, "port = 1\n")
    stamps.append(place.stamp())
    place.file.chmod(0o666)
    stamps.append(place.stamp())
    place.file.chmod(0o644)
    policies.write(place.folder / "10-a.toml", "port = 2\n")
    stamps.append(place.stamp())
    policies.write(place.folder / "10-a.toml", "port = 22\n")
    stamps.append(place.stamp())
    place.folder.chmod(0o777)
    stamps.append(place.stamp())
    assert len(set(map(repr, stamps))) == len(stamps)
    assert place.stamp() == place.stamp()


def test_another_content_of_the_same_age_and_size_gives_another_stamp(place: OwnedFiles) -> None:
    policies.write(place.file, "max_documents = 100\n")
    os.utime(place.file, (1, 1))
    before, changed = place.stamp(), place.file.stat().st_ctime_ns
    while place.file.stat().st_ctime_ns == changed:  # the clock of files goes on every few milliseconds
        policies.write(place.file, "max_documents = 200\n")
        os.utime(place.file, (1, 1))
    assert place.stamp() != before


def test_a_trial_may_be_anybodys_but_has_to_be_there(tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    with pytest.raises(BadPolicy, match="can't be read"):
        list(TrialFile(file).tables())
    before = TrialFile(file).stamp()
    file.write_text("port = 1\n")
    file.chmod(0o666)
    assert [table.entries for table in TrialFile(file).tables()] == [{"port": 1}]
    assert TrialFile(file).stamp() != before
    file.write_text("port")
    with pytest.raises(BadPolicy, match="is not TOML"):
        list(TrialFile(file).tables())


def test_it_knows_which_files_are_read(place: OwnedFiles, tmp_path: Path) -> None:
    assert place.folder is not None
    place.folder.mkdir(exist_ok=True)
    place.file.write_text("")
    assert place.holds(place.file)
    assert place.holds(place.folder / "50-new.toml")  # also one that is to come
    for name in ("50-new.conf", ".hidden.toml"):
        assert not place.holds(place.folder / name)
    assert not place.holds(tmp_path / "nowhere" / "50-new.toml")
    assert TrialFile(place.file).holds(place.file)
    assert not TrialFile(place.file).holds(tmp_path)
