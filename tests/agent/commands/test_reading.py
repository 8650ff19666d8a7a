"""Files that a command line names."""

from pathlib import Path

import pytest

from agent import algorithms
from agent.commands import reading
from agent.errors import BadInput
from agent.formats import cms
from tests.support import authority, chains


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "act"
    path.write_bytes(b"an act")
    return path


def test_a_file_is_read_whole_unless_it_is_too_long(file: Path) -> None:
    assert reading.whole(file) == b"an act"
    assert reading.whole(file, 6) == b"an act"
    with pytest.raises(BadInput, match="act is over 5 octets"):
        reading.whole(file, 5)


def test_what_can_not_be_read_is_bad_input_that_says_why(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(BadInput, match=reason):
            reading.whole(path)
        with pytest.raises(BadInput, match=reason), reading.opened(path):
            pytest.fail("it was opened")
    with pytest.raises(BadInput, match="No such file"):
        reading.is_large(tmp_path / "none")


def test_what_goes_wrong_while_a_file_is_read_is_bad_input_too(file: Path) -> None:
    with pytest.raises(BadInput, match="Input/output error"), reading.opened(file):
        raise OSError(5, "Input/output error")


def test_a_file_is_large_from_one_octet_over_the_limit(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not reading.is_large(file)
    monkeypatch.setattr(reading, "LARGE_BYTES", 6)
    assert not reading.is_large(file)
    monkeypatch.setattr(reading, "LARGE_BYTES", 5)
    assert reading.is_large(file)


def test_the_size_of_an_open_file_leaves_it_at_its_beginning(file: Path) -> None:
    with reading.opened(file) as stream:
        stream.read(3)
        assert reading.size(stream) == 6
        assert stream.read() == b"an act"


def test_a_file_is_hashed_by_several_algorithms_in_one_pass(file: Path) -> None:
    wanted = (algorithms.SHA256, algorithms.STREEBOG_512)
    with reading.opened(file) as stream:
        assert reading.digests(stream, wanted) == {each.oid: each(b"an act") for each in wanted}


def test_a_document_is_hashed_by_what_its_signers_name_as_far_as_we_know_it(file: Path) -> None:
    message = cms.sign(chains.person("rsa"), b"an act", at=chains.NOW, detached=True)
    both = cms.cosign(chains.person("gost2015"), message, at=chains.NOW, content=b"an act")
    named = reading.digests_named(both, file)
    assert named == {each.oid: each(b"an act") for each in (algorithms.SHA256, algorithms.STREEBOG_512)}
    unknown = both.replace(
        algorithms.STREEBOG_512.identifier_der, bytes.fromhex("300c06082a830e030a0103090500")
    )
    assert set(reading.digests_named(unknown, file)) == {algorithms.SHA256.oid}
    with pytest.raises(BadInput):
        reading.digests_named(b"junk", file)


@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_certificate_is_read_in_either_form(form: str, tmp_path: Path) -> None:
    certificate, path = authority.certificate("gost2015-head"), tmp_path / "head.cer"
    path.write_bytes(certificate.pem().encode() if form == "pem" else certificate.der)
    assert reading.certificate(path) == certificate
    path.write_bytes(b"junk")
    with pytest.raises(BadInput):
        reading.certificate(path)
