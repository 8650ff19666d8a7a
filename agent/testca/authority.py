"""Test authorities: a root and an issuing one for each family of algorithms, kept in a folder of their own.

The private keys of the authority lie there unencrypted, readable by the owner only, so that more keys can be issued later.
Nothing here makes them trusted: a verifier trusts those roots that somebody gives it by name, as test roots.
"""

import base64
import dataclasses
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Self

from agent import algorithms
from agent.certificate import Certificate
from agent.errors import BadInput, InvalidSignature, StorageFailed, UnsupportedKey
from agent.formats import asn1
from agent.formats.csr import Request
from agent.keystores import base
from agent.keystores.pkcs12_writer import Entry
from agent.testca import key_files, keys, profiles
from agent.testca.keys import KeyPair
from agent.testca.profiles import Organisation, Person, Profile

FAMILIES = tuple(profiles.AUTHORITY_KEY_TYPES)
DEFAULT_PASSWORD = "Qwerty12"  # noqa: S105 - the password of all published test keys of the country
_ROOT, _ISSUING = "root", "issuing"
_AUTHORITY_LIFE, _KEY_LIFE = timedelta(days=3650), timedelta(days=365)
_PEM_LABEL = "PRIVATE KEY"


@dataclasses.dataclass(frozen=True, slots=True)
class Issuer:
    """An authority that can sign certificates, or one of its services that signs answers."""

    certificate: Certificate
    key: KeyPair = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key and its certificate."""

    profile: Profile
    certificate: Certificate
    pkcs8_der: bytes = dataclasses.field(repr=False)

    @property
    def entry(self) -> Entry:
        return Entry(self.pkcs8_der, self.certificate)

    @property
    def file_name(self) -> str:
        """The name that the national portal would give the file."""
        return f"{self.profile.file_prefix}{(self.certificate.subject_key_identifier or b'').hex()}.p12"

    def p12(self, password: str = DEFAULT_PASSWORD) -> bytes:
        """The key file, in the national shape."""
        return key_files.national(self.entry, password)


@dataclasses.dataclass(frozen=True, slots=True)
class TestAuthority:
    """All families of authorities of one folder."""

    __test__: ClassVar[bool] = False  # its name begins like a test class
    issuers: dict[tuple[str, str], Issuer]
    """By family, and "root" or "issuing"."""

    @classmethod
    def create(cls, folder: Path, at: datetime, *, not_after: datetime | None = None) -> Self:
        """Makes new authorities and keeps them in `folder`, which must hold none yet.

        Raises: StorageFailed.
        """
        if any(_key_path(folder, family, role).exists() for family in FAMILIES for role in (_ROOT, _ISSUING)):
            raise StorageFailed("there is a test authority already")
        issuers: dict[tuple[str, str], Issuer] = {}
        for family, key_type in profiles.AUTHORITY_KEY_TYPES.items():
            end = not_after or at + _AUTHORITY_LIFE
            root_name = profiles.authority_name(family, is_root=True)
            root = _new_issuer(keys.generate(key_type), root_name, None, at, end)
            name = profiles.authority_name(family, is_root=False)
            issuers[family, _ROOT] = root
            issuers[family, _ISSUING] = _new_issuer(keys.generate(key_type), name, root, at, end)
        authority = cls(issuers)
        authority._save(folder)
        return authority

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Reads authorities made before.

        Raises: StorageFailed.
        """
        try:
            return cls({(f, r): _load_issuer(folder, f, r) for f in FAMILIES for r in (_ROOT, _ISSUING)})
        except (OSError, BadInput) as error:
            raise StorageFailed("no readable test authority in that folder") from error

    @property
    def roots(self) -> tuple[Certificate, ...]:
        return tuple(self.issuers[family, _ROOT].certificate for family in FAMILIES)

    @property
    def issuing(self) -> tuple[Certificate, ...]:
        return tuple(self.issuers[family, _ISSUING].certificate for family in FAMILIES)

    def issue(
        self,
        profile_name: str,
        person: Person,
        organisation: Organisation | None = None,
        *,
        not_before: datetime,
        not_after: datetime | None = None,
    ) -> IssuedKey:
        """A new key with a certificate of that profile (see profiles.PROFILES), for one year if nothing else is said.

        Raises: BadInput for an unknown profile.
        """
        if profile_name not in profiles.PROFILES:
            raise BadInput(f"unknown profile {profile_name!r}; there are {', '.join(profiles.PROFILES)}")
        profile = profiles.PROFILES[profile_name]
        issuer = self.issuers[profile.authority, _ISSUING]
        pair = keys.generate(profile.key_type)
        identifier = base.identifier_of(pair.public_key_bits)
        certificate = _sign(
            issuer.key,
            pair.spki_der,
            identifier,
            issuer_name=issuer.certificate.subject.der,
            subject=profiles.subject(profile, person, organisation),
            validity=(not_before, not_after or not_before + _KEY_LIFE),
            extensions=profiles.leaf_extensions(
                profile, identifier, issuer.certificate.subject_key_identifier or b""
            ),
        )
        return IssuedKey(profile, certificate, pair.pkcs8_der)

    def issue_for(
        self,
        request: Request,
        *,
        not_before: datetime,
        not_after: datetime | None = None,
        profile_name: str = "",
    ) -> tuple[Certificate, Certificate]:
        """A certificate for the key and the name in a request, and that of who issued it. Without a profile the nearest one is taken.

        Raises: BadInput for a request that its own key did not sign, or that no profile fits.
        """
        try:
            request.verify()
            key_type = request.public_key.key_type
        except (InvalidSignature, UnsupportedKey) as error:
            raise BadInput(f"the request proves no key that we know: {error.detail}") from error
        profile = profiles.PROFILES.get(profile_name) or profiles.nearest(
            key_type, request.subject, request.extended_key_usage
        )
        if profile is None or profile.key_type != key_type:
            raise BadInput(f"no profile {profile_name} for a key {key_type.name}")
        issuer = self.issuers[profile.authority, _ISSUING]
        identifier = base.identifier_of(request.public_key.bits)
        certificate = _sign(
            issuer.key,
            request.public_key.spki_der,
            identifier,
            issuer_name=issuer.certificate.subject.der,
            subject=request.subject.der,
            validity=(not_before, not_after or not_before + _KEY_LIFE),
            extensions=profiles.leaf_extensions(
                profile, identifier, issuer.certificate.subject_key_identifier or b""
            ),
        )
        return certificate, issuer.certificate

    def issue_service(
        self, service: str, family: str, *, not_before: datetime, not_after: datetime | None = None
    ) -> Issuer:
        """A new key with a certificate for stamping times or answering OCSP requests (profiles.SERVICES), issued by the
        issuing authority of that family. It is kept by nobody."""
        issuer = self.issuers[family, _ISSUING]
        pair = keys.generate(profiles.AUTHORITY_KEY_TYPES[family])
        identifier = base.identifier_of(pair.public_key_bits)
        certificate = _sign(
            issuer.key,
            pair.spki_der,
            identifier,
            issuer_name=issuer.certificate.subject.der,
            subject=profiles.service_name(service, family),
            validity=(not_before, not_after or not_before + _KEY_LIFE),
            extensions=profiles.service_extensions(
                service, identifier, issuer.certificate.subject_key_identifier or b""
            ),
        )
        return Issuer(certificate, pair)

    def _save(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for (family, role), issuer in self.issuers.items():
                (folder / f"{family}-{role}.pem").write_text(issuer.certificate.pem(), encoding="ascii")
                _write_private(_key_path(folder, family, role), _pem(issuer.key.pkcs8_der))
        except OSError as error:
            raise StorageFailed(f"the test authority can't be kept: {error.strerror}") from error


def _new_issuer(pair: KeyPair, name: bytes, root: Issuer | None, at: datetime, end: datetime) -> Issuer:
    identifier = base.identifier_of(pair.public_key_bits)
    root_identifier = root.certificate.subject_key_identifier if root else None
    certificate = _sign(
        root.key if root else pair,
        pair.spki_der,
        identifier,
        issuer_name=root.certificate.subject.der if root else name,
        subject=name,
        validity=(at, end),
        extensions=profiles.authority_extensions(identifier, root_identifier),
    )
    return Issuer(certificate, pair)


def _sign(
    issuer_key: KeyPair,
    spki_der: bytes,
    identifier: bytes,
    *,
    issuer_name: bytes,
    subject: bytes,
    validity: tuple[datetime, datetime],
    extensions: bytes,
) -> Certificate:
    """A certificate for the public key in `spki_der`, which goes by `identifier` (RFC 5280 section 4.1)."""
    signing_key = issuer_key.private_key
    algorithm = algorithms.signature_for_key(signing_key.key_type)
    body = asn1.element(
        asn1.SEQUENCE,
        asn1.element(0xA0, asn1.integer(2)),
        asn1.integer(profiles.serial_number(identifier)),
        algorithm.identifier_der,
        issuer_name,
        asn1.element(asn1.SEQUENCE, *(asn1.time(moment) for moment in validity)),
        subject,
        spki_der,
        asn1.element(0xA3, extensions),
    )
    signature = signing_key.sign(algorithm, algorithm.digest(body))
    return Certificate.from_der(
        asn1.element(asn1.SEQUENCE, body, algorithm.identifier_der, asn1.element(0x03, b"\0", signature))
    )


def _key_path(folder: Path, family: str, role: str) -> Path:
    return folder / f"{family}-{role}.key"


def _load_issuer(folder: Path, family: str, role: str) -> Issuer:
    certificate = Certificate.from_pem_or_der((folder / f"{family}-{role}.pem").read_bytes())
    lines = _key_path(folder, family, role).read_text(encoding="ascii").splitlines()
    pair = keys.read(base64.b64decode("".join(line for line in lines if not line.startswith("-----"))))
    return Issuer(certificate, pair)


def _pem(pkcs8_der: bytes) -> str:
    text = base64.b64encode(pkcs8_der).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {_PEM_LABEL}-----", *lines, f"-----END {_PEM_LABEL}-----", ""))


def _write_private(path: Path, text: str) -> None:
    """A file that nobody else can read, from its first moment, and that overwrites nothing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
