"""PyJWT and OpenSSL as judges that share no code with us: they take our RSA and ECDSA tokens, and we take PyJWT's."""

import base64
import shutil
import subprocess
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from agent.formats import jws
from tests.support import chains
from tests.support.chains import Party

PAYLOAD = '{"sub":"құжат"}'.encode()
ALGORITHMS = {"rsa": "RS256", "p256": "ES256", "p384": "ES384"}


def public_pem(person: Party) -> str:
    key = serialization.load_der_public_key(person.certificate.public_key.spki_der)
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


@pytest.mark.parametrize("family", ALGORITHMS)
def test_pyjwt_accepts_our_tokens(family: str) -> None:
    person = chains.person(family)
    key, names = public_pem(person), [ALGORITHMS[family]]
    token = jws.sign(person, PAYLOAD, header={"typ": "JWT"})
    assert jwt.decode(token, key, names) == {"sub": "құжат"}
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(jws.sign(chains.root(family), PAYLOAD), key, names)


@pytest.mark.parametrize("family", ALGORITHMS)
@pytest.mark.parametrize("detached", [False, True])
def test_we_accept_what_pyjwt_makes(family: str, detached: bool) -> None:
    person = chains.person(family)
    certificate = base64.b64encode(person.certificate.der).decode()
    made = jwt.PyJWS().encode(PAYLOAD, person.key.private, ALGORITHMS[family], headers={"x5c": [certificate]})
    if detached:
        header, _, signature = made.split(".")
        made = f"{header}..{signature}"
    (evidence,) = jws.verify(made, PAYLOAD)
    assert (evidence.signature, evidence.certificate) == ("valid", person.certificate)
    (evidence,) = jws.verify(made, PAYLOAD + b".")
    assert evidence.signature == "invalid"


@pytest.mark.parametrize("family", ALGORITHMS)
def test_openssl_verifies_the_octets_that_a_token_signs(tmp_path: Path, family: str) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs tool: openssl")
    person = chains.person(family)
    signed, _, text = jws.sign(person, PAYLOAD).rpartition(".")
    signature = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if family != "rsa":
        half = len(signature) // 2
        numbers = (int.from_bytes(number, "big") for number in (signature[:half], signature[half:]))
        signature = encode_dss_signature(*numbers)
    (tmp_path / "key").write_text(public_pem(person), encoding="ascii")
    (tmp_path / "signature").write_bytes(signature)
    for octets, verdict in ((signed, "Verified OK"), (signed + ".", "Verification failure")):
        (tmp_path / "signed").write_text(octets, encoding="ascii")
        digest = f"-sha{ALGORITHMS[family][2:]}"
        command = [openssl, "dgst", digest, "-verify", "key", "-signature", "signature", "signed"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30)
        assert done.stdout.strip() == verdict
