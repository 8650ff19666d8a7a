"""A site that the settings name gets its readings, from the file to the reply; all others get the usual ones."""

import json
from collections.abc import Iterator

import pytest

from tests.conformance.protocol.asking import (
    MTEK,
    ORIGIN,
    SIGNATURE,
    ask,
    basics_frame,
    common_frame,
    result_of,
)
from tests.conformance.protocol.persons import KEY
from tests.support import agents, authority
from tests.support.agents import RunningAgent

SITE = "https://stat.example.kz"
SETTINGS = f"""
[sites."{SITE}"]
basics_cms = "base64"
basics_single = "text"
success_message = "empty"
digest_length = "any"
active_tokens = "with-files"
key_dates = "number"
name_keywords = "ST-GIVENNAME"
"""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    folder = tmp_path_factory.mktemp("sites")
    (folder / "state").mkdir()
    (folder / "state" / "config.toml").write_text(SETTINGS, encoding="utf-8")
    answer = {"key": authority.path(KEY), "password": authority.PASSWORD}
    flags = ("--proxy", "none", "--offline")
    with agents.simulated(
        folder, [answer], test_authorities=authority.issuing_paths(), flags=flags
    ) as running:
        yield running


def test_a_signature_is_written_as_the_site_reads_it(agent: RunningAgent) -> None:
    frame = basics_frame("MTEK", signing={"decode": True})
    of_site = result_of(json.loads(ask(agent, frame, origin=SITE)))
    of_others = result_of(json.loads(ask(agent, frame, origin=ORIGIN)))
    assert isinstance(of_site, str)
    assert of_site.isascii()
    assert of_site.startswith("MII")
    assert [text.split("\n")[0] for text in of_others] == ["-----BEGIN CMS-----"]


def test_a_call_is_read_as_the_site_means_it(agent: RunningAgent) -> None:
    frame = common_frame("createCAdESFromBase64Hash", *SIGNATURE, "MTEK")
    assert MTEK == b"11\n"  # three octets, the digest of nothing
    of_site = json.loads(ask(agent, frame, origin=SITE))
    assert (of_site["code"], of_site["message"]) == ("200", "")
    of_others = json.loads(ask(agent, frame, origin=ORIGIN))
    assert of_others["code"] == "500"
    assert of_others["message"].startswith("bad-input")


def test_what_needs_no_worker_is_answered_by_the_same_readings(agent: RunningAgent) -> None:
    frame = common_frame("getActiveTokens")
    assert json.loads(ask(agent, frame, origin=SITE)) == {
        "responseObject": ["PKCS12"],
        "code": "200",
        "message": "",
    }
    assert json.loads(ask(agent, frame, origin=ORIGIN)) == {"responseObject": [], "code": "200"}


def test_what_is_told_of_a_key_is_in_the_sites_words(agent: RunningAgent) -> None:
    frame = common_frame("getKeyInfo", "PKCS12")
    of_site = result_of(json.loads(ask(agent, frame, origin=SITE)))
    of_others = result_of(json.loads(ask(agent, frame, origin=ORIGIN)))
    assert str(of_site["certNotBefore"]) == of_others["certNotBefore"]
    assert isinstance(of_site["certNotBefore"], int)
    assert ",GIVENNAME=" in of_site["subjectDn"]
    assert ",G=" in of_others["subjectDn"]
