"""Two encodings of an ECDSA signature: DER in X.509 and CMS, fixed-length numbers in XML and JWS."""

from agent.errors import BadInput
from agent.formats import asn1


def to_pair(der: bytes, coordinate_octets: int) -> bytes:
    """r then s, each big-endian of `coordinate_octets` (RFC 6931 §2.3.6, RFC 7518 §3.4), of an Ecdsa-Sig-Value in DER.

    Raises: BadInput.
    """
    numbers = asn1.read(der).expect(asn1.SEQUENCE).children(2)
    if len(numbers) != 2:
        raise BadInput("ECDSA: a signature is two numbers")
    try:
        return b"".join(number.integer().to_bytes(coordinate_octets, "big") for number in numbers)
    except OverflowError as error:
        raise BadInput("ECDSA: a number that does not fit the curve") from error


def to_der(pair: bytes, coordinate_octets: int) -> bytes:
    """Ecdsa-Sig-Value (RFC 3279 §2.2.3) in DER of r and s as `to_pair` gives them.

    Raises: BadInput for another length.
    """
    if len(pair) != 2 * coordinate_octets:
        raise BadInput(f"ECDSA: a signature of {len(pair)} octets, {2 * coordinate_octets} expected")
    numbers = (pair[:coordinate_octets], pair[coordinate_octets:])
    return asn1.element(asn1.SEQUENCE, *(asn1.integer(int.from_bytes(number, "big")) for number in numbers))
