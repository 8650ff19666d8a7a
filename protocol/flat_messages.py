"""What pages ask for in NCALayer's first methods and nowhere else: a key in a file that the page names, with a password that it has.

These are among the requests and outcomes of protocol.messages, and say what they mean in the same words. A password is the one thing
that may be overwritten in them: who gets a request wipes it.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from protocol.prompts import Purpose
from protocol.readings import NameKeywords

if TYPE_CHECKING:
    from protocol.messages import SignRequest

CertificatePart: TypeAlias = Literal["not-before", "not-after", "subject", "issuer", "attribute"]
SignedFormat: TypeAlias = Literal["cms", "xml"]
DigestName: TypeAlias = Literal["SHA-1", "SHA-256", "GOST 34.311-95"]
Thing: TypeAlias = Literal["key", "key-file", "attribute"]


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a page says that a key lies. Without `alias` any key in the file will do."""

    storage: str
    path: str = field(repr=False)
    password: bytearray = field(repr=False)
    alias: str = ""


@dataclass(frozen=True, slots=True)
class ListKeysRequest:
    """Asks which keys for this purpose lie in a file."""

    place: KeyPlace
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class ReadCertificateRequest:
    """Asks for one thing that a key's certificate says: of an attribute of its owner, the value at `index` among those of `oid`."""

    place: KeyPlace
    part: CertificatePart
    oid: str = ""
    index: int = 0
    name_keywords: NameKeywords = "S-G"


@dataclass(frozen=True, slots=True)
class SignWithKeyRequest:
    """Asks for signatures by the key at a place. Whether they are made, the person says."""

    place: KeyPlace
    signing: "SignRequest"


@dataclass(frozen=True, slots=True)
class CheckBareRequest:
    """Asks whether bare octets are the signature of a document by the key at a place."""

    place: KeyPlace
    document: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Asks whether signatures are good.

    `document` is what a CMS is about, or `file` names it; without either it is inside. Of an XML document those signatures count that
    stand in an element called `parent`, all where it is empty; `id_attribute` is an attribute that names elements, beside those that
    are called Id.
    """

    format: SignedFormat
    signature: bytes = field(repr=False)
    document: bytes | None = field(default=None, repr=False)
    file: str = ""
    parent: str = ""
    id_attribute: str = ""


@dataclass(frozen=True, slots=True)
class DigestRequest:
    """Asks for the digest of a text."""

    document: bytes = field(repr=False)
    algorithm: DigestName


Request: TypeAlias = (
    ListKeysRequest
    | ReadCertificateRequest
    | SignWithKeyRequest
    | CheckBareRequest
    | CheckRequest
    | DigestRequest
)


@dataclass(frozen=True, slots=True)
class Text:
    """What was asked for, as text."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether signatures hold; None where that can't be told."""

    holds: bool | None


@dataclass(frozen=True, slots=True)
class Missing:
    """What was asked for is not there."""

    what: Thing


Outcome: TypeAlias = Text | Checked | Missing
