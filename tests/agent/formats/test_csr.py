"""Requests for certificates: in the national profile, signed by the key in them, read by others."""

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from agent import algorithms, certificate
from agent.algorithms import KeyType, SignatureAlgorithm
from agent.certificate import PublicKey
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.formats import asn1, csr
from agent.keystores import new_keys
from protocol.prompts import Purpose
from tests.support import authority

PERSON = (
    ("CN", "ТЕСТОВ ИВАН"),
    ("SURNAME", "ТЕСТОВ"),
    ("SERIALNUMBER", "IIN123456789013"),
    ("C", "KZ"),
    ("G", "ПЕТРОВИЧ"),
    ("O", "ТОО «Сынақ»"),
    ("OU", "BIN123456789021"),
)
LIBRARY_KEYS = (algorithms.RSA_KEY, algorithms.P256_KEY, algorithms.P384_KEY)


def made(key_type: KeyType = algorithms.P256_KEY, purpose: Purpose = "sign") -> bytes:
    key = new_keys.generate(key_type)
    return csr.make(csr.subject(PERSON), PublicKey.from_spki(key.spki_der), purpose, key.private_key.sign)


# --- the name -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gost2015-individual", "gost2015-employee", "rsa-sign-head"])
def test_the_name_is_octet_for_octet_that_of_a_national_certificate(name: str) -> None:
    """Whatever the order of the page: order and string types are those of certificates of the authority."""
    expected = authority.certificate(name).subject
    attributes = [(csr.keyword(oid), value) for oid, value in expected.attributes]
    assert csr.subject(attributes).der == expected.der
    assert csr.subject(attributes[::-1]).der == expected.der


@pytest.mark.parametrize(
    "name",
    [
        "gost2015_SIGN_individual_260508_ec425659",
        "gost2015_SIGN_legal-head_260508_303eebdf",
        "gost2015_SIGN_legal-treasury_260508_d4a51a9d",
        "gost2015_IS_legal-is_260508_e89bd2c5",
    ],
)
def test_the_name_is_that_of_a_published_certificate(vectors: Path, name: str) -> None:
    from agent.keystores import pkcs12

    data = (vectors / "p12" / f"{name}.p12").read_bytes()
    (key,) = pkcs12.open(data, authority.secret())
    expected = key.certificate.subject
    assert csr.subject(expected.attributes).der == expected.der


def test_keywords_are_read_in_any_case_and_by_number_and_the_country_is_ours() -> None:
    name = csr.subject([("cn", "А"), ("GivenName", "Б"), ("2.5.4.4", "В")])
    assert name.text() == "CN=А,SURNAME=В,C=KZ,G=Б"


@pytest.mark.parametrize(
    ("attributes", "complaint"),
    [
        ([], "CN is missing"),
        ([("O", "x")], "CN is missing"),
        ([("CN", "a"), ("cn", "b")], "twice"),
        ([("CN", "a"), ("ST", "b"), ("S", "b")], "twice"),
        ([("CN", "")], "CN is empty"),
        ([("CN", " a")], "blanks"),
        ([("CN", "a" * 257)], "longer"),
        ([("CN", "a\nb")], "can't be seen"),
        ([("CN", "a\u202eb")], "can't be seen"),
        ([("CN", "\u3164\u2800")], "can't be seen"),
        ([("CN", "a\u2028b")], "can't be seen"),
        ([("CN", "a\ud800")], "can't be seen"),
        ([("CN", "a"), ("C", "Kz")], "capital"),
        ([("CN", "a"), ("C", "KAZ")], "capital"),
        ([("CN", "a"), ("SERIALNUMBER", "ИИН1")], "can't have"),
        ([("CN", "a"), ("SERIALNUMBER", "IIN12345678901")], "IIN and 12 digits"),
        ([("CN", "a"), ("SERIALNUMBER", "IIN1234567890123")], "IIN and 12 digits"),
        ([("CN", "a"), ("OU", "BIN12345678901x")], "BIN and 12 digits"),
        ([("CN", "a"), ("E", "қ@example.kz")], "can't have"),
        ([("CN", "a"), ("2.5.4.99", "b")], "no attribute"),
        ([("CN", "a"), ("PASSWORD", "b")], "no attribute"),
    ],
)
def test_a_name_that_no_certificate_has_is_refused(attributes: list[tuple[str, str]], complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint) as caught:
        csr.subject(attributes)
    assert "12345678901" not in caught.value.detail


# --- the request --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda key_type: key_type.name)
@pytest.mark.parametrize("purpose", ["sign", "identify", "any"])
def test_what_is_made_is_read_back(key_type: KeyType, purpose: Purpose) -> None:
    request = csr.Request.from_der(made(key_type, purpose))
    request.verify()
    assert request.subject == csr.subject(PERSON)
    assert request.public_key.key_type is key_type
    usages = {"sign": ("sign",), "identify": ("identify",), "any": ("sign", "identify")}[purpose]
    names = {certificate.EMAIL_PROTECTION: "sign", certificate.CLIENT_AUTH: "identify"}
    assert tuple(names[oid] for oid in request.extended_key_usage) == usages


