"""ASiC-E containers: made, added to, and everything that may be wrong with one."""

import re
from datetime import UTC, datetime
from urllib import parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import BadInput, TimestampFailed, UnsupportedOperation
from agent.formats import asic, cms, tsp, zip_files
from tests.support import chains, timestamps

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
FILES = [("құжат № 1.txt", "құжат".encode() * 50), ("f/a&b 'c'.pdf", b"%PDF-1.7"), ("empty", b"")]
MIME_TYPE = ("mimetype", asic.MIME_TYPE)
MANIFEST, SIGNATURE = "META-INF/ASiCManifest.xml", "META-INF/signature001.p7s"


def contents(container: bytes) -> dict[str, bytes]:
    return {name: entry.octets() for name, entry in zip_files.read(container).files.items()}


def repacked(files: dict[str, bytes], *, drop: str = "", **stored: bool) -> bytes:
    """A container of these files in this order, whatever they are."""
    kept = [(name, content) for name, content in files.items() if name != drop]
    return zip_files.write(kept, at=AT, stored={"mimetype"} if stored.get("stored", True) else set())


def reasons(container: bytes) -> list[tuple[str, ...]]:
    return [evidence.reasons for evidence in asic.verify(container)]


@pytest.fixture(scope="module")
def signed() -> bytes:
    return asic.create(chains.person(), FILES, at=AT)


# --- making -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", chains.FAMILIES)
def test_what_is_made_verifies(family: str) -> None:
    person = chains.person(family)
    container = asic.create(person, FILES, at=AT)
    (evidence,) = asic.verify(container)
    assert (evidence.signature, evidence.reasons) == ("valid", ())
    assert (evidence.certificate, evidence.algorithm_name) == (person.certificate, person.algorithm.name)
    assert (evidence.signing_time, evidence.title) == (AT, SIGNATURE)
    assert evidence.covers == ", ".join(name for name, _ in FILES)


def test_the_mimetype_stands_at_octet_38(signed: bytes) -> None:
    assert signed[30:69] == b"mimetypeapplication/vnd.etsi.asic-e+zip"
    assert list(contents(signed)) == ["mimetype", *dict(FILES), MANIFEST, SIGNATURE]


def test_the_same_files_signer_and_moment_make_the_same_octets() -> None:
    """With RSA, whose signatures hold nothing random."""
    first, second = (asic.create(chains.person("rsa"), FILES, at=AT) for _ in range(2))
    assert first == second


def test_the_manifest_names_every_file_with_the_signers_own_digest(signed: bytes) -> None:
    text = contents(signed)[MANIFEST].decode()
    assert [parse.unquote(uri) for uri in re.findall(r'DataObjectReference URI="(.*?)"', text)] == [
        name for name, _ in FILES
    ]
    assert text.count("http://www.w3.org/2001/04/xmlenc#sha256") == len(FILES)
    assert text.isascii()
    national = contents(asic.create(chains.person("gost2015"), FILES, at=AT))[MANIFEST]
    assert b"sha256" not in national
    assert national.count(b"gostr34112015-512") == len(FILES)


@pytest.mark.parametrize(
    "files",
    [
        [],
        [MIME_TYPE],
        [("MimeType", b"")],
        [("META-INF/a", b"")],
        [("meta-inf/a", b"")],
        [("../a", b"")],
        [("a", b""), ("A", b"")],
        [("a", b""), ("a", b"")],
        [("folder/", b"")],
    ],
)
def test_files_that_cannot_be_in_a_container_are_refused(files: list[tuple[str, bytes]]) -> None:
    with pytest.raises(BadInput):
        asic.create(chains.person(), files, at=AT)


@pytest.mark.parametrize("family", ["rsa", "gost2015"])
def test_a_timestamp_is_put_beside_the_signature(family: str) -> None:
    person = chains.person(family)
    profile = tsp.profile_for(person.algorithm)

    def timestamp(octets: bytes) -> bytes:
        return timestamps.token(octets, profile)

    once = asic.create(person, FILES, at=AT, timestamp=timestamp)
    for evidence in asic.verify(asic.add(person, once, at=AT, timestamp=timestamp)):
        assert evidence.signature == "valid"
        (read,) = timestamps.of(evidence)
        assert read.is_over(evidence.stamped)


def test_without_its_timestamp_nothing_is_signed() -> None:
    def unreachable(octets: bytes) -> bytes:
        raise TimestampFailed("no answer")

    with pytest.raises(TimestampFailed):
        asic.create(chains.person(), FILES, at=AT, timestamp=unreachable)


