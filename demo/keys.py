"""Key files for people who try the portal, issued by a test authority of its own.

File names begin as the national portal's do (GOST512_, AUTH_RSA256_, RSA256_), and then say whose key it is, so that nobody has
to guess among digests.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from agent.certificate import Certificate
from agent.testca.authority import DEFAULT_PASSWORD, TestAuthority
from agent.testca.profiles import Organisation, Person
from demo import sample

AUTHORITY_FILE = "test-ca.pem"
"""All certificates of the test authority, beside its keys: for agents that are told which test authorities to accept."""

KOKZHIEK = Organisation(sample.ORGANISATION.name, sample.ORGANISATION.bin or "")
ANOTHER_COMPANY = Organisation("ТОО «Басқа Компания»", "180240022335")
HEAD = Person("ӘБДІРАХМАНОВА", "ГҮЛНҰР", "ЕРКІНҚЫЗЫ", "790305450182")
ACCOUNTANT = Person("СЕРГЕЕВА", "ОЛЬГА", "ИВАНОВНА", "910812400239")
TRADER = Person("СЕЙІТҚАЛИ", "ӘДІЛЕТ", "БОЛАТҰЛЫ", sample.ENTREPRENEUR.iin or "")
STRANGER = Person("ҚОЖАХМЕТОВ", "ТИМУР", "АСҚАРҰЛЫ", "841127300444")

# An authority is older than the keys that it issued, also than the one that has expired by now.
AUTHORITY_AGE = timedelta(days=3 * 365)
EXPIRED_FROM, EXPIRED_TO = timedelta(days=395), timedelta(days=30)
# Clocks differ a little.
KEY_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """`note` is a text key that says what the key is for."""

    file: str
    profile: str
    person: Person
    company: Organisation | None
    note: str
    password: str = DEFAULT_PASSWORD

    @property
    def owner(self) -> str:
        names = (self.person.surname, self.person.given_name, self.person.patronymic)
        return " ".join(name for name in names if name)

    @property
    def organisation(self) -> str:
        return self.company.name if self.company else ""


KEY_FILES = (
    KeyFile("GOST512_kokzhiek_rukovoditel.p12", "gost2015-head", HEAD, KOKZHIEK, "gost"),
    KeyFile("AUTH_RSA256_kokzhiek_buhgalter.p12", "rsa-auth-employee", ACCOUNTANT, KOKZHIEK, "auth"),
    KeyFile("RSA256_kokzhiek_buhgalter.p12", "rsa-sign-employee", ACCOUNTANT, KOKZHIEK, "sign"),
    KeyFile("GOST512_kokzhiek_srok_istek.p12", "gost2015-head", HEAD, KOKZHIEK, "expired"),
    KeyFile("GOST512_qarlygash_seitqali.p12", "gost2015-individual", TRADER, None, "gost"),
    KeyFile("GOST512_chuzhoi_klyuch.p12", "gost2015-head", STRANGER, ANOTHER_COMPANY, "stranger"),
)


def make(authority_dir: Path, keys_dir: Path, *, at: datetime) -> None:
    """Makes the authority and every key of the list, as of the moment `at`.

    Raises: StorageFailed.
    """
    authority = TestAuthority.create(authority_dir, at - AUTHORITY_AGE)
    certificates = "".join(each.pem() for each in (*authority.roots, *authority.issuing))
    (authority_dir / AUTHORITY_FILE).write_text(certificates, encoding="ascii")
    keys_dir.mkdir(mode=0o700)
    for key in KEY_FILES:
        is_expired = key.note == "expired"
        issued = authority.issue(
            key.profile,
            key.person,
            key.company,
            not_before=at - (EXPIRED_FROM if is_expired else KEY_AGE),
            not_after=at - EXPIRED_TO if is_expired else None,
        )
        (keys_dir / key.file).write_bytes(issued.p12(key.password))


def authorities(authority_dir: Path) -> tuple[Certificate, ...]:
    """Certificates of the authorities that the portal trusts, roots first. Their keys stay in their files."""
    paths = [*sorted(authority_dir.glob("*-root.pem")), *sorted(authority_dir.glob("*-issuing.pem"))]
    return tuple(Certificate.from_pem_or_der(path.read_bytes()) for path in paths)
