"""JSON Web Signatures (RFC 7515): tokens that carry a payload, or belong to one, and say with which certificate to check them.

Made are compact tokens with the signer's certificate in "x5c". Read are compact tokens and the two JSON forms, with several
signatures; where a token carries no certificate, as those of the national library's fork of java-jwt, the caller brings it.

A token's header is the attacker's to write. So the algorithm must be one that the certificate's key makes; text is taken in its
one canonical form (base64url without padding, blanks or stray bits; no member of an object twice); nothing in a header is
followed or used as a key ("jku", "x5u", "jwk"); and what a header calls critical is refused, for no extension is understood
here, "b64" (RFC 7797) included.

Octets of a signature: RSA PKCS#1 v1.5; ECDSA r then s big-endian (RFC 7518 §3.4); GOST as in X.509 and CMS, r then s
little-endian. The names GG2015 and GG2004 are those of the national library; no standard has them, and no published token
shows the octets.
"""

import base64
import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent import algorithms
from agent.algorithms import Family, SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.formats import ecdsa
from agent.formats.evidence import Evidence, finding_of
from agent.signer import Signer

MAX_SIZE_BYTES = 128 * 1024 * 1024  # of the token
MAX_HEADER_BYTES = 64 * 1024
MAX_SIGNATURES = 100
MAX_CERTIFICATES = 20  # in one "x5c"