# --- adding -------------------------------------------------------------------------------------------------------


def test_a_signature_is_added_and_the_rest_stays_octet_for_octet(signed: bytes) -> None:
    twice = asic.add(chains.person("gost2015"), signed, at=AT)
    entries = zip_files.read(signed).entries
    end = entries[-1].content_at + len(entries[-1].packed)
    assert twice[:end] == signed[:end]
    assert list(contents(twice))[-2:] == ["META-INF/ASiCManifest002.xml", "META-INF/signature002.p7s"]
    assert [(each.signature, each.title) for each in asic.verify(twice)] == [
        ("valid", SIGNATURE),
        ("valid", "META-INF/signature002.p7s"),
    ]
    thrice = asic.add(chains.person("gost2004"), twice, at=AT)
    assert reasons(thrice) == [(), (), ()]
    assert len({each.covers for each in asic.verify(thrice)}) == 1


def test_a_number_that_is_taken_is_left_out(signed: bytes) -> None:
    files = {**contents(signed), "META-INF/SIGNATURE002.p7s": b""}
    after = asic.add(chains.person(), repacked(files), at=AT)
    assert list(contents(after))[-1] == "META-INF/signature003.p7s"


def test_a_bad_signature_does_not_hinder_another(signed: bytes) -> None:
    broken = repacked({**contents(signed), SIGNATURE: b"nothing"})
    assert reasons(asic.add(chains.person(), broken, at=AT)) == [("damaged", "no-certificate"), ()]


def test_there_is_a_last_signature(signed: bytes) -> None:
    files = contents(signed) | {f"META-INF/signature{number:03}.p7s": b"" for number in range(2, 101)}
    with pytest.raises(BadInput, match="100 signatures at most"):
        asic.add(chains.person(), repacked(files), at=AT)


def test_a_container_without_files_is_not_signed() -> None:
    with pytest.raises(BadInput, match="without files"):
        asic.add(chains.person(), zip_files.write([MIME_TYPE], at=AT, stored={"mimetype"}), at=AT)


# --- what may be wrong --------------------------------------------------------------------------------------------------


def test_a_changed_a_missing_and_a_further_file_are_noticed(signed: bytes) -> None:
    files = contents(signed)
    assert reasons(repacked({**files, "empty": b"."})) == [("digest-mismatch",)]
    assert reasons(repacked(files, drop="empty")) == [("file-missing",)]
    assert reasons(repacked({**files, "more": b""})) == [("file-not-signed",)]
    assert reasons(repacked({**files, "META-INF/more": b""})) == [("file-not-signed",)]
    assert reasons(repacked({**files, "MIMETYPE.txt": b""})) == [("file-not-signed",)]


def test_a_changed_manifest_is_noticed(signed: bytes) -> None:
    files = contents(signed)
    files[MANIFEST] = files[MANIFEST].replace(b"\n", b"\r\n", 1)
    assert reasons(repacked(files)) == [("digest-mismatch",)]


def test_a_signature_of_another_container_is_noticed(signed: bytes) -> None:
    other = contents(asic.create(chains.person(), [("a", b"")], at=AT))
    assert reasons(repacked({**contents(signed), SIGNATURE: other[SIGNATURE]})) == [("digest-mismatch",)]


def test_a_manifest_without_its_signature_is_noticed(signed: bytes) -> None:
    assert reasons(repacked(contents(signed), drop=SIGNATURE)) == [("file-missing", "no-certificate")]


def test_a_signature_without_its_manifest_is_unchecked(signed: bytes) -> None:
    (evidence,) = asic.verify(repacked(contents(signed), drop=MANIFEST))
    assert (evidence.signature, evidence.reasons, evidence.title) == (
        "unchecked",
        ("no-content", "no-certificate"),
        SIGNATURE,
    )


def partial(signed: bytes, *names: str) -> bytes:
    """The container with a second signature, over these files only."""
    digest = chains.person().algorithm.digest
    files = contents(signed)
    digests = [(name, digest(files[name])) for name in names]
    added = asic._signature_files(chains.person(), digests, 2, AT, None)
    return repacked({**files, **dict(added)})


def test_a_signature_over_some_of_the_files_does_not_pass_for_one_over_all(signed: bytes) -> None:
    assert reasons(partial(signed, "empty")) == [(), ("file-not-signed",)]
    assert reasons(partial(signed, *dict(FILES))) == [(), ()]


