"""What a page can ask for and what it can be told, in our own words: no dialect's names stand here.

`protocol.codec` reads a page's frame into a Call with one of the requests below, and writes one of the outcomes back in the
dialect that the page spoke. Daemon and worker use the same values.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from protocol import flat_messages
from protocol.prompts import MAX_LISTED, Fact, FileKind, Language, Purpose
from protocol.readings import USUAL, NameKeywords, Readings

MAX_DOCUMENTS = MAX_LISTED  # what one prompt can list (protocol.pipes.MAX_JSON_BYTES)
MAX_DIGEST_BYTES = 128  # twice the longest digest that we know
MAX_AUTHORITIES = 64  # certificates in one request

FILE_NOT_FOUND = "file.not_found"  # NCALayer's words, as the detail of "file-unusable"

KEY_FILE_STORAGES = ("PKCS12", "JKS")
READ_ONLY_STORAGES = ("JKS",)  # no key is made there, and none gets a certificate
TOKEN_STORAGES = (
    "AKKaztokenStore",
    "AKKZIDCardStore",
    "AKEToken72KStore",
    "AKEToken5110Store",
    "AKJaCartaStore",
    "AKAKEYStore",
)
KNOWN_STORAGES = KEY_FILE_STORAGES + TOKEN_STORAGES
OPENABLE_STORAGES = KEY_FILE_STORAGES  # a test compares it with agent.keystores.catalog

SignatureFormat: TypeAlias = Literal["cms", "xml", "raw", "pdf", "jws", "wsse", "asic"]
XmlLayout: TypeAlias = Literal["lines", "compact"]

Dialect: TypeAlias = Literal["common-utils", "basics", "accessory", "flat", "v1", "series", "none"]


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys may be used. Empty members don't filter.

    `usages` are dotted OIDs, and the certificate's extended key usage must hold every one of them. `authorities` says where
    the certificate's chain must end: None at a national authority, () anywhere, else at one of these certificates (PEM).
    `allow_expired` lets an expired or not yet valid certificate be used, `allow_revoked` one that its authority has taken back; the
    person is warned all the same.
    """

    purpose: Purpose = "any"
    usages: tuple[str, ...] = ()
    iin: str = ""
    bin: str = ""
    serial_number: str = ""
    authorities: tuple[str, ...] | None = ()
    allow_expired: bool = False
    allow_revoked: bool = False


@dataclass(frozen=True, slots=True)
class XmlOptions:
    """How an XML signature lies in its document. `layout`: each element on a line of its own, or no white space at all.

    Without the two XPaths the whole document is signed. With both, `element_xpath` selects the element to sign, which must have
    an attribute Id, and `parent_xpath` the element that the signature is put into. `is_text`: the documents came as characters,
    are in UTF-8 here, and what they say of their encoding counts for nothing. `id_attribute` is what the attribute Id is called;
    empty, it may be written in any case.
    """

    layout: XmlLayout = "lines"
    element_xpath: str = ""
    parent_xpath: str = ""
    is_text: bool = False
    id_attribute: str = "Id"


@dataclass(frozen=True, slots=True)
class StampOptions:
    """Where a PDF shows its signature: `page` counts from 1, or from -1 backwards. The corner is where there is room for it."""

    page: int = -1