_ALGORITHMS = {known.jws_name: known for known in algorithms.SIGNATURES if known.jws_name is not None}
_HASHES = {"x5t": algorithms.SHA1, "x5t#S256": algorithms.SHA256}
# What `sign` writes itself, and what would change how the rest is to be read (RFC 7515 §4.1).
_NOT_UNDERSTOOD = frozenset({"crit", "b64"})
_RESERVED = frozenset({"alg", "x5c", "jku", "jwk", "x5u", *_NOT_UNDERSTOOD, *_HASHES})
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_UNPRINTABLE = re.compile(r"[^!-~]")
_WHITE_SPACE = " \t\r\n"
_NAME_MOST = 40  # characters of an unknown algorithm's name that are passed on


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart. `payload` is None where it is detached. Reading proves nothing."""

    payload: bytes | None
    signatures: tuple["TokenSignature", ...]


@dataclasses.dataclass(frozen=True, slots=True)
class TokenSignature:
    """One signature. `header` is the protected header, `protected` its text as it was signed."""

    header: Mapping[str, Any]
    protected: str
    octets: bytes
    certificates: tuple[Certificate, ...]


# --- making -------------------------------------------------------------------------------------------------------


def sign(
    signer: Signer, payload: bytes, *, detached: bool = False, header: Mapping[str, str] | None = None
) -> str:
    """A compact token over `payload`, which is inside unless `detached` (RFC 7515 app. F).

    `header` are further members of the protected header, such as "typ".

    Raises: BadInput for a member that is not the caller's to set.
    """
    more = dict(header or {})
    if taken := _RESERVED.intersection(more):
        raise BadInput(f"JWS: the header members {sorted(taken)} can't be set")
    algorithm = signer.algorithm
    certificate = base64.b64encode(signer.certificate.der).decode()
    members = {"alg": algorithm.jws_name, **more, "x5c": [certificate]}
    protected = _encoded(json.dumps(members, separators=(",", ":")).encode())
    content = _encoded(payload)
    signature = signer.sign_digest(algorithm.digest(f"{protected}.{content}".encode()))
    if algorithm.family is Family.ECDSA:
        signature = ecdsa.to_pair(signature, signer.certificate.public_key.key_type.coordinate_octets)
    return f"{protected}.{'' if detached else content}.{_encoded(signature)}"


# --- reading ------------------------------------------------------------------------------------------------------


def read(token: bytes | str) -> Token:
    """Takes apart a compact token or one in a JSON form (RFC 7515 §7). White space around it is nobody's.

    Raises: BadInput."""
    if len(token) > MAX_SIZE_BYTES:
        raise BadInput(f"JWS: {len(token)} octets, {MAX_SIZE_BYTES} at most")
    text = (token if isinstance(token, str) else _ascii_or_utf8(token)).strip(_WHITE_SPACE)
    if text.startswith("{"):
        return _read_json(_object(text, "token"))
    parts = text.split(".", 3)
    if len(parts) != 3:
        raise BadInput("JWS: a compact token has three parts")
    protected, payload, signature = parts
    return Token(_decoded(payload, "payload") if payload else None, (_signature(protected, signature),))


def verify(
    token: bytes | str, payload: bytes | None = None, extra_certificates: Iterable[Certificate] = ()
) -> tuple[Evidence, ...]:
    """Evidence for each signature of a token, in its order.

    `payload` is that of a detached token; given with an attached one it must be the same. `extra_certificates` are tried
    where a signature carries no certificate. Claims inside (issuer, expiry) are octets like others here.

    Raises: BadInput.
    """
    read_token = read(token)
    known = tuple(extra_certificates)
    return tuple(
        _examine(signature, read_token.payload, payload, known) for signature in read_token.signatures
    )


def _read_json(members: dict[str, Any]) -> Token:
    signatures = members.get("signatures")
    if signatures is None:
        signatures = [members]
    elif "signature" in members or not isinstance(signatures, list):
        raise BadInput("JWS: neither the general nor the flattened form")
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise BadInput(f"JWS: {len(signatures)} signatures, {MAX_SIGNATURES} at most")
    payload = _text(members, "payload") if "payload" in members else None
    return Token(
        None if payload is None else _decoded(payload, "payload"),
        tuple(_json_signature(each) for each in signatures),
    )


def _json_signature(members: Any) -> TokenSignature:
    if not isinstance(members, dict):
        raise BadInput("JWS: a signature is not an object")
    signature = _signature(_text(members, "protected"), _text(members, "signature"))
    unprotected = members.get("header", {})
    # RFC 7515 §7.2.1; what isn't signed is not used either.
    if (
        not isinstance(unprotected, dict)
        or "crit" in unprotected
        or signature.header.keys() & unprotected.keys()
    ):
        raise BadInput("JWS: the unprotected header says what only the protected one may")
    return signature


def _signature(protected: str, signature: str) -> TokenSignature:
    if len(protected) > MAX_HEADER_BYTES:
        raise BadInput(f"JWS: a header of {len(protected)} characters, {MAX_HEADER_BYTES} at most")
    header = _object(_ascii_or_utf8(_decoded(protected, "header")), "header")
    _text(header, "alg")
    return TokenSignature(header, protected, _decoded(signature, "signature"), _certificates(header))


def _certificates(header: Mapping[str, Any]) -> tuple[Certificate, ...]:
    """Those of "x5c": standard base64 of DER (RFC 7515 §4.1.6)."""
    chain = header.get("x5c", [])
    if not isinstance(chain, list) or len(chain) > MAX_CERTIFICATES:
        raise BadInput(f"JWS: x5c is not a list of {MAX_CERTIFICATES} certificates at most")
    try:
        return tuple(Certificate.from_der(base64.b64decode(each, validate=True)) for each in chain)
    except (TypeError, ValueError) as error:
        raise BadInput("JWS: x5c holds something else than base64") from error


# --- verifying ----------------------------------------------------------------------------------------------------


def _examine(
    signature: TokenSignature, inside: bytes | None, given: bytes | None, extra: tuple[Certificate, ...]
) -> Evidence:
    """Evidence with the token's own certificate, else with the one that proves most of those that fit."""
    fitting = signature.certificates[:1] or tuple(each for each in extra if _fits(signature.header, each))
    candidates: tuple[Certificate | None, ...] = fitting or (None,)
    found = [_evidence(signature, inside, given, certificate) for certificate in candidates]
    return next((evidence for evidence in found if evidence.signature == "valid"), found[0])


def _fits(header: Mapping[str, Any], certificate: Certificate) -> bool:
    """Whether a token that carries no certificate may mean this one."""
    algorithm = _ALGORITHMS.get(header["alg"])
    return (
        algorithm is not None
        and certificate.public_key.is_supported
        and certificate.public_key.key_type.family is algorithm.family
        and not any(_hash_reasons(header, certificate))
    )


