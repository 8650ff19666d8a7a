"""Kinds of stores, and finding key files."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import algorithms
from agent.errors import (
    BadInput,
    BrokenKeyStore,
    KeyFileReadOnly,
    UnsupportedKey,
    UnsupportedOperation,
    WrongPassword,
)
from agent.keystores import catalog, new_keys, pkcs12
from protocol import prompts
from tests.support import authority, jks_files


def test_a_pkcs12_store_opens() -> None:
    (key,) = catalog.open("PKCS12", authority.path("gost2015-head"), authority.secret())
    assert key.certificate == authority.certificate("gost2015-head")
    with pytest.raises(WrongPassword):
        catalog.open("PKCS12", authority.path("gost2015-head"), authority.secret("wrong"))


@pytest.mark.parametrize("storage", catalog.STORAGES)
@pytest.mark.parametrize("name", ["key.p12", "key.jks", "key"])
def test_a_key_file_is_what_its_octets_say_whatever_it_is_called(
    tmp_path: Path, storage: str, name: str
) -> None:
    """Since Java 9, keytool writes PKCS#12 into files called .jks."""
    path = tmp_path / name
    for octets in (
        authority.path("gost2015-head").read_bytes(),
        jks_files.write([jks_files.key_of("gost2015-head")]),
    ):
        path.write_bytes(octets)
        (key,) = catalog.open(storage, path, authority.secret())
        assert key.certificate == authority.certificate("gost2015-head")
        with pytest.raises(WrongPassword):
            catalog.open(storage, path, authority.secret("wrong"))
    path.write_bytes(jks_files.write([], magic=b"\xce\xce\xce\xce"))
    with pytest.raises(UnsupportedKey, match="JCEKS"):
        catalog.open(storage, path, authority.secret())


