"""Configuration profiles: what a Mac gets is what the policy said, and the agent's own reader takes it."""

import os
import plistlib
import uuid
from pathlib import Path

import pytest

from agent import paths
from agent.policy import profile
from agent.policy.managed import ManagedPreferences
from agent.settings import BadConfig

POLICIES = b"""
port = 13600
lock_origins = true
allowed_origins = ["https://portal.example.kz"]
authorities = ["/Library/Qalamsap/authority.pem"]

[sites."https://portal.example.kz"]
"""


def payloads(octets: bytes) -> list[dict[str, object]]:
    found: list[dict[str, object]] = plistlib.loads(octets)["PayloadContent"]
    return found


def test_the_domain_gets_the_settings_and_the_programs_may_start() -> None:
    own, start = payloads(profile.of_policies(POLICIES, "policy.toml"))
    assert own["PayloadType"] == paths.BUNDLE == "kz.qalamsap"
    assert own["port"] == 13600
    assert own["allowed_origins"] == ["https://portal.example.kz"]
    assert start["PayloadType"] == "com.apple.servicemanagement"
    assert start["Rules"][0]["RuleValue"] == "kz.qalamsap."  # type: ignore[index]


def test_what_the_system_makes_of_it_is_read_as_the_policy_was(tmp_path: Path) -> None:
    own, _ = payloads(profile.of_policies(POLICIES, "policy.toml"))
    path = tmp_path / f"{paths.BUNDLE}.plist"
    path.write_bytes(plistlib.dumps(own, fmt=plistlib.FMT_BINARY))
    path.chmod(0o644)
    (table,) = ManagedPreferences([path], owner=os.getuid(), top=tmp_path).tables()
    assert table.entries == {
        "port": 13600,
        "lock_origins": True,
        "allowed_origins": ["https://portal.example.kz"],
        "authorities": ["/Library/Qalamsap/authority.pem"],
        "sites": {"https://portal.example.kz": {}},
    }


def test_the_same_policy_makes_the_same_file_and_another_replaces_it() -> None:
    first, again = (profile.of_policies(POLICIES, "a") for _ in range(2))
    assert first == again
    one, other = (plistlib.loads(each) for each in (first, profile.of_policies(b"port = 1", "a")))
    assert one["PayloadIdentifier"] == other["PayloadIdentifier"]
    numbers = [each["PayloadUUID"] for each in (one, other, *one["PayloadContent"])]
    assert len(set(numbers)) == 4
    assert all(uuid.UUID(number).version == 5 for number in numbers)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"port = 0x", "no TOML"),
        (b"\xff", "no TOML"),
        (b"prot = 1", "unknown setting 'prot', the nearest known one is 'port'"),
        (b'port = "13579"', "port is '13579'"),
    ],
)
def test_a_policy_that_makes_no_sense_makes_no_profile(text: bytes, word: str) -> None:
    with pytest.raises(BadConfig, match=word):
        profile.of_policies(text, "policy.toml")
