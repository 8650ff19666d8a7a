import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from agent.drawing import fonts
from demo import __main__ as command

pytestmark = pytest.mark.service

START_S = 60


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[str, IO[str], Path]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "demo", "--data-dir", str(tmp_path / "data"), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(command.__file__).parent.parent,
    )
    try:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        url = next(
            found[1]
            for line in lines
            if (found := re.match(r"listening on (http://127\.0\.0\.1:\d+/)", line))
        )
        yield url, process.stdout, tmp_path / "data"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def test_the_portal_starts_on_a_free_port_and_says_where(started: tuple[str, IO[str], Path]) -> None:
    url, _, data_dir = started
    response = httpx.get(url, follow_redirects=True, timeout=START_S)
    assert response.status_code == 200
    assert str(response.url) == f"{url}login?next=/acts"
    assert (data_dir / "portal.sqlite3").is_file()
    assert list((data_dir / "keys").glob("GOST512_*.p12"))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--tls-cert", "a.pem"], "go together"),
        (["--agent-url", "wss://agent.example/", "--port", "0"], "this machine"),
        (["--authorities-url", "http://tsp.pki.gov.kz/", "--port", "0"], "127.0.0.1"),
        (["--public-name", "portal.test", "--port", "0"], "public name"),
        (["--host", "192.0.2.1", "--port", "0"], "can't be opened"),
    ],
)
def test_a_start_that_can_not_be_is_refused_with_the_reason(
    arguments: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--data-dir", str(tmp_path / "data"), *arguments]) != 0
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_machine_without_fonts_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise fonts.NoFont("install DejaVu Sans")

    monkeypatch.setattr(fonts, "register", missing)
    assert command.main(["--data-dir", str(tmp_path), "--port", "0"]) == command.EXIT_CANNOT_START
    assert "DejaVu" in capsys.readouterr().err


def test_a_taken_port_is_told_as_such(
    started: tuple[str, IO[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = started[0].rsplit(":", 1)[1].strip("/")
    assert command.main(["--data-dir", str(tmp_path / "other"), "--port", port]) == command.EXIT_CANNOT_START
    assert port in capsys.readouterr().err
