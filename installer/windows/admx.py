"""Templates for group policies: qalamsap.admx, and what it is called in English, Russian and Kazakh, made of the table of settings.

How each kind of setting stands in the registry is said in agent.policy.registry; the templates write exactly that. Tables
(the readings of sites) have no element that fits, and are left to files and scripts.
"""

import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agent.policy import registry
from agent.settings import MAX_TEXT, SETTINGS, Setting

NAMESPACE = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
LANGUAGES: Mapping[str, str] = {"en": "en-US", "ru": "ru-RU", "kk": "kk-KZ"}
TEXTS = Path(__file__).with_name("texts")
REVISION = "1.0"
ROOT = "Qalamsap"
_SUPPORTED = "SUPPORTED"

CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "general": ("language", "theme", "tray", "notifications", "log_level", "spare_minutes", "journal_path"),
    "sites": ("allowed_origins", "blocked_origins", "lock_origins", "plain_websocket", "flat_api", "https_api", "https_api_port", "port"),
    "signing": ("key_folders", "only_key_folders", "formats", "require_preview", "forbid_hash_only", "max_documents", "unlock_minutes"),
    "network": ("timestamp_url", "ocsp_url", "proxy", "offline", "fetch_hosts", "authorities"),
    "updates": ("update_channel", "update_deferral_days", "update_url"),
}  # fmt: skip


def shown() -> tuple[Setting, ...]:
    """The settings that have a template."""
    return tuple(setting for setting in SETTINGS.values() if setting.kind != "table")


def texts(language: str) -> dict[str, dict[str, str]]:
    """What all is called in that language, by table."""
    return tomllib.loads((TEXTS / f"{language}.toml").read_text("utf-8"))


def files() -> dict[str, bytes]:
    """All files by their path below PolicyDefinitions."""
    found = {"qalamsap.admx": _octets(definitions())}
    for language, folder in LANGUAGES.items():
        found[f"{folder}/qalamsap.adml"] = _octets(strings(texts(language)))
    return found


def write(folder: Path) -> None:
    """Puts all files there. OSError."""
    for name, octets in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)


def definitions() -> ET.Element:
    """The .admx: what may be set, and where it stands in the registry."""
    root = ET.Element("policyDefinitions", {"revision": REVISION, "schemaVersion": "1.0", "xmlns": NAMESPACE})
    ET.SubElement(
        ET.SubElement(root, "policyNamespaces"),
        "target",
        {"prefix": "qalamsap", "namespace": "Qalamsap.Policies"},
    )
    ET.SubElement(root, "resources", {"minRequiredRevision": REVISION})
    supported = ET.SubElement(ET.SubElement(root, "supportedOn"), "definitions")
    ET.SubElement(supported, "definition", {"name": _SUPPORTED, "displayName": _string("supported")})
    categories = ET.SubElement(root, "categories")
    ET.SubElement(categories, "category", {"name": ROOT, "displayName": _string("display_name")})
    for name in CATEGORIES:
        category = ET.SubElement(
            categories, "category", {"name": name, "displayName": _string(f"category_{name}")}
        )
        ET.SubElement(category, "parentCategory", {"ref": ROOT})
    policies = ET.SubElement(root, "policies")
    for setting in shown():
        _policy(policies, setting)
    return root


