"""Tokens: made and read in every family, the standard's own examples, and everything that a header may try."""

import base64
import dataclasses
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from agent import algorithms
from agent.errors import BadInput
from agent.formats import asn1, ecdsa, jws
from agent.formats.evidence import Evidence
from tests.support import chains
from tests.support.chains import Key, Party

PAYLOAD = '{"sub":"құжат"}'.encode()
NAMES = {"rsa": "RS256", "p256": "ES256", "p384": "ES384", "gost2015": "GG2015", "gost2004": "GG2004"}

# RFC 7515 appendices A.3 and A.7: header and payload, signature, the key's X and Y.
RFC_HEADER = "eyJhbGciOiJFUzI1NiJ9"
RFC_PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
RFC_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
RFC_KEY = (
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
)


def encoded(octets: bytes | str) -> str:
    octets = octets if isinstance(octets, bytes) else octets.encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def x5c(*parties: Party) -> list[str]:
    return [base64.b64encode(party.certificate.der).decode() for party in parties]


def token(
    header: dict[str, Any] | str, person: Party | None = None, payload: bytes = PAYLOAD, **changes: str
) -> str:
    """A token with any header, rightly signed by `person` with the algorithm of the key, or with the one in `changes`."""
    person = person or chains.person()
    protected = encoded(header if isinstance(header, str) else json.dumps(header))
    algorithm = next(
        (each for each in algorithms.SIGNATURES if each.jws_name == changes.get("sign_as")), person.algorithm
    )
    content = encoded(payload)
    signature = person.key.sign(algorithm, algorithm.digest(f"{protected}.{content}".encode()))
    if person.key.type.family is algorithms.Family.ECDSA:
        signature = ecdsa.to_pair(signature, person.key.type.coordinate_octets)
    return f"{protected}.{content}.{encoded(signature)}"


def evidence(text: str | bytes, payload: bytes | None = None, *extra: Party) -> Evidence:
    (found,) = jws.verify(text, payload, [party.certificate for party in extra])
    return found


def judged(text: str | bytes, payload: bytes | None = None, *extra: Party) -> tuple[str, tuple[str, ...]]:
    found = evidence(text, payload, *extra)
    return found.signature, found.reasons


# --- making -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [PAYLOAD, b"", bytes(range(256)) * 50])
@pytest.mark.parametrize("family", chains.FAMILIES)
def test_what_is_signed_verifies(family: str, payload: bytes) -> None:
    person = chains.person(family)
    text = jws.sign(person, payload)
    found = evidence(text, payload)
    assert (found.signature, found.reasons) == ("valid", ())
    assert found.certificate == person.certificate
    assert found.certificates == (person.certificate,)
    assert found.algorithm_name == person.algorithm.name
    (signature,) = jws.read(text).signatures
    assert found.stamped == signature.octets
    assert jws.read(text).payload == (payload or None)


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_header_names_algorithm_and_certificate_and_what_the_caller_adds(family: str) -> None:
    person = chains.person(family)
    text = jws.sign(person, PAYLOAD, header={"typ": "JWT", "kid": "мой ключ"})
    header = json.loads(decoded(text.partition(".")[0]))
    assert header == {"alg": NAMES[family], "typ": "JWT", "kid": "мой ключ", "x5c": x5c(person)}
    assert judged(text) == ("valid", ())


@pytest.mark.parametrize(
    ("family", "size"), [("p256", 64), ("p384", 96), ("gost2015", 128), ("gost2004", 64)]
)
def test_signatures_on_curves_are_pairs_of_fixed_length(family: str, size: int) -> None:
    text = jws.sign(chains.person(family), PAYLOAD)
    assert len(decoded(text.rpartition(".")[2])) == size


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_detached_token_needs_its_payload(family: str) -> None:
    text = jws.sign(chains.person(family), PAYLOAD, detached=True)
    assert ".." in text
    assert judged(text, PAYLOAD) == ("valid", ())
    assert judged(text, PAYLOAD + b".") == ("invalid", ("signature-mismatch",))
    assert judged(text) == ("unchecked", ("no-content",))


def test_a_payload_beside_the_one_inside_must_be_the_same() -> None:
    text = jws.sign(chains.person(), PAYLOAD)
    assert judged(text, PAYLOAD) == ("valid", ())
    assert judged(text, b"another") == ("invalid", ("document-differs",))


@pytest.mark.parametrize("member", ["alg", "x5c", "jku", "jwk", "x5u", "crit", "b64", "x5t", "x5t#S256"])
def test_a_caller_may_not_set_what_decides_how_a_token_is_read(member: str) -> None:
    with pytest.raises(BadInput, match="can't be set"):
        jws.sign(chains.person(), PAYLOAD, header={member: "x"})


