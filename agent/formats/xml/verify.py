"""What the signatures of an XML document prove: for each one evidence, never a bare yes.

A further signature covers those before it, but not the other way round. So signatures are examined from the last to the first, and
each is taken out of the document once it has been examined, whatever came of it.

Only what a signature covers is proven. A signature over the whole document has an empty `covers`; one by Id names its elements there,
be it the root's, for a reader has to look at exactly those. Comments are never covered: a reference within the document drops
them, "#WithComments" or not (XML-DSig 1.1 §4.4.3.3), so a reader must see the text without them.

Content that is hidden inside a signature is "signature-wrapping" for every signature that claims the whole document and does not
cover it: the signature would be taken out before the digest, and the content with it.

References into a signature's own ds:Object are checked like others, those to XAdES properties too; what the properties say
(time, policy, certificate digests) is not read, and timestamps and counter-signatures in them neither.
"""

import dataclasses
from collections.abc import Iterable, Sequence

from lxml import etree

from agent.algorithms import Family, SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import BadInput, InvalidSignature, UnsupportedKey
from agent.formats import ecdsa
from agent.formats.evidence import Evidence, finding_of
from agent.formats.xml import canonical, identifiers, key_info, parse, references, signature
from agent.formats.xml.canonical import Allowance
from agent.formats.xml.identifiers import ds
from agent.formats.xml.key_info import KeyInfo
from agent.formats.xml.references import Target
from agent.formats.xml.signature import Signature

MAX_WORK = 4 * parse.MAX_WORK

# What may stand in a signature without being content: its own elements and those of WS-Security tokens.
_SIGNATURE_NAMESPACES = (identifiers.DS, identifiers.DS_11, identifiers.WSSE, identifiers.WSU)


@dataclasses.dataclass(frozen=True, slots=True)
class Examined:
    """Evidence on one signature, and the elements that it refers to by identifier."""

    evidence: Evidence
    elements: tuple[etree._Element, ...]


def verify(document: bytes | str, extra_certificates: Iterable[Certificate] = ()) -> tuple[Evidence, ...]:
    """Evidence for each signature in the order of the document: mathematics and digests, not trust.

    Text is a document already decoded. `extra_certificates` help where a signature only names its certificate.

    Raises: BadInput, also for a document without a signature.
    """
    tree = parse.read(document)
    found = signature.find(tree)
    if not found:
        raise BadInput("XML: there is no signature in the document")
    return tuple(one.evidence for one in examine(tree, found, extra_certificates))


def verify_within(document: bytes | str, parent: str, id_attribute: str = "") -> tuple[Evidence, ...]:
    """Evidence likewise, but only for those signatures that stand in an element called `parent`, prefix and all; where it is empty, for all.

    `id_attribute` is an attribute that holds identifiers, beside those that are called Id.

    Raises: BadInput, also where there is no such signature.
    """
    tree = parse.read(document)
    found = signature.find(tree)
    holders = [element.getparent() for element in found]  # for each is taken out as it is examined
    examined = examine(tree, found, (), id_attribute)
    wanted = tuple(
        one.evidence
        for one, holder in zip(examined, holders, strict=True)
        if not parent or (holder is not None and _qualified_name(holder) == parent)
    )
    if not wanted:
        raise BadInput("XML: there is no signature at that place")
    return wanted


def _qualified_name(element: etree._Element) -> str:
    name = etree.QName(element).localname
    return f"{element.prefix}:{name}" if element.prefix else name


def examine(
    tree: etree._ElementTree,
    elements: Sequence[etree._Element],
    extra_certificates: Iterable[Certificate],
    id_attribute: str = "",
) -> tuple[Examined, ...]:
    """Examines these ds:Signature elements, given in the order of the document, which are taken out of it.

    Raises: BadInput.
    """
    signatures = [signature.read(element) for element in elements]
    count = sum(1 + len(one.references) for one in signatures)
    if count * parse.work(tree) > MAX_WORK:
        raise BadInput("XML: too many signatures in so large a document")
    identified = references.Identifiers(tree, id_attribute)
    targets = [references.resolve(identified, one) for one in signatures]
    examination = _Examination(tree, tuple(extra_certificates))
    pairs = list(zip(signatures, targets, strict=True))
    return tuple(reversed([examination.examine(one, its) for one, its in reversed(pairs)]))


