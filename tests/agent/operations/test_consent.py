"""What the person is shown."""

import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from agent import algorithms
from agent.keystores import catalog
from agent.operations import consent
from agent.operations.approval import Approval
from agent.origins import Origin
from agent.recent_keys import UsedKey
from protocol import preview, prompts
from protocol.messages import OPENABLE_STORAGES, LargeDocument
from tests.support import chains, people
from tests.support.memory_store import MODIFIED, MemoryStore


@pytest.fixture
def approval(tmp_path: Path) -> Approval:
    return people.approval(tmp_path, MemoryStore({"/keys/a.p12": [], "/keys/b.p12": []}))


def prompt_of(approval: Approval, **changes: Any) -> prompts.OpenKey:
    usual: dict[str, Any] = {"purpose": "sign", "placement": "beside", "storages": (), "language": None}
    return consent.ask_for_key(approval, "sign", (), **{**usual, **changes})


def test_a_document_is_shown_with_its_size_and_the_digest_of_its_octets() -> None:
    first, second = consent.describe(["Қ".encode(), b""], ["act.pdf"])
    assert first == prompts.Document("act.pdf", 2, "SHA-256", hashlib.sha256("Қ".encode()).hexdigest())
    assert (second.name, second.size) == ("", 0)


def test_a_digest_is_shown_as_what_it_is() -> None:
    (only,) = consent.describe([bytes(64)], are_digests=True)
    assert only == prompts.Document("", None, "512 bit", "00" * 64, is_digest=True)


def test_a_large_document_is_shown_like_any_other() -> None:
    content = "Қ".encode()
    digests = ((algorithms.STREEBOG_512.oid, bytes(64)), (algorithms.SHA256.oid, algorithms.SHA256(content)))
    assert consent.describe_large([LargeDocument(2, digests)], ["act.zip"]) == consent.describe(
        [content], ["act.zip"]
    )
    (unnamed,) = consent.describe_large([LargeDocument(2, digests)], [])
    assert unnamed.name == ""


def test_a_site_is_new_until_it_is_remembered(approval: Approval) -> None:
    caller = prompt_of(approval).caller
    assert caller == prompts.Caller(
        "site", "https://kds.example.kz", "kds.example.kz", registrable="example.kz", is_new=True
    )
    approval.grants.remember(approval.origin, chains.NOW)
    assert not prompt_of(approval).caller.is_new


@pytest.mark.parametrize("header", ["http://example.kz", "null", None])
def test_nobody_else_is_ever_new(approval: Approval, header: str | None) -> None:
    origin = Origin.parse(header)
    caller = prompt_of(dataclasses.replace(approval, origin=origin, kind=origin.kind)).caller
    assert (caller.kind, caller.is_new) == (origin.kind, False)


def test_a_deceptive_name_is_marked(approval: Approval) -> None:
    origin = Origin.parse("https://" + "еgov.kz".encode("idna").decode())
    assert prompt_of(dataclasses.replace(approval, origin=origin)).caller.warning == "mixed-script"


def test_defaults_are_every_storage_and_the_agents_language(approval: Approval) -> None:
    prompt = prompt_of(approval)
    assert (prompt.storages, prompt.language) == (OPENABLE_STORAGES, "ru")
    assert prompt_of(approval, language="kk").language == "kk"
    with_token = dataclasses.replace(approval, storages=("PKCS12", "AKKaztokenStore"))
    assert prompt_of(with_token).storages == ("PKCS12", "AKKaztokenStore")
    assert prompt_of(with_token, storages=("AKKaztokenStore",)).storages == ("AKKaztokenStore",)
    assert (prompt.folder, prompt.chosen) == (str(Path.home()), "")


def test_used_keys_are_known_and_the_last_one_is_chosen(approval: Approval) -> None:
    approval.recent_keys.add(UsedKey("/gone/c.p12", "НЕТ", "2027-01-01T00:00:00+00:00"))
    approval.recent_keys.add(UsedKey("/keys/b.p12", "ТЕСТОВ", "2027-01-01T00:00:00+00:00"))
    prompt = prompt_of(dataclasses.replace(approval, key_folders=(Path("/home/x"), Path("/keys"))))
    assert (prompt.folder, prompt.chosen) == ("/keys", "/keys/b.p12")
    assert [(file.path, file.owner) for file in prompt.files] == [
        ("/keys/a.p12", ""),
        ("/keys/b.p12", "ТЕСТОВ"),
    ]
    assert prompt.files[0].modified == MODIFIED.isoformat()
    store = approval.key_stores
    assert isinstance(store, MemoryStore)
    assert store.searched[-1] == (Path("/keys"), Path("/gone"), Path("/home/x"))


def test_key_files_in_the_named_folders_come_first_and_once(tmp_path: Path) -> None:
    named, usual = tmp_path / "named", tmp_path / "usual"
    for path in (usual / "new.p12", named / "old.p12", named / "both.p12"):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    os.utime(named / "old.p12", (1, 1))
    os.utime(named / "both.p12", (2, 2))
    asked = dataclasses.replace(
        people.approval(tmp_path, MemoryStore({})),
        key_stores=catalog,
        first_folders=(named,),
        key_folders=(usual, named),
    )
    prompt = prompt_of(asked)
    assert [Path(file.path).name for file in prompt.files] == ["both.p12", "old.p12", "new.p12"]
    assert prompt.folder == str(named)


@pytest.mark.parametrize(
    ("storages", "names"),
    [
        ((), {"a.p12", "b.jks"}),
        (("PKCS12",), {"a.p12"}),
        (("JKS",), {"b.jks"}),
        (("AKKaztokenStore", "JKS"), {"b.jks"}),
        (("AKKaztokenStore",), set()),
    ],
)
def test_only_key_files_of_the_storages_that_are_asked_for_are_offered(
    tmp_path: Path, storages: tuple[str, ...], names: set[str]
) -> None:
    for name in ("a.p12", "b.jks"):
        (tmp_path / name).touch()
    asked = dataclasses.replace(
        people.approval(tmp_path, MemoryStore({})), key_stores=catalog, first_folders=(tmp_path,)
    )
    prompt = prompt_of(asked, storages=storages)
    assert {(Path(file.path).name, file.storage) for file in prompt.files} == {
        (name, "JKS" if name == "b.jks" else "PKCS12") for name in names
    }


def test_what_can_be_seen_is_laid_open_in_the_order_of_the_list(approval: Approval) -> None:
    documents = (
        *consent.describe([b"act"], ["act.txt"]),
        *consent.describe([bytes(32)], are_digests=True),
        dataclasses.replace(consent.describe([b"deed"])[0], path="/home/a/deed.pdf"),
    )
    consent.lay_open(approval, documents, [b"act", bytes(32), None])
    digest = documents[2].digest
    assert people.person_of(approval).laid_open == [
        (b"act", "act.txt"),
        (preview.Overview("digest", digest="00" * 32), ""),
        (preview.Overview("unknown", size=4, digest=digest, why="too-large"), "deed.pdf"),
    ]