# --- the standard's examples ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rfc_party() -> Party:
    x, y = (int.from_bytes(decoded(number), "big") for number in RFC_KEY)
    spki = (
        ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    key = Key(algorithms.P256_KEY, spki, chains.key("p256").sign, None)
    return chains.issue("RFC 7515", by=chains.root(), key_of=key)


def test_the_compact_example_verifies(rfc_party: Party) -> None:
    text = f"{RFC_HEADER}.{RFC_PAYLOAD}.{RFC_SIGNATURE}"
    assert judged(text, None, rfc_party) == ("valid", ())
    assert judged(text + "\r\n", decoded(RFC_PAYLOAD), rfc_party) == ("valid", ())
    assert judged(text) == ("unchecked", ("no-certificate",))


def test_the_flattened_and_the_general_example_verify(rfc_party: Party) -> None:
    signature = {
        "protected": RFC_HEADER,
        "header": {"kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"},
        "signature": RFC_SIGNATURE,
    }
    assert judged(json.dumps({"payload": RFC_PAYLOAD, **signature}), None, rfc_party) == ("valid", ())
    general = json.dumps({"payload": RFC_PAYLOAD, "signatures": [signature]}, indent=1)
    assert judged(general.encode(), None, rfc_party) == ("valid", ())
    detached = json.dumps(signature)
    assert judged(detached, decoded(RFC_PAYLOAD), rfc_party) == ("valid", ())
    assert judged(detached, None, rfc_party) == ("unchecked", ("no-content",))


# --- several signatures -----------------------------------------------------------------------------------------------


def general(*tokens: str, payload: str | None = None, **more: Any) -> str:
    parts = [text.split(".") for text in tokens]
    signatures = [
        {"protected": protected, "signature": signature, **more} for protected, _, signature in parts
    ]
    return json.dumps({"payload": parts[0][1] if payload is None else payload, "signatures": signatures})


def test_several_signatures_of_several_families_are_each_judged() -> None:
    people = [chains.person(family) for family in chains.FAMILIES]
    text = general(*(jws.sign(person, PAYLOAD) for person in people))
    found = jws.verify(text, PAYLOAD)
    assert [(each.signature, each.certificate) for each in found] == [
        ("valid", one.certificate) for one in people
    ]
    changed = json.loads(text)
    changed["payload"] = encoded("another")
    assert {each.reasons for each in jws.verify(json.dumps(changed))} == {("signature-mismatch",)}


def test_an_unprotected_header_is_neither_used_nor_in_the_way() -> None:
    person = chains.person()
    bare = token({"alg": "ES256"}, person)
    assert judged(general(bare, header={"x5c": x5c(person), "kid": "1"})) == (
        "unchecked",
        ("no-certificate",),
    )
    assert judged(general(bare, header={"kid": "1"}), None, person) == ("valid", ())


@pytest.mark.parametrize("header", [{"alg": "ES256"}, {"crit": ["exp"]}, [], "text", None])
def test_an_unprotected_header_may_not_speak_for_the_protected_one(header: Any) -> None:
    with pytest.raises(BadInput, match="unprotected header"):
        jws.read(general(jws.sign(chains.person(), PAYLOAD), header=header))


# --- certificates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_token_without_a_certificate_is_checked_with_the_one_given_that_fits(family: str) -> None:
    """As the national library's fork of java-jwt makes them."""
    person = chains.person(family)
    text = token({"typ": "JWT", "alg": NAMES[family]}, person)
    everyone = [chains.person(other) for other in chains.FAMILIES]
    found = evidence(text, None, chains.root(family), *everyone)
    assert (found.signature, found.certificate, found.certificates) == ("valid", person.certificate, ())
    assert judged(text) == ("unchecked", ("no-certificate",))
    assert judged(text, None, *(one for one in everyone if one is not person)) in {
        ("unchecked", ("no-certificate",)),
        ("invalid", ("key-mismatch",)),  # the other curve of NIST
    }
    assert judged(text, None, chains.root(family)) == ("invalid", ("signature-mismatch",))


def test_the_first_certificate_is_the_signers_and_the_rest_are_passed_on() -> None:
    person, root = chains.person(), chains.root()
    found = evidence(token({"alg": "ES256", "x5c": x5c(person, root)}))
    assert found.certificates == (person.certificate, root.certificate)
    assert found.signature == "valid"
    assert judged(token({"alg": "ES256", "x5c": x5c(root, person)})) == ("invalid", ("signature-mismatch",))


def test_a_certificate_given_does_not_stand_in_for_the_one_inside() -> None:
    text = token({"alg": "ES256", "x5c": x5c(chains.root())})
    assert judged(text, None, chains.person()) == ("invalid", ("signature-mismatch",))


@pytest.mark.parametrize(("member", "digest"), [("x5t", algorithms.SHA1), ("x5t#S256", algorithms.SHA256)])
def test_the_hash_of_a_certificate_chooses_it_and_must_be_right(
    member: str, digest: Callable[[bytes], bytes]
) -> None:
    person, root = chains.person(), chains.root()
    right, wrong = (encoded(digest(each.certificate.der)) for each in (person, root))
    assert judged(token({"alg": "ES256", member: right}), None, root, person) == ("valid", ())
    assert judged(token({"alg": "ES256", member: wrong}), None, person) == ("unchecked", ("no-certificate",))
    assert judged(token({"alg": "ES256", member: wrong, "x5c": x5c(person)})) == (
        "invalid",
        ("certificate-hash-mismatch",),
    )


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk"])
def test_a_key_that_a_header_offers_is_not_used(member: str) -> None:
    x, y = RFC_KEY
    offer = {"kty": "EC", "crv": "P-256", "x": x, "y": y} if member == "jwk" else "https://example.kz/key"
    assert judged(token({"alg": "ES256", member: offer})) == ("unchecked", ("no-certificate",))
    assert judged(token({"alg": "ES256", member: offer, "x5c": x5c(chains.person())})) == ("valid", ())


# --- algorithms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["none", "None", "nOnE"])
def test_a_token_that_nobody_signed_is_invalid(name: str) -> None:
    header = encoded(json.dumps({"alg": name, "x5c": x5c(chains.person())}))
    found = evidence(f"{header}.{encoded(PAYLOAD)}.")
    assert (found.signature, found.algorithm_name) == ("invalid", name)


@pytest.mark.parametrize(
    "name", ["HS256", "HS384", "HS512", "PS256", "EdDSA", "es256", "RS1", "", "x" * 1000, "\ud800\n"]
)
def test_algorithms_outside_the_table_are_unsupported(name: str) -> None:
    found = evidence(token({"alg": name, "x5c": x5c(chains.person())}))
    assert (found.signature, found.reasons) == ("unsupported", ("unsupported-algorithm",))
    assert len(found.algorithm_name) <= 40
    assert found.algorithm_name.isprintable()


def test_a_keyed_digest_with_the_public_key_is_no_signature() -> None:
    """The confusion of RS256 with HS256: the "secret" is what everybody knows."""
    person = chains.person("rsa")
    header = encoded(json.dumps({"alg": "HS256", "x5c": x5c(person)}))
    signed = f"{header}.{encoded(PAYLOAD)}"
    forged = hmac.digest(person.certificate.public_key.spki_der, signed.encode(), hashlib.sha256)
    assert judged(f"{signed}.{encoded(forged)}")[0] == "unsupported"


@pytest.mark.parametrize("name", ["RS256", "RS384", "RS512"])
def test_an_rsa_key_may_sign_with_any_of_its_digests(name: str) -> None:
    person = chains.person("rsa")
    text = token({"alg": name, "x5c": x5c(person)}, person, sign_as=name)
    assert judged(text) == ("valid", ())


@pytest.mark.parametrize(
    ("name", "family"),
    [("RS256", "p256"), ("ES256", "rsa"), ("GG2015", "gost2004"), ("GG2004", "p256"), ("ES384", "p256"), ("ES256", "p384"), ("ES512", "p384")],
)  # fmt: skip
def test_an_algorithm_that_the_key_does_not_make_is_a_mismatch(name: str, family: str) -> None:
    person = chains.person(family)
    assert judged(token({"alg": name, "x5c": x5c(person)}, person)) == ("invalid", ("key-mismatch",))


def test_an_ecdsa_signature_in_der_is_not_one_of_a_token() -> None:
    person = chains.person()
    signed = jws.sign(person, PAYLOAD).rpartition(".")[0]
    der = person.sign_digest(person.algorithm.digest(signed.encode()))
    assert judged(f"{signed}.{encoded(der)}") == ("invalid", ("signature-mismatch",))


def test_a_certificate_with_a_key_of_an_unknown_kind_is_unsupported() -> None:
    person = chains.person()
    algorithm = algorithms.algorithm_identifier("1.3.6.1.4.1.6801.1.5.8", b"")
    spki = asn1.element(asn1.SEQUENCE, algorithm, b"\x03\x02\x00\x04")
    strange = chains.issue("Strange", by=chains.root(), key_of=dataclasses.replace(person.key, spki=spki))
    assert judged(token({"alg": "ES256", "x5c": x5c(strange)})) == ("unsupported", ("unsupported-algorithm",))
    assert judged(token({"alg": "ES256"}), None, strange) == ("unchecked", ("no-certificate",))


# --- critical members -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"crit": "b64"},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
    ],
)
def test_what_must_be_understood_and_is_not_is_unsupported(more: dict[str, Any]) -> None:
    text = token({"alg": "ES256", "x5c": x5c(chains.person()), **more})
    assert judged(text) == ("unsupported", ("unsupported-header",))


