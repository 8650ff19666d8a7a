"""Key files: national ones, those of other programs, and damaged ones. Three errors, told apart."""

import contextlib
import hashlib
import hmac
import json
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12 as other
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import AgentError, BrokenKeyStore, KeyUnsuitable, UnsupportedKey, WrongPassword
from agent.formats import asn1
from agent.keystores import pbe, pkcs12, pkcs12_writer
from agent.keystores.base import StoredKey
from agent.keystores.pkcs12_writer import Entry
from agent.testca import key_files
from tests.support import authority

DATA = "1.2.840.113549.1.7.1"


def opened(data: bytes, password: str = authority.PASSWORD) -> tuple[StoredKey, ...]:
    with authority.secret(password) as secret:
        return pkcs12.open(data, secret)


def signs(key: StoredKey) -> bool:
    signer = key.signer()
    digest = signer.algorithm.digest(b"act")
    key.certificate.verify(signer.algorithm, digest, signer.sign_digest(digest))
    return True


def without_mac(safe: bytes) -> bytes:
    """A file that nothing authenticates, so that damage reaches the deeper layers."""
    return asn1.element(asn1.SEQUENCE, asn1.integer(3), pkcs12_writer.data(safe))


def safe_of(data: bytes) -> bytes:
    """The AuthenticatedSafe of a file: PFX > ContentInfo > [0] > OCTET STRING."""
    inside = asn1.read(data).children()[1].children()[1].children()[0]
    return inside.octets()


# --- files of the test authority ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", authority.NAMES)
def test_every_national_shape_opens_and_signs(name: str) -> None:
    (key,) = opened(authority.path(name).read_bytes())
    assert signs(key)
    assert key.friendly_name == key.key_id
    assert key.certificates == (key.certificate,)


@pytest.mark.parametrize(
    "name",
    ["gost2015-individual", "gost2004-head", "rsa-sign-individual", "p256-individual", "p384-individual"],
)
def test_modern_files_open_and_sign(name: str) -> None:
    (key,) = opened(authority.path(f"{name}-modern").read_bytes())
    assert signs(key)
    assert key.certificate == authority.certificate(name)


def test_other_certificates_of_a_file_follow_the_own_one() -> None:
    (key,) = opened(authority.path("rsa-sign-individual-modern").read_bytes())
    own, *chain = key.certificates
    assert own == authority.certificate("rsa-sign-individual")
    assert set(chain) < {*authority.roots(), *authority.issuing()}
    assert len(chain) == 2


def test_each_of_several_keys_gets_its_own_certificate() -> None:
    first, second = opened(authority.path("two-keys").read_bytes())
    assert first.certificate == authority.certificate("gost2015-individual")
    assert second.certificate == authority.certificate("gost2015-head")
    assert signs(first)
    assert signs(second)


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_certificates_for_one_key_the_file_says_which(is_first: bool) -> None:
    """As after a renewal with the same key: the bag's localKeyId decides, not the order."""
    entry = _entry("p256-individual")
    key = serialization.load_der_private_key(entry.pkcs8_der, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "renewed")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, authority.NOW, authority.NOW + timedelta(1)
    )
    renewed = Certificate.from_der(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    )
    local_key_id = pkcs12_writer.attribute(
        pkcs12_writer.LOCAL_KEY_ID, asn1.element(asn1.OCTET_STRING, b"renewed")
    )
    bags = [
        pkcs12_writer.certificate_bag(renewed, b""),
        pkcs12_writer.certificate_bag(
            entry.certificate, pkcs12_writer.certificate_attributes(entry.certificate)
        ),
    ]
    attributes = pkcs12_writer.certificate_attributes(entry.certificate)
    key_bag = pkcs12_writer.bag("1.2.840.113549.1.12.10.1.1", entry.pkcs8_der, attributes)
    safe = pkcs12_writer.data(asn1.element(asn1.SEQUENCE, *(bags if is_first else bags[::-1]), key_bag))
    (found,) = opened(without_mac(asn1.element(asn1.SEQUENCE, safe)))
    assert found.certificates == (entry.certificate, renewed)

    # And where the identifier names neither, whichever holds the public half is good.
    stranger = pkcs12_writer.bag(
        "1.2.840.113549.1.12.10.1.1", entry.pkcs8_der, asn1.element(asn1.SET, local_key_id)
    )
    safe = pkcs12_writer.data(asn1.element(asn1.SEQUENCE, *bags, stranger))
    (found,) = opened(without_mac(asn1.element(asn1.SEQUENCE, safe)))
    assert found.certificate == renewed
    assert signs(found)


