"""Encryption and authentication by password, as PKCS#12 files use them: undone for files that are read, done for our own.

Two generations: the key derivation of RFC 7292 appendix B with 3DES or RC2 and HMAC (national files, Windows, old OpenSSL), and
PBES2 / PBMAC1 of RFC 8018 and RFC 9579 with PBKDF2 and AES. The first reads the password as UTF-16 with a final zero, the
second as UTF-8.
"""

import dataclasses
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any, ClassVar, Self

from asn1crypto import core
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.errors import BrokenKeyStore, UnsupportedKey
from agent.keystores import der, rc2

MAX_ITERATIONS = 10_000_000
"""For one file, over all its parts: some seconds of work."""
MAX_OID_BYTES = 64
"""More than any identifier in a key file has."""

PURPOSE_KEY, PURPOSE_IV, PURPOSE_MAC = 1, 2, 3

# RFC 7292 appendix C: OID: (octets of key, effective bits of RC2 or None for 3DES). RC4 was never seen with keys.
PBE_3DES, PBE_RC2_40 = "1.2.840.113549.1.12.1.3", "1.2.840.113549.1.12.1.6"
_PKCS12_CIPHERS = {
    PBE_3DES: (24, None),
    "1.2.840.113549.1.12.1.4": (16, None),
    "1.2.840.113549.1.12.1.5": (16, 128),
    PBE_RC2_40: (5, 40),
}
_PBES2, _PBKDF2, _PBMAC1 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12", "1.2.840.113549.1.5.14"
_HMAC_SHA1 = "1.2.840.113549.2.7"
_HMAC_SHA256 = "1.2.840.113549.2.9"
# RFC 8018 appendix B.1: pseudo-random functions of PBKDF2, and MACs of PBMAC1.
_HMACS = {
    _HMAC_SHA1: "sha1",
    "1.2.840.113549.2.8": "sha224",
    _HMAC_SHA256: "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
}
_AES_256_CBC = "2.16.840.1.101.3.4.1.42"
# RFC 8018 appendix B.2 and the NIST register: OID: (cipher, octets of key, octets of a block).
_CBC_CIPHERS: dict[str, tuple[Callable[[bytes], CipherAlgorithm], int, int]] = {
    "2.16.840.1.101.3.4.1.2": (AES, 16, 16),
    "2.16.840.1.101.3.4.1.22": (AES, 24, 16),
    _AES_256_CBC: (AES, 32, 16),
    "1.2.840.113549.3.7": (TripleDES, 24, 8),
}
# Digests of the MAC of RFC 7292: OID: name in hashlib.
_MAC_DIGESTS = {
    algorithms.SHA1.oid: "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    algorithms.SHA256.oid: "sha256",
    algorithms.SHA384.oid: "sha384",
    algorithms.SHA512.oid: "sha512",
}


class BadPadding(Exception):
    """The decrypted octets don't end as they should."""


@dataclasses.dataclass(slots=True, repr=False)
class Password:
    """A password in both encodings. Wiped by its owner."""

    utf16: bytearray
    """Big-endian, with two final zero octets; without them only where a file takes no password at all."""
    utf8: bytearray

    @classmethod
    def of(cls, utf8: bytes | bytearray) -> Self:
        """Raises: ValueError if it isn't UTF-8."""
        return cls(bytearray(str(utf8, "utf-8").encode("utf-16-be") + b"\0\0"), bytearray(utf8))

    @classmethod
    def absent(cls) -> Self:
        """No password: some programs write files so where a person leaves the field empty."""
        return cls(bytearray(), bytearray())

    def wipe(self) -> None:
        for buffer in (self.utf16, self.utf8):
            buffer[:] = bytes(len(buffer))


class Budget:
    """How much work a file may still ask for. A file of ten octets can name any count of iterations."""

    def __init__(self, iterations: int = MAX_ITERATIONS) -> None:
        self._left = iterations

    def spend(self, iterations: int, blocks: int) -> None:
        """Raises: BrokenKeyStore."""
        if iterations < 1:
            raise BrokenKeyStore(f"{iterations} iterations")
        self._left -= iterations * blocks
        if self._left < 0:
            raise BrokenKeyStore(f"asks for more than {MAX_ITERATIONS} iterations")


