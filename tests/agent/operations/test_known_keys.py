"""What an approval teaches the key library."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from agent.errors import BrokenKeyStore
from agent.key_library import KeyLibrary, SiteKey
from agent.keystores import catalog
from agent.operations import choose_key, consent, known_keys
from agent.operations.approval import Approval
from agent.operations.known_keys import Seen
from agent.trust import anchors
from protocol import prompts
from protocol.messages import KeyFilter
from tests.support import authority, jks_files, people
from tests.support.memory_store import MemoryStore

ANY = KeyFilter(purpose="any", authorities=(), allow_expired=True, allow_revoked=True)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "GOST512_head.p12"
    path.parent.mkdir()
    shutil.copy(authority.path("gost2015-head"), path)
    return path


def approval_of(tmp_path: Path, *steps: people.Step, **more: object) -> Approval:
    usual = {
        "key_stores": catalog,
        "key_library": KeyLibrary(tmp_path / "state" / "key-library.json"),
        "test_anchors": anchors.from_certificates(authority.roots()),
        "test_authorities": authority.issuing(),
    }
    return people.approval(tmp_path, MemoryStore({}), *steps, **{**usual, **more})


def choose(approval: Approval, purpose: prompts.Purpose = "sign") -> prompts.OpenKey:
    """What was asked at first."""
    prompt = consent.ask_for_key(approval, "sign", (), purpose=purpose, storages=(), language=None)
    choose_key.choose(approval, choose_key.judge(ANY, approval), prompt).key.wipe()
    return prompt


def library_of(approval: Approval) -> KeyLibrary:
    assert approval.key_library is not None
    return approval.key_library


def test_a_key_is_known_by_its_certificate() -> None:
    certificate = authority.certificate("gost2015-head")
    key = known_keys.known_key(Seen(certificate, is_test=True))
    assert key.certificate_der == certificate.der
    assert (key.owner, key.iin, key.bin) == (certificate.common_name, certificate.iin, certificate.bin)
    assert key.organisation == "ТОО «Сынақ»"
    assert key.uses == ("sign", "identify")
    assert "head" in key.roles
    assert (key.is_test, key.is_revoked) == (True, False)


def test_a_java_key_store_is_known_once_it_was_opened(tmp_path: Path) -> None:
    store = tmp_path / "a.jks"
    store.write_bytes(jks_files.write([jks_files.key_of("gost2015-head")]))
    approval = approval_of(tmp_path, people.opens(str(store), storage="JKS"), people.approves())
    choose(approval)
    (file,) = library_of(approval).read().files
    assert (file.path, [key.owner for key in file.keys]) == (str(store), ["ҮЛГІБАЕВ ДӘУРЕН"])


def test_a_file_that_is_opened_is_known_from_then_on_and_the_site_gets_its_key_first(
    tmp_path: Path, key: Path
) -> None:
    approval = approval_of(tmp_path, people.opens(str(key)), people.approves())
    choose(approval)
    found = library_of(approval).read()
    (file,) = found.files
    assert found.at(key) == file
    assert [(each.owner, each.is_test) for each in file.keys] == [("ҮЛГІБАЕВ ДӘУРЕН", True)]
    assert found.sites == (
        SiteKey("https://kds.example.kz", "sign", str(key), file.keys[0].fingerprint, approval.now()),
    )
    other = key.with_name("RSA256_other.p12")
    shutil.copy(authority.path("rsa-sign-individual"), other)
    again = approval_of(tmp_path, first_folders=(key.parent,))
    prompt = consent.ask_for_key(again, "sign", (), purpose="sign", storages=(), language=None)
    assert prompt.chosen == str(key)
    assert {each.path: each.owner for each in prompt.files} == {str(key): "ҮЛГІБАЕВ ДӘУРЕН", str(other): ""}


def test_a_key_that_nobody_known_issued_is_remembered_as_one(tmp_path: Path, key: Path) -> None:
    approval = approval_of(
        tmp_path, people.opens(str(key)), people.approves(), test_anchors=(), test_authorities=()
    )
    choose(approval)
    (known,) = library_of(approval).read().known_keys()
    assert (known.is_test, known.is_of_unknown_authority) == (False, True)


def test_the_key_of_the_site_goes_before_the_last_one_if_it_is_for_the_same(
    tmp_path: Path, key: Path
) -> None:
    other = key.with_name("RSA256_other.p12")
    shutil.copy(authority.path("rsa-sign-individual"), other)
    choose(approval_of(tmp_path, people.opens(str(key)), people.approves()))
    elsewhere = "https://other.kz"
    choose(approval_of(tmp_path, people.opens(str(other)), people.approves(), origin=elsewhere))

    def chosen(purpose: prompts.Purpose, origin: str) -> str:
        asked = approval_of(tmp_path, first_folders=(key.parent,), origin=origin)
        return consent.ask_for_key(asked, "sign", (), purpose=purpose, storages=(), language=None).chosen

    assert chosen("sign", "https://kds.example.kz") == str(key)
    assert chosen("identify", "https://kds.example.kz") == str(other)  # the last one that was used
    key.unlink()
    assert chosen("sign", "https://kds.example.kz") == str(other)


def test_folders_that_the_person_added_are_looked_into(tmp_path: Path, key: Path) -> None:
    approval = approval_of(tmp_path, key_folders=(tmp_path / "usual",))
    library_of(approval).add_places([str(key)])
    prompt = consent.ask_for_key(approval, "sign", (), purpose="sign", storages=(), language=None)
    assert [file.path for file in prompt.files] == [str(key)]
    at_terminal = dataclasses.replace(approval, key_folders=())
    prompt = consent.ask_for_key(at_terminal, "sign", (), purpose="sign", storages=(), language=None)
    assert prompt.files == ()


def test_a_program_and_a_command_have_no_key_of_their_own(tmp_path: Path, key: Path) -> None:
    approval = approval_of(tmp_path, people.opens(str(key)), people.approves(), origin=None)
    choose(approval)
    assert library_of(approval).read().sites == ()
    assert len(library_of(approval).read().files) == 1


def test_nothing_stops_where_nothing_can_be_noted(tmp_path: Path, key: Path) -> None:
    (tmp_path / "state").write_bytes(b"no folder")
    choose(approval_of(tmp_path, people.opens(str(key)), people.approves()))
    approval = approval_of(tmp_path, key_library=None)
    known_keys.learn(approval, str(key), "PKCS12", [])
    known_keys.note_use(approval, "sign", str(key), authority.certificate("gost2015-head"))
    assert known_keys.known(approval).files == ()


def test_what_is_no_file_any_more_or_a_token_is_not_noted(tmp_path: Path, key: Path) -> None:
    approval = approval_of(tmp_path)
    known_keys.learn(approval, str(key), "AKKaztokenStore", [])
    key.unlink()
    known_keys.learn(approval, str(key), "PKCS12", [])
    assert library_of(approval).read().files == ()
    with pytest.raises(BrokenKeyStore):
        known_keys.note(library_of(approval), key, [], approval.now())
