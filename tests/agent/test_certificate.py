"""Certificates: whose they are, what they are for, and which signatures they prove."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms
from agent.certificate import Certificate, Name
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.keystores import pkcs12
from tests.support import authority

SIGNERS = ("gost2015-head", "gost2004-individual", "rsa-sign-head", "p256-individual", "p384-individual")


# --- our own keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "roles", "uses"),
    [
        ("gost2015-individual", ("individual",), ("sign", "identify")),
        ("gost2015-head", ("legal", "head"), ("sign", "identify")),
        ("gost2015-sign-right", ("legal", "sign-right"), ("sign", "identify")),
        ("gost2004-employee", ("legal", "employee"), ("sign",)),
        ("rsa-sign-head", ("legal", "head"), ("sign",)),
        ("rsa-auth-head", ("legal", "head"), ("identify",)),
    ],
)
def test_roles_and_uses_are_read_from_extended_key_usage(
    name: str, roles: tuple[str, ...], uses: tuple[str, ...]
) -> None:
    certificate = authority.certificate(name)
    assert certificate.roles == roles
    assert certificate.uses == uses


def test_an_authority_is_for_neither_signing_nor_identifying() -> None:
    for certificate in (*authority.roots(), *authority.issuing()):
        assert certificate.is_ca
        assert certificate.uses == ()


def test_the_person_is_read_from_the_subject() -> None:
    certificate = authority.certificate("gost2015-head")
    assert certificate.common_name == "ҮЛГІБАЕВ ДӘУРЕН"
    assert certificate.surname == "ҮЛГІБАЕВ"
    assert certificate.given_name == "ДӘУРЕН"
    assert certificate.patronymic == "МАРАТҰЛЫ"
    assert certificate.iin == "123456789012"
    assert certificate.bin == "123456789021"
    assert certificate.organisation == "ТОО «Сынақ»"
    assert certificate.email is None


def test_a_person_without_patronymic_has_none() -> None:
    certificate = authority.certificate("gost2015-sign-right")
    assert certificate.patronymic is None
    assert certificate.given_name == "АННА"


def test_the_subject_text_is_in_the_order_of_encoding_without_spaces() -> None:
    assert authority.certificate("gost2015-individual").subject.text() == (
        "CN=СЫНАҚОВА АЙГҮЛ,SURNAME=СЫНАҚОВА,SERIALNUMBER=IIN123456789011,C=KZ,G=СЕРІКҚЫЗЫ"
    )


def test_special_characters_in_names_are_escaped() -> None:
    name = Name(
        b"",
        ((("2.5.4.3", ' a,b"c+d '),), (("2.5.4.10", "#1"), ("1.2.3.4", "x=y;z")), (("2.5.4.8", "Алматы"),)),
    )
    assert name.text() == r"CN=\ a\,b\"c\+d\ ,O=\#1+1.2.3.4=x\=y\;z,S=Алматы"
    assert name.text("ST-GIVENNAME").endswith(",ST=Алматы")
    assert name.common_name == 'a,b"c+d'
    assert name.attributes[2] == ("1.2.3.4", "x=y;z")


@pytest.mark.parametrize(
    ("name", "display", "java"),
    [
        ("gost2015-head", "ГОСТ 34.10-2015 (512)", "ECGOST3410-2015-512"),
        ("gost2004-head", "ГОСТ 34.310-2004", "ECGOST34310"),
        ("rsa-sign-head", "RSA-2048", "RSA"),
        ("p256-individual", "ECDSA P-256", "EC"),
    ],
)
def test_the_kind_of_key_has_a_name_for_people_and_one_for_pages(name: str, display: str, java: str) -> None:
    assert authority.certificate(name).display_name == display
    assert authority.certificate(name).key_algorithm_name == java


@pytest.mark.parametrize("name", SIGNERS)
def test_chains_of_the_test_authority_verify_and_no_other_issuer_does(name: str) -> None:
    certificate = authority.certificate(name)
    issuers = {issuer.common_name for issuer in authority.issuing() if _is_issued(certificate, issuer)}
    assert issuers == {certificate.issuer.common_name}
    (issuer,) = (issuer for issuer in authority.issuing() if issuer.subject == certificate.issuer)
    (root,) = (root for root in authority.roots() if root.subject == issuer.issuer)
    issuer.verify_issued_by(root)
    root.verify_issued_by(root)
    with pytest.raises(InvalidSignature):
        certificate.verify_issued_by(root)


@pytest.mark.parametrize("name", SIGNERS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_in_digest_or_signature_never_verifies(name: str, data: st.DataObject) -> None:
    certificate, signer = authority.certificate(name), authority.signer(name)
    algorithm = signer.algorithm
    digest = algorithm.digest(b"act")
    signature = _signature(name, digest)
    certificate.verify(algorithm, digest, signature)
    for octets, verify in (
        (digest, lambda changed: certificate.verify(algorithm, changed, signature)),
        (signature, lambda changed: certificate.verify(algorithm, digest, changed)),
    ):
        bit = data.draw(st.integers(0, 8 * len(octets) - 1))
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InvalidSignature):
            verify(bytes(changed))


_SIGNATURES: dict[tuple[str, bytes], bytes] = {}


def _signature(name: str, digest: bytes) -> bytes:
    """One signature a key is enough for all examples."""
    return _SIGNATURES.setdefault((name, digest), authority.signer(name).sign_digest(digest))


@pytest.mark.parametrize("name", SIGNERS)
def test_signatures_of_absurd_length_are_invalid(name: str) -> None:
    certificate, algorithm = authority.certificate(name), authority.signer(name).algorithm
    digest = algorithm.digest(b"act")
    for signature in (b"", b"\0", bytes(64), bytes(128), bytes(256), bytes(5000)):
        with pytest.raises(InvalidSignature):
            certificate.verify(algorithm, digest, signature)
    with pytest.raises(InvalidSignature, match="digest is 5 octets"):
        certificate.verify(algorithm, b"short", bytes(128))


def test_a_signature_of_another_kind_of_key_is_invalid() -> None:
    with pytest.raises(InvalidSignature, match="can't have made"):
        authority.certificate("rsa-sign-head").verify(algorithms.GOST_2015_512, bytes(64), bytes(128))


def test_a_point_outside_the_curve_verifies_nothing() -> None:
    certificate = authority.certificate("gost2015-head")
    moved = bytearray(certificate.der)
    moved[certificate.der.index(certificate.public_key.octets)] ^= 1
    with pytest.raises(InvalidSignature):
        Certificate.from_der(bytes(moved)).verify(algorithms.GOST_2015_512, bytes(64), bytes(128))


def test_a_key_of_an_unknown_kind_makes_no_certificate_unreadable() -> None:
    certificate = authority.certificate("gost2015-head")
    changed = certificate.der.replace(
        algorithms.oid_der(algorithms.GOST_2015_512_KEY.oid), algorithms.oid_der("1.2.398.3.10.1.1.2.1")
    )
    unknown = Certificate.from_der(changed)
    assert unknown.display_name == unknown.key_algorithm_name == "1.2.398.3.10.1.1.2.1"
    assert unknown.common_name == certificate.common_name
    assert not unknown.public_key.is_supported
    with pytest.raises(UnsupportedKey, match="256"):
        unknown.verify(algorithms.GOST_2015_512, bytes(64), bytes(128))


def test_pem_der_and_base64_give_the_same_certificate() -> None:
    certificate = authority.certificate("rsa-sign-head")
    surrounded = (
        b"\xef\xbb\xbfBag Attributes\r\n"
        + certificate.pem("\r\n").encode()
        + authority.roots()[0].pem().encode()
    )
    for data in (certificate.der, certificate.pem().encode(), base64.b64encode(certificate.der), surrounded):
        assert Certificate.from_pem_or_der(data) == certificate
    assert max(map(len, certificate.pem().splitlines())) == 64
    assert certificate.pem("\r\n").replace("\r\n", "\n") == certificate.pem()
    assert certificate.pem().endswith("-----END CERTIFICATE-----\n")


@pytest.mark.parametrize(
    "data", [b"", b"hello, world", b"\xff" * 100, b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        Certificate.from_pem_or_der(data)


def test_certificates_are_equal_by_their_octets_and_say_nothing_personal_in_logs() -> None:
    certificate = authority.certificate("gost2015-head")
    again = Certificate.from_der(certificate.der)
    assert again == certificate
    assert len({again, certificate, authority.certificate("gost2015-individual")}) == 2
    assert certificate.fingerprint[:16] in repr(certificate)
    assert "ҮЛГІБАЕВ" not in repr(certificate)
    assert "123456789012" not in repr(certificate)


# --- published vectors --------------------------------------------------------------------------------------------


def _is_issued(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_issued_by(issuer)
    except InvalidSignature:
        return False
    return True


@pytest.fixture(scope="module")
def index(vectors: Path) -> dict[str, dict[str, str]]:
    return {
        entry["file"]: entry for entry in json.loads((vectors / "index.json").read_text(encoding="utf-8"))
    }


@pytest.fixture(scope="module")
def authorities(vectors: Path) -> dict[str, Certificate]:
    """CA certificates by file name, as in index.json."""
    files = sorted(vectors.glob("ca-*/*.cer"))
    return {f"{f.parent.name}/{f.name}": Certificate.from_pem_or_der(f.read_bytes()) for f in files}


def _leaves(vectors: Path, index: dict[str, dict[str, str]]) -> Iterator[tuple[str, Certificate]]:
    for file in sorted(vectors.glob("cert/*.cer")):
        yield f"cert/{file.name}", Certificate.from_pem_or_der(file.read_bytes())
    for file in sorted(vectors.glob("p12/*.p12")):
        name = f"p12/{file.name}"
        (key,) = pkcs12.open(file.read_bytes(), authority.secret(index[name]["password"]))
        yield name, key.certificate


def _chain(verified: str) -> list[str]:
    """Files that index.json says the chain goes through: "chain a.cer > b.cer"."""
    return verified.partition("chain ")[2].split(";")[0].strip().split(" > ")


def test_every_published_authority_chains_to_its_root(
    index: dict[str, dict[str, str]], authorities: dict[str, Certificate]
) -> None:
    assert len(authorities) == 21
    for name, certificate in authorities.items():
        (issuer_file,) = _chain(index[name]["verified"])
        certificate.verify_issued_by(authorities[issuer_file])
        assert certificate.is_ca


def test_every_published_leaf_chains_to_the_authority_named_and_to_no_other(
    vectors: Path, index: dict[str, dict[str, str]], authorities: dict[str, Certificate]
) -> None:
    count = 0
    for name, certificate in _leaves(vectors, index):
        issuers = [file for file, issuer in authorities.items() if _is_issued(certificate, issuer)]
        assert issuers == _chain(index[name]["verified"])[:1], name
        count += 1
    assert count == 20 + 52


def test_one_changed_octet_of_what_was_signed_breaks_the_signature(
    authorities: dict[str, Certificate],
) -> None:
    for file in (
        "ca-test/nca_gost2022_test.cer",
        "ca-test/nca_gost_test_2023.cer",
        "ca-prod/nca_rsa_2022.cer",
    ):
        certificate = authorities[file]
        issuer = next(c for c in authorities.values() if c.subject.der == certificate.issuer.der)
        # Inside the public key: everything still parses.
        position = certificate.der.index(certificate.public_key.octets) + 20
        changed = bytearray(certificate.der)
        changed[position] ^= 1
        with pytest.raises(InvalidSignature):
            Certificate.from_der(bytes(changed)).verify_issued_by(issuer)


@pytest.mark.parametrize(
    ("file", "roles", "uses", "bin_number"),
    [
        ("gost2015_SIGN_individual_260508_ec425659", ("individual",), ("sign", "identify"), None),
        ("gost2015_SIGN_legal-head_260508_303eebdf", ("legal", "head"), ("sign", "identify"), "123456789021"),
        (
            "gost2015_SIGN_legal-treasury_260508_d4a51a9d",
            ("legal", "treasury"),
            ("sign", "identify"),
            "123456789021",
        ),
        (
            "gost2015_SIGN_legal-signright_241030_1fc27b2d",
            ("legal", "sign-right"),
            ("sign", "identify"),
            "123456789021",
        ),
        ("gost2004_SIGN_legal-employee_220118_3c650c4c", ("legal", "employee"), ("sign",), "123456789021"),
        ("rsa_AUTH_legal-head_231116_66f4ef70", ("legal", "head"), ("identify",), "123456789021"),
        ("rsa_SIGN_individual_231116_641e7295", ("individual",), ("sign",), None),
    ],
)
def test_the_owner_of_a_published_key_is_read(
    vectors: Path, file: str, roles: tuple[str, ...], uses: tuple[str, ...], bin_number: str | None
) -> None:
    (key,) = pkcs12.open((vectors / "p12" / f"{file}.p12").read_bytes(), authority.secret())
    certificate = key.certificate
    assert certificate.roles == roles
    assert certificate.uses == uses
    assert certificate.iin in {"123456789011", "123456789012"}
    assert certificate.bin == bin_number
    assert certificate.common_name == f"{certificate.surname} {certificate.given_name}"
    assert certificate.surname in {"ТЕСТОВ", "ТЕСТТОВ"}
    assert certificate.patronymic == f"{certificate.surname}ИЧ"


@pytest.mark.parametrize(
    "file",
    [
        "gost2015_IS_legal-is_260508_e89bd2c5",
        "gost2015_IS_legal_231201_6dba535d",
        "gost2015_IS_legal_241029_e097b311",
    ],
)
def test_a_published_information_system_is_known_for_one(vectors: Path, file: str) -> None:
    (key,) = pkcs12.open((vectors / "p12" / f"{file}.p12").read_bytes(), authority.secret())
    assert "information-system" in key.certificate.roles
    assert key.certificate.uses == ("sign", "identify")
    assert key.certificate.iin is None
    assert key.certificate.bin is not None


def test_subjects_of_published_certificates_read_as_listed(
    vectors: Path, index: dict[str, dict[str, str]]
) -> None:
    for name, certificate in _leaves(vectors, index):
        listed = (
            index[name]["subject"]
            .replace(",ST=", ",S=")
            .replace("0.9.2342.19200300.100.1.1=", "UID=")
            .replace(",BC=", ",BusinessCategory=")
        )
        assert certificate.subject.text().replace('\\"', '"') == listed, name


# --- what trust asks of it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("gost2015-head", "048180"),
        ("gost2004-head", "0440"),
        ("rsa-sign-head", "3082"),
        ("p256-individual", "04"),
    ],
)
def test_the_bits_of_a_key_begin_with_the_header_of_what_is_in_them(name: str, header: str) -> None:
    key = authority.certificate(name).public_key
    assert key.bits.startswith(bytes.fromhex(header))
    assert key.bits.endswith(key.octets)
    assert key.spki_der.endswith(key.bits)


def test_which_of_the_usages_are_critical_is_told() -> None:
    usual, reversed_ = authority.certificate("gost2015-head"), authority.certificate("gost2015-sign-right")
    assert (usual.is_key_usage_critical, usual.is_extended_key_usage_critical) == (True, False)
    assert (reversed_.is_key_usage_critical, reversed_.is_extended_key_usage_critical) == (False, True)


def test_addresses_policies_and_key_store_are_told() -> None:
    certificate = authority.certificate("gost2015-head")
    assert certificate.addresses.delta_crl == ("http://qalamsap.invalid/crl/gost2015_d.crl",)
    assert certificate.policies == ("1.2.398.3.3.2",)
    assert certificate.key_store == "1.2.398.3.3.5.1.1"
    assert not certificate.has_ocsp_no_check


def test_a_name_is_read_on_its_own() -> None:
    subject = authority.certificate("gost2015-head").subject
    assert Name.from_der(subject.der) == subject
    for damaged in (b"", subject.der[:-1], b"\x04\x00", subject.der + b"x"):
        with pytest.raises(BadInput, match="name"):
            Name.from_der(damaged)
