"""Whose signatures a container has, and what they are over: of the shapes that others make, and of those that were made to deceive."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from agent.formats import asic, cms, zip_files
from agent.renderer import containers
from agent.renderer.base import CannotShow
from agent.renderer.containers import Signatures
from tests.support import authority, chains, signed_zips, timestamps, xml_signatures
from tests.support.xml_signatures import Ref

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
PERSON = chains.person()
IIN = authority.certificate("p256-individual").iin


@dataclasses.dataclass(frozen=True)
class File:
    name: str
    content: bytes | None = b""
    says: int | None = None

    @property
    def size(self) -> int:
        return self.says if self.says is not None else len(self.content or b"")

    @property
    def octets(self) -> Callable[[], bytes]:
        return self._unpack

    def _unpack(self) -> bytes:
        if self.content is None:
            raise CannotShow("broken")
        return self.content


def looked(*files: tuple[str, bytes]) -> Signatures:
    return containers.look([File(name, content) for name, content in files])


def xades(*names: str, more: str = "", key_info: str | None = None) -> bytes:
    """An XML signature over files of these names (EN 319 162-1 §4.3.3.2, §4.4.3.2)."""
    references = [Ref(b"", uri=name, transforms=()) for name in names]
    signed = xml_signatures.made(
        PERSON,
        f"<asic:XAdESSignatures xmlns:asic='urn:a'>{xml_signatures.HERE}{more}</asic:XAdESSignatures>",
        *references,
        key_info=key_info,
    )
    return signed if isinstance(signed, bytes) else signed.encode()


def cades(content: bytes = b"a") -> bytes:
    return cms.sign(authority.signer("p256-individual"), content, at=AT, detached=True)


def manifest(signature: str, *names: str) -> bytes:
    listed = "".join(f'<a:DataObjectReference URI="{name}"/>' for name in names)
    return (
        f'<a:ASiCManifest xmlns:a="x"><a:SigReference URI="{signature}"/>{listed}</a:ASiCManifest>'.encode()
    )


# --- who signed what --------------------------------------------------------------------------------------------------


def test_xades_in_a_container() -> None:
    found = looked(
        ("mimetype", b"x"),
        ("акт 1.txt", b"a"),
        ("b.txt", b"b"),
        ("evil.txt", b"c"),
        ("META-INF/signatures0.xml", xades("%D0%B0%D0%BA%D1%82%201.txt", "b.txt")),
        ("META-INF/manifest.xml", b"<manifest/>"),
    )
    assert [signer.owner for signer in found.signers] == [PERSON.certificate.common_name]
    assert found.covered == {"акт 1.txt", "b.txt"}
    assert found.uncovered == ("evil.txt",)


def test_xades_of_the_simple_kind() -> None:
    found = looked(("mimetype", b"x"), ("a.txt", b"a"), ("META-INF/signatures.xml", xades("a.txt")))
    assert (len(found.signers), found.covered, found.uncovered) == (1, {"a.txt"}, ())


def test_a_timestamp_in_xades_is_told_of() -> None:
    import base64

    from agent import algorithms
    from agent.formats import tsp

    token = timestamps.token(b"x", tsp.Profile(tsp.POLICY_RSA, algorithms.SHA256))
    stamp = f"<x:EncapsulatedTimeStamp>{base64.encodebytes(token).decode()}</x:EncapsulatedTimeStamp>"
    made = xades("a.txt").replace(
        b"</ds:Signature>", f"<ds:Object><x:Q xmlns:x='x'>{stamp}</x:Q></ds:Object></ds:Signature>".encode()
    )
    (signer,) = looked(("a.txt", b"a"), ("META-INF/signatures.xml", made)).signers
    assert (signer.time, signer.has_timestamp) == (timestamps.AT.isoformat(), True)


def test_cades_in_a_container() -> None:
    container = asic.create(
        authority.signer("p256-individual"), [("акт.txt", b"a"), ("b c.txt", b"b")], at=AT
    )
    files = [File(entry.name, entry.octets()) for entry in zip_files.read(container).entries]
    found = containers.look(files)
    assert [signer.iin for signer in found.signers] == [IIN]
    assert (found.covered, found.uncovered) == ({"акт.txt", "b c.txt"}, ())
    assert containers.look([*files, File("more.txt")]).uncovered == ("more.txt",)


def test_the_signed_zip_of_the_national_library() -> None:
    national = signed_zips.signed([("a.txt", b"a")], PERSON)
    files = [File(entry.name, entry.octets()) for entry in zip_files.read(national).entries]
    found = containers.look(files)
    assert (len(found.signers), found.covered, found.uncovered) == (1, {"a.txt"}, ())


def test_cades_of_the_simple_kind_is_over_the_only_file() -> None:
    signature = ("META-INF/signature.p7s", cades())
    assert looked(("mimetype", b"x"), ("a.txt", b"a"), signature).covered == {"a.txt"}
    two = looked(("a.txt", b"a"), ("b.txt", b"b"), signature)
    assert (len(two.signers), two.covered, two.uncovered) == (1, frozenset(), ("a.txt", "b.txt"))


def test_without_a_signature_nothing_is_said() -> None:
    assert looked(("a.txt", b"a"), ("META-INF/manifest.xml", b"<m/>")) == Signatures()
    assert looked() == Signatures()


# --- what deceives ----------------------------------------------------------------------------------------------------

BOMB = (
    b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(
        b"<!ENTITY a%d '%b'>" % (number, b"&a%d;" % (number - 1) * 10 if number > 1 else b"&a;" * 10)
        for number in range(1, 12)
    )
    + b"]><a>&a11;</a>"
)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"text",
        BOMB,
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 100_000,
        b"<a " + b"x" * 2_000_000,
        xades("a.txt")[:-5],
        b"<ds:Signature><ds:SignedInfo><ds:Reference URI='a.txt'/></ds:SignedInfo></ds:Signature>",
        xades(
            "a.txt",
            key_info="<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        ),
    ],
    ids=["empty", "text", "bomb", "entity", "deep", "long", "cut", "nobody's", "no certificate"],
)
def test_a_signature_that_is_none_covers_nothing(signature: bytes) -> None:
    found = looked(("a.txt", b"a"), ("META-INF/signatures.xml", signature))
    assert (found.signers, found.covered, found.uncovered) == ((), frozenset(), ("a.txt",))


@pytest.mark.parametrize(
    "uri", ["#a.txt", "", "../a.txt", "/a.txt", "http://a.txt", "A.TXT", "a.txt#x", "%ff"]
)
def test_what_a_reference_means_otherwise_covers_nothing(uri: str) -> None:
    found = looked(("a.txt", b"a"), ("META-INF/signatures.xml", xades(uri)))
    assert (len(found.signers), found.covered) == (1, frozenset())


def test_references_outside_of_what_is_signed_do_not_count() -> None:
    more = "<ds:Object xmlns:ds='urn:d'><ds:Manifest><ds:Reference URI='b.txt'/></ds:Manifest></ds:Object><DataObjectReference URI='c.txt'/>"
    found = looked(("a.txt", b""), ("b.txt", b""), ("META-INF/signatures.xml", xades("a.txt", more=more)))
    assert found.covered == {"a.txt"}
    assert found.uncovered == ("b.txt",)


@pytest.mark.parametrize(
    "beside",
    [
        "<DataObjectReference URI='evil.txt'/>",
        "<Fake><SignedInfo><Reference URI='evil.txt'/></SignedInfo></Fake>",
        "<Signature><SignedInfo><Reference URI='evil.txt'/></SignedInfo></Signature>",
        "<Signature><Object><SignedInfo><Reference URI='evil.txt'/></SignedInfo></Object></Signature>",
    ],
)
def test_what_stands_beside_a_signature_does_not_count(beside: str) -> None:
    signature = ("META-INF/signatures.xml", xades("a.txt", more=beside))
    found = looked(("a.txt", b"a"), ("evil.txt", b"e"), signature)
    assert (len(found.signers), found.covered, found.uncovered) == (1, {"a.txt"}, ("evil.txt",))


def test_of_two_signatures_by_one_person_both_count() -> None:
    one, two = xades("a.txt").decode(), xades("b.txt").decode()
    both = f"<all>{one}{two}</all>".encode()
    found = looked(("a.txt", b"a"), ("b.txt", b"b"), ("META-INF/signatures.xml", both))
    assert (len(found.signers), found.uncovered) == (1, ())


def test_a_signature_that_two_manifests_claim_counts_for_neither() -> None:
    files = [("a.txt", b"a"), ("evil.txt", b"e"), ("META-INF/signature1.p7s", cades())]
    own = ("META-INF/ASiCManifest1.xml", manifest("META-INF/signature1.p7s", "a.txt"))
    planted = ("META-INF/ASiCManifest2.xml", manifest("META-INF/signature1.p7s", "evil.txt"))
    assert looked(*files, own).uncovered == ("evil.txt",)
    assert looked(*files, own, planted).uncovered == ("a.txt", "evil.txt")


def test_a_manifest_counts_with_the_signature_that_it_names() -> None:
    listed = ("META-INF/ASiCManifest.xml", manifest("META-INF/signature001.p7s", "a.txt"))
    assert looked(("a.txt", b""), listed, ("META-INF/signature001.p7s", cades())).covered == {"a.txt"}
    for other in (("META-INF/signature002.p7s", cades()), ("META-INF/signature001.p7s", b"damaged")):
        assert looked(("a.txt", b""), listed, other).uncovered == ("a.txt",)


def test_of_two_files_with_one_name_none_is_covered() -> None:
    found = looked(("a.txt", b"1"), ("a.txt", b"2"), ("META-INF/signatures.xml", xades("a.txt")))
    assert (found.covered, found.uncovered) == (frozenset(), ("a.txt",))


def test_what_hides_among_the_files_of_the_container_is_told_of() -> None:
    found = looked(("a.txt", b"1"), ("META-INF/run.exe", b"2"), ("META-INF/signatures.xml", xades("a.txt")))
    assert found.uncovered == ("META-INF/run.exe",)


def test_much_is_looked_at_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    signatures = [(f"META-INF/signatures{number}.xml", xades(f"{number}.txt")) for number in range(5)]
    monkeypatch.setattr(containers, "MAX_SIGNATURES", 2)
    found = looked(*signatures, *((f"{number}.txt", b"") for number in range(5)))
    assert found.covered == {"0.txt", "1.txt"}
    monkeypatch.setattr(containers, "MAX_NAMES", 3)
    found = looked(("1.txt", b""), ("META-INF/signatures.xml", xades(*(f"{n}.txt" for n in range(10)))))
    assert found == Signatures((), frozenset(), ("1.txt",))


def test_what_is_too_large_or_damaged_is_not_unpacked() -> None:
    large = File("META-INF/signatures.xml", None, says=containers.MAX_XML_BYTES + 1)
    damaged = File("META-INF/signature.p7s", None)
    found = containers.look([File("a.txt"), large, damaged])
    assert (found.signers, found.covered, found.uncovered) == ((), frozenset(), ("a.txt",))


@pytest.mark.parametrize(
    ("name", "is_own"),
    [
        ("mimetype", True), ("META-INF/", True), ("folder/", True), ("META-INF/manifest.xml", True), ("META-INF/timestamp.tst", True),
        ("META-INF/ASiCManifest1.xml", True), ("META-INF/asicmanifest.xml", True), ("META-INF/signature.p7s", True), ("META-INF/signatures.xml", True),
        ("META-INF/documentsignatures.xml", True), ("META-INF/NCAManifest.xml", True), ("META-INF/signature-7a.cms", True),
        ("META-INF/ASiCArchiveManifest.xml", True), ("META-INF/a/signatures.xml", False), ("META-INF/run.exe", False), ("a/mimetype", False),
        ("signatures.xml", False), ("a.txt", False), ("", False),
    ],
)  # fmt: skip
def test_files_of_the_container_itself(name: str, is_own: bool) -> None:
    assert containers.is_housekeeping(name) is is_own
