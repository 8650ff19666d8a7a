"""The bill of materials of what we ship, in CycloneDX 1.6: JSON that tools such as Dependency-Track read.

Of the same parts and moment always the same octets.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.tool import Tool
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from installer.shipped.parts import Part

SCHEMA = SchemaVersion.V1_6
_NAMESPACE = uuid.UUID("5f0b9a52-5d5a-5c0e-9d52-1a6f2b7c9e11")


class NotValid(Exception):
    """The bill is not what CycloneDX's schema asks for: a mistake of ours, or of the library."""


def bill(parts: Sequence[Part], at: dt.datetime) -> str:
    """The JSON text of the parts, of which exactly one is ours. Raises NotValid."""
    (ours,) = (part for part in parts if part.is_ours)
    components = {canonicalize_name(part.name): _component(part) for part in parts}
    root = components[canonicalize_name(ours.name)]
    others = [component for component in components.values() if component is not root]
    names = "\n".join(f"{part.name} {part.version}" for part in parts)
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, f"{at.isoformat()}\n{names}"), components=others)
    bom.metadata.component = root
    bom.metadata.timestamp = at
    bom.metadata.tools.tools.clear()
    bom.metadata.tools.tools.add(Tool(name="./dev sbom", vendor="Qalamsap"))
    for part in parts:
        needed = [components[canonicalize_name(name)] for name in part.needs]
        bom.register_dependency(components[canonicalize_name(part.name)], needed)
    interpreters = [component for name, component in components.items() if name == "cpython"]
    bom.register_dependency(root, interpreters)
    text = JsonV1Dot6(bom).output_as_string(indent=2) + "\n"
    complaint = JsonStrictValidator(SCHEMA).validate_str(text)
    if complaint is not None:
        raise NotValid(str(complaint))
    return text


def _component(part: Part, owner: str = "") -> Component:
    """With what lies inside it. One library may lie inside several parts, in other versions: its reference names the owner."""
    reference = f"{owner}/{part.name}@{part.version}" if owner else (part.purl or part.name)
    return Component(
        type=ComponentType.APPLICATION if part.is_ours else ComponentType.LIBRARY,
        name=part.name,
        version=part.version or None,
        bom_ref=BomRef(reference),
        purl=PackageURL.from_string(part.purl) if part.purl else None,
        licenses=[LicenseFactory().make_from_string(part.licence)],
        supplier=OrganizationalEntity(name="Qalamsap") if part.is_ours else None,
        external_references=_references(part),
        components=[_component(each, owner=part.name) for each in part.inside],
    )


def _references(part: Part) -> list[ExternalReference]:
    if not part.homepage:
        return []
    return [ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(part.homepage))]
