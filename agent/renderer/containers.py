"""What the signatures in a container are over, and whose they are: ASiC with CAdES or XAdES (ETSI EN 319 162-1), the national library's signed ZIP, ODF.

Read, not verified. That a file is named by a signature says that the signer meant to sign a file of this name, and not yet that it is still
the same file; that it is named by none says that nobody signed it. A file stands for itself only where no other has its name.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote
from xml.parsers import expat

from agent.errors import AgentError
from agent.renderer import signed
from agent.renderer.base import CannotShow
from agent.renderer.tree import MAX_DEPTH, NotATree
from agent.renderer.xml_root import PIECE, refuse
from protocol import preview
from protocol.preview import Signer

MAX_SIGNATURES = 50  # that are looked at
MAX_XML_BYTES = 8 * 1024 * 1024  # of a manifest or an XML signature
MAX_NAMES = 20_000  # that one of them may list
_LONGEST_NAME = 4096

# Names in META-INF by EN 319 162-1 §4.3.3, §4.4.3 and §4.4.4. Some programs write them in small letters.
_XADES = re.compile(r"META-INF/[^/]*signatures[^/]*\.xml", re.IGNORECASE)
_CADES = re.compile(r"META-INF/[^/]*\.(?:p7s|p7m|cms)", re.IGNORECASE)
_MANIFEST = re.compile(r"META-INF/(?:ASiCManifest[^/]*|NCAManifest)\.xml", re.IGNORECASE)
_SIMPLE = "meta-inf/signature.p7s"  # ASiC-S: over the only file there is
_OWN = re.compile(
    r"mimetype|META-INF/(?:ASiC(?:Archive|EvidenceRecord)Manifest[^/]*\.xml|[^/]*timestamp[^/]*\.tst"
    r"|[^/]*evidencerecord[^/]*\.(?:ers|xml)|manifest\.xml|container\.xml)?",
    re.IGNORECASE,
)
_FIELD = re.compile(r"X509Certificate|BinarySecurityToken|SigningTime|EncapsulatedTimeStamp")


class File(Protocol):
    """One in an archive."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def octets(self) -> Callable[[], bytes]:
        """Its content. Raises CannotShow."""
        ...


@dataclass(frozen=True, slots=True)
class Signatures:
    """Those in a container. `covered` and `uncovered` are names of files; both are empty where nothing is signed."""

    signers: tuple[Signer, ...] = ()
    covered: frozenset[str] = frozenset()
    uncovered: tuple[str, ...] = ()


def is_housekeeping(name: str) -> bool:
    """Whether it is a file of the container's own that nobody has to sign: a signature, a manifest, a timestamp, a folder."""
    return name.endswith("/") or _OWN.fullmatch(name) is not None or is_signature(name)


def is_signature(name: str) -> bool:
    """Whether a file of this name is a signature in a container, or lists what one is over."""
    return any(pattern.fullmatch(name) for pattern in (_XADES, _CADES, _MANIFEST))


def look(files: Sequence[File]) -> Signatures:
    """Looks at the signatures in a container. Raises nothing: one that can't be read covers nothing."""
    by_name = {file.name: file for file in files}
    signers: list[Signer] = []
    covered: set[str] = set()
    looked = 0
    has_signers: dict[str, bool] = {}
    for file in files:
        is_xml = _XADES.fullmatch(file.name) is not None
        if looked == MAX_SIGNATURES or not (is_xml or _CADES.fullmatch(file.name)):
            continue
        looked += 1
        found = _xades(file) if is_xml else _Listed(signers=_cades(file))
        signers += found.signers
        covered |= found.names
        has_signers[file.name] = bool(found.signers)
    if not looked:
        return Signatures()
    meant = [file.name for file in files if not is_housekeeping(file.name)]
    manifests = [file for file in files if _MANIFEST.fullmatch(file.name)][:MAX_SIGNATURES]
    listed = [_listed(manifest, is_manifest=True) for manifest in manifests]
    times_named = Counter(name for each in listed for name in each.signatures)
    for each in listed:
        # Nobody signed a manifest whose signature is not there, or is nobody's; and one signature is over one manifest, who knows which.
        if any(has_signers.get(name) and times_named[name] == 1 for name in each.signatures):
            covered |= each.names
    if (
        not manifests
        and len(meant) == 1
        and any(has_signers[name] for name in has_signers if name.lower() == _SIMPLE)
    ):
        covered |= set(meant)
    ambiguous = {name for name, count in Counter(file.name for file in files).items() if count > 1}
    counted = covered.intersection(by_name) - ambiguous
    return Signatures(
        tuple(signers[: preview.MAX_LIST]),
        frozenset(counted),
        tuple(dict.fromkeys(name for name in meant if name not in counted)),
    )


