"""A page names a key file and sends its password: who may, and how often."""

import errno
from datetime import timedelta
from pathlib import Path

import pytest

from agent import chosen_files, paths
from agent.errors import (
    BrokenKeyStore,
    StorageFailed,
    UnsupportedKey,
    UnsupportedOperation,
    WrongPassword,
)
from agent.operations import choose_file, named_file
from agent.operations.approval import Approval
from agent.operations.flat import key_file
from agent.operations.flat.key_file import NotThere
from agent.operations.named_file import KeyFileNotChosen
from agent.password_guesses import LIMITS
from agent.user.base import PageLeft
from protocol.flat_messages import KeyPlace
from protocol.messages import ChooseFileRequest
from tests.support import authority, named_keys, people
from tests.support.memory_store import MemoryKey

FEW = LIMITS[0][0]
WRONG = "sample-invalid-pwd"


def told(place: KeyPlace, asked: Approval) -> list[str]:
    """The owners of the keys at a place."""
    with key_file.in_sight(place, asked) as keys:
        return [key.certificate.common_name for key in keys]


def test_a_file_that_was_chosen_for_the_site_opens_without_a_window(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    assert told(place, asked) == [authority.certificate(named_keys.PERSON).common_name]
    assert named_keys.shown(asked) == []
    assert named_keys.events(asked) == [("asked", "show_key"), ("shown", "show_key")]


REFUSED = [("asked", "allow_file"), ("failed", "allow_file")]


def is_refused(place: KeyPlace, asked: Approval) -> None:
    """No window, no try, and a line in the journal that says why."""
    before = len(named_keys.events(asked))
    with pytest.raises(KeyFileNotChosen):
        told(place, asked)
    assert named_keys.shown(asked) == []
    assert named_keys.events(asked)[before:] == REFUSED
    assert '"code":"key-file-not-chosen"' in asked.journal.path.read_text("utf-8").splitlines()[-1]
    assert not asked.guesses or not asked.guesses.path.exists()


def test_a_path_that_was_never_chosen_is_refused_and_counts_once_it_was(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    is_refused(place, named_keys.approval(tmp_path))
    assert told(place, named_keys.approval(tmp_path, chosen=(place.path,)))


def test_a_path_that_was_chosen_for_another_site_is_refused(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    named_keys.approval(tmp_path, chosen=(place.path,), origin="https://other.example.kz")
    is_refused(place, named_keys.approval(tmp_path))


def test_no_password_is_tried_at_a_file_that_was_chosen_as_a_document(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    is_refused(place, named_keys.approval(tmp_path, documents=(place.path,)))


def test_nor_at_one_that_the_person_let_the_site_have_signed(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path)
    named_file.remember(asked, place.path, "allowed")
    is_refused(place, asked)


def test_a_choice_counts_for_a_day(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    later = named_keys.at(asked, now=lambda: authority.NOW + timedelta(hours=chosen_files.HOURS))
    is_refused(place, later)
    assert told(place, asked)


@pytest.mark.parametrize("origin", [None, "null", "http://unprotected.example.kz"])
def test_for_who_is_no_site_nothing_counts_as_chosen(tmp_path: Path, origin: str | None) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, people.chooses(place.path), origin=origin)
    choose_file.choose(ChooseFileRequest("pkcs12"), asked)
    people.person_of(asked).asked.clear()
    is_refused(place, asked)


def test_whether_there_is_such_a_file_is_told_only_of_a_path_that_was_chosen(tmp_path: Path) -> None:
    gone = KeyPlace("PKCS12", str(tmp_path / "gone.p12"), bytearray(b"x"))
    for place in (gone, named_keys.place(tmp_path), named_keys.place(tmp_path, "broken-text")):
        is_refused(place, named_keys.approval(tmp_path))
    with pytest.raises(NotThere) as caught:
        told(gone, named_keys.approval(tmp_path, chosen=(gone.path,)))
    assert caught.value.what == "key-file"


@pytest.mark.parametrize("part", ["file", "folder"])
def test_a_link_that_was_put_in_the_place_of_what_was_chosen_is_not_followed(
    tmp_path: Path, part: str
) -> None:
    folder = tmp_path.resolve() / "keys"
    folder.mkdir()
    place = named_keys.place(folder)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    moved = Path(place.path) if part == "file" else folder
    moved.rename(tmp_path / "elsewhere")
    moved.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotThere) as caught:
        told(place, asked)
    assert caught.value.what == "key-file"
    assert named_keys.events(asked) == []


def test_a_chosen_link_that_leads_elsewhere_now_opens_what_it_led_to(tmp_path: Path) -> None:
    link, other = tmp_path / "link.p12", named_keys.place(tmp_path, "gost2015-head")
    link.symlink_to(named_keys.place(tmp_path).path)
    asked = named_keys.approval(tmp_path, chosen=(str(link),))
    link.unlink()
    link.symlink_to(other.path)
    place = KeyPlace("PKCS12", str(link), bytearray(authority.PASSWORD.encode()))
    assert told(place, asked) == [authority.certificate(named_keys.PERSON).common_name]
    with pytest.raises(KeyFileNotChosen):
        told(other, asked)


@pytest.mark.parametrize("path", ["", "~", "a.p12", "../a.p12", "a\0.p12", "/" + "a" * 5000])
def test_what_is_no_path_was_chosen_by_nobody(tmp_path: Path, path: str) -> None:
    asked = named_keys.approval(tmp_path)
    is_refused(KeyPlace("PKCS12", path, bytearray(b"x")), asked)


def test_a_wrong_password_is_wrong_and_the_right_one_after_it_opens(tmp_path: Path) -> None:
    """As pages do that try a password of their own first, to learn whether the file is a key."""
    wrong, right = named_keys.place(tmp_path, password=WRONG), named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(right.path,))
    for _ in range(FEW * 3):
        with pytest.raises(WrongPassword):
            told(wrong, asked)
        assert told(named_keys.place(tmp_path), asked)


def test_after_some_wrong_passwords_not_even_the_right_one_is_tried(tmp_path: Path) -> None:
    right = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(right.path,))
    for number in range(FEW):
        with pytest.raises(WrongPassword):
            told(named_keys.place(tmp_path, password=f"guess-{number}"), asked)
    before = named_keys.events(asked)
    for password in (WRONG, authority.PASSWORD):
        with pytest.raises(WrongPassword):
            told(named_keys.place(tmp_path, password=password), asked)
    assert named_keys.events(asked) == before  # such a page does not fill the journal
    later = named_keys.at(asked, now=lambda: authority.NOW + LIMITS[0][1])
    assert told(named_keys.place(tmp_path), later)


def test_another_spelling_of_the_path_gives_no_new_tries(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, password=WRONG)
    link = tmp_path / "link.p12"
    link.symlink_to(place.path)
    asked = named_keys.approval(tmp_path, chosen=(place.path, str(link)))
    spellings = [place.path, f"{tmp_path}/./{Path(place.path).name}", str(link)]
    for number in range(FEW):
        with pytest.raises(WrongPassword):
            told(KeyPlace("PKCS12", spellings[number % 3], bytearray(b"x")), asked)
    assert asked.guesses is not None
    for spelling in spellings:
        with pytest.raises(WrongPassword):
            told(KeyPlace("PKCS12", spelling, bytearray(authority.PASSWORD.encode())), asked)


def test_one_site_that_guesses_does_not_lock_out_another(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    for _ in range(FEW):
        with pytest.raises(WrongPassword):
            told(named_keys.place(tmp_path, password=WRONG), asked)
    other = named_keys.approval(tmp_path, chosen=(place.path,), origin="https://other.example.kz")
    assert told(named_keys.place(tmp_path), other)


def test_each_wrong_password_stands_in_the_journal(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, password=WRONG)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    with pytest.raises(WrongPassword):
        told(place, asked)
    assert named_keys.events(asked) == [("asked", "show_key"), ("failed", "show_key")]
    assert WRONG not in asked.journal.path.read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "error"),
    [("broken-cut", BrokenKeyStore), ("broken-text", BrokenKeyStore), ("unsupported-gt", UnsupportedKey)],
)
def test_what_is_no_key_file_of_ours_says_so(tmp_path: Path, name: str, error: type[Exception]) -> None:
    place = named_keys.place(tmp_path, name)
    with pytest.raises(error):
        told(place, named_keys.approval(tmp_path, chosen=(place.path,)))


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    asked = named_keys.approval(tmp_path, chosen=(str(tmp_path),))
    with pytest.raises(NotThere):
        told(KeyPlace("PKCS12", str(tmp_path), bytearray(b"x")), asked)


