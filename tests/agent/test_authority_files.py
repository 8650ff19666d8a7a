"""Files with certificates of authorities."""

from pathlib import Path

import pytest

from agent import authority_files
from agent.errors import BadInput
from tests.support import chains

ROOT = chains.root().certificate
OTHER = chains.issue("Other root", "p384", ca=True).certificate


def test_every_certificate_of_a_pem_file_is_read_and_text_around_them_is_not() -> None:
    text = f"roots\n{ROOT.pem()}# and\r\n{OTHER.pem()}\n"
    assert authority_files.certificates_in(text.encode()) == (ROOT, OTHER)
    assert authority_files.certificates_in(ROOT.pem(line_end="\r\n").encode()) == (ROOT,)


def test_a_der_file_holds_one() -> None:
    assert authority_files.certificates_in(ROOT.der) == (ROOT,)


def test_several_files_give_each_certificate_once(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text(ROOT.pem() + OTHER.pem())
    (tmp_path / "b.der").write_bytes(ROOT.der)
    assert authority_files.read_authorities([tmp_path / "a.pem", tmp_path / "b.der"]) == (ROOT, OTHER)
    assert authority_files.read_authorities([]) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"junk",
        b"\x30\x82",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ROOT.pem().encode() + b"-----BEGIN CERTIFICATE-----\nAAAA",
        b"-----BEGIN CERTIFICATE-----\n" + ROOT.pem().encode(),
        b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n" * 300,
        bytes(authority_files.MAX_BYTES + 1),
    ],
)
def test_junk_is_bad_input_that_names_the_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"ca\.pem"):
        authority_files.read_authorities([path])


def test_a_folder_stands_for_the_certificates_in_it(tmp_path: Path) -> None:
    (tmp_path / "a.PEM").write_text(ROOT.pem())
    (tmp_path / "b.cer").write_bytes(OTHER.der)
    for name in ("README.txt", "key.p12", ".hidden.pem"):
        (tmp_path / name).write_bytes(b"junk")
    assert authority_files.read_authorities([tmp_path]) == (ROOT, OTHER)
    assert authority_files.files_in(tmp_path) == (tmp_path / "a.PEM", tmp_path / "b.cer")
    (tmp_path / "c.crt").write_bytes(b"junk")
    with pytest.raises(BadInput, match=r"c\.crt"):
        authority_files.read_authorities([tmp_path])


def test_a_folder_with_too_many_files_or_that_is_none_is_bad_input(tmp_path: Path) -> None:
    for number in range(authority_files.MAX_FILES + 1):
        (tmp_path / f"{number}.cer").touch()
    with pytest.raises(BadInput, match="more than 256"):
        authority_files.read_authorities([tmp_path])
    with pytest.raises(BadInput, match="can't be read"):
        authority_files.files_in(tmp_path / "none")


def test_a_certificate_of_a_person_is_not_an_authoritys(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(ROOT.pem())
    assert authority_files.read_authorities([tmp_path]) == (ROOT,)
    (tmp_path / "leaf.cer").write_bytes(chains.person().certificate.der)
    with pytest.raises(BadInput, match=r"leaf\.cer: .* not one of an authority"):
        authority_files.read_authorities([tmp_path])


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read"):
        authority_files.read_authorities([tmp_path / "none"])
