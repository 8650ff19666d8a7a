"""Members of a JSON object as org.json reads them, with its complaints: what dialects with named arguments have in common."""

from typing import Any


class JsonComplaint(Exception):
    """What org.json says of a member that is missing or of another type."""


def text(owner: dict[str, Any], key: str) -> str:
    if key not in owner:
        raise JsonComplaint(f'JSONObject["{key}"] not found.')
    value = owner[key]
    if not isinstance(value, str):
        raise JsonComplaint(f'JSONObject["{key}"] not a string.')
    return value


def texts(owner: dict[str, Any], key: str) -> list[str]:
    items = owner[key]
    if not isinstance(items, list):
        raise JsonComplaint(f'JSONObject["{key}"] is not a JSONArray.')
    for index, item in enumerate(items):
        if not isinstance(item, str):
            raise JsonComplaint(f"JSONArray[{index}] not a string.")
    return items


def nested(owner: dict[str, Any], key: str) -> dict[str, Any]:
    if key not in owner:
        raise JsonComplaint(f'JSONObject["{key}"] not found.')
    value = owner[key]
    if not isinstance(value, dict):
        raise JsonComplaint(f'JSONObject["{key}"] is not a JSONObject.')
    return value


def flag(owner: dict[str, Any], key: str, *, default: bool) -> bool:
    """org.json's optBoolean: true, false, the same words as texts in any letter case, and the default for all else."""
    value = owner.get(key)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return default


def optional_text(owner: dict[str, Any], key: str) -> str:
    """org.json's optString for texts and whole numbers; the empty text for all else."""
    value = owner.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def whole_number(value: Any, default: int) -> int:
    """org.json's optInt, which reads digits in a text too."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else default
