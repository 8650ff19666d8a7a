"""Signed ZIP archives as the national C library makes them: the published ones show the shape."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

from agent import algorithms
from agent.formats import cms, zip_files
from tests.support.chains import Party

AT = datetime(2026, 5, 8, 12, 34, 56, tzinfo=UTC)
MANIFEST, MESSAGE = "META-INF/NCAManifest.xml", "META-INF/signature-0123456789.cms"

Files = Sequence[tuple[str, bytes]]


def manifest(files: Files, message: str = MESSAGE) -> bytes:
    """With the blank behind the declaration, CR LF and tabs."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?> ',
        "<NCAManifest>",
        f'\t<SigReference URI="{message}"/>',
    ]
    for name, content in files:
        lines += [
            f'\t<DataObjectReference URI="{name}">',
            f'\t\t<DigestMethod Algorithm="{algorithms.GOST_94.xml_uri}"/>',
            f"\t\t<DigestValue>{base64.b64encode(algorithms.GOST_94(content)).decode()}</DigestValue>",
            "\t</DataObjectReference>",
        ]
    return "\r\n".join((*lines, "</NCAManifest>")).encode()


def archive(files: Files, message: bytes, listed: bytes | None = None) -> bytes:
    """The archive of these files with this CMS; `listed` is the manifest where it is not the right one."""
    listed = manifest(files) if listed is None else listed
    return zip_files.write([*files, (MANIFEST, listed), (MESSAGE, message)], at=AT)


def signed(files: Files, first: Party, *others: Party) -> bytes:
    """The archive of these files, signed by these people."""
    listed = manifest(files)
    message = cms.sign(first, listed, at=AT, detached=True)
    for other in others:
        message = cms.cosign(other, message, at=AT, content=listed)
    return archive(files, message)
