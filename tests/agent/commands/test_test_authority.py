"""`qalamsap testca`."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from agent import algorithms
from agent.certificate import Certificate, PublicKey
from agent.formats import csr
from agent.keystores import new_keys
from demo import cast
from tests.support import authority, chains
from tests.support.command_line import CommandLine


def test_it_makes_keys_that_sign_and_a_file_that_simulate_takes(run: CommandLine) -> None:
    folder = run.folder / "keys"
    assert run("testca", folder, "--profile", "gost2015-individual") == 0
    assert str(folder / "test-ca.pem") in run.out
    (entry,) = json.loads((folder / "manifest.json").read_text("utf-8"))["keys"]
    document = run.file("act")
    words = ("--key", folder / entry["file"], "--password-stdin", "--state-dir", run.state_dir)
    assert run("sign", document, *words, stdin=entry["password"].encode()) == 0
    assert run("verify", f"{document}.cms", "--authority", folder / "test-ca.pem", "--json") == 2
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


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--port", "1"], "go with --serve"),
        (["--fault", "tsp=garbage"], "go with --serve"),
        (["--revoke", "me.pem"], "go with --serve"),
        (["--serve", "--port", "65536"], "65535"),
        (["--serve", "--fault", "tsp"], "SERVICE=FAULT"),
        (["--serve", "--fault", "cert=wrong-nonce"], "cert knows no fault"),
    ],
)
def test_words_about_servers_that_make_no_sense_are_told_before_anything_is_made(
    run: CommandLine, words: list[str], reason: str
) -> None:
    assert run("testca", run.folder / "keys", *words) == 5
    assert reason in run.err
    assert not (run.folder / "keys").exists()


@pytest.fixture
def folder(run: CommandLine) -> Path:
    """With the authority that is checked in."""
    shutil.copytree(authority.FOLDER / "ca", run.folder / "keys" / "authority")
    return run.folder / "keys"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nothing.pem", "can't be read"),
        ("text.pem", "certificate"),
        ("text.p12", "no key file"),
        ("empty-password.p12", "no key file"),
        ("somebody.pem", "somebody else"),
    ],
)
def test_a_file_that_says_nothing_of_whom_to_revoke_is_told(
    run: CommandLine, folder: Path, name: str, reason: str
) -> None:
    run.file("text.pem")
    run.file("text.p12")
    run.file("empty-password.p12", (authority.FOLDER / "empty-password.p12").read_bytes())
    run.file("somebody.pem", chains.person().certificate.pem().encode())
    assert run("testca", folder, "--serve", "--revoke", run.folder / name) == 5
    assert reason in run.err


def test_a_taken_port_is_told(run: CommandLine, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run("testca", folder, "--serve", "--port", port) == 7
    assert str(port) in run.err


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_it_serves_until_it_is_told_to_end_and_makes_no_keys_where_an_authority_is(folder: Path) -> None:
    key = authority.path("gost2015-head")
    words = ["--serve", "--fault", "crl=http-500", "--revoke", str(key)]
    command = [sys.executable, "-m", "agent", "testca", str(folder), *words]
    with cast.running("simulator", command, os.environ) as started:
        for path, status in (("/cert/rsa.cer", 200), ("/crl/rsa.crl", 500)):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", started.port, 20)) as line:
                line.request("GET", path)
                assert line.getresponse().status == status
    assert started.process.returncode == 0
    said = "".join(started.lines).splitlines()
    assert said[0].startswith("control token: ")
    assert said[1:] == [
        f"listening on http://127.0.0.1:{started.port}/", "GET /cert/rsa.cer 200", "GET /crl/rsa.crl 500",
    ]  # fmt: skip
    assert [path.name for path in folder.iterdir()] == ["authority"]


# --- certificates for keys of others ------------------------------------------------------------------------------


def written_request(run: CommandLine) -> Path:
    key = new_keys.generate(algorithms.RSA_KEY)
    der = csr.make(
        csr.subject([("CN", "ТЕСТОВ ИВАН")]),
        PublicKey.from_spki(key.spki_der),
        "identify",
        key.private_key.sign,
    )
    path = run.folder / "request.pem"
    path.write_text(csr.to_pem(der), encoding="ascii")
    return path


def test_a_request_gets_its_certificate_and_nothing_else_is_made(run: CommandLine) -> None:
    request, folder = written_request(run), run.folder / "keys"
    assert run("testca", folder, "--csr", request, "--days", "10") == 0
    target = Path(run.out.strip())
    assert target == request.with_suffix(".cer.pem")
    assert target.read_text("ascii").count("BEGIN CERTIFICATE") == 2
    certificate = Certificate.from_pem_or_der(target.read_bytes())
    assert (certificate.common_name, certificate.uses) == ("ТЕСТОВ ИВАН", ("identify",))
    assert (certificate.not_after - certificate.not_before).days == 10
    assert [path.name for path in folder.iterdir()] == ["authority"]
    named = run.folder / "named.pem"
    words = ("--profile", "rsa-sign-head", "--out", named)
    assert run("testca", folder, "--csr", request, *words) == 0
    again = Certificate.from_pem_or_der(named.read_bytes())
    assert again.issuer == certificate.issuer
    assert again.roles == ("legal", "head")


def test_requests_that_make_no_sense_are_told(run: CommandLine) -> None:
    request, folder = written_request(run), run.folder / "keys"
    assert run("testca", folder, "--csr", run.folder / "nowhere") == 5
    assert run("testca", folder, "--csr", run.file("text")) == 5
    assert run("testca", folder, "--csr", request, "--serve") == 5
    assert run("testca", folder, "--out", "x.pem") == 5
    assert run("testca", folder, "--csr", request, "--profile", "gost2015-head") == 5
    assert run("testca", folder, "--csr", request, "--out", run.folder / "no" / "x.pem") == 7
