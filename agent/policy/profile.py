"""Configuration profiles of macOS: how IT brings policies to Macs, ours and those of browsers.

A profile's UUIDs come from what it holds: made again from the same words it is the same file, and replaces itself.
"""

import plistlib
import tomllib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from agent import paths
from agent.settings import SETTINGS, BadConfig, checked

IDENTIFIER = f"{paths.BUNDLE}.policy"
_NAMESPACE = uuid.UUID("0b2c9a4e-5d0f-5a37-9d8c-3f2a76a1c0de")
# They name files of the Mac that gets the profile, which need not be here.
_NOT_LOOKED_FOR = frozenset({"authorities"})


def profile(identifier: str, name: str, description: str, payloads: Sequence[Mapping[str, Any]]) -> bytes:
    """The file, of payloads that `payload` made."""
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": identifier,
            "PayloadUUID": _uuid(*payloads),
            "PayloadDisplayName": name,
            "PayloadDescription": description,
            "PayloadOrganization": "Qalamsap",
            "PayloadScope": "System",
            "PayloadContent": [dict(each) for each in payloads],
        },
        sort_keys=False,
    )


def payload(kind: str, identifier: str, name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """One payload: the preferences of a domain, or what else the kind says."""
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid({"of": identifier}, content),
        "PayloadDisplayName": name,
        **content,
    }


def of_policies(text: bytes, where: str) -> bytes:
    """The profile that sets what a policy in TOML sets, and lets our programs start without macOS telling the person so.

    Raises BadConfig, which names `where` and the setting.
    """
    try:
        found = tomllib.loads(text.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{where} is no TOML: {error}") from error
    for name, value in found.items():
        if name not in SETTINGS or name not in _NOT_LOOKED_FOR:
            checked(name, value, where)
    own = payload(paths.BUNDLE, f"{IDENTIFIER}.settings", "Qalamsap: policies", found)
    rule = {
        "RuleType": "LabelPrefix",
        "RuleValue": f"{paths.BUNDLE}.",
        "Comment": "Qalamsap starts at login and keeps up its certificate",
    }
    start = payload(
        "com.apple.servicemanagement",
        f"{IDENTIFIER}.start",
        "Qalamsap: may start in the background",
        {"Rules": [rule]},
    )
    return profile(
        IDENTIFIER, "Qalamsap", "Policies of the signing agent Qalamsap on this computer.", [own, start]
    )


def _uuid(*parts: Mapping[str, Any]) -> str:
    octets = b"\0".join(plistlib.dumps(dict(part)) for part in parts)
    return str(uuid.uuid5(_NAMESPACE, octets.hex())).upper()
