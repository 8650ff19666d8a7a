"""Every statement has a test or a reason why it has none, and what is open is answered honestly meanwhile."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.conformance.protocol import make_table
from tests.conformance.protocol.asking import MODULE_NOT_FOUND, SIGNATURE, ask, common_frame, journal
from tests.conformance.protocol.open_statements import OPEN
from tests.conformance.protocol.persons import NOBODY, AgentOf

COUNTS = {"T": 24, "M": 11, "C": 50, "B": 41, "X": 17, "L": 14, "K": 8}
ALL = {f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)}
ACCESSORY = "kz.gov.pki.ncalayerservices.accessory"


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


# What stands for a statement that is open: a call of it. K2 to K8 meet a port where nobody listens (K1).
CALLS: dict[str, dict[str, Any]] = {
    "C42": common_frame("showFileChooser", "ALL", ""),
    "C44": common_frame("showFileChooser", "PDF", ""),
    "C45": common_frame("createCMSSignatureFromFile", *SIGNATURE, "/no/such/file", True),
    "L1": {"method": "browseKeyStore", "args": ["PKCS12", "P12", ""]},
    "L4": {"method": "getKeys", "args": ["PKCS12", "/keys/a.p12", "wrong", "SIGN"]},
    "L7": {"method": "getNotAfter", "args": ["PKCS12", "/keys/a.p12", "alias", "wrong"]},
    "L8": {"method": "getSubjectDN", "args": ["PKCS12", "/keys/a.p12", "alias", "wrong"]},
    "L9": {"method": "getRdnByOid", "args": ["PKCS12", "/keys/a.p12", "alias", "wrong", "2.5.4.3", 0]},
    "L10": {"method": "verifyXml", "args": ["<a/>"]},
    "L11": {"method": "verifyCMSSignature", "args": ["MTEK", "data"]},
    "L12": {"method": "signXml", "args": ["PKCS12", "/keys/a.p12", "wrong", "<a/>"]},
    "L14": {"method": "loadSlotList", "args": ["AKKaztokenStore"]},
    "M8": {"module": ACCESSORY, "method": "showSettings"},
}


@pytest.mark.parametrize("number", CALLS)
def test_what_is_open_is_refused_and_nobody_is_asked(agent_of: AgentOf, number: str) -> None:
    assert number in OPEN
    agent = agent_of(NOBODY)
    before = journal(agent)
    text = ask(agent, CALLS[number])
    answer = json.loads(text)
    if number.startswith("L"):
        assert text == MODULE_NOT_FOUND
    elif number.startswith("C"):
        assert (answer["code"], answer["message"].split(":")[0]) == ("500", "unsupported")
    else:
        assert answer["success"] is False
        assert "status" not in answer
    assert journal(agent) == before