def _entry(name: str) -> Entry:
    """A key of the authority as plain octets, through the file that another library can read."""
    key, _, _ = other.load_key_and_certificates(
        authority.path(f"{name}-modern").read_bytes(), authority.PASSWORD.encode()
    )
    assert key is not None
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Entry(der, authority.certificate(name))


# --- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*authority.NAMES, "two-keys", "gost2015-individual-modern"])
@pytest.mark.parametrize("password", ["Qwerty13", "", "qwerty12", "Qwerty12 "])
def test_a_wrong_password_is_told_as_such(name: str, password: str) -> None:
    with pytest.raises(WrongPassword, match="MAC"):
        opened(authority.path(name).read_bytes(), password)


def test_a_password_that_is_no_text_is_wrong() -> None:
    with pytest.raises(WrongPassword):
        pkcs12.open(authority.path("gost2015-head").read_bytes(), pkcs12.Secret(bytearray(b"\xff\xff")))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"hello",
        b"\x30\x00",
        b"\x30\x80" * 400,
        b"\x30\x80" * 100_000,
        b"\x30\x82\x10\x00" + bytes(100),
    ],
    ids=lambda data: f"{len(data)} octets",
)
def test_what_is_no_key_file_is_broken(data: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(BrokenKeyStore):
        opened(data)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", ["broken-cut", "broken-text"])
def test_damaged_files_are_broken_whatever_the_password(name: str) -> None:
    for password in (authority.PASSWORD, "wrong", ""):
        with pytest.raises(BrokenKeyStore):
            opened(authority.path(name).read_bytes(), password)


def test_a_certificate_file_is_no_key_file() -> None:
    with pytest.raises(BrokenKeyStore):
        opened(authority.certificate("gost2015-head").der)


def test_a_file_larger_than_any_key_file_is_broken() -> None:
    with pytest.raises(BrokenKeyStore, match="larger"):
        opened(bytes(pkcs12.MAX_SIZE + 1))


def test_a_key_of_an_unsupported_kind_is_told_with_its_number() -> None:
    with pytest.raises(UnsupportedKey, match=r"1\.3\.6\.1\.4\.1\.6801\.1\.5\.8"):
        opened(authority.path("unsupported-gt").read_bytes())


def test_an_unsupported_key_does_not_hide_a_good_one() -> None:
    entry = _entry("p256-individual")
    unknown = entry.pkcs8_der.replace(
        algorithms.oid_der("1.2.840.10045.3.1.7"), algorithms.oid_der("1.2.840.10045.3.1.1")
    )
    data = key_files.modern([Entry(unknown, entry.certificate), entry], "x")
    (key,) = opened(data, "x")
    assert signs(key)


def test_a_key_that_does_not_belong_to_its_certificate_is_broken() -> None:
    with pytest.raises(BrokenKeyStore, match="belongs"):
        opened(authority.path("mismatched").read_bytes())


def test_a_file_without_private_key_is_broken() -> None:
    certificate = load_der_x509_certificate(authority.certificate("p256-individual").der)
    data = other.serialize_key_and_certificates(
        None, None, None, [certificate], serialization.BestAvailableEncryption(b"x")
    )
    with pytest.raises(BrokenKeyStore, match="no private key"):
        opened(data, "x")


def pending_file() -> bytes:
    """A key without certificate, by another library."""
    return other.serialize_key_and_certificates(
        None, ec.generate_private_key(ec.SECP256R1()), None, None, serialization.BestAvailableEncryption(b"x")
    )


def test_a_key_without_certificate_waits_for_it() -> None:
    data = pending_file()
    with pytest.raises(KeyUnsuitable, match="waits"):
        opened(data, "x")
    with authority.secret("x") as secret:
        key = pkcs12.open_pending(data, secret)
    assert key.private_key.key_type == algorithms.P256_KEY
    assert not key.belongs_to(authority.certificate("p256-individual"))
    key.wipe()
    assert not any(key.pkcs8_der)
    key.wipe()
    with authority.secret("y") as secret, pytest.raises(WrongPassword):
        pkcs12.open_pending(data, secret)


@pytest.mark.parametrize("name", ["gost2015-head", "rsa-sign-individual-modern", "mismatched", "two-keys"])
def test_a_key_that_has_a_certificate_waits_for_none(name: str) -> None:
    with authority.secret() as secret, pytest.raises(KeyUnsuitable, match="waits"):
        pkcs12.open_pending(authority.path(name).read_bytes(), secret)


@pytest.mark.parametrize(
    ("name", "is_modern"), [("gost2015-head", False), ("rsa-sign-individual-modern", True)]
)
def test_a_key_that_has_a_certificate_is_opened_with_it_too(name: str, is_modern: bool) -> None:
    with authority.secret() as secret:
        key = pkcs12.open_single(authority.path(name).read_bytes(), secret)
        (stored,) = pkcs12.open(authority.path(name).read_bytes(), secret)
    assert key.certificates == stored.certificates
    assert key.belongs_to(stored.certificate)
    assert key.is_modern is is_modern
    key.wipe()
    assert not any(key.pkcs8_der)


def test_a_single_key_is_not_one_of_several() -> None:
    with authority.secret() as secret, pytest.raises(KeyUnsuitable, match="several"):
        pkcs12.open_single(authority.path("two-keys").read_bytes(), secret)


def test_what_waits_may_be_no_key_or_an_unknown_one() -> None:
    empty = without_mac(asn1.element(asn1.SEQUENCE, pkcs12_writer.data(asn1.element(asn1.SEQUENCE))))
    with authority.secret() as secret, pytest.raises(BrokenKeyStore, match="no private key"):
        pkcs12.open_pending(empty, secret)
    bag = pkcs12_writer.bag("1.2.840.113549.1.12.10.1.1", asn1.element(asn1.SEQUENCE), b"")
    broken = without_mac(asn1.element(asn1.SEQUENCE, pkcs12_writer.data(asn1.element(asn1.SEQUENCE, bag))))
    with authority.secret() as secret, pytest.raises(BrokenKeyStore, match="malformed"):
        pkcs12.open_pending(broken, secret)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("1.2.840.113549.1.7.2", UnsupportedKey),
        ("1.2.840.113549.1.7.3", BrokenKeyStore),
        ("1.2.3", BrokenKeyStore),
    ],
)
def test_a_file_of_another_content_type_is_told(kind: str, error: type[AgentError]) -> None:
    content = asn1.element(
        asn1.SEQUENCE, algorithms.oid_der(kind), asn1.element(0xA0, asn1.element(asn1.OCTET_STRING))
    )
    with pytest.raises(error):
        opened(asn1.element(asn1.SEQUENCE, asn1.integer(3), content))


