"""Certificates of authorities in files that a person names: one in DER, or as many as there are in a PEM file."""

import re
from collections.abc import Iterable
from pathlib import Path

from agent.certificate import Certificate
from agent.errors import BadInput

MAX_BYTES = 1024 * 1024
MAX_CERTIFICATES = 256

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def read(paths: Iterable[Path]) -> tuple[Certificate, ...]:
    """All certificates in these files, each once. Raises BadInput, which names the file."""
    found: dict[Certificate, None] = {}
    for path in paths:
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
            found.update(dict.fromkeys(certificates_in(content)))
        except OSError as error:
            raise BadInput(f"{path} can't be read: {error.strerror}") from error
        except BadInput as error:
            raise BadInput(f"{path}: {error.detail}") from error
    return tuple(found)


def certificates_in(content: bytes) -> tuple[Certificate, ...]:
    """At least one certificate; text around PEM is passed over. Raises BadInput."""
    if len(content) > MAX_BYTES:
        raise BadInput(f"over {MAX_BYTES} octets")
    blocks = _PEM.findall(content)
    if len(blocks) > MAX_CERTIFICATES:
        raise BadInput(f"more than {MAX_CERTIFICATES} certificates")
    if content.count(_BEGIN) != len(blocks):
        raise BadInput("a certificate without its end")
    return tuple(Certificate.from_pem_or_der(block) for block in blocks or [content])
