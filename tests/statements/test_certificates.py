"""Statements 6 to 14 of the format reference: certificates of authorities and persons."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import BadInput, InvalidSignature, NoPath, UnsupportedKey
from agent.formats import asn1
from agent.trust import anchors, path
from tests.support import authority, chains, published

PERSONS = {
    ("ТЕСТОВ", "ТЕСТОВИЧ", "123456789011"),
    ("ТЕСТТОВ", "ТЕСТТОВИЧ", "123456789012"),
}
BIN = "123456789021"

# --- 6 to 9: who issued what ----------------------------------------------------------------------------------------

# Fingerprints of issuer and authority, as section 3.6 tells them; roots are their own issuers.
ISSUERS = {
    "ca-prod/btsd_gost_2019.cer": "ca-prod/root_gost_2020.cer",
    "ca-prod/nca_gost_2018.cer": "ca-prod/root_gost_2015.cer",
    "ca-prod/nca_gost_2022.cer": "ca-prod/root_gost_2022.cer",
    "ca-prod/nca_rsa_2018.cer": "ca-prod/root_rsa_2015.cer",
    "ca-prod/nca_rsa_2022.cer": "ca-prod/root_rsa_2020.cer",
    "ca-prod/ucgo_gost_2022.cer": "ca-prod/root_gost_2020.cer",
    "ca-test/nca_gost2022_test.cer": "ca-test/root_test_gost_2022.cer",
    "ca-test/nca_gost_test_2019.cer": "ca-test/root_gost_test_2018.cer",
    "ca-test/nca_gost_test_2023.cer": "ca-test/kuc_gost_test_2020.cer",
    "ca-test/nca_rsa_test_2019.cer": "ca-test/root_rsa_test_2018.cer",
    "ca-test/nca_rsa_test_2023.cer": "ca-test/kuc_rsa_test_2020.cer",
}
GOST_2004 = (
    "btsd_gost_2019", "nca_gost_2018", "root_gost_2015", "root_gost_2020", "ucgo_gost_2022", "kuc_gost_test_2020",
    "nca_gost_test_2019", "nca_gost_test_2023", "root_gost_test_2018",
)  # fmt: skip
GOST_2015 = ("nca_gost_2022", "root_gost_2022", "nca_gost2022_test", "root_test_gost_2022")


def family_of(file: str) -> str:
    name = Path(file).stem
    return "gost2004" if name in GOST_2004 else "gost2015" if name in GOST_2015 else "rsa"


KEY_TYPES = {
    "gost2004": algorithms.GOST_2004_KEY,
    "gost2015": algorithms.GOST_2015_512_KEY,
    "rsa": algorithms.RSA_KEY,
}


def test_s06_every_authority_chains_to_its_root_with_its_own_algorithm(vectors: Path) -> None:
    known = published.authorities(vectors)
    assert len(known) == 21
    for file, certificate in known.items():
        issuer = known[ISSUERS.get(file, file)]
        certificate.verify_issued_by(issuer)
        assert certificate.is_ca
        assert certificate.public_key.key_type == KEY_TYPES[family_of(file)], file
        signed_with = algorithms.signature_for_key(issuer.public_key.key_type)
        assert certificate.signature_algorithm_oid == signed_with.oid, file


def test_s07_every_leaf_chains_to_its_authority_and_to_none_other(vectors: Path) -> None:
    known = published.authorities(vectors)
    leaves = published.leaves(vectors)
    assert len(leaves) == 72
    for name, certificate in leaves.items():
        issuers = [file for file, issuer in known.items() if published.is_issued(certificate, issuer)]
        assert issuers == published.chain(vectors, name)[:1], name


def expect_broken(certificate: Certificate, issuer: Certificate) -> None:
    """Changes one bit of each octet of what was signed, a different one each time."""
    start = certificate.der.index(certificate.tbs_der)
    for position in range(start, start + len(certificate.tbs_der)):
        changed = bytearray(certificate.der)
        changed[position] ^= 1 << position % 8
        try:
            other = Certificate.from_der(bytes(changed))
        except BadInput:
            continue
        with pytest.raises((InvalidSignature, UnsupportedKey)):
            other.verify_issued_by(issuer)


@pytest.mark.parametrize("family", ["gost2015", "gost2004", "rsa", "p256"])
def test_s08_changing_any_octet_of_our_own_certificates_breaks_the_signature(family: str) -> None:
    expect_broken(chains.person(family).certificate, chains.root(family).certificate)


@pytest.mark.parametrize(
    "file", ["ca-prod/nca_gost_2022.cer", "ca-prod/nca_rsa_2022.cer", "ca-test/nca_gost_test_2023.cer"]
)
def test_s08_changing_any_octet_of_a_published_certificate_breaks_the_signature(
    vectors: Path, file: str
) -> None:
    known = published.authorities(vectors)
    expect_broken(known[file], known[ISSUERS[file]])


def test_s09_the_issuer_is_found_by_name_and_signature_not_by_address(vectors: Path) -> None:
    certificate = published.key(vectors, "gost2004_SIGN_legal-head_231116_455af122").certificate
    assert b"nca_rsa_test" in certificate.der, "it names the file of another authority"
    found = path.build(certificate, anchors.national(), at=certificate.not_before)
    expected = published.authorities(vectors)["ca-test/nca_gost_test_2023.cer"]
    assert found.anchor.sha256 == expected.fingerprint


# --- 10: broken addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "broken"),
    [
        ("ca-prod/nca_gost_2022.cer", b" http://pki.gov.kz/cps"),
        ("ca-test/nca_gost_test_2023.cer", b"http;//pki.gov.kz/cps"),
        ("ca-prod/nca_gost_2018.cer", b" URL=http://crl1."),
    ],
)
def test_s10_an_authoritys_certificate_with_a_broken_address_is_read(
    vectors: Path, file: str, broken: bytes
) -> None:
    certificate = published.authorities(vectors)[file]
    assert broken in certificate.der
    assert certificate.is_ca
    assert certificate.common_name


@pytest.mark.parametrize(
    "name", ["gost2015_IS_legal_231201_6dba535d", "gost2015_IS_legal_231201_bb83cadc", "gost2015_IS_legal_241029_e097b311"]
)  # fmt: skip
def test_s10_a_systems_certificate_with_a_pattern_for_an_address_is_read(vectors: Path, name: str) -> None:
    certificate = published.key(vectors, name).certificate
    assert b"http://crl.pki.gov.kz/*.crl" in certificate.der
    assert certificate.bin is not None


@pytest.mark.own_sample
@pytest.mark.parametrize(
    "address", [" http://a.invalid/cps", "http;//a.invalid", "http://a.invalid\nURL=", "*"]
)
def test_s10_broken_addresses_of_any_kind_make_no_certificate_unreadable(address: str) -> None:
    point = asn1.element(0xA0, asn1.element(0xA0, asn1.element(0x86, address.encode())))
    points = asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, point))
    extension = asn1.element(
        asn1.SEQUENCE, algorithms.oid_der("2.5.29.31"), asn1.element(asn1.OCTET_STRING, points)
    )
    party = chains.issue("Broken", by=chains.root(), more_extensions=[extension])
    party.certificate.verify_issued_by(chains.root().certificate)


# --- 11 and 12: whose it is, and what for -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "bin_number", "roles"),
    [
        ("gost2015_SIGN_individual_260508_ec425659", None, ("individual",)),
        ("gost2015_SIGN_legal-head_260508_303eebdf", BIN, ("legal", "head")),
        ("gost2015_SIGN_legal-treasury_260508_d4a51a9d", BIN, ("legal", "treasury")),
    ],
)
def test_s11_a_person_is_read(
    vectors: Path, name: str, bin_number: str | None, roles: tuple[str, ...]
) -> None:
    certificate = published.key(vectors, name).certificate
    assert (certificate.surname, certificate.patronymic, certificate.iin) in PERSONS
    assert certificate.common_name == f"{certificate.surname} {certificate.given_name}"
    assert (certificate.bin, certificate.roles) == (bin_number, roles)


def test_s11_a_system_is_read(vectors: Path) -> None:
    certificate = published.key(vectors, "gost2015_IS_legal-is_260508_e89bd2c5").certificate
    assert (certificate.surname, certificate.patronymic, certificate.iin) == (None, None, None)
    assert certificate.bin is not None
    assert "information-system" in certificate.roles


@pytest.mark.own_sample
def test_s11_our_own_persons_are_read() -> None:
    certificate = authority.certificate("gost2015-head")
    assert (certificate.surname, certificate.given_name, certificate.patronymic) == (
        "ҮЛГІБАЕВ", "ДӘУРЕН", "МАРАТҰЛЫ",
    )  # fmt: skip
    assert (certificate.iin, certificate.bin, certificate.roles) == (
        "123456789012", BIN, ("legal", "head"),
    )  # fmt: skip


def test_s12_keys_for_signing_and_for_authentication_are_told_apart(vectors: Path) -> None:
    uses = {"rsa_AUTH": ("identify",), "rsa_SIGN": ("sign",), "gost2015_IS": ("sign", "identify")}
    seen = set()
    for name in published.key_names(vectors):
        kind = next((kind for kind in uses if name.startswith(kind)), None)
        if kind is not None:
            certificate = published.key(vectors, name).certificate
            assert certificate.uses == uses[kind], name
            has_mark = {chains.EMAIL_PROTECTION, chains.CLIENT_AUTH}.intersection(
                certificate.extended_key_usage
            )
            assert bool(has_mark) == (kind != "gost2015_IS"), name
            seen.add(kind)
    assert seen == set(uses)


@pytest.mark.own_sample
@pytest.mark.parametrize(("name", "uses"), [("rsa-sign-head", ("sign",)), ("rsa-auth-head", ("identify",))])
def test_s12_our_own_keys_are_told_apart(name: str, uses: tuple[str, ...]) -> None:
    assert authority.certificate(name).uses == uses


# --- 13 and 14: criticality, and the test root with a production name ---------------------------------------------------


def criticality(certificate: Certificate) -> tuple[bool, bool]:
    """Whether keyUsage and extendedKeyUsage are critical."""
    true = b"\x01\x01\xff"
    return (
        algorithms.oid_der("2.5.29.15") + true in certificate.der,
        algorithms.oid_der("2.5.29.37") + true in certificate.der,
    )


@pytest.mark.parametrize("name", ["241030_1fc27b2d", "241030_54878937"])
def test_s13_key_usage_that_is_not_critical_beside_extended_that_is_does_no_harm(
    vectors: Path, name: str
) -> None:
    """The sample of 2026 is not in the folder; these two of 2024 have the same extensions."""
    certificate = published.key(vectors, f"gost2015_SIGN_legal-signright_{name}").certificate
    assert criticality(certificate) == (False, True)
    assert certificate.uses == ("sign", "identify")
    assert path.build(certificate, anchors.test(), at=certificate.not_before).certificates == (certificate,)


@pytest.mark.own_sample
def test_s13_holds_for_our_own_certificate_of_that_kind() -> None:
    certificate = authority.certificate("gost2015-sign-right")
    assert criticality(certificate) == (False, True)
    trusted = anchors.from_certificates(authority.issuing())
    assert path.build(certificate, trusted, at=authority.NOW).certificates == (certificate,)


def test_s14_the_test_root_with_a_production_name_vouches_for_nobody_in_production(vectors: Path) -> None:
    known = published.authorities(vectors)
    at = datetime(2023, 11, 20, tzinfo=UTC)
    issued = [
        certificate
        for name, certificate in published.leaves(vectors).items()
        if published.chain(vectors, name)[0] == "ca-test/nca_gost_test_2023.cer"
    ]
    assert issued
    assert "TEST" not in known["ca-test/kuc_gost_test_2020.cer"].common_name
    for certificate in (known["ca-test/nca_gost_test_2023.cer"], *issued):
        assert path.build(certificate, anchors.test(), at=at).anchor.domain == "test"
        with pytest.raises(NoPath):
            path.build(certificate, anchors.production(), at=at, intermediates=known.values())


@pytest.mark.own_sample
def test_s14_a_root_that_bears_a_production_roots_name_is_none() -> None:
    real = next(anchor for anchor in anchors.production() if anchor.kind == "root")
    impostor = chains.issue("Impostor", "p256", issuer_name=real.name_der, signed_with=chains.key("p256"))
    with pytest.raises(NoPath, match="bad-signature"):
        path.build(impostor.certificate, anchors.production(), at=chains.START + timedelta(days=1))
