"""The dialect of kz.gov.pki.ncalayerservices.accessory, answered honestly: we have no bundles and install none.

Pages ask getBundles to learn whether "their" extension of NCALayer is there, and ask to install it where it is not named. So the
answer names this program only, and installBundle is refused: software does not come through a page.
"""

from typing import Any

from protocol import basics, common_utils, json_text, messages

MODULE = "kz.gov.pki.ncalayerservices.accessory"
BUNDLES = {"qalamsap": "0.1.0"}  # the version of this program; a test compares it with pyproject.toml

_SERVICES = [common_utils.MODULE, basics.MODULE, MODULE]


def decode(message: dict[str, Any]) -> messages.Call:
    """The call in a JSON object that named this module; its answer is always the same."""
    method = message["method"] if isinstance(message.get("method"), str) else ""
    return messages.Call("accessory", method, messages.ConstantRequest(_reply(method)))


def _reply(method: str) -> str:
    match method:
        case "getBundles":
            return json_text.write({**BUNDLES})
        case "getServices":
            return json_text.write({"services": _SERVICES})
        case "installBundle":
            return _refusal("INSTALLATION_REFUSED", "Nothing is installed at the wish of a page.")
        case "showSettings" | "showBundleManager":
            return _refusal("NOT_SUPPORTED", "This agent does not open its windows at the wish of a page.")
        case _:
            return _refusal("METHOD_NOT_FOUND", "There is no such method.")


def _refusal(code: str, message: str) -> str:
    return json_text.write({"success": False, "errorCode": code, "message": message})