def test_a_part_for_a_certificate_instead_of_a_password_is_unsupported() -> None:
    part = asn1.element(
        asn1.SEQUENCE,
        algorithms.oid_der("1.2.840.113549.1.7.3"),
        asn1.element(0xA0, asn1.element(asn1.SEQUENCE)),
    )
    with pytest.raises(UnsupportedKey):
        opened(without_mac(asn1.element(asn1.SEQUENCE, part)))


def test_another_version_is_broken() -> None:
    data = without_mac(asn1.element(asn1.SEQUENCE))
    with pytest.raises(BrokenKeyStore, match="version 4"):
        opened(data.replace(asn1.integer(3), asn1.integer(4), 1))


def test_too_many_parts_and_too_deep_bags_are_broken() -> None:
    part = pkcs12_writer.data(asn1.element(asn1.SEQUENCE))
    with pytest.raises(BrokenKeyStore, match="parts"):
        opened(without_mac(asn1.element(asn1.SEQUENCE, *[part] * (pkcs12.MAX_BAGS + 1))))
    bags = asn1.element(asn1.SEQUENCE)
    for _ in range(pkcs12.MAX_DEPTH + 2):
        bags = asn1.element(asn1.SEQUENCE, pkcs12_writer.bag("1.2.840.113549.1.12.10.1.6", bags, b""))
    with pytest.raises(BrokenKeyStore, match="deep"):
        opened(without_mac(asn1.element(asn1.SEQUENCE, pkcs12_writer.data(bags))))
    secrets_ = pkcs12_writer.bag("1.2.840.113549.1.12.10.1.5", asn1.integer(1), b"")
    many = asn1.element(asn1.SEQUENCE, *[secrets_] * (pkcs12.MAX_BAGS + 1))
    with pytest.raises(BrokenKeyStore, match="bags"):
        opened(without_mac(asn1.element(asn1.SEQUENCE, pkcs12_writer.data(many))))


