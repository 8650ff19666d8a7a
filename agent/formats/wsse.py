"""WS-Security signatures of SOAP messages, as the state gateway (SmartBridge, SHEP) wants them: over the Body, by its wsu:Id.

The signature lies in wsse:Security in the message's Header, with the certificate in a KeyIdentifier (WSS X.509 Token Profile 1.0
§3.3.1); both canonicalisations are exclusive. Answers of the gateway name their certificate by issuer and serial number only:
the verifier has to be given it.

A signature in wsse:Security that is not over the one Body that a receiver takes, the child of the root, is "signature-wrapping".
Signatures inside the Body belong to the document that it carries, and are not looked at.
"""

import dataclasses
import re
from collections.abc import Iterable

from lxml import etree

from agent.certificate import Certificate
from agent.errors import BadInput
from agent.formats.evidence import Evidence, finding_of
from agent.formats.xml import canonical, identifiers, parse, place, signature
from agent.formats.xml import layout as layouts
from agent.formats.xml import sign as xml_sign
from agent.formats.xml import verify as xml_verify
from agent.formats.xml.place import Place
from agent.formats.xml.verify import Examined
from agent.signer import Signer

_SOAP_NAMESPACES = (
    "http://schemas.xmlsoap.org/soap/envelope/",  # 1.1
    "http://www.w3.org/2003/05/soap-envelope",  # 1.2
)
_SECURITY = f"{{{identifiers.WSSE}}}Security"
_WSU_ID = f"{{{identifiers.WSU}}}Id"
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")


@dataclasses.dataclass(frozen=True, slots=True)
class _Message:
    """A SOAP message. `has_other_body` is for a second one anywhere but inside the first."""

    tree: etree._ElementTree
    namespace: str
    header: etree._Element | None
    body: etree._Element
    has_other_body: bool


def check(envelope: bytes | str) -> None:
    """Finds what `sign` would refuse, before anybody is asked for a key.

    Raises: BadInput.
    """
    _signable(envelope)


def sign(signer: Signer, envelope: bytes | str, *, body_id: str) -> bytes:
    """The message in UTF-8 with its Body signed. Text is a message already decoded.

    `body_id` ("id-" and a UUID) becomes the Body's wsu:Id; a Body that has one keeps it, for others may have signed it. A Header and a
    wsse:Security that are there are added to.

    Raises: BadInput.
    """
    if not _ID.fullmatch(body_id):
        raise BadInput("SOAP: the identifier for the Body is not a name of XML")
    message = _signable(envelope)
    if message.body.get(_WSU_ID) is None:
        message = _read(_with_id(message.body, body_id))
    identifier = str(message.body.get(_WSU_ID))
    return xml_sign.put_signature(
        signer,
        _place(message),
        xml_sign.by_id(message.tree, message.body, identifier, canonical.EXCLUSIVE),
        layouts.LAYOUTS["crlf"],
        layouts.token_reference(signer.certificate.der),
    )


def verify(envelope: bytes | str, extra_certificates: Iterable[Certificate] = ()) -> tuple[Evidence, ...]:
    """Evidence for each signature in wsse:Security, in the order of the message; `covers` begins with "Body" where it is signed.

    Raises: BadInput, also for a message without a signature there.
    """
    message = _read(envelope)
    found = [element for element in signature.find(message.tree) if _is_in_security(element, message)]
    if not found:
        raise BadInput("SOAP: there is no signature in wsse:Security")
    examined = xml_verify.examine(message.tree, found, extra_certificates)
    return tuple(_about_body(one, message) for one in examined)


def _signable(envelope: bytes | str) -> _Message:
    """Raises: BadInput."""
    message = _read(envelope)
    if message.has_other_body:
        raise BadInput("SOAP: more than one Body")
    return message


def _read(envelope: bytes | str) -> _Message:
    """Raises: BadInput."""
    tree = parse.read(envelope)
    root = tree.getroot()
    namespace = str(etree.QName(root).namespace)
    if namespace not in _SOAP_NAMESPACES or etree.QName(root).localname != "Envelope":
        raise BadInput("SOAP: not an Envelope")
    body = root.find(f"{{{namespace}}}Body")
    headers = root.findall(f"{{{namespace}}}Header")
    if body is None or len(headers) > 1:
        raise BadInput("SOAP: an Envelope has one Body and at most one Header")
    others = (
        other
        for soap in _SOAP_NAMESPACES
        for other in root.iter(f"{{{soap}}}Body")
        if other is not body and body not in other.iterancestors()
    )
    header = headers[0] if headers else None
    return _Message(tree, namespace, header, body, has_other_body=any(True for _ in others))


def _with_id(body: etree._Element, identifier: str) -> bytes:
    prefix = _prefix(body, "wsu", identifiers.WSU)
    declaration = "" if prefix in body.nsmap else f' xmlns:{prefix}="{identifiers.WSU}"'
    return place.with_attributes(body, f'{declaration} {prefix}:Id="{identifier}"')


def _place(message: _Message) -> Place:
    """Where the signature goes: into wsse:Security, which is made, as is the Header, unless it is there."""
    root, header = message.tree.getroot(), message.header
    security = None if header is None else header.find(_SECURITY)
    if security is not None:
        return place.within(security)
    prefix = _prefix(root if header is None else header, root.prefix or "soap", message.namespace)
    start, end = _security_tags(root if header is None else header, prefix, message.namespace)
    if header is not None:
        return place.within(header).within(start, end)
    name = f"{root.prefix}:Header" if root.prefix else "Header"
    return place.within(root, at_start=True).within(f"<{name}>", f"</{name}>").within(start, end)


def _security_tags(around: etree._Element, prefix: str, namespace: str) -> tuple[str, str]:
    soap = "" if prefix in around.nsmap else f' xmlns:{prefix}="{namespace}"'
    declarations = f'xmlns:wsse="{identifiers.WSSE}" xmlns:wsu="{identifiers.WSU}"{soap}'
    return f'<wsse:Security {declarations} {prefix}:mustUnderstand="1">', "</wsse:Security>"


def _prefix(element: etree._Element, wanted: str, namespace: str) -> str:
    """A prefix that means this namespace here, or that nobody uses here."""
    prefix = wanted
    while element.nsmap.get(prefix, namespace) != namespace:
        prefix += "x"
    return prefix


def _is_in_security(element: etree._Element, message: _Message) -> bool:
    security = element.getparent()
    return security is not None and security.tag == _SECURITY and security.getparent() is message.header


def _about_body(examined: Examined, message: _Message) -> Evidence:
    """The evidence, saying whether it is about the Body. A signature over the whole message is left as it is."""
    evidence = examined.evidence
    is_over_body = message.body in examined.elements
    if message.has_other_body or (evidence.covers and not is_over_body):
        reasons = tuple(dict.fromkeys((*evidence.reasons, "signature-wrapping")))
        return dataclasses.replace(evidence, reasons=reasons, signature=finding_of(reasons))
    if not evidence.covers:
        return evidence
    others = [uri for uri in evidence.covers.split() if uri != f"#{message.body.get(_WSU_ID)}"]
    return dataclasses.replace(evidence, covers=" ".join(("Body", *others)))
