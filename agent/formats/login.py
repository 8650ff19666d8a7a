"""A signed statement that the owner of a key is at one site now: what `login` of kz.qalamsap.v1 gives (docs/api/v1.md).

It is a CMS message around one line of JSON, signed under a content type of its own. The content type is a signed attribute
(RFC 5652 §11.1), and nothing else that this program makes has this one: so no signature that somebody gave for another purpose passes for
a login, and no login for a signature of a document. The site is in the line, as the browser named it: a page that relays another
site's nonce gets a statement that the other site does not accept.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from agent import algorithms
from agent.errors import BadInput
from agent.formats import cms
from agent.formats.cms_read import SignedMessage
from agent.signer import Signer

# Of the arc for UUIDs (ITU-T X.667 §6.3), which needs no registration.
CONTENT_TYPE: Final = "2.25.242650963731140441328866613773295732532"
CONTENT_TYPE_DER: Final = algorithms.oid_der(CONTENT_TYPE)
TYPE: Final = "kz.qalamsap.v1/login"
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
_NONCE = re.compile(r"[A-Za-z0-9_-]{22,86}")  # base64url of 16 to 64 octets, without padding
_BEGINNING = f'{{"type":"{TYPE}"'.encode()
_PADDING = b"\x80"  # before a number of an OID: forbidden (X.690 §8.19.2), and passed over by many readers
_UNPADDED = CONTENT_TYPE_DER[2:].replace(_PADDING, b"")


@dataclass(frozen=True, slots=True)
class Statement:
    """Who (the key's owner) is where (`origin`), in answer to which `nonce` (base64url), since when."""

    origin: str
    nonce: str
    at: datetime

    @property
    def octets(self) -> bytes:
        """The line that is signed: the only spelling of this statement."""
        members = {
            "type": TYPE,
            "origin": self.origin,
            "nonce": self.nonce,
            "time": self.at.astimezone(UTC).strftime(_MOMENT),
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def sign(signer: Signer, statement: Statement, *, at: datetime) -> bytes:
    """The statement inside its signature, in DER."""
    return cms.sign(signer, statement.octets, at=at, detached=False, content_type=CONTENT_TYPE)


def read(message: SignedMessage) -> Statement:
    """The statement in a message. Its signatures are to be verified beside it (agent.formats.cms), and judged.

    Raises: BadInput where the message is anything but one statement, in its one spelling, under its content type.
    """
    if message.content_type != CONTENT_TYPE or message.content is None:
        raise BadInput("CMS: the content is no login statement")
    if not all(CONTENT_TYPE_DER in (signer.signed_attributes or b"") for signer in message.signers):
        raise BadInput("CMS: the login statement is not signed under its content type in DER")
    try:
        members: Any = json.loads(message.content)
        statement = Statement(
            origin=str(members["origin"]),
            nonce=str(members["nonce"]),
            at=datetime.strptime(members["time"], _MOMENT).replace(tzinfo=UTC),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput("CMS: the login statement makes no sense") from error
    if statement.octets != message.content or not _NONCE.fullmatch(statement.nonce):
        raise BadInput("CMS: the login statement is not spelled as it should be")
    return statement


def is_disguised(document: bytes) -> bool:
    """Whether octets that are to be signed as they are could be the signed attributes of such a statement (RFC 5652 §5.4), in any
    spelling that somebody reads, or its line: some take a signature over that alone, without attributes, for one of the message."""
    if document.startswith(_BEGINNING):
        return True
    return document[:1] in (b"\x31", b"\xa0") and _UNPADDED in document.replace(_PADDING, b"")
