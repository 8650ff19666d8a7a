"""What is known of key files without opening them."""

import errno
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import key_library
from agent.errors import StorageFailed
from agent.key_library import KeyLibrary, Library, SiteKey
from tests.support.known_keys import AT, known_file, known_key


@pytest.fixture
def library(tmp_path: Path) -> KeyLibrary:
    return KeyLibrary(tmp_path / "state" / "key-library.json")


def used(origin: str = "https://kds.kz", purpose: str = "sign", fingerprint: str = "01") -> SiteKey:
    return SiteKey(origin, purpose, "/keys/a.p12", fingerprint, AT)


def test_all_that_is_noted_is_read_again(library: KeyLibrary) -> None:
    assert library.read() == Library()
    file = known_file(
        known_key(1, is_test=True),
        known_key(2, uses=("sign",), is_revoked=True, is_of_unknown_authority=True),
    )
    library.remember(file)
    library.add_places(["/media/usb", "/keys", "/media/usb"])
    library.note_use(used())
    found = library.read()
    assert found.files == (file,)
    assert found.places == ("/media/usb", "/keys")
    assert found.sites == (used(),)
    assert found.with_digest("aa") == file
    assert found.with_digest("bb") is None
    assert library.path.stat().st_mode & 0o777 == 0o600


def test_other_octets_at_a_path_and_another_path_of_octets_take_the_place_of_what_was_known(
    library: KeyLibrary,
) -> None:
    library.remember(known_file(known_key(1)))
    library.remember(known_file(known_key(1), digest="bb"))  # its password changed
    moved = known_file(known_key(1), digest="bb", path="/keys/b.p12")
    library.remember(moved)
    assert library.read().files == (moved,)


def test_what_was_revoked_once_stays_so_in_every_file(library: KeyLibrary) -> None:
    library.remember(known_file(known_key(1)))
    library.remember(known_file(known_key(1, is_revoked=True), path="/copy.p12", digest="bb"))
    library.remember(known_file(known_key(1), path="/third.p12", digest="cc"))
    assert [key.is_revoked for file in library.read().files for key in file.keys] == [True, True, True]
    assert len(library.read().known_keys()) == 1


def test_a_file_is_known_at_its_path_as_long_as_it_does_not_change(tmp_path: Path) -> None:
    path = tmp_path / "a.p12"
    path.write_bytes(b"octets")
    status = path.stat()
    file = known_file(known_key(), path=str(path), size=6, modified_ns=status.st_mtime_ns)
    assert Library((file,)).at(path) == file
    path.write_bytes(b"others!")
    assert Library((file,)).at(path) is None
    path.unlink()
    assert Library((file,)).at(path) is None
    assert Library((file,)).at(Path("/elsewhere")) is None


def test_the_last_key_of_a_site_counts_for_each_purpose(library: KeyLibrary) -> None:
    library.note_use(used(fingerprint="01"))
    library.note_use(used(fingerprint="02"))
    library.note_use(used(purpose="identify", fingerprint="03"))
    found = library.read()
    assert found.of_site("https://kds.kz", "sign") == used(fingerprint="02")
    assert found.of_site("https://kds.kz", "identify") == used(purpose="identify", fingerprint="03")
    assert found.of_site("https://other.kz", "sign") is None


def test_a_key_is_forgotten_with_its_sites_and_nothing_else_is(library: KeyLibrary) -> None:
    waiting = known_file(path="/waits.p12", digest="cc")
    library.remember(waiting)
    library.remember(known_file(known_key(1), known_key(2), digest="bb", path="/two.p12"))
    library.remember(known_file(known_key(1)))
    library.note_use(used(fingerprint=known_key(1).fingerprint))
    library.forget(known_key(1).fingerprint)
    found = library.read()
    assert {file.path for file in found.files} == {"/waits.p12", "/two.p12"}
    assert [key.fingerprint for key in found.known_keys()] == [known_key(2).fingerprint]
    assert found.sites == ()


def test_a_place_is_taken_off_again(library: KeyLibrary) -> None:
    library.add_places(["/a", "/b"])
    library.remove_place("/a")
    library.remove_place("/never")
    assert library.read().places == ("/b",)