def _octets(file: File, most: int) -> bytes:
    """A file's content; nothing where it is too large, or can't be unpacked."""
    try:
        return file.octets() if file.size <= most else b""
    except CannotShow:
        return b""


def _cades(file: File) -> tuple[Signer, ...]:
    try:
        return signed.read_cms(_octets(file, signed.MAX_TOKEN_BYTES)).signers
    except AgentError:
        return ()


# --- XML --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Listed:
    """What an XML signature or a manifest names: files, signatures over itself, and who signed."""

    names: frozenset[str] = frozenset()
    signatures: frozenset[str] = frozenset()
    signers: tuple[Signer, ...] = ()


def _xades(file: File) -> _Listed:
    found = _listed(file, is_manifest=False)
    return found if found.signers else _Listed()


def _listed(file: File, *, is_manifest: bool) -> _Listed:
    """Nothing where it is damaged or too large, has a document type or lies too deep."""
    reader = _Reader(is_manifest=is_manifest)
    try:
        reader.read(_octets(file, MAX_XML_BYTES))
    except (NotATree, expat.ExpatError, ValueError, LookupError):
        return _Listed()
    return reader.found


@dataclass(frozen=True, slots=True)
class _Within:
    """A signature that is being read: the files that it names, and how many certificates of people came before it."""

    names: set[str]
    certificates_before: int


class _Reader:
    """Reads an XML signature or a manifest with expat, which loads nothing."""

    def __init__(self, *, is_manifest: bool) -> None:
        self._is_manifest = is_manifest
        self._open: list[str] = []
        self._within: list[_Within] = []
        self._text: list[str] = []
        self._names: set[str] = set()
        self._signatures: set[str] = set()
        self._signers = signed.XmlSigners()

    def read(self, octets: bytes) -> None:
        """Raises NotATree, ExpatError, ValueError, LookupError."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = refuse
        for at in range(0, len(octets), PIECE):
            parser.Parse(octets[at : at + PIECE], False)
        parser.Parse(b"", True)

    @property
    def found(self) -> _Listed:
        return _Listed(frozenset(self._names), frozenset(self._signatures), self._signers.signers)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        bare = name.rpartition(":")[2]
        if len(self._open) >= MAX_DEPTH:
            raise NotATree
        self._open.append(bare)
        self._text.clear()
        uri = attributes.get("URI", "")
        if self._is_manifest:
            if bare == "DataObjectReference":
                self._note(self._names, uri)
            elif bare == "SigReference":
                self._note(self._signatures, uri)
        elif bare == "Signature":
            self._within.append(_Within(set(), self._signers.certificates))
        elif self._open[-3:] == ["Signature", "SignedInfo", "Reference"]:
            # Only what a signature is over, not what an object in it, or anything beside it, refers to.
            self._note(self._within[-1].names, uri)

    @staticmethod
    def _note(names: set[str], uri: str) -> None:
        """The file that a URI means. One that begins with # means something in the signature itself."""
        if uri and not uri.startswith("#") and len(uri) <= _LONGEST_NAME:
            if len(names) == MAX_NAMES:
                raise NotATree
            names.add(unquote(uri))

    def _characters(self, text: str) -> None:
        if self._open and _FIELD.fullmatch(self._open[-1]):
            self._text.append(text)

    def _end(self, _name: str) -> None:
        bare = self._open.pop()
        if self._text:
            self._signers.leaf(bare, "".join(self._text))
            self._text.clear()
        if bare == "Signature" and self._within:
            ended = self._within.pop()
            if self._signers.certificates > ended.certificates_before:
                self._names |= ended.names
