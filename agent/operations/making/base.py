"""What every format can do, and with what. A format's libraries are loaded when it is first asked for: a CMS needs no lxml."""

import dataclasses
import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from agent.algorithms import Family, SignatureAlgorithm
from agent.certificate import Certificate
from agent.errors import InvalidSignature, TimestampFailed
from agent.formats import ecdsa, tsp
from agent.formats.evidence import Evidence
from agent.operations.timestamping import TimestampAuthority
from agent.signer import Signer
from protocol.messages import SignatureFormat, SignRequest
from protocol.prompts import Language


@dataclass(frozen=True, slots=True)
class Workshop:
    """What signatures of one approval are made with. `at` is the one moment of them all; `name` is what the document is called
    that is being signed, empty where nobody says, and `existing` the detached message about it that gets one more signer, if any."""

    signer: Signer
    at: datetime
    language: Language
    timestamps: TimestampAuthority
    name: str = ""
    existing: bytes = b""

    def stamp(self, octets: bytes) -> bytes:
        """A TimeStampToken over the octets of a signature. Raises TimestampFailed."""
        return self.timestamps.stamp(octets, tsp.profile_for(self.signer.algorithm))

    def stamp_for(self, request: SignRequest) -> Callable[[bytes], bytes] | None:
        """`stamp` where the request wants timestamps."""
        return self.stamp if request.timestamps else None


@dataclass(frozen=True, slots=True)
class Made:
    """A signature that was read back and holds. `has_timestamp` is about one that was asked for."""

    octets: bytes
    has_timestamp: bool


class Maker(Protocol):
    """A module of this package."""

    def examine(self, document: bytes, request: SignRequest) -> bytes:
        """The octets that the signature will be about, as the person should see them described. Before anybody is asked.

        Raises: BadInput where no signature of this format could be made of the document.
        """
        ...

    def make(self, document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
        """The signature. Raises BadInput, TimestampFailed."""
        ...

    def read_back(
        self, made: bytes, document: bytes, request: SignRequest, signer: Signer
    ) -> Iterable[Evidence]:
        """Evidence on every signature in what was made, by code that took no part in making it.

        Raises: BadInput; InvalidSignature where what was made does not hold the document.
        """
        ...


def maker_of(signature_format: SignatureFormat) -> Maker:
    """The module for a format."""
    return cast("Maker", importlib.import_module(f"agent.operations.making.{signature_format}"))


def make_checked(document: bytes, request: SignRequest, workshop: Workshop) -> Made:
    """A signature of the document.

    Raises: BadInput, TimestampFailed, InvalidSignature.
    """
    maker = maker_of(request.format)
    try:
        return Made(_made_and_read_back(maker, document, request, workshop), request.timestamps)
    except TimestampFailed:
        if not request.may_lack_timestamps:
            raise
    without = dataclasses.replace(request, timestamps=False)
    return Made(_made_and_read_back(maker, document, without, workshop), has_timestamp=False)


def _made_and_read_back(maker: Maker, document: bytes, request: SignRequest, workshop: Workshop) -> bytes:
    witness = _Witness(workshop.signer)
    made = maker.make(document, request, dataclasses.replace(workshop, signer=witness))
    evidence = maker.read_back(made, document, request, workshop.signer)
    if not any(witness.has_made(each) and _holds(each, request) for each in evidence):
        raise InvalidSignature("the signature that was made does not verify")
    return made


def _holds(evidence: Evidence, request: SignRequest) -> bool:
    return evidence.signature == "valid" and (evidence.has_timestamp or not request.timestamps)


class _Witness:
    """A signer that remembers what it signed: beside older signatures of the same key, ours is told by its octets."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._made: set[bytes] = set()

    @property
    def certificate(self) -> Certificate:
        return self._signer.certificate

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._signer.algorithm

    def sign_digest(self, digest: bytes) -> bytes:
        made = self._signer.sign_digest(digest)
        self._made.add(made)
        return made

    def has_made(self, evidence: Evidence) -> bool:
        """Whether this evidence is on one of its signatures."""
        octets = evidence.stamped
        is_ours = octets in self._made or self._from_pair(octets) in self._made
        return is_ours and evidence.certificate == self.certificate

    def _from_pair(self, octets: bytes) -> bytes:
        """What `sign_digest` gave, where XML and JWS hold an ECDSA signature as two numbers of fixed length."""
        size = self.certificate.public_key.key_type.coordinate_octets
        is_pair = self.algorithm.family is Family.ECDSA and len(octets) == 2 * size
        return ecdsa.to_der(octets, size) if is_pair else b""