def test_who_adds_a_file_and_signs_it_does_not_leave_the_others_valid(signed: bytes) -> None:
    more = repacked({**contents(signed), "more": b"more"})
    assert reasons(asic.add(chains.person("rsa"), more, at=AT)) == [("file-not-signed",), ()]


def test_a_file_that_another_manifest_calls_its_signature_is_still_a_file(signed: bytes) -> None:
    files = {**contents(signed), "evil.pdf": b"evil"}
    files["META-INF/ASiCManifest002.xml"] = b'<ASiCManifest><SigReference URI="evil.pdf"/></ASiCManifest>'
    found = reasons(repacked(files))
    assert found[0] == ("file-not-signed",)
    assert found[1][0] == "damaged"


def test_timestamps_over_the_container_are_left_aside(signed: bytes) -> None:
    files = contents(signed)
    files["META-INF/timestamp001.tst"] = b"a token"
    files["META-INF/ASiCManifest001.xml"] = (
        b'<ASiCManifest><SigReference URI="META-INF/timestamp001.tst"/></ASiCManifest>'
    )
    files["META-INF/ASiCArchiveManifest.xml"] = b"<any/>"
    files["META-INF/manifest.xml"] = b"<any/>"
    assert reasons(repacked(files)) == [()]


def test_names_and_elements_of_older_containers_are_read(signed: bytes) -> None:
    """Small letters, another namespace, no mimetype, a whole comment in place of it."""
    person = chains.person()
    old = contents(signed)[MANIFEST].replace(b"02918/v1.2.1#", b"2918/v1.1.1#")
    old = old.replace(b"signature001", b"signature")
    files = dict(FILES) | {
        "META-INF/asicmanifest.xml": old,
        "META-INF/signature.p7s": cms.sign(person, old, at=AT, detached=True),
    }
    assert reasons(repacked(files)) == [()]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"mimetype": b"application/vnd.etsi.asic-e+zip\n"}, "another mimetype"),
        ({"mimetype": b"application/zip"}, "another mimetype"),
        ({"mimetype": b""}, "another mimetype"),
        ({MANIFEST: b"<Other/>"}, "document element"),
        ({MANIFEST: b"no XML"}, "manifest: line 1, column 1: "),
        ({MANIFEST: b"<!DOCTYPE ASiCManifest><ASiCManifest/>"}, "DOCTYPE"),
    ],
)
def test_a_container_that_is_not_one_is_bad_input(
    signed: bytes, change: dict[str, bytes], complaint: str
) -> None:
    with pytest.raises(BadInput, match=complaint):
        asic.verify(repacked({**contents(signed), **change}))


def test_a_mimetype_that_is_not_the_first_stored_file_is_bad_input(signed: bytes) -> None:
    files = contents(signed)
    with pytest.raises(BadInput, match="not the first file"):
        asic.verify(repacked({"empty": b"", **files}))
    long = repacked({**files, "mimetype": asic.MIME_TYPE * 10}, stored=False)
    with pytest.raises(BadInput, match="not the first file"):
        asic.verify(long)


@pytest.mark.parametrize("container", [b"", b"PK\x03\x04", zip_files.write(FILES, at=AT)])
def test_what_has_no_signature_is_bad_input(container: bytes) -> None:
    with pytest.raises(BadInput):
        asic.verify(container)


def test_too_many_signatures_are_bad_input(signed: bytes) -> None:
    many = b"<ASiCManifest>" + b'<SigReference URI="s"/>' * 101 + b"</ASiCManifest>"
    with pytest.raises(BadInput, match="101 signatures, 100 at most"):
        asic.verify(repacked({**contents(signed), MANIFEST: many}))


def test_what_is_not_read_says_so(signed: bytes) -> None:
    files = contents(signed)
    with pytest.raises(UnsupportedOperation, match="ASiC-S"):
        asic.verify(repacked({**files, "mimetype": b"application/vnd.etsi.asic-s+zip"}))
    for name in ("META-INF/signatures.xml", "META-INF/signatures001.xml"):
        with pytest.raises(UnsupportedOperation, match="XAdES"):
            asic.verify(repacked({**files, name: b"<a/>"}))


@given(st.integers(0, 3000), st.binary(max_size=30), st.integers(0, 30))
def test_damage_ends_in_evidence_or_bad_input(at: int, octets: bytes, cut: int) -> None:
    data = asic.create(chains.person(), FILES, at=AT)
    try:
        asic.verify(data[:at] + octets + data[at + cut :])
    except (BadInput, UnsupportedOperation):
        return
