"""Manifests of containers: what is read, what is refused, and what each fault of a file makes of a signature."""

import base64
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import algorithms
from agent.errors import BadInput, UnsupportedOperation
from agent.formats import cms, manifest, zip_files
from agent.formats.evidence import Evidence
from agent.formats.manifest import Contents, Manifest, Reference
from tests.support import chains
from tests.support.signed_zips import AT

SHA256 = algorithms.SHA256


def reference(uri: str = "a", *inside: str) -> str:
    digest = f'<DigestMethod Algorithm="{SHA256.xml_uri}"/><DigestValue>AAAA</DigestValue>'
    return f'<DataObjectReference URI="{uri}">{"".join(inside) or digest}</DataObjectReference>'


def text(*inside: str, name: str = "Manifest") -> bytes:
    return f"<{name}>{''.join(inside)}</{name}>".encode()


# --- reading ------------------------------------------------------------------------------------------------------


def test_elements_are_known_by_local_names_and_blanks_do_not_count() -> None:
    octets = f"""<?xml version="1.0"?> <!-- a comment -->
        <x:Manifest xmlns:x="urn:x"> <?a processing?>
          <SigReference URI="s" MimeType="m"/> <x:SigReference URI="t"/> <Unknown/>
          <x:DataObjectReference URI="a" Rootfile="true"> <!-- another -->
            <y:DigestMethod xmlns:y="urn:y" Algorithm="{SHA256.xml_uri}"/>
            <DigestValue> AA
              AA </DigestValue>
          </x:DataObjectReference>
        </x:Manifest>""".encode()
    assert manifest.read(octets, "Manifest") == Manifest(("s", "t"), (Reference("a", SHA256, bytes(3)),))


def test_a_digest_outside_the_table_is_kept_as_unknown() -> None:
    inside = '<DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>', "<DigestValue/>"
    assert manifest.read(text(reference("a", *inside)), "Manifest").references == (Reference("a", None, b""),)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"text",
        b"<Manifest>",
        text(name="Other"),
        text("<SigReference/>"),
        text("<DataObjectReference/>"),
        text(reference("a", "<DigestValue>AAAA</DigestValue>")),
        text(reference("a", "<DigestMethod/>")),
        text(reference("a", "<DigestMethod/>", "<DigestValue/>", "<DigestValue/>")),
        text(reference("a", "<DigestMethod/>", "<DigestMethod/>", "<DigestValue/>")),
        text(reference("a", "<DigestMethod/>", "<DigestValue>A</DigestValue>")),
        text(reference("a", "<DigestMethod/>", "<DigestValue>қ</DigestValue>")),
        text(reference(), reference()),
        text(reference("a"), reference("%61")),
        b"<!DOCTYPE Manifest><Manifest/>",
        b'<!DOCTYPE Manifest [<!ENTITY e "x">]><Manifest><SigReference URI="&e;"/></Manifest>',
        b'<!DOCTYPE Manifest SYSTEM "file:///etc/passwd"><Manifest/>',
        b"<Manifest>" + b"<a>" * 300 + b"</a>" * 300 + b"</Manifest>",
    ],
)
def test_what_is_no_manifest_is_bad_input(octets: bytes) -> None:
    with pytest.raises(BadInput):
        manifest.read(octets, "Manifest")


def test_a_critical_extension_is_refused_and_another_is_not() -> None:
    for value in ("false", "0"):
        manifest.read(text(f'<Extensions><Extension Critical="{value}"/></Extensions>'), "Manifest")
    for value in ("true", "1", "yes"):
        with pytest.raises(UnsupportedOperation):
            manifest.read(text(f'<Extensions><Extension Critical="{value}"/></Extensions>'), "Manifest")


def test_there_are_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "MAX_REFERENCES", 2)
    assert manifest.read(text(reference("a"), reference("b")), "Manifest")
    with pytest.raises(BadInput, match="3 files, 2 at most"):
        manifest.read(text(reference("a"), reference("b"), reference("c")), "Manifest")
    monkeypatch.setattr(manifest, "MAX_SIZE_BYTES", 10)
    with pytest.raises(BadInput, match="10 at most"):
        manifest.read(text(), "Manifest")


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("a.txt", "a.txt"),
        ("f/a%20b.txt", "f/a b.txt"),
        ("%D2%9B.txt", "қ.txt"),
        ("қ.txt", "қ.txt"),
        ("100%.txt", "100%.txt"),
        ("%FF", None),
        ("../a", None),
        ("%2e%2e/a", None),
        ("/a", None),
        ("http://example.kz/a", None),
        ("file:a", None),
        ("a%00b", None),
        ("a%5Cb", None),
        ("", None),
    ],
)
def test_a_uri_means_a_file_inside_or_nothing(uri: str, name: str | None) -> None:
    assert manifest.file_name(uri) == name


