"""`qalamsap verify`."""

import json

import pytest

from tests.support import authority
from tests.support.command_line import CommandLine


@pytest.fixture
def signed(run: CommandLine) -> CommandLine:
    assert run.sign(run.file("act"), "--detached") == 0
    return run


def test_what_is_good_as_far_as_it_was_checked_can_not_be_told(signed: CommandLine) -> None:
    roots = [
        word for path in (*authority.root_paths(), *authority.issuing_paths()) for word in ("--ca", path)
    ]
    words = ("verify", signed.folder / "act.cms", "--document", signed.folder / "act")
    assert signed(*words, *roots) == 2
    assert signed.out.startswith("indeterminate\n")
    assert "signature: valid" in signed.out
    assert signed(*words, *roots, "--json") == 2
    report = json.loads(signed.out)
    (signer,) = report["signers"]
    assert (report["verdict"], signer["signature"]) == ("indeterminate", "valid")
    assert "no-path" not in str(signer["reasons"])


def test_one_file_may_hold_all_authorities(signed: CommandLine) -> None:
    text = "".join(p.read_text("ascii") for p in (*authority.root_paths(), *authority.issuing_paths()))
    together = signed.file("all.pem", text.encode())
    words = ("verify", signed.folder / "act.cms", "--document", signed.folder / "act", "--json")
    assert signed(*words) == 2
    without = json.loads(signed.out)["signers"][0]
    assert signed(*words, "--ca", together) == 2
    assert without["trust"] is None
    assert json.loads(signed.out)["signers"][0]["trust"]["domain"]
    assert signed(*words, "--ca", signed.file("junk.pem", b"junk")) == 5


def test_another_document_is_invalid(signed: CommandLine) -> None:
    words = ("verify", signed.folder / "act.cms", "--document", signed.file("other", b"changed"))
    assert signed(*words) == 1
    assert signed.out.startswith("invalid\n")
    assert signed(*words, "--json") == 1
    assert json.loads(signed.out)["verdict"] == "invalid"


@pytest.mark.parametrize("content", [b"", b"junk", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_signature_is_bad_input(run: CommandLine, content: bytes) -> None:
    assert run("verify", run.file("x.cms", content)) == 5
    assert run.err.startswith("qalamsap verify: ")


def test_files_that_are_not_there_are_bad_input(signed: CommandLine) -> None:
    assert signed("verify", signed.folder / "none.cms") == 5
    assert signed("verify", signed.folder / "act.cms", "--document", signed.folder / "none") == 5
    assert signed("verify", signed.folder) == 5
