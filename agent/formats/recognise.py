"""Which format some octets are in, as far as their looks tell: for a command that takes every signed file.

A look at the beginning (of a ZIP: at its list of names; of XML: for the names of two namespaces), never at the sense. What is
recognised may still be damaged; what is not recognised holds no signature that we could check.

Bare signature octets (agent/formats/raw.py) look like nothing, so nobody can recognise them.
"""

import base64
import binascii
import codecs
import re
from typing import Literal, TypeAlias

from agent import algorithms
from agent.errors import AgentError
from agent.formats import cms, cms_build, zip_files

Format: TypeAlias = Literal["cms", "xml", "wsse", "pdf", "jws", "asic", "signed-zip", "timestamp", "unknown"]

_BEGINNING = 4096  # octets; a header of a CMS, a token or a PDF stands well within
_JWS_HEADER_MOST = 65_536
_WHITE_SPACE = b" \t\r\n"

# The first content type named after SignedData is that of the message: a document, or a TSTInfo (RFC 3161 §2.4.2).
_TIMESTAMP_INFO = algorithms.oid_der(cms_build.TIMESTAMP_INFO)
_CONTENT_TYPE = re.compile(
    re.escape(algorithms.oid_der(cms_build.DATA)) + rb"|\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01.",
    re.DOTALL,
)

_XML_SIGNATURE = b"http://www.w3.org/2000/09/xmldsig#"
_WSSE = b"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSSE_HEADER = re.compile(rb"<(?:[^\s<>/:]+:)?Security[\s/>]")
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_ASIC_TYPE = (
    b"mimetypeapplication/vnd.etsi.asic-"  # name and content of the first entry, without anything between
)
_ASIC_TYPE_AT = 30
_ASIC_MANIFEST = b"META-INF/ASiCManifest"
_SIGNED_ZIP_MANIFEST = b"META-INF/NCAManifest.xml"

_COMPACT_JWS = re.compile(rb"[A-Za-z0-9_-]{2,%d}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*" % _JWS_HEADER_MOST)
_JSON_JWS = re.compile(rb'"(?:signatures|protected)"\s*:')


def recognise(data: bytes) -> Format:
    """The format that `data` looks to be in. Raises nothing, whatever `data` is."""
    if zip_files.begins_archive(data):
        return _archive(data)
    if cms.is_signed_data(data):
        return "timestamp" if _is_token(data) else "cms"
    start = data[:_BEGINNING].removeprefix(codecs.BOM_UTF8).lstrip(_WHITE_SPACE)
    if start.startswith(b"<") or data.startswith(_UTF_16_MARKS):
        return _xml(data)
    if start.startswith(b"{"):
        return "jws" if _JSON_JWS.search(data) else "unknown"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    return "jws" if _is_compact_jws(data) else "unknown"


def _archive(data: bytes) -> Format:
    try:
        directory = zip_files.directory_of(data)
    except AgentError:
        directory = b""  # damaged, but maybe what it says at its beginning
    if _SIGNED_ZIP_MANIFEST in directory:
        return "signed-zip"
    if data.startswith(_ASIC_TYPE, _ASIC_TYPE_AT) or _ASIC_MANIFEST in directory:
        return "asic"
    return "unknown"


def _is_token(data: bytes) -> bool:
    beginning = data[:_BEGINNING]
    if beginning[0] != 0x30:
        text = beginning.removeprefix(codecs.BOM_UTF8).lstrip(_WHITE_SPACE)
        if text.startswith(b"-----"):
            text = text.partition(b"\n")[2]
        text = text.partition(b"-")[0].translate(None, _WHITE_SPACE)
        try:
            beginning = base64.b64decode(text[: len(text) // 4 * 4])
        except binascii.Error:
            return False
    found = _CONTENT_TYPE.search(beginning)
    return found is not None and found[0] == _TIMESTAMP_INFO


def _xml(data: bytes) -> Format:
    if data.startswith(_UTF_16_MARKS):
        data = data.decode("utf-16", "replace").encode()
    if _XML_SIGNATURE not in data:
        return "unknown"
    return "wsse" if _WSSE in data and _WSSE_HEADER.search(data) else "xml"


def _is_compact_jws(data: bytes) -> bool:
    text = data.strip(_WHITE_SPACE)
    if _COMPACT_JWS.fullmatch(text) is None:
        return False
    header = text[: text.index(b".")][:4]
    return base64.urlsafe_b64decode(header + b"=" * (-len(header) % 4)).lstrip(_WHITE_SPACE)[:1] == b"{"
