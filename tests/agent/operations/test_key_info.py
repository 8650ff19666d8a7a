"""What a page learns about a key."""

import json
from pathlib import Path

import pytest

from agent.errors import StorageFailed, UserCancelled
from agent.operations import key_info
from protocol.messages import KeyFilter, KeyInfoRequest
from tests.support import authority, chains, people
from tests.support.memory_store import MemoryKey, MemoryStore
from tests.support.people import approves, opens

REQUEST = KeyInfoRequest(("PKCS12",))


def store() -> MemoryStore:
    return MemoryStore({"/keys/a.p12": [MemoryKey(chains.person("gost2015"))]})


def test_the_certificate_is_told_and_the_disclosure_noted(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, store(), opens(), approves())
    info = key_info.show(REQUEST, approval)
    certificate = chains.person("gost2015").certificate
    assert info.subject == certificate.subject.text()
    assert info.serial_number == f"{certificate.serial_number:x}"
    assert info.not_before_ms == 1767225600000
    assert info.certificate_der == certificate.der
    assert people.person_of(approval).first_prompt().action == "show_key"
    lines = [json.loads(line) for line in approval.journal.path.read_text("utf-8").splitlines()]
    assert [(line["event"], line["action"]) for line in lines] == [
        ("asked", "show_key"),
        ("decided", "show_key"),
    ]


def test_without_an_identifier_the_alias_is_the_stores(tmp_path: Path) -> None:
    info = key_info.describe("0a0b", chains.person().certificate)
    assert (info.alias, info.key_id, info.authority_key_id) == ("0a0b", "", "")


def test_whose_key_it_is_and_what_for_is_told_too() -> None:
    certificate = authority.certificate("gost2015-head")
    info = key_info.describe("x", certificate)
    assert (info.iin, info.bin, info.organisation) == (
        certificate.iin,
        certificate.bin,
        certificate.organisation,
    )
    assert (info.display_name, info.uses) == ("ГОСТ 34.10-2015 (512)", ("sign", "identify"))
    assert "head" in info.roles


def test_what_a_certificate_does_not_say_is_empty() -> None:
    info = key_info.describe("x", authority.certificate("gost2015-individual"))
    assert (info.bin, info.organisation) == ("", "")


def test_only_keys_that_the_page_asks_for_can_be_shown(tmp_path: Path) -> None:
    wanted = KeyInfoRequest(("PKCS12",), keys=KeyFilter(iin="000000000000"))
    approval = people.approval(tmp_path, store(), opens(), people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        key_info.show(wanted, approval)
    (key,) = people.person_of(approval).last_choice().keys
    assert (key.suitable, key.reasons[0]) == (False, "other-iin")


def test_a_person_who_says_no_tells_nothing(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, store(), opens(), people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        key_info.show(REQUEST, approval)


def test_nothing_is_told_that_can_not_be_noted(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, store(), opens(), approves())
    approval.journal.path.mkdir()
    with pytest.raises(StorageFailed):
        key_info.show(REQUEST, approval)


def test_the_twelve_values_of_a_genuine_certificate_have_their_forms(vectors: Path) -> None:
    from agent.certificate import Certificate

    for path in sorted((vectors / "cert").glob("*.cer")):
        info = key_info.describe("x", Certificate.from_pem_or_der(path.read_bytes()))
        assert info.alias == info.key_id
        assert info.key_id == info.key_id.lower()
        bytes.fromhex(info.authority_key_id + info.key_id)
        assert info.not_before_ms < info.not_after_ms
        assert info.subject.startswith("CN=")


def test_names_have_the_keywords_that_the_site_wants(tmp_path: Path) -> None:
    attributes = [("2.5.4.42", "ТЕСТОВИЧ"), ("2.5.4.8", "АБАЙ")]
    party = chains.issue("ТЕСТОВ ТЕСТ", by=chains.root(), attributes=attributes)
    keys = MemoryStore({"/keys/a.p12": [MemoryKey(party)]})
    subjects = [
        key_info.show(
            KeyInfoRequest(("PKCS12",), name_keywords=keywords),
            people.approval(tmp_path, keys, opens(), approves()),
        ).subject
        for keywords in ("S-G", "ST-GIVENNAME")
    ]
    usual, long = (subject.split(",") for subject in subjects)
    assert {"G=ТЕСТОВИЧ", "S=АБАЙ"} <= set(usual)
    assert {"GIVENNAME=ТЕСТОВИЧ", "ST=АБАЙ"} <= set(long)
    assert len(usual) == len(long)
