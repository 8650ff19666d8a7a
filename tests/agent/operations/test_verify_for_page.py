"""What a page is told about a signature."""

import base64
import dataclasses
from pathlib import Path

import pytest

from agent.errors import BadInput
from agent.formats import cms
from agent.operations.verify_for_page import report
from agent.user.base import PageLeft
from protocol.messages import VerifyRequest
from tests.support import authority, people
from tests.support.memory_store import MemoryStore

DOCUMENT = b"document"


def signature(*, detached: bool = True) -> bytes:
    signer = authority.signer("gost2015-individual")
    return cms.sign(signer, DOCUMENT, at=authority.NOW, detached=detached)


def test_a_signature_is_judged_like_on_the_command_line_and_nobody_is_asked(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, MemoryStore({}))
    approval = dataclasses.replace(approval, authorities=(*authority.roots(), *authority.issuing()))
    found = report(VerifyRequest(signature(), DOCUMENT), approval).report
    assert found["format"] == "cms"
    (signer,) = found["signers"]
    assert signer["signature"] == "valid"
    assert signer["trust"]["domain"] == "given"
    assert not approval.journal.path.exists()


def test_without_the_authority_nothing_vouches_for_the_key(tmp_path: Path) -> None:
    found = report(VerifyRequest(signature(), DOCUMENT), people.approval(tmp_path, MemoryStore({}))).report
    assert found["verdict"] == "indeterminate"


def test_another_document_is_told(tmp_path: Path) -> None:
    found = report(VerifyRequest(signature(), b"other"), people.approval(tmp_path, MemoryStore({}))).report
    assert found["verdict"] == "invalid"


@pytest.mark.parametrize("armour", [base64.b64encode, lambda der: cms.to_pem(der).encode()])
def test_armour_is_taken_off(tmp_path: Path, armour: object) -> None:
    octets = armour(signature(detached=False))  # type: ignore[operator]
    assert report(VerifyRequest(octets), people.approval(tmp_path, MemoryStore({}))).report["format"] == "cms"


@pytest.mark.parametrize("octets", [b"", b"no signature", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_signature_is_told(tmp_path: Path, octets: bytes) -> None:
    with pytest.raises(BadInput):
        report(VerifyRequest(octets), people.approval(tmp_path, MemoryStore({})))


def test_a_page_that_left_is_told_nothing(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, MemoryStore({}))
    people.person_of(approval).leave()
    with pytest.raises(PageLeft):
        report(VerifyRequest(signature(), DOCUMENT), approval)
