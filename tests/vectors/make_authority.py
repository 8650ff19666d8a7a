"""Makes tests/vectors/authority/: a test authority of ours and key files of every kind that the tests open.

    python tests/vectors/make_authority.py

Everything is new at each run: keys are random. The result is checked in, so that tests need no generation; this script is how
it came to be. Valid from 2026 to the end of 2049, and tests name their own moment, so they don't expire.
"""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from agent import algorithms  # noqa: E402
from agent.formats import asn1  # noqa: E402
from agent.keystores.pkcs12_writer import Entry  # noqa: E402
from agent.testca import key_files, profiles  # noqa: E402
from agent.testca.authority import DEFAULT_PASSWORD, IssuedKey, TestAuthority  # noqa: E402
from agent.testca.key_set import PEOPLE  # noqa: E402

FOLDER = Path(__file__).resolve().parent / "authority"
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
PAST, FUTURE = datetime(2025, 1, 1, tzinfo=UTC), datetime(2049, 1, 1, tzinfo=UTC)

README = """# Key files of our own test authority

Made by `tests/vectors/make_authority.py` with `agent.testca`; nothing in this folder comes from anywhere else. Nobody trusts
these keys: private keys lie open here, also those of the authority in `ca/`, and the password of every key file is `{password}`
(`empty-password.p12`: none). Persons and numbers are invented; the IIN can't exist, there is no 56th of the 34th month.

* `<profile>.p12`: one for each profile of `agent/testca/profiles.py`, in the shape of the national authority's files.
  Valid 2026-01-01 to 2049-12-31.
* `gost2015-individual-expired.p12` (to 2026-01-01), `gost2015-individual-future.p12` (from 2049-01-01).
* `*-modern.p12`: AES and SHA-256 (PBES2), as OpenSSL 3 makes files; `rsa-sign-individual-modern.p12` holds its chain too.
* `two-keys.p12`: two keys with their certificates, of two persons.
* `unsupported-gt.p12`: the key type that the national authority once gave out and nobody supports.
* `mismatched.p12`: the private key of one certificate with another certificate.
* `broken-cut.p12`, `broken-text.p12`: half a file, and no key file at all.
* `ca/<family>-{{root,issuing}}.pem`, `.key`: the authorities.
"""


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    authority = TestAuthority.create(FOLDER / "ca", PAST, not_after=END)

    def issue(name: str, not_before: datetime = START, not_after: datetime = END) -> IssuedKey:
        person = PEOPLE.of_kind(profiles.PROFILES[name].kind)
        return authority.issue(name, person, PEOPLE.organisation, not_before=not_before, not_after=not_after)

    issued = {name: issue(name) for name in profiles.PROFILES}
    files = {name: key.p12() for name, key in issued.items()}
    files["gost2015-individual-expired"] = issue("gost2015-individual", PAST, START).p12()
    files["gost2015-individual-future"] = issue("gost2015-individual", FUTURE, END).p12()
    for name in (
        "gost2015-individual",
        "gost2004-head",
        "rsa-sign-individual",
        "p256-individual",
        "p384-individual",
    ):
        entry = issued[name].entry
        family = issued[name].profile.authority
        chain = [authority.issuers[family, role].certificate for role in ("issuing", "root")]
        files[f"{name}-modern"] = key_files.modern(
            [entry], DEFAULT_PASSWORD, chain=chain if name.startswith("rsa") else ()
        )
    individual, head = issued["gost2015-individual"], issued["gost2015-head"]
    files["two-keys"] = key_files.modern([individual.entry, head.entry], DEFAULT_PASSWORD)
    files["mismatched"] = key_files.national(Entry(individual.pkcs8_der, head.certificate), DEFAULT_PASSWORD)
    files["empty-password"] = individual.p12("")
    files["unsupported-gt"] = key_files.national(_legacy(individual), DEFAULT_PASSWORD)
    files["broken-cut"] = files["gost2015-individual"][:900]
    files["broken-text"] = "это не ключ, а записка\n".encode()
    for name, data in files.items():
        (FOLDER / f"{name}.p12").write_bytes(data)
    (FOLDER / "README.md").write_text(README.format(password=DEFAULT_PASSWORD), encoding="utf-8")


def _legacy(issued: IssuedKey) -> Entry:
    """A key under the identifier of the old "GT" type."""
    identifier = algorithms.algorithm_identifier("1.3.6.1.4.1.6801.1.5.8", asn1.element(asn1.NULL))
    number = asn1.element(asn1.OCTET_STRING, asn1.element(asn1.OCTET_STRING, bytes(range(64))))
    return Entry(asn1.element(asn1.SEQUENCE, asn1.integer(0), identifier, number), issued.certificate)


if __name__ == "__main__":
    main()