def test_a_file_that_asks_for_endless_work_is_refused_at_once() -> None:
    data = authority.path("gost2015-head").read_bytes()
    assert data.endswith(asn1.integer(1024))
    greedy = data[:-2] + b"\x7f\xff"  # 32767 iterations: allowed
    with pytest.raises(WrongPassword):
        opened(greedy)
    mac_data = asn1.read(data).children()[2]
    digest, salt, _ = mac_data.children()
    endless = asn1.element(asn1.SEQUENCE, digest.der, salt.der, asn1.integer(2**31 - 1))
    inside = asn1.read(data).children()
    started = time.monotonic()
    with pytest.raises(BrokenKeyStore, match="iterations"):
        opened(asn1.element(asn1.SEQUENCE, inside[0].der, inside[1].der, endless))
    assert time.monotonic() - started < 1


# --- damage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["gost2015-head", "gost2004-individual", "rsa-sign-individual-modern", "two-keys"]
)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_anywhere_ends_in_a_typed_error_or_the_same_key(name: str, data: st.DataObject) -> None:
    octets = bytearray(authority.path(name).read_bytes())
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 1 << bit % 8
    # A bit that nothing depends on (the tag of an identifier's parameters) may leave the file as good as before.
    with contextlib.suppress(WrongPassword, BrokenKeyStore, UnsupportedKey, KeyUnsuitable):
        for key in opened(bytes(octets)):
            assert signs(key)


