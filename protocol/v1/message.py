"""A request of a page, checked, and what it says about itself."""

from dataclasses import dataclass, field

from protocol.prompts import Language
from protocol.v1 import requests
from protocol.v1.methods import METHODS


@dataclass(frozen=True, slots=True)
class Message:
    """A request of a page, checked."""

    id: str
    method: str
    params: requests.Params = field(repr=False)


def needs_worker(message: Message) -> bool:
    """Whether the daemon can't answer it alone."""
    return METHODS[message.method].needs_worker


def language_of(message: Message, default: Language) -> Language:
    """The language that a page wants for its request, or `default`."""
    return getattr(message.params, "language", None) or default


def handles_of(message: Message) -> tuple[str, ...]:
    """The uploads that a request refers to, each once, in the order in which they come."""
    contents: list[requests.ContentOrDigest | None] = []
    match message.params:
        case requests.SignParams(documents):
            contents.extend(each for one in documents for each in (one.content, one.existing))
        case requests.VerifyParams(signature, document):
            contents.extend((signature, document))
        case requests.TimestampParams(signature):
            contents.append(signature)
    return tuple(dict.fromkeys(each.upload for each in contents if isinstance(each, requests.UploadContent)))


def is_text(document: requests.DocumentParams) -> bool:
    """Whether a page gave it as a text, not as octets."""
    return isinstance(document.content, requests.TextContent)
