"""A whole set of keys for a demonstration: authority, people, key files, and a list of it all."""

import dataclasses
import json
from datetime import datetime
from pathlib import Path

from agent.errors import StorageFailed
from agent.testca import profiles
from agent.testca.authority import DEFAULT_PASSWORD, IssuedKey, TestAuthority
from agent.testca.profiles import EMPLOYEE, HEAD, INDIVIDUAL, SIGN_RIGHT, Organisation, Person

AUTHORITY_FOLDER = "authority"
ROOTS_FILE = "test-ca.pem"
MANIFEST_FILE = "manifest.json"


@dataclasses.dataclass(frozen=True, slots=True)
class People:
    """Whom a set is issued to."""

    individual: Person
    head: Person
    employee: Person
    sign_right: Person
    organisation: Organisation

    def of_kind(self, kind: str) -> Person:
        return {
            INDIVIDUAL: self.individual,
            HEAD: self.head,
            EMPLOYEE: self.employee,
            SIGN_RIGHT: self.sign_right,
        }[kind]


# Numbers that nobody has: an IIN begins with the date of birth, and there is no 56th of the 34th month.
PEOPLE = People(
    individual=Person("СЫНАҚОВА", "АЙГҮЛ", "СЕРІКҚЫЗЫ", "123456789011"),
    head=Person("ҮЛГІБАЕВ", "ДӘУРЕН", "МАРАТҰЛЫ", "123456789012"),
    employee=Person("ТЕСТОВ", "ИВАН", "ПЕТРОВИЧ", "123456789013"),
    sign_right=Person("ПРИМЕРОВА", "АННА", "", "123456789014"),
    organisation=Organisation("ТОО «Сынақ»", "123456789021"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class KeySet:
    """What lies in the folder now."""

    folder: Path
    roots_file: Path
    """All certificates of the authority in one PEM file, for --test-ca: a key file holds no issuing authority."""
    manifest: dict[str, object]


def issue_set(
    folder: Path,
    *,
    at: datetime,
    people: People = PEOPLE,
    password: str = DEFAULT_PASSWORD,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    profile_names: tuple[str, ...] | None = None,
) -> KeySet:
    """Makes an authority in `folder`, or takes the one there, and issues keys of every profile, or of those named.

    Key files lie in a folder for each kind of owner and bear the names that the national portal gives. The manifest tells
    file, password, profile and owner of each: they are test keys, so the password is no secret.

    Raises: StorageFailed, BadInput.
    """
    home = folder / AUTHORITY_FOLDER
    authority = TestAuthority.load(home) if home.exists() else TestAuthority.create(home, at)
    entries = []
    for name in profile_names or tuple(profiles.PROFILES):
        issued = authority.issue(
            name,
            people.of_kind(profiles.PROFILES[name].kind) if name in profiles.PROFILES else people.individual,
            people.organisation,
            not_before=not_before or at,
            not_after=not_after,
        )
        entries.append(_write_key(folder, issued, password))
    return _write_lists(folder, authority, entries)


def _write_key(folder: Path, issued: IssuedKey, password: str) -> dict[str, object]:
    """Writes the key file, and gives its line of the manifest."""
    path = folder / issued.profile.kind / issued.file_name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(issued.p12(password))
    except OSError as error:
        raise StorageFailed(f"the key file can't be written: {error.strerror}") from error
    certificate = issued.certificate
    return {
        "file": path.relative_to(folder).as_posix(),
        "password": password,
        "profile": issued.profile.name,
        "kind": issued.profile.kind,
        "family": issued.profile.authority,
        "uses": list(certificate.uses),
        "owner": {
            "common_name": certificate.common_name,
            "iin": certificate.iin,
            "organisation": certificate.organisation,
            "bin": certificate.bin,
        },
        "not_before": certificate.not_before.isoformat(),
        "not_after": certificate.not_after.isoformat(),
    }


def _write_lists(folder: Path, authority: TestAuthority, entries: list[dict[str, object]]) -> KeySet:
    roots_file, manifest_file = folder / ROOTS_FILE, folder / MANIFEST_FILE
    try:
        before = (
            json.loads(manifest_file.read_text(encoding="utf-8"))["keys"] if manifest_file.exists() else []
        )
        manifest: dict[str, object] = {
            "note": "test keys: nobody trusts them, the passwords are no secret",
            "roots": ROOTS_FILE,
            "authorities": [f"{AUTHORITY_FOLDER}/{f}-{r}.pem" for f, r in authority.issuers],
            "keys": [*before, *entries],
        }
        roots_file.write_text(
            "".join(each.pem() for each in (*authority.roots, *authority.issuing)), encoding="ascii"
        )
        manifest_file.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageFailed("the list of keys can't be written") from error
    return KeySet(folder, roots_file, manifest)