def test_the_record_stays_short(library: KeyLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("MAX_FILES", 3), ("MAX_SITES", 2), ("MAX_PLACES", 2), ("MAX_KEYS", 1)):
        monkeypatch.setattr(key_library, name, most)
    for number in range(5):
        library.remember(
            known_file(known_key(number), known_key(99), path=f"/{number}.p12", digest=f"{number}")
        )
        library.note_use(used(f"https://{number}.kz"))
        library.add_places([f"/{number}"])
    found = library.read()
    assert [file.path for file in found.files] == ["/4.p12", "/3.p12", "/2.p12"]
    assert {len(file.keys) for file in found.files} == {1}
    assert [each.origin for each in found.sites] == ["https://4.kz", "https://3.kz"]
    assert found.places == ("/3", "/4")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"files":5}',
        '{"files":[{}],"places":[],"sites":[],"told":{}}',
        '{"files":[],"places":[]}',
    ],
)
def test_a_broken_record_is_none_and_is_replaced(library: KeyLibrary, content: str) -> None:
    library.path.parent.mkdir()
    library.path.write_text(content)
    assert library.read() == Library()
    library.remember(known_file(known_key()))
    assert len(library.read().files) == 1


def test_a_record_that_can_not_be_read_now_is_not_replaced_by_an_empty_one(
    library: KeyLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.add_places(["/keys"])
    real = Path.open

    def refuse(self: Path, *options: Any, **more: Any) -> Any:
        if self == library.path:
            raise OSError(errno.EIO, "Input/output error")
        return real(self, *options, **more)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "open", refuse)
        assert library.read() == Library()
        with pytest.raises(StorageFailed):
            library.remember(known_file(known_key()))
    assert library.read().places == ("/keys",)


def test_a_record_that_would_be_too_long_loses_the_oldest_files_and_nothing_else(
    library: KeyLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_library, "_MAX_FILE_BYTES", 6000)
    library.add_places(["/keys"])
    for number in range(12):
        library.remember(known_file(known_key(number), path=f"/{number}.p12", digest=f"{number}"))
    found = library.read()
    assert found.places == ("/keys",)
    assert 1 < len(found.files) < 12
    assert found.files[0].path == "/11.p12"


def test_a_record_of_before_knows_nothing_of_unknown_authorities(library: KeyLibrary) -> None:
    library.remember(known_file(known_key()))
    plain = json.loads(library.path.read_text())
    del plain["files"][0]["keys"][0]["is_of_unknown_authority"]
    library.path.write_text(json.dumps(plain))
    assert library.read().files == (known_file(known_key()),)


def test_a_moment_without_a_zone_is_universal_time(library: KeyLibrary) -> None:
    library.remember(known_file(known_key()))
    plain = json.loads(library.path.read_text())
    plain["files"][0]["keys"][0]["not_after"] = "2027-01-01T00:00:00"
    library.path.write_text(json.dumps(plain))
    (key,) = library.read().known_keys()
    assert key.days_left(AT) == 34


def test_a_record_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        KeyLibrary(tmp_path / "file" / "x.json").remember(known_file(known_key()))
    with pytest.raises(StorageFailed, match="that name"):
        KeyLibrary(tmp_path / "x.json").add_places(["/\udcff"])


# --- how much use there is in a key --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "state"),
    [
        (known_key(days=31), "good"),
        (known_key(days=30), "ending"),
        (known_key(days=0), "ending"),
        (known_key(days=-1), "expired"),
        (known_key(days=400), "early"),
        (known_key(days=10, is_revoked=True), "revoked"),
        (known_key(days=-10, is_revoked=True), "revoked"),
    ],
)
def test_the_state_of_a_key(key: key_library.KnownKey, state: str) -> None:
    assert key_library.state_of(key, AT) == state


def test_a_newer_key_for_the_same_takes_the_place_of_an_older_one() -> None:
    old, new = known_key(1, days=20), known_key(2, days=360)
    assert key_library.superseded([old, new]) == {old.fingerprint}
    assert key_library.state_of(old, AT, {old.fingerprint}) == "superseded"
    assert key_library.state_of(known_key(1, days=-1), AT, {old.fingerprint}) == "expired"


