"""What a policy lets signatures be."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from agent import paths
from agent.config import Config
from agent.errors import BadInput, KeyFolderForbidden, PolicyForbids
from agent.origins import Origin
from agent.rules import KeptInFolders, Rules

FULL = Config(
    paths.resolve(Path("/nowhere")),
    key_folders=(Path("/srv/keys"),),
    only_key_folders=True,
    formats=("cms", "pdf"),
    require_preview=True,
    forbid_hash_only=True,
    max_documents=10,
    allowed_origins=("https://*.x.kz", "program"),
)


def test_without_a_policy_there_are_no_rules() -> None:
    rules = Rules.of(Config(paths.resolve(Path("/nowhere")), key_folders=(Path("/srv/keys"),)))
    assert rules == Rules()
    assert Rules.received(rules.sent()) == Rules()


def test_rules_go_to_a_worker_and_come_out_the_same() -> None:
    rules = Rules.of(FULL)
    assert rules.key_folders == (Path("/srv/keys"),)
    assert Rules.received(rules.sent()) == rules
    assert Rules.received(Rules(max_documents=1).sent()) == Rules(max_documents=1)
    # No folder at all is not the same as every folder.
    assert not Rules.received(Rules(key_folders=()).sent()).may_open(Path("/srv/keys/a.p12"))


def test_an_origin_that_makes_no_sense_is_an_error_and_never_no_rule() -> None:
    with pytest.raises(BadInput):
        Rules.received(dataclasses.replace(Rules().sent(), known=("https://*",)))


def test_formats_and_counts() -> None:
    rules = Rules.of(FULL)
    rules.check_format("pdf")
    rules.check_count(10)
    with pytest.raises(PolicyForbids, match=r"xml \(formats\)"):
        rules.check_format("xml")
    with pytest.raises(PolicyForbids, match=r"at most 10 \(max_documents\)"):
        rules.check_count(11)
    Rules().check_format("xml")
    Rules().check_count(10_000)


@pytest.mark.parametrize(
    ("rules", "is_digest", "is_showable", "setting"),
    [
        (Rules(forbid_hash_only=True), True, False, "forbid_hash_only"),
        (Rules(require_preview=True), True, False, "require_preview"),
        (Rules(require_preview=True), False, False, "require_preview"),
        (Rules(forbid_hash_only=True), False, False, ""),
        (Rules(forbid_hash_only=True, require_preview=True), False, True, ""),
        (Rules(), True, False, ""),
    ],
)
def test_what_can_not_be_shown(rules: Rules, is_digest: bool, is_showable: bool, setting: str) -> None:
    if setting:
        with pytest.raises(PolicyForbids, match=setting):
            rules.check_content(is_digest=is_digest, is_showable=is_showable)
    else:
        rules.check_content(is_digest=is_digest, is_showable=is_showable)


def test_callers_that_the_administrator_named_are_known() -> None:
    rules = Rules.of(FULL)
    assert rules.knows(Origin.parse("https://a.x.kz"))
    assert rules.knows(Origin.parse(None))
    assert not rules.knows(Origin.parse("https://x.kz"))
    assert not Rules().knows(Origin.parse("https://a.x.kz"))


def test_a_key_file_counts_where_it_lies_and_not_where_a_link_to_it_does(tmp_path: Path) -> None:
    allowed, elsewhere = tmp_path / "allowed", tmp_path / "elsewhere"
    for folder in (allowed / "below", elsewhere):
        folder.mkdir(parents=True)
    rules = Rules(key_folders=(allowed,))
    assert rules.may_open(allowed / "a.p12")
    assert rules.may_open(allowed / "below" / "a.p12")
    assert not rules.may_open(elsewhere / "a.p12")
    assert not rules.may_open(allowed / ".." / "elsewhere" / "a.p12")
    assert not rules.may_open(tmp_path / "allowed-too" / "a.p12")
    (elsewhere / "b.p12").touch()
    (allowed / "link.p12").symlink_to(elsewhere / "b.p12")
    assert not rules.may_open(allowed / "link.p12")
    (elsewhere / "way").symlink_to(allowed)
    assert rules.may_open(elsewhere / "way" / "a.p12")
    assert not rules.may_open(Path("a\0b"))
    with pytest.raises(KeyFolderForbidden) as caught:
        rules.check_key_file(elsewhere / "b.p12")
    assert str(tmp_path) not in caught.value.detail
    assert Rules().may_open(elsewhere / "a.p12")


class Stores:
    """Finds what it is told, and opens everything."""

    def __init__(self, *paths: Path) -> None:
        self.paths = paths

    def open(self, storage: str, path: Path, password: Any, /) -> Any:
        return (storage, path)

    def find(self, folders: Any, limit: int, /) -> Any:
        return [type("Found", (), {"path": path})() for path in self.paths[:limit]]


def test_key_stores_open_and_find_only_what_may_be_opened(tmp_path: Path) -> None:
    inside, outside = tmp_path / "keys" / "a.p12", tmp_path / "b.p12"
    kept = KeptInFolders(
        Stores(inside, outside), Rules(key_folders=(tmp_path / "keys",)), lambda name: name == "PKCS12"
    )
    assert [found.path for found in kept.find([tmp_path], 9)] == [inside]
    assert kept.open("PKCS12", inside, None) == ("PKCS12", inside)
    with pytest.raises(KeyFolderForbidden):
        kept.open("PKCS12", outside, None)
    assert kept.open("AKKaztokenStore", outside, None) == ("AKKaztokenStore", outside)
