"""`qalamsap timestamp`."""

import base64
import errno
import os
from pathlib import Path

import pytest

from agent.formats import cms
from tests.support.command_line import CommandLine
from tests.support.simulated_authorities import SimulatedAuthorities


@pytest.fixture
def signed(run: CommandLine) -> Path:
    assert run.sign(run.file("act.txt"), "--out", run.folder / "act.cms") == 0
    return run.folder / "act.cms"


def stamp(run: CommandLine, *words: object) -> int:
    return run("timestamp", *words, "--state-dir", run.state_dir, *run.network, *run.stamping)


def timestamps(path: Path) -> list[bool]:
    found = cms.verify(cms.read(path.read_bytes()))
    assert [each.signature for each in found] == ["valid"] * len(found)
    return [each.has_timestamp for each in found]


def test_the_signature_gets_its_timestamp_in_its_place(
    run: CommandLine, signed: Path, authorities: SimulatedAuthorities
) -> None:
    assert timestamps(signed) == [False]
    assert stamp(run, signed) == 0
    assert run.out == f"{signed}\n"
    assert timestamps(signed) == [True]
    assert run.report(signed)["signers"][0]["judged_at"]["basis"] == "timestamp"
    assert run.verify(signed) == 0


def test_another_place_leaves_the_file_as_it_is(
    run: CommandLine, signed: Path, authorities: SimulatedAuthorities
) -> None:
    before, target = signed.read_bytes(), run.folder / "stamped.cms"
    assert stamp(run, signed, "--out", target) == 0
    assert signed.read_bytes() == before
    assert timestamps(target) == [True]


def test_text_stays_text(run: CommandLine, signed: Path, authorities: SimulatedAuthorities) -> None:
    der = signed.read_bytes()
    for armoured in (cms.to_pem(der).encode(), base64.b64encode(der)):
        signed.write_bytes(armoured)
        assert stamp(run, signed) == 0
        assert signed.read_bytes().startswith(b"-----BEGIN CMS-----\n")
        assert timestamps(signed) == [True]


def test_one_that_has_it_already_and_what_is_no_signature_are_bad_input(
    run: CommandLine, signed: Path, authorities: SimulatedAuthorities
) -> None:
    assert stamp(run, signed) == 0
    assert stamp(run, signed) == 5
    assert "has a timestamp already" in run.err
    assert stamp(run, run.folder / "act.txt") == 5
    assert stamp(run, run.folder / "none") == 5


@pytest.mark.parametrize("fault", ["http-500", "garbage", "wrong-nonce", "expired"])
def test_without_a_timestamp_nothing_is_written(
    run: CommandLine, signed: Path, authorities: SimulatedAuthorities, fault: str
) -> None:
    before = signed.read_bytes()
    authorities.switch("tsp", fault)
    assert stamp(run, signed) == 7
    assert run.err.startswith("qalamsap timestamp: ")
    assert signed.read_bytes() == before


def test_offline_there_is_no_timestamp(run: CommandLine, signed: Path) -> None:
    assert stamp(run, signed) == 7
    assert "offline" in run.err


def test_an_authority_that_nobody_trusts_is_not_believed(
    run: CommandLine, signed: Path, authorities: SimulatedAuthorities
) -> None:
    run.network = run.network[:-2]
    assert stamp(run, signed) == 7
    assert "timestamp-untrusted" in run.err


def test_a_full_disk_leaves_the_signature_as_it_was(
    run: CommandLine, signed: Path, authorities: SimulatedAuthorities, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signed.read_bytes()
    real = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().parent == signed.parent:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert stamp(run, signed) == 7
    assert "No space left" in run.err
    assert signed.read_bytes() == before
    assert sorted(path.name for path in signed.parent.iterdir()) == ["act.cms", "act.txt", "state"]
