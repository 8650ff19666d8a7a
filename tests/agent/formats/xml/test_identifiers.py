"""Names of XML signatures lead to rows of the one table, and nowhere else."""

import pytest

from agent import algorithms
from agent.errors import UnsupportedKey
from agent.formats.xml import identifiers


def test_every_row_with_a_name_is_found_by_it() -> None:
    for signature in algorithms.SIGNATURES:
        assert signature.xml_uri is not None
        assert identifiers.signature_algorithm(signature.xml_uri) is signature
    for digest in algorithms.DIGESTS:
        if digest.xml_uri:
            assert identifiers.digest_algorithm(digest.xml_uri) is digest


def test_names_of_the_national_profile_are_spelled_as_in_its_documents() -> None:
    urn = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
    more = "http://www.w3.org/2001/04/xmldsig-more#"
    assert (
        identifiers.signature_algorithm(f"{urn}gostr34102015-gostr34112015-512") is algorithms.GOST_2015_512
    )
    assert identifiers.digest_algorithm(f"{urn}gostr34112015-512") is algorithms.STREEBOG_512
    assert identifiers.signature_algorithm(f"{more}gost34310-gost34311") is algorithms.GOST_2004
    assert identifiers.digest_algorithm(f"{more}gost34311") is algorithms.GOST_94
    assert identifiers.signature_algorithm(f"{more}rsa-sha256") is algorithms.RSA_SHA256


@pytest.mark.parametrize(
    "uri",
    ["", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"],
)
def test_other_names_are_unsupported(uri: str) -> None:
    with pytest.raises(UnsupportedKey):
        identifiers.signature_algorithm(uri)
    with pytest.raises(UnsupportedKey):
        identifiers.digest_algorithm(uri)
    assert not identifiers.is_weak(uri)


@pytest.mark.parametrize(
    "namespace", ["http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmldsig-more#"]
)
def test_sha1_is_weak_by_both_names_it_goes_by(namespace: str) -> None:
    assert identifiers.is_weak(f"{namespace}rsa-sha1")
    assert identifiers.is_weak(f"{namespace}sha1")
    assert identifiers.digest_algorithm(f"{namespace}sha1") is algorithms.SHA1
    with pytest.raises(UnsupportedKey):
        identifiers.signature_algorithm(f"{namespace}rsa-sha1")
