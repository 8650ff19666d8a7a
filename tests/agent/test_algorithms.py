"""The table of algorithms: no name twice, every row found by each of its names, identifiers as they stand in genuine files."""

import itertools

import pytest

from agent import algorithms
from agent.algorithms import Family
from agent.errors import UnsupportedKey

IDENTIFIERS = {
    "300c06082a830e030a0103030500": algorithms.STREEBOG_512,
    "300c06082a830e030a0103010500": algorithms.GOST_94,
    "300d06096086480165030402010500": algorithms.SHA256,
    "300906052b0e03021a0500": algorithms.SHA1,
    "300e060a2a830e030a01010203020500": algorithms.GOST_2015_512,
    "300d06092a830e030a010101020500": algorithms.GOST_2004,
    "300d06092a864886f70d01010b0500": algorithms.RSA_SHA256,
    "300a06082a8648ce3d040302": algorithms.ECDSA_SHA256,
    "302306092a830e030a010102023016060a2a830e030a010102020106082a830e030a010303": algorithms.GOST_2015_512_KEY,
    "302506092a830e030a010101013018060a2a830e030a0101010101060a2a830e030a0103010100": algorithms.GOST_2004_KEY,
    "300d06092a864886f70d0101010500": algorithms.RSA_KEY,
    "301306072a8648ce3d020106082a8648ce3d030107": algorithms.P256_KEY,
    "301006072a8648ce3d020106052b81040022": algorithms.P384_KEY,
}


@pytest.mark.parametrize("expected", IDENTIFIERS)
def test_identifiers_are_those_of_genuine_files(expected: str) -> None:
    assert IDENTIFIERS[expected].identifier_der.hex() == expected


def test_no_oid_and_no_uri_names_two_rows() -> None:
    rows = (*algorithms.DIGESTS, *algorithms.SIGNATURES)
    oids = [row.oid for row in rows] + sorted({key.oid for key in algorithms.KEY_TYPES})
    uris = [row.xml_uri for row in rows if row.xml_uri]
    identifiers = [row.identifier_der for row in (*rows, *algorithms.KEY_TYPES)]
    for names in (oids, uris, identifiers, [row.name for row in algorithms.KEY_TYPES]):
        assert len(names) == len(set(names))


@pytest.mark.parametrize("digest", algorithms.DIGESTS, ids=lambda row: row.name)
def test_a_digest_is_found_by_its_oid_and_has_the_size_it_says(digest: algorithms.DigestAlgorithm) -> None:
    assert algorithms.digest_by_oid(digest.oid) is digest
    assert len(digest(b"octets")) == digest.digest_size
    hashing = digest.new()
    hashing.update(b"oct")
    copied = hashing.copy()
    hashing.update(b"ets")
    assert hashing.digest() == digest(b"octets") != copied.digest()


@pytest.mark.parametrize("signature", algorithms.SIGNATURES, ids=lambda row: row.name)
def test_a_signature_is_found_by_oid_and_by_family_with_digest(
    signature: algorithms.SignatureAlgorithm,
) -> None:
    assert algorithms.signature_by_oid(signature.oid) is signature
    assert algorithms.signature_with_digest(signature.family, signature.digest) is signature


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda row: row.name)
def test_a_key_is_found_by_its_identifier_and_signs_with_its_own_family(key_type: algorithms.KeyType) -> None:
    assert algorithms.key_type_by_identifier(key_type.identifier_der, key_type.oid) is key_type
    assert algorithms.signature_for_key(key_type).family is key_type.family
    assert algorithms.is_key_oid(key_type.oid)


def test_an_rsa_key_without_null_is_an_rsa_key() -> None:
    bare = bytes.fromhex("300b06092a864886f70d010101")
    assert algorithms.key_type_by_identifier(bare, algorithms.RSA_KEY.oid) is algorithms.RSA_KEY


@pytest.mark.parametrize(
    ("oid", "name"),
    [
        ("1.2.398.3.10.1.1.2.3.1", "ГОСТ 34.10-2015 (256)"),
        ("1.2.840.113549.1.1.5", "SHA-1"),
        ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.1"),
        ("2.5.4.3", "2.5.4.3"),
    ],
)
def test_an_unknown_signature_is_named_in_the_error(oid: str, name: str) -> None:
    with pytest.raises(UnsupportedKey) as caught:
        algorithms.signature_by_oid(oid)
    assert oid in caught.value.detail
    assert name in caught.value.detail


def test_other_unknown_algorithms_are_named_too() -> None:
    with pytest.raises(UnsupportedKey, match=r"1\.2\.3"):
        algorithms.digest_by_oid("1.2.3")
    with pytest.raises(UnsupportedKey, match="GT"):
        algorithms.key_type_by_identifier(b"", "1.3.6.1.4.1.6801.1.5.8")
    with pytest.raises(UnsupportedKey, match="gost-2004"):
        algorithms.signature_with_digest(Family.GOST_2004, algorithms.SHA256)


def test_a_gost_key_with_parameters_of_another_is_not_supported() -> None:
    swapped = algorithms.GOST_2015_512_KEY.identifier_der.replace(
        algorithms.oid_der(algorithms.STREEBOG_512.oid), algorithms.oid_der(algorithms.STREEBOG_256.oid)
    )
    with pytest.raises(UnsupportedKey):
        algorithms.key_type_by_identifier(swapped, algorithms.GOST_2015_512_KEY.oid)


def test_oids_are_written_and_read_back() -> None:
    for row in (*algorithms.DIGESTS, *algorithms.SIGNATURES, *algorithms.KEY_TYPES):
        assert algorithms.dotted(algorithms.oid_der(row.oid)[2:]) == row.oid
    for first, second in itertools.product((0, 1, 2), (0, 39)):
        oid = f"{first}.{second}.16384.0"
        assert algorithms.dotted(algorithms.oid_der(oid)[2:]) == oid
    assert algorithms.dotted(algorithms.oid_der("2.999.3")[2:]) == "2.999.3"
    assert algorithms.dotted(b"") == ""
