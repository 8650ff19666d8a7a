"""The bill of materials: valid by CycloneDX's schema, whole, and of the same parts always the same octets."""

import datetime as dt
import json

import pytest

from installer.shipped import sbom
from installer.shipped.parts import Part

AT = dt.datetime(2026, 11, 27, 8, 0, tzinfo=dt.UTC)
OURS = Part("qalamsap", "0.1.0", "Apache-2.0", "pkg:pypi/qalamsap@0.1.0", needs=("one-lib",), is_ours=True)
ONE = Part(
    "One_Lib", "1", "MIT OR Apache-2.0", "pkg:pypi/one-lib@1", "https://one.example", needs=("two",),
    inside=(Part("zlib", "1.3", "Zlib"), Part("unversioned", "", "MIT")),
)  # fmt: skip
TWO = Part("two", "2", "BSD-3-Clause", "pkg:pypi/two@2", inside=(Part("zlib", "1.2", "Zlib"),))
PYTHON = Part("cpython", "3.12.1", "Python-2.0", "pkg:generic/cpython@3.12.1")
PARTS = (OURS, ONE, TWO, PYTHON)


def made(parts: tuple[Part, ...] = PARTS, at: dt.datetime = AT) -> dict[str, object]:
    return json.loads(sbom.bill(parts, at))  # type: ignore[no-any-return]


def test_it_names_us_the_parts_and_what_lies_inside_them() -> None:
    bill = made()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "qalamsap"
    assert bill["metadata"]["timestamp"] == "2026-11-27T08:00:00+00:00"
    found = {each["name"]: each for each in bill["components"]}
    assert found.keys() == {"One_Lib", "two", "cpython"}
    assert found["One_Lib"]["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert {inner["name"] for inner in found["One_Lib"]["components"]} == {"zlib", "unversioned"}
    assert found["cpython"]["purl"] == "pkg:generic/cpython@3.12.1"


def test_it_says_what_needs_what() -> None:
    needs = {each["ref"]: each.get("dependsOn", []) for each in made()["dependencies"]}
    assert needs["pkg:pypi/qalamsap@0.1.0"] == ["pkg:generic/cpython@3.12.1", "pkg:pypi/one-lib@1"]
    assert needs["pkg:pypi/one-lib@1"] == ["pkg:pypi/two@2"]


def test_one_library_inside_two_others_is_two_entries() -> None:
    def references(component: dict[str, object]) -> list[str]:
        return [
            component["bom-ref"],
            *(ref for inner in component.get("components", ()) for ref in references(inner)),
        ]

    found = [reference for component in made()["components"] for reference in references(component)]
    assert len(found) == len(set(found)) == 6


def test_the_same_parts_and_moment_give_the_same_octets_and_others_another_number() -> None:
    assert sbom.bill(PARTS, AT) == sbom.bill(PARTS, AT)
    numbers = {
        made()["serialNumber"],
        made(PARTS[:3])["serialNumber"],
        made(at=AT + dt.timedelta(1))["serialNumber"],
    }
    assert len(numbers) == 3


def test_a_bill_that_the_schema_does_not_allow_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sbom.JsonV1Dot6, "output_as_string", lambda _self, **_options: '{"bomFormat": "CycloneDX"}'
    )
    with pytest.raises(sbom.NotValid):
        sbom.bill(PARTS, AT)


@pytest.mark.parametrize("parts", [(ONE, TWO), (OURS, OURS)])
def test_exactly_one_part_is_ours(parts: tuple[Part, ...]) -> None:
    with pytest.raises(ValueError, match="unpack"):
        sbom.bill(parts, AT)
