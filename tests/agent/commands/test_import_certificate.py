"""`qalamsap import-certificate`, and with `new-key` and `testca` a key's whole way at a terminal."""

from pathlib import Path

import pytest

from agent.keystores import pkcs12
from tests.support import authority
from tests.support.command_line import CommandLine
from tests.support.new_keys import PASSWORD, make_files_fast


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    make_files_fast(monkeypatch)


def command(run: CommandLine, *words: object, password: str = PASSWORD) -> int:
    own = ("--password-stdin", "--state-dir", run.state_dir)
    return run(*words, *own, stdin=f"{password}\n".encode())


def new_key(run: CommandLine, name: str = "me") -> tuple[Path, Path]:
    """A key that waits, and the file with the certificate for it."""
    key, certificate = run.folder / f"{name}.p12", run.folder / f"{name}.cer.pem"
    assert command(run, "new-key", key, "--subject", "CN=ТЕСТОВ ИВАН", "--algorithm", "ecdsa-p256") == 0
    request = run.folder / f"{name}.csr.pem"
    assert run("testca", run.folder / "ca", "--csr", request, "--out", certificate) == 0
    return key, certificate


def test_a_key_signs_once_it_has_its_certificate(run: CommandLine) -> None:
    key, certificate = new_key(run)
    act = run.file("act")
    assert command(run, "sign", act, "--key", key, *run.network) == 6
    assert command(run, "import-certificate", key, certificate) == 0
    assert "of ТЕСТОВ ИВАН" in run.err
    with authority.secret(PASSWORD) as secret:
        (opened,) = pkcs12.open(key.read_bytes(), secret)
    assert len(opened.certificates) == 2
    assert opened.key_id in run.out
    assert command(run, "sign", act, "--key", key, *run.network) == 0


def test_a_certificate_in_der_is_taken_too(run: CommandLine) -> None:
    key, certificate = new_key(run)
    from agent.certificate import Certificate

    der = run.folder / "me.cer"
    der.write_bytes(Certificate.from_pem_or_der(certificate.read_bytes()).der)
    assert command(run, "import-certificate", key, der) == 0


def test_what_does_not_belong_together_stays_apart(run: CommandLine) -> None:
    key, certificate = new_key(run)
    other, others_certificate = new_key(run, "other")
    before = key.read_bytes()
    assert command(run, "import-certificate", key, others_certificate) == 6
    assert command(run, "import-certificate", key, certificate, password="wrong") == 3
    assert command(run, "import-certificate", key, run.file("text")) == 5
    assert command(run, "import-certificate", key, run.folder / "nowhere") == 5
    assert command(run, "import-certificate", run.folder / "nowhere.p12", certificate) == 5
    assert key.read_bytes() == before
    assert command(run, "import-certificate", other, others_certificate) == 0
    assert command(run, "import-certificate", other, others_certificate) == 0  # it is there already


def test_a_certificate_takes_the_place_of_another_where_that_is_said(run: CommandLine) -> None:
    key, certificate = new_key(run)
    renewed, request = run.folder / "renewed.pem", run.folder / "me.csr.pem"
    assert run("testca", run.folder / "ca", "--csr", request, "--out", renewed) == 0
    assert command(run, "import-certificate", key, certificate) == 0
    before = key.read_bytes()
    assert command(run, "import-certificate", key, renewed) == 6
    assert "--replace" in run.err
    assert key.read_bytes() == before
    assert command(run, "import-certificate", key, renewed, "--replace") == 0
    assert key.read_bytes() != before
