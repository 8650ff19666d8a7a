"""`qalamsap sign`."""

import errno
import getpass
import os
from pathlib import Path
from typing import Any

import pytest

from agent.formats import cms
from agent.journal import Journal
from tests.support import authority
from tests.support.command_line import CommandLine


def evidence(path: Path, content: bytes | None = None) -> list[str]:
    return [each.signature for each in cms.verify(cms.read(path.read_bytes()), content)]


@pytest.mark.parametrize(
    "key", ["gost2015-individual", "gost2004-head", "rsa-sign-individual", "p256-individual"]
)
def test_a_file_is_signed_with_every_kind_of_key(run: CommandLine, key: str) -> None:
    document = run.file("act.pdf", b"%PDF act")
    assert run.sign(document, key=key) == 0
    target = run.folder / "act.pdf.cms"
    assert run.out == f"{target}\n"
    assert cms.read(target.read_bytes()).content == b"%PDF act"
    assert evidence(target) == ["valid"]


def test_a_detached_signature_does_not_hold_the_document(run: CommandLine) -> None:
    assert run.sign(run.file("act"), "--detached", "--out", run.folder / "a.cms") == 0
    assert cms.read((run.folder / "a.cms").read_bytes()).content is None
    assert evidence(run.folder / "a.cms", b"act") == ["valid"]
    assert evidence(run.folder / "a.cms", b"another") == ["invalid"]


def test_a_signer_is_added_to_a_signature(run: CommandLine) -> None:
    assert run.sign(run.file("act")) == 0
    assert (
        run.sign(run.folder / "act.cms", "--cosign", "--out", run.folder / "two.cms", key="rsa-sign-head")
        == 0
    )
    assert evidence(run.folder / "two.cms") == ["valid", "valid"]
    assert cms.read((run.folder / "two.cms").read_bytes()).content == b"act"


def test_what_is_no_signature_or_a_detached_one_gets_no_second_signer(run: CommandLine) -> None:
    assert run.sign(run.file("act"), "--cosign") == 5
    assert run.sign(run.file("act"), "--detached") == 0
    assert run.sign(run.folder / "act.cms", "--cosign", "--out", run.folder / "two.cms") == 5
    assert not (run.folder / "two.cms").exists()


def test_pem_is_text(run: CommandLine) -> None:
    assert run.sign(run.file("act"), "--pem") == 0
    assert (run.folder / "act.cms").read_text("ascii").startswith("-----BEGIN CMS-----\n")


def test_several_files_go_into_a_folder_that_is_made(run: CommandLine) -> None:
    out = run.folder / "signed" / "today"
    assert run.sign(run.file("a.txt"), run.file("b.txt"), "--out", out) == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.txt.cms", "b.txt.cms"]
    assert [line["count"] for line in map(vars_of, Journal(run.state_dir / "journal.jsonl").recent(5))] == [2]


def vars_of(receipt: Any) -> dict[str, Any]:
    return {"count": receipt.count}


def test_one_file_goes_into_a_folder_that_is_there(run: CommandLine) -> None:
    (run.folder / "signed").mkdir()
    assert run.sign(run.file("a.txt"), "--out", run.folder / "signed") == 0
    assert (run.folder / "signed" / "a.txt.cms").exists()


def test_a_named_place_is_replaced_and_a_place_we_chose_is_not(run: CommandLine) -> None:
    document, target = run.file("a.txt"), run.file("a.txt.cms", b"old")
    assert run.sign(document) == 5
    assert "exists" in run.err
    assert target.read_bytes() == b"old"
    assert run.sign(document, "--out", target) == 0
    assert evidence(target) == ["valid"]