@pytest.mark.parametrize("name", ["gost2015-head", "gost2004-individual", "p256-individual-modern"])
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_damage_below_the_mac_ends_in_a_typed_error_or_the_same_key(name: str, data: st.DataObject) -> None:
    safe = bytearray(safe_of(authority.path(name).read_bytes()))
    for _ in range(data.draw(st.integers(1, 3))):
        safe[data.draw(st.integers(0, len(safe) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(WrongPassword, BrokenKeyStore, UnsupportedKey, KeyUnsuitable):
        for key in opened(without_mac(bytes(safe))):
            assert signs(key)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300))
def test_random_octets_are_broken(data: bytes) -> None:
    with pytest.raises(BrokenKeyStore):
        opened(data)


# --- conventions --------------------------------------------------------------------------------------------------


def test_an_empty_password_opens_a_file_made_with_an_empty_one() -> None:
    (key,) = opened(authority.path("empty-password").read_bytes(), "")
    assert signs(key)


def test_an_empty_password_opens_a_file_made_with_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some programs derive keys from no octets where the field was empty, others from the two final zeros."""
    monkeypatch.setattr(key_files.Password, "of", lambda _: pbe.Password.absent())
    data = key_files.national(_entry("p256-individual"), "")
    monkeypatch.undo()
    (key,) = opened(data, "")
    assert signs(key)


def test_a_file_without_mac_opens_and_a_wrong_password_shows() -> None:
    data = without_mac(safe_of(authority.path("gost2015-head").read_bytes()))
    (key,) = opened(data)
    assert signs(key)
    outcomes = set()
    for wrong in ("a", "b", "c", "d"):
        with pytest.raises(AgentError) as caught:
            opened(data, wrong)
        outcomes.add(type(caught.value))
    assert WrongPassword in outcomes


def test_a_key_that_lies_open_is_read() -> None:
    entry = _entry("p256-individual")
    key_bag = pkcs12_writer.bag("1.2.840.113549.1.12.10.1.1", entry.pkcs8_der, b"")
    certificate_bag = pkcs12_writer.certificate_bag(entry.certificate, b"")
    safe = pkcs12_writer.data(asn1.element(asn1.SEQUENCE, key_bag, certificate_bag))
    (key,) = opened(without_mac(asn1.element(asn1.SEQUENCE, safe)))
    assert signs(key)
    assert key.friendly_name == ""


@pytest.mark.parametrize(
    ("oid", "iterations", "detail"),
    [
        (b"\x2b\x0e\x03\x02\x1a", pbe.MAX_ITERATIONS + 1, "iterations"),
        (b"\x2b" + b"\x01" * 100, 1, "malformed MAC"),
    ],
    ids=["endless work", "an OID longer than any"],
)
def test_a_mac_that_is_not_tried_leaves_no_password_behind(
    oid: bytes, iterations: int, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[pbe.Password] = []
    real = pbe.Password.of

    def of(octets: bytes | bytearray) -> pbe.Password:
        made.append(real(octets))
        return made[-1]

    algorithm = asn1.element(asn1.SEQUENCE, asn1.element(asn1.OBJECT_IDENTIFIER, oid))
    mac = asn1.element(asn1.SEQUENCE, algorithm, asn1.element(asn1.OCTET_STRING, bytes(20)))
    mac_data = asn1.element(
        asn1.SEQUENCE, mac, asn1.element(asn1.OCTET_STRING, bytes(8)), asn1.integer(iterations)
    )
    safe = pkcs12_writer.data(asn1.element(asn1.SEQUENCE))
    monkeypatch.setattr(pbe.Password, "of", of)
    with pytest.raises(BrokenKeyStore, match=detail):
        opened(asn1.element(asn1.SEQUENCE, asn1.integer(3), safe, mac_data))
    assert len(made) == 1
    assert not any(made[0].utf16)
    assert not any(made[0].utf8)


def test_a_file_under_pbmac1_opens() -> None:
    """RFC 9579: the MAC's key by PBKDF2, its length given; built here by hand."""
    safe = safe_of(authority.path("p256-individual-modern").read_bytes())
    salt, iterations = b"12345678", 100
    hmac_sha256 = algorithms.algorithm_identifier("1.2.840.113549.2.9", b"\x05\x00")

    def file(key_length: bytes) -> bytes:
        derivation = asn1.element(
            asn1.SEQUENCE,
            algorithms.oid_der("1.2.840.113549.1.5.12"),
            asn1.element(asn1.SEQUENCE, asn1.element(asn1.OCTET_STRING, salt), asn1.integer(iterations), key_length, hmac_sha256),
        )  # fmt: skip
        algorithm = asn1.element(
            asn1.SEQUENCE,
            algorithms.oid_der("1.2.840.113549.1.5.14"),
            asn1.element(asn1.SEQUENCE, derivation, hmac_sha256),
        )
        mac = asn1.element(asn1.SEQUENCE, algorithm, asn1.element(asn1.OCTET_STRING, expected))
        mac_data = asn1.element(
            asn1.SEQUENCE, mac, asn1.element(asn1.OCTET_STRING, b"unused"), asn1.integer(1)
        )
        return asn1.element(asn1.SEQUENCE, asn1.integer(3), pkcs12_writer.data(safe), mac_data)

    mac_key = hashlib.pbkdf2_hmac("sha256", authority.PASSWORD.encode(), salt, iterations, 32)
    expected = hmac.digest(mac_key, safe, "sha256")
    (key,) = opened(file(asn1.integer(32)))
    assert signs(key)
    with pytest.raises(WrongPassword):
        opened(file(asn1.integer(32)), "wrong")
    with pytest.raises(BrokenKeyStore, match="length"):
        opened(file(b""))


# --- files of other programs --------------------------------------------------------------------------------------

PBES = other.PBES
KEYS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
}


