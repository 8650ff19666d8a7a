"""Which section of which standard speaks of a reason, for who wants to read on. Not translated: standards have one name."""

SECTIONS = {
    # the signature itself
    "signature-mismatch": "RFC 5652 §5.6",
    "digest-mismatch": "RFC 5652 §5.4",
    "document-differs": "RFC 5652 §5.2",
    "content-type-mismatch": "RFC 5652 §11.1",
    "certificate-hash-mismatch": "RFC 5035 §3",
    "key-mismatch": "RFC 5652 §5.6",
    "signature-wrapping": "XML-DSig §8.1.3",
    "duplicate-id": "XML 1.0 §3.3.1",
    "damaged": "ISO 32000-2 §12.8.1",
    "changed-after-signing": "ISO 32000-2 §12.8.1",
    "file-missing": "ETSI EN 319 162-1 §4.4",
    "file-not-signed": "ETSI EN 319 162-1 §4.4",
    "unsupported-algorithm": "RFC 5652 §10.1",
    "algorithm-mismatch": "RFC 5652 §5.3",
    "weak-digest": "ETSI TS 119 312 §5",
    "no-signed-attributes": "RFC 5652 §5.3",
    "unsupported-transform": "XML-DSig §6.6",
    "unsupported-header": "RFC 7515 §4.1.11",
    "unsupported-reference": "XML-DSig §4.4.3.1",
    "no-content": "RFC 5652 §5.2",
    "no-certificate": "RFC 5652 §5.1",
    # the path
    "no-path": "RFC 5280 §6.1",
    "path-no-issuer": "RFC 5280 §6.1.3",
    "path-bad-signature": "RFC 5280 §6.1.3",
    "path-not-a-ca": "RFC 5280 §6.1.4",
    "path-unknown-critical": "RFC 5280 §4.2",
    "path-weak-algorithm": "ETSI TS 119 312 §5",
    "path-key-usage": "RFC 5280 §6.1.4",
    "path-extended-key-usage": "RFC 5280 §4.2.1.12",
    "certificate-expired": "RFC 5280 §6.1.3",
    "certificate-not-yet-valid": "RFC 5280 §6.1.3",
    "authority-expired": "RFC 5280 §6.1.3",
    "authority-not-yet-valid": "RFC 5280 §6.1.3",
    "test-authority": "RFC 5280 §6.1.1",
    # what the key is for
    "key-usage": "RFC 5280 §4.2.1.3",
    "extended-key-usage": "RFC 5280 §4.2.1.12",
    # revocation
    "revocation-revoked": "RFC 6960 §2.2",
    "revocation-unknown": "RFC 6960 §2.2",
    "revocation-unreachable": "RFC 5280 §6.3.3",
    "revocation-not-checked": "RFC 5280 §6.3",
    # the timestamp
    "timestamp-invalid": "RFC 3161 §2.4.2",
    "timestamp-untrusted": "RFC 3161 §2.3",
    "timestamp-other-signature": "ETSI EN 319 102-1 §5.4",
    "timestamp-expired": "ETSI EN 319 102-1 §5.4",
    "timestamp-not-yet-valid": "ETSI EN 319 102-1 §5.4",
    "timestamp-key-usage": "RFC 5280 §4.2.1.3",
    "timestamp-weak-digest": "ETSI TS 119 312 §5",
    "timestamp-revoked": "ETSI EN 319 102-1 §5.4",
    "timestamp-from-the-future": "ETSI EN 319 102-1 §5.4",
    "timestamp-test-authority": "RFC 3161 §2.3",
}

# The same reason in formats that have a standard of their own.
_OF_FORMAT = {
    ("xml", "signature-mismatch"): "XML-DSig §3.2.2",
    ("xml", "digest-mismatch"): "XML-DSig §3.2.1",
    ("xml", "unsupported-algorithm"): "XML-DSig §6.1",
    ("xml", "no-certificate"): "XML-DSig §4.5",
    ("wsse", "signature-mismatch"): "XML-DSig §3.2.2",
    ("wsse", "digest-mismatch"): "XML-DSig §3.2.1",
    ("wsse", "unsupported-algorithm"): "XML-DSig §6.1",
    ("wsse", "no-certificate"): "XML-DSig §4.5",
    ("jws", "signature-mismatch"): "RFC 7515 §5.2",
    ("jws", "digest-mismatch"): "RFC 7515 §5.2",
    ("jws", "unsupported-algorithm"): "RFC 7515 §4.1.1",
    ("jws", "no-certificate"): "RFC 7515 §4.1.6",
    ("pdf", "digest-mismatch"): "ISO 32000-2 §12.8.1",
    ("asic", "digest-mismatch"): "ETSI EN 319 162-1 §4.4",
}


def section(reason: str, document_format: str = "") -> str:
    """ "RFC 5652 §5.4"; empty for a reason that is new to us."""
    return _OF_FORMAT.get((document_format, reason)) or SECTIONS.get(reason, "")
