"""The published signed messages, with their documents, as tests need them."""

import dataclasses
import json
import zipfile
from pathlib import Path

# Detached messages and what they sign: a file of the vectors, or the octets themselves.
_DOCUMENTS: dict[str, str | bytes] = {
    "skarm_individual_gost2015_tsp_detached": "raw/skarm_individual_document.txt",
    "skarm_gost2004_for_double_sign_detached": b"Hello World",
    "ncanode_multi_gost2015_rsa_detached_1": b"test123",
    "ncanode_multi_gost2015_rsa_detached_2": bytes.fromhex("b5eb2dd76d"),
}


@dataclasses.dataclass(frozen=True)
class Published:
    """One message. `document` is None where it is inside; `issuers` are files of the signers' authorities, by the index."""

    name: str
    data: bytes
    document: bytes | None
    issuers: tuple[str, ...] = ()


def published(vectors: Path) -> list[Published]:
    """Every published CMS: those of the folder cms, and those inside signed ZIP files."""
    return [*_files(vectors), *_in_zips(vectors)]


def _files(vectors: Path) -> list[Published]:
    found = []
    for entry in json.loads((vectors / "index.json").read_text(encoding="utf-8")):
        path = vectors / entry["file"]
        if entry["file"].startswith("cms/"):
            document = _DOCUMENTS.get(path.stem)
            if isinstance(document, str):
                document = (vectors / document).read_bytes()
            chains = entry["verified"].partition("chain ")[2].split(" / ")
            issuers = tuple(chain.partition(">")[0].strip() for chain in chains)
            found.append(Published(path.stem, path.read_bytes(), document, issuers))
    return found


def _in_zips(vectors: Path) -> list[Published]:
    found = []
    for path in sorted((vectors / "zip").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            manifest = archive.read("META-INF/NCAManifest.xml")
            found += [
                Published(f"{path.stem}/{member}", archive.read(member), manifest)
                for member in archive.namelist()
                if member.endswith(".cms")
            ]
    return found


def get(vectors: Path, name: str) -> Published:
    return next(message for message in published(vectors) if message.name == name)
