"""Statements 15 to 19 of the format reference: key files."""

from pathlib import Path

import pytest

from agent import algorithms
from agent.algorithms import Family
from agent.errors import UnsupportedKey, WrongPassword
from agent.formats import asn1
from agent.gost import curves, signature
from agent.keystores import pkcs8, pkcs12
from agent.keystores.base import StoredKey
from tests.support import authority, published

BY_RC2 = algorithms.oid_der("1.2.840.113549.1.12.1.6")  # pbeWithSHA1And40BitRC2-CBC, RFC 7292 appendix C
GT_KEY = "1.3.6.1.4.1.6801.1.5.8"


def opened(data: bytes, password: str = authority.PASSWORD) -> tuple[StoredKey, ...]:
    with authority.secret(password) as secret:
        return pkcs12.open(data, secret)


def published_files(vectors: Path) -> dict[str, tuple[bytes, str]]:
    """Octets and password of each published key file."""
    index = published.index(vectors)
    return {
        name: ((vectors / f"p12/{name}.p12").read_bytes(), index[f"p12/{name}.p12"]["password"])
        for name in published.key_names(vectors)
    }


def own_files() -> dict[str, tuple[bytes, str]]:
    return {name: (authority.path(name).read_bytes(), authority.PASSWORD) for name in authority.NAMES}


def expect_opens_only_with_its_password(data: bytes, password: str) -> None:
    (key,) = opened(data, password)
    signer = key.signer()
    digest = signer.algorithm.digest(b"act")
    key.certificate.verify(signer.algorithm, digest, signer.sign_digest(digest))
    assert key.certificates == (key.certificate,)
    with pytest.raises(WrongPassword, match="MAC"):
        opened(data, password + "3")


def test_s15_every_published_file_opens_with_its_password_and_with_no_other(vectors: Path) -> None:
    files = published_files(vectors)
    assert len(files) == 52
    for data, password in files.values():
        expect_opens_only_with_its_password(data, password)


@pytest.mark.own_sample
def test_s15_our_own_files_open_with_their_password_and_with_no_other() -> None:
    for data, password in own_files().values():
        expect_opens_only_with_its_password(data, password)


def number_in(data: bytes, password: str, monkeypatch: pytest.MonkeyPatch) -> tuple[StoredKey, asn1.Element]:
    """The key of a file, and the element in which its PKCS#8 form holds the number."""
    seen: list[bytes] = []
    read = pkcs8.read

    def remembering(buffer: bytearray) -> object:
        seen.append(bytes(buffer))
        return read(buffer)

    with monkeypatch.context() as patch:
        patch.setattr(pkcs8, "read", remembering)
        (key,) = opened(data, password)
    (octets,) = {*seen}
    return key, asn1.read(asn1.read(octets).children()[2].octets())


def expect_number(data: bytes, password: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Checks how the number is written, and that it gives the certificate's point. Gives tag and length of the number."""
    key, number = number_in(data, password, monkeypatch)
    public_key = key.certificate.public_key
    if public_key.key_type.family is Family.GOST_2015_512:
        curve, scalar = curves.PARAM_SET_A_512, number.octets()
    else:
        curve, scalar = curves.CRYPTO_PRO_A, number.integer().to_bytes(32, "little")
    assert signature.public_key(curve, scalar) == public_key.octets
    return number.tag, len(number.content)


def test_s16_published_numbers_are_octets_little_endian_or_integers_big_endian(
    vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = published_files(vectors)
    found: dict[str, set[tuple[int, int]]] = {"gost2015": set(), "gost2004": set()}
    for name, (data, password) in files.items():
        family = name.partition("_")[0]
        if family in found:
            found[family].add(expect_number(data, password, monkeypatch))
    assert found == {
        "gost2015": {(asn1.OCTET_STRING, 64)},
        "gost2004": {(asn1.INTEGER, 32), (asn1.INTEGER, 33)},
    }


@pytest.mark.own_sample
@pytest.mark.parametrize("name", ["gost2015-individual", "gost2004-individual", "gost2004-head"])
def test_s16_our_own_numbers_are_written_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tag, size = expect_number(authority.path(name).read_bytes(), authority.PASSWORD, monkeypatch)
    expected = (asn1.OCTET_STRING, {64}) if name.startswith("gost2015") else (asn1.INTEGER, {31, 32, 33})
    assert tag == expected[0]
    assert size in expected[1]


def expect_names(data: bytes, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both bags bear the certificate's key identifier, as octets and as hex."""
    seen: list[pkcs12._Contents] = []
    matched = pkcs12._matched

    def remembering(contents: pkcs12._Contents, *rest: object) -> object:
        seen.append(contents)
        return matched(contents, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(pkcs12, "_matched", remembering)
        (key,) = opened(data, password)
    identifier = key.certificate.subject_key_identifier
    assert identifier is not None
    ((bag,), (certificate,)) = (seen[0].keys, seen[0].certificates)
    for found in (bag, certificate):
        assert (found.local_key_id, found.friendly_name) == (identifier, identifier.hex())


def test_s17_both_bags_of_published_files_name_the_key(
    vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for data, password in published_files(vectors).values():
        expect_names(data, password, monkeypatch)


@pytest.mark.own_sample
def test_s17_both_bags_of_our_own_files_name_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for data, password in own_files().values():
        expect_names(data, password, monkeypatch)


def test_s18_published_certificates_under_rc2_of_40_bits_are_decrypted(vectors: Path) -> None:
    for name, (data, _) in published_files(vectors).items():
        assert BY_RC2 in data, name
        assert published.key(vectors, name).certificate.common_name


@pytest.mark.own_sample
def test_s18_our_own_certificates_under_rc2_of_40_bits_are_decrypted() -> None:
    data = authority.path("gost2015-individual").read_bytes()
    assert BY_RC2 in data
    assert opened(data)[0].certificate.common_name == "СЫНАҚОВА АЙГҮЛ"


@pytest.mark.own_sample
def test_s19_the_legacy_gt_key_is_unsupported_by_name() -> None:
    """The two published files are not in the folder."""
    with pytest.raises(UnsupportedKey, match=rf"{GT_KEY} is not supported \(legacy GT key\)"):
        opened(authority.path("unsupported-gt").read_bytes())
