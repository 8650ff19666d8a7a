"""The statements of the format reference are tests by number: none is missing."""

import re
from pathlib import Path

STATEMENTS = range(1, 43)


def test_each_statement_has_a_test_that_bears_its_number() -> None:
    source = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    numbers = {int(number) for number in re.findall(r"^def test_s(\d+)_", source, re.MULTILINE)}
    assert numbers == set(STATEMENTS)
