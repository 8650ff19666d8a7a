"""What reaches the log, and what never does."""

import json
import logging
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import logs, paths
from protocol import accessory
from tests.support import stage

PASSWORD = "correct-horse-battery"


@pytest.fixture(autouse=True)
def close_logs() -> Iterator[None]:
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("agent", "protocol", *logs._LIBRARIES)}
    before = root.level
    yield
    logs.close()
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_an_event_is_logged_with_its_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", tmp_path / "log" / "agent.log")
    logs.note(logging.getLogger("agent.x"), logging.INFO, "call", origin="https://a.kz", octets=5)
    text = (tmp_path / "log" / "agent.log").read_text()
    assert text.endswith("INFO agent.x: call origin=https://a.kz octets=5\n")
    assert "call origin=https://a.kz octets=5" in capsys.readouterr().err


def test_only_known_facts_may_be_logged() -> None:
    with pytest.raises(ValueError, match="'frame'"):
        logs.note(logging.getLogger("agent"), logging.DEBUG, "call", frame="x")


@pytest.mark.parametrize("value", ["a\nforged line", "\x1b[31mred", "x" * 10_000, "%s %d", "\u202egnirts"])
def test_a_fact_from_outside_can_not_break_a_line(tmp_path: Path, value: str) -> None:
    logs.set_up("info", tmp_path / "agent.log")
    logs.note(logging.getLogger("agent"), logging.INFO, "call", method=value)
    (line,) = (tmp_path / "agent.log").read_text().splitlines()
    assert line.isprintable()
    assert len(line) < 400


def test_the_file_is_private_and_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 500)
    logs.set_up("info", tmp_path / "agent.log")
    for _ in range(50):
        logs.note(logging.getLogger("agent"), logging.INFO, "call", octets=1)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["agent.log", "agent.log.1", "agent.log.2", "agent.log.3"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_a_second_process_writes_into_the_file_and_leaves_it_to_the_first_to_begin_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 500)
    file = tmp_path / "agent.log"
    second = "import logging; from agent import logs; from pathlib import Path; import sys; "
    second += "logs.set_up('info', Path(sys.argv[1]), is_second=True, to_standard_error=False); "
    second += (
        "[logs.note(logging.getLogger('agent.second'), logging.INFO, 'call', count=n) for n in range(20)]"
    )
    logs.set_up("info", file)
    logs.note(logging.getLogger("agent"), logging.INFO, "listening")
    subprocess.run([sys.executable, "-c", second, str(file)], cwd=paths.CODE_ROOT, timeout=60, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["agent.log"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().splitlines()) == 21
    logs.note(logging.getLogger("agent"), logging.INFO, "stopping")
    assert "agent.second: call count=19" in (tmp_path / "agent.log.1").read_text()
    assert "stopping" in file.read_text()


def test_a_second_process_that_can_not_write_there_goes_without(tmp_path: Path) -> None:
    logs.set_up("info", tmp_path / "none" / "agent.log", is_second=True)
    logs.note(logging.getLogger("agent"), logging.INFO, "listening")
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_logged_by_place_and_kind_without_its_text(tmp_path: Path) -> None:
    logs.set_up("info", tmp_path / "agent.log")
    try:
        try:
            json.loads(f'{{"password": "{PASSWORD}"')
        except ValueError as error:
            raise RuntimeError(PASSWORD) from error
    except RuntimeError as error:
        logs.note(logging.getLogger("agent"), logging.ERROR, "internal error", error=error)
    text = (tmp_path / "agent.log").read_text()
    assert "RuntimeError at test_logs.py:" in text
    assert "after JSONDecodeError" in text
    assert PASSWORD not in text


def test_a_library_is_heard_but_not_quoted(tmp_path: Path) -> None:
    logs.set_up("debug", tmp_path / "agent.log")
    logging.getLogger("asyncio").error("Task got %s", PASSWORD)
    logging.getLogger("websockets.server").debug("< %s", PASSWORD)
    logging.getLogger("some.library").warning(PASSWORD)
    text = (tmp_path / "agent.log").read_text()
    assert PASSWORD not in text
    assert "ERROR asyncio" in text


def test_remarks_of_the_pdf_library_on_a_document_are_not_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logs.set_up("debug", tmp_path / "agent.log")
    for name in ("pyhanko.pdf_utils.reader", "pyhanko_certvalidator.context"):
        logging.getLogger(name).warning("Could not find object %s", PASSWORD)
        logging.getLogger(name).error("cannot go on with %s", PASSWORD)
    lines = (tmp_path / "agent.log").read_text().splitlines()
    assert [line.split()[3:5] for line in lines] == [
        ["ERROR", "pyhanko.pdf_utils.reader:"],
        ["ERROR", "pyhanko_certvalidator.context:"],
    ]
    assert PASSWORD not in "".join(lines)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_a_password_in_a_frame_never_reaches_the_log(
    tmp_path: Path, level: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.set_up(level, tmp_path / "agent.log")

    async def scenario() -> None:
        async with stage.open_stage() as scene:
            page = await scene.page()
            page.protocol.debug = False  # the test's own client shall not log either
            call = json.loads(stage.sign_call())
            call["args"]["signerParams"] = {"password": PASSWORD}
            for order in ("reply", "crash", "nonsense"):
                await page.send(json.dumps(call))
                await (await scene.busy_worker()).order(order, text="x")
                await page.recv()
            await page.send(json.dumps({**call, "method": PASSWORD})[:-1])
            await page.recv()
            unknown = {"module": accessory.MODULE, "method": PASSWORD}
            for broken in (
                f'{{"module":"{PASSWORD}"', f"{PASSWORD}", json.dumps({"module": PASSWORD}), json.dumps(unknown)
            ):  # fmt: skip
                await page.send(broken)
                await page.recv()
            await page.send(json.dumps(call))
            await scene.busy_worker()
            page.transport.abort()

    stage.run(scenario())
    logged = (tmp_path / "agent.log").read_text() + capsys.readouterr().err
    assert PASSWORD not in logged
    assert logged if level in {"debug", "info"} else True


def test_errors_that_nobody_caught_are_told_without_their_text() -> None:
    program = """
import threading
from agent import logs, paths
logs.set_up("info")
logs.keep_errors_quiet()
def fail(text):
    raise ValueError(text)
thread = threading.Thread(target=fail, args=("secret-1",))
thread.start()
thread.join()
class Bad:
    def __del__(self):
        fail("secret-2")
Bad()
fail("secret-3")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=paths.CODE_ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.count("ValueError") == 3
    assert "secret" not in ended.stdout + ended.stderr


def test_a_line_has_the_number_of_its_event(tmp_path: Path) -> None:
    logs.set_up("info", tmp_path / "agent.log")
    logs.note(logging.getLogger("agent.x"), logging.INFO, "listening", port=13579)
    logging.getLogger("asyncio").error("Task got %s", PASSWORD)
    lines = (tmp_path / "agent.log").read_text().splitlines()
    assert [line.split()[2] for line in lines] == ["1000", "1999"]


@pytest.mark.parametrize("value", ["870101300123", "https://a.kz:1/870101300123/x", "iin=870101300123"])
def test_a_fact_names_nobody_by_number(tmp_path: Path, value: str) -> None:
    logs.set_up("info", tmp_path / "agent.log")
    logs.note(logging.getLogger("agent"), logging.INFO, "call", method=value, octets=8701013001230)
    text = (tmp_path / "agent.log").read_text()
    assert "870101300123 " not in text.replace("/", " ")
    assert "octets=8701013001230" in text
