"""Which keys a test authority issues, and what stands in their certificates.

The profile is that of the national authority, read off published test certificates of 2018 to 2026: order and string types of
the subject, key usage, extended key usage, policies, the extension that says where the key is kept, and the order of
extensions. Names and addresses are our own: a certificate of ours must not look like one of the country's to a person.
"""

import dataclasses

from agent import algorithms
from agent.algorithms import Family, KeyType
from agent.certificate import Name
from agent.formats import asn1

ADDRESS = "http://qalamsap.invalid"
"""Where our certificates say that lists and answers are. The domain is reserved for never existing (RFC 2606 section 2)."""

SIGN, IDENTIFY = "sign", "identify"
INDIVIDUAL, HEAD, EMPLOYEE, SIGN_RIGHT = "individual", "head", "employee", "sign-right"

# Attributes of names (RFC 5280 appendix A.1).
_COMMON_NAME, _SURNAME, _SERIAL_NUMBER, _COUNTRY = "2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.6"
_ORGANISATION, _ORGANISATIONAL_UNIT, _GIVEN_NAME = "2.5.4.10", "2.5.4.11", "2.5.4.42"
_UTF8_STRING, _PRINTABLE_STRING, _BIT_STRING, _BOOLEAN = 0x0C, 0x13, 0x03, 0x01

# Extensions (RFC 5280 section 4.2) and what stands in them.
_SUBJECT_KEY_IDENTIFIER, _KEY_USAGE, _BASIC_CONSTRAINTS = "2.5.29.14", "2.5.29.15", "2.5.29.19"
_CRL_POINTS, _POLICIES, _AUTHORITY_KEY_IDENTIFIER = "2.5.29.31", "2.5.29.32", "2.5.29.35"
_EXTENDED_KEY_USAGE, _FRESHEST_CRL, _AUTHORITY_ACCESS = "2.5.29.37", "2.5.29.46", "1.3.6.1.5.5.7.1.1"
_CLIENT_AUTH, _EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"
_TIME_STAMPING, _OCSP_SIGNING = "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"
_OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
_OCSP, _CA_ISSUERS = "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2"
_CPS, _USER_NOTICE = "1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2"

# National register: roles, policies, and "this key is kept in PKCS#12".
_ROLE_INDIVIDUAL, _ROLE_LEGAL = "1.2.398.3.3.4.1.1", "1.2.398.3.3.4.1.2"
_ROLES = {
    INDIVIDUAL: (_ROLE_INDIVIDUAL,),
    HEAD: (_ROLE_LEGAL, f"{_ROLE_LEGAL}.1"),
    SIGN_RIGHT: (_ROLE_LEGAL, f"{_ROLE_LEGAL}.2"),
    EMPLOYEE: (_ROLE_LEGAL, f"{_ROLE_LEGAL}.5"),
}
_POLICY = "1.2.398.3.3.2"
_KEY_STORE_EXTENSION, _KEPT_IN_PKCS12 = "1.2.398.3.3.5", "1.2.398.3.3.5.1.1"

# BIT STRING contents of keyUsage: digitalSignature with what else each generation gives.
_USAGE_SINGLE_KEY, _USAGE_SIGN, _USAGE_IDENTIFY = b"\x03\xc8", b"\x06\xc0", b"\x05\xa0"
_USAGE_AUTHORITY = b"\x01\x06"
_USAGE_SERVICE = b"\x07\x80"

TIMESTAMPING, OCSP_RESPONDING = "timestamping", "ocsp"
SERVICES = (TIMESTAMPING, OCSP_RESPONDING)


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    surname: str
    given_name: str
    patronymic: str
    """Empty for a person without one."""
    iin: str


@dataclasses.dataclass(frozen=True, slots=True)
class Organisation:
    name: str
    bin: str


