"""Whom a command trusts."""

import argparse
from pathlib import Path

import pytest

from agent import config
from agent.commands import trusting
from agent.errors import AgentError, BadInput
from agent.http_fetch import HttpFetch
from agent.operations.judging import Trust
from agent.trust import anchors
from tests.support import authority, chains

NATIONAL = {anchor.sha256 for anchor in anchors.national()}


def trust(tmp_path: Path, *words: object) -> Trust:
    parser = argparse.ArgumentParser()
    trusting.add_arguments(parser)
    options = parser.parse_args([str(word) for word in (*words, "--state-dir", tmp_path)])
    return trusting.trust(options, config.load(options))


def more_than_national(found: Trust) -> set[str]:
    ends = {anchor.sha256 for anchor in found.anchors}
    assert ends >= NATIONAL
    return ends - NATIONAL


def test_the_national_authorities_are_trusted_those_of_the_test_site_under_their_own_domain(
    tmp_path: Path,
) -> None:
    found = trust(tmp_path)
    assert more_than_national(found) == set()
    assert {anchor.domain for anchor in found.anchors} == {"production", "test"}
    assert (found.between, found.ocsp_url) == ((), "")


def test_named_and_own_authorities_are_trusted_too(tmp_path: Path) -> None:
    (tmp_path / "authorities").mkdir()
    lying = chains.issue("Lying there", ca=True).certificate
    (tmp_path / "authorities" / "own.pem").write_text(lying.pem())
    first, second, *_ = authority.issuing_paths()
    found = trust(tmp_path, "--ca", first, "--authority", second)
    given = {lying.fingerprint, *(certificate.fingerprint for certificate in authority.issuing()[:2])}
    assert more_than_national(found) == given
    assert {certificate.fingerprint for certificate in found.between} == given
    assert {anchor.domain for anchor in found.anchors if anchor.sha256 in given} == {"given"}


def test_a_file_without_authorities_is_bad_input_or_a_mistake_in_the_settings(tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_bytes(b"junk")
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(authority.certificate("gost2015-head").pem())
    for words in (("--ca", junk), ("--ca", leaf), ("--ca", tmp_path / "none")):
        with pytest.raises(BadInput):
            trust(tmp_path, *words)
    with pytest.raises(AgentError):
        trust(tmp_path, "--authority", junk)


def test_nobody_is_asked_offline(tmp_path: Path) -> None:
    assert trust(tmp_path, "--offline").fetch is None
    assert isinstance(trust(tmp_path).fetch, HttpFetch)


def test_answers_are_kept_below_the_state_folder(tmp_path: Path) -> None:
    found = trust(tmp_path, "--ocsp-url", "http://ocsp.example.kz/")
    assert found.ocsp_url == "http://ocsp.example.kz/"
    assert found.cache is not None
    found.cache.put("key", b"kept", chains.NOW.replace(year=2100))
    assert any(path.is_file() for path in tmp_path.rglob("*"))
    assert found.cache.get("key") == b"kept"
