"""Logging in: who may ask, what is signed, what is noted."""

import dataclasses
import json
from pathlib import Path

import pytest

from agent.errors import StorageFailed, UnsupportedOperation, UserCancelled
from agent.formats import cms, login
from agent.operations.login import log_in
from agent.origins import Origin
from protocol import work
from protocol.messages import KeyFilter, LoginRequest
from tests.support import chains, people
from tests.support.memory_store import MemoryKey, MemoryStore
from tests.support.people import approves, opens

REQUEST = LoginRequest(bytes(range(16)), KeyFilter(purpose="any", authorities=()))


def store() -> MemoryStore:
    return MemoryStore({"/keys/a.p12": [MemoryKey(chains.person("gost2015"))]})


def test_the_statement_names_the_site_that_asks_and_its_nonce(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, store(), opens(), approves())
    told: list[work.Stage | work.Progress] = []
    approval = dataclasses.replace(approval, notice=told.append)
    signed = log_in(REQUEST, approval)
    (octets,) = signed.signatures
    message = cms.read(octets)
    statement = login.read(message)
    assert (statement.origin, statement.nonce) == (approval.origin.canonical, "AAECAwQFBgcICQoLDA0ODw")
    assert [each.signature for each in cms.verify(message)] == ["valid"]
    assert signed.certificate_der == chains.person("gost2015").certificate.der
    assert people.person_of(approval).laid_open == [(message.content, "")]
    prompt = people.person_of(approval).first_prompt()
    assert (prompt.action, prompt.purpose, prompt.placement) == ("log_in", "identify", "around")
    lines = [json.loads(line) for line in approval.journal.path.read_text("utf-8").splitlines()]
    assert [(line["event"], line["action"]) for line in lines] == [
        ("asked", "log_in"),
        ("decided", "log_in"),
        ("signed", "log_in"),
    ]
    assert told == [work.Stage("password"), work.Stage("approval"), work.Progress(1, 1)]


@pytest.mark.parametrize("header", [None, "null", "http://plain.kz"])
def test_nobody_but_a_site_may_ask(tmp_path: Path, header: str | None) -> None:
    origin = Origin.parse(header)
    approval = people.approval(tmp_path, store(), opens(), approves())
    approval = dataclasses.replace(approval, kind=origin.kind, origin=origin)
    with pytest.raises(UnsupportedOperation):
        log_in(REQUEST, approval)
    assert not approval.journal.path.exists()


def test_a_person_who_says_no_signs_nothing(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, store(), opens(), people.raises(UserCancelled()))
    with pytest.raises(UserCancelled):
        log_in(REQUEST, approval)


def test_what_can_not_be_noted_does_not_leave(tmp_path: Path) -> None:
    approval = people.approval(tmp_path, store(), opens(), approves())
    approval.journal.path.mkdir()
    with pytest.raises(StorageFailed):
        log_in(REQUEST, approval)
