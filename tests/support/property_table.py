"""The table of the Windows installer's public properties in docs/admin/install.md, made from installer/windows/properties.py.

`python -m tests.support.property_table` writes it anew.
"""

import sys
from pathlib import Path

from installer.windows import properties
from installer.windows.properties import Property

PAGE = Path(__file__).resolve().parents[2] / "docs" / "admin" / "install.md"
BEGIN, END = "<!-- properties -->", "<!-- end of properties -->"


def table() -> str:
    """Markdown: our own properties, of which installers, and what they do."""
    of_machine = {each.name: each for each in properties.public("machine") if each.setting is None}
    of_user = {each.name: each for each in properties.public("user")}
    rows = [_row(properties.INSTALLDIR, "both")]
    for name in dict.fromkeys((*of_machine, *of_user)):
        both = name in of_machine and name in of_user
        if both and of_machine[name] != of_user[name]:
            rows += [_row(of_machine[name], "machine"), _row(of_user[name], "user")]
        else:
            where = "both" if both else "machine" if name in of_machine else "user"
            rows.append(_row(of_machine.get(name) or of_user[name], where))
    return "\n".join(("| property | installer | default | means |", "|---|---|---|---|", *rows))


def _row(prop: Property, where: str) -> str:
    return f"| `{prop.name}` | {where} | {prop.default and f'`{prop.default}`'} | {prop.meaning} |"


def with_table(text: str) -> str:
    """The page with the table as it has to be. ValueError where the page has no place for it."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
