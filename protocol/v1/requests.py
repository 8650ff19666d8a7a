"""What a page may send: the envelope of a request, and the parameters of each method. Objects here are closed (protocol.v1.shapes).

The words in the annotations are for developers of pages; they go into the descriptions (docs/api).
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from protocol.messages import MAX_AUTHORITIES, SignatureFormat, XmlLayout
from protocol.prompts import Language, Purpose
from protocol.v1 import limits
from protocol.v1.constraints import (
    Base64Text,
    Base64Url,
    Items,
    Length,
    NotZero,
    Nullable,
    OnlyWith,
    Pattern,
    Range,
    Rule,
    Together,
    Wire,
    one_line,
)

TimestampWish: TypeAlias = Literal["none", "wanted", "required"]

Id: TypeAlias = Annotated[str, Pattern("[A-Za-z0-9._-]{1,64}", "1 to 64 of the characters A-Z a-z 0-9 . _ -")]
Handle: TypeAlias = Annotated[str, Pattern("[A-Za-z0-9._-]{1,64}", "a handle that the agent gave")]
DigitsOfNumber: TypeAlias = Annotated[str, Pattern("[0-9]{12}", "12 digits")]
Oid: TypeAlias = Annotated[
    str, Length(3, 128), Pattern(r"[0-2](?:\.(?:0|[1-9][0-9]*))+", "a dotted object identifier")
]
Octets: TypeAlias = Annotated[str, Base64Text(limits.FRAME_BYTES // 4 * 3, may_be_empty=True)]
OctetCount: TypeAlias = Annotated[int, Range(0, limits.MAX_UPLOAD_BYTES)]


@dataclass(frozen=True, slots=True)
class Request:
    """What a page sends. It is answered by any number of events and by exactly one result or error, all with its `id`."""

    module: Annotated[
        Literal["kz.qalamsap.v1"], "Comes first, so that the agent knows the interface from it."
    ]
    id: Annotated[
        str,
        Pattern("[A-Za-z0-9._-]{1,64}", "1 to 64 of the characters A-Z a-z 0-9 . _ -"),
        "The page's own name for the request, another for each that runs on the socket.",
    ]
    method: Annotated[str, "What is asked for."]
    params: Annotated[Any, "The parameters of the method; may be absent where none of them is needed."] = (
        field(default_factory=dict)
    )


@dataclass(frozen=True, slots=True)
class TextContent:
    """A text; its octets are those of its UTF-8."""

    text: Annotated[str, Length(0, limits.FRAME_BYTES), "The text itself."]


@dataclass(frozen=True, slots=True)
class Base64Content:
    """Octets."""

    base64: Annotated[Octets, "The octets in base64."]


@dataclass(frozen=True, slots=True)
class UploadContent:
    """Octets that were uploaded over the same socket."""

    upload: Annotated[Handle, "The handle from the result of `upload`."]


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of a document that stays where it is."""

    base64: Annotated[
        str,
        Base64Text(limits.MAX_DIGEST_BYTES),
        "The octets of the digest, by the hash that belongs to the person's key.",
    ]


@dataclass(frozen=True, slots=True)
class DigestContent:
    """Only the digest of the content. The person is told that the content can't be shown. For the format cms, and for all documents alike."""

    digest: Annotated[Digest, "The digest."]


Content: TypeAlias = TextContent | Base64Content | UploadContent
ContentOrDigest: TypeAlias = TextContent | Base64Content | UploadContent | DigestContent


@dataclass(frozen=True, slots=True)
class FactParams:
    """What the page says about a document, as a row of a table that the person sees. The agent can't check it, and says so."""

    label: Annotated[str, Length(1, 100), one_line(), "What it is: `Amount`."]
    value: Annotated[str, Length(0, 500), one_line(), "`11 648,00 ₸`."]


@dataclass(frozen=True, slots=True)
class DocumentParams:
    """One document to sign."""

    content: Annotated[ContentOrDigest, "What is signed."]
    title: Annotated[str, Length(0, 300), one_line(), "What it is called, as the person will read it."] = ""
    facts: Annotated[tuple[FactParams, ...], Items(0, limits.MAX_FACTS), "What the page says about it."] = ()
    existing: Annotated[
        Content | None,
        "A CMS signature of this document, without the document inside. It comes back with one more signer. For the format cms, and "
        "for all documents of a request or none.",
    ] = None


@dataclass(frozen=True, slots=True)
class KeyParams:
    """Which keys the person may use. What is absent does not narrow the choice."""

    purpose: Annotated[
        Purpose | None,
        "What the certificate says the key is for. Without it: `sign` for signatures, `identify` for `login`, `any` for `describeKey`.",
    ] = None
    usages: Annotated[
        tuple[Oid, ...], Items(0, 32), "Extended key usages that the certificate has to have, all of them."
    ] = ()
    iin: Annotated[DigitsOfNumber, "The individual identification number of the owner."] = ""
    bin: Annotated[DigitsOfNumber, "The business identification number of the owner's organisation."] = ""
    serial_number: Annotated[
        str, Length(1, 64), Pattern("[0-9A-Fa-f]{1,64}", "hexadecimal"), "Of the certificate, in hexadecimal."
    ] = ""
    authorities: Annotated[
        tuple[Annotated[str, Length(1, 32_768)], ...] | None,
        Nullable(),
        Items(0, MAX_AUTHORITIES),
        "Where the certificate's path has to end. null, the default: at an authority of Kazakhstan. A list of certificates in PEM: "
        "at one of them. An empty list: anywhere; the person is warned.",
    ] = None
    allow_expired: Annotated[bool, "An expired certificate will do, too; the person is warned."] = False
    allow_revoked: Annotated[bool, "A certificate that was revoked will do, too; the person is warned."] = (
        False
    )


