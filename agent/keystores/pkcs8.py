"""Private keys in PKCS#8 (RFC 5958), as they lie in key files before they are encrypted, and once decrypted.

The reader walks over the buffer itself: an ASN.1 library would leave copies of the key that nobody can overwrite.

National keys differ in how they write the number: GOST 2015 as an OCTET STRING, little-endian, GOST 2004 as an INTEGER,
big-endian. Both are measured on published test keys.
"""

from agent import algorithms
from agent.algorithms import Family, KeyType
from agent.errors import BrokenKeyStore, UnsupportedKey
from agent.keystores import pbe
from agent.keystores.software import GostPrivateKey, LibraryPrivateKey, PrivateKey

MAX_NUMBER_BYTES = 2400
"""Of an RSA key with its primes: enough for 4096 bits. The library checks primes, and of larger ones for seconds, then for hours."""

_INTEGER, _OCTET_STRING, _OBJECT_IDENTIFIER, _SEQUENCE = 0x02, 0x04, 0x06, 0x30


def read(buffer: bytearray) -> PrivateKey:
    """The key in `buffer`, which holds PrivateKeyInfo in DER and stays the caller's to wipe.

    Raises: BrokenKeyStore, UnsupportedKey.
    """
    try:
        key_type, number = _fields(memoryview(buffer))
    except (ValueError, IndexError) as error:
        raise BrokenKeyStore("malformed private key") from error
    if key_type.family in {Family.RSA, Family.ECDSA}:
        if len(number) > MAX_NUMBER_BYTES:
            raise UnsupportedKey(
                f"a private key {key_type.name} of {len(number)} octets is larger than any in use"
            )
        return LibraryPrivateKey(key_type, buffer)
    try:
        scalar = _gost_scalar(key_type, number)
    except (ValueError, IndexError) as error:
        raise BrokenKeyStore(f"malformed private key {key_type.name}") from error
    return GostPrivateKey(key_type, scalar)


def write_gost(key_type: KeyType, scalar: bytearray) -> bytearray:
    """PrivateKeyInfo in DER of a national key, version 0, without attributes. The scalar is little-endian; both buffers are the
    caller's to wipe."""
    if key_type.family is Family.GOST_2015_512:
        number = _written(_OCTET_STRING, scalar)
    else:
        big_endian = bytearray(reversed(scalar))
        while len(big_endian) > 1 and not big_endian[0] and not big_endian[1] & 0x80:
            del big_endian[0]
        if big_endian[0] & 0x80:
            big_endian.insert(0, 0)
        number = _written(_INTEGER, big_endian)
        big_endian[:] = bytes(len(big_endian))
    octets = _written(_OCTET_STRING, number)
    body = bytearray(b"\x02\x01\x00") + key_type.identifier_der
    body += octets
    whole = _written(_SEQUENCE, body)
    for buffer in (number, octets, body):
        buffer[:] = bytes(len(buffer))
    return whole


def _written(tag: int, contents: bytearray) -> bytearray:
    """An element of at most 255 octets of contents."""
    size = len(contents)
    header = (tag, size) if size < 0x80 else (tag, 0x81, size)
    whole = bytearray(len(header) + size)
    whole[: len(header)] = bytes(header)
    whole[len(header) :] = contents
    return whole


def _fields(octets: memoryview) -> tuple[KeyType, memoryview]:
    """The key's type and the contents of the OCTET STRING privateKey. Attributes after it are passed over."""
    inside, _ = _element(octets, _SEQUENCE)
    _, rest = _element(inside, _INTEGER)
    identifier, after = _element(rest, _SEQUENCE)
    whole = rest[: len(rest) - len(after)]
    oid, _ = _element(identifier, _OBJECT_IDENTIFIER)
    if len(oid) > pbe.MAX_OID_BYTES:
        raise ValueError(f"an OID of {len(oid)} octets")
    key_type = algorithms.key_type_by_identifier(bytes(whole), algorithms.dotted(bytes(oid)))
    number, _ = _element(after, _OCTET_STRING)
    return key_type, number


def _element(octets: memoryview, tag: int) -> tuple[memoryview, memoryview]:
    """Contents of the element that comes first, and what follows it. Definite lengths only, up to 64 KiB."""
    if octets[0] != tag:
        raise ValueError(f"tag {octets[0]:#x}, {tag:#x} expected")
    length, start = octets[1], 2
    if length > 0x80:
        count = length & 0x7F
        if count > 2:
            raise ValueError("too long")
        length, start = int.from_bytes(octets[2 : 2 + count], "big"), 2 + count
    elif length == 0x80:
        raise ValueError("indefinite length")
    if start + length > len(octets):
        raise ValueError("cut short")
    return octets[start : start + length], octets[start + length :]


def _gost_scalar(key_type: KeyType, number: memoryview) -> bytearray:
    """The scalar, little-endian, as long as the curve's numbers, in a buffer of its own."""
    size = key_type.coordinate_octets
    if key_type.family is Family.GOST_2015_512:
        contents, _ = _element(number, _OCTET_STRING)
        if len(contents) != size:
            raise ValueError(f"{len(contents)} octets, {size} expected")
        return bytearray(contents)
    contents, _ = _element(number, _INTEGER)
    if contents[0] & 0x80:
        raise ValueError("negative")
    significant = contents[1:] if len(contents) == size + 1 and contents[0] == 0 else contents
    if len(significant) > size:
        raise ValueError(f"{len(significant)} octets, {size} expected")
    scalar = bytearray(size)
    for index, octet in enumerate(reversed(significant)):
        scalar[index] = octet
    return scalar
