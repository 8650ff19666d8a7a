"""Whom a command trusts."""

import argparse
import re
from pathlib import Path

import pytest

from agent import config
from agent.commands import trusting
from agent.config import BadConfig
from agent.errors import BadInput
from agent.http_fetch import HttpFetch
from agent.operations.judging import Trust
from agent.trust import anchors
from tests.support import authority, chains

NATIONAL = {anchor.sha256 for anchor in anchors.national()}


def trust(tmp_path: Path, *words: object) -> Trust:
    parser = argparse.ArgumentParser()
    trusting.add_arguments(parser)
    options = parser.parse_args([str(word) for word in (*words, "--state-dir", tmp_path)])
    return trusting.trust(config.load(options))


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
    found = trust(tmp_path, "--authority", first, "--authority", second)
    given = {lying.fingerprint, *(certificate.fingerprint for certificate in authority.issuing()[:2])}
    assert more_than_national(found) == given
    assert {certificate.fingerprint for certificate in found.between} == given
    assert {anchor.domain for anchor in found.anchors if anchor.sha256 in given} == {"given"}


def test_a_file_that_is_no_authority_is_refused_by_its_name(tmp_path: Path) -> None:
    leaf = authority.certificate("gost2015-head")
    contents = {
        "junk.pem": b"junk",
        "junk.cer": b"\x30\x00",
        "leaf.pem": leaf.pem().encode(),
        "leaf.cer": leaf.der,
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    for name in (*contents, "none.pem"):
        with pytest.raises((BadInput, BadConfig), match=re.escape(str(tmp_path / name))):
            trust(tmp_path / "state", "--authority", tmp_path / name)


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