@dataclasses.dataclass(frozen=True, slots=True)
class Profile:
    """One kind of key. `authority` is the family of authorities that issues it."""

    name: str
    authority: str
    key_type: KeyType
    kind: str
    use: str
    file_prefix: str
    """How the national portal names such files."""

    @property
    def is_legal(self) -> bool:
        return self.kind != INDIVIDUAL


def _profiles() -> tuple[Profile, ...]:
    kinds = (INDIVIDUAL, HEAD, EMPLOYEE, SIGN_RIGHT)
    return (
        *(
            Profile(f"gost2015-{k}", "gost2015", algorithms.GOST_2015_512_KEY, k, SIGN, "GOST512_")
            for k in kinds
        ),
        *(
            Profile(f"gost2004-{k}", "gost2004", algorithms.GOST_2004_KEY, k, SIGN, "GOSTKNCA_")
            for k in kinds
        ),
        *(Profile(f"rsa-sign-{k}", "rsa", algorithms.RSA_KEY, k, SIGN, "RSA256_") for k in kinds),
        *(Profile(f"rsa-auth-{k}", "rsa", algorithms.RSA_KEY, k, IDENTIFY, "AUTH_RSA256_") for k in kinds),
        # The national authority issues none of these; other programs and other countries do.
        Profile("p256-individual", "ecdsa", algorithms.P256_KEY, INDIVIDUAL, SIGN, "P256_"),
        Profile("p384-individual", "ecdsa", algorithms.P384_KEY, INDIVIDUAL, SIGN, "P384_"),
    )


PROFILES = {profile.name: profile for profile in _profiles()}
AUTHORITY_KEY_TYPES = {
    "gost2015": algorithms.GOST_2015_512_KEY,
    "gost2004": algorithms.GOST_2004_KEY,
    "rsa": algorithms.RSA_KEY,
    "ecdsa": algorithms.P384_KEY,
}
_AUTHORITY_TITLES = {"gost2015": "GOST 2015", "gost2004": "GOST 2004", "rsa": "RSA", "ecdsa": "ECDSA"}


def nearest(key_type: KeyType, name: Name, usages: tuple[str, ...]) -> Profile | None:
    """The profile for who asks for these extended key usages: of the organisation's employee where the name has one."""
    use = IDENTIFY if _CLIENT_AUTH in usages and _EMAIL_PROTECTION not in usages else SIGN
    kind = EMPLOYEE if name.value(_ORGANISATION) else INDIVIDUAL
    able = [profile for profile in PROFILES.values() if profile.key_type == key_type]
    # Not every kind of key exists for every owner and use: better another use than another owner.
    able.sort(key=lambda profile: (profile.kind != kind, profile.use != use))
    return able[0] if able else None


def subject(profile: Profile, person: Person, organisation: Organisation | None) -> bytes:
    """Name of a key's owner, DER. The patronymic stands in GIVENNAME, the first name in the common name only."""
    parts = [
        (_COMMON_NAME, _UTF8_STRING, f"{person.surname} {person.given_name}"),
        (_SURNAME, _UTF8_STRING, person.surname),
        (_SERIAL_NUMBER, _PRINTABLE_STRING, f"IIN{person.iin}"),
        (_COUNTRY, _PRINTABLE_STRING, "KZ"),
    ]
    if profile.is_legal:
        if organisation is None:
            raise ValueError(f"profile {profile.name} needs an organisation")
        parts += [
            (_ORGANISATION, _UTF8_STRING, organisation.name),
            (_ORGANISATIONAL_UNIT, _UTF8_STRING, f"BIN{organisation.bin}"),
        ]
    if person.patronymic:
        parts.append((_GIVEN_NAME, _UTF8_STRING, person.patronymic))
    return _name(parts)


def authority_name(family: str, *, is_root: bool) -> bytes:
    """Name of an authority, DER: clearly ours, clearly for tests."""
    role = "ROOT" if is_root else "CA"
    return _name([
        (_COMMON_NAME, _UTF8_STRING, f"QALAMSAP TEST {role} ({_AUTHORITY_TITLES[family]})"),
        (_COUNTRY, _PRINTABLE_STRING, "KZ"),
    ])  # fmt: skip


