"""The dialect of kz.gov.pki.ncalayerservices.accessory, answered honestly: we have no bundles and install none.

Pages ask getBundles to learn whether "their" extension of NCALayer is there, and ask to install it where it is not named. So the
answer names this program only, and installBundle is refused: software does not come through a page.

showSettings and showBundleManager show a window about the agent itself. No page is known to look at the answer; it comes when
the window is closed, and says whether there was one.
"""

from typing import Any

from protocol import basics, common_utils, json_text, messages
from protocol.readings import USUAL, Readings
from protocol.v1 import limits

MODULE = "kz.gov.pki.ncalayerservices.accessory"
BUNDLES = {"qalamsap": "0.1.0"}  # the version of this program; a test compares it with pyproject.toml

_SERVICES = [common_utils.MODULE, basics.MODULE, MODULE, limits.MODULE]
_WINDOWS = ("showSettings", "showBundleManager")
_METHODS = (*_WINDOWS, "getBundles", "getServices", "installBundle")


def decode(message: dict[str, Any], readings: Readings = USUAL) -> messages.Call:
    """The call in a JSON object that named this module."""
    method = message["method"] if isinstance(message.get("method"), str) else ""
    request: messages.Request = (
        messages.AboutRequest() if method in _WINDOWS else messages.ConstantRequest(_reply(method, readings))
    )
    # What is none of the methods is a text of the page, and the call's method is logged.
    known = method if method in _METHODS else ""
    return messages.Call("accessory", known, request, readings=readings)


def encode(call: messages.Call, outcome: messages.Outcome) -> str:
    """The reply to `call`. A window is there to be closed, so that is a success."""
    match outcome:
        case messages.Constant(reply):
            return reply
        case messages.Cancelled() | messages.Done():
            return json_text.write({"success": True})
        case messages.Failed(code):
            return _refusal(code.upper().replace("-", "_"), messages.sentence(code))
        case _:
            raise ValueError(f"{call.method} has no way to say {type(outcome).__name__}")


def _reply(method: str, readings: Readings) -> str:
    match method:
        case "getBundles" if readings.bundles == "enveloped":
            return json_text.write({"responseObject": [], "code": "200"})
        case "getBundles":
            return json_text.write({**BUNDLES})
        case "getServices":
            return json_text.write({"services": _SERVICES})
        case "installBundle":
            return _refusal("INSTALLATION_REFUSED", "Nothing is installed at the wish of a page.")
        case _:
            return _refusal("METHOD_NOT_FOUND", "There is no such method.")


def _refusal(code: str, message: str) -> str:
    return json_text.write({"success": False, "errorCode": code, "message": message})
