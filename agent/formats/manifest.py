"""Manifests of signed containers: which files were signed, each with its digest, and where the signature over the manifest lies.

Two formats share them: ASiC (ETSI EN 319 162-1 annex A.4) and the signed ZIP of the national C library. A manifest is signed as a
whole, octet for octet, so elements are known by their local names here; whoever wrote others than these wrote nothing that
this reader would miss.
"""

import base64
import binascii
import dataclasses
import hmac
from collections.abc import Collection, Iterator
from urllib.parse import unquote

from lxml import etree

from agent import algorithms
from agent.algorithms import DigestAlgorithm
from agent.errors import AgentError, BadInput, UnsupportedOperation
from agent.formats import cms, zip_names
from agent.formats.evidence import Evidence, finding_of
from agent.formats.xml import parse
from agent.formats.zip_files import Archive, Entry

MAX_SIZE_BYTES = 16 * 1024 * 1024  # ten thousand references have 4 MB
MAX_REFERENCES = 10_000

_DIGESTS = {digest.xml_uri: digest for digest in algorithms.DIGESTS if digest.xml_uri is not None}


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A file that was signed. `digest` is None where its algorithm is not known here."""

    uri: str
    digest: DigestAlgorithm | None
    octets: bytes = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest taken apart. `signatures` are URIs of what is signed over it."""

    signatures: tuple[str, ...]
    references: tuple[Reference, ...]


def read(octets: bytes, root_name: str) -> Manifest:
    """Takes apart a manifest whose document element has this local name.

    Raises: BadInput; UnsupportedOperation where it says that it must not be taken by who doesn't understand all of it.
    """
    if len(octets) > MAX_SIZE_BYTES:
        raise BadInput(f"manifest: {len(octets)} octets, {MAX_SIZE_BYTES} at most")
    try:
        root = parse.read(octets).getroot()
    except BadInput as error:
        raise BadInput(f"manifest: {error.place or error.detail}") from error
    if _local_name(root) != root_name:
        raise BadInput(f"manifest: the document element is not {root_name}")
    for element in root.iter(etree.Element):
        if element.get("Critical", "false").strip() not in ("false", "0"):
            raise UnsupportedOperation("manifest: a critical extension that is not understood")
    found = [child for child in root if _local_name(child) == "DataObjectReference"]
    if len(found) > MAX_REFERENCES:
        raise BadInput(f"manifest: {len(found)} files, {MAX_REFERENCES} at most")
    references = tuple(_reference(child) for child in found)
    if len({file_name(reference.uri) or reference.uri for reference in references}) != len(references):
        raise BadInput("manifest: a file stands twice")
    signatures = tuple(_uri(child) for child in root if _local_name(child) == "SigReference")
    return Manifest(signatures, references)


def file_name(uri: str) -> str | None:
    """The file in the container that a URI means; None for anything else. It is taken as percent-encoded UTF-8 (RFC 3986 §2.1)."""
    try:
        name = unquote(uri, errors="strict")
    except UnicodeDecodeError:
        return None
    return name if zip_names.is_safe(name) else None


class Contents:
    """The files of an archive with their digests, each made once however many signatures need it."""

    def __init__(self, archive: Archive) -> None:
        self._files: dict[str, Entry] = archive.files
        self._digests: dict[tuple[str, str], bytes] = {}

    @property
    def names(self) -> Collection[str]:
        return self._files.keys()

    def octets(self, name: str) -> bytes:
        """The content of a file that is there.

        Raises: BadInput where it is damaged."""
        return self._files[name].octets()

    def digest(self, name: str, algorithm: DigestAlgorithm) -> bytes:
        """As `octets`."""
        key = name, algorithm.oid
        if key not in self._digests:
            self._digests[key] = algorithm(self.octets(name))
        return self._digests[key]


def evidence(
    manifest: Manifest, octets: bytes, uri: str, contents: Contents, housekeeping: Collection[str]
) -> Iterator[Evidence]:
    """Evidence on each signer of the CMS at `uri`, over the manifest's `octets` and all that it lists.

    `covers` are the names of the files listed, `title` is that of the CMS. `housekeeping` are files that nobody signs: those
    of the container itself.

    Raises: BadInput where a file in the archive is damaged.
    """
    name = file_name(uri)
    reasons = [*_file_reasons(manifest, contents, housekeeping)]
    covers = ", ".join(file_name(reference.uri) or reference.uri for reference in manifest.references)
    if name is None or name not in contents.names:
        yield nobodys_evidence(uri, covers, "file-missing", *reasons)
        return
    try:
        message = cms.read(contents.octets(name))
    except AgentError:
        yield nobodys_evidence(name, covers, "damaged", *reasons)
        return
    found = cms.verify(message, octets)
    if not found:
        yield nobodys_evidence(name, covers, "damaged", *reasons)
    for each in found:
        unique = tuple(dict.fromkeys((*each.reasons, *reasons)))
        yield dataclasses.replace(
            each, signature=finding_of(unique), reasons=unique, covers=covers, title=name
        )


def nobodys_evidence(title: str, covers: str, *reasons: str) -> Evidence:
    """Evidence on what stands where a signature should, and shows no signer."""
    unique = tuple(dict.fromkeys((*reasons, "no-certificate")))
    return Evidence(
        certificate=None,
        algorithm_name="",
        signature=finding_of(unique),
        reasons=unique,
        covers=covers,
        title=title,
    )


def _file_reasons(manifest: Manifest, contents: Contents, housekeeping: Collection[str]) -> Iterator[str]:
    if not manifest.references:
        yield "no-content"  # who signs no file has signed nothing
    unsigned = set(contents.names).difference(housekeeping)
    for reference in manifest.references:
        name = file_name(reference.uri)
        if name is None:
            yield "unsupported-reference"
        elif name not in contents.names:
            yield "file-missing"
        elif reference.digest is None:
            yield "unsupported-algorithm"
        elif not hmac.compare_digest(contents.digest(name, reference.digest), reference.octets):
            yield "digest-mismatch"
        unsigned.discard(name or "")
    if unsigned:
        yield "file-not-signed"


# --- XML ----------------------------------------------------------------------------------------------------------


def _reference(element: etree._Element) -> Reference:
    methods = [child for child in element if _local_name(child) == "DigestMethod"]
    values = [child for child in element if _local_name(child) == "DigestValue"]
    if (len(methods), len(values)) != (1, 1):
        raise BadInput("manifest: a file without a digest, or with two")
    digest = _DIGESTS.get(methods[0].get("Algorithm", ""))
    try:
        octets = base64.b64decode("".join((values[0].text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("manifest: a digest is not base64") from error
    return Reference(_uri(element), digest, octets)


def _uri(element: etree._Element) -> str:
    uri = element.get("URI")
    if uri is None:
        raise BadInput("manifest: a reference without a URI")
    return uri


def _local_name(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