@dataclass(frozen=True, slots=True)
class XmlParams:
    """How an XML signature lies in its document. Without the two paths the whole document is signed."""

    RULES: ClassVar[tuple[Rule, ...]] = (Together("elementXPath", "parentXPath"),)

    layout: Annotated[
        XmlLayout,
        "No white space in the signature at all, which stays good where a verifier drops white space, or each element on a line.",
    ] = "compact"
    element_x_path: Annotated[
        str,
        Wire("elementXPath"),
        Length(1, 1000),
        "Selects the element to sign, which has to have an attribute Id.",
    ] = ""
    parent_x_path: Annotated[
        str, Wire("parentXPath"), Length(1, 1000), "Selects the element that the signature is put into."
    ] = ""


@dataclass(frozen=True, slots=True)
class StampParams:
    """Draws the signature on a page of the PDF."""

    page: Annotated[
        int,
        NotZero(),
        Range(-100_000, 100_000),
        "Counts from 1, or from -1 backwards; without it the last page.",
    ] = -1


@dataclass(frozen=True, slots=True)
class SignParams:
    """Asks the person to sign, once for all documents."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        OnlyWith("xml", "format", ("xml",)),
        OnlyWith("stamp", "format", ("pdf",)),
        OnlyWith("cosign", "format", ("cms",), (True,)),
        OnlyWith("timestamp", "format", ("cms", "pdf", "asic"), ("wanted", "required")),
    )

    documents: Annotated[tuple[DocumentParams, ...], Items(1, limits.MAX_DOCUMENTS), "What to sign."]
    format: Annotated[SignatureFormat, "What the signatures are. See `formats` of `capabilities`."]
    detached: Annotated[
        bool, "cms and jws: the document is not put into the signature. Means nothing for the other formats."
    ] = True
    timestamp: Annotated[
        TimestampWish,
        "Whether each signature gets a timestamp. `required`: without one nothing is signed. `wanted`: the result says which signatures "
        "lack one. For cms, pdf and asic.",
    ] = "none"
    xml: Annotated[XmlParams | None, "For the format xml."] = None
    stamp: Annotated[StampParams | None, "For the format pdf. Without it nothing is drawn."] = None
    cosign: Annotated[
        bool,
        "A document that is itself a CMS signature with its content gets one more signer. For the format cms.",
    ] = False
    certificate: Annotated[bool, "The result has the signer's certificate, too."] = False
    may_leave_out: Annotated[
        bool,
        "The person may take documents out of the request and sign the others. Without it they sign all of them or none.",
    ] = False
    key: Annotated[KeyParams, "Which keys may be used."] = KeyParams()
    language: Annotated[
        Language | None, "Of the window, and of the sentence in an error. Without it: the person's own."
    ] = None


@dataclass(frozen=True, slots=True)
class LoginParams:
    """Asks the person to say with a signature who they are, to this site and nobody else."""

    nonce: Annotated[
        str,
        Base64Url(16, 64),
        "16 to 64 random octets from the server, in base64url without padding. Made for this login, accepted once.",
    ]
    key: Annotated[KeyParams, "Which keys may be used."] = KeyParams()
    language: Annotated[
        Language | None, "Of the window, and of the sentence in an error. Without it: the person's own."
    ] = None


@dataclass(frozen=True, slots=True)
class DescribeKeyParams:
    """Asks the person to choose a key and let the page see its certificate."""

    key: Annotated[KeyParams, "Which keys may be chosen."] = KeyParams()
    language: Annotated[
        Language | None, "Of the window, and of the sentence in an error. Without it: the person's own."
    ] = None


@dataclass(frozen=True, slots=True)
class VerifyParams:
    """Asks what the signatures in a document or message prove. The person is not asked."""

    signature: Annotated[Content, "A CMS, a signed XML, PDF, ASiC-E or ZIP, a JWS."]
    document: Annotated[Content | None, "What was signed, where it is not inside."] = None
    language: Annotated[Language | None, "Of the sentence in an error. Without it: the person's own."] = None


@dataclass(frozen=True, slots=True)
class TimestampParams:
    """Asks for a timestamp on each signer of a CMS signature that has none. The person is not asked."""

    signature: Annotated[Content, "The CMS: its octets, or PEM as a text."]


@dataclass(frozen=True, slots=True)
class CapabilitiesParams:
    """Asks what this agent is and can do."""


@dataclass(frozen=True, slots=True)
class UploadParams:
    """Announces octets that are too many for a text frame. The request ends when the agent has them all."""

    size: Annotated[OctetCount, "How many there will be."]


@dataclass(frozen=True, slots=True)
class ReadParams:
    """Asks for a piece of a download, which comes in one binary frame before the result."""

    download: Annotated[Handle, "The handle from a result."]
    offset: Annotated[OctetCount, "Where the piece begins."]
    length: Annotated[
        int, Range(1, limits.CHUNK_BYTES), "How many octets, at most. At the end there are fewer."
    ]


@dataclass(frozen=True, slots=True)
class ReleaseParams:
    """Gives back uploads and downloads before the socket closes."""

    handles: Annotated[tuple[Handle, ...], Items(0, limits.MAX_UPLOADS), "Those that are no longer needed."]


@dataclass(frozen=True, slots=True)
class CancelParams:
    """Ends another request of the same socket, window and all."""

    request: Annotated[Id, "The `id` of that request."]


Params: TypeAlias = (
    CapabilitiesParams
    | SignParams
    | LoginParams
    | DescribeKeyParams
    | VerifyParams
    | TimestampParams
    | UploadParams
    | ReadParams
    | ReleaseParams
    | CancelParams
)