@dataclass(frozen=True, slots=True)
class LargeDocument:
    """A document that is not carried about: its size in octets, and its digest by the dotted OID of each algorithm that may sign it.

    `octets` are there where it is in memory all the same, for the person to look into; signed are the digests.
    """

    size: int
    digests: tuple[tuple[str, bytes], ...]
    octets: bytes | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SignRequest:
    """Asks for one signature a document, under one approval.

    With `are_digests` each document is the digest of what is signed, and the signatures are detached. With `cosigns` a
    document that is itself a CMS signature gets one more signer in place of a new signature around it. With `timestamps`
    each signature gets one (CMS, PDF, ASiC), or the request fails: a signature without is less than what was asked for. Only
    who `may_lack_timestamps` keeps what could not get one, and is told. `xml` is for the format xml, `stamp` for pdf (None:
    nothing is drawn), `with_certificate` for raw. `storages` empty means every one; `language` None means the agent's own.

    `large` documents stand in place of `documents`, and get detached CMS signatures; those that are there already are `existing`,
    one for each, and get one more signer. Who `may_leave_out` can do with signatures of some of the documents.
    """

    documents: tuple[bytes, ...] = field(repr=False)
    detached: bool
    format: SignatureFormat = "cms"
    timestamps: bool = False
    may_lack_timestamps: bool = False
    large: tuple[LargeDocument, ...] = ()
    existing: tuple[bytes, ...] = field(default=(), repr=False)
    xml: XmlOptions = XmlOptions()
    stamp: StampOptions | None = None
    with_certificate: bool = False
    are_digests: bool = False
    cosigns: bool = False
    keys: KeyFilter = KeyFilter()
    storages: tuple[str, ...] = ()
    language: Language | None = None
    names: tuple[str, ...] = ()  # what the documents are called; NCALayer's pages give no names
    facts: tuple[tuple[Fact, ...], ...] = ()  # what the page says about each of them
    file: str = ""  # in place of `documents`: a file on this computer that the page named
    is_any_digest: bool = False  # digests of a length that is not the key's are signed all the same
    trusts_bare_digests: bool = False  # keys that identify sign digests in the format raw, too
    may_leave_out: bool = False  # the person may take documents out of the request


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """Asks for a timestamp on each signature of a CMS that has none yet. No key is needed, and nobody is asked."""

    document: bytes = field(repr=False)
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class KeyInfoRequest:
    """Asks what the certificate of a key says; the person chooses the key and approves."""

    storages: tuple[str, ...]
    language: Language | None = None
    keys: KeyFilter = KeyFilter(allow_expired=True, allow_revoked=True)
    name_keywords: NameKeywords = "S-G"


@dataclass(frozen=True, slots=True)
class ChooseFileRequest:
    """Asks the person to choose a file, whose path the page gets; `folder` is where to begin, as the page says."""

    kind: FileKind
    folder: str = ""
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class AboutRequest:
    """Asks to show the agent itself."""

    language: Language | None = None


@dataclass(frozen=True, slots=True)
class NewKeyRequest:
    """Asks for a key pair and a request for a certificate of it (PKCS#10), in the national profile.

    `subject` are attributes in order: short names as in RFC 4514 or dotted OIDs, and values. `algorithm` is one of
    agent.operations.new_key.KEY_TYPES.
    """

    subject: tuple[tuple[str, str], ...]
    algorithm: str = "gost-2015-512"
    purpose: Purpose = "sign"
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class ImportCertificateRequest:
    """Asks to join a certificate, with those of its authorities, to the key that was made for it."""

    certificate: bytes = field(repr=False)
    authorities: tuple[bytes, ...] = field(default=(), repr=False)
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """Asks for a signed statement that the owner of a key is at the calling origin now, over the page's `nonce`."""

    nonce: bytes
    keys: KeyFilter = KeyFilter()
    storages: tuple[str, ...] = ()
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """Asks what a signature proves. `document` is what it is about where that is not inside it. No key is needed, and nobody is asked."""

    signature: bytes = field(repr=False)
    document: bytes | None = field(default=None, repr=False)
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """Asks for CMS signatures of `count` documents that come one by one once the person has agreed."""

    count: int
    detached: bool
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class TokensRequest:
    """Asks which kinds of hardware token are plugged in."""


@dataclass(frozen=True, slots=True)
class LocaleRequest:
    """Sets the language of the windows to come; None is a language that we don't have, and changes nothing."""

    language: Language | None


@dataclass(frozen=True, slots=True)
class UnavailableRequest:
    """Asks in good order for what can't be had here: `code` is one of agent.errors, `detail` says what and why."""

    detail: str
    code: str = "unsupported"


@dataclass(frozen=True, slots=True)
class ConstantRequest:
    """Asks for what always gets the same reply; the empty text means that the dialect sends no frame at all."""

    reply: str