def test_the_alias_chooses_among_keys(tmp_path: Path) -> None:
    everything = named_keys.place(tmp_path, "two-keys")
    asked = named_keys.approval(tmp_path, chosen=(everything.path,))
    with key_file.in_sight(everything, asked) as keys:
        aliases = [key.key_id for key in keys]
    assert len(aliases) == 2
    for alias in aliases:
        with key_file.in_sight(named_keys.place(tmp_path, "two-keys", alias=alias.upper()), asked) as keys:
            assert [key.key_id for key in keys] == [alias]
    with pytest.raises(NotThere) as caught:
        told(named_keys.place(tmp_path, "two-keys", alias="another"), asked)
    assert caught.value.what == "key"


class Store:
    """A store whose keys remember that they were wiped, and whether the password was."""

    def __init__(self) -> None:
        self.keys = [MemoryKey(people.chains.person("p256")), MemoryKey(people.chains.person("rsa"))]
        self.password = bytearray()

    def open(self, _storage: str, _path: Path, password: key_file.Secret) -> list[MemoryKey]:
        self.password = password.buffer
        return self.keys

    def find(self, _folders: object, _limit: int) -> list[MemoryKey]:
        return []


@pytest.mark.parametrize("alias", ["", "first", "none"])
def test_keys_and_password_are_wiped_whatever_happens(tmp_path: Path, alias: str) -> None:
    store = Store()
    place = named_keys.place(tmp_path, alias=store.keys[0].key_id if alias == "first" else alias)
    asked = named_keys.approval(tmp_path, chosen=(place.path,), key_stores=store)
    if alias == "none":
        with pytest.raises(NotThere):
            told(place, asked)
    else:
        told(place, asked)
    assert all(key.is_wiped for key in store.keys)
    assert store.password == bytes(len(authority.PASSWORD))
    assert place.password == bytes(len(authority.PASSWORD))


def test_a_page_that_left_is_told_nothing(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    people.person_of(asked).leave()
    with pytest.raises(PageLeft):
        told(place, asked)
    assert named_keys.events(asked)[-1] == ("left", "show_key")


def test_on_a_full_disk_no_password_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = named_keys.place(tmp_path)
    asked = named_keys.approval(tmp_path, chosen=(place.path,), key_stores=None)  # opening would fail

    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(paths, "write_private", full)
    with pytest.raises(StorageFailed):
        told(place, asked)


def test_where_tries_can_not_be_counted_none_is_made(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    with pytest.raises(UnsupportedOperation):
        told(place, named_keys.approval(tmp_path, chosen=(place.path,), guesses=None))


def test_tries_of_a_day_are_few(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path)
    asked, made = named_keys.approval(tmp_path), 0
    assert asked.guesses is not None
    for hours in range(23):
        moment = authority.NOW + timedelta(hours=hours)
        while asked.guesses.count("site x", Path(place.path), moment):
            made += 1
    assert made == LIMITS[1][0]
