"""CAdES-T: signatures of a CMS with timestamps over them (ETSI EN 319 122-1 §5.3).

A timestamp is added after signing, as an unsigned attribute of the SignerInfo whose signature it is over. Nothing else may change
by that: the message is opened only along the one way to that attribute, and every element beside it is passed on octet for
octet, in the order it has. Headers along that way become definite, for a message that was streamed too.
"""

import dataclasses
from collections.abc import Mapping

from agent import algorithms
from agent.errors import BadInput, InvalidSignature
from agent.formats import asn1, cms, cms_build, cms_read, tsp
from agent.formats.asn1 import Element
from agent.formats.cms_read import SignerInfo
from agent.formats.tsp import Profile

_UNSIGNED = 0xA1  # [1] of SignerInfo


@dataclasses.dataclass(frozen=True, slots=True)
class Unstamped:
    """A signature without a timestamp: which of the signers, from 0, the octets to stamp, and how to have it done."""

    index: int
    signature: bytes = dataclasses.field(repr=False)
    profile: Profile


def unstamped(message: bytes) -> tuple[Unstamped, ...]:
    """Each signature of the message (DER, BER, PEM or base64) that has no timestamp, in the order of the signers.

    Raises: BadInput; UnsupportedKey where it is of an unknown family."""
    return tuple(
        Unstamped(index, signer.signature, profile_of(signer))
        for index, signer in enumerate(cms.read(message).signers)
        if not signer.timestamp_tokens
    )


def profile_of(signer: SignerInfo) -> Profile:
    """How to stamp this signature: policy and digest of the signer's own family.

    Raises: UnsupportedKey for a family outside the table."""
    oid = signer.signature_algorithm.oid
    if not algorithms.is_key_oid(oid):
        return tsp.profile_for(algorithms.signature_by_oid(oid))
    digest = algorithms.digest_by_oid(signer.digest_algorithm.oid)
    family = next(key.family for key in algorithms.KEY_TYPES if key.oid == oid)
    return tsp.profile_for(algorithms.signature_with_digest(family, digest))


def with_timestamps(message: bytes, tokens: Mapping[int, bytes]) -> bytes:
    """The message (DER, BER, PEM or base64), without armour, with these tokens beside the signatures that they are over.

    `tokens` are TimeStampTokens by the place of the signer, from 0. Attributes that are there stay; the set of unsigned
    attributes is in DER order.

    Raises: BadInput for a signer that isn't there, a token that is not over his signature, or a signer whose unsigned
    attributes a timestamp of a later level seals; UnsupportedOperation for a token that can't be read; InvalidSignature where anything that
    is signed would not be what it was.
    """
    message = cms.unwrap(message)
    signers = cms_read.read(message).signers
    for index, token in tokens.items():
        _check(signers, index, token)
    oid, explicit = asn1.read(message).children()
    (signed_data,) = explicit.children()
    *fields, last = signed_data.children()
    infos = (
        _with_token(info, tokens[index]) if index in tokens else info.encoded
        for index, info in enumerate(last.children())
    )
    inner = asn1.element(asn1.SEQUENCE, *(field.encoded for field in fields), asn1.element(asn1.SET, *infos))
    stamped = asn1.element(asn1.SEQUENCE, oid.encoded, asn1.element(explicit.tag, inner))
    if _signed_parts(cms_read.read(stamped).signers) != _signed_parts(signers):
        raise InvalidSignature("CAdES: with the timestamps, what is signed would be something else")
    return stamped


def _check(signers: tuple[SignerInfo, ...], index: int, token: bytes) -> None:
    if not 0 <= index < len(signers):
        raise BadInput(f"CAdES: there is no signer {index}, but {len(signers)} in all")
    sealed = cms_build.SEALS.intersection(attribute.oid for attribute in signers[index].unsigned_attributes)
    if sealed:
        raise BadInput(f"CAdES: {min(sealed)} of signer {index} seals his attributes")
    if not tsp.read_token(token).is_over(signers[index].signature):
        raise BadInput(f"CAdES: the timestamp is not over the signature of signer {index}")


def _with_token(info: Element, token: bytes) -> bytes:
    """A SignerInfo with one more unsigned attribute."""
    *fields, last = info.children()
    attributes = [cms_build.timestamp_attribute(token)]
    if last.tag == _UNSIGNED:
        attributes += [attribute.der for attribute in last.children()]
    else:
        fields.append(last)
    return asn1.element(
        asn1.SEQUENCE, *(field.encoded for field in fields), asn1.set_of(attributes, _UNSIGNED)
    )


def _signed_parts(signers: tuple[SignerInfo, ...]) -> list[tuple[bytes | None, bytes]]:
    return [(signer.signed_attributes, signer.signature) for signer in signers]