@pytest.mark.parametrize(
    "other",
    [
        {"iin": "1"},
        {"bin": "990440001234"},
        {"roles": ("employee",)},
        {"algorithm": "RSA-2048"},
        {"uses": ("sign",)},  # it can do less
        {"is_revoked": True},
        {"is_test": True},
        {"is_of_unknown_authority": True},  # anybody can write that owner's name
        {"not_before": known_key(1, days=20).not_before + timedelta(hours=1)},  # issued together
        {"not_after": known_key(1, days=20).not_after - timedelta(days=1)},  # it ends before
    ],
)
def test_another_key_leaves_it_in_its_place(other: dict[str, object]) -> None:
    assert key_library.superseded([known_key(1, days=20), known_key(2, days=360, **other)]) == frozenset()


@pytest.mark.parametrize(("days", "step"), [(30, 30), (15, 30), (14, 14), (4, 14), (3, 3), (0, 3)])
def test_a_key_that_ends_soon_is_reminded_of_at_its_step(days: int, step: int) -> None:
    (found,) = key_library.reminders(Library((known_file(known_key(days=days)),)), AT)
    assert (found.step, found.days_left, found.path) == (step, days, "/keys/a.p12")


def test_only_keys_in_use_are_reminded_of_and_the_soonest_first() -> None:
    files = (
        known_file(known_key(1, days=20, iin="1"), known_key(2, days=2, iin="2"), path="/1"),
        known_file(known_key(2, days=2, iin="2"), path="/copy"),
        known_file(known_key(3, days=-1, iin="3"), known_key(4, days=90, iin="4"), path="/2"),
        known_file(known_key(5, days=9, iin="5", is_revoked=True), path="/3"),
        known_file(known_key(6, days=9, iin="6"), known_key(7, days=300, iin="6"), path="/4"),
    )
    found = key_library.reminders(Library(files), AT)
    assert [(each.key.iin, each.path) for each in found] == [("2", "/1"), ("1", "/1")]


def test_a_reminder_is_due_until_it_was_told_and_once_at_each_step(library: KeyLibrary) -> None:
    library.remember(known_file(known_key(days=30)))

    def due(day: int) -> list[int]:
        return [each.step for each in library.due_reminders(AT + timedelta(days=day))]

    assert [due(day) for day in (-1, 0, 1, 15)] == [[], [30], [30], [30]]
    steps = []
    for day in (15, 15, 16, 17, 17, 27, 28, 40):
        steps.append(due(day))
        if day != 16:  # nobody saw that one
            library.note_told([known_key().fingerprint], AT + timedelta(days=day))
    assert steps == [[30], [], [14], [14], [], [3], [], []]


def test_only_what_was_told_counts_as_told(library: KeyLibrary) -> None:
    library.remember(known_file(known_key(1, days=20, iin="1"), known_key(2, days=5, iin="2")))
    library.note_told([known_key(1).fingerprint, "nobody's"], AT)
    assert [each.key.iin for each in library.due_reminders(AT)] == ["2"]
    assert set(library.read().told) == {known_key(1).fingerprint}


def test_keys_of_one_owner_that_end_together_are_one_line() -> None:
    one, two = known_key(1, days=5, uses=("sign",)), known_key(2, days=5, uses=("identify",))
    other = known_key(3, days=5, organisation="ЖШС АЛМА")
    lines = key_library.lines_of(key_library.reminders(Library((known_file(one, two, other),)), AT))
    assert [(line.organisation, line.keys, line.days_left) for line in lines] == [
        ("", (one.fingerprint, two.fingerprint), 5),
        ("ЖШС АЛМА", (other.fingerprint,), 5),
    ]


def test_a_forgotten_key_is_reminded_of_anew(library: KeyLibrary) -> None:
    library.remember(known_file(known_key(days=5)))
    library.note_told([known_key().fingerprint], AT)
    assert not library.due_reminders(AT)
    library.forget(known_key().fingerprint)
    library.remember(known_file(known_key(days=5)))
    assert library.due_reminders(AT)