@given(st.binary(max_size=100))
def test_anything_at_all_is_read_or_refused(octets: bytes) -> None:
    for data in (octets, b"<Manifest>" + octets + b"</Manifest>"):
        try:
            manifest.read(data, "Manifest")
        except (BadInput, UnsupportedOperation):
            continue


# --- evidence -----------------------------------------------------------------------------------------------------


def judged(
    references: Sequence[Reference],
    files: dict[str, bytes],
    *,
    signature: bytes | None = None,
    uri: str = "META-INF/s",
) -> Evidence:
    """Evidence on one signature over some octets that list these references, in an archive of these files."""
    octets = b"the manifest"
    message = cms.sign(chains.person(), octets, at=AT, detached=True) if signature is None else signature
    contents = Contents(zip_files.read(zip_files.write([*files.items(), ("META-INF/s", message)], at=AT)))
    listed = Manifest((uri,), tuple(references))
    (found,) = manifest.evidence(listed, octets, uri, contents, {"META-INF/s"})
    return found


def right(name: str, content: bytes) -> Reference:
    return Reference(name, SHA256, SHA256(content))


def test_a_signature_over_every_file_is_valid_and_says_so() -> None:
    found = judged([right("a", b"1"), right("%D2%9B", b"2")], {"a": b"1", "қ": b"2"})
    assert (found.signature, found.reasons) == ("valid", ())
    assert (found.covers, found.title) == ("a, қ", "META-INF/s")
    assert found.certificate == chains.person().certificate


@pytest.mark.parametrize(
    ("references", "files", "reasons"),
    [
        ([right("a", b"1")], {"a": b"2"}, ("digest-mismatch",)),
        ([right("a", b"1"), right("b", b"1")], {"a": b"1"}, ("file-missing",)),
        ([right("a", b"1")], {"a": b"1", "b": b"1"}, ("file-not-signed",)),
        ([right("a", b"1")], {"A": b"1"}, ("file-missing", "file-not-signed")),
        ([Reference("a", None, b"")], {"a": b"1"}, ("unsupported-algorithm",)),
        ([right("http://example.kz/", b"1")], {}, ("unsupported-reference",)),
        ([right("a", b"1")], {"a": b"1", "META-INF/b": b"1"}, ("file-not-signed",)),
    ],
)
def test_each_fault_of_a_file_has_its_reason(
    references: list[Reference], files: dict[str, bytes], reasons: tuple[str, ...]
) -> None:
    assert judged(references, files).reasons == reasons


def test_who_signs_no_file_has_signed_nothing() -> None:
    found = judged([], {})
    assert (found.signature, found.reasons, found.covers) == ("unchecked", ("no-content",), "")


def test_a_reason_stands_once() -> None:
    assert judged([right("a", b"1"), right("b", b"2")], {"a": b"", "b": b""}).reasons == ("digest-mismatch",)


@pytest.mark.parametrize("signature", [b"", b"no CMS", base64.b64decode("MAA=")])
def test_what_lies_in_place_of_a_signature_is_damaged(signature: bytes) -> None:
    found = judged([right("a", b"1")], {"a": b"1"}, signature=signature)
    assert (found.signature, found.reasons) == ("invalid", ("damaged", "no-certificate"))
    assert (found.title, found.certificate, found.algorithm_name) == ("META-INF/s", None, "")


def test_a_signature_that_is_not_there_is_missing() -> None:
    for uri in ("META-INF/t", "http://example.kz/", "../s"):
        found = judged([right("a", b"1")], {"a": b"1"}, uri=uri)
        assert found.reasons[0] == "file-missing"
        assert (found.signature, found.title) == ("invalid", uri)


def test_a_message_without_signers_proves_nothing() -> None:
    empty = cms.cms_build.signed_data(digest_algorithms=[], content=None, certificates=[], signers=[])
    assert judged([right("a", b"1")], {"a": b"1"}, signature=empty).reasons[0] == "damaged"


def test_a_digest_is_made_once() -> None:
    contents = Contents(zip_files.read(zip_files.write([("a", b"1")], at=AT)))
    assert contents.digest("a", SHA256) is contents.digest("a", SHA256)
    assert contents.digest("a", algorithms.SHA512) == algorithms.SHA512(b"1")
