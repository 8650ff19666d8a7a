"""A timestamp token (RFC 3161): when it says that it was made, and over what. Read, not verified: what it says is a claim."""

import dataclasses
import hashlib
from datetime import datetime

from agent import algorithms
from agent.errors import AgentError
from agent.formats import asn1, cms_build, cms_read
from agent.renderer.base import CannotShow, Drawing, Entry
from protocol import preview
from protocol.preview import Lifted, Overview, Row, Signer
from protocol.preview_labels import PREFIX


@dataclasses.dataclass(frozen=True, slots=True)
class Info:
    """What a TSTInfo says. `digest_name` is an OID where the algorithm is not known."""

    moment: datetime
    policy: str
    digest_name: str
    imprint: bytes
    serial_number: int


def read_info(octets: bytes) -> Info:
    """Takes a TSTInfo apart, as far as it is shown. Raises BadInput."""
    fields = asn1.Fields(asn1.read(octets), "TSTInfo")
    fields.next(asn1.INTEGER)  # its version
    policy = fields.next(asn1.OBJECT_IDENTIFIER).object_identifier()
    imprint = asn1.Fields(fields.next(asn1.SEQUENCE), "MessageImprint")
    oid = cms_read.algorithm(imprint.next(asn1.SEQUENCE)).oid
    digest = imprint.next(asn1.OCTET_STRING).octets()
    number = fields.next(asn1.INTEGER).integer()
    moment = fields.next(asn1.GENERALIZED_TIME).precise_time()
    return Info(moment, policy, _name_of(oid), digest, number)


def moment_of(token: bytes) -> datetime | None:
    """The moment that a token says; None where it can't be read."""
    try:
        message = cms_read.read(token)
        if message.content_type != cms_build.TIMESTAMP_INFO or message.content is None:
            return None
        return read_info(message.content).moment
    except AgentError:
        return None


def iso(moment: datetime | None) -> str:
    """As protocol.preview has moments."""
    return "" if moment is None else moment.isoformat(timespec="seconds")


def _name_of(oid: str) -> str:
    try:
        return algorithms.digest_by_oid(oid).name
    except AgentError:
        return oid


class TimestampView:
    """What a token says, in rows (agent.renderer.base.View); `signers` made it. Raises BadInput when opened."""

    def __init__(self, octets: bytes, signers: tuple[Signer, ...]) -> None:
        info = read_info(octets)
        self._rows = tuple(
            Row(f"{PREFIX}{label}", value[: preview.MAX_TEXT], kind="heading" if label == "timestamp" else "")
            for label, value in (
                ("timestamp", ""),
                ("moment", iso(info.moment)),
                ("digest_algorithm", info.digest_name),
                ("digest", info.imprint.hex()),
                ("policy", info.policy),
                ("token_number", f"{info.serial_number:X}"),
            )
        )
        self.overview = Overview(
            "form",
            form="timestamp",
            size=len(octets),
            digest=hashlib.sha256(octets).hexdigest(),
            rows=len(self._rows),
            facts=(Lifted("moment", iso(info.moment)),),
            signers=signers,
        )

    def read(self, start: int, count: int) -> tuple[Row, ...]:
        """At most MAX_ROWS rows from `start` on."""
        if start < 0 or count < 1:
            raise CannotShow("broken")
        return self._rows[start : start + min(count, preview.MAX_ROWS)]

    def draw(self, page: int, width: int) -> Drawing:  # noqa: ARG002  # it has no pages
        raise CannotShow("broken")

    def enter(self, row: int) -> Entry:  # noqa: ARG002  # nothing lies in it
        raise CannotShow("broken")
