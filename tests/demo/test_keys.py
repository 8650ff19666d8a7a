from pathlib import Path

import pytest

from agent.keystores import pkcs12
from agent.secret import Secret
from demo import keys, sample
from demo.evidence import Verifier
from tests.support.portals import NOW


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    keys.make(folder / "authority", folder / "keys", at=NOW)
    return folder


def test_every_key_of_the_list_opens_with_its_password(made: Path) -> None:
    for key in keys.KEY_FILES:
        with Secret(bytearray(key.password.encode())) as password:
            (stored,) = pkcs12.open((made / "keys" / key.file).read_bytes(), password)
        certificate = stored.certificate
        assert certificate.iin == key.person.iin
        assert (certificate.organisation or "") == key.organisation
        assert (certificate.not_after < NOW) == (key.note == "expired")
        expected = {"auth": ("identify",), "sign": ("sign",)}.get(key.note, ("sign", "identify"))
        assert certificate.uses == expected


def test_key_files_belong_to_the_people_of_the_sample() -> None:
    companies = {key.company.bin for key in keys.KEY_FILES if key.company}
    assert sample.ORGANISATION.bin in companies
    assert sample.ENTREPRENEUR.iin in {key.person.iin for key in keys.KEY_FILES}
    assert all(len(number) == 12 for number in companies)


def test_the_authorities_are_those_that_issued_the_keys(made: Path) -> None:
    found = keys.authorities(made / "authority")
    assert len(found) == 8
    assert all(certificate.is_ca for certificate in found)
    assert len(Verifier(found).chain) == 8
    listed = (made / "authority" / keys.AUTHORITY_FILE).read_text()
    assert listed.count("BEGIN CERTIFICATE") == 8
    assert "PRIVATE" not in listed