def _policy(policies: ET.Element, setting: Setting) -> None:
    name = setting.name
    facts = {
        "name": name, "class": "Both", "displayName": _string(name), "explainText": _string(f"{name}_help"), "key": registry.POLICIES,
    }  # fmt: skip
    if setting.kind == "boolean":
        facts["valueName"] = name
    else:
        facts["presentation"] = f"$(presentation.{name})"
    policy = ET.SubElement(policies, "policy", facts)
    ET.SubElement(policy, "parentCategory", {"ref": category_of(name)})
    ET.SubElement(policy, "supportedOn", {"ref": _SUPPORTED})
    if setting.kind == "boolean":
        ET.SubElement(ET.SubElement(policy, "enabledValue"), "decimal", {"value": "1"})
        ET.SubElement(ET.SubElement(policy, "disabledValue"), "decimal", {"value": "0"})
        return
    elements = ET.SubElement(policy, "elements")
    named = {"id": name, "valueName": name, "required": "true"}
    match setting.kind:
        case "number":
            limits = {"minValue": str(setting.minimum), "maxValue": str(setting.maximum)}
            ET.SubElement(elements, "decimal", {**named, **limits})
        case "choice":
            chosen = ET.SubElement(elements, "enum", named)
            for choice in setting.choices:
                item = ET.SubElement(chosen, "item", {"displayName": _string(f"choice_{choice}")})
                ET.SubElement(ET.SubElement(item, "value"), "string").text = choice
        case "text":
            # What may be empty need not be filled in.
            wanted = named if setting.default else {**named, "required": "false"}
            ET.SubElement(elements, "text", {**wanted, "maxLength": str(MAX_TEXT)})
        case "list":
            ET.SubElement(
                elements, "list", {"id": name, "key": rf"{registry.POLICIES}\{name}", "valuePrefix": ""}
            )


def strings(words: Mapping[str, Mapping[str, str]]) -> ET.Element:
    """An .adml: what it is called, and how the editor asks for it."""
    root = ET.Element(
        "policyDefinitionResources", {"revision": REVISION, "schemaVersion": "1.0", "xmlns": NAMESPACE}
    )
    ET.SubElement(root, "displayName").text = words["words"]["display_name"]
    ET.SubElement(root, "description").text = words["words"]["description"]
    resources = ET.SubElement(root, "resources")
    table = ET.SubElement(resources, "stringTable")
    for key, text in _named(words):
        ET.SubElement(table, "string", {"id": key}).text = text
    presentations = ET.SubElement(resources, "presentationTable")
    for setting in shown():
        if setting.kind != "boolean":
            presentation = ET.SubElement(presentations, "presentation", {"id": setting.name})
            _ask(presentation, setting, words[setting.name]["name"])
    return root


def _named(words: Mapping[str, Mapping[str, str]]) -> Iterable[tuple[str, str]]:
    yield "display_name", words["words"]["display_name"]
    yield "supported", words["words"]["supported"]
    yield from ((f"category_{name}", words["categories"][name]) for name in CATEGORIES)
    choices = dict.fromkeys(
        choice for setting in shown() if setting.kind == "choice" for choice in setting.choices
    )
    yield from ((f"choice_{choice}", words["choices"][choice]) for choice in choices)
    for setting in shown():
        yield setting.name, words[setting.name]["name"]
        yield (
            f"{setting.name}_help",
            words[setting.name]["help"].replace("{choices}", ", ".join(setting.choices)),
        )


def _ask(presentation: ET.Element, setting: Setting, label: str) -> None:
    reference: dict[str, Any] = {"refId": setting.name}
    match setting.kind:
        case "number":
            facts = {**reference, "defaultValue": str(setting.default), "spin": "false"}
            ET.SubElement(presentation, "decimalTextBox", facts).text = label
        case "choice":
            at = str(setting.choices.index(setting.default))
            ET.SubElement(
                presentation, "dropdownList", {**reference, "noSort": "true", "defaultItem": at}
            ).text = label
        case "text":
            box = ET.SubElement(presentation, "textBox", reference)
            ET.SubElement(box, "label").text = label
            ET.SubElement(box, "defaultValue").text = setting.default
        case "list":
            ET.SubElement(presentation, "listBox", reference).text = label


def category_of(name: str) -> str:
    """The folder of the editor in which a setting stands. KeyError for one that is in none."""
    return {each: category for category, names in CATEGORIES.items() for each in names}[name]


def references(root: ET.Element) -> set[str]:
    """The strings that a template asks for."""
    return {
        match
        for each in root.iter()
        for text in each.attrib.values()
        for match in re.findall(r"^\$\(string\.(\w+)\)$", text)
    }


def _string(name: str) -> str:
    return f"$(string.{name})"


def _octets(root: ET.Element) -> bytes:
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.replace("\n", "\r\n").encode()
