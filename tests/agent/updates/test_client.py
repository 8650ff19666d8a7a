"""What a repository, a server, a mirror or a thief of one key can do to a computer that asks for updates: nothing but keep it waiting."""

import datetime as dt
import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import StorageFailed, Unreachable
from agent.updates.client import Repository, describe_root
from agent.updates.errors import RepositoryRefused
from agent.updates.sources import Folder, Missing, Sink, Source
from installer.updates.repository import TWO_PEOPLES
from tests.support.updates import NOW, Made, keys, new_people, signers

DAY = dt.timedelta(days=1)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    found = Made(tmp_path / "work")
    found.release("0.2.0", b"the second version")
    return found


class Reader:
    """A computer: it keeps what it has seen between its looks."""

    def __init__(self, made: Made, folder: Path) -> None:
        self.made, self.folder, self.root = made, folder, made.root
        self.source: Source = Folder(made.repository)

    def look(self) -> Repository:
        repository = Repository(self.source, self.folder, self.root)
        repository.refresh()
        return repository

    def versions(self, channel: str = "stable") -> list[str]:
        return [each.version.text for each in self.look().releases(channel)]  # type: ignore[arg-type]

    def fetched(self, version: str = "0.2.0") -> bytes:
        repository = self.look()
        path = next(each for each in repository.releases("stable") if each.version.text == version).files[
            "appimage-x86_64"
        ]
        file = self.folder / "packages" / "Q"
        repository.download(path, file)
        assert repository.is_as_signed(path, file)
        return file.read_bytes()

    def refused(self, act: Callable[[], object] | None = None) -> str:
        with pytest.raises(RepositoryRefused) as caught:
            (act or self.fetched)()
        assert not (self.folder / "packages" / "Q").exists()
        assert list((self.folder / "downloads").iterdir()) == []
        assert caught.value.detail.startswith(f"{caught.value.reason}: ")
        return caught.value.reason


@pytest.fixture
def reader(made: Made, tmp_path: Path) -> Reader:
    return Reader(made, tmp_path / "reader")


def test_releases_and_their_files_are_read(reader: Reader) -> None:
    assert reader.versions() == ["0.2.0"]
    assert reader.fetched() == b"the second version"


def test_a_release_that_comes_later_is_seen(reader: Reader) -> None:
    assert reader.versions() == ["0.2.0"]
    reader.made.release("0.3.0")
    assert reader.versions() == ["0.3.0", "0.2.0"]


def test_who_tries_beta_versions_sees_both_lists(reader: Reader) -> None:
    reader.made.release("0.3.0b1", channel="beta")
    assert reader.versions("stable") == ["0.2.0"]
    assert sorted(reader.versions("beta")) == ["0.2.0", "0.3.0b1"]


def test_all_that_is_kept_is_the_persons_alone(reader: Reader) -> None:
    reader.fetched()
    assert {
        place.stat().st_mode & 0o077
        for place in (reader.folder, reader.folder / "metadata", reader.folder / "packages")
    } == {0}


# --- wrong keys ---------------------------------------------------------------------------------------------------


def test_another_repository_is_not_believed(reader: Reader, tmp_path: Path) -> None:
    other = Made(tmp_path / "other", people=new_people())
    other.release("9.0")
    reader.source = Folder(other.repository)
    assert reader.refused() == "signatures"


def test_a_thief_of_the_online_keys_can_not_release(reader: Reader) -> None:
    """Snapshot and timestamp are signed by them; the list of releases is not."""
    made = reader.made
    thief = signers(2)
    made.people = {**made.people, "stable": thief}
    real = made.kept._who_may_sign
    made.kept._who_may_sign = lambda role: {each.public_key.keyid for each in thief} | real(role)  # type: ignore[method-assign]
    made.kept.missing = lambda _role: 0  # type: ignore[method-assign]  # the tool would refuse
    made.release("6.6.6", b"evil")
    assert reader.refused(lambda: reader.look().releases("stable")) == "signatures"


def test_one_of_two_keys_is_not_enough_for_everybody(reader: Reader) -> None:
    made = reader.made
    made.people = {**made.people, "stable": made.people["stable"][:1]}
    made.kept.missing = lambda _role: 0  # type: ignore[method-assign]
    made.release("6.6.6", b"evil")
    assert reader.refused(lambda: reader.look().releases("stable")) == "signatures"


def test_the_key_of_trial_versions_has_no_say_for_everybody(reader: Reader) -> None:
    made = reader.made
    signed = made.kept._changing("beta").signed
    made.kept._put_target(
        signed,
        "stable/releases.json",
        made.kept.targets / next(iter(signed.targets.values())).get_prefixed_paths()[0],
    )
    made.kept._stage("beta", signed)
    made.publish()
    assert reader.versions("beta") == ["0.2.0"]


