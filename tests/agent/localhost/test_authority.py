"""The authority and its leaf: what they say, what they can't be used for, and how they reach the disk."""

import datetime as dt
import os
import ssl
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from agent.errors import BadInput, StorageFailed
from agent.localhost import authority, files, identity
from tests.support import sites
from tests.support.trusting import NOW, rogue


def certificates(issued: identity.Identity) -> tuple[x509.Certificate, x509.Certificate]:
    paths = (issued.authority_path, issued.certificate_path)
    first, second = (x509.load_pem_x509_certificate(path.read_bytes()) for path in paths)
    return first, second


def test_the_authority_is_critically_constrained_to_this_computers_own_names(
    issued: identity.Identity,
) -> None:
    made, _ = certificates(issued)
    constraints = made.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.excluded_subtrees is None
    assert constraints.value.permitted_subtrees == [
        x509.IPAddress(ip_network("127.0.0.1/32")),
        x509.IPAddress(ip_network("::1/128")),
        x509.DNSName("localhost"),
    ]


def test_the_authority_may_issue_leaves_of_tls_servers_only(issued: identity.Identity) -> None:
    made, _ = certificates(issued)
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    assert not usage.value.crl_sign
    purposes = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_leaf_is_for_both_loopback_addresses_and_localhost(issued: identity.Identity) -> None:
    made, leaf = certificates(issued)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [
        x509.IPAddress(ip_address("127.0.0.1")),
        x509.IPAddress(ip_address("::1")),
        x509.DNSName("localhost"),
    ]
    leaf.verify_directly_issued_by(made)
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)


def test_leaf_and_authority_last_820_days_and_end_together(issued: identity.Identity) -> None:
    made, leaf = certificates(issued)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == dt.timedelta(days=820)
    assert leaf.not_valid_after_utc == made.not_valid_after_utc == issued.not_after
    assert leaf.not_valid_before_utc == made.not_valid_before_utc == issued.not_before <= NOW


def test_names_are_unique_and_tell_nothing_of_person_or_machine(tmp_path: Path) -> None:
    subjects = set()
    for _ in range(3):
        made, leaf = certificates(authority.issue(tmp_path, NOW))
        subjects.add(made.subject.rfc4514_string())
        text = (made.subject.rfc4514_string() + leaf.subject.rfc4514_string()).lower()
        assert os.uname().nodename.lower() not in text
        assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value.startswith(
            "Qalamsap local authority "
        )
    assert len(subjects) == 3


def test_the_only_key_on_the_disk_is_the_leafs_and_it_is_private(issued: identity.Identity) -> None:
    made, leaf = certificates(issued)
    held = [
        path
        for path in issued.folder.parent.rglob("*")
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
    ]
    assert held == [issued.key_path]
    key = load_pem_private_key(issued.key_path.read_bytes(), None)
    assert key.public_key() == leaf.public_key() != made.public_key()
    assert issued.key_path.stat().st_mode & 0o777 == 0o600
    assert issued.folder.stat().st_mode & 0o777 == 0o700
    assert issued.folder.parent.stat().st_mode & 0o777 == 0o700


def test_a_key_is_private_from_the_first_octet_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    write = files.write_atomically

    def watch(path: Path, octets: bytes, mode: int) -> None:
        write(path, octets, mode)
        seen.append((path.name, path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777))

    monkeypatch.setattr(files, "write_atomically", watch)
    before = os.umask(0)
    try:
        authority.issue(tmp_path / "tls", NOW)
    finally:
        os.umask(before)
    assert (identity.KEY, 0o600, 0o700) in seen


def test_a_crash_while_issuing_leaves_the_old_identity_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = authority.issue(tmp_path, NOW)
    write = files.write_atomically

    def fail_late(path: Path, octets: bytes, mode: int) -> None:
        if path.name == identity.FACTS:
            raise OSError(28, "No space left on device")
        write(path, octets, mode)

    monkeypatch.setattr(files, "write_atomically", fail_late)
    with pytest.raises(StorageFailed, match="No space left"):
        authority.issue(tmp_path, NOW)
    monkeypatch.undo()
    assert identity.current(tmp_path) == first
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([first.identity_id, identity.CURRENT])


def test_a_client_that_trusts_the_authority_accepts_the_leaf(issued: identity.Identity) -> None:
    """Python's ssl (OpenSSL) as the client, with host name checking on."""
    server = sites.ServerCertificate(issued.certificate_path, issued.key_path).tls()
    client = ssl.create_default_context(cafile=str(issued.authority_path))
    for name in ("127.0.0.1", "::1", "localhost"):
        shake_hands(client, server, name)


def test_a_client_refuses_other_names_from_a_stolen_authority(tmp_path: Path) -> None:
    thief = rogue(tmp_path / "thief")
    client = ssl.create_default_context(cafile=str(thief.certificate_path))
    shake_hands(client, thief.issue("127.0.0.1").tls(), "127.0.0.1")
    for name in ("portal.test", "127.0.0.2", "10.0.0.1", "sub.example.kz"):
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            shake_hands(client, thief.issue(name).tls(), name)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """A whole TLS handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, True),
    ]
    for _ in range(4):
        for end in list(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            ends.remove(end)
    assert not ends


def test_only_an_authority_that_is_limited_to_this_computer_is_taken_for_ours(tmp_path: Path) -> None:
    ours = authority.issue(tmp_path / "tls", NOW)
    pem = ours.authority_path.read_bytes()
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    assert authority.constrained(pem) == authority.constrained(der) == der
    free = sites.SiteAuthority.create(tmp_path / "free").certificate_path.read_bytes()
    wide = sites.SiteAuthority.create(tmp_path / "wide", permitted=("127.0.0.0/8", "localhost"))
    names = sites.SiteAuthority.create(tmp_path / "names", permitted=("localhost",))
    for octets in (
        free,
        wide.certificate_path.read_bytes(),
        names.certificate_path.read_bytes(),
        ours.certificate_path.read_bytes(),
        b"",
        b"-----BEGIN CERTIFICATE-----",
    ):
        with pytest.raises(BadInput):
            authority.constrained(octets)