class _Examination:
    """Goes through the signatures of one document from the last to the first."""

    def __init__(self, tree: etree._ElementTree, extra: tuple[Certificate, ...]) -> None:
        self._tree = tree
        self._extra = extra
        self._allowance = Allowance()
        self._content_was_hidden = False

    def examine(self, one: Signature, targets: Sequence[Target]) -> Examined:
        """Takes the signature out of the document on the way."""
        signed = self._signed_octets(one)
        reasons = [] if signed is not None else ["unsupported-algorithm"]
        reasons += self._hiding_reasons(one, targets)
        reasons += self._reference_reasons(one, targets)
        _take_out(one.element)
        key = key_info.read(one.key_info)
        certificate, name, more = _signer(one, key, signed, self._extra)
        unique = tuple(dict.fromkeys((*reasons, *more)))
        evidence = Evidence(
            certificate=certificate,
            algorithm_name=name,
            signature=finding_of(unique),
            reasons=unique,
            stamped=one.value,
            certificates=key.certificates,
            covers=_covers(one, targets),
            title=one.name,
        )
        named = tuple(target.element for target in targets if target.element is not None)
        return Examined(evidence, named)

    def _signed_octets(self, one: Signature) -> bytes | None:
        """SignedInfo as it was signed, in its place; None where its canonicalisation is not known."""
        method = references.canonicalization(one.canonicalization)
        if method is None:
            return None
        return canonical.octets(
            one.signed_info, method.method, prefixes=method.prefixes, allowance=self._allowance
        )

    def _hiding_reasons(self, one: Signature, targets: Sequence[Target]) -> Iterable[str]:
        """Whether the signature claims the whole document, but something is hidden in it or in one that was taken out before."""
        if not _covers(one, targets) and (self._content_was_hidden or _hides_content(one, targets)):
            yield "signature-wrapping"
        self._content_was_hidden = self._content_was_hidden or _hides_content(one, ())

    def _reference_reasons(self, one: Signature, targets: Sequence[Target]) -> Iterable[str]:
        """Those with the signature in its place first, for afterwards it is gone."""
        for target in sorted(targets, key=lambda target: references.is_enveloped(target.reference)):
            if references.is_enveloped(target.reference) and not _take_out(one.element):
                yield "unsupported-transform"  # a root can't be left out of its own document
            else:
                yield from references.reasons(self._tree, one, target, self._allowance)


def _covers(one: Signature, targets: Sequence[Target]) -> str:
    """Empty for the whole document, else the references to its parts; those to the signature's own parts say nothing more."""
    if any(target.is_whole for target in targets):
        return ""
    outside = [t for t in targets if t.element is None or one.element not in t.element.iterancestors()]
    return " ".join(target.reference.uri or "?" for target in outside or targets)


def _hides_content(one: Signature, targets: Sequence[Target]) -> bool:
    """Whether something other than a signature stands in the signature, and is not signed by it."""
    signed = {target.element for target in targets}
    if any(holder not in signed and not _holds_properties(holder) for holder in one.objects):
        return True
    others = [child for child in parse.elements_of(one.element) if child.tag != ds("Object")]
    return any(
        etree.QName(inner).namespace not in _SIGNATURE_NAMESPACES
        for other in others
        for inner in parse.elements_of(other.iter())
    )


def _holds_properties(holder: etree._Element) -> bool:
    """Whether a ds:Object holds XAdES properties (ETSI EN 319 132-1 §4.3) and nothing else."""
    try:
        inside = signature.children(holder)
    except BadInput:
        return False
    return all(
        str(namespace).startswith(identifiers.ETSI) or namespace in _SIGNATURE_NAMESPACES
        for child in inside
        for namespace in (etree.QName(inner).namespace for inner in parse.elements_of(child.iter()))
    ) and all(str(etree.QName(child).namespace).startswith(identifiers.ETSI) for child in inside)


def _take_out(element: etree._Element) -> bool:
    """Removes an element, once, and leaves the text after it; False for a root, which stays."""
    parent = element.getparent()
    if parent is None:
        return element.getroottree().getroot() is not element
    previous = element.getprevious()
    if previous is None:
        parent.text = f"{parent.text or ''}{element.tail or ''}"
    else:
        previous.tail = f"{previous.tail or ''}{element.tail or ''}"
    element.tail = None
    parent.remove(element)
    return True


def _signer(
    one: Signature, key: KeyInfo, signed: bytes | None, extra: tuple[Certificate, ...]
) -> tuple[Certificate | None, str, tuple[str, ...]]:
    """The certificate whose key made the signature, or else the first that claims it; the algorithm's name; what is wrong."""
    candidates = key.candidates(extra)
    first = candidates[0] if candidates else None
    missing = () if candidates else ("no-certificate",)
    algorithm = _algorithm(one)
    if algorithm is None:
        reason = "weak-digest" if identifiers.is_weak(one.algorithm.uri) else "unsupported-algorithm"
        return first, one.algorithm.uri, (reason, *missing)
    if signed is None:
        return first, algorithm.name, missing
    digest = algorithm.digest(signed)
    # A signature that names nobody may be anybody's: then only the certificate that verifies it counts.
    for certificate in candidates or (extra if key.names_nobody else ()):
        if _wrong(certificate, algorithm, digest, one.value) is None:
            return certificate, algorithm.name, ()
    if first is None:
        return None, algorithm.name, missing
    return first, algorithm.name, (_wrong(first, algorithm, digest, one.value) or "signature-mismatch",)


def _algorithm(one: Signature) -> SignatureAlgorithm | None:
    """None where it is not known, or has parameters, as HMAC and PSS do."""
    try:
        return None if one.algorithm.has_parameters else identifiers.signature_algorithm(one.algorithm.uri)
    except UnsupportedKey:
        return None


def _wrong(
    certificate: Certificate, algorithm: SignatureAlgorithm, digest: bytes, value: bytes
) -> str | None:
    """Why this certificate's key did not make the signature; None where it did."""
    try:
        key_type = certificate.public_key.key_type
        if key_type.family is not algorithm.family:
            return "key-mismatch"
        if key_type.family is Family.ECDSA:
            value = ecdsa.to_der(value, key_type.coordinate_octets)
        certificate.verify(algorithm, digest, value)
    except UnsupportedKey:
        return "unsupported-algorithm"
    except (InvalidSignature, BadInput):  # BadInput: not two numbers of that curve
        return "signature-mismatch"
    return None
