"""Another password for a key file: the same keys and certificates in the same shape."""

import hashlib
import hmac
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from asn1crypto import core

from agent import algorithms
from agent.errors import BrokenKeyStore, UnsupportedKey, WrongPassword
from agent.formats import asn1
from agent.keystores import new_keys, new_password, open_keys, pbe, pkcs12, pkcs12_writer
from tests.support import authority

NEW = "Жаңа-құпия-9"
FILES = (
    "gost2015-head", "gost2004-individual", "rsa-sign-individual", "p256-individual", "gost2015-individual-modern",
    "rsa-sign-individual-modern", "two-keys",
)  # fmt: skip


def changed(data: bytes, old: str = authority.PASSWORD, new: str = NEW) -> bytes:
    return new_password.change(data, authority.secret(old), authority.secret(new))


def ids(data: bytes, password: str) -> list[tuple[str, tuple[str, ...], str]]:
    found = pkcs12.open(data, authority.secret(password))
    return [
        (key.key_id, tuple(each.fingerprint for each in key.certificates), key.friendly_name) for key in found
    ]


@pytest.mark.parametrize("name", FILES)
def test_the_same_keys_open_with_the_new_password_only(name: str) -> None:
    before = authority.path(name).read_bytes()
    after = changed(before)
    assert ids(after, NEW) == ids(before, authority.PASSWORD)
    with pytest.raises(WrongPassword):
        pkcs12.open(after, authority.secret())
    assert abs(len(after) - len(before)) <= 8  # indefinite lengths have become definite


@pytest.mark.parametrize("name", ["gost2015-head", "gost2015-individual-modern"])
def test_algorithms_and_counts_of_iterations_stay_and_salts_do_not(name: str) -> None:
    before = authority.path(name).read_bytes()
    after = changed(before)
    old, new = (_algorithms(data) for data in (before, after))
    assert [(oid, count) for oid, count, _ in new] == [(oid, count) for oid, count, _ in old]
    assert not {salt for _, _, salt in new} & {salt for _, _, salt in old}


def _algorithms(data: bytes) -> list[tuple[str, int, bytes]]:
    """OID, iterations and salt of each encryption, and of the MAC."""
    pfx = pkcs12._Pfx.load(data)
    mac = pfx["mac_data"]
    found = [(mac["mac"]["algorithm"]["algorithm"].dotted, mac["iterations"].native, mac["salt"].native)]
    for part in pkcs12._AuthenticatedSafe.load(pkcs12._safe_octets(pfx)):
        if part["type"].dotted == pkcs12_writer.ENCRYPTED_DATA:
            found.append(_parameters(part["content"].parse(pkcs12._EncryptedData)["inside"]["algorithm"]))
            continue
        for bag in pkcs12._SafeContents.load(part["content"].parse(core.OctetString).native):
            if bag["type"].dotted == pkcs12_writer.SHROUDED_KEY_BAG:
                found.append(_parameters(bag["value"].parse(pkcs12._ShroudedKey)["algorithm"]))
    return found


def _parameters(algorithm: pbe.AlgorithmIdentifier) -> tuple[str, int, bytes]:
    oid = algorithm["algorithm"].dotted
    if pbe.is_modern(algorithm):
        parameters = algorithm["parameters"].parse(pbe._Pbes2Parameters)["derivation"]["parameters"]
        inside = parameters.parse(pbe._Pbkdf2Parameters)
    else:
        inside = algorithm["parameters"].parse(pbe._Pkcs12Parameters)
    return oid, inside["iterations"].native, inside["salt"].native


def test_files_that_the_national_authority_issued_change_too(vectors: Path) -> None:
    issued = [
        each
        for each in json.loads((vectors / "index.json").read_text("utf-8"))
        if each["file"].endswith(".p12")
    ]
    kinds = {each["file"].rpartition("_")[0].rpartition("_")[0]: each for each in issued}  # one of each kind
    assert len(kinds) >= 10
    for each in kinds.values():
        before = (vectors / each["file"]).read_bytes()
        assert ids(changed(before, each["password"]), NEW) == ids(before, each["password"]), each["file"]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs tool: openssl")
