"""The table of settings."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from agent import paths, settings
from agent.config import Config
from agent.settings import SETTINGS, BadConfig
from protocol.messages import MAX_DOCUMENTS


def test_every_setting_is_a_member_of_the_config_with_the_same_default() -> None:
    members = {each.name for each in dataclasses.fields(Config)} - {
        "paths", "broker", "machine_tls_dir", "simulation", "sources", "places", "policy_trouble", "policy_place",
        "is_trouble_of_person",
    }  # fmt: skip
    assert members == SETTINGS.keys()
    usual = Config(paths.resolve(Path("/nowhere")))
    for name, setting in SETTINGS.items():
        assert getattr(usual, name) == setting.default, name
        assert setting.name == name


def test_defaults_pass_their_own_checks() -> None:
    for name, setting in SETTINGS.items():
        written: Any = list(setting.default) if setting.kind == "list" else setting.default
        written = dict(written) if setting.kind == "table" else written
        assert settings.checked(name, written, "test") == setting.default


def test_the_kind_says_what_else_is_known() -> None:
    for setting in SETTINGS.values():
        assert bool(setting.choices) == (setting.kind == "choice" or setting.name == "formats")
        assert (setting.maximum > 0) == (setting.kind in ("number", "list"))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("allowed_origins", "https://x.kz", "expected a list of origins"),
        ("allowed_origins", ["x.kz"], "has 'x.kz', expected an origin such as"),
        ("blocked_origins", ["https://a.kz"] * 501, "has 501 origins, expected at most 500"),
        ("lock_origins", 1, "expected true or false"),
        ("formats", ["cms", "word"], "has 'word', expected some of cms, xml"),
        ("max_documents", -1, f"expected 0 to {MAX_DOCUMENTS}"),
        ("max_documents", True, "expected 0 to"),
        ("journal_path", "journal.jsonl", "expected a path from the root"),
        ("journal_path", "/var/journal.jsonl", "the same for everybody"),
        ("journal_path", "/var/{user}.jsonl", "the same for everybody"),
        ("journal_path", 5, "expected a path"),
        ("update_channel", "nightly", "expected one of off, stable, beta"),
        ("update_deferral_days", 91, "expected 0 to 90"),
        ("update_url", "http://x.kz/", "expected an https URL or the path of a folder"),
        ("update_url", "folder", "expected an https URL or the path of a folder"),
        ("update_url", "https://", "expected an https URL or the path of a folder"),
        ("ocsp_url", ["http://ocsp.x.kz"], "expected an http or https URL"),
        ("timestamp_url", 5, "is 5, expected an http or https URL"),
        ("proxy", {"http": "x"}, "expected system, none or http://host:port"),
        ("fetch_hosts", [5], "expected a list of hosts"),
        ("key_folders", ["~\0"], "has what is no path"),
        ("authorities", ["/\0"], "holds no certificate"),
        ("authorities", ["/" + "a" * 5000], "holds no certificate"),
        (
            "allowed_orgins",
            [],
            "unknown setting 'allowed_orgins', the nearest known one is 'allowed_origins'",
        ),
    ],
)
def test_a_mistake_is_named(name: str, value: Any, message: str) -> None:
    with pytest.raises(BadConfig) as caught:
        settings.checked(name, value, "here")
    assert caught.value.detail.startswith("here: ")
    assert message in caught.value.detail


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("allowed_origins", ["https://X.kz", "program"], ("https://x.kz", "program")),
        ("formats", ["pdf", "cms", "pdf"], ("pdf", "cms")),
        ("journal_path", "", ""),
        ("journal_path", "~/journal.jsonl", "~/journal.jsonl"),
        ("journal_path", "/srv/{user}/journal.jsonl", "/srv/{user}/journal.jsonl"),
        ("update_url", "https://updates.x.kz/qalamsap/", "https://updates.x.kz/qalamsap/"),
        ("update_url", "/srv/updates", "/srv/updates"),
    ],
)
def test_what_can_be_used_is_kept(name: str, value: Any, kept: Any) -> None:
    assert settings.checked(name, value, "here") == kept
