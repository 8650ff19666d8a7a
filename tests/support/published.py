"""Published certificates and key files, read; each by its name in the index."""

import functools
import json
from pathlib import Path

from agent.certificate import Certificate
from agent.errors import InvalidSignature, UnsupportedKey
from agent.keystores import pkcs12
from agent.keystores.base import StoredKey
from tests.support import authority


@functools.cache
def index(vectors: Path) -> dict[str, dict[str, str]]:
    """Entries of index.json by the name of the file."""
    entries = json.loads((vectors / "index.json").read_text(encoding="utf-8"))
    return {entry["file"]: entry for entry in entries}


@functools.cache
def authorities(vectors: Path) -> dict[str, Certificate]:
    """Certificates of authorities by "ca-prod/name.cer" and "ca-test/name.cer"."""
    files = sorted(vectors.glob("ca-*/*.cer"))
    return {f"{file.parent.name}/{file.name}": Certificate.from_der(file.read_bytes()) for file in files}


@functools.cache
def key(vectors: Path, name: str) -> StoredKey:
    """The key of "p12/name.p12", shared by all tests: don't wipe it."""
    file = f"p12/{name}.p12"
    (found,) = pkcs12.open((vectors / file).read_bytes(), authority.secret(index(vectors)[file]["password"]))
    return found


@functools.cache
def key_names(vectors: Path) -> tuple[str, ...]:
    return tuple(file.stem for file in sorted(vectors.glob("p12/*.p12")))


@functools.cache
def leaves(vectors: Path) -> dict[str, Certificate]:
    """Every certificate of the folders cert and p12."""
    found = {f"p12/{name}.p12": key(vectors, name).certificate for name in key_names(vectors)}
    for file in sorted(vectors.glob("cert/*.cer")):
        found[f"cert/{file.name}"] = Certificate.from_der(file.read_bytes())
    return found


def chain(vectors: Path, name: str) -> list[str]:
    """The files that the index says the chain of `name` goes through, from its issuer up to the root."""
    return index(vectors)[name]["verified"].partition("chain ")[2].split(";")[0].strip().split(" > ")


def is_issued(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether `issuer` has the right name and made the signature."""
    try:
        certificate.verify_issued_by(issuer)
    except (InvalidSignature, UnsupportedKey):
        return False
    return True