@pytest.mark.parametrize("key_type", LIBRARY_KEYS, ids=lambda key_type: key_type.name)
def test_another_library_agrees(key_type: KeyType) -> None:
    read = x509.load_der_x509_csr(made(key_type, "identify"))
    assert read.is_signature_valid
    assert read.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value == "IIN123456789013"
    usage = read.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.content_commitment
    assert usage.value.key_encipherment is (key_type is algorithms.RSA_KEY)
    extended = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(extended.value) == [x509.ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize(
    ("name", "purpose"),
    [("gost2015-head", "sign"), ("rsa-sign-head", "sign"), ("rsa-auth-head", "identify")],
)
def test_the_usage_asked_for_is_that_of_the_authoritys_certificates(name: str, purpose: Purpose) -> None:
    issued = authority.certificate(name)
    der = made(issued.public_key.key_type, purpose)
    extension = next(
        each for each in _extensions(der) if each.children()[0].object_identifier() == "2.5.29.15"
    )
    assert extension.der in issued.der  # critical and all


def test_another_library_parses_what_it_can_of_a_gost_request() -> None:
    read = x509.load_der_x509_csr(made(algorithms.GOST_2015_512_KEY))
    assert read.signature_algorithm_oid.dotted_string == algorithms.GOST_2015_512.oid
    assert read.subject.rfc4514_string()


def test_openssl_verifies_a_request(tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs tool: openssl")
    path = tmp_path / "request.pem"
    path.write_text(csr.to_pem(made(algorithms.RSA_KEY)), encoding="ascii")
    done = subprocess.run(
        [program, "req", "-in", str(path), "-verify", "-noout", "-text", "-nameopt", "utf8"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "verify OK" in (done.stdout + done.stderr).decode()
    assert b"Non Repudiation" in done.stdout


def test_a_signature_by_another_key_does_not_leave() -> None:
    key, other = new_keys.generate(algorithms.P256_KEY), new_keys.generate(algorithms.P256_KEY)
    with pytest.raises(InvalidSignature):
        csr.make(csr.subject(PERSON), PublicKey.from_spki(key.spki_der), "sign", other.private_key.sign)


def test_a_faulty_signature_does_not_leave() -> None:
    key = new_keys.generate(algorithms.GOST_2015_512_KEY)

    def faulty(algorithm: SignatureAlgorithm, digest: bytes) -> bytes:
        signature = bytearray(key.private_key.sign(algorithm, digest))
        signature[5] ^= 1
        return bytes(signature)

    with pytest.raises(InvalidSignature):
        csr.make(csr.subject(PERSON), PublicKey.from_spki(key.spki_der), "sign", faulty)


# --- reading ------------------------------------------------------------------------------------------------------


def test_a_request_of_another_program_is_read() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stranger")])
    theirs = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
    request = csr.Request.from_der(theirs.public_bytes(serialization.Encoding.DER))
    request.verify()
    assert request.subject.common_name == "Stranger"
    assert request.extended_key_usage == ()
    assert csr.unwrap(theirs.public_bytes(serialization.Encoding.PEM)) == request.der


def test_armour_comes_off() -> None:
    der = made()
    text = csr.to_pem(der)
    assert csr.unwrap(der) == der
    assert csr.unwrap(text.encode()) == der
    assert csr.unwrap(text.replace("CERTIFICATE", "NEW CERTIFICATE").encode()) == der
    assert csr.unwrap("".join(text.splitlines()[1:-1]).encode()) == der
    with pytest.raises(BadInput):
        csr.unwrap(b"no request")


def test_a_changed_request_does_not_verify() -> None:
    der = made()
    with pytest.raises(InvalidSignature):
        csr.Request.from_der(der.replace(b"IIN123456789013", b"IIN123456789014")).verify()
    oid = algorithms.oid_der(algorithms.ECDSA_SHA256.oid)
    with pytest.raises(UnsupportedKey):
        csr.Request.from_der(der.replace(oid, algorithms.oid_der("1.2.840.10045.4.3.9"))).verify()


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30\x00", bytes(10), b"\x30" + bytes(70_000), authority.certificate("p256-individual").der],
    ids=["nothing", "empty", "zeros", "large", "certificate"],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        csr.Request.from_der(data)


REQUEST = made()


@given(st.integers(0, len(REQUEST) - 1), st.integers(1, 255))
def test_damage_ends_in_a_typed_error_or_a_signature_that_fails(at: int, change: int) -> None:
    damaged = bytearray(REQUEST)
    damaged[at] ^= change
    with pytest.raises((BadInput, InvalidSignature, UnsupportedKey)):
        csr.Request.from_der(bytes(damaged)).verify()


def _extensions(der: bytes) -> list[asn1.Element]:
    """The extensions that are asked for."""
    body = asn1.read(der).children()[0]
    attribute = body.children()[3].children()[0]
    return attribute.children()[1].children()[0].children()
