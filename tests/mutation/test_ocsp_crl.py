"""Every bit of what is signed in an OCSP answer and in a revocation list, and of the signatures.

Not covered, because nobody signs it: the frame around both, and the responder's certificate, which its issuer signed (changing a bit of
it is tests/statements/test_certificates.py, statement 8).
"""

import functools
from collections.abc import Callable

import pytest

from agent.formats import asn1
from agent.trust import crl, ocsp
from agent.trust.issuer import BadAnswer
from tests.support import responders
from tests.support.authority import NOW
from tests.support.responders import NONCE, World

# The twin in Python is slow; the families that are checked in C take a second each.
FAMILIES = ("rsa", "ecdsa", "gost2015", "gost2004")


@functools.cache
def answer(family: str) -> bytes:
    world = World(family)
    request = ocsp.request(world.certificate, world.issuer, nonce=NONCE)
    return responders.responder(family, world.register).respond(request, at=NOW)


@functools.cache
def revocation_list(family: str) -> bytes:
    world = World(family)
    world.register.revoke(world.certificate.serial_number, world.list_made, "superseded")
    return world.full()


def read_answer(octets: bytes, family: str) -> object:
    world = World(family)
    return ocsp.read(octets, world.certificate, world.issuer, nonce=NONCE, at=NOW)


def read_list(octets: bytes, family: str) -> object:
    return crl.read(octets, World(family).issuer)


def signed_parts(outer: asn1.Element) -> list[bytes]:
    """What is signed, and the value of the signature, of BasicOCSPResponse or CertificateList."""
    body, _, signature = outer.children()[:3]
    return [body.der, bytes(signature.content[1:])]


def basic(response: bytes) -> asn1.Element:
    return asn1.read(asn1.read(response).children()[1].children()[0].children()[1].octets())


def sweep(whole: bytes, part: bytes, read: Callable[[bytes], object]) -> None:
    start = whole.index(part)
    assert whole.count(part) == 1
    for position in range(start, start + len(part)):
        for bit in range(8):
            changed = bytearray(whole)
            changed[position] ^= 1 << bit
            try:
                read(bytes(changed))
            except BadAnswer:
                continue
            pytest.fail(f"bit {bit} of octet {position - start} of {len(part)} is not noticed")


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_no_bit_of_an_answer_may_change(family: str) -> None:
    whole = answer(family)
    read_answer(whole, family)
    for part in signed_parts(basic(whole)):
        sweep(whole, part, functools.partial(read_answer, family=family))


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_no_bit_of_a_list_may_change(family: str) -> None:
    whole = revocation_list(family)
    read_list(whole, family)
    for part in signed_parts(asn1.read(whole)):
        sweep(whole, part, functools.partial(read_list, family=family))
