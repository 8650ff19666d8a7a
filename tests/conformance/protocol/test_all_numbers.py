"""Every statement has a test or a reason why it has none."""

from collections import Counter

from tests.conformance.protocol import make_table
from tests.conformance.protocol.open_statements import OPEN

COUNTS = {"T": 24, "M": 11, "C": 50, "B": 41, "X": 17, "L": 14, "K": 8}
ALL = {f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)}


def test_each_statement_has_one_test_or_one_reason() -> None:
    files = make_table.HERE.glob("test_*.py")
    numbers = Counter(number for path in files for number in make_table.numbers_in(path))
    assert {number for number, count in numbers.items() if count > 1} == set()
    assert numbers.keys() & OPEN.keys() == set()
    assert numbers.keys() | OPEN.keys() == ALL


def test_each_statement_has_its_words() -> None:
    assert {number for group in make_table.statements().values() for number in group} == ALL


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    assert make_table.TABLE.read_text("utf-8") == make_table.table(), "run make_table"