@pytest.mark.parametrize("name", ["rsa-sign-individual", "p256-individual-modern"])
def test_openssl_opens_what_was_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(changed(authority.path(name).read_bytes(), new="New-12345"))
    done = subprocess.run(
        ["openssl", "pkcs12", "-legacy", "-in", path, "-passin", "pass:New-12345", "-nodes", "-noout"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_key_that_waits_for_its_certificate_changes_too() -> None:
    key = new_keys.generate(algorithms.P256_KEY)
    before = pkcs12_writer.write_pending(key.pkcs8_der, b"id", authority.secret(), iterations=100)
    after = changed(before)
    pkcs12.open_pending(after, authority.secret(NEW)).wipe()
    with pytest.raises(WrongPassword):
        pkcs12.open_pending(after, authority.secret())


def test_a_key_of_an_unknown_kind_changes_too() -> None:
    after = changed(authority.path("unsupported-gt").read_bytes())
    with pytest.raises(UnsupportedKey):
        pkcs12.open(after, authority.secret(NEW))


def test_an_empty_password_is_given_up_for_a_real_one() -> None:
    before = authority.path("empty-password").read_bytes()
    assert ids(changed(before, old=""), NEW) == ids(before, "")


def test_a_wrong_password_and_a_broken_file_are_told_apart() -> None:
    data = authority.path("gost2015-head").read_bytes()
    with pytest.raises(WrongPassword):
        changed(data, old="Qwerty13")
    for broken in (b"", data[:-20], authority.path("broken-text").read_bytes()):
        with pytest.raises(BrokenKeyStore):
            changed(broken)


def test_a_file_without_a_mac_stays_without_one() -> None:
    pfx = asn1.read(authority.path("gost2015-individual-modern").read_bytes())
    version, safe, _mac = _children(pfx)
    before = asn1.element(asn1.SEQUENCE, version, safe)
    after = changed(before)
    assert len(_children(asn1.read(after))) == 2
    assert ids(after, NEW) == ids(before, authority.PASSWORD)
    with pytest.raises(WrongPassword):
        changed(before, old="Qwerty13")


def test_a_wrong_password_that_the_padding_lets_pass_changes_nothing() -> None:
    """One in 256 does, and a file without a MAC has nothing else to tell it by."""
    key = new_keys.generate(algorithms.P256_KEY)
    pending = pkcs12_writer.write_pending(key.pkcs8_der, b"id", authority.secret(), iterations=1)
    version, safe, _mac = _children(asn1.read(pending))
    before = asn1.element(asn1.SEQUENCE, version, safe)
    wrong = next(text for number in range(20_000) if _passes_padding(before, text := f"wrong-{number}"))
    with pytest.raises(WrongPassword):
        changed(before, old=wrong)
    pkcs12.open_pending(changed(before), authority.secret(NEW)).wipe()


def _passes_padding(data: bytes, password: str) -> bool:
    with pkcs12._unlocked(data, authority.secret(password)) as (contents, lock):
        try:
            pkcs12._plain_key(contents.keys[0], lock)
        except WrongPassword:
            return False
    return True


def test_what_may_hold_the_old_password_is_not_passed_over() -> None:
    """Java puts secret keys into secretBags, encrypted on their own."""
    pfx = pkcs12._Pfx.load(authority.path("gost2015-individual-modern").read_bytes())
    parts = [part.dump() for part in pkcs12._AuthenticatedSafe.load(pkcs12._safe_octets(pfx))]
    secret = pkcs12_writer.bag(
        "1.2.840.113549.1.12.10.1.5", asn1.element(asn1.SEQUENCE, algorithms.oid_der("1.2.3")), b""
    )
    parts.append(pkcs12_writer.data(asn1.element(asn1.SEQUENCE, secret)))
    password = pbe.Password.of(authority.PASSWORD.encode())
    before = pkcs12_writer.pfx(asn1.element(asn1.SEQUENCE, *parts), password, algorithms.SHA256, 100)
    assert ids(before, authority.PASSWORD)
    with pytest.raises(UnsupportedKey, match="old password"):
        changed(before)


OPEN_KEY = bytes(new_keys.generate(algorithms.P256_KEY).pkcs8_der)


@pytest.mark.parametrize("is_nested", [False, True])
def test_a_key_that_lies_open_in_an_encrypted_part_is_read_and_kept_and_no_copy_of_it_stays(
    is_nested: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bytes] = []
    taken: list[bytearray] = []
    load, take_out, encrypt = pkcs12._SafeContents.load, open_keys.take_out, pbe.encrypt_as
    encrypted: list[bytearray] = []

    def spied_load(octets: bytes, **options: bool) -> object:
        seen.append(octets)
        return load(octets, **options)

    def spied_take_out(plain: bytearray) -> list[bytearray]:
        found = take_out(plain)
        taken.extend([plain, *found])
        return found

    def spied_encrypt(algorithm: object, plain: bytearray, password: pbe.Password) -> tuple[bytes, bytes]:
        assert OPEN_KEY in plain
        encrypted.append(plain)
        return encrypt(algorithm, plain, password)

    before = file_with_an_open_key(is_nested=is_nested)
    monkeypatch.setattr(pkcs12._SafeContents, "load", spied_load)
    monkeypatch.setattr(open_keys, "take_out", spied_take_out)
    monkeypatch.setattr(pbe, "encrypt_as", spied_encrypt)
    after = changed(before)
    for data, password in ((before, authority.PASSWORD), (after, NEW)):
        key = pkcs12.open_pending(data, authority.secret(password))
        assert key.pkcs8_der == OPEN_KEY
        key.wipe()
    with pytest.raises(WrongPassword):
        pkcs12.open_pending(after, authority.secret())
    assert len(encrypted) == 1
    assert not any(encrypted[0])
    assert len(taken) >= 6  # each time it was read
    content = OPEN_KEY[-100:]
    assert [octets for octets in (*seen, *taken) if content in octets] == []


def file_with_an_open_key(*, is_nested: bool = False) -> bytes:
    bags = asn1.element(asn1.SEQUENCE, pkcs12_writer.bag(pkcs12._KEY_BAG, OPEN_KEY, b""))
    if is_nested:
        bags = asn1.element(asn1.SEQUENCE, pkcs12_writer.bag(pkcs12._SAFE_CONTENTS_BAG, bags, b""))
    password = pbe.Password.of(authority.PASSWORD.encode())
    part = pkcs12_writer.encrypted_data(*pbe.encrypt(bags, password, 100))
    return pkcs12_writer.pfx(asn1.element(asn1.SEQUENCE, part), password, algorithms.SHA256, 100)


def _children(element: asn1.Element) -> list[bytes]:
    return [bytes(child.der) for child in element.children()]


def test_a_part_that_no_password_opens_is_not_supported() -> None:
    enveloped = asn1.element(
        asn1.SEQUENCE,
        algorithms.oid_der("1.2.840.113549.1.7.3"),
        asn1.element(0xA0, asn1.element(asn1.SEQUENCE)),
    )
    password = pbe.Password.of(authority.PASSWORD.encode())
    data = pkcs12_writer.pfx(asn1.element(asn1.SEQUENCE, enveloped), password, algorithms.SHA256, 100)
    with pytest.raises(UnsupportedKey):
        changed(data)


def test_what_would_not_be_the_same_is_not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    real = pbe.encrypt_as

    def spoil(algorithm: object, plain: bytes, password: pbe.Password) -> tuple[bytes, bytes]:
        spoilt = bytearray(plain)
        if len(spoilt) < 400:  # the key, and not the certificate
            spoilt[-1] ^= 1
        return real(algorithm, spoilt, password)

    monkeypatch.setattr(pbe, "encrypt_as", spoil)
    with pytest.raises(BrokenKeyStore, match="not be the same"):
        changed(authority.path("gost2015-head").read_bytes())


def test_a_mac_with_a_key_by_pbkdf2_stays_one() -> None:
    """RFC 9579."""
    _, safe, _mac = _children(asn1.read(authority.path("p256-individual-modern").read_bytes()))
    function = algorithms.algorithm_identifier("1.2.840.113549.2.9", b"\x05\x00")
    values = asn1.element(
        asn1.SEQUENCE,
        asn1.element(asn1.OCTET_STRING, b"12345678"),
        asn1.integer(100),
        asn1.integer(32),
        function,
    )
    derivation = asn1.element(asn1.SEQUENCE, algorithms.oid_der(pbe._PBKDF2), values)
    like = asn1.element(
        asn1.SEQUENCE, algorithms.oid_der(pbe._PBMAC1), asn1.element(asn1.SEQUENCE, derivation, function)
    )
    octets = pkcs12._safe_octets(pkcs12._Pfx.load(authority.path("p256-individual-modern").read_bytes()))
    key = hashlib.pbkdf2_hmac("sha256", authority.PASSWORD.encode(), b"12345678", 100, 32)
    mac = asn1.element(
        asn1.SEQUENCE,
        asn1.element(
            asn1.SEQUENCE, like, asn1.element(asn1.OCTET_STRING, hmac.digest(key, octets, "sha256"))
        ),
        asn1.element(asn1.OCTET_STRING, b"NOT USED"),
        asn1.integer(1),
    )
    before = asn1.element(asn1.SEQUENCE, asn1.integer(3), safe, mac)
    after = changed(before)
    assert ids(after, NEW) == ids(before, authority.PASSWORD)
    written = pkcs12._Pfx.load(after)["mac_data"]["mac"]["algorithm"]
    assert written["algorithm"].dotted == pbe._PBMAC1
    with pytest.raises(WrongPassword):
        pkcs12.open(after, authority.secret())


def test_bags_inside_bags_change_too() -> None:
    """SafeContents in SafeContents: nobody writes them, and they are read."""
    pfx = pkcs12._Pfx.load(authority.path("gost2015-individual-modern").read_bytes())
    parts = []
    for part in pkcs12._AuthenticatedSafe.load(pkcs12._safe_octets(pfx)):
        if part["type"].dotted == pkcs12_writer.DATA:
            inner = part["content"].parse(core.OctetString).native
            nested = pkcs12_writer.bag(pkcs12._SAFE_CONTENTS_BAG, inner, b"")
            parts.append(pkcs12_writer.data(asn1.element(asn1.SEQUENCE, nested)))
        else:
            parts.append(part.dump())
    password = pbe.Password.of(authority.PASSWORD.encode())
    before = pkcs12_writer.pfx(asn1.element(asn1.SEQUENCE, *parts), password, algorithms.SHA256, 100)
    assert ids(changed(before), NEW) == ids(before, authority.PASSWORD) != []
