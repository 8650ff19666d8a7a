"""The page of licences and the folder of their texts."""

import re
from pathlib import Path

from installer.shipped import licences
from installer.shipped.parts import Part

PARTS = (
    Part("qalamsap", "0.1.0", "Apache-2.0", texts=(("LICENSE", "ours"),), is_ours=True),
    Part(
        "lib", "1", "MIT AND Zlib", homepage="https://lib.example", inside=(Part("zlib", "1.3", "Zlib"),),
        texts=tuple((f"vendor/{name}/LICENSE", f"text of {name}") for name in "abcde"),
    ),
)  # fmt: skip


def test_every_text_is_written_and_every_link_of_the_page_leads_to_one(tmp_path: Path) -> None:
    licences.write(PARTS, tmp_path)
    page = (tmp_path / "THIRD-PARTY.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert len(links) == 4
    assert [link for link in links if not (tmp_path / link).exists()] == []
    assert (tmp_path / "licences/lib/vendor-e-LICENSE").read_text(encoding="utf-8") == "text of e"
    assert (tmp_path / "licences/qalamsap/LICENSE").read_text(encoding="utf-8") == "ours"


def test_the_page_names_parts_and_what_lies_inside_them() -> None:
    page = licences.page(PARTS)
    assert "| lib | 1 | MIT AND Zlib |" in page
    assert "2 more in [its folder](licences/lib)" in page
    assert "| lib | zlib | 1.3 | Zlib |" in page
    assert "| qalamsap |" not in page


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    for name in ("../../LICENSE", "/etc/LICENSE", "a\\b/LICENSE"):
        assert "/" not in licences.flat(name)
        assert "\\" not in licences.flat(name)
    licences.write((Part("lib", "1", "MIT", texts=(("../../../LICENSE", "x"),)),), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