def test_places_that_make_no_sense_are_refused_before_the_password_is_asked(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getpass", lambda _: pytest.fail("the password was asked"))
    document, other = run.file("a.txt"), run.file("below/a.txt")
    key = ("--key", authority.path("gost2015-individual"), "--state-dir", run.state_dir)
    assert run("sign", document, other, "--out", run.folder / "out", *key) == 5  # two of one name
    assert run("sign", document, "--out", document, *key) == 5  # the document itself
    assert run("sign", document, run.file("b.txt"), "--out", run.file("file"), *key) == 5
    assert "is no folder" in run.err
    assert run("sign", document, "--out", "/dev/null", *key) == 5
    assert run("sign", run.folder / "missing", *key) == 5
    assert Path("/dev/null").is_char_device()
    assert not (run.folder / "out").exists()


def test_where_a_link_stands_what_it_leads_to_is_replaced(run: CommandLine) -> None:
    place = run.file("elsewhere/real.cms", b"old")
    link = run.folder / "link.cms"
    link.symlink_to(place)
    assert run.sign(run.file("a.txt"), "--out", link) == 0
    assert link.is_symlink()
    assert evidence(place) == ["valid"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, target = run.file("a.txt"), run.file("out/a.cms", b"old")
    real = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().parent == target.parent:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert run.sign(document, "--out", target) == 7
    assert "No space left" in run.err
    assert [path.name for path in target.parent.iterdir()] == ["a.cms"]
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("key", "password", "code"),
    [
        ("gost2015-individual", "wrong", 3),
        ("gost2015-individual", "", 3),
        ("broken-text", "Qwerty12", 5),
        ("broken-cut", "Qwerty12", 5),
        ("unsupported-gt", "Qwerty12", 6),
    ],
)
def test_the_exit_code_says_what_was_wrong_with_the_key(
    run: CommandLine, key: str, password: str, code: int
) -> None:
    assert run.sign(run.file("a.txt"), key=key, password=password) == code
    assert run.err.startswith("qalamsap sign: ")
    assert "Traceback" not in run.err
    assert not (run.folder / "a.txt.cms").exists()
    assert password == "" or password not in run.out + run.err


def test_a_key_file_that_is_not_there_is_bad_input(run: CommandLine) -> None:
    words = ("--key", run.folder / "none.p12", "--password-stdin", "--state-dir", run.state_dir)
    assert run("sign", run.file("a.txt"), *words, stdin=b"x\n") == 5


def test_an_unknown_key_of_several_is_unsuitable_and_a_named_one_is_used(run: CommandLine) -> None:
    assert run.sign(run.file("a.txt"), "--key-id", "ffff", key="two-keys") == 6
    assert run.sign(run.file("a.txt"), key="two-keys") == 0
    assert "several keys" in run.err


def test_another_format_is_not_built_yet(run: CommandLine) -> None:
    assert run.sign(run.file("a.txt"), "--format", "xml") == 7


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, EOFError])
def test_an_interrupted_question_is_cancelled(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def interrupt(_: str) -> str:
        raise interruption

    monkeypatch.setattr(getpass, "getpass", interrupt)
    key = ("--key", authority.path("gost2015-individual"), "--state-dir", run.state_dir)
    assert run("sign", run.file("a.txt"), *key) == 4
    assert not (run.folder / "a.txt.cms").exists()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("gost2015-individual-expired", "has expired"),
        ("gost2015-individual-future", "is not valid yet"),
        ("rsa-auth-individual", "is not meant for signing"),
        ("gost2015-individual", "an authority that this agent does not know"),
    ],
)
def test_a_doubtful_certificate_is_warned_of_and_signs(run: CommandLine, key: str, words: str) -> None:
    assert run.sign(run.file("a.txt"), key=key) == 0
    assert words in run.err
    assert words not in run.out
    assert evidence(run.folder / "a.txt.cms") == ["valid"]


def test_records_that_can_not_be_written_stop_the_signature(run: CommandLine) -> None:
    run.file("state", b"a file where the folder should be")
    assert run.sign(run.file("a.txt")) == 7
    assert not (run.folder / "a.txt.cms").exists()


def test_neither_document_nor_password_is_kept(run: CommandLine) -> None:
    assert run.sign(run.file("a.txt", b"the secret deed")) == 0
    kept = b"".join(path.read_bytes() for path in run.state_dir.iterdir() if path.is_file())
    assert b"secret deed" not in kept
    assert b"Qwerty12" not in kept