class ObjectIdentifier(core.ObjectIdentifier):
    """An OID of no more than MAX_OID_BYTES: one arc as long as a file would take minutes to become a number, and errors quote OIDs."""

    @property
    def dotted(self) -> str:
        """Raises: ValueError."""
        if len(self.contents) > MAX_OID_BYTES:
            raise ValueError(f"an OID of {len(self.contents)} octets")
        return str(super().dotted)


class AlgorithmIdentifier(core.Sequence):
    _fields: ClassVar = [("algorithm", ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class _Pkcs12Parameters(core.Sequence):
    _fields: ClassVar = [("salt", core.OctetString), ("iterations", core.Integer)]


class _Pbes2Parameters(core.Sequence):
    _fields: ClassVar = [("derivation", AlgorithmIdentifier), ("scheme", AlgorithmIdentifier)]


class _Pbkdf2Parameters(core.Sequence):
    _fields: ClassVar = [
        # A CHOICE whose other form, a source of salt, was never used.
        ("salt", core.OctetString),
        ("iterations", core.Integer),
        ("key_length", core.Integer, {"optional": True}),
        ("function", AlgorithmIdentifier, {"default": {"algorithm": _HMAC_SHA1}}),
    ]


def derive(
    digest_name: str, password: bytearray, salt: bytes, *, iterations: int, purpose: int, size: int
) -> bytearray:
    """Octets for a key, an IV or a MAC (RFC 7292 appendix B.2). `password` as `Password.utf16`."""
    block = hashlib.new(digest_name, usedforsecurity=False).block_size
    diversifier = bytes((purpose,)) * block
    blocks = _repeated(salt, block) + _repeated(password, block)
    derived = bytearray()
    while True:
        octets = hashlib.new(digest_name, diversifier + blocks, usedforsecurity=False).digest()
        for _ in range(iterations - 1):
            octets = hashlib.new(digest_name, octets, usedforsecurity=False).digest()
        derived += octets
        if len(derived) >= size:
            return derived[:size]
        addend = int.from_bytes(_repeated(octets, block)[:block], "big") + 1
        for start in range(0, len(blocks), block):
            number = int.from_bytes(blocks[start : start + block], "big") + addend
            blocks[start : start + block] = (number % (1 << 8 * block)).to_bytes(block, "big")


def _repeated(octets: bytes | bytearray, block: int) -> bytearray:
    """Copies of `octets` up to a whole number of blocks, of which there are as few as hold it once; nothing of nothing."""
    size = block * -(-len(octets) // block)
    return bytearray((octets * (size // len(octets) + 1))[:size]) if octets else bytearray()


def is_modern(algorithm: Any) -> bool:
    """Whether a part of a file is encrypted in the manner of PKCS#5, as `encrypt` does it; None stands for none."""
    return algorithm is not None and algorithm["algorithm"].dotted == _PBES2


def decrypt(algorithm: Any, data: bytes, password: Password, budget: Budget) -> bytearray:
    """Plain octets of a part of a file. The caller wipes them.

    Raises: BadPadding, BrokenKeyStore, UnsupportedKey; what asn1crypto raises for malformed parameters.
    """
    oid = algorithm["algorithm"].dotted
    if oid in _PKCS12_CIPHERS:
        return _decrypt_pkcs12(oid, algorithm["parameters"], data, password, budget)
    if oid == _PBES2:
        return _decrypt_pbes2(algorithm["parameters"], data, password, budget)
    raise UnsupportedKey(f"encryption of key files by {oid} is not supported")


def _decrypt_pkcs12(oid: str, parsed: Any, data: bytes, password: Password, budget: Budget) -> bytearray:
    parameters = parsed.parse(_Pkcs12Parameters)
    salt, iterations = parameters["salt"].native, parameters["iterations"].native
    key_size, rc2_bits = _PKCS12_CIPHERS[oid]
    budget.spend(iterations, 1 + -(-key_size // 20))
    key = derive("sha1", password.utf16, salt, iterations=iterations, purpose=PURPOSE_KEY, size=key_size)
    iv = derive("sha1", password.utf16, salt, iterations=iterations, purpose=PURPOSE_IV, size=8)
    if len(data) % 8:
        raise BrokenKeyStore("encrypted part is cut short")
    if rc2_bits is not None:
        plain = rc2.decrypt_cbc(bytes(key), rc2_bits, bytes(iv), data)
    else:
        # Two-key 3DES is K1, K2, K1.
        plain = _decrypt_cbc(TripleDES(bytes(key + key[: 24 - key_size])), bytes(iv), data)
    key[:] = bytes(len(key))
    return _without_padding(plain, 8)


def _decrypt_pbes2(parsed: Any, data: bytes, password: Password, budget: Budget) -> bytearray:
    parameters = parsed.parse(_Pbes2Parameters)
    oid = parameters["scheme"]["algorithm"].dotted
    if oid not in _CBC_CIPHERS:
        raise UnsupportedKey(f"encryption of key files by {oid} is not supported")
    cipher, key_size, block = _CBC_CIPHERS[oid]
    iv = parameters["scheme"]["parameters"].parse(core.OctetString).native
    if len(iv) != block or len(data) % block:
        raise BrokenKeyStore("encrypted part is cut short")
    key = _pbkdf2(parameters["derivation"], password, key_size, budget)
    return _without_padding(_decrypt_cbc(cipher(key), iv, data), block)


def _pbkdf2(derivation: Any, password: Password, size: int, budget: Budget) -> bytes:
    oid = derivation["algorithm"].dotted
    if oid != _PBKDF2:
        raise UnsupportedKey(f"key derivation {oid} is not supported")
    parameters = derivation["parameters"].parse(_Pbkdf2Parameters)
    function = parameters["function"]["algorithm"].dotted
    if function not in _HMACS:
        raise UnsupportedKey(f"key derivation with {function} is not supported")
    if parameters["key_length"].native not in {None, size}:
        raise BrokenKeyStore("the derived key has another length than the cipher's")
    name, iterations = _HMACS[function], parameters["iterations"].native
    digest_size = hashlib.new(name, usedforsecurity=False).digest_size
    budget.spend(iterations, -(-size // digest_size))
    return hashlib.pbkdf2_hmac(name, password.utf8, parameters["salt"].native, iterations, size)


def _decrypt_cbc(cipher: CipherAlgorithm, iv: bytes, data: bytes) -> bytearray:
    decryptor = Cipher(cipher, modes.CBC(iv)).decryptor()
    plain = bytearray(len(data) + len(iv) - 1)
    size = decryptor.update_into(data, plain)
    decryptor.finalize()
    return plain[:size]


def _without_padding(plain: bytearray, block: int) -> bytearray:
    """RFC 8018 section 6.1.1: n octets of value n at the end. Cuts the buffer itself, so that no second copy stays."""
    count = plain[-1] if plain else 0
    if not 1 <= count <= block or plain[-count:] != bytes((count,)) * count:
        plain[:] = bytes(len(plain))
        raise BadPadding
    del plain[-count:]
    return plain


def mac_matches(mac_data: Any, content: bytes, password: Password, budget: Budget) -> bool:
    """Whether `content` was authenticated with this password (RFC 7292 section 5.1, RFC 9579).

    Raises: BrokenKeyStore, UnsupportedKey; what asn1crypto raises for malformed parameters.
    """
    algorithm, expected = mac_data["mac"]["algorithm"], mac_data["mac"]["digest"].native
    oid = algorithm["algorithm"].dotted
    if oid == _PBMAC1:
        name, key = _pbmac1_key(algorithm["parameters"], password, budget)
    elif oid in _MAC_DIGESTS:
        name, iterations = _MAC_DIGESTS[oid], mac_data["iterations"].native
        budget.spend(iterations, 1)
        size = hashlib.new(name, usedforsecurity=False).digest_size
        salt = mac_data["salt"].native
        key = bytes(derive(name, password.utf16, salt, iterations=iterations, purpose=PURPOSE_MAC, size=size))
    else:
        raise UnsupportedKey(f"authentication of key files by {oid} is not supported")
    return hmac.compare_digest(hmac.digest(key, content, name), expected)


def _pbmac1_key(parsed: Any, password: Password, budget: Budget) -> tuple[str, bytes]:
    """The hash of the HMAC and its key."""
    parameters = parsed.parse(_Pbes2Parameters)
    scheme = parameters["scheme"]["algorithm"].dotted
    if scheme not in _HMACS:
        raise UnsupportedKey(f"authentication of key files by {scheme} is not supported")
    # RFC 9579 section 4: the length of the key must be given.
    size = parameters["derivation"]["parameters"].parse(_Pbkdf2Parameters)["key_length"].native
    if size is None or not 1 <= size <= 64:
        raise BrokenKeyStore("the length of the MAC's key is missing or absurd")
    return _HMACS[scheme], _pbkdf2(parameters["derivation"], password, size, budget)


# --- files of others, under another password ----------------------------------------------------------------------


def encrypt_as(algorithm: Any, plain: bytes | bytearray, password: Password) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier and encrypted octets by the same cipher and count of iterations as an identifier that `decrypt` knows, with
    a salt and an initial vector of their own: what read the file before reads it after.

    Raises: UnsupportedKey; what asn1crypto raises for malformed parameters.
    """
    oid = algorithm["algorithm"].dotted
    if oid in _PKCS12_CIPHERS:
        return _encrypt_pkcs12(oid, algorithm["parameters"], plain, password)
    if oid == _PBES2:
        return _encrypt_pbes2(algorithm["parameters"], plain, password)
    raise UnsupportedKey(f"encryption of key files by {oid} is not supported")


def _encrypt_pkcs12(
    oid: str, parsed: Any, plain: bytes | bytearray, password: Password
) -> tuple[bytes, bytes]:
    parameters = parsed.parse(_Pkcs12Parameters)
    salt, iterations = _fresh(parameters["salt"].native), parameters["iterations"].native
    key_size, rc2_bits = _PKCS12_CIPHERS[oid]
    key = derive("sha1", password.utf16, salt, iterations=iterations, purpose=PURPOSE_KEY, size=key_size)
    iv = bytes(derive("sha1", password.utf16, salt, iterations=iterations, purpose=PURPOSE_IV, size=8))
    if rc2_bits is not None:
        padded = _padded(plain, 8)
        encrypted = rc2.encrypt_cbc(bytes(key), rc2_bits, iv, padded)
        padded[:] = bytes(len(padded))
    else:
        encrypted = encrypt_cbc(TripleDES(bytes(key + key[: 24 - key_size])), iv, plain)
    key[:] = bytes(len(key))
    values = der.element(der.SEQUENCE, der.element(der.OCTET_STRING, salt), der.integer(iterations))
    return _identifier(oid, values), encrypted


def _encrypt_pbes2(parsed: Any, plain: bytes | bytearray, password: Password) -> tuple[bytes, bytes]:
    parameters = parsed.parse(_Pbes2Parameters)
    oid = parameters["scheme"]["algorithm"].dotted
    if oid not in _CBC_CIPHERS:
        raise UnsupportedKey(f"encryption of key files by {oid} is not supported")
    cipher, key_size, block = _CBC_CIPHERS[oid]
    iv = secrets.token_bytes(block)
    derivation, key = _derivation_as(parameters["derivation"], password, key_size)
    scheme = _identifier(oid, der.element(der.OCTET_STRING, iv))
    values = der.element(der.SEQUENCE, derivation, scheme)
    return _identifier(_PBES2, values), encrypt_cbc(cipher(key), iv, plain)


def _derivation_as(derivation: Any, password: Password, size: int) -> tuple[bytes, bytes]:
    """The identifier of a derivation with a salt of its own, and the key that it gives."""
    parameters = derivation["parameters"].parse(_Pbkdf2Parameters)
    salt, length, function = (
        _fresh(parameters["salt"].native),
        parameters["key_length"],
        parameters["function"],
    )
    is_usual = function["algorithm"].dotted == _HMAC_SHA1  # a default, which DER leaves out
    values = der.element(
        der.SEQUENCE,
        der.element(der.OCTET_STRING, salt),
        der.integer(parameters["iterations"].native),
        b"" if length.native is None else der.integer(length.native),
        b"" if is_usual else function.dump(),
    )
    written = _identifier(_PBKDF2, values)
    return written, _pbkdf2(AlgorithmIdentifier.load(written), password, size, Budget())


def mac_data_as(mac_data: Any, content: bytes, password: Password) -> bytes:
    """MacData over other content, in the manner of one that `mac_matches` knows.

    Raises: UnsupportedKey; what asn1crypto raises for malformed parameters.
    """
    algorithm, salt = mac_data["mac"]["algorithm"], _fresh(mac_data["salt"].native)
    iterations = mac_data["iterations"].native
    oid = algorithm["algorithm"].dotted
    if oid == _PBMAC1:
        parameters = algorithm["parameters"].parse(_Pbes2Parameters)
        size = parameters["derivation"]["parameters"].parse(_Pbkdf2Parameters)["key_length"].native
        derivation, key = _derivation_as(parameters["derivation"], password, size)
        name = _HMACS[parameters["scheme"]["algorithm"].dotted]
        values = der.element(der.SEQUENCE, derivation, parameters["scheme"].dump())
        identifier = _identifier(_PBMAC1, values)
    elif oid in _MAC_DIGESTS:
        name, identifier = _MAC_DIGESTS[oid], algorithm.dump()
        size = hashlib.new(name, usedforsecurity=False).digest_size
        key = bytes(derive(name, password.utf16, salt, iterations=iterations, purpose=PURPOSE_MAC, size=size))
    else:
        raise UnsupportedKey(f"authentication of key files by {oid} is not supported")
    mac = der.element(der.OCTET_STRING, hmac.digest(key, content, name))
    return der.element(
        der.SEQUENCE,
        der.element(der.SEQUENCE, identifier, mac),
        der.element(der.OCTET_STRING, salt),
        der.integer(iterations),
    )


def _identifier(oid: str, parameters_der: bytes) -> bytes:
    """AlgorithmIdentifier of any length."""
    return der.element(der.SEQUENCE, algorithms.oid_der(oid), parameters_der)


def _fresh(salt: bytes) -> bytes:
    """A salt as long as that one, and not shorter than RFC 8018 section 4.1 wants it."""
    return secrets.token_bytes(max(len(salt), 8))


# --- our own files ------------------------------------------------------------------------------------------------


def encrypt(plain: bytes | bytearray, password: Password, iterations: int) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier and encrypted octets: PBES2 with PBKDF2 over HMAC-SHA-256, and AES-256 in CBC (RFC 8018 section 6.2)."""
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = hashlib.pbkdf2_hmac("sha256", password.utf8, salt, iterations, 32)
    function = algorithms.algorithm_identifier(_HMAC_SHA256, der.element(der.NULL))
    parameters = der.element(
        der.SEQUENCE, der.element(der.OCTET_STRING, salt), der.integer(iterations), function
    )
    derivation = der.element(der.SEQUENCE, algorithms.oid_der(_PBKDF2), parameters)
    scheme = algorithms.algorithm_identifier(_AES_256_CBC, der.element(der.OCTET_STRING, iv))
    algorithm = der.element(
        der.SEQUENCE, algorithms.oid_der(_PBES2), der.element(der.SEQUENCE, derivation, scheme)
    )
    return algorithm, encrypt_cbc(AES(key), iv, plain)


def encrypt_cbc(cipher: CipherAlgorithm, iv: bytes, plain: bytes | bytearray) -> bytes:
    """Encrypted octets, padded as in RFC 8018 section 6.1.1."""
    padded = _padded(plain, len(iv))
    encryptor = Cipher(cipher, modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(padded) + encryptor.finalize()
    padded[:] = bytes(len(padded))
    return encrypted


def _padded(plain: bytes | bytearray, block: int) -> bytearray:
    """A copy that ends as `_without_padding` wants it; the caller wipes it."""
    count = block - len(plain) % block
    padded = bytearray(len(plain) + count)
    padded[: len(plain)] = plain
    padded[len(plain) :] = bytes((count,)) * count
    return padded


def mac_data(content: bytes, password: Password, digest: DigestAlgorithm, iterations: int) -> bytes:
    """MacData over `content` (RFC 7292 section 4 and appendix B)."""
    salt, name = secrets.token_bytes(20), _MAC_DIGESTS[digest.oid]
    key = derive(
        name, password.utf16, salt, iterations=iterations, purpose=PURPOSE_MAC, size=digest.digest_size
    )
    mac = der.element(der.OCTET_STRING, hmac.digest(bytes(key), content, name))
    return der.element(
        der.SEQUENCE,
        der.element(der.SEQUENCE, digest.identifier_der, mac),
        der.element(der.OCTET_STRING, salt),
        der.integer(iterations),
    )