def _evidence(
    signature: TokenSignature, inside: bytes | None, given: bytes | None, certificate: Certificate | None
) -> Evidence:
    name = signature.header["alg"]
    algorithm = _ALGORITHMS.get(name)
    reasons = [*_header_reasons(signature.header, algorithm)]
    if inside is not None and given is not None and inside != given:
        reasons.append("document-differs")
    payload = given if inside is None else inside
    if payload is None:
        reasons.append("no-content")
    if certificate is None:
        reasons.append("no-certificate")
    else:
        reasons += _hash_reasons(signature.header, certificate)
        if algorithm is not None and "unsupported-header" not in reasons:
            reasons += _signature_reasons(signature, payload, certificate, algorithm)
    return Evidence(
        certificate=certificate,
        algorithm_name=_UNPRINTABLE.sub("?", name[:_NAME_MOST]) if algorithm is None else algorithm.name,
        signature=finding_of(reasons),
        reasons=tuple(reasons),
        stamped=signature.octets,
        certificates=signature.certificates,
    )


def _header_reasons(header: Mapping[str, Any], algorithm: SignatureAlgorithm | None) -> Iterator[str]:
    if not _NOT_UNDERSTOOD.isdisjoint(header):
        yield "unsupported-header"
    if header["alg"].lower() == "none":
        yield "signature-mismatch"  # nobody's key made it
    elif algorithm is None:
        yield "unsupported-algorithm"


def _hash_reasons(header: Mapping[str, Any], certificate: Certificate) -> Iterator[str]:
    """What "x5t" and "x5t#S256" say of the certificate (RFC 7515 §4.1.7 and §4.1.8)."""
    for member, digest in _HASHES.items():
        if member in header and _decoded(_text(header, member), member) != digest(certificate.der):
            yield "certificate-hash-mismatch"


def _signature_reasons(
    signature: TokenSignature, payload: bytes | None, certificate: Certificate, algorithm: SignatureAlgorithm
) -> Iterator[str]:
    try:
        key_type = certificate.public_key.key_type
    except UnsupportedKey:
        yield "unsupported-algorithm"
        return
    # RFC 7518 §3.4: an ECDSA algorithm names the curve too. RSA goes with any of its three digests.
    own = algorithms.signature_for_key(key_type)
    if algorithm.family is not key_type.family or (algorithm.family is Family.ECDSA and algorithm != own):
        yield "key-mismatch"
        return
    if payload is None:
        return
    digest = algorithm.digest(f"{signature.protected}.{_encoded(payload)}".encode())
    try:
        octets = signature.octets
        if algorithm.family is Family.ECDSA:
            octets = ecdsa.to_der(octets, key_type.coordinate_octets)
        certificate.verify(algorithm, digest, octets)
    except (BadInput, InvalidSignature):
        yield "signature-mismatch"


# --- text ---------------------------------------------------------------------------------------------------------


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decoded(text: str, what: str) -> bytes:
    """The octets of base64url in its one canonical form (RFC 7515 §2, RFC 4648 §3.5).

    Raises: BadInput."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise BadInput(f"JWS: the {what} is not base64url")
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if text and _encoded(octets[-(len(octets) % 3 or 3) :]) != text[-(len(text) % 4 or 4) :]:
        raise BadInput(f"JWS: the {what} has bits after its end")
    return octets


def _ascii_or_utf8(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        raise BadInput("JWS: not UTF-8") from error


def _object(text: str, what: str) -> dict[str, Any]:
    """A JSON object without a member twice (RFC 7515 §4).

    Raises: BadInput."""
    try:
        value = json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise BadInput(f"JWS: the {what} is nested too deep") from error
    except ValueError as error:
        raise BadInput(f"JWS: the {what} is not JSON") from error
    if not isinstance(value, dict):
        raise BadInput(f"JWS: the {what} is not an object")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadInput("JWS: a member stands twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise BadInput(f"JWS: {name} is not JSON")


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str):
        raise BadInput(f"JWS: {name} is missing, or not a text")
    return value
