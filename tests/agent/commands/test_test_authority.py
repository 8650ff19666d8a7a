"""`qalamsap testca`."""

import json

from tests.support.command_line import CommandLine


def test_it_makes_keys_that_sign_and_a_file_that_simulate_takes(run: CommandLine) -> None:
    folder = run.folder / "keys"
    assert run("testca", folder, "--profile", "gost2015-individual") == 0
    assert str(folder / "test-ca.pem") in run.out
    (entry,) = json.loads((folder / "manifest.json").read_text("utf-8"))["keys"]
    document = run.file("act")
    words = ("--key", folder / entry["file"], "--password-stdin", "--state-dir", run.state_dir)
    assert run("sign", document, *words, stdin=entry["password"].encode()) == 0
    assert run("verify", f"{document}.cms", "--ca", folder / "test-ca.pem", "--json") == 2
    (signer,) = json.loads(run.out)["signers"]
    assert signer["trust"] is not None


def test_the_authority_is_used_again_and_keys_may_be_expired(run: CommandLine) -> None:
    folder = run.folder / "keys"
    assert run("testca", folder, "--profile", "p256-individual") == 0
    before = (folder / "test-ca.pem").read_bytes()
    assert run("testca", folder, "--profile", "p256-individual", "--days", "-3") == 0
    assert (folder / "test-ca.pem").read_bytes() == before
    expired = json.loads((folder / "manifest.json").read_text("utf-8"))["keys"][-1]
    words = ("--key", folder / expired["file"], "--password-stdin", "--state-dir", run.state_dir)
    assert run("sign", run.file("act"), *words, stdin=expired["password"].encode()) == 0
    assert "has expired" in run.err


def test_words_that_make_no_sense_are_told(run: CommandLine) -> None:
    assert run("testca", run.folder / "keys", "--profile", "nobody") == 64
    assert run("testca", run.folder / "keys", "--days", "0") == 5
    assert run("testca", run.file("file") / "keys", "--profile", "p256-individual") == 7
