import os
from datetime import UTC, datetime, timedelta

import pytest

from agent.doctor import key_files
from agent.errors import BadInput, StorageFailed
from agent.recent_keys import UsedKey
from tests.support import authority, jks_files

AT = datetime(2026, 11, 27, tzinfo=UTC)
KEY = authority.path("gost2015-individual").read_bytes()


@pytest.fixture
def folder(tmp_path):
    """A folder that everybody could get through, as far as it goes."""
    tmp_path.chmod(0o755)
    return tmp_path


def put(folder, name="GOST512_a.p12", content=KEY, mode=0o600):
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


def look(folder, used=(), **changes):
    found = key_files.keys([folder], used, AT, **changes)
    return [(each.what, each.code, each.state) for each in found]


def used(path, days):
    return UsedKey(str(path), "АХМЕТОВА АЙГЕРІМ", (AT + timedelta(days=days)).isoformat())


def test_good_files_are_counted(folder):
    put(folder)
    put(folder, "b.pfx")
    put(folder, "c.jks", jks_files.fixture())
    put(folder, "d.p12", jks_files.fixture())  # each is what it is, whatever it is called
    put(folder, "e.jks")
    assert look(folder) == [("keys", "found", "ok")]


def test_none_is_a_hint(folder):
    assert look(folder) == [("keys", "none", "hint")]
    assert look(folder / "missing") == [("keys", "none", "hint")]


@pytest.mark.parametrize(
    ("days", "code"), [(31, None), (30, "ending"), (1, "ending"), (0, "expired"), (-400, "expired")]
)
def test_how_long_a_key_is_good_is_known_where_it_was_used(folder, days, code):
    path = put(folder)
    expected = [("keys", "found", "ok"), *([("key", code, "hint")] if code else [])]
    assert look(folder, [used(path, days)]) == expected


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01T00:00:00"])
def test_a_record_that_can_not_be_read_tells_no_age(folder, until):
    path = put(folder)
    assert look(folder, [UsedKey(str(path), "x", until)]) == [("keys", "found", "ok")]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"nonsense", b"\x30\x03\x02\x01\x03", KEY[:100]),
        *(jks_files.fixture()[:-30], jks_files.write([], magic=b"\xce\xce\xce\xce")),
    ],
)
def test_what_is_no_key_file_is_told(folder, content):
    put(folder, content=content)
    assert look(folder)[1:] == [("key", "broken", "hint")]


def test_one_that_can_not_be_read_is_trouble(folder, monkeypatch):
    from agent.errors import BrokenKeyStore

    put(folder)

    def refuse(_path):
        raise BrokenKeyStore("the key file can't be read: Permission denied")

    monkeypatch.setattr(key_files.catalog, "load", refuse)
    assert look(folder)[1:] == [("key", "unreadable", "trouble")]


def test_what_is_given_away_names_no_file(folder):
    path = put(folder, "Ахметова Айгерім.p12", mode=0o644)
    found = key_files.keys([folder], [used(path, -1)], AT, lambda _: False)
    assert [each.masked for each in found[1:]] == ["#1 (.p12)"] * len(found[1:])
    assert all("Ахметова" not in f"{dict(each.values)}{each.masked}" for each in found)


posix = pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")


class World:
    """Folders above a test's own that everybody may pass, whatever they are."""

    @staticmethod
    def open(monkeypatch):
        monkeypatch.setattr(key_files, "_lets_through", lambda status, bits: True)


@posix
def test_a_file_that_others_may_read_can_be_closed(folder, monkeypatch):
    World.open(monkeypatch)
    path = put(folder, mode=0o644)
    found = key_files.keys([folder], [], AT)[1]
    assert (found.code, found.state, found.repair, found.path) == (
        "open",
        "trouble",
        "make-private",
        str(path),
    )
    key_files.make_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert look(folder) == [("keys", "found", "ok")]


@posix
def test_a_folder_that_is_shut_keeps_the_files_in_it(folder):
    path = put(folder, mode=0o644)
    folder.chmod(0o700)
    assert not key_files.lies_open(path)


@posix
def test_a_group_of_ones_own_is_nobody_else(folder, monkeypatch):
    World.open(monkeypatch)
    path = put(folder, mode=0o640)
    assert not key_files.lies_open(path, lambda _: True)
    assert key_files.lies_open(path, lambda _: False)
    path.unlink()
    assert not key_files.lies_open(path, lambda _: False)


@posix
def test_who_else_is_in_a_group(monkeypatch):
    import grp
    import pwd

    me = pwd.getpwuid(os.geteuid())
    other = type("Person", (), {"pw_name": "other", "pw_gid": 77})
    monkeypatch.setattr(pwd, "getpwall", lambda: [me, other])
    monkeypatch.setattr(grp, "getgrgid", lambda number: type("Group", (), {"gr_mem": [me.pw_name]}))
    assert key_files.is_alone_in_group(78)
    assert not key_files.is_alone_in_group(77)

    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr(grp, "getgrgid", unknown)
    assert key_files.is_alone_in_group(79)


def test_the_worst_is_told_first_and_the_rest_is_counted(folder, monkeypatch):
    World.open(monkeypatch)
    monkeypatch.setattr(key_files, "MAX_NAMED", 2)
    for number in range(3):
        put(folder, f"{number}.p12", content=b"x")
    put(folder, "open.p12", mode=0o604)
    assert [code for _, code, _ in look(folder)] == ["found", "open", "broken", "more"]
    assert look(folder)[-1][2] == "hint"


def test_a_folder_that_can_not_be_looked_into_is_named(folder, monkeypatch):
    from agent.keystores.catalog import Survey

    monkeypatch.setattr(
        key_files.catalog, "survey", lambda folders, limit: Survey((), (folder,), is_complete=True)
    )
    found = key_files.keys([folder], [], AT)[1]
    assert (found.code, found.subject, found.masked) == ("closed", str(folder), "")


def test_a_file_that_can_not_be_closed(folder, monkeypatch):
    with pytest.raises(BadInput):
        key_files.make_private(folder / "none.p12")
    path = put(folder, mode=0o644)
    monkeypatch.setattr(type(path), "chmod", lambda self, mode: None)  # as a stick with FAT does
    if os.name == "posix":
        with pytest.raises(StorageFailed, match="keeps no modes"):
            key_files.make_private(path)

    def refuse(self, mode):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(type(path), "chmod", refuse)
    with pytest.raises(StorageFailed, match="not permitted"):
        key_files.make_private(path)