def _name(parts: list[tuple[str, int, str]]) -> bytes:
    return asn1.element(
        asn1.SEQUENCE,
        *(
            asn1.element(
                asn1.SET,
                asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), asn1.element(tag, text.encode())),
            )
            for oid, tag, text in parts
        ),
    )


def serial_number(identifier: bytes) -> int:
    """As the national authority makes it since 2022: the subject's key identifier without its top bit."""
    return int.from_bytes(identifier, "big") & ~(1 << 8 * len(identifier) - 1)


def leaf_extensions(profile: Profile, identifier: bytes, issuer_identifier: bytes) -> bytes:
    """Extensions of a key's certificate, DER of the SEQUENCE."""
    family, is_single_key = profile.authority, profile.key_type.family is Family.GOST_2015_512
    # Certificates of the "right to sign" have it the other way round since 2024.
    is_reversed = is_single_key and profile.kind == SIGN_RIGHT
    usage = _extension(_KEY_USAGE, asn1.element(_BIT_STRING, _usage_bits(profile)), critical=not is_reversed)
    extended = _extension(_EXTENDED_KEY_USAGE, _extended_usages(profile), critical=is_reversed)
    policies = _extension(_POLICIES, _policies(profile))
    lists = (
        _extension(_CRL_POINTS, _crl_points(f"{ADDRESS}/crl/{family}.crl")),
        _extension(_FRESHEST_CRL, _crl_points(f"{ADDRESS}/crl/{family}_d.crl")),
    )
    access = _extension(_AUTHORITY_ACCESS, _access(family))
    identifiers = (
        _extension(_SUBJECT_KEY_IDENTIFIER, asn1.element(asn1.OCTET_STRING, identifier)),
        _extension(
            _AUTHORITY_KEY_IDENTIFIER, asn1.element(asn1.SEQUENCE, asn1.element(0x80, issuer_identifier))
        ),
        _extension(_KEY_STORE_EXTENSION, asn1.element(asn1.SEQUENCE, algorithms.oid_der(_KEPT_IN_PKCS12))),
    )
    if is_single_key:
        return asn1.element(asn1.SEQUENCE, extended, policies, *lists, usage, access, *identifiers)
    return asn1.element(asn1.SEQUENCE, usage, extended, policies, *lists, access, *identifiers)


def authority_extensions(identifier: bytes, issuer_identifier: bytes | None) -> bytes:
    """Extensions of a root (`issuer_identifier` None) or of an issuing authority."""
    is_root = issuer_identifier is None
    constraints = asn1.element(_BOOLEAN, b"\xff") + (b"" if is_root else asn1.integer(0))
    extensions = [
        _extension(_BASIC_CONSTRAINTS, asn1.element(asn1.SEQUENCE, constraints), critical=True),
        _extension(_KEY_USAGE, asn1.element(_BIT_STRING, _USAGE_AUTHORITY), critical=True),
        _extension(_SUBJECT_KEY_IDENTIFIER, asn1.element(asn1.OCTET_STRING, identifier)),
    ]
    if issuer_identifier is not None:
        key = asn1.element(asn1.SEQUENCE, asn1.element(0x80, issuer_identifier))
        extensions.append(_extension(_AUTHORITY_KEY_IDENTIFIER, key))
    return asn1.element(asn1.SEQUENCE, *extensions)


def service_name(service: str, family: str) -> bytes:
    """Name of who stamps times or answers for certificates, DER."""
    title = {TIMESTAMPING: "TIME-STAMPING AUTHORITY", OCSP_RESPONDING: "OCSP RESPONDER"}[service]
    return _name([
        (_COMMON_NAME, _UTF8_STRING, f"QALAMSAP TEST {title} ({_AUTHORITY_TITLES[family]})"),
        (_COUNTRY, _PRINTABLE_STRING, "KZ"),
    ])  # fmt: skip


