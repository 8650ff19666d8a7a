"""The record of what is ours: it survives as itself, and a broken one stops everything."""

import json
from pathlib import Path

import pytest

from agent.errors import StorageFailed
from agent.localhost import record
from agent.localhost.record import Addition, DatabaseEntry, MadeDatabase, OwnFile, PolicyChange, Record


def full(state_dir: Path) -> Record:
    found = Record(state_dir)
    found.put_origins(("https://portal.example.kz",))
    change = PolicyChange("/p", (Addition(("a", "b"), "x"),), (("a",), ("a", "b")), True, b"\x00\xff", "00")
    found.put_policy(change)
    found.put_own_file(OwnFile("/f", "11"))
    found.put_entry(DatabaseEntry("/d", "name", "22"))
    found.put_database(MadeDatabase("/d", "33"))
    found.put_identity(Path("/i"))
    found.put_folders((Path("/gone"),))
    return found


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = full(tmp_path).contents
    assert Record(tmp_path).contents == written
    assert written.is_machine_wide
    assert written.is_personal
    assert not written.is_empty


def test_it_is_private(tmp_path: Path) -> None:
    found = full(tmp_path / "state")
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert found.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_second_entry_for_the_same_place_replaces_the_first(tmp_path: Path) -> None:
    found = full(tmp_path)
    found.put_own_file(OwnFile("/f", "44"))
    found.put_database(MadeDatabase("/d", "55"))
    found.put_folders((Path("/gone"), Path("/other")))
    again = Record(tmp_path)
    assert again.own_file(Path("/f")) == OwnFile("/f", "44")
    assert again.database(Path("/d")) == MadeDatabase("/d", "55")
    assert again.contents.folders == ("/gone", "/other")


def test_it_is_gone_when_nothing_of_ours_is_left(tmp_path: Path) -> None:
    found = full(tmp_path)
    found.drop_policy(Path("/p"))
    found.drop_own_file(Path("/f"))
    found.drop_entry(DatabaseEntry("/d", "name", "22"))
    found.drop_database(Path("/d"))
    found.tidy()
    assert found.path.exists()
    found.drop_identity(Path("/i"))
    found.tidy()
    assert not found.path.exists()
    assert Record(tmp_path).contents == record.Contents()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format": 1', '"format": 2'),
        ('"policies"', '"polices"'),
        ('"AP8="', '"%%%"'),
        ('"/i"', "7"),
        ('"keys"', '"key"'),
        ("{", ""),
    ],
)
def test_a_broken_record_is_an_error_and_not_a_fresh_start(tmp_path: Path, old: str, new: str) -> None:
    path = full(tmp_path).path
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(StorageFailed, match="nothing was changed"):
        Record(tmp_path)


def test_two_commands_do_not_work_at_the_same_time(tmp_path: Path) -> None:
    with (
        record.locked(tmp_path),
        pytest.raises(StorageFailed, match="another 'qalamsap trust' is at work"),
        record.locked(tmp_path),
    ):
        pytest.fail("both hold the lock")
    with record.locked(tmp_path):
        assert (tmp_path / record.LOCK).stat().st_mode & 0o777 == 0o600


def test_a_record_of_the_first_version_has_nothing_in_stores_of_the_system(tmp_path: Path) -> None:
    Record(tmp_path).put_origins(("https://portal.example.kz",))
    path = tmp_path / record.NAME
    document = json.loads(path.read_bytes())
    del document["system_entries"], document["registry_values"]
    path.write_text(json.dumps(document))
    read = Record(tmp_path).contents
    assert (read.system_entries, read.registry_values) == ((), ())
    assert read.origins == ("https://portal.example.kz",)


def test_entries_of_the_system_come_back_as_they_were_written(tmp_path: Path) -> None:
    first = Record(tmp_path)
    entry = record.SystemEntry("LocalMachine\\Root", "authority", "11" * 32, True)
    value = record.RegistryValue("SOFTWARE\\A", "1", "https://portal.example.kz", ("SOFTWARE\\A",))
    first.put_system_entry(entry)
    first.put_registry_value(value)
    second = Record(tmp_path)
    assert (second.contents.system_entries, second.contents.registry_values) == ((entry,), (value,))
    assert (second.contents.is_machine_wide, second.contents.is_personal) == (True, False)
    second.drop_system_entry(entry)
    second.drop_registry_value(value)
    assert second.contents.is_empty
    personal = record.SystemEntry("CurrentUser\\Root", "authority", "11" * 32, False)
    second.put_system_entry(personal)
    assert (second.contents.is_machine_wide, second.contents.is_personal) == (False, True)


def test_a_folder_that_others_may_look_into_stays_open_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with record.locked(tmp_path):
        assert tmp_path.stat().st_mode & 0o777 == 0o755
    with record.locked(tmp_path / "new"):
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