@pytest.mark.parametrize(
    "mac", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda h: h.name
)
@pytest.mark.parametrize(
    "scheme", [PBES.PBESv1SHA1And3KeyTripleDESCBC, PBES.PBESv2SHA256AndAES256CBC], ids=lambda p: p.name
)
@pytest.mark.parametrize("password", ["secret", "Құпия сөз 🔑"])
def test_files_of_another_library_open(mac: hashes.HashAlgorithm, scheme: other.PBES, password: str) -> None:
    entry = _entry("p256-individual")
    key = serialization.load_der_private_key(entry.pkcs8_der, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(300)
    encryption = builder.key_cert_algorithm(scheme).hmac_hash(mac).build(password.encode())
    data = other.serialize_key_and_certificates(
        "Айгүл".encode(), key, load_der_x509_certificate(entry.certificate.der), None, encryption
    )
    (found,) = opened(data, password)
    assert signs(found)
    assert found.friendly_name == "Айгүл"
    with pytest.raises(WrongPassword):
        opened(data, password + "x")


def openssl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs tool: openssl")
    return subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


OPENSSL_WAYS = {
    "default": (),
    "aes128": ("-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC", "-macalg", "sha384"),
    "3des": ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
    "2key-3des": ("-keypbe", "PBE-SHA1-2DES", "-certpbe", "PBE-SHA1-2DES"),
    "pbes2-3des": ("-keypbe", "DES-EDE3-CBC", "-certpbe", "AES-256-CBC", "-iter", "5000"),
    "open": ("-keypbe", "NONE", "-certpbe", "NONE"),
    "no-mac": ("-nomac",),
    "sha512": ("-macalg", "sha512"),
    "legacy": ("-legacy",),  # RC2 with 40 bits and 3DES, as national files have them
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("way", OPENSSL_WAYS)
def test_files_of_openssl_open(kind: str, way: str, tmp_path: Path) -> None:
    key = KEYS[kind]()
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    made = openssl(
        "req",
        "-x509",
        "-key",
        "key.pem",
        "-subj",
        "/CN=other",
        "-days",
        "2",
        "-out",
        "c.pem",
        folder=tmp_path,
    )
    assert made.returncode == 0, made.stderr
    exported = openssl(
        "pkcs12", "-export", "-inkey", "key.pem", "-in", "c.pem", "-name", "mine", "-passout", "pass:secret",
        "-out", "k.p12", *OPENSSL_WAYS[way], folder=tmp_path,
    )  # fmt: skip
    if way == "legacy" and exported.returncode != 0:
        pytest.skip(f"needs tool: openssl with its legacy provider ({exported.stderr.strip()[:100]})")
    assert exported.returncode == 0, exported.stderr
    (found,) = opened((tmp_path / "k.p12").read_bytes(), "secret")
    assert signs(found)
    assert found.friendly_name == "mine"
    assert found.certificate.uses == ("sign", "identify") or found.certificate.is_ca


# --- published vectors --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(vectors: Path) -> dict[Path, str]:
    """Published key files with their passwords."""
    entries = json.loads((vectors / "index.json").read_text(encoding="utf-8"))
    return {vectors / e["file"]: e["password"] for e in entries if e["file"].startswith("p12/")}


def test_every_published_key_file_opens_with_its_password_and_signs(published: dict[Path, str]) -> None:
    assert len(published) == 52
    for path, password in published.items():
        (key,) = opened(path.read_bytes(), password)
        assert signs(key), path.name
        assert key.certificates == (key.certificate,)
        assert key.friendly_name == key.key_id, path.name


def test_no_published_key_file_opens_with_another_password(published: dict[Path, str]) -> None:
    for path in published:
        with pytest.raises(WrongPassword, match="MAC"):
            opened(path.read_bytes(), "Qwerty13")


@pytest.mark.parametrize(
    "name", ["gost2004_SIGN_legal-head_220118_316f6c63", "gost2004_SIGN_legal-head_200128_13a3741b"]
)
def test_published_numbers_of_33_and_of_32_octets_are_read(vectors: Path, name: str) -> None:
    (key,) = opened((vectors / "p12" / f"{name}.p12").read_bytes())
    assert signs(key)


@pytest.mark.parametrize("octets", [1, 50, 400, 1000])
def test_a_published_key_file_with_flipped_bits_fails(vectors: Path, octets: int) -> None:
    data = bytearray((vectors / "p12" / "gost2015_SIGN_individual_260508_ec425659.p12").read_bytes())
    data[octets] ^= 0x10
    with pytest.raises((WrongPassword, BrokenKeyStore)):
        opened(bytes(data))