def test_the_root_may_change_all_keys_and_computers_follow(reader: Reader) -> None:
    assert reader.versions() == ["0.2.0"]
    made = reader.made
    people = {role: signers(3 if role == "root" else 2) for role in made.people}
    before = made.people
    made.kept.change_keys(
        {role: keys(those, 2 if role in TWO_PEOPLES else 1) for role, those in people.items()}
    )
    for signer in before["root"][:2]:
        made.kept.sign("root", signer)
    made.people = people
    for role in ("stable", "beta"):
        made.kept.renew(role)
    made.publish()
    made.release("0.3.0")
    assert reader.versions() == ["0.3.0", "0.2.0"]
    assert describe_root(reader.folder, reader.root)[0] == 2


def test_a_new_root_without_the_old_keys_is_refused(reader: Reader) -> None:
    assert reader.versions() == ["0.2.0"]
    made = reader.made
    thief = signers(3)
    made.kept.change_keys({"root": keys(thief, 2), "timestamp": keys(thief, 1), "snapshot": keys(thief, 1)})
    made.people = {**made.people, "root": thief, "timestamp": thief, "snapshot": thief}
    made.kept.missing = lambda _role: 0  # type: ignore[method-assign]
    made.publish()
    assert reader.refused() == "signatures"


# --- old states ------------------------------------------------------------------------------------------------------


def test_an_old_repository_is_refused_by_who_has_seen_a_newer_one(reader: Reader, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(reader.made.repository, old)
    reader.made.release("0.3.0")
    assert reader.versions() == ["0.3.0", "0.2.0"]
    reader.source = Folder(old)
    assert reader.refused() == "rolled-back"


def test_old_lists_under_a_new_timestamp_are_refused(reader: Reader, tmp_path: Path) -> None:
    """Who holds both online keys offers yesterday's lists as the newest."""
    made = reader.made
    old = {file.name: file.read_bytes() for file in made.metadata.glob("*.stable.json")}
    made.release("0.3.0")
    assert reader.versions() == ["0.3.0", "0.2.0"]
    for file in made.metadata.glob("*.stable.json"):
        if file.name not in old:
            file.unlink()
    made.refresh()
    assert reader.refused() == "rolled-back"


def test_a_repository_that_stands_still_counts_only_for_days(tmp_path: Path) -> None:
    made = Made(tmp_path / "work", now=NOW - 15 * DAY)
    made.release("0.2.0")
    reader = Reader(made, tmp_path / "reader")
    assert reader.refused() == "expired"
    made.now = NOW
    made.refresh()
    assert reader.versions() == ["0.2.0"]


@pytest.mark.parametrize("days", [61, 181, 366])
def test_each_list_ends_some_day(tmp_path: Path, days: int) -> None:
    """Snapshot, channel, root: a newer timestamp does not keep them alive."""
    made = Made(tmp_path / "work", now=NOW - days * DAY)
    made.release("0.2.0")
    made.now = NOW
    made.kept.refresh(made.people["timestamp"][0], made.people["snapshot"][0] if days > 61 else None)
    assert Reader(made, tmp_path / "reader").refused() == "expired"


def test_lists_of_different_states_are_not_mixed(reader: Reader) -> None:
    """What a server that was hacked, or copied in the middle of a change, offers: one list old, the others new."""
    made = reader.made
    name = max(made.metadata.glob("*.stable.json"), key=lambda file: int(file.name.split(".")[0]))
    before = name.read_bytes()
    made.release("0.3.0")
    newest = max(made.metadata.glob("*.stable.json"), key=lambda file: int(file.name.split(".")[0]))
    newest.write_bytes(before)
    assert reader.refused() in ("altered", "too-long")


# --- changed files ----------------------------------------------------------------------------------------------------


def served(made: Made) -> Path:
    (found,) = (made.repository / "targets" / "stable" / "0.2.0").iterdir()
    return found


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"the secund version", "altered"),
        (b"the second", "altered"),
        (b"the second version, and more", "too-long"),
        (b"", "altered"),
    ],
)
def test_a_file_that_is_not_the_signed_one_is_thrown_away(reader: Reader, octets: bytes, reason: str) -> None:
    served(reader.made).write_bytes(octets)
    assert reader.refused() == reason


def test_a_file_that_was_promised_and_is_not_there(reader: Reader) -> None:
    served(reader.made).unlink()
    assert reader.refused() == "incomplete"


class Endless:
    """Goes on for ever with one file, and counts what is taken."""

    def __init__(self, source: Source, name: str) -> None:
        self.source, self.name, self.taken = source, name, 0

    def send(self, name: str, sink: Sink) -> None:
        if self.name not in name:
            self.source.send(name, sink)
            return
        while True:
            sink(b"x" * 1024)
            self.taken += 1024
            assert self.taken < 2_000_000, "nobody stopped"


