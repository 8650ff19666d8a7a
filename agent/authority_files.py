"""Certificates of authorities in files that a person names: one in DER, or as many as there are in a PEM file.

A folder stands for the files in it whose names end as certificates' do.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from agent.certificate import Certificate
from agent.errors import BadInput

MAX_BYTES = 1024 * 1024
MAX_CERTIFICATES = 256
MAX_FILES = 256  # in a folder
SUFFIXES = frozenset({".cer", ".crt", ".der", ".pem"})

_BEGIN = b"-----BEGIN CERTIFICATE-----"
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def read_authorities(paths: Iterable[Path]) -> tuple[Certificate, ...]:
    """All certificates in these files and folders, each once.

    Raises BadInput, which names the file; also for a certificate that is not an authority's: trusting it would trust its owner
    with nothing.
    """
    found: dict[Certificate, None] = {}
    for path in paths:
        for file in files_in(path) if path.is_dir() else (path,):
            for certificate in read_file(file):
                if not certificate.is_ca:
                    raise BadInput(
                        f"{file}: the certificate {certificate.fingerprint} is not one of an authority"
                    )
                found[certificate] = None
    return tuple(found)


def read_file(path: Path) -> tuple[Certificate, ...]:
    """The certificates in one file, at least one. Raises BadInput, which names it."""
    try:
        with path.open("rb") as stream:
            return certificates_in(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}") from error
    except BadInput as error:
        raise BadInput(f"{path}: {error.detail}") from error


def files_in(folder: Path) -> tuple[Path, ...]:
    """The files of certificates in a folder, by name. Raises BadInput."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise BadInput(f"{folder} can't be read: {error.strerror}") from error
    if len(found) > MAX_FILES:
        raise BadInput(f"{folder} holds more than {MAX_FILES} certificates")
    return tuple(path for path in found if not path.name.startswith("."))


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
