"""What maintainers can and can't publish. What computers make of it: tests/agent/updates/test_client.py."""

import datetime as dt
import json
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Root

from agent.updates import releases
from agent.updates.errors import RepositoryRefused
from installer.updates.repository import BadRepository, Keys, Maintained, NewRelease
from tests.support.updates import NOW, PACKAGE, Made, keys, signers

DAY = dt.timedelta(days=1)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "work")


def new(made: Made, version: str = "1.0", **more: object) -> NewRelease:
    file = made.work / "Q.bin"
    file.write_bytes(b"package")
    return NewRelease(version, {PACKAGE: file}, **more)  # type: ignore[arg-type]


def published(made: Made, channel: str = "stable") -> list[str]:
    return [each.version.text for each in releases.read(made.kept._list_octets(channel), channel)]  # type: ignore[arg-type]


def test_the_ceremony_makes_a_root_that_two_of_three_signed(made: Made) -> None:
    root = Metadata[Root].from_bytes(made.root)
    assert root.signed.roles["root"].threshold == 2
    assert len(root.signatures) == 2
    assert root.signed.consistent_snapshot
    lines = made.kept.check()
    assert lines[0] == f"root      version 1, until {(NOW + 365 * DAY).date().isoformat()}"
    assert not list(made.kept.staged.glob("*.json"))


def test_a_repository_is_begun_once_and_with_keys_for_all(tmp_path: Path, made: Made) -> None:
    with pytest.raises(BadRepository, match="already"):
        made.kept.begin(made.keys())
    with pytest.raises(BadRepository, match="no keys for beta, stable"):
        Maintained(tmp_path / "x").begin(
            {role: those for role, those in made.keys().items() if role not in ("stable", "beta")}
        )


@pytest.mark.parametrize("threshold", [0, 3])
def test_a_threshold_that_no_keys_reach_is_refused(threshold: int) -> None:
    with pytest.raises(BadRepository):
        keys(signers(2), threshold)


def test_one_key_twice_counts_once() -> None:
    (one,) = signers(1)
    with pytest.raises(BadRepository):
        Keys(2, (one.public_key, one.public_key))


def test_nothing_is_published_before_enough_people_signed(made: Made) -> None:
    made.kept.add("stable", new(made))
    before = sorted(file.name for file in made.metadata.iterdir())
    first, second = made.people["stable"]
    assert made.kept.waiting() == {"stable": 2}
    assert made.kept.sign("stable", first) == 1
    assert made.kept.sign("stable", first) == 1  # once more is not two
    with pytest.raises(BadRepository, match=r"missing: stable \(1\)"):
        made.kept.publish(made.people["snapshot"][0], made.people["timestamp"][0])
    assert sorted(file.name for file in made.metadata.iterdir()) == before
    assert not (made.kept.targets / "stable" / "1.0").exists()
    assert made.kept.sign("stable", second) == 0
    made.publish()
    assert published(made) == ["1.0"]
    assert made.kept.check()


def test_a_change_after_a_signature_wants_new_ones(made: Made) -> None:
    made.kept.add("stable", new(made))
    made.kept.sign("stable", made.people["stable"][0])
    made.kept.add("stable", new(made, "1.1"))
    assert made.kept.waiting() == {"stable": 2}
    made.publish()
    assert published(made) == ["1.1", "1.0"]


def test_a_key_without_a_say_can_not_sign(made: Made) -> None:
    made.kept.add("stable", new(made))
    for role in ("root", "beta", "timestamp"):
        with pytest.raises(BadRepository, match="no say in stable"):
            made.kept.sign("stable", made.people[role][0])
    with pytest.raises(BadRepository, match="no say in snapshot"):
        made.kept.refresh(made.people["timestamp"][0], made.people["timestamp"][0])
    with pytest.raises(BadRepository, match="nothing of beta"):
        made.kept.sign("beta", made.people["beta"][0])


def test_signers_see_what_they_sign(made: Made) -> None:
    made.release("1.0")
    made.kept.add("stable", new(made, "1.1"))
    told = made.kept.describe("stable")
    assert told.startswith("stable version 3, good until ")
    assert "  + stable/1.1/Q.bin  7 octets, sha256 " in told
    assert "    stable/1.0/qalamsap-1.0.bin" in told
    assert "  * stable/releases.json" in told
    made.kept.change_keys({"root": keys(signers(2), 2), "beta": keys(signers(1), 1)})
    assert "root      2 of " in made.kept.describe("root")
    assert "beta      1 of " in made.kept.describe("targets")


