"""What is known of a key's standing before its owner signs: a few seconds, and silence is no verdict."""

import dataclasses
import threading
from pathlib import Path

import pytest

from agent.fetch import Fetch, Question
from agent.operations import standing
from agent.operations.approval import Approval
from agent.trust import anchors
from agent.user.base import PageLeft
from tests.support import authority, people, simulated_authorities
from tests.support.memory_store import MemoryStore
from tests.support.responders import MemoryCache

NAMES = ("gost2015-individual", "gost2004-head", "rsa-sign-individual", "p256-individual")


def approval(tmp_path: Path, fetch: Fetch | None, **changes: object) -> Approval:
    usual = people.approval(tmp_path, MemoryStore({}), fetch=fetch)
    return dataclasses.replace(usual, now=lambda: authority.NOW, **changes)


def revoked(asked: Approval, *names: str, patience_s: float = standing.PATIENCE_S) -> set[str]:
    keys = {name: authority.certificate(name) for name in names}
    known = standing.revoked(
        list(keys.values()),
        anchors.from_certificates(authority.roots()),
        authority.issuing(),
        asked,
        patience_s=patience_s,
    )
    return {name for name, certificate in keys.items() if certificate in known}


@pytest.mark.parametrize("name", NAMES)
def test_a_key_that_was_taken_back_is_known(tmp_path: Path, name: str) -> None:
    authorities = simulated_authorities.new()
    asked = approval(tmp_path, authorities)
    assert revoked(asked, name) == set()
    authorities.revoke(authority.certificate(name), reason="superseded")
    assert revoked(asked, name) == {name}


def test_of_several_keys_each_is_asked_about(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    authorities.revoke(authority.certificate(NAMES[1]))
    assert revoked(approval(tmp_path, authorities), *NAMES) == {NAMES[1]}


@pytest.mark.parametrize("fault", ["http-500", "garbage", "cut-connection", "wrong-nonce", "bad-signature"])
def test_an_answer_that_is_none_keeps_nobody_from_signing(tmp_path: Path, fault: str) -> None:
    authorities = simulated_authorities.new()
    authorities.revoke(authority.certificate(NAMES[0]))
    authorities.switch("ocsp", fault)
    authorities.switch("crl", "http-500")
    assert revoked(approval(tmp_path, authorities), NAMES[0]) == set()


def test_a_server_that_keeps_silent_is_not_waited_for(tmp_path: Path) -> None:
    over = threading.Event()

    def silent(_question: Question) -> bytes:
        over.wait(20)
        raise PageLeft

    assert revoked(approval(tmp_path, silent), NAMES[0], patience_s=0.05) == set()
    over.set()


def test_offline_only_what_was_learnt_before_is_known(tmp_path: Path) -> None:
    authorities, cache = simulated_authorities.new(), MemoryCache()
    authorities.revoke(authority.certificate(NAMES[0]))
    assert revoked(approval(tmp_path, None, cache=cache), NAMES[0]) == set()
    assert revoked(approval(tmp_path, authorities, cache=cache), NAMES[0]) == {NAMES[0]}
    assert revoked(approval(tmp_path, None, cache=cache), NAMES[0]) == {NAMES[0]}


def test_nobody_is_asked_about_a_key_that_nobody_known_issued(tmp_path: Path) -> None:
    authorities = simulated_authorities.new()
    known = standing.revoked(
        [authority.certificate(NAMES[0])], (), authority.issuing(), approval(tmp_path, authorities)
    )
    assert (known, authorities.asked) == (frozenset(), [])
