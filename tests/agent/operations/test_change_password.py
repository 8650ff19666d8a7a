"""Another password for a key file: all of it or nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from agent import algorithms, key_library
from agent.errors import (
    BrokenKeyStore,
    KeyFileReadOnly,
    KeyNotKept,
    StorageFailed,
    UserCancelled,
    WrongPassword,
)
from agent.key_library import KeyLibrary
from agent.keystores import key_file, new_keys, pkcs12, pkcs12_writer
from agent.operations import change_password
from agent.operations.approval import Approval
from agent.user.base import Answer, PageLeft, Prompt, Retyped
from protocol import prompts
from tests.support import authority, jks_files, people
from tests.support.memory_store import MemoryStore
from tests.support.people import Step, person_of, raises

NEW = "Жаңа-құпия-9"


class Typed:
    """A step that types both passwords, and keeps them to see that they are wiped."""

    def __init__(
        self, old: str = authority.PASSWORD, new: str = NEW, *, keep_copy: bool = False, path: str = ""
    ) -> None:
        self.old, self.new = authority.secret(old), authority.secret(new)
        self.keep_copy = keep_copy
        self.path = path

    def __call__(self, prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.ChangePassword)
        return Retyped(self.old, self.new, self.keep_copy, self.path)

    @property
    def is_wiped(self) -> bool:
        return not any(self.old.buffer) and not any(self.new.buffer)


def approval_of(folder: Path, *steps: Step) -> Approval:
    library = KeyLibrary(folder / "state" / "key-library.json")
    (folder / "state").mkdir(exist_ok=True)
    return people.approval(
        folder / "state", MemoryStore({}), *steps, origin=None, kind="command", key_library=library
    )


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return Path(shutil.copy(authority.path("gost2015-head"), tmp_path / "GOST512_a.p12"))


def opens(path: Path, password: str) -> bool:
    try:
        pkcs12.open(path.read_bytes(), authority.secret(password))
    except WrongPassword:
        return False
    return True


def journal(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "state" / "journal.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def problems(approval: Approval) -> list[str]:
    asked = [prompt for prompt in person_of(approval).asked if isinstance(prompt, prompts.ChangePassword)]
    return [prompt.problem.code if prompt.problem else "" for prompt in asked]


def test_the_file_opens_with_the_new_password_and_nothing_else_is_left(tmp_path: Path, key: Path) -> None:
    typed = Typed()
    approval = approval_of(tmp_path, typed)
    assert change_password.change(key, approval) == change_password.Changed(key, None)
    assert (opens(key, NEW), opens(key, authority.PASSWORD)) == (True, False)
    assert {path.name for path in tmp_path.iterdir()} == {"GOST512_a.p12", "state"}
    assert typed.is_wiped
    asked, decided = journal(tmp_path)
    assert (asked["action"], asked["event"]) == ("change_password", "asked")
    assert (decided["decision"], decided["owner"]) == ("approved", "ҮЛГІБАЕВ ДӘУРЕН")
    written = "".join(path.read_text() for path in (tmp_path / "state").iterdir())
    assert NEW not in written
    assert authority.PASSWORD not in written


def test_the_library_knows_the_file_again(tmp_path: Path, key: Path) -> None:
    approval = approval_of(tmp_path, Typed())
    change_password.change(key, approval)
    assert approval.key_library is not None
    library = approval.key_library.read()
    assert library.with_digest(key_library.digest_of(key.read_bytes())) == library.at(key)
    assert [each.owner for each in library.known_keys()] == ["ҮЛГІБАЕВ ДӘУРЕН"]


def test_a_copy_stays_if_the_person_wants_it(tmp_path: Path, key: Path) -> None:
    before = key.read_bytes()
    copy = change_password.change(key, approval_of(tmp_path, Typed(keep_copy=True))).copy
    assert copy == key.with_name("GOST512_a.p12.old")
    assert copy.read_bytes() == before
    assert copy.stat().st_mode & 0o777 == 0o600
    again = Typed(NEW, "Another-1", keep_copy=True)
    second = change_password.change(key, approval_of(tmp_path, again))
    assert second.copy == key.with_name("GOST512_a.p12 (2).old")
    assert copy.read_bytes() == before


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (Typed("Qwerty13"), "wrong-password"),
        (Typed(new="short"), "weak-password"),
        (Typed(new="11111111"), "weak-password"),
    ],
)
def test_what_can_be_mended_is_asked_again(tmp_path: Path, key: Path, wrong: Typed, code: str) -> None:
    before = key.read_bytes()
    approval = approval_of(tmp_path, wrong, raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        change_password.change(key, approval)
    assert problems(approval) == ["", code]
    assert key.read_bytes() == before
    assert wrong.is_wiped
    assert [line["event"] for line in journal(tmp_path)] == ["asked", "decided"]
    assert journal(tmp_path)[-1]["decision"] == "cancelled"


def test_what_was_chosen_stays_chosen(tmp_path: Path, key: Path) -> None:
    approval = approval_of(tmp_path, Typed("Qwerty13", keep_copy=True), Typed(keep_copy=True))
    change_password.change(key, approval)
    first, second = person_of(approval).asked
    assert isinstance(first, prompts.ChangePassword)
    assert isinstance(second, prompts.ChangePassword)
    assert (first.keep_copy, second.keep_copy) == (False, True)


def test_where_the_file_can_not_be_replaced_it_and_its_folder_are_as_before(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyNotKept("no space left")

    before = key.read_bytes()
    monkeypatch.setattr(key_file, "replace", fail)
    approval = approval_of(tmp_path, Typed(keep_copy=True), raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        change_password.change(key, approval)
    assert problems(approval) == ["", "key-not-kept"]
    assert key.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"GOST512_a.p12", "state"}


def test_where_the_copy_can_not_be_written_nothing_changes(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyNotKept("read-only")

    before = key.read_bytes()
    monkeypatch.setattr(key_file, "write_new", fail)
    with pytest.raises(UserCancelled):
        change_password.change(key, approval_of(tmp_path, Typed(keep_copy=True), raises(UserCancelled())))
    assert key.read_bytes() == before


def test_a_person_who_closes_the_window_meanwhile_changes_nothing(tmp_path: Path, key: Path) -> None:
    before = key.read_bytes()
    approval = approval_of(tmp_path, Typed())
    person_of(approval).has_left = True
    with pytest.raises(PageLeft):
        change_password.change(key, approval)
    assert key.read_bytes() == before


def test_without_a_line_in_the_journal_nothing_changes(tmp_path: Path, key: Path) -> None:
    before, approval = key.read_bytes(), approval_of(tmp_path, Typed())
    approval.journal.path.mkdir()
    with pytest.raises(StorageFailed):
        change_password.change(key, approval)
    assert key.read_bytes() == before


@pytest.mark.parametrize("kind", ["pending", "unsupported"])
def test_a_key_that_can_not_be_used_here_gets_its_password_all_the_same(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "new.p12"
    if kind == "pending":
        made = new_keys.generate(algorithms.P256_KEY)
        octets = pkcs12_writer.write_pending(made.pkcs8_der, b"id", authority.secret(), iterations=100)
    else:
        octets = authority.path("unsupported-gt").read_bytes()
    path.write_bytes(octets)
    change_password.change(path, approval_of(tmp_path, Typed()))
    with pytest.raises(WrongPassword):
        pkcs12.open(path.read_bytes(), authority.secret())
    assert journal(tmp_path)[-1]["decision"] == "approved"


def test_a_file_that_is_no_key_file_is_asked_about_once(tmp_path: Path) -> None:
    with pytest.raises(BrokenKeyStore):
        change_password.change(tmp_path / "gone.p12", approval_of(tmp_path))


def test_another_file_that_the_person_named_gets_the_password_and_the_first_one_stays(
    tmp_path: Path, key: Path
) -> None:
    other = Path(shutil.copy(authority.path("gost2015-individual"), tmp_path / "other.p12"))
    before = key.read_bytes()
    wrong, right = Typed("Qwerty13", path=str(other)), Typed()
    approval = approval_of(tmp_path, wrong, right)
    assert change_password.change(key, approval) == change_password.Changed(other, None)
    assert (opens(other, NEW), key.read_bytes()) == (True, before)
    asked = [prompt for prompt in person_of(approval).asked if isinstance(prompt, prompts.ChangePassword)]
    assert [prompt.file.path for prompt in asked] == [str(key), str(other)]  # what is shown is what is meant
    assert wrong.is_wiped
    assert right.is_wiped


def test_a_name_that_is_no_key_files_ends_it_and_nothing_is_written(tmp_path: Path, key: Path) -> None:
    document = tmp_path / "act.pdf"
    document.write_bytes(b"%PDF-")
    before, typed = key.read_bytes(), Typed(path=str(document))
    with pytest.raises(BrokenKeyStore):
        change_password.change(key, approval_of(tmp_path, typed))
    assert (key.read_bytes(), document.read_bytes()) == (before, b"%PDF-")
    assert typed.is_wiped


def test_a_java_key_store_is_refused_before_anything_is_typed(tmp_path: Path) -> None:
    store = tmp_path / "a.jks"
    store.write_bytes(jks_files.fixture())
    approval = approval_of(tmp_path)
    with pytest.raises(KeyFileReadOnly):
        change_password.change(store, approval)
    assert person_of(approval).asked == []
    assert store.read_bytes() == jks_files.fixture()


def test_and_so_it_is_where_the_person_names_it_instead_and_they_can_name_another(
    tmp_path: Path, key: Path
) -> None:
    store = tmp_path / "a.p12"  # whatever it is called
    store.write_bytes(jks_files.fixture())
    refused, last = Typed(path=str(store)), Typed(path=str(key))
    approval = approval_of(tmp_path, refused, last)
    assert change_password.change(key, approval) == change_password.Changed(key, None)
    assert problems(approval) == ["", "key-read-only"]
    assert store.read_bytes() == jks_files.fixture()
    assert refused.is_wiped
