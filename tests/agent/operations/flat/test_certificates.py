"""What a page hears of the keys in a file."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.operations.flat import certificates
from agent.operations.flat.key_file import NotThere
from protocol.flat_messages import CertificatePart, ListKeysRequest, ReadCertificateRequest
from protocol.prompts import Purpose
from tests.support import authority, named_keys
from tests.support.named_keys import PERSON


def listed(folder: Path, name: str, purpose: Purpose = "any") -> list[list[str]]:
    place = named_keys.place(folder, name)
    asked = named_keys.approval(folder, chosen=(place.path,))
    text = certificates.list_keys(ListKeysRequest(place, purpose), asked).text
    assert text.endswith("\n")
    return [line.split("|") for line in text.splitlines()]


def read(folder: Path, part: CertificatePart, name: str = PERSON, oid: str = "", index: int = 0) -> str:
    place = named_keys.place(folder, name, alias=named_keys.alias_of(name))
    asked = named_keys.approval(folder, chosen=(place.path,))
    return certificates.read(ReadCertificateRequest(place, part, oid, index), asked).text


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [(PERSON, "ECGOST3410-2015-512"), ("gost2004-individual", "ECGOST34310"), ("rsa-sign-individual", "RSA")],
)
def test_a_line_has_algorithm_name_serial_number_and_alias(tmp_path: Path, name: str, algorithm: str) -> None:
    certificate = authority.certificate(name)
    assert listed(tmp_path, name) == [
        [algorithm, certificate.common_name, f"{certificate.serial_number:x}", named_keys.alias_of(name)]
    ]


def test_each_key_has_its_line(tmp_path: Path) -> None:
    lines = listed(tmp_path, "two-keys")
    assert len(lines) == 2
    assert all(len(line) == 4 for line in lines)


@pytest.mark.parametrize(
    ("name", "purpose", "fits"),
    [
        ("rsa-sign-individual", "sign", True),
        ("rsa-sign-individual", "identify", False),
        ("rsa-auth-individual", "sign", False),
        ("rsa-auth-individual", "identify", True),
        (PERSON, "sign", True),
        (PERSON, "identify", True),
    ],
)
def test_only_keys_for_the_purpose_are_listed(
    tmp_path: Path, name: str, purpose: Purpose, fits: bool
) -> None:
    if fits:
        assert listed(tmp_path, name, purpose)
        return
    with pytest.raises(NotThere) as caught:
        listed(tmp_path, name, purpose)
    assert caught.value.what == "key"


def test_dates_are_written_in_the_computers_time(tmp_path: Path) -> None:
    certificate = authority.certificate(PERSON)
    for part, moment in (("not-before", certificate.not_before), ("not-after", certificate.not_after)):
        text = read(tmp_path, part)  # type: ignore[arg-type]  # a literal, as one sees
        found = datetime.strptime(text, "%d.%m.%Y %H:%M:%S").astimezone(UTC)  # local, as pages get it
        assert found == moment


def test_names_are_those_that_pages_take_apart(tmp_path: Path) -> None:
    subject = dict(part.split("=", 1) for part in read(tmp_path, "subject", "gost2015-head").split(","))
    certificate = authority.certificate("gost2015-head")
    assert subject["CN"] == certificate.common_name
    assert subject["SERIALNUMBER"] == f"IIN{certificate.iin}"
    assert subject["OU"] == f"BIN{certificate.bin}"
    assert subject["G"] == certificate.patronymic
    assert read(tmp_path, "issuer") == authority.certificate(PERSON).issuer.text()


def test_long_keywords_are_for_sites_that_want_them(tmp_path: Path) -> None:
    place = named_keys.place(tmp_path, alias=named_keys.alias_of())
    asked = named_keys.approval(tmp_path, chosen=(place.path,))
    request = ReadCertificateRequest(place, "subject", name_keywords="ST-GIVENNAME")
    assert "GIVENNAME=" in certificates.read(request, asked).text


def test_an_attribute_is_found_by_its_identifier_and_place(tmp_path: Path) -> None:
    assert read(tmp_path, "attribute", oid="2.5.4.3") == authority.certificate(PERSON).common_name


@pytest.mark.parametrize(
    ("oid", "index"), [("2.5.4.15", 0), ("2.5.4.3", 1), ("2.5.4.3", -1), ("", 0), ("x", 0)]
)
def test_an_attribute_that_is_not_there_is_missing(tmp_path: Path, oid: str, index: int) -> None:
    with pytest.raises(NotThere) as caught:
        read(tmp_path, "attribute", oid=oid, index=index)
    assert caught.value.what == "attribute"


def test_a_name_can_not_make_another_line() -> None:
    assert "a|b\nc".translate(certificates._UNFIT) == "a/b c"
