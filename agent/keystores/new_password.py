"""Gives a key file another password, and leaves everything else in it as it is.

The file keeps its shape: the same parts and bags with the same attributes, the same ciphers and counts of iterations, salts of their own.
So whatever program could read it before can read it after, which a file of a newer kind could not promise. It is no stronger than it was
either: docs/decisions/0025-key-library.md.
"""

import hashlib
from typing import Any

from asn1crypto import core

from agent.errors import BrokenKeyStore, UnsupportedKey, WrongPassword
from agent.keystores import der, open_keys, pbe, pkcs8, pkcs12, pkcs12_writer
from agent.keystores.pbe import Password
from agent.secret import Secret

_CRL_BAG = "1.2.840.113549.1.12.10.1.4"
_KEPT_AS_THEY_ARE = (pkcs12._KEY_BAG, pkcs12._CERTIFICATE_BAG, _CRL_BAG)


def change(data: bytes, old: Secret, new: Secret) -> bytes:
    """The file under the new password. Both passwords stay the caller's to wipe.

    What is given back was read again with the new password: it holds the same keys and certificates, octet for octet.

    Raises: WrongPassword, BrokenKeyStore, UnsupportedKey; ValueError for a new password that is no UTF-8.
    """
    before = _inventory(data, old)
    own = Password.of(new.buffer)
    try:
        written = _Change(data, old, own).written()
    finally:
        own.wipe()
    if _inventory(written, new) != before:
        raise BrokenKeyStore("the file under the new password would not be the same")
    return written


class _Change:
    """One file on its way from one password to another."""

    def __init__(self, data: bytes, old: Secret, new: Password) -> None:
        self._new = new
        with pkcs12._structure("PKCS#12 file"):
            self._pfx = pkcs12._Pfx.load(data, strict=True)
            self._safe = pkcs12._safe_octets(self._pfx)
        self._mac = self._pfx["mac_data"]
        budget = pbe.Budget()
        self._is_authenticated = not isinstance(self._mac, core.Void)
        self._lock = pkcs12._Lock(
            pkcs12._password(self._mac, self._safe, old, budget), budget, self._is_authenticated
        )

    def written(self) -> bytes:
        try:
            with pkcs12._structure("PKCS#12 file"):
                parts = pkcs12._AuthenticatedSafe.load(self._safe, strict=True)
                safe = der.element(der.SEQUENCE, *(self._part(part) for part in parts))
                mac = pbe.mac_data_as(self._mac, safe, self._new) if self._is_authenticated else b""
                return der.element(der.SEQUENCE, der.integer(3), pkcs12_writer.data(safe), mac)
        finally:
            self._lock.password.wipe()

    def _part(self, part: Any) -> bytes:
        kind = part["type"].dotted
        if kind == pkcs12_writer.DATA:
            octets = part["content"].parse(core.OctetString).native
            return pkcs12_writer.data(self._bags(octets, depth=0))
        if kind != pkcs12_writer.ENCRYPTED_DATA:
            raise UnsupportedKey(f"a part of type {kind} is not encrypted with the password")
        inside = part["content"].parse(pkcs12._EncryptedData)["inside"]
        plain = self._lock.opened(inside["algorithm"], inside["content"].native)
        hidden = open_keys.take_out(plain)
        bags = bytearray()
        try:
            bags += self._bags(bytes(plain), depth=0)
            open_keys.put_back(bags, hidden)
            return pkcs12_writer.encrypted_data(*pbe.encrypt_as(inside["algorithm"], bags, self._new))
        finally:
            open_keys.wipe([*hidden, bags])

    def _bags(self, octets: bytes, depth: int) -> bytes:
        if depth > pkcs12.MAX_DEPTH:
            raise BrokenKeyStore("bags nested too deep")
        bags = pkcs12._SafeContents.load(octets, strict=True)
        return der.element(der.SEQUENCE, *(self._bag(bag, depth) for bag in bags))

    def _bag(self, bag: Any, depth: int) -> bytes:
        kind, value, attributes = bag["type"].dotted, bag["value"], bag["attributes"]
        kept = b"" if isinstance(attributes, core.Void) else attributes.dump()
        if kind == pkcs12_writer.SHROUDED_KEY_BAG:
            key = value.parse(pkcs12._ShroudedKey)
            plain = self._lock.opened(key["algorithm"], key["data"].native)
            try:
                closed = pkcs12_writer.shrouded(*pbe.encrypt_as(key["algorithm"], plain, self._new))
            finally:
                plain[:] = bytes(len(plain))
            return pkcs12_writer.bag(kind, closed, kept)
        if kind == pkcs12._SAFE_CONTENTS_BAG:
            return pkcs12_writer.bag(kind, self._bags(pkcs12._untagged(value), depth + 1), kept)
        if kind not in _KEPT_AS_THEY_ARE:
            raise UnsupportedKey(f"a bag of type {kind} may hold what the old password encrypts")
        return bytes(bag.dump())


def _inventory(data: bytes, password: Secret) -> tuple[tuple[bytes, ...], tuple[bytes, ...], int]:
    """What a file holds, to be compared: hashes of its keys, certificates with their attributes, and how many bags there are.

    Raises: WrongPassword, BrokenKeyStore, UnsupportedKey.
    """
    with pkcs12._unlocked(data, password) as (contents, lock):
        keys = []
        for bag in contents.keys:
            plain = pkcs12._plain_key(bag, lock)
            try:
                _check_key(plain, lock)
                keys.append(
                    hashlib.sha256(plain).digest() + bag.local_key_id + bag.friendly_name.encode("utf-16-be")
                )
            finally:
                plain[:] = bytes(len(plain))
        if not keys:
            raise BrokenKeyStore("no private key in the file")
        certificates = tuple(
            each.certificate.der + each.local_key_id + each.friendly_name.encode("utf-16-be")
            for each in contents.certificates
        )
        return tuple(keys), certificates, contents.bags


def _check_key(plain: bytearray, lock: pkcs12._Lock) -> None:
    """That it is a key: the padding alone lets one wrong password in 256 pass. Raises: WrongPassword, BrokenKeyStore."""
    try:
        pkcs8.read(plain).wipe()
    except UnsupportedKey:
        return  # whole, and of a kind that is not for us
    except BrokenKeyStore as error:
        if lock.is_authenticated:
            raise
        raise WrongPassword("wrong password, or a damaged key: there is no MAC to tell which") from error