@pytest.mark.parametrize(
    ("name", "most"),
    [("0.2.0/", 18), ("timestamp", 16 * 1024), ("2.root", 256 * 1024), ("releases.json", 1024)],
)
def test_data_without_end_is_cut_at_the_signed_length(reader: Reader, name: str, most: int) -> None:
    source = Endless(reader.source, name)
    reader.source = source
    assert reader.refused() == "too-long"
    assert source.taken <= most + 1024


@pytest.mark.parametrize("name", ["timestamp.json", "2.snapshot.json", "1.targets.json", "2.stable.json"])
@pytest.mark.parametrize("octets", [b"", b"<html>log in to the hotel's network</html>", b"{}", b"[" * 5000])
def test_what_is_no_list_is_refused(reader: Reader, name: str, octets: bytes) -> None:
    file = reader.made.metadata / name
    assert file.exists()
    file.write_bytes(octets)
    assert reader.refused() in ("incomplete", "altered", "too-long")


def test_a_list_that_is_signed_and_makes_no_sense_is_refused(reader: Reader) -> None:
    made = reader.made
    file = made.work / "releases.json"
    file.write_bytes(json.dumps({"format": 99}).encode())
    signed = made.kept._changing("stable").signed
    made.kept._put_target(signed, "stable/releases.json", file)
    made.kept._stage("stable", signed)
    made.publish()
    assert reader.refused() == "unreadable"


def test_kept_lists_that_somebody_changed_help_nobody(reader: Reader) -> None:
    reader.fetched()
    (reader.folder / "packages" / "Q").unlink()
    for file in [*(reader.folder / "metadata").rglob("*.json"), *(reader.folder / "lists").iterdir()]:
        if not file.is_symlink():
            file.write_bytes(b"{}")
    assert reader.fetched() == b"the second version"


def test_what_an_earlier_process_left_is_cleared_away(reader: Reader) -> None:
    (reader.folder / "downloads").mkdir(parents=True)
    (reader.folder / "downloads" / "tmpx").write_bytes(b"half")
    reader.look()
    assert list((reader.folder / "downloads").iterdir()) == []


# --- no network, no disk ------------------------------------------------------------------------------------------------


class Failing:
    def __init__(self, source: Source, error: Exception, name: str = "") -> None:
        self.source, self.error, self.name = source, error, name

    def send(self, name: str, sink: Sink) -> None:
        if self.name not in name:
            self.source.send(name, sink)
            return
        sink(b"{")
        raise self.error


@pytest.mark.parametrize("name", ["", "timestamp", "0.2.0/"])
def test_a_server_that_is_gone_is_told_as_it_is(reader: Reader, name: str) -> None:
    reader.source = Failing(reader.source, Unreachable("no-connection: x.kz"), name)
    with pytest.raises(Unreachable, match=r"^no-connection: x.kz$"):
        reader.fetched()


def test_a_server_that_lacks_everything_is_told(reader: Reader) -> None:
    reader.source = Failing(reader.source, Missing("x"))
    assert reader.refused() == "incomplete"


def test_a_full_disk_is_told_and_leaves_nothing(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = reader.look()
    path = repository.releases("stable")[0].files["appimage-x86_64"]

    def full(_stream: object, piece: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("agent.updates.client._Bounded._write", full)
    with pytest.raises(StorageFailed, match="No space left on device"):
        repository.download(path, reader.folder / "packages" / "Q")
    assert list((reader.folder / "packages").iterdir()) == []
    assert list((reader.folder / "downloads").iterdir()) == []


def test_a_disk_that_fills_up_while_the_checked_file_is_kept(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = reader.look()
    path = repository.releases("stable")[0].files["appimage-x86_64"]

    def full(_source: object, _target: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tuf.ngclient.updater.shutil.copyfileobj", full)
    with pytest.raises(StorageFailed, match="No space left on device"):
        repository.download(path, reader.folder / "packages" / "Q")
    assert list((reader.folder / "packages").iterdir()) == []


def test_a_folder_that_can_not_be_made_is_told(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailed):
        Repository(reader.source, tmp_path / "file" / "x", reader.root)


def test_a_root_that_is_none_is_refused(reader: Reader) -> None:
    with pytest.raises(RepositoryRefused):
        Repository(reader.source, reader.folder, b"{}")
    with pytest.raises(RepositoryRefused):
        describe_root(reader.folder, b"{}")


def test_the_root_is_described_before_and_after_a_first_look(reader: Reader) -> None:
    first = describe_root(reader.folder, reader.root)
    assert first == (1, (NOW + 365 * DAY).date().isoformat())
    reader.look()
    assert describe_root(reader.folder, reader.root) == first