@pytest.mark.parametrize("name", ["key.p12", "key.jks"])
def test_a_java_key_store_is_not_loaded_to_be_changed(tmp_path: Path, name: str) -> None:
    path, ours = tmp_path / name, authority.path("gost2015-head").read_bytes()
    path.write_bytes(ours)
    assert catalog.load_to_change(path) == ours
    for magic in (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"):
        path.write_bytes(jks_files.write([], magic=magic))
        with pytest.raises(KeyFileReadOnly, match="Java"):
            catalog.load_to_change(path)
    with pytest.raises(BrokenKeyStore):
        catalog.load_to_change(tmp_path / "none.jks")


@pytest.mark.parametrize("storage", catalog.UNAVAILABLE_STORAGES)
def test_stores_that_pages_know_and_we_cannot_open_are_told_as_unsupported(storage: str) -> None:
    with pytest.raises(UnsupportedOperation, match=storage):
        catalog.open(storage, Path("any"), authority.secret())


@pytest.mark.parametrize("storage", ["", "pkcs12", "AKWhatever", "x" * 5000])
def test_an_unknown_store_is_bad_input(storage: str) -> None:
    with pytest.raises(BadInput) as caught:
        catalog.open(storage, Path("any"), authority.secret())
    assert len(caught.value.detail) < 100


def test_a_missing_file_a_folder_and_a_device_are_broken_key_stores(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.p12", tmp_path, Path("/dev/zero"), Path("a\0b")):
        with pytest.raises(BrokenKeyStore) as caught:
            catalog.load(path)
        assert str(tmp_path) not in caught.value.detail


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs tool: named pipes")
    os.mkfifo(tmp_path / "pipe.p12")
    with pytest.raises(BrokenKeyStore, match="regular"):
        catalog.load(tmp_path / "pipe.p12")
    assert catalog.find([tmp_path]) == ()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.p12"
    with huge.open("wb") as file:
        file.truncate(10 * 1024**3)
    with pytest.raises(BrokenKeyStore, match="larger"):
        catalog.load(huge)
    huge.write_bytes(bytes(pkcs12.MAX_SIZE))
    assert len(catalog.load(huge)) == pkcs12.MAX_SIZE


def _touch(path: Path, modified: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    os.utime(path, (modified, modified))
    return path


def test_key_files_are_found_newest_first(tmp_path: Path) -> None:
    old = _touch(tmp_path / "RSA256_aa.p12", 1_000)
    new = _touch(tmp_path / "deep" / "er" / "GOST512_bb.PFX", 3_000)
    middle = _touch(tmp_path / "deep" / "AUTH_RSA256_cc.p12", 2_000)
    _touch(tmp_path / "notes.txt", 9_000)
    _touch(tmp_path / "p12", 9_000)

    found = catalog.find([tmp_path])
    assert [key.path for key in found] == [new, middle, old]
    assert [key.label for key in found] == ["ГОСТ 34.10-2015 (512)", "RSA AUTH", "RSA"]
    assert found[0].modified == datetime.fromtimestamp(3_000, UTC)
    assert {key.storage for key in found} == {"PKCS12"}
    assert [key.path for key in catalog.find([tmp_path], limit=1)] == [new]


def test_a_java_key_store_is_found_by_its_name(tmp_path: Path) -> None:
    _touch(tmp_path / "java.JKS", 4_000)
    (found,) = catalog.find([tmp_path])
    assert (found.path.name, found.storage, found.label) == ("java.JKS", "JKS", "")


def test_a_file_in_two_of_the_folders_is_found_once(tmp_path: Path) -> None:
    _touch(tmp_path / "inner" / "a.p12", 1_000)
    assert len(catalog.find([tmp_path, tmp_path / "inner"])) == 1


def test_folders_too_deep_hidden_or_linked_are_not_entered(tmp_path: Path) -> None:
    deep = tmp_path / "1" / "2" / "3"
    _touch(deep / "seen.p12", 1_000)
    _touch(deep / "4" / "unseen.p12", 1_000)
    _touch(tmp_path / ".cache" / "hidden.p12", 1_000)
    (tmp_path / "1" / "loop").symlink_to(tmp_path)
    assert [key.path.name for key in catalog.find([tmp_path])] == ["seen.p12"]


def test_a_link_to_a_key_file_is_found_and_a_broken_link_is_not(tmp_path: Path) -> None:
    target = _touch(tmp_path / "elsewhere" / "key.bin", 1_000)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.p12").symlink_to(target)
    (tmp_path / "folder" / "dangling.p12").symlink_to(tmp_path / "nothing")
    assert [key.path.name for key in catalog.find([tmp_path / "folder"])] == ["link.p12"]


def test_what_cannot_be_read_is_reported_and_the_rest_is_found(tmp_path: Path) -> None:
    _touch(tmp_path / "key.p12", 1_000)
    not_a_folder = _touch(tmp_path / "file", 1_000)
    survey = catalog.survey([not_a_folder, tmp_path / "missing", tmp_path])
    assert survey.unreadable == (not_a_folder,)
    assert len(survey.keys) == 1
    assert survey.is_complete


def test_a_key_file_among_the_folders_is_found_itself(tmp_path: Path) -> None:
    path = _touch(tmp_path / "key.p12", 1_000)
    survey = catalog.survey([path, path.parent])
    assert [key.path for key in survey.keys] == [path]
    assert survey.unreadable == ()


def test_one_key_file_is_looked_at_by_its_name(tmp_path: Path) -> None:
    found = catalog.at(_touch(tmp_path / "RSA256_aa.p12", 1_000))
    assert found is not None
    assert (found.label, found.modified) == ("RSA", datetime.fromtimestamp(1_000, UTC))
    (tmp_path / "folder.p12").mkdir()
    for name in ("gone.p12", "notes.txt", "folder.p12", "a\0b.p12"):
        assert catalog.at(tmp_path / name) is None


def test_a_walk_ends_at_its_limit_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        _touch(tmp_path / f"{number}.p12", 1_000 + number)
    monkeypatch.setattr(catalog, "MAX_ENTRIES", 10)
    survey = catalog.survey([tmp_path])
    assert len(survey.keys) < 10
    assert not survey.is_complete
    monkeypatch.undo()
    assert not catalog.survey([tmp_path], limit=5).is_complete


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("GOSTKNCA_1f.p12", "ГОСТ 34.310-2004"),
        ("my key.p12", ""),
        ("XRSA256_1.p12", ""),
        ("gost512_1.p12", ""),
    ],
)
def test_only_names_of_the_national_portal_promise_a_kind(name: str, label: str) -> None:
    assert catalog.label_of(name) == label


@pytest.mark.parametrize(
    ("key_type", "purpose", "label"),
    [
        (algorithms.GOST_2015_512_KEY, "sign", algorithms.GOST_2015_512_KEY.name),
        (algorithms.RSA_KEY, "sign", "RSA"),
        (algorithms.RSA_KEY, "identify", "RSA AUTH"),
        (algorithms.P384_KEY, "any", ""),
    ],
)
def test_a_new_file_has_a_name_that_says_what_it_is(
    key_type: algorithms.KeyType, purpose: prompts.Purpose, label: str
) -> None:
    name = catalog.file_name(key_type, purpose, "2026-11-26")
    assert name.endswith("_2026-11-26.p12")
    assert catalog.is_key_file_name(name)
    assert catalog.is_new_key_file_name(name)
    assert catalog.label_of(name) == label


def test_a_new_key_is_not_put_where_a_java_key_store_is_looked_for() -> None:
    assert catalog.is_key_file_name("a.JKS")
    assert not catalog.is_new_key_file_name("a.JKS")
    assert not catalog.is_new_key_file_name("a.txt")
    assert catalog.is_new_key_file_name("a.PFX")
    assert [catalog.storage_of(name) for name in ("a.jks", "a.p12", "a.pfx", "a")] == ["JKS", *["PKCS12"] * 3]


def _pem(label: str) -> bytes:
    return f"Bag Attributes\n-----BEGIN {label}-----\nMIIB\n".encode()


@pytest.mark.parametrize(
    "name", ["gost2015-head", "gost2004-head", "rsa-auth-head", "two-keys", "p256-individual-modern"]
)
def test_a_key_file_is_known_by_its_beginning_too(name: str) -> None:
    assert catalog.holds_key(authority.path(name).read_bytes())


@pytest.mark.parametrize("key_type", [algorithms.P256_KEY, algorithms.RSA_KEY, algorithms.GOST_2015_512_KEY])
def test_so_is_a_bare_key(key_type: algorithms.KeyType) -> None:
    made = new_keys.generate(key_type)
    assert catalog.holds_key(made.pkcs8_der)
    made.wipe()


@pytest.mark.parametrize(
    "start",
    [
        b"\x30\x80\x02\x01\x03\x30\x80",  # BER of indefinite length
        b"\x30\x82\x04\xa4\x02\x01\x00\x02\x82\x01\x01\x00",  # PKCS#1
        b"\x30\x77\x02\x01\x01\x04\x20",  # SEC 1
        b"\x30\x81\xb7\x30\x62\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d",  # PKCS#8, encrypted
        b"\xfe\xed\xfe\xed\x00\x00\x00\x02",  # JKS
        _pem("PRIVATE KEY"),
        _pem("ENCRYPTED PRIVATE KEY"),
        _pem("RSA PRIVATE KEY"),
    ],
)
def test_other_forms_of_a_key_are_known(start: bytes) -> None:
    assert catalog.holds_key(start + bytes(50))


def test_what_people_sign_is_no_key() -> None:
    certificate = authority.certificate("gost2015-head").der
    for octets in (
        b"", b"\x30", b"%PDF-1.7", b"PK\x03\x04", b"<?xml version='1.0'?>", certificate, _pem("PUBLIC KEY"), _pem("CERTIFICATE"),
        b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",  # a signature
        "Как хранить -----BEGIN PRIVATE KEYS-----".encode(),
    ):  # fmt: skip
        assert not catalog.holds_key(octets)
