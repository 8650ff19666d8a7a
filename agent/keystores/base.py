"""What a key looks like once its store is open, wherever it is kept."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Protocol

from agent.certificate import Certificate
from agent.errors import AgentError, BrokenKeyStore, UnsupportedKey
from agent.signer import Signer


class StoredKey(Protocol):
    """A private key and its certificate, open and ready to sign until `wipe`."""

    @property
    def key_id(self) -> str:
        """Names the key among others: see `key_id_of`."""
        ...

    @property
    def friendly_name(self) -> str:
        """The name that the store gives the key; empty if none."""
        ...

    @property
    def certificate(self) -> Certificate: ...

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """Its own certificate first, then the others of the store, in no particular order."""
        ...

    def signer(self) -> Signer:
        """Signs with this key. Works until `wipe`."""
        ...

    def wipe(self) -> None:
        """Forgets the private key. Can be called twice."""
        ...


MAX_KEYS = 32
"""In one file. To open one is work, and a file has room for some hundred."""


def those_that_open(attempts: Iterable[Callable[[], StoredKey]]) -> tuple[StoredKey, ...]:
    """The keys of a file, each as its attempt gives it. Damaged ones and those of an unknown kind are left out if there is another one.

    Raises: UnsupportedKey, BrokenKeyStore, also where there are no attempts or more than MAX_KEYS; what else an attempt raises.
    """
    stored: list[StoredKey] = []
    failures: list[AgentError] = []
    all_attempts = list(attempts)
    if len(all_attempts) > MAX_KEYS:
        raise BrokenKeyStore(f"more than {MAX_KEYS} private keys")
    try:
        for attempt in all_attempts:
            try:
                stored.append(attempt())
            except (UnsupportedKey, BrokenKeyStore) as error:
                failures.append(error)
    except BaseException:
        for key in stored:
            key.wipe()
        raise
    if stored:
        return tuple(stored)
    # "Unsupported" says more than "broken" where both were met.
    raise next((e for e in failures if isinstance(e, UnsupportedKey)), None) or next(
        iter(failures), BrokenKeyStore("no private key in the file")
    )


def key_id_of(certificate: Certificate) -> str:
    """Lower-case hex of the certificate's SubjectKeyIdentifier, or of the beginning of its fingerprint where it has none.

    The identifier is taken as it stands: national ones were made by two rules, before and after 2022.
    """
    identifier = certificate.subject_key_identifier
    return identifier.hex() if identifier else certificate.fingerprint[:40]


def identifier_of(public_key_bits: bytes) -> bytes:
    """The key identifier that the national authority has given since 2022: SHA-1 over the contents of the BIT STRING, for GOST with
    the header of the OCTET STRING inside."""
    return hashlib.sha1(public_key_bits, usedforsecurity=False).digest()
