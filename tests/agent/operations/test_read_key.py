"""Showing the person whose a key is."""

import shutil
from pathlib import Path

import pytest

from agent import algorithms
from agent.errors import BrokenKeyStore, UnsupportedKey, UserCancelled
from agent.journal import Journal
from agent.key_library import KeyLibrary
from agent.keystores import catalog, new_keys, pkcs12_writer
from agent.operations import read_key
from agent.operations.approval import Approval
from agent.trust import anchors
from agent.user.base import Answer, Opened, Prompt
from protocol import prompts
from tests.support import authority, jks_files, people
from tests.support.memory_store import MemoryStore


def types(password: str = authority.PASSWORD) -> people.Step:
    def step(prompt: Prompt) -> Answer:
        assert isinstance(prompt, prompts.ReadKey)
        return Opened(prompt.file.path, prompt.file.storage, authority.secret(password))

    return step


def approval_of(folder: Path, *steps: people.Step) -> Approval:
    return people.approval(
        folder,
        MemoryStore({}),
        *steps,
        origin=None,
        kind="command",
        key_stores=catalog,
        key_library=KeyLibrary(folder / "key-library.json"),
        test_anchors=anchors.from_certificates(authority.roots()),
        test_authorities=authority.issuing(),
    )


def key_in(folder: Path, name: str = "gost2015-head") -> Path:
    return Path(shutil.copy(authority.path(name), folder / "GOST512_a.p12"))


def test_the_owner_is_told_and_remembered(tmp_path: Path) -> None:
    path, approval = key_in(tmp_path), approval_of(tmp_path, types("wrong"), types())
    (key,) = read_key.read(path, approval).keys
    assert (key.owner, key.is_test) == ("ҮЛГІБАЕВ ДӘУРЕН", True)
    assert KeyLibrary(tmp_path / "key-library.json").read().known_keys() == (key,)
    first, second = people.person_of(approval).asked
    assert isinstance(first, prompts.ReadKey)
    assert isinstance(second, prompts.ReadKey)
    assert first.caller.kind == "command"
    assert (first.file.path, first.file.label, first.file.owner) == (str(path), "ГОСТ 34.10-2015 (512)", "")
    assert (first.problem, second.problem.code if second.problem else "") == (None, "wrong-password")
    assert list(Journal(tmp_path / "journal.jsonl").entries()) == []


def test_the_next_time_the_window_knows_whose_it_is(tmp_path: Path) -> None:
    path = key_in(tmp_path)
    read_key.read(path, approval_of(tmp_path, types()))
    again = approval_of(tmp_path, people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        read_key.read(path, again)
    (asked,) = people.person_of(again).asked
    assert isinstance(asked, prompts.ReadKey)
    assert asked.file.owner == "ҮЛГІБАЕВ ДӘУРЕН"
    assert asked.file.valid_until.startswith("2049-12-31")


def test_the_owner_of_a_java_key_store_is_told_and_remembered_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jks"
    path.write_bytes(jks_files.write([jks_files.key_of("gost2015-head")]))
    approval = approval_of(tmp_path, types("wrong"), types())
    (key,) = read_key.read(path, approval).keys
    assert key.owner == "ҮЛГІБАЕВ ДӘУРЕН"
    assert KeyLibrary(tmp_path / "key-library.json").read().known_keys() == (key,)
    asked = people.person_of(approval).asked[0]
    assert isinstance(asked, prompts.ReadKey)
    assert (asked.file.path, asked.file.storage) == (str(path), "JKS")


def test_both_keys_of_a_file_are_told(tmp_path: Path) -> None:
    found = read_key.read(key_in(tmp_path, "two-keys"), approval_of(tmp_path, types()))
    assert len(found.keys) == 2


def test_a_key_that_waits_for_its_certificate_is_remembered_as_such(tmp_path: Path) -> None:
    path = tmp_path / "new.p12"
    made = new_keys.generate(algorithms.P256_KEY)
    path.write_bytes(pkcs12_writer.write_pending(made.pkcs8_der, b"id", authority.secret(), iterations=100))
    assert read_key.read(path, approval_of(tmp_path, types())) == read_key.Read(path, ())
    (file,) = KeyLibrary(tmp_path / "key-library.json").read().files
    assert (file.path, file.keys) == (str(path), ())


@pytest.mark.parametrize(
    ("name", "error"), [("unsupported-gt", UnsupportedKey), ("broken-text", BrokenKeyStore)]
)
def test_a_file_that_no_other_password_would_open_is_not_asked_for_again(
    tmp_path: Path, name: str, error: type[Exception]
) -> None:
    approval = approval_of(tmp_path, types())
    with pytest.raises(error):
        read_key.read(key_in(tmp_path, name), approval)
    assert not (tmp_path / "key-library.json").exists()


def test_nobody_is_asked_about_a_file_that_is_not_there(tmp_path: Path) -> None:
    approval = approval_of(tmp_path)
    with pytest.raises(BrokenKeyStore):
        read_key.read(tmp_path / "gone.p12", approval)
    assert people.person_of(approval).asked == []


def test_another_file_that_the_person_named_is_read_in_its_place(tmp_path: Path) -> None:
    path = key_in(tmp_path)
    other = Path(shutil.copy(authority.path("two-keys"), tmp_path / "other.p12"))

    def names_it(prompt: Prompt) -> Answer:
        return Opened(str(other), "PKCS12", authority.secret("wrong"))

    approval = approval_of(tmp_path, names_it, types())
    found = read_key.read(path, approval)
    assert (found.path, len(found.keys)) == (other, 2)
    asked = [each for each in people.person_of(approval).asked if isinstance(each, prompts.ReadKey)]
    assert [each.file.path for each in asked] == [str(path), str(other)]
    assert [file.path for file in KeyLibrary(tmp_path / "key-library.json").read().files] == [str(other)]


def test_a_file_named_in_its_place_that_is_no_key_file_ends_it(tmp_path: Path) -> None:
    approval = approval_of(
        tmp_path, lambda _: Opened(str(tmp_path / "act.pdf"), "PKCS12", authority.secret())
    )
    with pytest.raises(BrokenKeyStore):
        read_key.read(key_in(tmp_path), approval)
