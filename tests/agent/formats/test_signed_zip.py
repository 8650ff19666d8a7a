"""The national library's signed ZIP: the published ones hold, and what is changed in one is noticed."""

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput, UnsupportedOperation
from agent.formats import cms, signed_zip, zip_files
from tests.support import chains, signed_zips

FILES = [("құжат.txt", "құжат".encode()), ("f/б.pdf", b"%PDF-1.7")]


def reasons(data: bytes) -> list[tuple[str, ...]]:
    return [evidence.reasons for evidence in signed_zip.verify(data)]


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_a_signed_archive_verifies(family: str) -> None:
    person = chains.person(family)
    (evidence,) = signed_zip.verify(signed_zips.signed(FILES, person))
    assert (evidence.signature, evidence.reasons) == ("valid", ())
    assert evidence.certificate == person.certificate
    assert evidence.signing_time == signed_zips.AT
    assert (evidence.covers, evidence.title) == ("құжат.txt, f/б.pdf", signed_zips.MESSAGE)


def test_published_archives_verify(vectors: Path) -> None:
    for name in ("files", "folder"):
        path = vectors / f"zip/skarm_zip_signed_{name}.zip"
        (evidence,) = signed_zip.verify(path.read_bytes())
        assert (evidence.signature, evidence.reasons) == ("valid", ())
        with zipfile.ZipFile(path) as archive:
            files = [name for name in archive.namelist() if not name.startswith("META-INF/")]
        assert evidence.covers.split(", ") == files


def test_each_signer_is_judged() -> None:
    data = signed_zips.signed(FILES, chains.person("gost2015"), chains.person("rsa"))
    assert reasons(data) == [(), ()]


def test_another_file_a_missing_one_and_one_more_are_noticed() -> None:
    listed = signed_zips.manifest(FILES)
    message = cms.sign(chains.person(), listed, at=signed_zips.AT, detached=True)
    changed = [("құжат.txt", b"another"), FILES[1]]
    more = [*FILES, ("more.txt", b"")]
    inside = [*FILES, ("META-INF/more.txt", b"")]
    for files, reason in (
        (changed, "digest-mismatch"),
        (FILES[:1], "file-missing"),
        (more, "file-not-signed"),
        (inside, "file-not-signed"),
    ):
        assert reasons(signed_zips.archive(files, message, listed)) == [(reason,)]


def test_a_signature_over_another_manifest_is_noticed() -> None:
    message = cms.sign(chains.person(), signed_zips.manifest(FILES[:1]), at=signed_zips.AT, detached=True)
    assert reasons(signed_zips.archive(FILES, message)) == [("digest-mismatch",)]


def test_a_file_that_the_manifest_calls_its_signature_is_still_a_file() -> None:
    """A signer may not slip in a file as the container's own."""
    listed = signed_zips.manifest(FILES[:1], message="f/б.pdf")
    data = signed_zips.archive(FILES, b"", listed)
    assert reasons(data) == [("damaged", "file-not-signed", "no-certificate")]


@pytest.mark.parametrize(
    "listed",
    [
        b"<NCAManifest/>",
        b"<Other/>",
        b"",
        b"<NCAManifest>" + b'<SigReference URI="s"/>' * 101 + b"</NCAManifest>",
    ],
)
def test_an_archive_without_a_right_manifest_is_bad_input(listed: bytes) -> None:
    with pytest.raises(BadInput):
        signed_zip.verify(signed_zips.archive(FILES, b"", listed))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", zip_files.write(FILES, at=signed_zips.AT)])
def test_what_is_no_signed_archive_is_bad_input(data: bytes) -> None:
    with pytest.raises(BadInput):
        signed_zip.verify(data)


@given(st.integers(0, 3000), st.binary(max_size=30), st.integers(0, 30))
def test_damage_ends_in_evidence_or_bad_input(at: int, octets: bytes, cut: int) -> None:
    data = signed_zips.signed(FILES, chains.person())
    try:
        signed_zip.verify(data[:at] + octets + data[at + cut :])
    except (BadInput, UnsupportedOperation):
        return
