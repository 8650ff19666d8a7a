"""Messages of the desk as J frames (protocol.pipes): "type" is the page's module and the class, "history.Rows"."""

import dataclasses
from types import MappingProxyType
from typing import Any

from protocol import prompts
from protocol.desk import doctor, files, frame, history, keys, settings, sites
from protocol.errors import BadMessage

_MODULES = (frame, files, keys, history, sites, doctor, settings)
TYPES = MappingProxyType(
    {
        f"{module.__name__.rpartition('.')[2]}.{cls.__name__}": cls
        for module in _MODULES
        for cls in module.MESSAGES
    }
)
_NAMES = {cls: name for name, cls in TYPES.items()}


def to_message(value: Any) -> dict[str, Any]:
    """The JSON object of a message, for a J frame."""
    return {"type": _NAMES[type(value)], **dataclasses.asdict(value)}


def from_message(message: dict[str, Any]) -> Any:
    """The value of a J frame's object. Raises BadMessage."""
    cls = TYPES.get(message.get("type", ""))
    if cls is None:
        raise BadMessage(f"unknown message of the desk {message.get('type')!r}")
    return prompts.build(cls, {key: value for key, value in message.items() if key != "type"})


def page_of(value: Any) -> str:
    """Which page a message belongs to; "frame" for those of all."""
    return _NAMES[type(value)].partition(".")[0]