# --- canonical text ---------------------------------------------------------------------------------------------------


def test_there_is_one_way_to_write_a_token() -> None:
    text = jws.sign(chains.person(), PAYLOAD)
    header, payload, signature = text.split(".")
    variants = [
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload}.{signature}==",
        f"{header}.{payload}.{signature[:-1]}\n{signature[-1]}",
        f"{header} .{payload}.{signature}",
        f"{header}.{payload}.{signature[:-1]}{chr(ord(signature[-1]) + 1)}",
        f"{header}.{payload}.+{signature[1:]}",
        f"{header}.{payload}.é{signature[1:]}",
        f"{header}.{payload}.{signature[:-1]}",
        f"{header}.{payload}.{signature}.",
        f"{header}.{payload}",
        header,
        "",
    ]
    for variant in variants:
        with pytest.raises(BadInput):
            print(jws.verify(variant))


@given(st.binary(max_size=20))
def test_base64url_is_read_in_its_canonical_form_alone(octets: bytes) -> None:
    text = encoded(octets)
    assert jws._decoded(text, "x") == octets
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in alphabet if text else "":
        other = text[:-1] + letter
        try:
            assert other == text or jws._decoded(other, "x") != octets
        except BadInput:
            assert len(text) % 4


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"ES256","alg":"none"}',
        '{"alg":"ES256","x":{"a":1,"a":2}}',
        '{"alg":"ES256","x":NaN}',
        '{"alg":"ES256"}x',
        '{"alg":1}',
        '{"alg":null}',
        "{}",
        "[]",
        '"ES256"',
        "",
        '\ufeff{"alg":"ES256"}',
        '{"alg":"ES256","x5c":"MII"}',
        '{"alg":"ES256","x5c":["é"]}',
        '{"alg":"ES256","x5c":["-_"]}',
        '{"alg":"ES256","x5c":[1]}',
        '{"alg":"ES256","x5c":["MIIB"]}',
        '{"alg":"ES256","x5c":' + json.dumps([""] * 21) + "}",
        '{"alg":"ES256","x":' + "[" * 5000 + "]" * 5000 + "}",
        '{"alg":"ES256","x":' + "1" * 5000 + "}",
        '{"alg":"ES256","x":"' + "1" * 70_000 + '"}',
    ],
)
def test_a_header_that_is_not_one_is_bad_input(header: str) -> None:
    with pytest.raises(BadInput):
        jws.read(token(header))


