"""Finding the TLS identity, and refusing one that is broken or not private."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.errors import StorageFailed
from agent.localhost import authority, identity
from agent.localhost.identity import Identity
from tests.support.trusting import NOW, REPOSITORY


def test_there_is_none_before_one_was_issued(tmp_path: Path) -> None:
    assert identity.current(tmp_path) is None
    assert identity.current(tmp_path / "missing") is None
    assert identity.living(tmp_path / "missing", NOW) == ()


def test_the_current_one_is_the_last_that_was_issued(tmp_path: Path) -> None:
    authority.issue(tmp_path, NOW)
    second = authority.issue(tmp_path, NOW)
    assert identity.current(tmp_path) == second
    assert second.authority_name == f"Qalamsap local authority {second.identity_id}"


def test_it_is_renewed_sixty_days_before_its_end(issued: identity.Identity) -> None:
    day = dt.timedelta(days=1)
    assert not identity.needs_renewal(issued, NOW)
    assert not identity.needs_renewal(issued, issued.not_after - 61 * day)
    assert identity.needs_renewal(issued, issued.not_after - 60 * day)


def test_after_the_next_one_was_made_there_is_nothing_to_do_until_it_is_time_to_turn_to_it(
    tmp_path: Path,
) -> None:
    first = authority.issue(tmp_path, NOW)
    at = first.not_after - dt.timedelta(days=60)
    second = authority.issue(tmp_path, at, becomes_current=False)
    assert identity.current(tmp_path) == first
    assert identity.successor(first, at) == second
    assert identity.successor(second, at) is None
    assert not identity.needs_renewal(first, first.not_after - dt.timedelta(days=31))
    assert identity.needs_renewal(first, first.not_after - dt.timedelta(days=30))
    identity.make_current(second)
    assert identity.current(tmp_path) == second


def test_both_are_living_until_the_older_one_ends(tmp_path: Path) -> None:
    first = authority.issue(tmp_path, NOW)
    second = authority.issue(tmp_path, NOW + dt.timedelta(days=760))
    assert identity.living(tmp_path, first.not_after - dt.timedelta(seconds=1)) == (second, first)
    assert identity.living(tmp_path, first.not_after) == (second,)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    authority.issue(tmp_path, NOW).key_path.chmod(0o640)
    with pytest.raises(StorageFailed, match="mode 0640, 0600 expected"):
        identity.current(tmp_path)


@pytest.mark.parametrize("name", [identity.AUTHORITY, identity.LEAF, identity.KEY, identity.FACTS])
def test_a_missing_file_is_an_error_and_not_a_fresh_start(tmp_path: Path, name: str) -> None:
    (authority.issue(tmp_path, NOW).folder / name).unlink()
    with pytest.raises(StorageFailed):
        identity.current(tmp_path)


@pytest.mark.parametrize(
    "octets",
    [b"", b"{", b"[]", b'{"format": 2}', b'{"format": 1}', b'{"format": 1, "current": "../../etc"}', b"\xff"],
)
def test_a_broken_pointer_is_an_error(tmp_path: Path, octets: bytes) -> None:
    authority.issue(tmp_path, NOW)
    (tmp_path / identity.CURRENT).write_bytes(octets)
    with pytest.raises(StorageFailed):
        identity.current(tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"not_after": "soon"}, {"not_after": "2030-01-01T00:00:00"}, {"authority_sha256": 1}, {"format": 9}],
)
def test_broken_facts_are_an_error(issued: identity.Identity, change: dict[str, object]) -> None:
    path = issued.folder / identity.FACTS
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    with pytest.raises(StorageFailed):
        identity.load(issued.folder)


def test_an_authority_that_was_exchanged_is_refused(tmp_path: Path) -> None:
    first, second = authority.issue(tmp_path, NOW), authority.issue(tmp_path, NOW)
    assert identity.authority_der(first) != identity.authority_der(second)
    first.authority_path.write_bytes(second.authority_path.read_bytes())
    with pytest.raises(StorageFailed, match="not the authority that was issued"):
        identity.authority_der(first)


def test_the_daemon_can_import_it_without_any_cryptographic_library() -> None:
    program = "import sys, agent.localhost.identity; print([n for n in sys.modules if n.startswith(('cryptography', 'asn1'))])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout == "[]\n"


# --- an identity of the whole machine --------------------------------------------------------------------------


@pytest.fixture
def machines(tmp_path: Path) -> Identity:
    tmp_path.chmod(0o755)
    return authority.issue(tmp_path / "tls", NOW)


def of_machine(found: Identity, at: dt.datetime = NOW) -> Identity | None:
    return identity.shared(found.folder.parent, at, os.geteuid())


def test_a_shared_identity_is_for_everybody_and_still_its_owners(machines: Identity) -> None:
    assert of_machine(machines) is None  # not shared
    identity.share(machines)
    assert of_machine(machines) == machines
    assert machines.key_path.stat().st_mode & 0o777 == 0o644
    assert identity.current(machines.folder.parent) == machines


@pytest.mark.skipif(os.name != "posix", reason="modes of folders")
@pytest.mark.parametrize(("before", "after"), [(0o700, 0o711), (0o755, 0o755)])
def test_the_way_to_a_shared_identity_is_open_and_shows_nothing_else(
    before: int, after: int, machines: Identity
) -> None:
    state = machines.folder.parent.parent
    state.chmod(before)
    identity.share(machines)
    assert state.stat().st_mode & 0o777 == after


def test_a_key_that_merely_lies_open_is_not_a_shared_one(machines: Identity) -> None:
    machines.key_path.chmod(0o644)
    for folder in (machines.folder, machines.folder.parent):
        folder.chmod(0o755)
    assert of_machine(machines) is None
    with pytest.raises(StorageFailed, match="0600 expected"):
        identity.current(machines.folder.parent)


def test_what_others_could_have_put_there_is_not_believed(machines: Identity) -> None:
    identity.share(machines)
    assert identity.shared(machines.folder.parent, NOW, os.geteuid() + 1) is None
    for path in (
        machines.key_path,
        machines.certificate_path,
        machines.folder,
        machines.folder.parent,
        machines.folder.parent.parent,
    ):
        mode = path.stat().st_mode & 0o777
        path.chmod(mode | 0o020)
        assert of_machine(machines) is None, path
        path.chmod(mode)
    assert of_machine(machines) == machines
    machines.key_path.rename(machines.folder / "elsewhere")
    machines.key_path.symlink_to("elsewhere")
    assert of_machine(machines) is None


def test_one_that_ended_or_is_missing_is_none(machines: Identity, tmp_path: Path) -> None:
    identity.share(machines)
    assert of_machine(machines, machines.not_after) is None
    assert of_machine(machines, machines.not_before - dt.timedelta(seconds=1)) is None
    assert identity.shared(tmp_path / "none", NOW, os.geteuid()) is None
    (machines.folder.parent / identity.CURRENT).write_text("{}")
    assert of_machine(machines) is None