def service_extensions(service: str, identifier: bytes, issuer_identifier: bytes) -> bytes:
    """Extensions of a service's certificate: the one use, critical for timestamps (RFC 3161 section 2.3), and for OCSP the mark that
    nobody need ask about it (RFC 6960 section 4.2.2.2.1)."""
    is_timestamping = service == TIMESTAMPING
    usage = algorithms.oid_der(_TIME_STAMPING if is_timestamping else _OCSP_SIGNING)
    extensions = [
        _extension(_EXTENDED_KEY_USAGE, asn1.element(asn1.SEQUENCE, usage), critical=is_timestamping),
        _extension(_KEY_USAGE, asn1.element(_BIT_STRING, _USAGE_SERVICE), critical=True),
        _extension(_SUBJECT_KEY_IDENTIFIER, asn1.element(asn1.OCTET_STRING, identifier)),
        _extension(
            _AUTHORITY_KEY_IDENTIFIER, asn1.element(asn1.SEQUENCE, asn1.element(0x80, issuer_identifier))
        ),
    ]
    if not is_timestamping:
        extensions.append(_extension(_OCSP_NO_CHECK, asn1.element(asn1.NULL)))
    return asn1.element(asn1.SEQUENCE, *extensions)


def _usage_bits(profile: Profile) -> bytes:
    if profile.use == IDENTIFY:
        return _USAGE_IDENTIFY
    return _USAGE_SINGLE_KEY if profile.key_type.family is Family.GOST_2015_512 else _USAGE_SIGN


def _extended_usages(profile: Profile) -> bytes:
    first = _CLIENT_AUTH if profile.use == IDENTIFY else _EMAIL_PROTECTION
    return asn1.element(asn1.SEQUENCE, *(algorithms.oid_der(oid) for oid in (first, *_ROLES[profile.kind])))


def _policies(profile: Profile) -> bytes:
    """One policy: of the whole generation for GOST 2015, before it one for each pair of owner and use, with a notice."""
    address = f"{ADDRESS}/cps"
    practice = asn1.element(asn1.SEQUENCE, algorithms.oid_der(_CPS), asn1.element(0x16, address.encode()))
    notice = asn1.element(
        asn1.SEQUENCE,
        algorithms.oid_der(_USER_NOTICE),
        asn1.element(asn1.SEQUENCE, asn1.element(_UTF8_STRING, address.encode())),
    )
    if profile.key_type.family is Family.GOST_2015_512:
        oid, qualifiers = _POLICY, practice
    else:
        number = 1 + (profile.use == IDENTIFY) + 2 * (not profile.is_legal)
        oid, qualifiers = f"{_POLICY}.{number}", practice + notice
    policy = asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), asn1.element(asn1.SEQUENCE, qualifiers))
    return asn1.element(asn1.SEQUENCE, policy)


def _crl_points(address: str) -> bytes:
    full_name = asn1.element(0xA0, asn1.element(0xA0, asn1.element(0x86, address.encode())))
    return asn1.element(asn1.SEQUENCE, asn1.element(asn1.SEQUENCE, full_name))


def _access(family: str) -> bytes:
    descriptions = (
        asn1.element(asn1.SEQUENCE, algorithms.oid_der(method), asn1.element(0x86, address.encode()))
        for method, address in ((_CA_ISSUERS, f"{ADDRESS}/cert/{family}.cer"), (_OCSP, f"{ADDRESS}/ocsp/"))
    )
    return asn1.element(asn1.SEQUENCE, *descriptions)


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    mark = asn1.element(_BOOLEAN, b"\xff") if critical else b""
    return asn1.element(asn1.SEQUENCE, algorithms.oid_der(oid), mark, asn1.element(asn1.OCTET_STRING, value))
