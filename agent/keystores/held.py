"""A key that stays open for a while: in locked memory, and opened from there anew for each signature."""

import dataclasses
from typing import Self

from agent import algorithms
from agent.algorithms import SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import KeyUnsuitable
from agent.keystores import base, pkcs8
from agent.keystores.software import GostPrivateKey, LibraryPrivateKey, SoftwareKey, SoftwareSigner
from agent.locked_memory import LockedBuffer


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class HeldKey:
    """A StoredKey (agent.keystores.base) whose private key lies in locked memory."""

    certificates: tuple[Certificate, ...]
    friendly_name: str
    _material: LockedBuffer

    @classmethod
    def of(cls, key: SoftwareKey) -> Self:
        """The same key, held; `key` stays the caller's to wipe. Raises CannotLock, TypeError for a key that is not in memory."""
        match getattr(key, "private_key", None):
            case GostPrivateKey() as gost:
                material = pkcs8.write_gost(gost.key_type, gost.scalar)
            case LibraryPrivateKey() as library:
                material = library.export()
            case other:
                raise TypeError(f"a {type(other).__name__} can't be held")
        try:
            buffer = LockedBuffer(len(material))
            buffer.view[:] = material
        finally:
            material[:] = bytes(len(material))
        return cls(key.certificates, key.friendly_name, buffer)

    @property
    def certificate(self) -> Certificate:
        return self.certificates[0]

    @property
    def key_id(self) -> str:
        return base.key_id_of(self.certificate)

    def signer(self) -> "HeldSigner":
        return HeldSigner(self.certificate, self._material)

    def wipe(self) -> None:
        """Does nothing: an operation wipes the key that it used, and this one outlives it. See `let_go`."""

    def let_go(self) -> None:
        """Forgets the private key. Can be called twice."""
        self._material.wipe()


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class HeldSigner:
    """A Signer over a held key."""

    certificate: Certificate
    _material: LockedBuffer

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return algorithms.signature_for_key(self.certificate.public_key.key_type)

    def sign_digest(self, digest: bytes) -> bytes:
        """As agent.keystores.software.SoftwareSigner; raises KeyUnsuitable once the key was let go."""
        if self._material.is_wiped:
            raise KeyUnsuitable("the key was closed meanwhile")
        try:
            material = bytearray(self._material.view)
        except ValueError as error:  # closed between two looks
            raise KeyUnsuitable("the key was closed meanwhile") from error
        try:
            key = pkcs8.read(material)
        finally:
            material[:] = bytes(len(material))
        try:
            return SoftwareSigner(self.certificate, key).sign_digest(digest)
        finally:
            key.wipe()
