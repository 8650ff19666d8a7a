"""Names of XML signatures: namespaces, algorithms by URI.

URIs of signatures and digests stand in agent/algorithms.py; here are those that name no algorithm we use, and the way back.
"""

from agent import algorithms
from agent.algorithms import DigestAlgorithm, SignatureAlgorithm
from agent.errors import UnsupportedKey

DS = "http://www.w3.org/2000/09/xmldsig#"
DS_11 = "http://www.w3.org/2009/xmldsig11#"
XML = "http://www.w3.org/XML/1998/namespace"
ETSI = "http://uri.etsi.org/"  # XAdES: every version's namespace begins so
_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = f"{_OASIS}wssecurity-secext-1.0.xsd"
WSU = f"{_OASIS}wssecurity-utility-1.0.xsd"
X509_V3 = f"{_OASIS}x509-token-profile-1.0#X509v3"
BASE64_BINARY = f"{_OASIS}soap-message-security-1.0#Base64Binary"

ENVELOPED = f"{DS}enveloped-signature"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_WITH_COMMENTS = f"{C14N}#WithComments"
C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

# W3C put SHA-1 into its first namespace, old national programs into the second one, which W3C never did.
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_WEAK_SIGNATURES = frozenset({f"{DS}rsa-sha1", f"{DS}dsa-sha1", f"{_MORE}rsa-sha1", f"{_MORE}ecdsa-sha1"})
_DIGEST_BY_URI = {row.xml_uri: row for row in algorithms.DIGESTS if row.xml_uri} | {
    f"{DS}sha1": algorithms.SHA1,
    f"{_MORE}sha1": algorithms.SHA1,
}
_SIGNATURE_BY_URI = {row.xml_uri: row for row in algorithms.SIGNATURES if row.xml_uri}


def ds(name: str) -> str:
    """The name of an XML-DSig element as lxml writes it."""
    return f"{{{DS}}}{name}"


def signature_algorithm(uri: str) -> SignatureAlgorithm:
    """Raises: UnsupportedKey, also for what `is_weak` knows."""
    try:
        return _SIGNATURE_BY_URI[uri]
    except KeyError:
        raise UnsupportedKey(f'signature algorithm "{uri}" is not supported') from None


def digest_algorithm(uri: str) -> DigestAlgorithm:
    """SHA-1 has a row, so that one can say whether it matches: see `is_weak`.

    Raises: UnsupportedKey.
    """
    try:
        return _DIGEST_BY_URI[uri]
    except KeyError:
        raise UnsupportedKey(f'digest algorithm "{uri}" is not supported') from None


def is_weak(uri: str) -> bool:
    """Whether this names a signature or digest that rests on SHA-1."""
    return uri in _WEAK_SIGNATURES or _DIGEST_BY_URI.get(uri) is algorithms.SHA1