Request: TypeAlias = (
    SignRequest
    | TimestampRequest
    | KeyInfoRequest
    | ChooseFileRequest
    | AboutRequest
    | NewKeyRequest
    | ImportCertificateRequest
    | LoginRequest
    | VerifyRequest
    | SeriesRequest
    | TokensRequest
    | LocaleRequest
    | UnavailableRequest
    | ConstantRequest
    | flat_messages.Request
)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what is needed to answer it in the same dialect."""

    dialect: Dialect
    method: str
    request: Request
    uuid: str = ""  # comes back in the reply where the dialect does so
    readings: Readings = USUAL  # of the site


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature for each document, in order: CMS in DER, a signed XML document in UTF-8, a signed PDF, the octets of a raw
    signature, the text of a JWS. `certificate_der` is the signer's, empty where it was not asked for. `lacking` numbers, from 0,
    those documents whose signature should have a timestamp and may lack it; `left_out` those that have no signature, for the person left
    them out: only of a request that allows it."""

    signatures: tuple[bytes, ...] = field(repr=False)
    format: SignatureFormat = "cms"
    certificate_der: bytes = field(default=b"", repr=False)
    lacking: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()

    def by_document(self) -> tuple[bytes | None, ...]:
        """A signature, or None where it was left out, for each document of the request."""
        signatures, left_out = iter(self.signatures), frozenset(self.left_out)
        count = len(self.signatures) + len(left_out)
        return tuple(None if number in left_out else next(signatures) for number in range(count))


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What a page is told about a key. Hex in lower case; moments in milliseconds since 1970; names as one line of text.

    The empty text stands for an identifier that the certificate does not have.
    """

    alias: str
    key_id: str  # of the subject key identifier
    algorithm: str
    subject_common_name: str
    subject: str
    issuer_common_name: str
    issuer: str
    serial_number: str
    not_before_ms: int
    not_after_ms: int
    authority_key_id: str
    certificate_der: bytes = field(repr=False)
    display_name: str = ""  # of the algorithm, for people
    iin: str = ""
    organisation: str = ""
    bin: str = ""
    uses: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChosen:
    """The path of what the person chose."""

    path: str


@dataclass(frozen=True, slots=True)
class KeyRequested:
    """A new key lies in its file; `request_der` is the PKCS#10 request for its certificate."""

    request_der: bytes = field(repr=False)
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class CertificateJoined:
    """The certificate lies beside its key now, which goes by `key_id`."""

    key_id: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What signatures prove: the report as JSON values (agent.operations.report)."""

    report: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Storage names of the tokens that are there."""

    storages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, and there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The person said no."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be done. `code` is one of agent.errors; `detail` may go to the page: no path, no personal data."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """A reply that is the same for everyone; the empty text sends no frame."""

    reply: str


Outcome: TypeAlias = (
    Signed
    | KeyInfo
    | FileChosen
    | KeyRequested
    | CertificateJoined
    | Verified
    | Tokens
    | Done
    | Cancelled
    | Failed
    | Constant
    | flat_messages.Outcome
)

# One sentence for developers of pages for each code of agent.errors; people read our window, not this.
SENTENCES = {
    "no-one-to-ask": "No window could be shown, so the person was not asked.",
    "window-failed": "The window that asks the person stopped working.",
    "timed-out": "The person did not answer in time.",
    "bad-input": "The request or the document makes no sense.",
    "file-unusable": "The file that was named can't be read.",
    "unsupported": "This version of the agent can't do that.",
    "invalid": "The signature that was made did not verify, so it was thrown away.",
    "no-path": "No certification path to a trusted authority.",
    "unreachable": "An authority's server gave no usable answer.",
    "timestamp-failed": "No timestamp could be had, so nothing was signed.",
    "storage-failed": "The agent could not write its own records, so nothing was signed.",
    "busy": "Too many requests are waiting.",
    "paused": "The agent is paused.",
    "site-blocked": "The person blocked this site.",
    "policy-blocked": "The administrator of this computer does not let this site ask for signatures.",
    "policy-forbids": "The rules of this computer's administrator forbid this signature.",
    "key-folder": "The key lies outside the folders that the administrator of this computer allows.",
    "bad-policy": "The rules or the settings of this program on this computer can't be used, so nothing is signed.",
    "internal": "The agent failed while it carried out the request.",
}


def sentence(code: str) -> str:
    """The English sentence for a code; for one without a sentence, that of "internal"."""
    return SENTENCES.get(code, SENTENCES["internal"])