def test_a_header_in_another_encoding_is_bad_input() -> None:
    with pytest.raises(BadInput, match="not UTF-8"):
        jws.read(encoded(b'{"alg":"\xff"}') + ".e30.c2ln")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"payload":"e30"}',
        '{"payload":"e30","signatures":[]}',
        '{"payload":"e30","signatures":{}}',
        '{"payload":"e30","signatures":[1]}',
        '{"payload":"e30","signatures":[{"protected":"e30"}]}',
        '{"payload":1,"protected":"eyJhbGciOiJFUzI1NiJ9","signature":"c2ln"}',
        '{"payload":"e30=","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"c2ln"}',
        '{"payload":"e30","payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"c2ln"}',
        '{"signature":"c2ln","header":{"alg":"ES256"}}',
        '{"signature":"c2ln","signatures":[]}',
        b"\xff\xfe",
        b'{"\xff":1}',
        "é.é.é",
    ],
)
def test_a_token_that_is_not_one_is_bad_input(text: str | bytes) -> None:
    with pytest.raises(BadInput):
        jws.verify(text)


def test_there_are_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    text = jws.sign(chains.person(), PAYLOAD)
    with pytest.raises(BadInput, match="101 signatures, 100 at most"):
        jws.read(general(*[text] * 101))
    monkeypatch.setattr(jws, "MAX_SIZE_BYTES", len(text) - 1)
    with pytest.raises(BadInput, match="octets"):
        jws.read(text)


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"{", b"eyJ", b'{"protected":"', RFC_HEADER.encode() + b"."]),
)
def test_anything_at_all_is_read_or_bad_input(octets: bytes, before: bytes) -> None:
    try:
        jws.verify(before + octets, b"", [chains.person().certificate])
    except BadInput:
        return
