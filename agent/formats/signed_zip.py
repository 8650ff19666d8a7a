"""The signed ZIP of the national C library, for reading.

    contract.pdf, ...                       the files
    META-INF/NCAManifest.xml                their names and digests
    META-INF/signature-7ad1db5cc2.cms       a detached CMS over the exact octets of the manifest; further signers are in it

Digests in the manifest are GOST R 34.11-94 whatever the signer's key. Measured on published archives; there is no standard.
"""

from agent.errors import BadInput
from agent.formats import manifest, zip_files
from agent.formats.evidence import Evidence
from agent.formats.manifest import Contents

MAX_SIGNATURES = 100

_FOLDER = "META-INF/"
_MANIFEST = f"{_FOLDER}NCAManifest.xml"


def verify(data: bytes) -> tuple[Evidence, ...]:
    """Evidence on each signer, in the order of the manifest. `covers` names the files that were signed.

    As in ASiC a signature must be over every file of its archive.

    Raises: BadInput; UnsupportedOperation for archives that are not read (zip_files.read).
    """
    contents = Contents(zip_files.read(data))
    if _MANIFEST not in contents.names:
        raise BadInput(f"signed ZIP: no {_MANIFEST}")
    octets = contents.octets(_MANIFEST)
    listed = manifest.read(octets, "NCAManifest")
    if not 1 <= len(listed.signatures) <= MAX_SIGNATURES:
        raise BadInput(f"signed ZIP: {len(listed.signatures)} signatures, 1 to {MAX_SIGNATURES} expected")
    signatures = {manifest.file_name(uri) for uri in listed.signatures}
    housekeeping = {_MANIFEST, *(name for name in signatures if name and name.startswith(_FOLDER))}
    return tuple(
        evidence
        for uri in listed.signatures
        for evidence in manifest.evidence(listed, octets, uri, contents, housekeeping)
    )
