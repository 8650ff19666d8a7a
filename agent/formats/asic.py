"""ASiC-E containers with CAdES: files, and signatures over all of them, in one ZIP archive (ETSI EN 319 162-1 §4.4).

    mimetype                      application/vnd.etsi.asic-e+zip: first, stored, so that it stands at octet 38
    contract.pdf, ...             the files
    META-INF/ASiCManifest.xml     their names and digests
    META-INF/signature001.p7s     a detached CMS over the manifest
    META-INF/ASiCManifest002.xml, META-INF/signature002.p7s, ...   the next signer's

Digests in a manifest are by the signer's own algorithm, so a GOST signature rests on nothing but GOST.

A signature must be over every file of its container: who is shown a container takes it for one thing that was signed. The
standard would let a manifest name some of them. XAdES inside, ASiC-S and timestamps over whole containers are not read; the
last are left aside, the others are refused.
"""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from urllib import parse

from agent.algorithms import DigestAlgorithm
from agent.errors import BadInput, UnsupportedOperation
from agent.formats import cades, cms, manifest, zip_files
from agent.formats.evidence import Evidence
from agent.formats.manifest import Contents
from agent.formats.zip_files import Archive
from agent.signer import Signer

MIME_TYPE = b"application/vnd.etsi.asic-e+zip"
MAX_SIGNATURES = 100

_MIME_TYPE_NAME = "mimetype"
_MIME_TYPE_AT = 38  # EN 319 162-1 annex A.1: a header of 30 octets, a name of 8, no extra field
_FOLDER = "META-INF/"
_NAMESPACE = "http://uri.etsi.org/02918/v1.2.1#"
_DIGITAL_SIGNATURES = "http://www.w3.org/2000/09/xmldsig#"

# Names in META-INF by EN 319 162-1 §4.4.4; those who wrote containers before it used small letters.
_MANIFEST = re.compile(r"META-INF/ASiCManifest[^/]*\.xml", re.IGNORECASE)
_SIGNATURE = re.compile(r"META-INF/[^/]*signature[^/]*\.p7s", re.IGNORECASE)
_XADES = re.compile(r"META-INF/[^/]*signatures[^/]*\.xml", re.IGNORECASE)
_LEFT_ASIDE = re.compile(
    r"META-INF/(?:ASiC(?:Archive|EvidenceRecord)Manifest[^/]*\.xml"
    r"|[^/]*timestamp[^/]*\.tst|[^/]*evidencerecord[^/]*\.(?:ers|xml)|manifest\.xml)",
    re.IGNORECASE,
)
_TIMESTAMP_SUFFIX = ".tst"


# --- making -------------------------------------------------------------------------------------------------------


