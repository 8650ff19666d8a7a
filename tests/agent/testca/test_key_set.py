"""The set of keys for a demonstration."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.certificate import Certificate
from agent.errors import BadInput, StorageFailed
from agent.keystores import catalog
from agent.testca import key_set
from agent.testca.profiles import PROFILES, Person
from tests.support import authority

pytestmark = pytest.mark.service

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FEW = ("gost2015-individual", "rsa-auth-head", "gost2004-employee")


def test_a_set_holds_authority_keys_and_a_list_that_leads_to_all(tmp_path: Path) -> None:
    made = key_set.issue_set(tmp_path, at=AT)
    listed = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))

    assert listed == made.manifest
    assert [entry["profile"] for entry in listed["keys"]] == list(PROFILES)
    for entry in listed["keys"]:
        password = authority.secret(entry["password"])
        (key,) = catalog.open("PKCS12", tmp_path / entry["file"], password)
        assert list(key.certificate.uses) == entry["uses"]
        assert key.certificate.iin == entry["owner"]["iin"]
        assert key.certificate.bin == entry["owner"]["bin"]
        assert key.certificate.not_before == AT
    for file in listed["authorities"]:
        assert Certificate.from_pem_or_der((tmp_path / file).read_bytes()).is_ca
    assert (
        made.roots_file.read_text(encoding="ascii").count("BEGIN CERTIFICATE") == 8
    )  # roots and issuing, 4 families
    assert "PRIVATE" not in made.roots_file.read_text(encoding="ascii")


def test_a_set_is_issued_to_whom_one_says_with_the_password_one_says(tmp_path: Path) -> None:
    people = dataclasses.replace(key_set.PEOPLE, individual=Person("Ә", "Ғ", "", "000000000000"))
    made = key_set.issue_set(tmp_path, at=AT, people=people, password="Құпия", profile_names=FEW)
    (entry, *_) = made.manifest["keys"]
    (key,) = catalog.open("PKCS12", tmp_path / entry["file"], authority.secret("Құпия"))
    assert key.certificate.common_name == "Ә Ғ"
    assert key.certificate.iin == "000000000000"


def test_a_second_set_is_issued_by_the_same_authority_and_listed_too(tmp_path: Path) -> None:
    first = key_set.issue_set(tmp_path, at=AT, profile_names=FEW)
    roots = first.roots_file.read_bytes()
    past = datetime(2020, 1, 1, tzinfo=UTC)
    second = key_set.issue_set(
        tmp_path, at=AT, profile_names=FEW[:1], not_before=past, not_after=AT.replace(year=2021)
    )
    assert second.roots_file.read_bytes() == roots
    assert len(second.manifest["keys"]) == len(FEW) + 1
    assert second.manifest["keys"][-1]["not_after"].startswith("2021-11-23")


def test_an_unknown_profile_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown profile"):
        key_set.issue_set(tmp_path, at=AT, profile_names=("nothing",))


def test_a_folder_that_cannot_be_written_and_a_damaged_list_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailed):
        key_set.issue_set(tmp_path / "file", at=AT, profile_names=FEW)
    key_set.issue_set(tmp_path / "set", at=AT, profile_names=FEW[:1])
    (tmp_path / "set" / "manifest.json").write_text("{")
    with pytest.raises(StorageFailed, match="list"):
        key_set.issue_set(tmp_path / "set", at=AT, profile_names=FEW[:1])


def test_names_of_files_promise_the_kind_of_key(tmp_path: Path) -> None:
    key_set.issue_set(tmp_path, at=AT, profile_names=FEW)
    found = {key.label for key in catalog.find([tmp_path])}
    assert found == {"ГОСТ 34.10-2015 (512)", "RSA AUTH", "ГОСТ 34.310-2004"}