def test_a_version_is_published_once(made: Made) -> None:
    made.release("1.0")
    with pytest.raises(BadRepository, match="there already"):
        made.kept.add("stable", new(made))


def test_a_withdrawn_version_is_offered_no_more_and_can_not_come_back_under_its_number(made: Made) -> None:
    made.release("1.0")
    made.release("1.1")
    made.kept.withdraw("stable", "1.1")
    assert "  - stable/1.1/" in made.kept.describe("stable")
    made.publish()
    assert published(made) == ["1.0"]
    with pytest.raises(BadRepository, match=r"has no 1.1"):
        made.kept.withdraw("stable", "1.1")
    with pytest.raises(BadRepository, match="there already"):
        made.kept.add("stable", new(made, "1.1"))


@pytest.mark.parametrize("wrong", [{"version": "new"}, {"notes": "http://x"}, {"stages": ((5, 1), (2, 2))}])
def test_what_computers_could_not_read_is_not_staged(made: Made, wrong: dict[str, object]) -> None:
    version = str(wrong.pop("version", "1.0"))
    with pytest.raises((RepositoryRefused, ValueError)):
        made.kept.add("stable", new(made, version, **wrong))


def test_a_file_with_a_name_that_no_path_may_have_is_refused(made: Made) -> None:
    file = made.work / "a b.bin"
    file.write_bytes(b"x")
    with pytest.raises(BadRepository, match="letters"):
        made.kept.add("stable", NewRelease("1.0", {PACKAGE: file}))


def test_the_root_changes_with_the_old_keys_and_the_new_ones(made: Made) -> None:
    old, fresh = made.people["root"], signers(3)
    made.kept.change_keys({"root": keys(fresh, 2)})
    assert made.kept.missing("root") == 2
    for signer in (*fresh[:2], old[0]):
        made.kept.sign("root", signer)
    assert made.kept.missing("root") == 1
    assert made.kept.sign("root", old[1]) == 0
    made.people = {**made.people, "root": fresh}
    made.publish()
    assert (made.metadata / "1.root.json").exists()
    assert (made.metadata / "2.root.json").exists()
    assert made.kept.check()[0].startswith("root      version 2")


def test_what_ends_is_renewed(made: Made) -> None:
    made.now = NOW + 200 * DAY
    with pytest.raises(BadRepository, match="has ended"):
        made.kept.check()
    for role in ("stable", "beta"):
        made.kept.renew(role)
    made.publish()
    assert made.kept.check()
    made.now = NOW + 210 * DAY
    made.kept.refresh(made.people["timestamp"][0])
    assert made.kept.check()[1] == f"timestamp version 3, until {(NOW + 224 * DAY).date().isoformat()}"


@pytest.mark.parametrize("harm", ["changed", "gone", "list", "unsigned"])
def test_a_check_sees_what_computers_would_refuse(made: Made, harm: str) -> None:
    served = made.release("1.0")
    newest = made.metadata / "2.stable.json"
    if harm == "changed":
        served.write_bytes(b"evil")
    elif harm == "gone":
        served.unlink()
    elif harm == "list":
        newest.write_bytes(b"{}")
    else:
        found = json.loads(newest.read_bytes())
        found["signatures"] = found["signatures"][:1]
        newest.write_text(json.dumps(found))
    with pytest.raises(BadRepository):
        made.kept.check()


def test_a_folder_without_a_repository_is_told(tmp_path: Path, made: Made) -> None:
    empty = Maintained(tmp_path / "empty")
    for act in (
        empty.check,
        lambda: empty.renew("stable"),
        lambda: empty.refresh(made.people["timestamp"][0]),
    ):
        with pytest.raises(BadRepository):
            act()


@pytest.mark.parametrize("role", ["root", "targets", "stable"])
def test_nobody_decides_alone_what_everybody_installs(made: Made, tmp_path: Path, role: str) -> None:
    alone = {role: Keys(1, (made.people[role][0].public_key,))}
    for act in (
        lambda: made.kept.change_keys(alone),
        lambda: Maintained(tmp_path / "new").begin(made.keys() | alone),
    ):
        with pytest.raises(BadRepository, match=f"{role} must take the signatures of two people"):
            act()
    assert made.kept.waiting() == {}
    assert not (tmp_path / "new").exists()
