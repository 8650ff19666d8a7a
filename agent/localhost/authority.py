"""Issues what the agent needs for TLS on its own machine: an authority that can vouch for nothing else, and one leaf.

Why each measure (decision 0004): a browser that trusts an authority trusts all it ever signs, so this one

* carries critical name constraints for 127.0.0.1, ::1 and localhost. Both kinds, for a constraint on names leaves all
  addresses open and the other way round (RFC 5280 §4.2.1.10);
* may issue leaves only (path length 0), for TLS servers only (extended key usage);
* has no key any more when `issue` returns: it never touches the disk, nothing can be signed with it again;
* ends together with its leaf, after 820 days (Apple's limit for own roots is 825).
"""

import datetime as dt
import ipaddress
import json
import secrets
import shutil
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from agent.errors import BadInput, StorageFailed
from agent.localhost import files, identity
from agent.localhost.identity import Identity

LIFE = dt.timedelta(days=820)
# Clocks of browsers and of this program are the same, but a clock may be set back after issuing.
BEFORE = dt.timedelta(days=1)

_ADDRESSES = ("127.0.0.1", "::1")
_HOST_NAME = "localhost"
_PEM = serialization.Encoding.PEM


def issue(tls_dir: Path, at: dt.datetime, *, becomes_current: bool = True) -> Identity:
    """Makes a new authority and leaf, the current ones unless said otherwise; identities that were there stay beside them.

    Raises: StorageFailed where the folder can't be written.
    """
    authority_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    identity_id = secrets.token_hex(4)
    not_before = at.astimezone(dt.UTC).replace(microsecond=0) - BEFORE
    not_after = not_before + LIFE
    authority = _authority(identity_id, authority_key, not_before, not_after)
    leaf = _leaf(authority, authority_key, leaf_key.public_key())
    # Not stored anywhere: with the name goes the last reference. Python gives no way to overwrite OpenSSL's copy, which
    # is freed here and gone when this short-lived process ends.
    del authority_key
    facts = {
        "format": identity.FORMAT,
        "not_before": not_before.isoformat(),
        "not_after": not_after.isoformat(),
        "authority_sha256": authority.fingerprint(hashes.SHA256()).hex(),
    }
    octets = {
        identity.KEY: (_private_pem(leaf_key), files.PRIVATE),
        identity.AUTHORITY: (authority.public_bytes(_PEM), files.PUBLIC),
        identity.LEAF: (leaf.public_bytes(_PEM), files.PUBLIC),
        identity.FACTS: (_json(facts), files.PUBLIC),
    }
    try:
        _store(tls_dir, identity_id, octets)
    except OSError as error:
        raise StorageFailed(f"can't write the TLS identity: {error}") from error
    issued = identity.load(tls_dir / identity_id)
    if becomes_current:
        identity.make_current(issued)
    return issued


def constrained(octets: bytes) -> bytes:
    """The DER of an authority's certificate (PEM or DER) that can vouch for loopback and for nothing else, as ours can.

    Raises: BadInput for any other certificate: whoever deploys that would let it vouch for every site.
    """
    try:
        is_pem = octets.lstrip().startswith(b"-----BEGIN")
        found = x509.load_pem_x509_certificate(octets) if is_pem else x509.load_der_x509_certificate(octets)
        constraints = found.extensions.get_extension_for_class(x509.NameConstraints)
        basic = found.extensions.get_extension_for_class(x509.BasicConstraints)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise BadInput("this is no certificate of an authority that is limited to this computer") from error
    permitted = {str(name.value) for name in constraints.value.permitted_subtrees or ()}
    wanted = {str(ipaddress.ip_network(address)) for address in _ADDRESSES} | {_HOST_NAME}
    if not (constraints.critical and basic.value.ca) or permitted != wanted:
        raise BadInput("this authority may vouch for more than 127.0.0.1, ::1 and localhost")
    return found.public_bytes(serialization.Encoding.DER)


def _authority(
    identity_id: str, key: ec.EllipticCurvePrivateKey, not_before: dt.datetime, not_after: dt.datetime
) -> x509.Certificate:
    name = _name(identity.authority_name(identity_id))
    networks = [x509.IPAddress(ipaddress.ip_network(address)) for address in _ADDRESSES]
    constraints = x509.NameConstraints([*networks, x509.DNSName(_HOST_NAME)], None)
    return (
        _builder(name, name, key.public_key(), not_before, not_after)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(issues=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(constraints, critical=True)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePublicKey
) -> x509.Certificate:
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in _ADDRESSES]
    return (
        _builder(
            # Verifiers that also hold the common name against the constraints find a permitted one.
            _name(_HOST_NAME),
            authority.subject,
            key,
            authority.not_valid_before_utc,
            authority.not_valid_after_utc,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(issues=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([*addresses, x509.DNSName(_HOST_NAME)]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    not_before: dt.datetime,
    not_after: dt.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Qalamsap"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, issues: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issues,
        key_cert_sign=issues,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _store(tls_dir: Path, identity_id: str, octets: dict[str, tuple[bytes, int]]) -> None:
    """The folder appears whole under its name, or not at all."""
    files.make_folders(tls_dir, 0o700)
    draft = Path(
        tempfile.mkdtemp(dir=tls_dir, prefix=".draft-")
    )  # 0700: nobody looks in before it is complete
    try:
        for name, (content, mode) in octets.items():
            files.write_atomically(draft / name, content, mode)
        draft.replace(tls_dir / identity_id)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    files.sync_folder(tls_dir)


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, indent=2).encode() + b"\n"
