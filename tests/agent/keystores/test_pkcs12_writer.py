"""Key files of our own: they open here, in OpenSSL and in another library, and cost who guesses as much as they say."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12 as other

from agent import algorithms
from agent.algorithms import KeyType
from agent.certificate import PublicKey
from agent.errors import KeyUnsuitable, WrongPassword
from agent.formats import asn1
from agent.keystores import new_keys, pkcs12, pkcs12_writer
from agent.keystores.new_keys import NewKey
from agent.keystores.pkcs12_writer import Entry
from tests.support import authority

PASSWORD = "Құпия сөз 1"
FAST = 1000


def pending(key: NewKey, iterations: int = FAST) -> bytes:
    with authority.secret(PASSWORD) as secret:
        return pkcs12_writer.write_pending(key.pkcs8_der, b"\x01\x02", secret, iterations=iterations)


def complete(name: str, iterations: int = FAST) -> bytes:
    """A published key of the test authority in a file of ours, with its chain."""
    key, _, _ = other.load_key_and_certificates(
        authority.path(name).read_bytes(), authority.PASSWORD.encode()
    )
    assert key is not None
    octets = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    entry = Entry(octets, authority.certificate(name))
    with authority.secret(PASSWORD) as secret:
        return pkcs12_writer.write([entry], secret, chain=authority.issuing(), iterations=iterations)


@pytest.mark.parametrize("key_type", algorithms.KEY_TYPES, ids=lambda key_type: key_type.name)
def test_a_key_without_certificate_opens_as_what_it_is(key_type: KeyType) -> None:
    key = new_keys.generate(key_type)
    data = pending(key)
    with authority.secret(PASSWORD) as secret:
        read = pkcs12.open_pending(data, secret)
        assert secret.buffer == bytearray(PASSWORD.encode())
    assert read.private_key.public_octets == key.private_key.public_octets
    assert read.pkcs8_der == key.pkcs8_der
    with authority.secret(PASSWORD) as secret, pytest.raises(KeyUnsuitable):
        pkcs12.open(data, secret)
    with authority.secret("wrong") as secret, pytest.raises(WrongPassword):
        pkcs12.open_pending(data, secret)


@pytest.mark.parametrize("name", ["rsa-sign-head", "p256-individual"])
def test_a_key_with_its_certificate_opens_here_and_in_another_library(name: str) -> None:
    data = complete(name)
    with authority.secret(PASSWORD) as secret:
        (key,) = pkcs12.open(data, secret)
    assert key.certificate == authority.certificate(name)
    assert key.friendly_name == key.key_id
    assert set(key.certificates[1:]) == set(authority.issuing())
    theirs, certificate, _ = other.load_key_and_certificates(complete("rsa-sign-head"), PASSWORD.encode())
    assert theirs is not None
    assert certificate is not None
    assert certificate.public_bytes(serialization.Encoding.DER) == authority.certificate("rsa-sign-head").der


@pytest.mark.parametrize("is_pending", [True, False])
def test_openssl_opens_them(is_pending: bool, tmp_path: Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs tool: openssl")
    key = new_keys.generate(algorithms.RSA_KEY)
    path = tmp_path / "file.p12"
    path.write_bytes(pending(key, pkcs12_writer.ITERATIONS) if is_pending else complete("rsa-sign-head"))
    words = [program, "pkcs12", "-in", str(path), "-nodes", "-passin", "stdin"]
    done = subprocess.run(
        words, input=PASSWORD.encode() + b"\n", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = serialization.load_pem_private_key(done.stdout[done.stdout.index(b"-----BEGIN PRIV") :], None)
    if is_pending:
        spki = printed.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert PublicKey.from_spki(spki) == PublicKey.from_spki(key.spki_der)
        assert b"BEGIN CERTIFICATE" not in done.stdout
    wrong = subprocess.run(words, input=b"wrong\n", capture_output=True, timeout=60, check=False)
    assert wrong.returncode != 0


def test_guessing_costs_what_the_file_says_at_the_mac_too() -> None:
    """Whoever guesses takes the cheaper of MAC and encryption, so neither is cheap."""
    data = pending(new_keys.generate(algorithms.GOST_2015_512_KEY), pkcs12_writer.ITERATIONS)
    assert data.count(asn1.integer(pkcs12_writer.ITERATIONS)) == 2
    assert pkcs12_writer.ITERATIONS >= 600_000
    started = time.monotonic()
    with authority.secret(PASSWORD) as secret:
        pkcs12.open_pending(data, secret).wipe()
    assert (
        time.monotonic() - started < 10
    )  # half a second where it was measured: a backstop for slow machines


def test_two_files_of_one_key_have_no_octets_in_common_that_are_secret() -> None:
    key = new_keys.generate(algorithms.GOST_2015_512_KEY)
    first, second = pending(key), pending(key)
    assert first != second
    for data in (first, second):
        assert bytes(key.pkcs8_der)[-32:] not in data


def test_a_password_that_is_no_text_is_refused() -> None:
    key = new_keys.generate(algorithms.P256_KEY)
    with pytest.raises(ValueError, match="utf-8"):
        pkcs12_writer.write_pending(key.pkcs8_der, b"", pkcs12.Secret(bytearray(b"\xff")))