def create(
    signer: Signer,
    files: Sequence[tuple[str, bytes]],
    *,
    at: datetime,
    timestamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """A container with these files, by name and content, and one signature over them.

    `timestamp` gives an RFC 3161 token in DER over the octets of a signature. Times in the archive are `at`, in UTC.

    Raises: BadInput for names that can't be in a container, and what `timestamp` raises.
    """
    names = [name for name, _ in files]
    if not names or any(_is_housekeeping(name) for name in names):
        raise BadInput("ASiC: a container has files, none of which is called mimetype or lies in META-INF")
    digest = signer.algorithm.digest
    digests = [(name, digest(content)) for name, content in files]
    signature = _signature_files(signer, digests, 1, at, timestamp)
    everything = [(_MIME_TYPE_NAME, MIME_TYPE), *files, *signature]
    return zip_files.write(everything, at=at, stored={_MIME_TYPE_NAME})


def add(
    signer: Signer,
    container: bytes,
    *,
    at: datetime,
    timestamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """The container with one more signature over all its files; what it has stays octet for octet.

    Signatures that are there are not verified: adding one's name says nothing about others.

    Raises: BadInput, UnsupportedOperation, and what `timestamp` raises.
    """
    archive = _read(container)
    contents = Contents(archive)
    digest = signer.algorithm.digest
    digests = [(name, contents.digest(name, digest)) for name in contents.names if not _is_housekeeping(name)]
    if not digests:
        raise BadInput("ASiC: a container without files")
    taken = {name.casefold() for name in contents.names}
    for number in range(1, MAX_SIGNATURES + 1):
        if taken.isdisjoint(name.casefold() for name in _names(number)):
            signature = _signature_files(signer, digests, number, at, timestamp)
            return zip_files.append(archive, signature, at=at)
    raise BadInput(f"ASiC: {MAX_SIGNATURES} signatures at most")


def _names(number: int) -> tuple[str, str]:
    """Of the manifest and the signature."""
    suffix = "" if number == 1 else f"{number:03}"
    return f"{_FOLDER}ASiCManifest{suffix}.xml", f"{_FOLDER}signature{number:03}.p7s"


def _signature_files(
    signer: Signer,
    digests: Iterable[tuple[str, bytes]],
    number: int,
    at: datetime,
    timestamp: Callable[[bytes], bytes] | None,
) -> list[tuple[str, bytes]]:
    manifest_name, signature_name = _names(number)
    octets = _manifest(signature_name, digests, signer.algorithm.digest)
    message = cms.sign(signer, octets, at=at, detached=True)
    if timestamp is not None:
        (signed,) = cms.read(message).signers
        message = cades.with_timestamps(message, {0: timestamp(signed.signature)})
    return [(manifest_name, octets), (signature_name, message)]


def _manifest(signature_name: str, digests: Iterable[tuple[str, bytes]], algorithm: DigestAlgorithm) -> bytes:
    """The manifest; URIs are percent-encoded and values are base64, so nothing in it needs escaping."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<asic:ASiCManifest xmlns:asic="{_NAMESPACE}" xmlns:ds="{_DIGITAL_SIGNATURES}">',
        f'  <asic:SigReference URI="{signature_name}" MimeType="application/pkcs7-signature"/>',
    ]
    for name, digest in digests:
        lines += [
            f'  <asic:DataObjectReference URI="{parse.quote(name)}">',
            f'    <ds:DigestMethod Algorithm="{algorithm.xml_uri}"/>',
            f"    <ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue>",
            "  </asic:DataObjectReference>",
        ]
    return "\n".join((*lines, "</asic:ASiCManifest>", "")).encode()


def _is_housekeeping(name: str) -> bool:
    """Whether this is a name of the container's own."""
    return name.casefold() == _MIME_TYPE_NAME or name.casefold().startswith(_FOLDER.casefold())


# --- verifying ----------------------------------------------------------------------------------------------------


def verify(container: bytes) -> tuple[Evidence, ...]:
    """Evidence on each signer of each signature, in the order of the archive. `covers` names the files that were signed.

    Raises: BadInput; UnsupportedOperation for XAdES, ASiC-S, and archives that are not read (zip_files.read).
    """
    contents = Contents(_read(container))
    names = [name for name in contents.names if _MANIFEST.fullmatch(name)]
    octets = {name: contents.octets(name) for name in names}
    manifests = {name: manifest.read(octets[name], "ASiCManifest") for name in names}
    signed = [
        (name, uri)
        for name, each in manifests.items()
        for uri in each.signatures
        if not uri.endswith(_TIMESTAMP_SUFFIX)
    ]
    if len(signed) > MAX_SIGNATURES:
        raise BadInput(f"ASiC: {len(signed)} signatures, {MAX_SIGNATURES} at most")
    referenced = {manifest.file_name(uri) for _, uri in signed}
    housekeeping = {
        name
        for name in contents.names
        if name == _MIME_TYPE_NAME
        or name in manifests
        or _is_left_aside(name)
        or (name in referenced and name.startswith(_FOLDER))
    }
    found = [
        evidence
        for name, uri in signed
        for evidence in manifest.evidence(manifests[name], octets[name], uri, contents, housekeeping)
    ]
    strays = [name for name in contents.names if _SIGNATURE.fullmatch(name) and name not in referenced]
    found += (manifest.nobodys_evidence(name, "", "no-content") for name in strays)
    if not found:
        raise BadInput("ASiC: no signature")
    return tuple(found)


def _is_left_aside(name: str) -> bool:
    return bool(_LEFT_ASIDE.fullmatch(name) or _SIGNATURE.fullmatch(name))


def _read(container: bytes) -> Archive:
    """The archive, if it is one of our kind."""
    archive = zip_files.read(container)
    files = archive.files
    kind = files.get(_MIME_TYPE_NAME)
    if kind is not None:
        if kind.content_at != _MIME_TYPE_AT or bytes(kind.packed) != kind.octets():
            raise BadInput("ASiC: mimetype is not the first file, stored as it is")
        if kind.octets() == MIME_TYPE.replace(b"asic-e", b"asic-s"):
            raise UnsupportedOperation("ASiC-S containers are not supported")
        if kind.octets() != MIME_TYPE:
            raise BadInput("ASiC: another mimetype")
    if any(_XADES.fullmatch(name) for name in files):
        raise UnsupportedOperation("XAdES signatures in containers are not supported")
    return archive
