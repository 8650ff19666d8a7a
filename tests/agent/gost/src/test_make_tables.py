from pathlib import Path

import pytest

from agent.gost import tables
from agent.gost.src import make_tables

SOURCES = Path(__file__).resolve().parents[4] / "agent" / "gost" / "src"


@pytest.mark.parametrize("name", make_tables.HEADERS)
def test_the_checked_in_header_is_what_the_generator_writes(name, capsys) -> None:
    assert make_tables.main([name]) == 0
    assert capsys.readouterr().out == (SOURCES / f"{name}_tables.h").read_text(encoding="utf-8")


def test_an_unknown_table_is_refused(capsys) -> None:
    assert make_tables.main(["chairs"]) == 2
    assert "usage: make_tables streebog|gost94" in capsys.readouterr().err


def test_a_bit_matrix_multiplies_as_the_instruction_does() -> None:
    """Output bit k is the parity of the input and octet 7 - k (Intel's description of VGF2P8AFFINEQB)."""
    for factor in (1, 2, 0x83, 0xFF):
        matrix = make_tables.bit_matrix(factor)
        for x in (0, 1, 0x53, 0x80, 0xFF):
            product = sum(((matrix >> (8 * (7 - k)) & 255 & x).bit_count() & 1) << k for k in range(8))
            assert product == tables.field_product(factor, x)
